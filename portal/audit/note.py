"""Signed notes, checkpoints, cosignatures and their keys (C2SP signed-note, tlog-checkpoint and tlog-cosignature).

A note is text, a blank line, then one line a signature. Opening raises `NoteInvalid`; it never returns a bool.
"""

import base64
import binascii
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from portal.audit.tree import HASH_SIZE, LARGEST_SIZE

ED25519 = 0x01
COSIGNATURE = 0x04
MOST_SIGNATURES = 64
LONGEST_NOTE = 1 << 20
_DASH = "— "


class NoteInvalid(ValueError):
    """A note, checkpoint or verifier key is malformed or not signed as it must be. Says why."""


class Unsigned(NoteInvalid):
    """A note that none of the known keys signed."""


@dataclass(frozen=True, slots=True)
class _Key:
    """The public half of an Ed25519 key under a name, for signatures of the type `kind`."""

    name: str
    public: bytes
    """32 bytes, Ed25519."""

    kind: ClassVar[int]

    def __post_init__(self) -> None:
        _check_name(self.name)
        if len(self.public) != 32:
            raise NoteInvalid("an Ed25519 public key has 32 bytes")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `name+hex(id)+base64(type ‖ public key)`. Raises `NoteInvalid`, also for a key id that does not fit."""
        parts = text.split("+", 2)
        if len(parts) != 3 or len(parts[1]) != 8:
            raise NoteInvalid("a verifier key reads name+id+key")
        key = _base64(parts[2])
        if len(key) != 33 or key[0] != cls.kind:
            raise NoteInvalid(f"only Ed25519 verifier keys of type {cls.kind} are known here")
        verifier = cls(parts[0], key[1:])
        if verifier.key_id.hex() != parts[1]:
            raise NoteInvalid("the verifier key's id does not belong to its key")
        return verifier

    @property
    def key_id(self) -> bytes:
        """SHA-256(name ‖ 0x0A ‖ type ‖ public key)[:4]."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    def __str__(self) -> str:
        key = base64.b64encode(bytes([self.kind]) + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{key}"

    def _verify(self, message: str, signature: bytes) -> None:
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message.encode())
        except (InvalidSignature, ValueError) as error:
            raise NoteInvalid(f"the signature of {self.name} does not fit the text") from error


class Verifier(_Key):
    """The public half of a log's key (type 1): checks signatures made under `name`."""

    __slots__ = ()
    kind = ED25519

    def check(self, body: str, signature: bytes) -> None:
        """Return if `signature` (64 bytes) signs `body`, else raise `NoteInvalid`."""
        self._verify(body, signature)


class WitnessKey(_Key):
    """The public half of a witness's key (type 4, cosignature v1): checks that it saw a checkpoint, and when."""

    __slots__ = ()
    kind = COSIGNATURE

    def check(self, body: str, signature: bytes) -> int:
        """The time (seconds since 1970) at which the witness signed `body`, from u64be time ‖ 64 bytes.

        Raises `NoteInvalid`. Whether that time is believable is for the caller to say.
        """
        if len(signature) != 72:
            raise NoteInvalid(f"the cosignature of {self.name} has not the right length")
        at = int.from_bytes(signature[:8])
        if at > LARGEST_SIZE:
            raise NoteInvalid(f"the cosignature of {self.name} names no possible time")
        self._verify(_cosigned(body, at), signature[8:])
        return at


@dataclass(frozen=True, slots=True)
class Cosignature:
    """That a witness saw a checkpoint: whose key, at which second since 1970, and the signature line (no newline)."""

    key: WitnessKey
    at: int
    line: str


class Signer:
    """The private half of a log's key, or of two while one takes the other's place. Its repr shows the name only.

    `verifiers` are the keys it signs with, the newest last; `ids` says which stored secrets they are.
    """

    def __init__(self, name: str, *seeds: bytes, ids: tuple[bytes, ...] = ()) -> None:
        self._keys = [Ed25519PrivateKey.from_private_bytes(seed) for seed in seeds]
        self.verifiers = tuple(Verifier(name, key.public_key().public_bytes_raw()) for key in self._keys)
        self.verifier = self.verifiers[-1]
        self.ids = ids

    def __repr__(self) -> str:
        return f"Signer({self.verifier.name!r})"

    def sign(self, body: str) -> str:
        """The signed note over `body`, which must end with a newline and hold no other control character."""
        _check_text(body)
        note = f"{body}\n"
        for key, verifier in zip(self._keys, self.verifiers, strict=True):
            payload = base64.b64encode(verifier.key_id + key.sign(body.encode())).decode()
            note += f"{_DASH}{verifier.name} {payload}\n"
        return note


class Cosigner:
    """The private half of a witness's key. Its repr shows the name only."""

    def __init__(self, name: str, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.key = WitnessKey(name, self._key.public_key().public_bytes_raw())

    def __repr__(self) -> str:
        return f"Cosigner({self.key.name!r})"

    def cosign(self, body: str, at: int) -> Cosignature:
        """Vouch at second `at` for the checkpoint with this body (tlog-cosignature, "Ed25519 signed message")."""
        _check_text(body)
        payload = at.to_bytes(8) + self._key.sign(_cosigned(body, at).encode())
        encoded = base64.b64encode(self.key.key_id + payload).decode()
        return Cosignature(self.key, at, f"{_DASH}{self.key.name} {encoded}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log vouches for: its name, how many entries it has, and the root over them."""

    origin: str
    size: int
    root: bytes

    def body(self) -> str:
        """`origin\\nsize\\nbase64(root)\\n`."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @classmethod
    def parse(cls, body: str) -> Self:
        """Read a checkpoint body of exactly three lines. Raises `NoteInvalid`."""
        lines = body.split("\n")
        if len(lines) != 4 or lines[3] or not lines[0]:
            raise NoteInvalid("a checkpoint has three lines: origin, size, root")
        digits = lines[1]
        if not (digits.isascii() and digits.isdigit()) or len(digits) > 19 or str(int(digits)) != digits:
            raise NoteInvalid("the size of a checkpoint is a plain decimal number")
        root = _base64(lines[2])
        if len(root) != HASH_SIZE or int(digits) > LARGEST_SIZE:
            raise NoteInvalid("a checkpoint's root has 32 bytes and its size fits 63 bits")
        return cls(lines[0], int(digits), root)


def open_note(note: str | bytes, verifiers: Iterable[Verifier]) -> str:
    """The body of a note that at least one of `verifiers` signed. Raises `NoteInvalid`, `Unsigned` where none did."""
    if not signers(note, verifiers):
        raise Unsigned("the note carries no signature of a known key")
    return split_note(note)[0]


def signers(note: str | bytes, verifiers: Iterable[Verifier]) -> frozenset[Verifier]:
    """Which of `verifiers` signed a note.

    Signatures of others are ignored; a known key whose signature fails rejects the whole note. Raises `NoteInvalid`.
    """
    body, signatures = split_note(note)
    known = {(verifier.name, verifier.key_id): verifier for verifier in verifiers}
    found = set()
    for name, payload in signatures:
        verifier = known.get((name, payload[:4]))
        if verifier is not None:
            verifier.check(body, payload[4:])
            found.add(verifier)
    return frozenset(found)


def open_checkpoint(note: str | bytes, verifier: Verifier, *former: Verifier) -> Checkpoint:
    """The checkpoint that `verifier`, or a `former` one, signed under its own name as origin. Raises `NoteInvalid`."""
    origin = split_note(note)[0].partition("\n")[0]
    known = [each for each in (verifier, *former) if each.name == origin]
    if not known:
        raise NoteInvalid("the checkpoint is of another log")
    return Checkpoint.parse(open_note(note, known))


def cosignatures(note: str | bytes, keys: Iterable[WitnessKey]) -> list[Cosignature]:
    """What the witnesses with these keys signed, each one's latest. The log's own signature is not looked at.

    Signatures of others are ignored; a known key whose signature fails rejects the whole note. Raises `NoteInvalid`.
    """
    body, signatures = split_note(note)
    known = {(key.name, key.key_id): key for key in keys}
    found: dict[WitnessKey, Cosignature] = {}
    for name, payload in signatures:
        key = known.get((name, payload[:4]))
        if key is not None:
            at = key.check(body, payload[4:])
            line = f"{_DASH}{name} {base64.b64encode(payload).decode()}"
            if key not in found or at > found[key].at:
                found[key] = Cosignature(key, at, line)
    return list(found.values())


def with_lines(note: str, lines: Iterable[str]) -> str:
    """The note with these signature lines (no newline at their ends) after its own. Raises `NoteInvalid`."""
    longer = note + "".join(f"{line}\n" for line in lines)
    if split_note(longer)[0] != split_note(note)[0]:
        raise NoteInvalid("a signature line is malformed")
    return longer


def split_note(note: str | bytes) -> tuple[str, list[tuple[str, bytes]]]:
    """A note's body and its signatures as (name, key id ‖ signature), none of them verified. Raises `NoteInvalid`."""
    if len(note) > LONGEST_NOTE:
        raise NoteInvalid("the note is too long")
    if isinstance(note, bytes):
        try:
            note = note.decode()
        except UnicodeDecodeError as error:
            raise NoteInvalid("the note is not UTF-8") from error
    _check_text(note)
    body, blank, tail = note.rpartition("\n\n")
    if not blank or not tail:
        raise NoteInvalid("the note has no signatures")
    lines = tail.removesuffix("\n").split("\n")
    if len(lines) > MOST_SIGNATURES:
        raise NoteInvalid("the note has too many signatures")
    return body + "\n", [_signature(line) for line in lines]


def _cosigned(body: str, at: int) -> str:
    return f"cosignature/v1\ntime {at}\n{body}"


def _signature(line: str) -> tuple[str, bytes]:
    name, space, payload = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space:
        raise NoteInvalid("a signature line is malformed")
    _check_name(name)
    value = _base64(payload)
    if len(value) < 5:
        raise NoteInvalid("a signature is too short")
    return name, value


def _check_name(name: str) -> None:
    if not name or "+" in name or any(char.isspace() for char in name):
        raise NoteInvalid("a key's name is not empty and holds neither space nor plus")
    _check_utf8(name)


def _check_text(text: str) -> None:
    if not text.endswith("\n") or any(char < " " and char != "\n" for char in text):
        raise NoteInvalid("a note ends with a newline and holds no other control character")
    _check_utf8(text)


def _check_utf8(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise NoteInvalid("the note is not UTF-8") from error


def _base64(text: str) -> bytes:
    """Strict standard base64: no other characters, and only the canonical spelling of its bytes."""
    try:
        value = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise NoteInvalid("malformed base64") from error
    if base64.b64encode(value).decode() != text:
        raise NoteInvalid("malformed base64")
    return value
