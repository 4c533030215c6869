"""Giving entries on to another system as they come, each in its place, resumed where it stopped.

The mark that is kept beside the other system names the next entry and the hash of the one before it: a database that
was rolled back or rewritten since is noticed before anything more is given. An entry may be given twice (killed between
giving and marking), never left out; its id says so.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit.durable import write_durably
from portal.audit.entry import LeafInvalid, read_leaf
from portal.audit.mapping import Sequenced
from portal.audit.tables import ENTRY, SEQUENCE
from portal.audit.tree import leaf_hash
from portal.errors import LogUnavailable, Misconfigured

BATCH = 500


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a follower has come: `next` is the first entry it has not, `before` the hex hash of the last it has."""

    origin: str
    next: int = 0
    before: str = ""

    @classmethod
    def read(cls, path: Path, origin: str) -> Self:
        """The mark of a file; the beginning where there is none. Raises `Misconfigured` for one of another log."""
        if not path.exists():
            return cls(origin)
        try:
            found = cls(**json.loads(path.read_text("utf-8")))
            fits = type(found.next) is int and found.next >= 0 and len(bytes.fromhex(found.before)) in (0, 32)
        except (ValueError, TypeError) as error:
            raise Misconfigured(f"{path} is not a mark of a follower") from error
        if not fits or bool(found.next) != bool(found.before):
            raise Misconfigured(f"{path} is not a mark of a follower")
        if found.origin != origin:
            raise Misconfigured(f"{path} is the mark of another log, {found.origin}")
        return found

    def keep(self, path: Path) -> None:
        """Write it so that a crash leaves the old mark or the new one."""
        write_durably(path.absolute(), json.dumps(asdict(self)).encode())

    def after(self, entries: list[Sequenced]) -> "Mark":
        """The mark once these are given."""
        last = entries[-1]
        return Mark(self.origin, last.index + 1, last.digest.hex())


def batches(session: Session, mark: Mark) -> Iterator[list[Sequenced]]:
    """What there is from the mark on, a batch at a time, in order of index, until nothing is left.

    Raises `LogUnavailable`, naming the entry, where the log no longer holds what was given before, or holds other bytes
    than its index stands for.
    """
    _require_same(session, mark)
    start = mark.next
    while found := _some(session, start):
        yield found
        start = found[-1].index + 1


def _require_same(session: Session, mark: Mark) -> None:
    if not mark.next:
        return
    query = select(SEQUENCE.c.leaf_hash).where(SEQUENCE.c.index == mark.next - 1)
    there = session.connection().execute(query).scalar()
    if there is None or there.hex() != mark.before:
        what = "is gone" if there is None else "is another"
        raise LogUnavailable(
            f"entry {mark.next - 1:,}, the last that was given, {what}: the database was rolled back or rewritten. "
            "Keep everything as it is and run `portal audit verify`"
        )


def _some(session: Session, start: int) -> list[Sequenced]:
    place = SEQUENCE.c.index.label("place")
    query = select(place, SEQUENCE.c.leaf_hash, ENTRY.c.leaf).outerjoin_from(
        SEQUENCE, ENTRY, ENTRY.c.entry_id == SEQUENCE.c.entry_id
    )
    rows = session.connection().execute(
        query.where(SEQUENCE.c.index >= start, SEQUENCE.c.index < start + BATCH).order_by(SEQUENCE.c.index)
    )
    found = []
    for expected, row in enumerate(rows, start):
        if row.place != expected or row.leaf is None or leaf_hash(row.leaf) != row.leaf_hash:
            raise LogUnavailable(f"entry {expected:,} of the log is missing or changed: run `portal audit verify`")
        try:
            members = read_leaf(row.leaf)
        except LeafInvalid as error:
            raise LogUnavailable(f"entry {expected:,} of the log cannot be read: {error}") from error
        found.append(Sequenced(row.place, members, row.leaf_hash))
    session.rollback()  # no snapshot is held while the other system takes its time
    return found
