"""CPU time of two things done in turn, so that a noisy machine disturbs both alike."""

import gc
import hashlib
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

Work = Callable[[], object]


@dataclass(frozen=True)
class Pair:
    """Median CPU microseconds of one portal request and one bare one, and the median of the ratios of each round."""

    ours: float
    bare: float
    ratio: float


def pair(ours: Work, bare: Work, rounds: int, each: int, between: Work = lambda: None) -> Pair:
    """Do both in turn, `each` times a round; which comes first changes every round. `between` is not counted."""
    taken: tuple[list[float], list[float]] = ([], [])
    for work in (ours, bare):
        block(work, max(3, each // 5))
    for turn in range(rounds):
        for which in (0, 1) if turn % 2 else (1, 0):
            between()
            taken[which].append(block((ours, bare)[which], each))
    ratios = [a / b for a, b in zip(*taken, strict=True)]
    return Pair(statistics.median(taken[0]), statistics.median(taken[1]), statistics.median(ratios))


def block(work: Work, times: int) -> float:
    """CPU microseconds (all threads of this process) of one call, over `times` calls."""
    gc.collect()
    start = time.process_time_ns()
    for _ in range(times):
        work()
    return (time.process_time_ns() - start) / times / 1000


def best(work: Work, times: int, rounds: int = 7) -> float:
    """As `block`, the least of several rounds: for things too short to be disturbed evenly."""
    return min(block(work, times) for _ in range(rounds))


def hashing() -> float:
    """Microseconds this machine takes for the SHA-256 of 300 bytes: what other figures are to be read beside."""
    data = bytes(300)
    return best(lambda: hashlib.sha256(data).digest(), 20_000)


def looping() -> float:
    """Microseconds this machine's Python takes for one turn of a small loop with a dictionary and a tuple."""
    seen: dict[tuple[int, int], int] = {}

    def turn() -> None:
        for number in range(1000):
            seen[number & 63, number & 7] = number

    return best(turn, 20) / 1000
