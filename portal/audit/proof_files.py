"""Proofs to hand out, made from the stored tree: of one entry, and of one checkpoint extending another.

As with `reading`, the caller decides who may have them, and logs it first.
"""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from portal.audit import notes
from portal.audit.note import Checkpoint, Verifier, open_checkpoint
from portal.audit.proof import Consistency, Inclusion
from portal.audit.sequencer import node_at
from portal.audit.tables import CHECKPOINT, ENTRY, SEQUENCE
from portal.audit.tree import NodeAt, ProofInvalid, edge_of, prove_consistency, prove_inclusion
from portal.db import from_micros
from portal.errors import NotFound

SHORT: Final = "short"
FORKED: Final = "forked"
EARLIER: Final = "earlier"
LATER: Final = "later"


@dataclass(frozen=True, slots=True)
class Kept:
    """A stored checkpoint: its size, when it was stored, and the signed note."""

    size: int
    at: datetime
    note: str


@dataclass(frozen=True, slots=True)
class Compared:
    """Two signed checkpoints of this log, the smaller first. `proof` shows that the later one extends the earlier.

    Without a proof `wrong` says why: the log is shorter than one of them now (`size` entries), they are of one size
    and differ, or it is the earlier or the later one that the log does not lead to.
    """

    earlier: Checkpoint
    later: Checkpoint
    size: int
    proof: Consistency | None
    wrong: str = ""


def inclusion(session: Session, keys: Sequence[Verifier], entry_id: uuid.UUID, least: int = 1) -> Inclusion | None:
    """The proof of an entry under the smallest checkpoint over it; None while there is none.

    One with at least so many cosignatures goes before. `keys` are the log's, of each name that it has had.

    Raises `NotFound`, `ProofInvalid` or `NoteInvalid` where what is stored does not hold.
    """
    connection = session.connection()
    query = select(ENTRY.c.leaf, SEQUENCE.c.index).outerjoin_from(ENTRY, SEQUENCE, SEQUENCE.c.entry_id == entry_id)
    found = connection.execute(query.where(ENTRY.c.entry_id == entry_id)).first()
    if found is None:
        raise NotFound
    if found.index is None:
        return None
    sizes = notes.over(connection, found[1] + 1, least)
    if not sizes:
        return None
    size = notes.vouched(connection, found[1] + 1, least) or sizes[0]
    note = next(text for _, text in notes.between(connection, size, size))
    checkpoint = open_checkpoint(note, *keys)
    try:
        proof = Inclusion(found[1], prove_inclusion(node_at(connection), found[1], checkpoint.size), note, found[0])
    except LookupError as error:
        raise ProofInvalid("a stored hash is gone") from error
    proof.check(found[0], checkpoint)
    return proof


def offered(session: Session, most: int, also: Collection[int] = ()) -> Sequence[Kept]:
    """The newest stored checkpoint, up to `most` − 1 spread over the log before it, and those of the sizes `also`.

    The newest first.
    """
    connection, size = session.connection(), CHECKPOINT.c.size
    newest = connection.execute(select(func.max(size))).scalar()
    if newest is None:
        return []
    wanted = {
        connection.execute(select(func.min(size)).where(size >= newest * part // most)).scalar()
        for part in range(1, most + 1)
    }
    query = select(CHECKPOINT).where(size.in_({*wanted, *also})).order_by(size.desc())
    return [Kept(row.size, from_micros(row.at), row.note) for row in connection.execute(query)]


def stored(session: Session, size: int) -> str | None:
    """The stored checkpoint over so many entries, with what witnesses signed: a proof that bears it needs them."""
    return next((note for _, note in notes.between(session.connection(), size, size)), None)


def compare(session: Session, keys: Sequence[Verifier], one: str, other: str) -> Compared:
    """Whether the later of two checkpoints extends the earlier. Raises `NoteInvalid` for one the log did not sign."""
    read = {note: open_checkpoint(note, *keys) for note in (one, other)}
    (_, earlier), (note, later) = sorted(
        ((note, read[note]) for note in (one, other)), key=lambda pair: (pair[1].size, pair[0] == other)
    )
    connection = session.connection()
    newest_index = connection.execute(select(func.max(SEQUENCE.c.index))).scalar()
    size = 0 if newest_index is None else newest_index + 1
    if earlier.size == later.size and earlier.root != later.root:
        return Compared(earlier, later, size, None, FORKED)
    if later.size > size:
        return Compared(earlier, later, size, None, SHORT)
    try:
        proof = Consistency(earlier.size, prove_consistency(node_at(connection), earlier.size, later.size), note)
        proof.check(earlier, later)
    except (ProofInvalid, LookupError):
        wrong = LATER if _leads(connection, earlier) else EARLIER
        return Compared(earlier, later, size, None, wrong)
    return Compared(earlier, later, size, proof)


def _leads(connection: Connection, checkpoint: Checkpoint) -> bool:
    node: NodeAt = node_at(connection)
    try:
        return edge_of(node, checkpoint.size).root() == checkpoint.root
    except LookupError:
        return False
