"""The sealed part of an entry: whom it is about, and what only readers of the log may know.

Each subject has an open and a silent blob, both always there and of stepped sizes, so that nothing shows from outside.
Keys are the log's own, per subject and year: erasing a person's case does not erase the evidence of who looked.
"""

import hmac
import json
import os
import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import bindparam, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from portal.audit.entry import Subject, canonical
from portal.audit.tables import PERSON_KEY
from portal.errors import SealBroken
from portal.keys import secrets
from portal.keys.encoding import commitment
from portal.keys.opening import open_value
from portal.keys.provider import KeyProvider
from portal.keys.sealing import Bound, Context, Dek, seal, seal_field
from portal.query import Query

NAMES: Final = ("log-index", "log-details", "log-silent")
"""Named secrets: behind the subject tags, and around the keys of the open and of the silent parts."""
OWNER: Final = "access-log"
SECONDS: Final = 60.0
MOST_KEYS: Final = 20_000
NOBODIES: Final = 256
_KEYS: Final = Query(
    select(PERSON_KEY).where(
        PERSON_KEY.c.subject_tag.in_(bindparam("tags", expanding=True)), PERSON_KEY.c.year == bindparam("year")
    )
)
_LABEL: Final = b"iom-portal log detail 1"
_STEP: Final = 256


@dataclass(frozen=True, slots=True)
class YearKey:
    """One subject's two keys of one year, unwrapped."""

    key_id: bytes
    person: uuid.UUID = field(repr=False)
    """The subject tag, read as a UUID: sealed values are bound to it."""
    open: bytes = field(repr=False)
    silent: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Opened:
    """What a sealed detail says. `silent` is None where there was nothing, or where the reader may not have it."""

    position: int
    person: uuid.UUID | None = field(repr=False)
    detail: Mapping[str, Any] = field(repr=False)
    decision: str | None
    silent: Mapping[str, Any] | None = field(repr=False)
    erased: bool = False


Keys = dict[tuple[bytes, int], YearKey]


class Vault:
    """Seals and opens details. Hold one for each process; safe to share between threads and after a fork."""

    def __init__(
        self, index: bytes, details: bytes, silent: bytes, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._index = index
        self._wrapping = {"open": _wrapper(NAMES[1], details), "silent": _wrapper(NAMES[2], silent)}
        self._clock = clock
        self._cache: dict[tuple[bytes, int], tuple[YearKey, float]] = {}

    @classmethod
    def load(cls, session: Session, provider: KeyProvider) -> "Vault":
        """The vault of this installation. Makes its secrets at first asking: inside a write transaction only.

        Raises `KeysUnavailable` or `SealBroken`, as `portal.keys.secrets.named`.
        """
        index, details, silent = (secrets.named(session, provider, name) for name in NAMES)
        return cls(index, details, silent)

    def tag(self, person: uuid.UUID) -> bytes:
        """What stands for a person in the database, 16 bytes: only holders of the secret can tell whom."""
        return hmac.digest(self._index, b"subject" + person.bytes, "sha256")[:16]

    def nobody(self) -> uuid.UUID:
        """One of 256 stand-ins, at random: the subject of an entry about a record that does not exist.

        Their keys are as warm as anybody's, so that a missing record costs and looks the same as a refused one.
        """
        return uuid.UUID(bytes=hmac.digest(self._index, b"nobody" + os.urandom(1), "sha256")[:16], version=4)

    def keys(self, connection: Connection, tags: Iterable[bytes], year: int, fresh: Keys) -> Keys:
        """The keys of these subjects, made where there are none. Inside a write transaction only.

        What is read or made goes to `fresh`, which the caller hands to `keep` once the transaction has committed.
        """
        now = self._clock()
        found: Keys = {}
        unknown: list[bytes] = []
        for tag in tags:
            cached = self._cache.get((tag, year))
            if cached is not None and now < cached[1]:
                found[tag, year] = cached[0]
            elif (tag, year) in fresh:
                found[tag, year] = fresh[tag, year]
            else:
                unknown.append(tag)
        if unknown:
            read = self._read(connection, unknown, year)
            absent = sorted({tag for tag in unknown if (tag, year) not in read})
            if absent:
                self._make(connection, absent, year)
                read |= self._read(connection, absent, year)
            fresh |= read
            found |= read
        return found

    def keep(self, fresh: Keys) -> None:
        """Remember keys whose transaction has committed, for a minute."""
        until = self._clock() + SECONDS
        if len(self._cache) + len(fresh) > MOST_KEYS:
            self._cache = {}
        self._cache.update((place, (key, until)) for place, key in fresh.items())

    def find(self, connection: Connection, tags: Sequence[bytes], year: int) -> Keys:
        """The keys of these subjects in a year, those that are still there. Raises `SealBroken` for a false one."""
        return self._read(connection, tags, year)

    def seal(
        self, key: YearKey, entry_id: uuid.UUID, position: int, subject: Subject, decision: str | None
    ) -> tuple[bytes, bytes]:
        """The open and the silent blob of one subject."""
        plain = canonical({"decision": decision, "detail": subject.detail, "person": str(subject.person)})
        quiet = b"" if subject.silent is None else canonical({"silent": subject.silent})
        of = Bound(OWNER, entry_id, key.person, OWNER)
        sealed = seal_field(_dek(key, key.open, entry_id, position), of, "open", "log", position, _fill(plain))
        silent = seal_field(_dek(key, key.silent, entry_id, position), of, "silent", "log", position, _fill(quiet))
        return sealed, silent

    def open(self, key: YearKey, entry_id: uuid.UUID, position: int, sealed: bytes, silent: bytes | None) -> Opened:
        """What the blobs of one subject say; pass `silent` only for a reader who may have it. Raises `SealBroken`."""
        said = _opened(key, key.open, entry_id, position, "open", sealed)
        quiet = {} if silent is None else _opened(key, key.silent, entry_id, position, "silent", silent)
        return Opened(position, uuid.UUID(said["person"]), said["detail"], said["decision"], quiet.get("silent"))

    def part_key(self, key: YearKey, entry_id: uuid.UUID, position: int) -> bytes:
        """The key (32 bytes) of the open blob about one subject of one entry: it opens that blob and no other."""
        return _secret(key.open, entry_id, position)

    def _make(self, connection: Connection, tags: Sequence[bytes], year: int) -> None:
        rows = []
        for tag in tags:  # in order, so that two writers of the same subjects wait for each other and never deadlock
            row: dict[str, Any] = {"subject_tag": tag, "year": year, "key_id": os.urandom(8)}
            for use, suffix in (("open", ""), ("silent", "_silent")):
                key = AESGCM.generate_key(256)
                row["wrapped" + suffix] = seal(self._wrapping[use], _key_context(tag, year, use), key)
                row["commitment" + suffix] = commitment(key)
            rows.append(row)
        unless_there = sqlite if connection.dialect.name == "sqlite" else postgresql
        connection.execute(unless_there.insert(PERSON_KEY).on_conflict_do_nothing(), rows)

    def _read(self, connection: Connection, tags: Sequence[bytes], year: int) -> Keys:
        found: Keys = {}
        for start in range(0, len(tags), 512):
            for row in _KEYS.all(connection, tags=tags[start : start + 512], year=year):
                found[row.subject_tag, year] = self._unwrap(row)
        return found

    def _unwrap(self, row: Any) -> YearKey:
        pairs = {"open": (row.wrapped, row.commitment), "silent": (row.wrapped_silent, row.commitment_silent)}
        keys = {}
        for use, (wrapped, promised) in pairs.items():
            key = open_value(self._wrapping[use], _key_context(row.subject_tag, row.year, use), wrapped)
            if not hmac.compare_digest(commitment(key), promised):
                raise SealBroken("a key of the access log's details is not the one committed to")
            keys[use] = key
        return YearKey(row.key_id, uuid.UUID(bytes=row.subject_tag), **keys)


def _wrapper(name: str, secret: bytes) -> Dek:
    return Dek(sha256(name.encode()).digest()[:8], AESGCM(secret))


def _key_context(tag: bytes, year: int, use: str) -> Context:
    person = uuid.UUID(bytes=tag)
    return Context("access-log-key", person, use, person, OWNER, "log", year)


def _context(key: YearKey, entry_id: uuid.UUID, position: int, name: str) -> Context:
    return Context(OWNER, entry_id, name, key.person, OWNER, "log", position)


def _dek(key: YearKey, secret: bytes, entry_id: uuid.UUID, position: int) -> Dek:
    return Dek(key.key_id, AESGCM(_secret(secret, entry_id, position)))


def _secret(year: bytes, entry_id: uuid.UUID, position: int) -> bytes:
    """Each blob has a key of its own, so that one can be handed out (a proof for a person) without the year's."""
    return hmac.digest(year, _LABEL + entry_id.bytes + position.to_bytes(4, "big"), "sha256")


def _fill(text: bytes) -> bytes:
    """Fill with spaces to 255, 511, 1,023 … bytes: a sealed value adds one byte of padding and shows its length."""
    size = _STEP
    while size <= len(text):
        size *= 2
    return text.ljust(size - 1)


def _opened(
    key: YearKey, secret: bytes, entry_id: uuid.UUID, position: int, name: str, sealed: bytes
) -> dict[str, Any]:
    dek = _dek(key, secret, entry_id, position)
    text = open_value(dek, _context(key, entry_id, position, name), sealed).strip()
    said: dict[str, Any] = json.loads(text) if text else {}
    return said
