"""Gives committed entries their index, grows the tree, and signs checkpoints, off the request's path.

One drain at a time: on SQLite the write lock, on PostgreSQL an advisory lock. Order: integrate and commit, then sign
what is committed, then store the checkpoint. A crash between two steps is made good by the next drain.
"""

import logging
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Engine, bindparam, delete, func, insert, select, tuple_, update
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from portal.audit import signing
from portal.audit.note import Checkpoint, NoteInvalid, Signer, open_checkpoint
from portal.audit.rounds import Rounds
from portal.audit.stopping import Stop
from portal.audit.tables import CHECKPOINT, HEAD, NODE, PENDING, SEQUENCE
from portal.audit.tree import HASH_SIZE, TILE_BITS, CompactRange
from portal.db import begin_write, now_micros, settle
from portal.errors import LogUnavailable, PortalError
from portal.query import Query, insert_rows

BATCH = 5_000
SWEEP = 5.0
LOOK = 50
"""How many stored checkpoints are looked at for one that the log's key signed."""
log = logging.getLogger(__name__)
_ADVISORY_LOCK = 0x494F4D4C4F47  # "IOMLOG"
_WAITING = Query(select(PENDING.c.n).limit(1))
_HEAD = Query(select(HEAD.c.size, HEAD.c.edge).where(HEAD.c.id == 1))
_SIGNED = Query(
    select(CHECKPOINT.c.size, CHECKPOINT.c.note)
    .where(CHECKPOINT.c.size >= bindparam("size"))
    .order_by(CHECKPOINT.c.size)
    .limit(LOOK)
)


def drain(session: Session, signer: Signer, clock: Callable[[], int] = now_micros) -> int:
    """Sequence every committed entry and sign checkpoints over them; answers how many entries were sequenced.

    A checkpoint is signed after each batch: where writers never rest, there is no end to wait for. Commits. Raises
    `LogUnavailable` if the stored head is not what it was left as.
    """
    done = 0
    session.rollback()
    while _WAITING.first(session) is not None:
        with begin_write(session):
            done += _integrate(locked(session))
        publish(session, signer, clock)
    publish(session, signer, clock)  # what somebody sequenced who was killed before signing
    return done


def publish(session: Session, signer: Signer, clock: Callable[[], int] = now_micros) -> None:
    """Sign and store a checkpoint over the committed head, unless there is one of that size. Commits.

    Nor where the log's key was replaced since the signer was asked for: the next round signs with the present one.
    """
    session.rollback()
    edge = _head(session.connection())
    if _is_signed(session.connection(), edge.size, signer):
        session.rollback()
        return
    note = signer.sign(Checkpoint(signer.verifier.name, edge.size, edge.root()).body())
    with begin_write(session):
        connection = locked(session)
        if signing.current(connection, signer) and not _is_signed(connection, edge.size, signer):
            insert_rows(connection, CHECKPOINT, [(edge.size, clock(), note)])


def _is_signed(connection: Connection, size: int, signer: Signer) -> bool:
    """Whether there is a checkpoint of that size, or a larger one that the log's key signed.

    A larger one that it did not sign was put there by somebody, so that no checkpoint should follow.
    """
    for row in _SIGNED.all(connection, size=size):
        try:
            open_checkpoint(row.note, *signer.verifiers)
        except NoteInvalid:
            log.error("a checkpoint over %s entries is not of this log: run `portal audit verify`", row.size)
            if row.size > size:
                continue
        return True
    return False


def head(session: Session) -> CompactRange:
    """The right edge of the tree: how many entries are sequenced, and the root over them."""
    return _head(session.connection())


def node_at(connection: Connection) -> Callable[[int, int], bytes]:
    """`node(level, index)` for proofs, from at most 256 stored hashes each. Raises `LookupError` beyond the tree."""

    def node(level: int, index: int) -> bytes:
        tile, within = divmod(level, TILE_BITS)
        first, count = index << within, 1 << within
        table, place = (SEQUENCE, SEQUENCE.c.index) if tile == 0 else (NODE, NODE.c.index)
        value = SEQUENCE.c.leaf_hash if tile == 0 else NODE.c.hash
        query = select(value).select_from(table).where(place >= first, place < first + count).order_by(place)
        if tile:
            query = query.where(NODE.c.level == tile)
        hashes = connection.execute(query).scalars().all()
        if len(hashes) != count:
            raise LookupError(f"no node {index} of level {level}")
        edge = CompactRange()
        for each in hashes:
            edge.append(each)
        return edge.root()

    return node


class Sequencer(Rounds):
    """A thread that drains soon after it is woken, and every 5 s besides, for processes that died.

    `signer` is asked for each round; `stop` keeps it from signing anything; `published` is called after each round that
    did its work. Failures are logged without data and tried again. It makes a last drain when the process ends.
    """

    def __init__(
        self,
        engine: Engine,
        signer: Callable[[Session], Signer],
        every: float = 1.0,
        stop: Stop | None = None,
        published: Callable[[], None] | None = None,
    ) -> None:
        super().__init__("log-sequencer", self._round, every, SWEEP, last=True)
        self._engine = engine
        self._signer = signer
        self._stopped = stop
        self._published = published

    def at_once(self) -> None:
        """Drain in this thread, so that what was committed is under a checkpoint before anybody is answered.

        Raises `LogUnavailable`: the entry stands, and nothing may be shown.
        """
        try:
            with Session(self._engine) as session:
                drain(session, self._signer(session))
        except (SQLAlchemyError, OSError) as error:
            raise LogUnavailable("no checkpoint covers the entry yet") from error
        self.wake()  # the witnesses, and what others left behind

    def _round(self) -> None:
        if self._stopped:
            return
        try:
            with Session(self._engine) as session:
                drain(session, self._signer(session))
            settle(self._engine)
            if self._published is not None:
                self._published()
        except (PortalError, OSError) as error:
            log.warning("the sequencer failed and will try again: %s", type(error).__name__)
        except Exception as error:
            log.error("the sequencer failed and will try again: %s", type(error).__name__)


def locked(session: Session) -> Connection:
    """In a write transaction: keep every other sequencer out until it ends."""
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_ADVISORY_LOCK)))
    return connection


def _integrate(connection: Connection) -> int:
    """Move up to `BATCH` pending entries into the sequence and the tree."""
    first = select(PENDING.c.writer, PENDING.c.n).order_by(PENDING.c.writer, PENDING.c.n).limit(BATCH)
    taken = connection.execute(
        delete(PENDING)
        .where(tuple_(PENDING.c.writer, PENDING.c.n).in_(first))
        .returning(PENDING.c.writer, PENDING.c.n, PENDING.c.entry_id, PENDING.c.at, PENDING.c.leaf_hash)
    ).all()
    if not taken:
        return 0
    edge = _head(connection)
    old = edge.size
    sequence, nodes = [], []

    def completed(level: int, index: int, value: bytes) -> None:
        if level % TILE_BITS == 0:
            nodes.append((level // TILE_BITS, index, value))

    for row in _in_order(taken):
        sequence.append((edge.size, row.entry_id.bytes, row.leaf_hash))
        edge.append(row.leaf_hash, completed)
    insert_rows(connection, SEQUENCE, sequence)
    insert_rows(connection, NODE, nodes)
    _move_head(connection, old, edge)
    return len(taken)


def _in_order(rows: Sequence[Any]) -> list[Any]:
    """By time, and each writer's entries in the order of its chain even where the clock went back."""
    latest: dict[Any, int] = {}
    keyed = []
    for row in sorted(rows, key=lambda row: (row.writer, row.n)):
        latest[row.writer] = max(row.at, latest.get(row.writer, 0))
        keyed.append((latest[row.writer], row.writer, row.n, row))
    return [each[3] for each in sorted(keyed, key=lambda each: each[:3])]


def _head(connection: Connection) -> CompactRange:
    row = _HEAD.first(connection)
    if row is None:
        return CompactRange()
    hashes = [row.edge[start : start + HASH_SIZE] for start in range(0, len(row.edge), HASH_SIZE)]
    try:
        return CompactRange(row.size, hashes)
    except ValueError as error:
        raise LogUnavailable("the head of the access log was damaged") from error


def _move_head(connection: Connection, old: int, edge: CompactRange) -> None:
    values = {"size": edge.size, "edge": b"".join(edge.hashes)}
    if old == 0:
        connection.execute(insert(HEAD), {"id": 1, **values})
        return
    moved = connection.execute(update(HEAD).where(HEAD.c.id == 1, HEAD.c.size == old).values(**values))
    if moved.rowcount != 1:
        raise LogUnavailable("another sequencer moved the head")
