"""The only functions that open a sealed value. Import contracts name the few modules that may use them."""

from collections.abc import Iterable, Mapping

from cryptography.exceptions import InvalidTag

from portal.errors import SealBroken
from portal.keys.sealing import BODY, HEADER, MAGIC, SHORTEST, Bound, Context, Dek, associated, dek_id, serves

ToOpen = tuple[str, str, int, bytes]
"""One value to open: field, category and version as they were written, and the sealed bytes."""


def open_value(dek: Dek, context: Context, sealed: bytes) -> bytes:
    """The plaintext of a value sealed under this key for exactly this context.

    Raises `SealBroken`, naming the field and nothing it held, if a single bit of value or context differs. There
    is no fallback: what is not sealed is not read.
    """
    header = sealed[:HEADER]
    if len(sealed) < SHORTEST or header != MAGIC + dek.id or not serves(dek, context):
        raise _unknown(context.field)
    try:
        bound_to = associated(header, context)
    except OverflowError:  # no value has a version below 0
        raise _unknown(context.field) from None
    return _opened(dek, context.field, sealed, bound_to)


def open_with(deks: Mapping[bytes, Dek], context: Context, sealed: bytes) -> bytes:
    """As `open_value`, with the key that the value names; a key that is not among those loaded is `SealBroken`."""
    dek = deks.get(dek_id(sealed))
    if dek is None:
        raise _gone(context.field)
    return open_value(dek, context, sealed)


def open_fields(deks: Mapping[bytes, Dek], of: Bound, fields: Iterable[ToOpen]) -> list[bytes | None]:
    """As `open_with` for many fields of one record: each plaintext, None where a value does not open in its place."""
    found: list[bytes | None] = []
    known, dek = b"", None
    for name, category, version, sealed in fields:
        header = sealed[:HEADER]
        if header != known:  # most values of a record name the same key
            known, dek = header, _fitting(deks, of, header)
        plain = b""
        if dek is not None and len(sealed) >= SHORTEST:
            try:
                bound_to = of.associated(header, name, category, version)
                plain = dek.aead.decrypt(sealed[HEADER:BODY], sealed[BODY:], bound_to).rstrip(b"\x00")
            except (InvalidTag, OverflowError):  # no value has a version below 0
                pass
        found.append(plain[:-1] if plain[-1:] == b"\x80" else None)
    return found


def _fitting(deks: Mapping[bytes, Dek], of: Bound, header: bytes) -> Dek | None:
    """The key that a value with this header names, if it is of a known format and serves this record."""
    dek = deks.get(header[len(MAGIC) :]) if header.startswith(MAGIC) else None
    return dek if dek is not None and serves(dek, of) else None


def _opened(dek: Dek, field: str, sealed: bytes, bound_to: bytes) -> bytes:
    try:
        padded = dek.aead.decrypt(sealed[HEADER:BODY], sealed[BODY:], bound_to)
    except InvalidTag:
        raise SealBroken(f"sealed value of {field}: does not verify in its place") from None
    plain = padded.rstrip(b"\x00")
    if plain[-1:] != b"\x80":
        del padded, plain
        raise SealBroken(f"sealed value of {field}: wrong padding")
    return plain[:-1]


def _unknown(field: str) -> SealBroken:
    return SealBroken(f"sealed value of {field}: not sealed in a known format under this key")


def _gone(field: str) -> SealBroken:
    return SealBroken(f"sealed value of {field}: its data key is gone or does not verify")
