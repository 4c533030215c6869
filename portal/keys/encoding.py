"""Unambiguous bytes for associated data: no two different lists of parts give the same bytes."""

from functools import lru_cache
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


@lru_cache(maxsize=8192)
def text_part(text: str) -> bytes:
    """UTF-8 behind its length as four bytes, big-endian. Cached: only names of fields, kinds, parties come here."""
    data = text.encode()
    return len(data).to_bytes(4, "big") + data


def bytes_part(data: bytes) -> bytes:
    """Bytes behind their length as four bytes, big-endian."""
    return len(data).to_bytes(4, "big") + data


def uuid_part(identity: UUID) -> bytes:
    """The sixteen bytes of a UUID behind their length."""
    return b"\x00\x00\x00\x10" + identity.bytes


def number_part(number: int) -> bytes:
    """A whole number of 0 … 2^64-1 as eight bytes big-endian behind their length. Raises `OverflowError` otherwise."""
    return b"\x00\x00\x00\x08" + number.to_bytes(8, "big")


@lru_cache(maxsize=8192)
def field_parts(field: str, category: str, version: int) -> tuple[bytes, bytes]:
    """The part of a field's name, and those of its category and version. Raises `OverflowError` as `number_part`."""
    return text_part(field), text_part(category) + number_part(version)


def commitment(key: bytes) -> bytes:
    """What a key is bound to: HKDF-SHA256(key, no salt, info "commit"), 32 bytes.

    AES-GCM alone does not commit to its key: one ciphertext can open under two keys. The stored commitment is
    compared whenever a key is unwrapped, so a record names exactly one key.
    """
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"commit").derive(key)
