"""Verify a bundle: everything in it against everything else, in one pass, with flat memory.

No database, no web, no keys of the portal: whoever holds a bundle runs this, by `python -m portal.audit.verify`.
"""

import hashlib
import heapq
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from operator import attrgetter
from typing import Any, Final

from portal.audit.bundle import DETAILS, ENTRIES, OUTCOMES, Bundle, BundleInvalid, Details
from portal.audit.erased_elsewhere import Elsewhere, detail_of, elsewhere
from portal.audit.erasures import Erasures
from portal.audit.note import Checkpoint, NoteInvalid, Unsigned, signers, split_note
from portal.audit.policy import NONE, Witnessed
from portal.audit.run import LogBroken, Run, Stored, reference_in
from portal.audit.succession import Succession, told_of
from portal.audit.tree import ProofInvalid, verify_consistency
from portal.audit.trust import Tally, Trust

TOLERANCE: Final = 120
"""Seconds by which honest clocks of a portal and its witnesses may differ."""
SECOND: Final = 1_000_000
YOUNG: Final = 3600
"""Seconds for which entries may wait for witnesses before a reader's policy calls them unproven."""
EVERY: Final = 1_000

Progress = Callable[[int, int], None]
_Due = tuple[Checkpoint, Witnessed | str | None]
"""A checkpoint to be met, with who signed it; its text, where no key of the reader's did; None where they kept it."""


def examine(bundle: Bundle, trust: Trust, held: Sequence[str] = (), progress: Progress | None = None) -> Tally:
    """Verify a bundle; `held` are signed checkpoints that the reader kept. `progress(done, of)` is called now and then.

    Raises `LogBroken` naming the first thing that is wrong, `BundleInvalid` for a bundle that cannot be read, and
    `NoteInvalid` for a held checkpoint that the key did not sign.
    """
    given = [trust.witnessed(note).checkpoint for note in held]
    work = _Examination(bundle, trust, sorted(given, key=attrgetter("size")), progress)
    try:
        work.everything()
    except LogBroken as error:
        raise _narrowed(bundle, error) from error
    return work.tally


class _Examination:
    def __init__(self, bundle: Bundle, trust: Trust, held: Sequence[Checkpoint], progress: Progress | None) -> None:
        self.bundle, self.trust, self.held, self.progress = bundle, trust, held, progress
        self.manifest = bundle.manifest
        self.run = Run(edge=bundle.edge())
        self.tally = Tally()
        self._succession = Succession(self.run.rotated, whole=self.manifest.first == 0)
        self._brought = bundle.keys()
        self._early: int | None = None  # the size of a checkpoint before the reader's key begins
        self._floor: tuple[int, int] | None = None
        self._fixed = 0  # so many entries a checkpoint signed by the log's key covers
        self._quorum_at = 0
        self._newest = (-1, 0, "")  # time, index and reference of the latest entry so far
        self._details = Details(bundle.objects(DETAILS))
        self._agreements = bundle.agreements()
        self._elsewhere: list[Elsewhere] = elsewhere(bundle)
        self._erasures = Erasures(
            bundle.periods(), self.manifest.first, {e.erasure: e.outside for e in self._elsewhere}
        )
        self._outcomes: set[str] = set()
        self._unreached: list[int] = []
        self._roots: dict[int, bytes] = {}  # of the sizes under which entries outside are proven
        self._passed: set[int] = set()  # sizes of checkpoints that no key of the reader's signed

    def everything(self) -> None:
        """Raises `LogBroken` at the first thing that is wrong."""
        self._read_outcomes()
        self.tally.agreements = len(self._agreements)
        due = heapq.merge(self._held(), self._signed(), key=lambda each: each[0].size)
        waiting = next(due, None)
        for leaf in self.bundle.lines(ENTRIES):
            while waiting is not None and waiting[0].size <= self.run.edge.size:
                self._meet(*waiting)
                waiting = next(due, None)
            self._entry(leaf)
        self._whole_range()
        while waiting is not None:
            self._meet(*waiting)
            waiting = next(due, None)
        if self._details.ahead is not None:
            raise LogBroken("there are sealed details of entries that are not there")
        if not self.tally.checkpoints and self._early is not None:
            raise LogBroken("your key signed none of its checkpoints: the log's key was replaced, or it is another log")
        if not self.tally.checkpoints:
            raise LogBroken("no signed checkpoint comes with these entries, so nothing vouches for them")
        self._whole_log()
        self._erased()
        if self.manifest.origin not in self.trust.names():
            raise BundleInvalid(f"it is of the log {self.manifest.origin}, whose key you did not name")
        self._vouched_for()
        self.tally.chains, self.tally.carried = self.run.chains, self.run.carried
        self.tally.silent = self.run.silent(self.tally.latest or 0)

    def _read_outcomes(self) -> None:
        for line in self.bundle.lines(OUTCOMES):
            self._outcomes.add(hashlib.sha256(line).hexdigest())
        self.tally.outcomes = len(self._outcomes)

    def _held(self) -> Iterator[_Due]:
        return ((checkpoint, None) for checkpoint in self.held)

    def _signed(self) -> Iterator[_Due]:
        last = -1
        known, names = self.trust.names(), [*self.manifest.former, self.manifest.origin]
        for note in self.bundle.checkpoints():
            origin = note.partition("\n")[0]
            if origin not in names:
                raise LogBroken("a checkpoint of another log was put into the bundle")
            while names[0] != origin:  # a name that has ended does not come back
                del names[0]
            if origin not in known and origin != self.manifest.origin:
                self.tally.unknown.add(origin)
                continue
            found: Witnessed | str = note
            try:
                checkpoint = Checkpoint.parse(split_note(note)[0])
                with suppress(Unsigned):
                    found = self.trust.witnessed(note)
            except NoteInvalid as error:
                raise LogBroken(
                    f"a checkpoint after the one over {max(last, 0):,} entries is false ({error})"
                ) from error
            if checkpoint.size < last:
                raise BundleInvalid("its checkpoints are not in the order of their size")
            last = checkpoint.size
            yield checkpoint, found

    def _entry(self, leaf: bytes) -> None:
        index = self.run.edge.size
        if index >= self.manifest.end:
            raise LogBroken("there are more entries than the bundle says", index)
        if not leaf:
            raise LogBroken("this entry was deleted", index)
        members, _ = self.run.add(Stored(index, leaf))
        reference = reference_in(members)
        self._time(members["time"], index, reference)
        self._erasures.check(index, members, [detail_of(told) for told in self._details.of(index)])
        self._decided(members, index, reference)
        self.tally.entries += 1
        if self.progress is not None and self.tally.entries % EVERY == 0:
            self.progress(self.tally.entries, self.manifest.end - self.manifest.first)

    def _time(self, at: int, index: int, reference: str | None) -> None:
        tally, newest = self.tally, self._newest
        if self._floor is not None and at < (self._floor[0] - TOLERANCE) * SECOND:
            raise LogBroken(
                f"it is back-dated: witnesses had cosigned the {self._floor[1]:,} entries before it at a later time",
                index,
                reference,
            )
        if at < newest[0] - TOLERANCE * SECOND and tally.out_of_order is None:
            tally.out_of_order = index, reference
        if at > newest[0]:
            self._newest = at, index, reference or ""
        tally.earliest = at if tally.earliest is None else min(at, tally.earliest)
        tally.latest = max(at, newest[0])

    def _erased(self) -> None:
        """Erased details against the entries that say so, of which those after the excerpt must be in the log."""
        for each in self._elsewhere:
            if each.inclusion is not None:
                root = self._roots.get(each.inclusion.size)
                if root is None and each.inclusion.size in self._passed:
                    raise BundleInvalid("details are erased, by an entry that only a key beside yours vouches for")
                if root is None or not each.inclusion.holds(root):
                    raise LogBroken("an entry that is said to have erased details is not in the log")
        found = self._erasures
        found.settle()
        self.tally.details, self.tally.erased, self.tally.announced = found.details, found.gone, found.announced
        self.tally.erased_by, self.tally.unread = tuple(found.by), frozenset(found.unread)

    def _decided(self, members: dict[str, Any], index: int, reference: str | None) -> None:
        decision, agreement = members["decision"], members["agreement"]
        if decision is not None and decision not in self._outcomes:
            raise LogBroken("its outcome by field was removed or changed", index, reference)
        if agreement is not None:
            name, _, digest = agreement.partition("#")
            if name not in self._agreements:
                if len(self.tally.untexted) < EVERY:
                    self.tally.untexted.add(agreement)
            elif self._agreements[name] != digest:
                raise LogBroken(f"the text of agreement {name} is not the one it was decided under", index, reference)

    def _meet(self, checkpoint: Checkpoint, found: Witnessed | str | None) -> None:
        if found is None:
            return self._compare(checkpoint)
        if isinstance(found, str):
            return self._pass_over(found, checkpoint.size)
        if self._early is not None and not self.tally.checkpoints and checkpoint.size <= self.manifest.end:
            self._began(found)
        self._reach(checkpoint, "the signed checkpoint")
        if any(each.inclusion and each.inclusion.size == checkpoint.size for each in self._elsewhere):
            self._roots[checkpoint.size] = checkpoint.root
        self._succession.met(
            found.keys, checkpoint.size, gap=not self.manifest.first <= checkpoint.size <= self.manifest.end
        )
        self._fixed = max(self._fixed, checkpoint.size)
        self.tally.checkpoints += 1
        self.tally.covered = max(self.tally.covered, checkpoint.size)
        self.tally.cosigned += bool(found.by)
        if found.quorum and self.trust.policy.quorum != NONE:
            self.tally.quorum, self._quorum_at = checkpoint.size, found.since or 0
        if found.since is not None:
            self._witnessed(checkpoint, found.since)

    def _pass_over(self, note: str, size: int) -> None:
        """A checkpoint that no key of the reader's signed counts for nothing. Was the key replaced as it should be?

        Then an entry tells of the key that signed it, and stands under a checkpoint of the reader's key; or an entry
        tells of the reader's key, which came later. Beyond an excerpt that the reader's key covers, such an entry would
        not be here: whoever signed there says nothing of the excerpt.
        """
        self._passed.add(size)
        if not self.tally.checkpoints:
            self._early = size
            return
        for key in signers(note, self._brought):
            place = self.run.rotated.get(told_of(key))
            if place is not None and place < self._fixed:
                self.tally.successor = key
                return
            if size > self.manifest.end and self._fixed >= self.manifest.end:
                self.tally.stranger = key
                return
        raise LogBroken(
            f"the checkpoint over {size:,} entries is signed by another key than yours, and no entry under your key"
            " tells that it was replaced",
            min(self._fixed, max(size - 1, 0)),
            until=max(size - 1, 0),
        )

    def _began(self, found: Witnessed) -> None:
        """The reader's key comes after another's checkpoints: an entry must tell of it."""
        if not any(told_of(key) in self.run.rotated for key in found.keys):
            raise LogBroken(
                f"the checkpoint over {self._early:,} entries is signed by another key than yours, and no entry tells"
                " that yours took its place"
            )

    def _compare(self, kept: Checkpoint) -> None:
        """Hold the bundle to a checkpoint that the reader kept."""
        ends = sorted((kept.size, self.run.edge.size))
        if ends[0] != ends[1] and (ends[0], ends[1]) not in self.manifest.links:
            self._unreached.append(kept.size)
            return
        self._reach(kept, "your checkpoint")
        self._fixed = max(self._fixed, kept.size)
        self.tally.held += 1

    def _reach(self, checkpoint: Checkpoint, name: str) -> None:
        """Compare with a checkpoint: of the present size directly, of another by a proof that the bundle brings."""
        size, here = checkpoint.size, self.run.edge
        if size == here.size:
            self.run.meet(checkpoint)
            return
        older = size < here.size
        old, new = (size, here.size) if older else (here.size, size)
        roots = (checkpoint.root, here.root()) if older else (here.root(), checkpoint.root)
        hashes = self.manifest.links.get((old, new))
        if hashes is None:
            raise BundleInvalid(f"it has no proof towards {name} over {size:,} entries")
        try:
            verify_consistency(old, new, *roots, hashes)
        except ProofInvalid as error:
            what = f"the entries do not lead to {name} over {size:,} entries"
            if older:
                raise LogBroken(what, 0, until=here.size - 1) from error
            raise LogBroken(what, min(self.run.covered, max(here.size - 1, 0)), until=here.size - 1) from error

    def _witnessed(self, checkpoint: Checkpoint, since: int) -> None:
        at, index, reference = self._newest
        if checkpoint.size > index and at > (since + TOLERANCE) * SECOND:
            raise LogBroken("it is dated after the time at which witnesses cosigned it", index, reference or None)
        if checkpoint.size <= self.run.edge.size and (self._floor is None or since > self._floor[0]):
            self._floor = since, checkpoint.size

    def _whole_range(self) -> None:
        if self.run.edge.size != self.manifest.end:
            raise LogBroken("this entry and those after it are missing", self.run.edge.size)
        if self.progress is not None:
            self.progress(self.tally.entries, self.tally.entries)

    def _whole_log(self) -> None:
        """A reader's checkpoint must not know of more than the newest one of the log that made the bundle."""
        for size in reversed(self._unreached):
            if size > self.tally.covered:
                raise LogBroken(
                    f"your checkpoint covers {size:,} entries, and the last one of the bundle {self.tally.covered:,}:"
                    " the end of the log was cut off, or the bundle is older than your checkpoint"
                )
            raise BundleInvalid(
                f"it has no proof towards your checkpoint over {size:,} entries: ask for one made with that checkpoint"
            )

    def _vouched_for(self) -> None:
        """Whatever stands behind the last signature could be anybody's: it is not called whole."""
        end, quorum, bare = self.manifest.end, self.tally.quorum, max(self._fixed, self.manifest.first)
        if bare < end and self.tally.successor is not None:
            raise BundleInvalid(
                f"your key vouches for the first {bare:,} entries; from there on the log signs with another, of which"
                " an entry under your key tells: ask for it, compare it, and name both with --key"
            )
        if bare < end:
            raise BundleInvalid(f"no signed checkpoint covers the entries from {bare:,} on: ask for a later bundle")
        if not self.trust.demanded or self.trust.policy.quorum == NONE:
            return
        if quorum is None:
            raise LogBroken("no checkpoint of the bundle is cosigned by enough witnesses for your policy")
        if quorum < end and self._newest[0] > (self._quorum_at + YOUNG) * SECOND:
            raise BundleInvalid(
                f"your witnesses vouch for the first {quorum:,} entries only, and the newest is an hour younger"
            )


def _narrowed(bundle: Bundle, error: LogBroken) -> LogBroken:
    """Where a writer's next entry remembers another hash, a second pass knows the changed entry exactly."""
    if error.index is None or error.until is None:
        return error
    run = Run(edge=bundle.edge())
    try:
        for leaf in bundle.lines(ENTRIES):
            run.add(Stored(run.edge.size, leaf))
    except LogBroken as exact:
        if exact.index is not None and error.index <= exact.index <= error.until:
            return exact
    return error
