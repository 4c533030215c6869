"""The log as static tiles (C2SP tlog-tiles): hashes for whoever holds a checkpoint, entries for who audits.

Nothing beyond `size`, the checkpoint that is published, is given away. The caller decides who may have entries, and
logs that first.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit.tables import ENTRY, NODE, SEQUENCE
from portal.audit.tree import TILE_BITS, TILE_WIDTH, ProofInvalid, read_tile_path
from portal.errors import NotFound


def hashes(session: Session, path: str, size: int) -> bytes:
    """The content of a hash tile, 32 bytes a hash, by its path after `tile/`. Raises `NotFound`."""
    level, index, width = _place(path)
    if level is None or index * TILE_WIDTH + width > size >> (TILE_BITS * level):
        raise NotFound
    first = index * TILE_WIDTH
    table, place = (SEQUENCE, SEQUENCE.c.index) if level == 0 else (NODE, NODE.c.index)
    value = SEQUENCE.c.leaf_hash if level == 0 else NODE.c.hash
    query = select(value).select_from(table).where(place >= first, place < first + width).order_by(place)
    if level:
        query = query.where(NODE.c.level == level)
    found = session.connection().execute(query).scalars().all()
    if len(found) != width:
        raise NotFound  # verification says what is wrong with the log
    return b"".join(found)


def entries(session: Session, path: str, size: int) -> bytes:
    """The content of an entry bundle, each leaf after its length as uint16, by its path after `tile/`.

    Raises `NotFound`.
    """
    level, index, width = _place(path)
    first = index * TILE_WIDTH
    if level is not None or first + width > size:
        raise NotFound
    query = (
        select(ENTRY.c.leaf)
        .join(SEQUENCE, SEQUENCE.c.entry_id == ENTRY.c.entry_id)
        .where(SEQUENCE.c.index >= first, SEQUENCE.c.index < first + width)
        .order_by(SEQUENCE.c.index)
    )
    leaves = session.connection().execute(query).scalars().all()
    if len(leaves) != width:
        raise NotFound
    return b"".join(len(leaf).to_bytes(2) + leaf for leaf in leaves)


def _place(path: str) -> tuple[int | None, int, int]:
    try:
        return read_tile_path(f"tile/{path}")
    except ProofInvalid:
        raise NotFound from None
