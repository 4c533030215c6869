"""Named secrets: 32 random bytes each, wrapped under a root, for tags, digests and the log's signing key."""

import hmac
import os
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from portal.db import now_micros
from portal.errors import SealBroken
from portal.keys import generation
from portal.keys.encoding import commitment, number_part, text_part
from portal.keys.provider import KeyProvider
from portal.keys.tables import SECRET, insert_unless_there


def named(session: Session, provider: KeyProvider, name: str) -> bytes:
    """The secret of that name (32 bytes), made at first asking. Keep it in memory; it is never stored in clear.

    Making it writes: ask inside a write transaction, and use the secret only once that has committed. Raises
    `SealBroken` if what is stored does not verify or belongs to another root, `KeysUnavailable` if the provider
    does not answer.
    """
    found = find(session, provider, name)
    if found is not None:
        return found
    generation.hold(session)
    key = os.urandom(32)
    row = {
        "id": os.urandom(8),
        "root": provider.root,
        "name": name,
        "version": 1,
        "wrapped": provider.wrap(key, secret_aad(provider.root, name, 1)),
        "commitment": commitment(key),
        "created": now_micros(),
    }
    session.connection().execute(insert_unless_there(session, SECRET), row)
    del key, row
    made = find(session, provider, name)  # read back: another writer may have been first
    if made is None:
        raise SealBroken(f"secret {name}: could not be stored")
    return made


def find(session: Session, provider: KeyProvider, name: str) -> bytes | None:
    """As `named`, but None where there is no such secret yet; writes nothing."""
    statement = select(SECRET).where(SECRET.c.name == name).order_by(SECRET.c.version.desc()).limit(1)
    row = session.connection().execute(statement).first()
    if row is None:
        return None
    if row.root != provider.root:
        raise SealBroken(f"secret {name}: wrapped under another root")
    key = provider.unwrap(row.wrapped, row_aad(row))
    if len(key) != 32 or not hmac.compare_digest(commitment(key), row.commitment):
        del key
        raise SealBroken(f"secret {name}: not the one committed to")
    return key


def secret_aad(root: str, name: str, version: int) -> bytes:
    """What a wrapped secret is bound to."""
    return text_part(root) + text_part(name) + number_part(version)


def row_aad(row: Row[Any]) -> bytes:
    """As `secret_aad`, of a row of key_secret."""
    return secret_aad(row.root, row.name, row.version)
