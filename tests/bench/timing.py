"""CPU time of two things done in turn, a few times each: of many such turns the least disturbed count."""

import gc
import hashlib
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

Work = Callable[[], object]


@dataclass(frozen=True)
class Pair:
    """CPU microseconds of one portal request and one bare one, the quarter least disturbed of the turns of each; and
    how many bare requests one of ours costs, the median of the ratios of the turns: a machine that gets slower or
    faster meanwhile does so for both."""

    ours: float
    bare: float
    ratio: float


def pair(ours: Work, bare: Work, turns: int, warm: int, between: Work = lambda: None) -> Pair:
    """Warm both with `warm` calls, then do five of each in turn. `between` is not counted.

    Other work on the machine only ever adds, and adds to short turns unevenly: so quartile and median, not the mean.
    """
    taken: tuple[list[float], list[float]] = ([], [])
    for work in (ours, bare):
        for number in range(warm):
            if number % 10 == 0:
                between()
            work()
    for turn in range(turns):
        for which in (0, 1) if turn % 2 else (1, 0):
            between()
            taken[which].append(block((ours, bare)[which], 5))
    ratios = [mine / theirs for mine, theirs in zip(*taken, strict=True)]
    one, other = (statistics.quantiles(each, n=4)[0] for each in taken)
    return Pair(one, other, statistics.median(ratios))


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
