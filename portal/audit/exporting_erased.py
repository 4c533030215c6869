"""What an excerpt must bring so that details missing in it are known to have been erased by entries of the log."""

import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection

from portal.audit.erasures import record
from portal.audit.sequencer import node_at
from portal.audit.tables import DETAIL, ENTRY, SEQUENCE
from portal.audit.tree import CompactRange, NodeAt, leaf_hash, prove_consistency, prove_inclusion


@dataclass(frozen=True, slots=True)
class _Erasing:
    """An entry that erased details, by its place in the log."""

    id: uuid.UUID
    index: int
    leaf: bytes


def lines(connection: Connection, first: int, end: int, size: int) -> Iterator[dict[str, Any]]:
    """For each erasing entry that details of the excerpt name, and that the excerpt alone does not show whole: a line.

    `size`: the newest signed checkpoint, under which entries after the excerpt are proven. Entries that no checkpoint
    covers are left out: nothing was destroyed by them yet. So are damaged ones, which the verifier then names.
    """
    named = (
        select(DETAIL.c.erasure)
        .join_from(DETAIL, SEQUENCE, SEQUENCE.c.entry_id == DETAIL.c.entry_id)
        .where(SEQUENCE.c.index >= first, SEQUENCE.c.index < end, DETAIL.c.erasure.is_not(None))
        .distinct()
    )
    query = (
        select(SEQUENCE.c.index.label("place"), SEQUENCE.c.entry_id, ENTRY.c.leaf)
        .join_from(SEQUENCE, ENTRY, ENTRY.c.entry_id == SEQUENCE.c.entry_id)
        .where(SEQUENCE.c.entry_id.in_(named), SEQUENCE.c.index < size)
        .order_by(SEQUENCE.c.index)
    )
    for row in connection.execute(query).all():
        found = None
        with suppress(LookupError, OverflowError, TypeError, ValueError):  # rows that nothing can be proven of
            found = _line(connection, _Erasing(row.entry_id, row.place, bytes(row.leaf)), (first, end, size))
        if found is not None:
            yield found


def _line(connection: Connection, erasing: _Erasing, part: tuple[int, int, int]) -> dict[str, Any] | None:
    first, end, size = part
    tree, before, within = _Tree(), 0, 0
    for index, leaf in _records(connection, erasing.id):
        tree.append(leaf)
        before += index < first
        within += first <= index < end
    if erasing.index < end and before == 0 and within == tree.edge.size:
        return None  # the excerpt has it all
    told: dict[str, Any] = {"erasure": str(erasing.id), "details": tree.edge.size, "root": tree.edge.root().hex()}
    edge = CompactRange()
    for leaf in tree.leaves[:before]:
        edge.append(leaf)
    rest = prove_consistency(tree.node, before + within, tree.edge.size)
    told |= {"before": before, "edge": _hex(edge.hashes), "rest": _hex(rest)}
    if erasing.index < end:
        return told | {"index": erasing.index, "leaf": None, "size": 0, "path": []}
    path = prove_inclusion(node_at(connection), erasing.index, size)
    return told | {"index": erasing.index, "leaf": erasing.leaf.decode(), "size": size, "path": _hex(path)}


def _records(connection: Connection, erasure: uuid.UUID) -> Iterator[tuple[int, bytes]]:
    query = (
        select(SEQUENCE.c.index.label("place"), DETAIL.c.entry_id, DETAIL.c.position, DETAIL.c.digest)
        .join_from(DETAIL, SEQUENCE, SEQUENCE.c.entry_id == DETAIL.c.entry_id)
        .where(DETAIL.c.erasure == erasure)
        .order_by(SEQUENCE.c.index, DETAIL.c.position)
    )
    for row in connection.execute(query, execution_options={"yield_per": 1_000}):
        yield row.place, leaf_hash(record(row.entry_id, row.position, bytes(row.digest)))


class _Tree:
    """A Merkle tree in memory, 64 bytes a detail: a year's details are a few million at most."""

    def __init__(self) -> None:
        self.edge = CompactRange()
        self.leaves: list[bytes] = []
        self._nodes: dict[tuple[int, int], bytes] = {}
        self.node: NodeAt = self._at

    def append(self, leaf: bytes) -> None:
        """Add a leaf hash."""
        self.leaves.append(leaf)
        self.edge.append(leaf, self._completed)

    def _completed(self, level: int, index: int, value: bytes) -> None:
        self._nodes[level, index] = value

    def _at(self, level: int, index: int) -> bytes:
        return self.leaves[index] if level == 0 else self._nodes[level, index]


def _hex(hashes: list[bytes]) -> list[str]:
    return [each.hex() for each in hashes]
