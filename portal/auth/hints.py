"""The ID token kept for sign-out at the provider, sealed under a key made from the session cookie.

Providers sign a person out without asking again only if shown the ID token. It holds a name, so the database has it
sealed, and the key is in the browser's cookie alone: a copy of the database opens none of them.
"""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

LARGEST = 16 * 1024  # a hint must fit in an address; a token with hundreds of groups is not kept


def seal_hint(cookie: str, id_token: str) -> bytes | None:
    """The token sealed for this cookie: 12 bytes nonce, then AES-256-GCM. None where it is too long to be useful."""
    if len(id_token) > LARGEST:
        return None
    nonce = os.urandom(12)
    return nonce + _key(cookie).encrypt(nonce, id_token.encode(), None)


def open_hint(cookie: str, sealed: bytes | None) -> str | None:
    """The token, or None where there is none or the cookie is another one: sign-out then goes on without it."""
    if sealed is None:
        return None
    try:
        return _key(cookie).decrypt(sealed[:12], sealed[12:], None).decode()
    except (InvalidTag, ValueError):
        return None


def _key(cookie: str) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, None, b"iom-portal sign-out hint v1").derive(cookie.encode()))
