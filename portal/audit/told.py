"""One entry with what its sealed part says, as a file: whom it is about, what was decided, and the proof of all that.

The reader needs the log's key and nothing else: no database, no key of the portal's. Each opened part brings the key of
that part alone, and the file's bytes lead from there to a signed root. Format: docs/access-log-format.md.
"""

import binascii
import hashlib
import json
import struct
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from portal.audit.entry import detail_digest, details_digest
from portal.audit.proof import Inclusion
from portal.audit.tree import ProofInvalid

FORMAT: Final = "accord-log-entry@v1"
LONGEST: Final = 64 << 20
_MAGIC: Final = b"\xe1\x01\x01"
_HEADER, _NONCE, _TAG = 11, 12, 16
_LOG: Final = "access-log"


@dataclass(frozen=True, slots=True)
class Detail:
    """The sealed part about one subject: its digest, and its two blobs unless they were erased.

    `secret` (32 bytes) opens `sealed`, and nothing else; with `subject` as the log knows it. None where the part stays
    sealed for whoever took the file out. `silent` is never opened here.
    """

    digest: bytes
    sealed: bytes | None = field(default=None, repr=False)
    silent: bytes | None = field(default=None, repr=False)
    subject: uuid.UUID | None = None
    secret: bytes | None = field(default=None, repr=False)

    def open(self, entry: uuid.UUID, position: int) -> dict[str, Any] | None:
        """What it says; None where it stays sealed, or is not here: erased, or taken out. Raises `ProofInvalid`."""
        if self.sealed is None and self.silent is None:
            return None
        if self.sealed is None or self.silent is None:
            raise ProofInvalid("half of a sealed part of it is missing")
        if detail_digest(self.sealed, self.silent) != self.digest:
            raise ProofInvalid("a sealed part of it was changed")
        if self.secret is None or self.subject is None:
            return None
        try:
            said: dict[str, Any] = json.loads(_unseal(self.secret, self.subject, entry, position, self.sealed))
            if said.keys() != {"decision", "detail", "person"}:
                raise ValueError
        except (InvalidTag, ValueError, AttributeError, RecursionError) as error:
            raise ProofInvalid("a sealed part of it does not open with the key that came with it") from error
        return said


@dataclass(frozen=True, slots=True)
class Told:
    """An entry, proven and opened. `outcomes`: decisions by field as stored. `names`: what the portal says that ids
    stand for (actor, cases); no part of the proof."""

    proof: Inclusion
    details: Sequence[Detail]
    outcomes: Sequence[bytes]
    names: Mapping[str, str] = field(default_factory=dict, repr=False)

    def text(self) -> str:
        """The file."""
        details = [{name: _plain(getattr(each, name)) for name in Detail.__slots__} for each in self.details]
        outcomes = [content.decode() for content in self.outcomes]
        told = {"format": FORMAT, "names": dict(self.names), "proof": self.proof.text()}
        return json.dumps({**told, "details": details, "outcomes": outcomes}, ensure_ascii=False, indent=1) + "\n"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a file. Raises `ProofInvalid`."""
        try:
            told = json.loads(text)
            if told["format"] != FORMAT:
                raise ProofInvalid(f"the file is not of the format {FORMAT}")
            details = [_detail(each) for each in told["details"]]
            outcomes = [content.encode() for content in told["outcomes"]]
            names = {str(key): str(value) for key, value in told["names"].items()}
            return cls(Inclusion.parse(told["proof"]), details, outcomes, names)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            if isinstance(error, ProofInvalid):
                raise
            raise ProofInvalid("the file is not what the portal writes") from error

    def check(self, leaf: Mapping[str, Any]) -> list[dict[str, Any] | None]:
        """What each sealed part says, in order: None for one that stays sealed or is not in the file.

        `leaf`: the members of the proof's leaf, which the caller has proven. Raises `ProofInvalid`.
        """
        if details_digest([each.digest for each in self.details]) != leaf["details"]:
            raise ProofInvalid("a sealed part of it was removed, added or changed")
        try:
            entry = uuid.UUID(leaf["entry"])
        except ValueError as error:
            raise ProofInvalid("it does not name itself as entries do") from error
        said = [each.open(entry, position) for position, each in enumerate(self.details)]
        named = {leaf["decision"], *(each["decision"] for each in said if each)}
        if not named.issuperset(hashlib.sha256(content).hexdigest() for content in self.outcomes):
            raise ProofInvalid("a decision by field was added or changed")
        return said

    def decided(self, digest: str | None) -> Mapping[str, Any] | None:
        """What was permitted and withheld, by the digest that the entry or a part of it names; None where the file
        does not bring it. Ask after `check`. Raises `ProofInvalid`."""
        found = (each for each in self.outcomes if hashlib.sha256(each).hexdigest() == digest)
        content = next(found, None)
        try:
            return None if content is None else dict(json.loads(content))
        except (ValueError, TypeError, RecursionError) as error:
            raise ProofInvalid("a decision by field cannot be read") from error


def _unseal(secret: bytes, subject: uuid.UUID, entry: uuid.UUID, position: int, sealed: bytes) -> bytes:
    """A value in the format E1 (docs/formats/sealed-value.md), read apart from the portal's own code for it."""
    if len(sealed) < _HEADER + _NONCE + 16 + _TAG or not sealed.startswith(_MAGIC):
        raise ValueError
    parts = (_LOG.encode(), entry.bytes, b"open", subject.bytes, _LOG.encode(), b"log", struct.pack(">Q", position))
    bound = sealed[:_HEADER] + b"".join(struct.pack(">I", len(part)) + part for part in parts)
    nonce, body = sealed[_HEADER : _HEADER + _NONCE], sealed[_HEADER + _NONCE :]
    padded = AESGCM(secret).decrypt(nonce, body, bound).rstrip(b"\x00")
    if not padded.endswith(b"\x80"):
        raise ValueError
    return padded[:-1]


def _plain(value: bytes | uuid.UUID | None) -> str | None:
    return None if value is None else value.hex() if isinstance(value, bytes) else str(value)


def _detail(told: Mapping[str, str | None]) -> Detail:
    if told.keys() != set(Detail.__slots__):
        raise ProofInvalid("a sealed part of the file lacks something")
    found: dict[str, bytes | None] = {}
    for name in ("digest", "sealed", "silent", "secret"):
        value = told[name]
        try:
            found[name] = None if value is None else binascii.unhexlify(value)
        except binascii.Error as error:
            raise ProofInvalid(f"{name} of a sealed part is malformed") from error
    digest, secret = found["digest"], found["secret"]
    if digest is None or (secret is not None and len(secret) != 32):
        raise ProofInvalid("a sealed part of the file is malformed")
    subject = None if told["subject"] is None else uuid.UUID(told["subject"])
    return Detail(digest, found["sealed"], found["silent"], subject, secret)
