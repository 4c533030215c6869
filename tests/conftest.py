"""For every test: property tests are judged by what they find, and an agreement is read from its text once a run.

A busy machine fails no property, and `make test` draws the same examples each time, so that a failure is of the change
that met it; `make test-long` draws fresh ones. An agreement is a value of its text alone: the loader is the real one,
and a text that it refuses is refused each time.
"""

import threading
from collections.abc import Iterator
from functools import lru_cache

import pytest
from hypothesis import HealthCheck, settings

from isa import loading

settings.register_profile("fresh", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("same", settings.get_profile("fresh"), derandomize=True)


def pytest_configure(config: pytest.Config) -> None:
    """Which examples are drawn."""
    settings.load_profile("same" if config.getoption("markexpr") == "not long" else "fresh")


loading.loads = lru_cache(maxsize=32)(loading.loads)


@pytest.fixture(scope="module", autouse=True)
def nothing_runs_on() -> Iterator[None]:
    """No module leaves a sequencer running: it would meddle with the tests to come, and hold a connection."""
    yield
    assert "log-sequencer" not in {thread.name for thread in threading.enumerate()}
