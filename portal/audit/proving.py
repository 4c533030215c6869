"""The proof of one entry: that its stored bytes stand at their place under a signed checkpoint."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit.note import NoteInvalid, Verifier, open_checkpoint
from portal.audit.sequencer import node_at
from portal.audit.tables import CHECKPOINT, ENTRY, SEQUENCE
from portal.audit.tree import ProofInvalid, leaf_hash, prove_inclusion, verify_inclusion
from portal.db import from_micros
from portal.errors import NotFound


@dataclass(frozen=True, slots=True)
class Proof:
    """Where an entry stands. `index`, `size` and `signed_at` are None while it waits for its place or its checkpoint.

    `holds`: the entry's own bytes, hashed now, lead with `path` to the root in the checkpoint, which the log's key
    signed. None while there is nothing to compare with.
    """

    leaf: bytes
    index: int | None = None
    size: int | None = None
    signed_at: datetime | None = None
    root: bytes = b""
    path: Sequence[bytes] = ()
    holds: bool | None = None


def prove(session: Session, key: Verifier, entry_id: uuid.UUID, former: Sequence[Verifier] = ()) -> Proof:
    """Prove an entry under the smallest checkpoint over it. Raises `NotFound`; what does not hold is in the answer.

    `former`: the log's keys under origins that have ended, whose checkpoints still count.
    """
    connection = session.connection()
    query = select(ENTRY.c.leaf, SEQUENCE.c.index).outerjoin_from(ENTRY, SEQUENCE, SEQUENCE.c.entry_id == entry_id)
    found = connection.execute(query.where(ENTRY.c.entry_id == entry_id)).first()
    if found is None:
        raise NotFound
    leaf, index = leaf_hash(found[0]), found[1]
    if index is None:
        return Proof(leaf)
    over = select(CHECKPOINT).where(CHECKPOINT.c.size > index).order_by(CHECKPOINT.c.size).limit(1)
    stored = connection.execute(over).first()
    if stored is None:
        return Proof(leaf, index)
    place = (leaf, index, stored.size, from_micros(stored.at))
    try:
        checkpoint = open_checkpoint(stored.note, key, *former)
        path = prove_inclusion(node_at(connection), index, stored.size)
        verify_inclusion(leaf, index, checkpoint.size, path, checkpoint.root)
    except (NoteInvalid, ProofInvalid, LookupError):
        return Proof(*place, holds=False)
    return Proof(*place, checkpoint.root, path, holds=True)
