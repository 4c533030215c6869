"""Seal one value: the E1 format of docs/formats/sealed-value.md. What opens it lives in `opening`, apart."""

import os
from dataclasses import dataclass, field
from typing import Literal, NamedTuple
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from portal.errors import SealBroken
from portal.keys.encoding import field_parts, number_part, text_part, uuid_part

MAGIC = b"\xe1\x01\x01"  # sealed value, format 1, suite 1 (AES-256-GCM)
HEADER = len(MAGIC) + 8  # and the id of the data key
NONCE = 12
TAG = 16
BODY = HEADER + NONCE
"""Where the ciphertext of a sealed value begins."""
SHORTEST = HEADER + NONCE + 16 + TAG

CHOICE: Literal[32] = 32
"""`pad_to` for choice fields, whose length would tell HIGH from LOW."""


class Context(NamedTuple):
    """The one place a sealed value belongs to; sealed anywhere else it does not open.

    `category`, `person` and `owner` are as they were when the value was written; `version` is the version of this
    value, 0 or more, so that an older value put back is noticed.
    """

    kind: str
    record: UUID
    field: str
    person: UUID
    owner: str
    category: str
    version: int


@dataclass(frozen=True, slots=True)
class Dek:
    """A data key, ready for use. `person` and `owner`, where given, are the only ones it seals and opens for."""

    id: bytes
    aead: AESGCM = field(repr=False)
    person: UUID | None = None
    owner: str | None = None
    seal_class: str | None = None


def seal(dek: Dek, context: Context, plaintext: bytes, pad_to: Literal[16, 32] = 16) -> bytes:
    """The value sealed for its context: 39 bytes more than the padded plaintext, different each time.

    The plaintext is padded with 80 00 … to a multiple of `pad_to` bytes. Raises `SealBroken` if the key is for
    another person or owner (the value would outlive that person's erasure).
    """
    if not serves(dek, context):
        del plaintext
        raise SealBroken("data key and context name different persons or owners")
    header = MAGIC + dek.id
    nonce = os.urandom(NONCE)  # random: a data key seals far fewer than 2^32 values, and it survives a fork
    return header + nonce + dek.aead.encrypt(nonce, _pad(plaintext, pad_to), associated(header, context))


def seal_field(dek: Dek, of: "Bound", field: str, category: str, version: int, plaintext: bytes) -> bytes:
    """As `seal`, for one field of a record of which several are sealed."""
    if not serves(dek, of):
        del plaintext
        raise SealBroken("data key and context name different persons or owners")
    header = MAGIC + dek.id
    nonce = os.urandom(NONCE)
    bound_to = of.associated(header, field, category, version)
    return header + nonce + dek.aead.encrypt(nonce, _pad(plaintext, 16), bound_to)


def dek_id(sealed: bytes) -> bytes:
    """Id (8 bytes) of the data key a sealed value names. Raises `SealBroken` unless it is exactly a known format."""
    if not isinstance(sealed, bytes) or sealed[: len(MAGIC)] != MAGIC or len(sealed) < SHORTEST:
        raise SealBroken("sealed value: not a registered format")
    return sealed[len(MAGIC) : HEADER]


def associated(header: bytes, context: Context) -> bytes:
    """The bytes a value is bound to: its header, then each part of the context behind its length."""
    kind, record, name, person, owner, category, version = context
    return (
        header
        + text_part(kind)
        + uuid_part(record)
        + text_part(name)
        + uuid_part(person)
        + text_part(owner)
        + text_part(category)
        + number_part(version)
    )


class Bound:
    """What every value of one record is bound to, laid out once: for opening many of them."""

    __slots__ = ("_after", "_before", "owner", "person")

    def __init__(self, kind: str, record: UUID, person: UUID, owner: str) -> None:
        self.person = person
        self.owner = owner
        self._before = text_part(kind) + uuid_part(record)
        self._after = uuid_part(person) + text_part(owner)

    def associated(self, header: bytes, field: str, category: str, version: int) -> bytes:
        """The bytes of `associated` for one field of this record."""
        name, rest = field_parts(field, category, version)
        return b"%b%b%b%b%b" % (header, self._before, name, self._after, rest)


def serves(dek: Dek, context: Context | Bound) -> bool:
    """Whether a data key is one for the context's person and owner."""
    person, owner = dek.person, dek.owner
    if person is not None and person is not context.person and person != context.person:
        return False
    return owner is None or owner == context.owner


def _pad(plaintext: bytes, pad_to: int) -> bytes:
    if pad_to not in (16, 32):
        raise ValueError("pad_to must be 16 or 32")
    return plaintext + b"\x80" + bytes(-(len(plaintext) + 1) % pad_to)
