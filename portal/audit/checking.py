"""Verify the live log: what `verify` checks on any copy, and that the database beside it tells the same.

Streams in order of index; memory is flat. The answer is one plain sentence, or the first thing that is wrong.
"""

import heapq
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from portal.audit import grants, outcomes, triggers
from portal.audit.entry import LeafInvalid, detail_digest, details_digest, read_leaf, reference_of
from portal.audit.note import Checkpoint, NoteInvalid, Verifier, open_checkpoint
from portal.audit.report import Report, whole
from portal.audit.run import LogBroken, Run, Stored
from portal.audit.tables import CHECKPOINT, DETAIL, ENTRY, HEAD, NODE, PENDING, SEQUENCE
from portal.audit.tree import TILE_BITS, leaf_hash
from portal.db import from_micros

BATCH = 1_000
_PLACE = SEQUENCE.c.index.label("place")  # a row's own `index` is a method
_same_place = (
    (PENDING.c.entry_id == ENTRY.c.entry_id) & (PENDING.c.writer == ENTRY.c.writer) & (PENDING.c.n == ENTRY.c.n)
)
_COPIES = ("actor", "agency", "role", "session", "operation", "purpose", "outcome", "agreement", "n")


def check(
    session: Session,
    key: Verifier,
    held: Sequence[str] = (),
    progress: Callable[[int, int], None] | None = None,
    former: Sequence[Verifier] = (),
) -> Report:
    """Verify every entry, chain, checkpoint, detail, outcome and trigger. `held`: checkpoints kept by someone else;
    `former`: the log's keys under origins that have ended.

    `progress(done, of)` is called now and then. Reads one snapshot and writes nothing. Raises `NoteInvalid` for a held
    checkpoint that `key` did not sign; everything wrong with the log itself is in the report.
    """
    given = [open_checkpoint(note, key) for note in held]
    session.rollback()
    options = {} if session.get_bind().dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
    try:
        return examine(session.connection(execution_options=options), key, given, progress, former)
    finally:
        session.rollback()


def examine(
    connection: Connection,
    key: Verifier,
    held: Sequence[Checkpoint] = (),
    progress: Callable[[int, int], None] | None = None,
    former: Sequence[Verifier] = (),
) -> Report:
    """As `check`, in the connection's open transaction, whose snapshot must not move meanwhile."""
    work = _Check(connection, [*former, key], sorted(held, key=attrgetter("size")), progress)
    try:
        work.everything()
    except LogBroken as error:
        return Report(False, error.sentence(), work.entries, index=error.index, reference=error.reference)
    except (OperationalError, OSError):
        raise  # the database does not answer: that says nothing about the log
    except Exception as error:  # whatever a hostile row makes Python raise is a finding, not a crash
        broken = LogBroken(f"a row there cannot be read ({type(error).__name__})", work.run.edge.size)
        return Report(False, broken.sentence(), work.entries, index=broken.index)
    return work.report()


class _Check:
    def __init__(
        self,
        connection: Connection,
        keys: list[Verifier],
        held: Sequence[Checkpoint],
        progress: Callable[[int, int], None] | None,
    ) -> None:
        self.connection = connection
        self.keys = keys
        self.run = Run(self._completed)
        self.progress = progress
        self.size = (connection.execute(select(func.max(SEQUENCE.c.index))).scalar() or 0) + 1
        if connection.execute(select(SEQUENCE.c.index).limit(1)).first() is None:
            self.size = 0
        self.erased = self.waiting = 0
        self.entries = 0
        self.last_checkpoint: int | None = None
        self._outcomes: set[str] = set()
        self._nodes: dict[tuple[int, int], bytes] = {}
        self._node_count = 0
        self._due = heapq.merge(held, self._checkpoints(), key=attrgetter("size"))

    def everything(self) -> None:
        self._outcomes = outcomes.verified(self.connection)
        due = next(self._due, None)
        for start in range(0, self.size, BATCH):
            details = self._details_of(start)
            for row in self._rows(start):
                while due is not None and due.size == self.run.edge.size:
                    self._meet(due)
                    due = next(self._due, None)
                self._check_entry(row, details.get(row.place, []))
            self._check_nodes()
            if self.progress is not None:
                self.progress(min(start + BATCH, self.size), self.size)
        while due is not None:
            self._meet(due)
            due = next(self._due, None)
        self._check_head()
        self._check_waiting()
        weak = [f"trigger {name} is missing, changed or switched off" for name in triggers.missing(self.connection)]
        weak += [f"the role {role} may change rows of {table}" for role, table in grants.excess(self.connection)]
        if weak:
            raise LogBroken(f"its entries are as they were written, but {weak[0]}")

    def report(self) -> Report:
        last = None if self.last_checkpoint is None else from_micros(self.last_checkpoint)
        return whole(self.entries, self.run.checkpoints, self.run.covered, self.waiting, self.erased, last)

    def _rows(self, start: int) -> Iterator[Any]:
        columns = [column for column in ENTRY.c if column.name != "entry_id"]
        query = (
            select(_PLACE, SEQUENCE.c.entry_id, SEQUENCE.c.leaf_hash, *columns)
            .outerjoin_from(SEQUENCE, ENTRY, ENTRY.c.entry_id == SEQUENCE.c.entry_id)
            .where(SEQUENCE.c.index >= start, SEQUENCE.c.index < start + BATCH)
            .order_by(SEQUENCE.c.index)
        )
        yield from self.connection.execute(query)

    def _details_of(self, start: int) -> dict[int, list[Any]]:
        query = (
            select(_PLACE, DETAIL)
            .join_from(SEQUENCE, DETAIL, DETAIL.c.entry_id == SEQUENCE.c.entry_id)
            .where(SEQUENCE.c.index >= start, SEQUENCE.c.index < start + BATCH)
            .order_by(SEQUENCE.c.index, DETAIL.c.position)
        )
        return {place: list(rows) for place, rows in groupby(self.connection.execute(query), attrgetter("place"))}

    def _check_entry(self, row: Any, details: list[Any]) -> None:
        index, reference = row.place, reference_of(row.entry_id)
        if row.leaf is None and index == self.run.edge.size:
            raise LogBroken("this entry was deleted", index, reference)
        try:
            members, digest = self.run.add(Stored(index, row.leaf))
        except LogBroken as error:
            if error.index == index and error.reference is None:
                error.reference = reference
            raise
        if digest != row.leaf_hash:
            raise LogBroken("its stored bytes were changed", index, reference)
        self._check_columns(row, row.entry_id, members, index)
        self._check_details(members, details, index, reference)
        self.entries += 1

    def _check_columns(self, row: Any, entry_id: uuid.UUID, members: Mapping[str, Any], index: int | None) -> None:
        """The columns people filter by must say what the leaf says."""
        reference = reference_of(entry_id)
        columns = {name: getattr(row, name) for name in _COPIES} | {"time": row.at, "writer": row.writer}
        columns["entry"] = entry_id
        columns["decision"] = row.decision and row.decision.hex()
        columns["details"] = row.details and row.details.hex()
        for name, value in columns.items():
            said = str(value) if isinstance(value, uuid.UUID) else value
            if said != members[name]:
                raise LogBroken(f"its column for {name} was changed", index, reference)
        if row.reference != reference:
            raise LogBroken("its reference was changed", index, reference)
        if members["decision"] is not None and members["decision"] not in self._outcomes:
            raise LogBroken("its outcome by field was removed", index, reference)

    def _check_details(self, members: Mapping[str, Any], details: list[Any], index: int | None, reference: str) -> None:
        if [row.position for row in details] != list(range(len(details))):
            raise LogBroken("a sealed detail of it was removed", index, reference)
        if details_digest([row.digest for row in details]) != members["details"]:
            raise LogBroken("a sealed detail of it was removed, added or changed", index, reference)
        for row in details:
            if row.sealed is None and row.silent is None:
                self.erased += 1
            elif row.sealed is None or row.silent is None or detail_digest(row.sealed, row.silent) != row.digest:
                raise LogBroken("a sealed detail of it was changed", index, reference)

    def _checkpoints(self) -> Iterator[Checkpoint]:
        last = -(1 << 63)
        while True:
            query = select(CHECKPOINT).where(CHECKPOINT.c.size > last).order_by(CHECKPOINT.c.size).limit(BATCH)
            rows = self.connection.execute(query).all()
            for row in rows:
                try:
                    checkpoint = open_checkpoint(row.note, *self.keys)
                except NoteInvalid as error:
                    raise LogBroken(f"the stored checkpoint over {row.size:,} entries is not genuine") from error
                if checkpoint.size != row.size:
                    raise LogBroken(f"the stored checkpoint over {row.size:,} entries is another's")
                while self.keys[0].name != checkpoint.origin:  # an origin that has ended does not come back
                    del self.keys[0]
                last, self.last_checkpoint = row.size, row.at
                yield checkpoint
            if not rows:
                return

    def _meet(self, checkpoint: Checkpoint) -> None:
        try:
            self.run.meet(checkpoint)
        except LogBroken as error:
            raise self._narrowed(error) from error

    def _narrowed(self, error: LogBroken) -> LogBroken:
        """Where a writer's next entry remembers another hash, the changed entry is known exactly."""
        if error.index is None or error.until is None:
            return error
        later = ENTRY.alias()
        query = (
            select(_PLACE, SEQUENCE.c.entry_id, ENTRY.c.leaf, later.c.leaf.label("next_leaf"))
            .join_from(SEQUENCE, ENTRY, ENTRY.c.entry_id == SEQUENCE.c.entry_id)
            .join(later, (later.c.writer == ENTRY.c.writer) & (later.c.n == ENTRY.c.n + 1))
            .where(SEQUENCE.c.index >= error.index, SEQUENCE.c.index <= error.until)
            .order_by(SEQUENCE.c.index)
        )
        for row in self.connection.execute(query):
            try:
                remembered = read_leaf(row.next_leaf)["prev"]
            except LeafInvalid:
                continue
            if remembered != leaf_hash(row.leaf).hex():
                return LogBroken("it was changed after it was written", row.place, reference_of(row.entry_id))
        return error

    def _completed(self, level: int, index: int, value: bytes) -> None:
        if level % TILE_BITS == 0:
            self._nodes[level // TILE_BITS, index] = value

    def _check_nodes(self) -> None:
        for (level, index), value in self._nodes.items():
            query = select(NODE.c.hash).where(NODE.c.level == level, NODE.c.index == index)
            if self.connection.execute(query).scalar() != value:
                first = index << (TILE_BITS * level)
                raise LogBroken(
                    "a stored hash over these entries was changed", first, until=first + (1 << TILE_BITS * level) - 1
                )
        self._node_count += len(self._nodes)
        self._nodes.clear()

    def _check_head(self) -> None:
        row = self.connection.execute(select(HEAD.c.size, HEAD.c.edge).where(HEAD.c.id == 1)).first()
        size, edge = (0, b"") if row is None else (row.size, row.edge)
        if size != self.run.edge.size:
            first, last = sorted((size, self.run.edge.size))
            raise LogBroken("the end of the log was cut off or added to", first, until=last - 1)
        if edge != b"".join(self.run.edge.hashes):
            raise LogBroken("the stored head of the log was changed")
        stored = self.connection.execute(select(func.count()).select_from(NODE)).scalar()
        if stored != self._node_count:
            raise LogBroken("there are stored hashes that belong to no entries")

    def _check_waiting(self) -> None:
        """Entries outside the sequence must be waiting for it, and their chains must hold."""
        lost = select(PENDING).outerjoin_from(PENDING, ENTRY, ENTRY.c.entry_id == PENDING.c.entry_id)
        gone = self.connection.execute(lost.where(ENTRY.c.entry_id.is_(None)).limit(1)).first()
        twice = select(_PLACE, PENDING.c.entry_id).join(PENDING, PENDING.c.entry_id == SEQUENCE.c.entry_id)
        again = self.connection.execute(twice.order_by(SEQUENCE.c.index).limit(1)).first()
        if again is not None:
            raise LogBroken("it waits for a place though it has one", again.place, reference_of(again.entry_id))
        if gone is not None:
            raise LogBroken(
                "an entry was deleted before it got its place", self.run.edge.size, reference_of(gone.entry_id)
            )
        query = (
            select(ENTRY, PENDING.c.leaf_hash)
            .outerjoin_from(ENTRY, SEQUENCE, SEQUENCE.c.entry_id == ENTRY.c.entry_id)
            .outerjoin(PENDING, _same_place)
            .where(SEQUENCE.c.index.is_(None))
            .order_by(ENTRY.c.writer, ENTRY.c.n)
        )
        for row in self.connection.execute(query):
            reference, index = reference_of(row.entry_id), self.run.edge.size
            if row.leaf_hash is None:
                raise LogBroken("an entry stands outside the log", index, reference)
            details = self.connection.execute(
                select(DETAIL).where(DETAIL.c.entry_id == row.entry_id).order_by(DETAIL.c.position)
            ).all()
            members, digest = self.run.add(Stored(index, row.leaf))
            if digest != row.leaf_hash:
                raise LogBroken("its stored bytes were changed", index, reference)
            self._check_columns(row, row.entry_id, members, index)
            self._check_details(members, list(details), index, reference)
            self.waiting += 1
            self.entries += 1
