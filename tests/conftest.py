"""For every test: property tests are judged by what they find, and an agreement is read from its text once a run.

A busy machine fails no property, and `make test` draws the same examples each time, so that a failure is of the change
that met it; `make test-long` draws fresh ones. An agreement is a value of its text alone: the loader is the real one,
and a text that it refuses is refused each time.
"""

import os
import threading
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from werkzeug.routing.rules import Rule
from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

from isa import loading

settings.register_profile("fresh", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("same", settings.get_profile("fresh"), derandomize=True)


def pytest_configure(config: pytest.Config) -> None:
    """Which examples are drawn; and what is begun first is there."""
    assert all((Path(__file__).parents[1] / each).exists() for each in FIRST)
    settings.load_profile("same" if config.getoption("markexpr") == "not long" else "fresh")


# What takes minutes in one process, the longest first: begun last, it would run on alone when all else is done.
FIRST = (
    "tests/journeys",
    "tests/portal/test_matrix.py",
    "tests/portal/test_matrix_writing.py",
)


class JourneysTogether(LoadFileScheduling):  # type: ignore[misc]
    """As `--dist loadfile`, but one process takes all journeys, which share a demo, whose seeding costs as much as many
    of them; and `FIRST` is what is taken first."""

    def _split_scope(self, nodeid: str) -> str:
        scope: str = super()._split_scope(nodeid)
        return "tests/journeys" if scope.startswith("tests/journeys/") else scope

    def _assign_work_unit(self, node: object) -> None:
        for scope in reversed(FIRST):
            if scope in self.workqueue:
                self.workqueue.move_to_end(scope, last=False)
        super()._assign_work_unit(node)


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> JourneysTogether | None:
    """Ours for `--dist loadfile`, which `make test` asks for."""
    return JourneysTogether(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: journeys and processes that are killed wait most of their time."""
    return (os.cpu_count() or 1) + 1


loading.loads = lru_cache(maxsize=32)(loading.loads)

# Hundreds of applications are made, each with the same routes; to compile what builds their addresses was half of it.
_compiled: dict[tuple[object, ...], Callable[..., tuple[str, str]]] = {}
_compile = Rule._compile_builder


def _compile_once(self: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
    key = (tuple(self._trace), repr(self.defaults), append_unknown)
    if key not in _compiled:
        _compiled[key] = _compile(self, append_unknown)
    return _compiled[key]


Rule._compile_builder = _compile_once  # type: ignore[method-assign]


@pytest.fixture(scope="module", autouse=True)
def nothing_runs_on() -> Iterator[None]:
    """No module leaves a sequencer running: it would meddle with the tests to come, and hold a connection."""
    yield
    assert "log-sequencer" not in {thread.name for thread in threading.enumerate()}
