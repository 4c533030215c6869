"""What the log publishes, and who vouches for it: the newest checkpoint with a quorum, each witness, what is late."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, case, func, literal, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from portal.audit.note import Checkpoint, NoteInvalid, Verifier, open_checkpoint, with_lines
from portal.audit.policy import NONE, Policy, Witness
from portal.audit.tables import CHECKPOINT, COSIGNATURE, ENTRY, HEAD, SEQUENCE
from portal.db import MINUTE

LATE = 5 * MINUTE
"""How old a checkpoint without a quorum may be before people are told."""
MOST_LOOKED_AT = 200
"""How many checkpoints that are said to have a quorum are looked at, before none counts as published."""
_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Published:
    """A checkpoint as others see it: the note with every cosignature, and what it says."""

    note: str
    checkpoint: Checkpoint


@dataclass(frozen=True, slots=True)
class Seen:
    """How far one witness is: `size` entries at second `at` since 1970; None where it never cosigned this log.

    `newest`: whether that is the newest checkpoint there is; `late`: whether the next one has waited too long for it.
    """

    name: str
    key: str
    size: int | None
    at: int | None
    newest: bool
    late: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """Who vouches for the log. `size` entries are under the newest checkpoint, signed at `at` (microseconds UTC).

    `published` is the size with a quorum, None where there is none yet. `late`: since when (microseconds UTC) a
    checkpoint has been waiting for its quorum, if that is longer than `LATE`. Without a policy nobody witnesses.
    """

    size: int
    at: int | None
    published: int | None
    witnesses: tuple[Seen, ...]
    late: int | None


def published(
    session: Session, policy: Policy | None, key: Verifier, begun: int = 0, beside: Sequence[Verifier] = ()
) -> Published | None:
    """The newest checkpoint under the name of `key` with a quorum of cosignatures; without a policy the newest.

    That name begins at size `begun`: what witnesses signed before is not looked at again at each asking. `beside`: the
    keys that sign as well, while `key` takes their place.
    """
    keys = (key, *beside)
    connection = session.connection()
    if policy is None or policy.quorum == NONE:
        row = _newest(connection)
        return None if row is None else _opened(connection, row, policy, keys)
    tops = {name: _top(connection, witness) for name, witness in policy.witnesses.items()}
    reached = (size for size in tops.values() if policy.fulfilled([n for n, top in tops.items() if top >= size]))
    for size in islice(_cosigned(connection, policy, max(reached, default=0), begun), MOST_LOOKED_AT):
        row = connection.execute(select(CHECKPOINT).where(CHECKPOINT.c.size == size)).first()
        found = None if row is None else _opened(connection, row, policy, keys)
        if found is not None:
            return found
    return None


def standing(
    session: Session, policy: Policy | None, key: Verifier, now: int, begun: int = 0, beside: Sequence[Verifier] = ()
) -> Standing:
    """How far the log and its witnesses are at `now` (microseconds UTC). The present origin begins at size `begun`."""
    connection = session.connection()
    newest = _newest(connection)
    out = published(session, policy, key, begun, beside)
    size = 0 if newest is None else newest.size
    done = 0 if out is None else out.checkpoint.size

    def late_after(covered: int) -> int | None:
        first = select(ENTRY.c.at).join(SEQUENCE, SEQUENCE.c.entry_id == ENTRY.c.entry_id)
        waits = connection.execute(first.where(SEQUENCE.c.index == max(covered, begun))).scalar()
        return waits if waits is not None and now - waits > LATE else None

    witnesses = () if policy is None else tuple(_seen(connection, policy, size, late_after))
    at = None if newest is None else newest.at
    return Standing(size, at, None if out is None else done, witnesses, late_after(done))


def _opened(connection: Connection, row: Any, policy: Policy | None, keys: Sequence[Verifier]) -> Published | None:
    """With every cosignature of it, if that is enough; None where it is of another origin or something is false."""
    query = select(COSIGNATURE.c.line).where(COSIGNATURE.c.size == row.size).order_by(COSIGNATURE.c.witness)
    try:
        note = with_lines(row.note, connection.execute(query).scalars())
        if policy is None:
            return Published(note, open_checkpoint(note, *keys))
        witnessed = policy.witnessed(note, *keys)
    except NoteInvalid:
        return None
    return Published(note, witnessed.checkpoint) if witnessed.quorum else None


def _newest(connection: Connection) -> Any:
    """The newest checkpoint over entries that are there, or None: a row that says more than there is says nothing."""
    there = func.coalesce(select(HEAD.c.size).where(HEAD.c.id == 1).scalar_subquery(), 0)
    query = select(CHECKPOINT).where(CHECKPOINT.c.size <= there)
    return connection.execute(query.order_by(CHECKPOINT.c.size.desc()).limit(1)).first()


def _top(connection: Connection, witness: Witness) -> int:
    theirs = (COSIGNATURE.c.witness == witness.key.name) & (COSIGNATURE.c.key_id == witness.key.key_id)
    return connection.execute(select(func.max(COSIGNATURE.c.size)).where(theirs)).scalar() or 0


def _cosigned(connection: Connection, policy: Policy, top: int, begun: int) -> Iterator[int]:
    """Sizes from `top` down to above `begun` for which the quorum is said to have signed, the largest first.

    `top` is as far as a quorum can have come: while one of it is away, what waits for it is not gone through.
    """
    below, met = top + 1, _met(policy)
    while True:
        query = select(COSIGNATURE.c.size).where(COSIGNATURE.c.size < below, COSIGNATURE.c.size > begun)
        query = query.group_by(COSIGNATURE.c.size).having(met == 1)
        sizes = connection.execute(query.order_by(COSIGNATURE.c.size.desc()).limit(_AT_ONCE)).scalars().all()
        yield from sizes
        if len(sizes) < _AT_ONCE:
            return
        below = sizes[-1]


def _met(policy: Policy) -> ColumnElement[int]:
    """1 where the rows of one size make the policy's quorum, else 0: its groups, nested ones too, in the database."""
    row = COSIGNATURE.c
    reached: dict[str, ColumnElement[int]] = {}
    for name, witness in policy.witnesses.items():
        theirs = (row.witness == witness.key.name) & (row.key_id == witness.key.key_id)
        reached[name] = func.max(case((theirs, 1), else_=0))
    for name, group in policy.groups.items():  # each comes after its members
        count = sum((reached[member] for member in group.members), literal(0))
        reached[name] = case((count >= group.needed, 1), else_=0)
    return reached[policy.quorum]


def _seen(connection: Connection, policy: Policy, size: int, late_after: Callable[[int], int | None]) -> Iterator[Seen]:
    for witness in policy.witnesses.values():
        theirs = (COSIGNATURE.c.witness == witness.key.name) & (COSIGNATURE.c.key_id == witness.key.key_id)
        query = select(COSIGNATURE.c.size, COSIGNATURE.c.at).where(theirs)
        row = connection.execute(query.order_by(COSIGNATURE.c.size.desc()).limit(1)).first()
        theirs_at, theirs_size = (None, None) if row is None else (row.at, row.size)
        late = late_after(theirs_size or 0) is not None
        yield Seen(witness.label, witness.key.name, theirs_size, theirs_at, theirs_size == size, late)
