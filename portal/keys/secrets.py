"""Named secrets: 32 random bytes each, wrapped under a root, for tags, digests and the log's signing key."""

import hmac
import os
from typing import Any

from sqlalchemy import Row, func, select
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
    row = _row(provider, name, 1, os.urandom(32))
    session.connection().execute(insert_unless_there(session, SECRET), row)
    del row
    made = find(session, provider, name)  # read back: another writer may have been first
    if made is None:
        raise SealBroken(f"secret {name}: could not be stored")
    return made


def find(session: Session, provider: KeyProvider, name: str) -> bytes | None:
    """As `named`, but None where there is no such secret yet; writes nothing."""
    statement = select(SECRET).where(SECRET.c.name == name).order_by(SECRET.c.version.desc()).limit(1)
    row = session.connection().execute(statement).first()
    return None if row is None else _opened(provider, row)


def ids(session: Session, name: str) -> tuple[bytes, ...]:
    """Which versions of a secret there are, the oldest first, each by an id of its own."""
    statement = select(SECRET.c.id).where(SECRET.c.name == name).order_by(SECRET.c.version)
    return tuple(session.connection().execute(statement).scalars())


def every(session: Session, provider: KeyProvider, name: str) -> dict[bytes, bytes]:
    """Each version of a secret by its id, the oldest first. Raises as `named` does."""
    statement = select(SECRET).where(SECRET.c.name == name).order_by(SECRET.c.version)
    return {row.id: _opened(provider, row) for row in session.connection().execute(statement)}


def add(session: Session, provider: KeyProvider, name: str) -> bytes:
    """Make a new version of a secret beside those there are. Inside a write transaction only; commits nothing."""
    generation.hold(session)
    there = select(func.max(SECRET.c.version)).where(SECRET.c.name == name)
    version = (session.connection().execute(there).scalar() or 0) + 1
    key = os.urandom(32)
    session.connection().execute(SECRET.insert(), _row(provider, name, version, key))
    return key


def destroy(session: Session, identity: bytes) -> None:
    """Destroy one version of a secret. Inside a write transaction only; copies in backups are another matter."""
    session.connection().execute(SECRET.delete().where(SECRET.c.id == identity))


def _row(provider: KeyProvider, name: str, version: int, key: bytes) -> dict[str, Any]:
    return {
        "id": os.urandom(8),
        "root": provider.root,
        "name": name,
        "version": version,
        "wrapped": provider.wrap(key, secret_aad(provider.root, name, version)),
        "commitment": commitment(key),
        "created": now_micros(),
    }


def _opened(provider: KeyProvider, row: Row[Any]) -> bytes:
    if row.root != provider.root:
        raise SealBroken(f"secret {row.name}: wrapped under another root")
    key = provider.unwrap(row.wrapped, row_aad(row))
    if len(key) != 32 or not hmac.compare_digest(commitment(key), row.commitment):
        del key
        raise SealBroken(f"secret {row.name}: not the one committed to")
    return key


def secret_aad(root: str, name: str, version: int) -> bytes:
    """What a wrapped secret is bound to."""
    return text_part(root) + text_part(name) + number_part(version)


def row_aad(row: Row[Any]) -> bytes:
    """As `secret_aad`, of a row of key_secret."""
    return secret_aad(row.root, row.name, row.version)
