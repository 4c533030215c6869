"""Stored checkpoints as they are handed out: with the cosignatures that witnesses gave."""

from collections.abc import Iterable, Iterator
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from portal.audit.note import NoteInvalid, with_lines
from portal.audit.tables import CHECKPOINT, COSIGNATURE

BATCH: Final = 500


def between(connection: Connection, first: int, end: int) -> Iterator[tuple[int, str]]:
    """(size, note) of every checkpoint of a size from `first` to `end`, in order, each with all its cosignatures."""
    last = first - 1
    while True:
        query = select(CHECKPOINT.c.size, CHECKPOINT.c.note).where(CHECKPOINT.c.size > last, CHECKPOINT.c.size <= end)
        rows = connection.execute(query.order_by(CHECKPOINT.c.size).limit(BATCH)).all()
        if not rows:
            return
        last = rows[-1].size
        lines = _lines(connection, (row.size for row in rows))
        for row in rows:
            yield row.size, _whole(str(row.note), lines.get(row.size, []))


def over(connection: Connection, size: int, least: int) -> list[int]:
    """Sizes of the checkpoints over at least `size` entries that serve as proof of them, in order.

    The smallest, the newest, and the smallest and newest with at least `least` cosignatures (`vouched`).
    """
    every = select(func.min(CHECKPOINT.c.size), func.max(CHECKPOINT.c.size)).where(CHECKPOINT.c.size >= size)
    found = {*connection.execute(every).one(), vouched(connection, size, least), vouched(connection, size, least, True)}
    return sorted(each for each in found if each is not None)


def vouched(connection: Connection, size: int, least: int, newest: bool = False) -> int | None:
    """The smallest, or the newest, checkpoint of at least `size` entries with at least `least` cosignatures."""
    place = COSIGNATURE.c.size
    query = select(place).where(place >= size).group_by(place).having(func.count() >= max(least, 1))
    return connection.execute(query.order_by(place.desc() if newest else place).limit(1)).scalar()


def _lines(connection: Connection, sizes: Iterable[int]) -> dict[int, list[str]]:
    query = select(COSIGNATURE.c.size, COSIGNATURE.c.line).where(COSIGNATURE.c.size.in_(list(sizes)))
    found: dict[int, list[str]] = {}
    for row in connection.execute(query.order_by(COSIGNATURE.c.size, COSIGNATURE.c.witness)):
        found.setdefault(row.size, []).append(row.line)
    return found


def _whole(note: str, lines: list[str]) -> str:
    try:
        return with_lines(note, lines)
    except NoteInvalid:  # a damaged line must not hide the checkpoint, nor a damaged checkpoint itself
        return note
