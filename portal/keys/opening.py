"""The only functions that open a sealed value. Import contracts name the few modules that may use them."""

from collections.abc import Mapping

from cryptography.exceptions import InvalidTag

from portal.errors import SealBroken
from portal.keys.sealing import HEADER, MAGIC, NONCE, SHORTEST, Context, Dek, associated, dek_id, serves


def open_value(dek: Dek, context: Context, sealed: bytes) -> bytes:
    """The plaintext of a value sealed under this key for exactly this context.

    Raises `SealBroken`, naming the field and nothing it held, if a single bit of value or context differs. There
    is no fallback: what is not sealed is not read.
    """
    header = sealed[:HEADER]
    if len(sealed) < SHORTEST or header != MAGIC + dek.id or not serves(dek, context):
        raise SealBroken(f"sealed value of {context.field}: not sealed in a known format under this key")
    try:
        padded = dek.aead.decrypt(
            sealed[HEADER : HEADER + NONCE], sealed[HEADER + NONCE :], associated(header, context)
        )
    except InvalidTag:
        raise SealBroken(f"sealed value of {context.field}: does not verify in its place") from None
    plain = padded.rstrip(b"\x00")
    if plain[-1:] != b"\x80":
        del padded, plain
        raise SealBroken(f"sealed value of {context.field}: wrong padding")
    return plain[:-1]


def open_with(deks: Mapping[bytes, Dek], context: Context, sealed: bytes) -> bytes:
    """As `open_value`, with the key that the value names; a key that is not among those loaded is `SealBroken`."""
    dek = deks.get(dek_id(sealed))
    if dek is None:
        raise SealBroken(f"sealed value of {context.field}: its data key is gone or does not verify")
    return open_value(dek, context, sealed)
