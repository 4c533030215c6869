"""The sealed details of a bundle, and what it brings about entries that erased some, where those or others of their
details lie outside it.

Lines of `details.jsonl` and `erasures.jsonl`, read with suspicion; bytes: docs/access-log-format.md. No database.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from portal.audit.bundle import DETAILS, ERASURES, Bundle, BundleInvalid, Manifest, unhex
from portal.audit.entry import LeafInvalid, read_leaf
from portal.audit.erasures import Detail, Outside, erases
from portal.audit.tree import CompactRange, ProofInvalid, leaf_hash, verify_inclusion


@dataclass(frozen=True, slots=True)
class Included:
    """That an entry stands at `index` under the checkpoint of `size` entries, by `path`."""

    leaf: bytes
    index: int
    size: int
    path: Sequence[bytes]

    def holds(self, root: bytes) -> bool:
        """Whether the path leads from the entry to this root."""
        try:
            verify_inclusion(leaf_hash(self.leaf), self.index, self.size, self.path, root)
        except ProofInvalid:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """One erasing entry by its id: what lies outside the bundle, and the entry's inclusion where it does itself."""

    erasure: str
    outside: Outside
    inclusion: Included | None


def detail_of(told: dict[str, Any]) -> Detail:
    """A sealed detail by its line; one without `erasure` names no entry that erased it. Raises `BundleInvalid`."""
    try:
        sealed, silent = (None if told[name] is None else unhex(told[name]) for name in ("sealed", "silent"))
        erasure = told.get("erasure")
        if not isinstance(erasure, str | None):
            raise ValueError(erasure)
        return Detail(_number(told["position"]), unhex(told["digest"]), sealed, silent, erasure)
    except (KeyError, TypeError, ValueError) as error:
        raise BundleInvalid(f"a line of {DETAILS} is malformed") from error


def elsewhere(bundle: Bundle) -> list[Elsewhere]:
    """What the bundle brings, in its order. Raises `BundleInvalid`."""
    found = []
    for told in bundle.objects(ERASURES):
        try:
            found.append(_read(told, bundle.manifest))
        except (KeyError, TypeError, ValueError, AttributeError, LeafInvalid, ProofInvalid) as error:
            raise BundleInvalid(f"a line of {ERASURES} is malformed") from error
    if len({each.erasure for each in found}) != len(found):
        raise BundleInvalid(f"{ERASURES} tells of one entry twice")
    return found


def _read(told: dict[str, Any], manifest: Manifest) -> Elsewhere:
    erasure = str(uuid.UUID(told["erasure"]))
    edge, rest = tuple(map(unhex, told["edge"])), tuple(map(unhex, told["rest"]))
    before, details = _number(told["before"]), _number(told["details"])
    CompactRange(before, edge)
    if (before and not manifest.first) or erasure != told["erasure"]:
        raise ValueError(before)  # nothing lies before the whole log, and an id has one spelling
    tree = (details, unhex(told["root"]), before, edge, rest)
    if told["leaf"] is None:
        return Elsewhere(erasure, Outside(*tree), None)
    leaf = told["leaf"].encode()
    members, index = read_leaf(leaf), _number(told["index"])
    if members["entry"] != erasure or index < manifest.end or not erases(members):
        raise ValueError(erasure)
    inclusion = Included(leaf, index, _number(told["size"]), tuple(map(unhex, told["path"])))
    return Elsewhere(erasure, Outside(*tree, index, members), inclusion)


def _number(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 1 << 63:
        raise ValueError(value)
    return value
