"""Verify the live log: what `verify` checks on any copy, and that the database beside it tells the same.

Streams in order of index; memory is flat. The answer is one plain sentence, or the first thing that is wrong.
"""

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import attrgetter, itemgetter
from typing import Any

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from portal.audit import columns, grants, holds, outcomes, triggers
from portal.audit.entry import LeafInvalid, read_leaf, reference_of
from portal.audit.erasures import Detail, Erasures
from portal.audit.kept_keys import KeptKeys
from portal.audit.note import Checkpoint, NoteInvalid, Unsigned, Verifier, open_checkpoint, signers
from portal.audit.report import Gone, Report, whole
from portal.audit.run import LogBroken, Run
from portal.audit.succession import Succession
from portal.audit.tables import CHECKPOINT, DETAIL, ENTRY, HEAD, NODE, PENDING, SEQUENCE
from portal.audit.tree import TILE_BITS, leaf_hash
from portal.db import from_micros, now_micros
from portal.query import Query

BATCH = 128
"""Entries at a time: with their details they fit into a core's own cache, which is worth a twentieth."""
_INDEX = itemgetter(0)
_PLACE = SEQUENCE.c.index.label("place")  # a row's own `index` is a method
_NODE: Query[Any] = Query(
    select(NODE.c.hash).where(NODE.c.level == bindparam("level"), NODE.c.index == bindparam("index")), raw=True
)
_same_place = (
    (PENDING.c.entry_id == ENTRY.c.entry_id) & (PENDING.c.writer == ENTRY.c.writer) & (PENDING.c.n == ENTRY.c.n)
)


def check(
    session: Session,
    key: Verifier,
    held: Sequence[str] = (),
    progress: Callable[[int, int], None] | None = None,
    former: Sequence[Verifier] = (),
    periods: Mapping[str, int] | None = None,
) -> Report:
    """Verify every entry, chain, checkpoint, detail, outcome and trigger. `held`: checkpoints kept by someone else;
    `former`: the log's other keys, replaced or under origins that have ended; `periods`: how many years agreements keep
    details, by `id@version#digest`.

    `progress(done, of)` is called now and then. Reads one snapshot and writes nothing. Raises `NoteInvalid` for a held
    checkpoint that no key signed; everything wrong with the log itself is in the report.
    """
    given = [open_checkpoint(note, key, *former) for note in held]
    session.rollback()
    options = {} if session.get_bind().dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
    try:
        return examine(session.connection(execution_options=options), key, given, progress, former, periods)
    finally:
        session.rollback()


def examine(
    connection: Connection,
    key: Verifier,
    held: Sequence[Checkpoint] = (),
    progress: Callable[[int, int], None] | None = None,
    former: Sequence[Verifier] = (),
    periods: Mapping[str, int] | None = None,
) -> Report:
    """As `check`, in the connection's open transaction, whose snapshot must not move meanwhile."""
    work = _Check(connection, [*former, key], sorted(held, key=attrgetter("size")), progress)
    work.erasures.periods = periods or {}
    try:
        work.everything()
        return work.report()
    except LogBroken as error:
        return Report(False, error.sentence(), work.entries, index=error.index, reference=error.reference)
    except (OperationalError, OSError):
        raise  # the database does not answer: that says nothing about the log
    except Exception as error:  # whatever a hostile row makes Python raise is a finding, not a crash
        broken = LogBroken(f"a row there cannot be read ({type(error).__name__})", work.run.edge.size)
        return Report(False, broken.sentence(), work.entries, index=broken.index)


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
        self._succession = Succession(self.run.rotated, whole=True)
        self._signed: dict[int, frozenset[Verifier]] = {}
        self.progress = progress
        self.size = (connection.execute(select(func.max(SEQUENCE.c.index))).scalar() or 0) + 1
        if connection.execute(select(SEQUENCE.c.index).limit(1)).first() is None:
            self.size = 0
        self.erasures = Erasures({}, complete=True)
        self.holds = holds.Check(connection)
        self._kept = KeptKeys(connection)
        self.waiting = 0
        self.entries = 0
        self.last_checkpoint: int | None = None
        self._words = columns.Words(())
        self._nodes: dict[tuple[int, int], bytes] = {}
        self._node_count = 0
        self._due = heapq.merge(held, self._checkpoints(), key=attrgetter("size"))
        self._next: Checkpoint | None = None

    def everything(self) -> None:
        self._words = columns.Words(map(bytes.fromhex, outcomes.verified(self.connection)))
        self._next = next(self._due, None)
        for start in range(0, self.size, BATCH):
            sealed: Sequence[columns.Raw] = columns.DETAILS.all(self.connection, start=start, end=start + BATCH)
            details = _by_place(sealed)
            rows: Sequence[columns.Raw] = columns.PLACES.all(self.connection, start=start, end=start + BATCH)
            every = rows
            while rows:
                rows = rows[self._take(rows, details) :]
                if rows:
                    self._meet_due()
                    members = columns.examine(rows[0], self.run, self._words)
                    self._check_details(members, map(columns.detail, details.get(rows[0][0], ())), rows[0][0])
                    self.entries += 1
                    rows = rows[1:]
            self._kept.require(every, sealed)
            self._check_nodes()
            if self.progress is not None:
                self.progress(min(start + BATCH, self.size), self.size)
        while self._next is not None:
            self._meet()
        self._check_head()
        self._check_waiting()
        self.erasures.settle()
        self.holds.settle()
        weak = [f"trigger {name} is missing, changed or switched off" for name in triggers.missing(self.connection)]
        weak += [f"the role {role} may change rows of {table}" for role, table in grants.excess(self.connection)]
        if weak:
            raise LogBroken(f"its entries are as they were written, but {weak[0]}")

    def report(self) -> Report:
        last = None if self.last_checkpoint is None else from_micros(self.last_checkpoint)
        silent = [(from_micros(at), reference) for at, reference in self.run.silent(now_micros())]
        counts = (self.entries, self.run.checkpoints, self.run.covered, self.waiting)
        found = self.erasures
        return whole(*counts, last, Gone(found.gone, tuple(found.by), found.announced), silent)

    def _take(self, rows: Sequence[columns.Raw], details: Mapping[int, Sequence[columns.Raw]]) -> int:
        """Take the first of these entries in which everything is right; answers how many. The next is to be examined,
        which looks at everything anew and says what is wrong."""
        first = self.run.edge.size
        taken = columns.take(rows, first, details, self.run.open, self._words)
        count = len(taken.digests)
        while self.run.edge.size < first + count:
            self._meet_due()
            end = first + count if self._next is None else min(self._next.size, first + count)
            self.entries += end - self.run.edge.size
            self.run.take(taken.digests[self.run.edge.size - first : end - first])
        self.run.move(taken.heads, taken.begun)
        return count

    def _check_details(self, members: Mapping[str, Any], details: Iterable[Detail], index: int) -> None:
        kept = list(details)
        self.holds.entry(index, members, [each.erasure for each in kept if each.erasure is not None])
        self.erasures.check(index, members, kept)

    def _checkpoints(self) -> Iterator[Checkpoint]:
        last = -(1 << 63)
        while True:
            query = select(CHECKPOINT).where(CHECKPOINT.c.size > last).order_by(CHECKPOINT.c.size).limit(BATCH)
            rows = self.connection.execute(query).all()
            for row in rows:
                try:
                    checkpoint = open_checkpoint(row.note, *self.keys)
                except NoteInvalid as error:
                    why = ": a key signed it that is not the log's" if isinstance(error, Unsigned) else ""
                    raise LogBroken(f"the stored checkpoint over {row.size:,} entries is not genuine{why}") from error
                if checkpoint.size != row.size:
                    raise LogBroken(f"the stored checkpoint over {row.size:,} entries is another's")
                self._signed[row.size] = signers(row.note, self.keys)
                while self.keys[0].name != checkpoint.origin:  # an origin that has ended does not come back
                    del self.keys[0]
                last, self.last_checkpoint = row.size, row.at
                yield checkpoint
            if not rows:
                return

    def _meet_due(self) -> None:
        while self._next is not None and self._next.size <= self.run.edge.size:
            self._meet()

    def _meet(self) -> None:
        assert self._next is not None
        try:
            self.run.meet(self._next)
        except LogBroken as error:
            raise self._narrowed(error) from error
        if signed := self._signed.pop(self._next.size, None):
            self._succession.met(signed, self._next.size)
        self._next = next(self._due, None)

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
        self._nodes[level // TILE_BITS, index] = value

    def _check_nodes(self) -> None:
        for (level, index), value in self._nodes.items():
            if _NODE.all(self.connection, level=level, index=index) != [(value,)]:
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

    def _outside(self) -> Select[Any]:
        """The entries outside the sequence, each with the leaf hash of its waiting place if it has one.

        As many entries stand in the sequence as were verified, none of them twice: their chains say so. So where those
        that wait make up the rest, they are all; only else the whole table is searched for what stands outside.
        """
        waiting = select(ENTRY, PENDING.c.leaf_hash).join_from(PENDING, ENTRY, _same_place)
        counts = (select(func.count()).select_from(each) for each in (ENTRY, waiting.subquery()))
        stored, waits = (self.connection.execute(count).scalar_one() for count in counts)
        if stored != self.run.edge.size + waits:
            waiting = (
                select(ENTRY, PENDING.c.leaf_hash)
                .outerjoin_from(ENTRY, SEQUENCE, SEQUENCE.c.entry_id == ENTRY.c.entry_id)
                .outerjoin(PENDING, _same_place)
                .where(SEQUENCE.c.index.is_(None) | (SEQUENCE.c.index < 0))
            )
        return waiting.order_by(ENTRY.c.writer, ENTRY.c.n)

    def _check_waiting(self) -> None:
        """Entries outside the sequence must be waiting for it, and their chains must hold."""
        lost = select(PENDING).outerjoin_from(PENDING, ENTRY, _same_place)
        gone = self.connection.execute(lost.where(ENTRY.c.entry_id.is_(None)).limit(1)).first()
        twice = select(_PLACE, PENDING.c.entry_id).join(PENDING, PENDING.c.entry_id == SEQUENCE.c.entry_id)
        again = self.connection.execute(twice.order_by(SEQUENCE.c.index).limit(1)).first()
        if again is not None:
            raise LogBroken("it waits for a place though it has one", again.place, reference_of(again.entry_id))
        if gone is not None:
            raise LogBroken(
                "an entry was deleted before it got its place", self.run.edge.size, reference_of(gone.entry_id)
            )
        for row in self.connection.execute(self._outside()):
            reference, index = reference_of(row.entry_id), self.run.edge.size
            if row.leaf_hash is None:
                raise LogBroken("an entry stands outside the log", index, reference)
            told = select(DETAIL).where(DETAIL.c.entry_id == row.entry_id).order_by(DETAIL.c.position)
            sealed = self.connection.execute(told).all()
            members = columns.examine_row(row, index, self.run, self._words)
            kept = (Detail(d.position, d.digest, d.sealed, d.silent, d.erasure and str(d.erasure)) for d in sealed)
            self._check_details(members, kept, index)
            self.waiting += 1
            self.entries += 1


def _by_place(details: Sequence[columns.Raw]) -> dict[int, Sequence[columns.Raw]]:
    """Rows of `columns.DETAILS`, those of each entry together."""
    alone: dict[int, Sequence[columns.Raw]] = dict(zip(map(_INDEX, details), zip(details, strict=True), strict=True))
    if len(alone) == len(details):
        return alone
    found: dict[int, list[columns.Raw]] = defaultdict(list)  # in whatever order they came, none takes another's place
    for raw in details:
        found[raw[0]].append(raw)
    return dict(found)
