"""One pass over stored leaves and signed checkpoints: no database, no web, no portal keys.

An auditor can run this on anything that yields (index, leaf) pairs: the live database, an export, a copy on a stick.
Memory stays flat: the right edge of the tree and the head of each open writer's chain.
"""

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from portal.audit.entry import LeafInvalid, read_leaf, reference_of
from portal.audit.note import Checkpoint, Verifier, open_checkpoint
from portal.audit.tree import TILE_BITS, CompactRange, leaf_hash

SILENT: Final = 2 * 3600 * 1_000_000
"""Microseconds after which a writer without a closing entry counts as stopped."""
Completed = Callable[[int, int, bytes], None]
Head = tuple[int, str, int, str | bytes, int]
"""The last entry of an open writer: n, hex of its leaf hash, index, id (spelt, or 16 bytes), time."""
CLOSED = "log-closed"
"""The operation that ends a writer in good order."""
ROTATED = "key-rotated"
"""The operation that tells of a new key."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An entry as it is kept: its index in the log and the exact bytes of its leaf."""

    index: int
    leaf: bytes


class LogBroken(ValueError):
    """The log is not whole. Names the first bad entry, or the range in which it must lie."""

    def __init__(self, what: str, index: int | None = None, reference: str | None = None, until: int | None = None):
        super().__init__(what)
        self.what = what
        self.index = index
        self.reference = reference
        self.until = until

    def sentence(self) -> str:
        """The finding as one plain sentence."""
        if self.index is None:
            return f"The access log is not whole: {self.what}."
        where = f"entry {self.index:,}"
        if self.until is not None and self.until > self.index:
            where = f"one of the entries {self.index:,} to {self.until:,}"
        if self.reference:
            where += f" (reference {self.reference})"
        return f"The access log is not whole, from {where}: {self.what}."


@dataclass(frozen=True, slots=True)
class Summary:
    """What was verified: how many entries, how many checkpoints, up to which one, and entries after the last."""

    entries: int
    checkpoints: int
    covered: int
    root: bytes


class Run:
    """One pass over a log in order of index. Feed `add` every entry and `meet` every checkpoint at its size.

    `completed` is told of the nodes that hash tiles hold: those of each eighth level.

    `edge` is where an excerpt begins: the right edge of the tree before it. What came earlier is not there to be seen,
    so a writer's chain may then begin anywhere; `chains` counts all that were met, `carried` those that did. `rotated`:
    what was written by each entry that tells of a new key (`sealed` of the leaf), and where that entry stands.
    """

    def __init__(self, completed: Completed | None = None, edge: CompactRange | None = None) -> None:
        self.edge = CompactRange() if edge is None else edge
        self.covered = self.first = self.edge.size
        self.checkpoints = 0
        self.chains = self.carried = 0
        self.rotated: dict[str, int] = {}
        self._completed = completed
        self.open: dict[str, Head] = {}  # by writer
        self._closed: set[str] = set()

    def add(self, stored: Stored) -> tuple[dict[str, Any], bytes]:
        """Check one entry's bytes, place and chain; answers its members and leaf hash. Raises `LogBroken`."""
        index = self.edge.size
        if stored.index != index:
            raise LogBroken("this entry is missing", index)
        try:
            members = read_leaf(stored.leaf)
        except LeafInvalid as error:
            raise LogBroken(f"its stored bytes were changed ({error})", index) from error
        digest = leaf_hash(stored.leaf)
        self._follow_chain(members, digest, index)
        if members["operation"] == ROTATED and members["sealed"] is not None:
            self.rotated.setdefault(members["sealed"], index)
        self.edge.extend((digest,), self._completed, TILE_BITS)
        return members, digest

    def meet(self, checkpoint: Checkpoint) -> None:
        """Compare with a checkpoint of the present size. Raises `LogBroken` naming the entries since the last one."""
        if checkpoint.size < self.edge.size:
            raise ValueError("checkpoints must come in order of size")
        if checkpoint.size > self.edge.size:
            raise LogBroken(
                f"a signed checkpoint covers {checkpoint.size:,} entries, more than there are", self.edge.size
            )
        if checkpoint.root != self.edge.root():
            first = min(self.covered, max(checkpoint.size - 1, self.first, 0))
            raise LogBroken(
                f"the entries do not lead to the signed checkpoint of {checkpoint.size:,} entries",
                first,
                until=checkpoint.size - 1,
            )
        self.covered = checkpoint.size
        self.checkpoints += 1

    def summary(self) -> Summary:
        """What this run has verified so far."""
        return Summary(self.edge.size, self.checkpoints, self.covered, self.edge.root())

    def take(self, digests: Sequence[bytes]) -> None:
        """Add entries that the caller has checked in full, by their leaf hashes; `move` then moves their chains on."""
        self.edge.extend(digests, self._completed, TILE_BITS)

    def move(self, heads: Mapping[str, Head | None], begun: int) -> None:
        """Move writers' chains on to `heads`, None where one has closed; `begun` of them began there."""
        self.chains += begun
        for writer, head in heads.items():
            if head is not None:
                self.open[writer] = head
                continue
            self.open.pop(writer, None)
            if self.first:
                self._closed.add(writer)

    def silent(self, now: int) -> list[tuple[int, str | None]]:
        """Writers that stopped without a closing entry, by `now` (microseconds UTC): time and reference of their last.

        A writer that is idle for an hour closes itself (`retiring`): one that is silent for two was killed, or what it
        wrote afterwards is gone. In order of time.
        """
        found = [(head[4], _reference(head[3])) for head in self.open.values() if head[4] < now - SILENT]
        return sorted(found, key=lambda each: each[0])

    def _follow_chain(self, members: dict[str, Any], digest: bytes, index: int) -> None:
        writer, n, prev, entry_id = members["writer"], members["n"], members["prev"], members["entry"]
        last = self.open.get(writer)
        due = 0 if last is None else last[0] + 1
        if last is None and n and prev is not None and self.first and writer not in self._closed:
            self.carried += 1  # the excerpt begins in the middle of this chain
            due = n
        elif last is None and prev is not None and n == 0:
            raise LogBroken("its writer's chain does not begin here", index, _reference(entry_id))
        if n != due:
            what = f"before it, entry {due} of its writer is missing" if n > due else "it repeats a place of its writer"
            raise LogBroken(what, index, _reference(entry_id))
        self.chains += last is None
        if last is not None and prev != last[1]:
            what = "it was changed: its writer's next entry remembers it otherwise"
            raise LogBroken(what, last[2], _reference(last[3]))
        if members["operation"] == CLOSED:
            self.open.pop(writer, None)
            if self.first:
                self._closed.add(writer)
        else:
            self.open[writer] = n, digest.hex(), index, entry_id, members["time"]


def verify(entries: Iterable[Stored], checkpoints: Iterable[str], key: Verifier) -> Summary:
    """Verify a whole log: every entry, every writer's chain, and every checkpoint (signed notes, in order of size).

    Raises `LogBroken` at the first thing that is wrong, and `NoteInvalid` for a checkpoint that `key` did not sign.
    """
    run = Run()
    waiting = (open_checkpoint(note, key) for note in checkpoints)
    due = next(waiting, None)
    for stored in entries:
        while due is not None and due.size == run.edge.size:
            run.meet(due)
            due = next(waiting, None)
        run.add(stored)
    while due is not None:
        run.meet(due)
        due = next(waiting, None)
    return run.summary()


def reference_in(members: Mapping[str, Any]) -> str | None:
    """The reference of an entry by its members; None where its id is none."""
    return _reference(members["entry"])


def _reference(entry_id: str | bytes) -> str | None:
    try:
        return reference_of(uuid.UUID(bytes=entry_id) if isinstance(entry_id, bytes) else uuid.UUID(entry_id))
    except ValueError:
        return None
