"""The portal's clock in tests: one of their own, so that none depends on the day, the hour or a busy machine.

`ticking` moves a millisecond at each look and never by itself. `still` is for pages or rows that must be alike.
`present` is for what is shared with another process, which has the machine's clock.
"""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from unittest.mock import patch

from portal import db

FIRST = datetime(2026, 11, 25, 10, tzinfo=UTC)  # a Wednesday, under the shipped agreements
TICK = timedelta(milliseconds=1)


@contextmanager
def _told_by(now: Callable[[object], datetime]) -> Iterator[None]:
    with patch.object(db, "datetime", SimpleNamespace(now=now)):
        yield


@contextmanager
def ticking(first: datetime = FIRST) -> Iterator[None]:
    """The present is `first`, and a millisecond later at each look."""
    count = itertools.count()
    with _told_by(lambda _: first + next(count) * TICK):
        yield


@contextmanager
def still() -> Iterator[None]:
    """The present stays what it is."""
    moment = db.from_micros(db.now_micros())
    with _told_by(lambda _: moment):
        yield


@contextmanager
def present() -> Iterator[None]:
    """The present is the machine's."""
    with _told_by(lambda _: datetime.now(UTC)):
        yield
