"""One entry of the access log: what a caller says, and the leaf made of it.

The bytes are specified in docs/access-log-format.md. No database and no keys: an auditor imports this module too.
"""

import hashlib
import json
import re
import struct
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from portal.audit.operations import OPERATIONS, OUTCOMES

FORMAT: Final = 1
LONGEST_LEAF: Final = 65_535
LARGEST_NUMBER: Final = (1 << 53) - 1
_ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
LENGTH: Final = struct.Struct(">I").pack
"""A length as four bytes, the first the highest."""
PAIRS: Final = tuple(first + second for first in _ALPHABET for second in _ALPHABET)
"""Ten bits of a reference."""

Permitted = tuple[str, str, str, tuple[str, ...]]


class LeafInvalid(ValueError):
    """Stored bytes are not the canonical leaf of an entry. Says what is wrong, never what the entry holds."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Every field of one operation by name, with the clause that gave or withheld it. Never holds a silent field.

    `permitted`: (field, owner, clause, gateways); `withheld`: (field, owner, clause, nearest clause or None).
    """

    permitted: Sequence[tuple[str, str, str, Sequence[str]]] = ()
    withheld: Sequence[tuple[str, str, str, str | None]] = ()
    _digest: str = field(default="", init=False, repr=False, compare=False)

    def content(self) -> tuple[str, bytes]:
        """Hex digest and canonical bytes; equal outcomes have equal bytes, whatever the order they were given in."""
        permitted = sorted([name, owner, clause, sorted(gates)] for name, owner, clause, gates in self.permitted)
        withheld = sorted(([*row[:3], row[3]] for row in self.withheld), key=lambda row: [part or "" for part in row])
        content = canonical({"permitted": permitted, "v": FORMAT, "withheld": withheld})
        return hashlib.sha256(content).hexdigest(), content

    def digest(self) -> str:
        """The hex digest of `content`. Worked out once for each object that nobody can change, because comparing
        seventy fields by name and clause at each entry would cost more than the entry."""
        if self._digest:
            return self._digest
        digest = self.content()[0]
        if _is_fixed(self.permitted) and _is_fixed(self.withheld):
            object.__setattr__(self, "_digest", digest)
        return digest


def _is_fixed(rows: Sequence[Sequence[Any]]) -> bool:
    try:
        hash(rows)
    except TypeError:  # a list inside or around: it might change later
        return False
    return True


@dataclass(frozen=True, slots=True)
class Subject:
    """A person whose data the operation touches, and what only the sealed part of the entry says.

    `detail` is JSON-like; values of data fields never belong in it. `silent` is what only readers granted the silent
    categories may see. `decided` is for lists, where each person has an outcome of their own.
    """

    person: uuid.UUID = field(repr=False)
    detail: Mapping[str, Any] = field(default_factory=dict, repr=False)
    silent: Mapping[str, Any] | None = field(default=None, repr=False)
    decided: Outcome | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Entry:
    """What a caller says of one operation. `operation` and `outcome` come from `portal.audit.operations`.

    `source` is `AccessLog.source_of(address)`; `sealed_sha256` the SHA-256 of each sealed value written, in order.
    """

    operation: str
    outcome: str = "permitted"
    actor: uuid.UUID | None = None
    agency: str | None = None
    role: str | None = None
    session: str | None = field(default=None, repr=False)
    source: bytes | None = field(default=None, repr=False)
    purpose: str | None = None
    agreement: str | None = None
    decided: Outcome | None = field(default=None, repr=False)
    subjects: Sequence[Subject] = field(default=(), repr=False)
    sealed_sha256: Sequence[bytes] = field(default=(), repr=False)
    correlation: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry stands: its id, time (microseconds UTC), its writer's chain, and its salt."""

    entry_id: uuid.UUID
    at: int
    writer: uuid.UUID
    n: int
    prev: bytes | None
    salt: bytes = field(repr=False)


_encode = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), check_circular=False, allow_nan=False
).encode


def canonical(value: Any) -> bytes:
    """RFC 8785 bytes of what leaves and outcomes hold: ASCII keys, strings, integers below 2^53, lists, null.

    Within that, the standard library's encoder is exact and ten times faster (a property test holds it to `rfc8785`).
    Raises `LeafInvalid` for text that is not Unicode.
    """
    try:
        return _encode(value).encode()
    except UnicodeEncodeError as error:
        raise LeafInvalid("text holds half a surrogate pair") from error


def make_leaf(
    entry: Entry, place: Place, *, decision: str | None, details: str | None, sealed: str | None, software: str
) -> bytes:
    """The leaf of an entry. Raises `LeafInvalid` for a word outside the vocabulary or a leaf over 65,535 bytes."""
    if entry.operation not in OPERATIONS or entry.outcome not in OUTCOMES:
        raise LeafInvalid("the operation or outcome is not in the vocabulary")
    leaf = canonical(
        {
            "actor": None if entry.actor is None else str(entry.actor),
            "agency": entry.agency,
            "agreement": entry.agreement,
            "correlation": entry.correlation,
            "decision": decision,
            "details": details,
            "entry": str(place.entry_id),
            "n": place.n,
            "operation": entry.operation,
            "outcome": entry.outcome,
            "prev": None if place.prev is None else place.prev.hex(),
            "purpose": entry.purpose,
            "role": entry.role,
            "salt": place.salt.hex(),
            "sealed": sealed,
            "session": entry.session,
            "software": software,
            "source": None if entry.source is None else entry.source.hex(),
            "time": place.at,
            "v": FORMAT,
            "writer": str(place.writer),
        }
    )
    if len(leaf) > LONGEST_LEAF:
        raise LeafInvalid("the leaf is longer than 65,535 bytes")
    return leaf


_REQUIRED: Final[Mapping[str, type]] = {
    "entry": str,
    "n": int,
    "operation": str,
    "outcome": str,
    "salt": str,
    "software": str,
    "time": int,
    "v": int,
    "writer": str,
}
_OPTIONAL: Final = frozenset(
    {"actor", "agency", "agreement", "correlation", "decision", "details"}
    | {"prev", "purpose", "role", "sealed", "session", "source"}  # each text or null
)
_KEYS: Final = frozenset(_REQUIRED) | _OPTIONAL


_STRING: Final = r'"([ !#-\[\]-~]*)"'  # that stands in canonical JSON as it is
_NUMBER: Final = r"(0|[1-9][0-9]{0,15})"
_SHAPES: Final = {name: _NUMBER if kind is int else _STRING for name, kind in _REQUIRED.items()}
_NAMES: Final = tuple(sorted(_KEYS))
_USUAL: Final = re.compile(
    r"\{" + ",".join(f'"{name}":{_SHAPES.get(name, f"(?:null|{_STRING})")}' for name in _NAMES) + r"\}"
)
"""A canonical leaf in which no text is escaped and none outside ASCII, a group for each member (absent: null)."""
_N, _TIME, _V = map(_NAMES.index, ("n", "time", "v"))


def read_leaf(leaf: bytes) -> dict[str, Any]:
    """The members of a stored leaf. Raises `LeafInvalid` unless it is exactly a canonical leaf of a known format.

    Nearly every leaf is read by one pattern that nothing but a canonical leaf fits; the rest by a parser.
    """
    try:
        found = _USUAL.fullmatch(leaf.decode("ascii"))
    except (UnicodeDecodeError, AttributeError):
        found = None
    if found is not None:
        values: list[Any] = list(found.groups())
        values[_N], values[_TIME], values[_V] = int(values[_N]), int(values[_TIME]), int(values[_V])
        if values[_N] <= LARGEST_NUMBER and values[_TIME] <= LARGEST_NUMBER and values[_V] == FORMAT:
            return dict(zip(_NAMES, values, strict=True))
    return parsed_leaf(leaf)


def parsed_leaf(leaf: bytes) -> dict[str, Any]:
    """As `read_leaf`, for any leaf: parsed, checked, and encoded again to see that its form is canonical."""
    try:
        members = json.loads(leaf)
    except (ValueError, RecursionError) as error:
        raise LeafInvalid("the leaf is not JSON") from error
    if not isinstance(members, dict) or members.keys() != _KEYS:
        raise LeafInvalid("the leaf does not have the members of an entry")
    if any(type(members[name]) is not kind for name, kind in _REQUIRED.items()):
        raise LeafInvalid("a member of the leaf has the wrong type")
    if any(members[name] is not None and type(members[name]) is not str for name in _OPTIONAL):
        raise LeafInvalid("a member of the leaf has the wrong type")
    if members["v"] != FORMAT:
        raise LeafInvalid("the leaf has an unknown format")
    if not (0 <= members["n"] <= LARGEST_NUMBER and 0 <= members["time"] <= LARGEST_NUMBER):
        raise LeafInvalid("a number of the leaf is out of range")
    if canonical(members) != leaf:
        raise LeafInvalid("the leaf is not in canonical form")
    return members


def detail_digest(sealed: bytes, silent: bytes) -> bytes:
    """SHA-256 over the two sealed blobs of one subject, each with its length as four bytes before it."""
    return hashlib.sha256(b"".join((LENGTH(len(sealed)), sealed, LENGTH(len(silent)), silent))).digest()


def details_digest(digests: Sequence[bytes]) -> str | None:
    """Hex SHA-256 over the subjects' digests in order; None for an entry about nobody."""
    return hashlib.sha256(b"".join(digests)).hexdigest() if digests else None


def sealed_digest(digests: Sequence[bytes]) -> str | None:
    """Hex SHA-256 over the digests of the sealed values written, in order; None where none was written."""
    return hashlib.sha256(b"".join(digests)).hexdigest() if digests else None


def reference_of(entry_id: uuid.UUID) -> str:
    """What a person is told, such as "K7QF-2M": the last 30 bits of the entry's id, without 0, 1, I and O.

    Short enough to read out; two entries may share one, so a look-up answers with all of them.
    """
    bits = entry_id.int
    return f"{PAIRS[bits >> 20 & 1023]}{PAIRS[bits >> 10 & 1023]}-{PAIRS[bits & 1023]}"


def id_text(raw: bytes) -> str:
    """The usual spelling of a UUID's 16 bytes. Raises `ValueError` for another number of them."""
    if len(raw) != 16:
        raise ValueError("an id has 16 bytes")
    digits = raw.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
