"""What an entry `details-erased` vouches for: exactly which details, by a Merkle tree over them.

Live verification and the offline verifier share this; no database, no keys. Bytes: docs/access-log-format.md. A detail
that is gone without such an entry, before its time, or from another set than the entry fixed, is named.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

from portal.audit.entry import canonical, detail_digest, details_digest, sealed_digest
from portal.audit.run import LogBroken, reference_in
from portal.audit.tree import CompactRange, ProofInvalid, leaf_hash, verify_consistency

OPERATION: Final = "details-erased"
LEAST: Final = 1
"""Whole years that lie between the year of a detail and that of its erasure, whatever an agreement says."""
SECOND: Final = 1_000_000


def year_of(at: int) -> int:
    """The year (UTC) of a time in microseconds. Raises `ValueError`, `OverflowError` beyond the calendar."""
    return datetime.fromtimestamp(at // SECOND, UTC).year


def due(year: int, years: int) -> int:
    """The first instant (microseconds) at which details of a year may be erased, kept for so many years after it."""
    return int(datetime(year + years + 1, 1, 1, tzinfo=UTC).timestamp()) * SECOND


def record(entry: uuid.UUID, position: int, digest: bytes) -> bytes:
    """One detail in the tree: id of its entry, its position (four bytes), its digest."""
    return entry.bytes + position.to_bytes(4, "big") + digest


def erases(members: Mapping[str, Any]) -> bool:
    """Whether an entry, by the members of its leaf, says that details were erased."""
    return bool(members["operation"] == OPERATION and members["outcome"] == "permitted")


def content(year: int, size: int, root: bytes) -> bytes:
    """What the entry fixes: its leaf's `sealed` is made of the SHA-256 of this."""
    return canonical({"details": size, "root": root.hex(), "v": 1, "year": year})


def correlation(year: int) -> str:
    """What joins the entries that erased details of one year."""
    return f"details-{year}"


def year_in(told: str | None) -> int | None:
    """The year of a `correlation`; None where it is none."""
    year = (told or "").removeprefix("details-")
    return int(year) if len(year) == 4 and year.isdecimal() and told == correlation(int(year)) else None


@dataclass(frozen=True, slots=True)
class Detail:
    """One sealed detail as it is kept: both parts are None once it is gone; `erasure` is the id of the entry that says
    it is erased."""

    position: int
    digest: bytes
    sealed: bytes | None
    silent: bytes | None
    erasure: str | None = None

    @property
    def gone(self) -> bool:
        """Whether nothing of it is left but its digest."""
        return self.sealed is None and self.silent is None


@dataclass(frozen=True, slots=True)
class Outside:
    """What an excerpt brings about an erasing entry whose details it has in part, or which stands after it.

    `size` and `root` of the tree over all its details, `before` and `edge`: how many come before the excerpt and their
    right edge, `rest`: the consistency proof from those up to the end of the excerpt. `index` and `members` of the
    entry, proven by whoever brings them; None where it stands in the excerpt itself.
    """

    size: int
    root: bytes
    before: int
    edge: Sequence[bytes]
    rest: Sequence[bytes]
    index: int | None = None
    members: Mapping[str, Any] | None = None


@dataclass(slots=True)
class _Erased:
    """The details met so far that name one erasing entry, in order of index and position."""

    edge: CompactRange = field(default_factory=CompactRange)
    year: int = 0
    first: int = 0
    last: int = -1
    gone: int = 0


class Erasures:
    """Holds the details of each entry to its leaf, and those that are gone to the entries that say so.

    Feed `check` every entry in order, then call `settle`. `periods`: `id@version#digest` of agreements → how many years
    they keep details. `first`: where the part begins; `complete`: nothing is younger than what is fed. Memory: a few
    hashes for each erasing entry.
    """

    def __init__(
        self,
        periods: Mapping[str, int],
        first: int = 0,
        outside: Mapping[str, Outside] | None = None,
        *,
        complete: bool = False,
    ) -> None:
        self.periods, self.first, self.complete = periods, first, complete
        self.details = self.gone = self.announced = 0
        self.by: list[str] = []
        """References of the entries by which details were erased, proven, in order of what they erased."""
        self.unread: set[str] = set()
        """Agreements under which they were erased and whose period is not known here."""
        self._outside = dict(outside or {})
        self._entries: dict[str, tuple[int, Mapping[str, Any]]] = {}
        self._erased: dict[str, _Erased] = {}
        for erasure, each in self._outside.items():
            self._erased[erasure] = _Erased(CompactRange(each.before, each.edge))
            if each.index is not None and each.members is not None:
                self._entries[erasure] = each.index, each.members

    def check(self, index: int, members: Mapping[str, Any], details: Sequence[Detail]) -> None:
        """One entry with its details, in order of position. Raises `LogBroken`."""
        if erases(members):
            self._entries[members["entry"]] = index, members
        if [each.position for each in details] != list(range(len(details))):
            raise _broken("a sealed detail of it was removed", index, members)
        if details_digest([each.digest for each in details]) != members["details"]:
            raise _broken("a sealed detail of it was removed, added or changed", index, members)
        for each in details:
            if each.gone and each.erasure is None:
                raise _broken("a sealed detail of it is gone, and no entry says that it was erased", index, members)
            if not each.gone:
                self._compare(index, members, each)
            if each.erasure is not None:
                self._note(index, members, each, each.erasure)
        self.details += len(details)

    def settle(self) -> None:
        """Hold every set of erased details to the entry it names. Raises `LogBroken` naming the first that is wrong."""
        met = [each for each in self._erased.items() if each[1].last >= 0]
        for erasure, found in sorted(met, key=lambda each: each[1].first):
            self._settle(erasure, found)
        for erasure, (index, members) in self._entries.items():
            if not self.first and (erasure not in self._erased or self._erased[erasure].last < 0):
                raise _broken("it says that details were erased, and none of them names it", index, members)

    def _compare(self, index: int, members: Mapping[str, Any], detail: Detail) -> None:
        sealed, silent = detail.sealed, detail.silent
        if sealed is None or silent is None or detail_digest(sealed, silent) != detail.digest:
            raise _broken("a sealed detail of it was changed", index, members)

    def _note(self, index: int, members: Mapping[str, Any], detail: Detail, erasure: str) -> None:
        found, year = self._erased.setdefault(erasure, _Erased()), year_of(members["time"])
        if found.last >= 0 and found.year != year:
            raise _broken("a sealed detail of it was erased under an entry about another year", index, members)
        found.first = index if found.last < 0 else found.first
        found.year, found.last, found.gone = year, index, found.gone + detail.gone
        try:
            entry = uuid.UUID(members["entry"])
        except ValueError as error:
            raise _broken("a sealed detail of it was erased, and its id cannot be read", index, members) from error
        found.edge.append(leaf_hash(record(entry, detail.position, detail.digest)))
        self.gone += detail.gone
        self.announced += not detail.gone

    def _settle(self, erasure: str, found: _Erased) -> None:
        if erasure not in self._entries:
            if found.gone or self.complete:
                raise LogBroken("sealed details are erased, and no entry says so", found.first, until=found.last)
            return  # announced by an entry that nothing fixes yet: they are all there
        index, members = self._entries[erasure]
        if index <= found.last or members["correlation"] != correlation(found.year) or not self._fixes(erasure, found):
            what = f"sealed details were erased, and not just those that entry {reference_in(members)} says"
            raise LogBroken(what, found.first, until=found.last)
        years = self.periods.get(members["agreement"] or "")
        if years is None:
            self.unread.add(str(members["agreement"]))
        if year_of(members["time"]) <= found.year + max(LEAST, years or 0):  # `due`, and of any number of years
            raise _broken(f"it erased details of {found.year} before their period was over", index, members)
        if found.gone:
            self.by.append(str(reference_in(members)))

    def _fixes(self, erasure: str, found: _Erased) -> bool:
        """Whether the entry's own bytes fix this very set of details."""
        edge, outside = found.edge, self._outside.get(erasure)
        size, root = (edge.size, edge.root()) if outside is None else (outside.size, outside.root)
        said = sealed_digest([sha256(content(found.year, size, root)).digest()])
        if said != self._entries[erasure][1]["sealed"]:
            return False
        try:
            verify_consistency(edge.size, size, edge.root(), root, () if outside is None else outside.rest)
        except ProofInvalid:
            return False
        return True


def _broken(what: str, index: int, members: Mapping[str, Any]) -> LogBroken:
    return LogBroken(what, index, reference_in(members))
