"""One pass over stored leaves and signed checkpoints: no database, no web, no portal keys.

An auditor can run this on anything that yields (index, leaf) pairs: the live database, an export, a copy on a stick.
Memory stays flat: the right edge of the tree and the head of each open writer's chain.
"""

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from portal.audit.entry import LeafInvalid, read_leaf, reference_of
from portal.audit.note import Checkpoint, Verifier, open_checkpoint
from portal.audit.tree import CompactRange, leaf_hash

Completed = Callable[[int, int, bytes], None]


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

    `edge` is where an excerpt begins: the right edge of the tree before it. What came earlier is not there to be seen,
    so a writer's chain may then begin anywhere; `chains` counts all that were met, `carried` those that did.
    """

    def __init__(self, completed: Completed | None = None, edge: CompactRange | None = None) -> None:
        self.edge = CompactRange() if edge is None else edge
        self.covered = self.first = self.edge.size
        self.checkpoints = 0
        self.chains = self.carried = 0
        self._completed = completed
        self._writers: dict[str, _Head] = {}
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
        self.edge.append(digest, self._completed)
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

    def heads(self) -> dict[str, tuple[int, str]]:
        """Each open writer's last entry: writer → (n, hex of its leaf hash)."""
        return {writer: (head.n, head.digest) for writer, head in self._writers.items()}

    def _follow_chain(self, members: dict[str, Any], digest: bytes, index: int) -> None:
        writer, n, prev, entry_id = members["writer"], members["n"], members["prev"], members["entry"]
        last = self._writers.get(writer)
        due = 0 if last is None else last.n + 1
        if last is None and n and prev is not None and self.first and writer not in self._closed:
            self.carried += 1  # the excerpt begins in the middle of this chain
            due = n
        elif last is None and prev is not None and n == 0:
            raise LogBroken("its writer's chain does not begin here", index, _reference(entry_id))
        if n != due:
            what = f"before it, entry {due} of its writer is missing" if n > due else "it repeats a place of its writer"
            raise LogBroken(what, index, _reference(entry_id))
        self.chains += last is None
        if last is not None and prev != last.digest:
            raise LogBroken(
                "it was changed: its writer's next entry remembers it otherwise", last.index, last.reference
            )
        if members["operation"] == "log-closed":
            self._writers.pop(writer, None)
            if self.first:
                self._closed.add(writer)
        else:
            self._writers[writer] = _Head(n, digest.hex(), index, entry_id)


@dataclass(frozen=True, slots=True)
class _Head:
    n: int
    digest: str
    index: int
    entry_id: str

    @property
    def reference(self) -> str | None:
        return _reference(self.entry_id)


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


def _reference(entry_id: str) -> str | None:
    try:
        return reference_of(uuid.UUID(entry_id))
    except ValueError:
        return None
