"""Distinct outcomes by field: stored once under their digest, with rows to find them by field and owner."""

import json
from collections import defaultdict
from collections.abc import Collection
from hashlib import sha256
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from portal.audit.entry import Outcome
from portal.audit.run import LogBroken
from portal.audit.tables import OUTCOME, OUTCOME_FIELD
from portal.query import Query

_FIELDS: Query[tuple[str, str, Any, bytes]] = Query(
    select(OUTCOME_FIELD.c.field, OUTCOME_FIELD.c.owner, OUTCOME_FIELD.c.permitted, OUTCOME_FIELD.c.digest), raw=True
)
_CONTENTS: Query[tuple[bytes, bytes]] = Query(select(OUTCOME.c.digest, OUTCOME.c.content), raw=True)


def store(connection: Connection, digest: str, content: bytes) -> None:
    """Keep an outcome unless it is there already. Inside a write transaction only."""
    key = bytes.fromhex(digest)
    if connection.execute(select(OUTCOME.c.digest).where(OUTCOME.c.digest == key)).first() is not None:
        return
    insert = (sqlite if connection.dialect.name == "sqlite" else postgresql).insert
    connection.execute(insert(OUTCOME).on_conflict_do_nothing(), {"digest": key, "content": content})
    named = [{"field": f, "owner": o, "permitted": p, "digest": key} for f, o, p in sorted(_fields(content))]
    if named:
        connection.execute(insert(OUTCOME_FIELD).on_conflict_do_nothing(), named)


def read(connection: Connection, digests: Collection[str]) -> dict[str, Outcome]:
    """The outcomes with these digests, those that are there."""
    if not digests:
        return {}
    query = select(OUTCOME).where(OUTCOME.c.digest.in_([bytes.fromhex(digest) for digest in digests]))
    found = {}
    for row in connection.execute(query):
        told = json.loads(row.content)
        permitted = tuple((name, owner, clause, tuple(gates)) for name, owner, clause, gates in told["permitted"])
        withheld = tuple((name, owner, clause, near) for name, owner, clause, near in told["withheld"])
        found[row.digest.hex()] = Outcome(permitted, withheld)
    return found


def contents(connection: Connection, digests: Collection[str]) -> list[bytes]:
    """Their canonical bytes as stored, in order of digest."""
    query = select(OUTCOME.c.content).where(OUTCOME.c.digest.in_([bytes.fromhex(digest) for digest in digests]))
    return [bytes(content) for content in connection.execute(query.order_by(OUTCOME.c.digest)).scalars()]


def verified(connection: Connection) -> set[str]:
    """The digests of all stored outcomes, when each has its own content and rows that name exactly its fields.

    Raises `LogBroken` otherwise.
    """
    named: dict[bytes, set[tuple[str, str, Any]]] = defaultdict(set)
    for field, owner, permitted, digest in _FIELDS.all(connection):
        named[digest].add((field, owner, permitted))  # as it is: another number, or none, is not yes or no
    digests = set()
    for digest, content in _CONTENTS.all(connection):
        if sha256(content).digest() != digest or named.pop(digest, set()) != _fields(content):
            raise LogBroken("a stored outcome by field was changed")
        digests.add(digest.hex())
    if named:
        raise LogBroken("a stored outcome by field was removed")
    return digests


def _fields(content: bytes) -> set[tuple[str, str, bool]]:
    told = json.loads(content)
    kinds = (("permitted", True), ("withheld", False))
    return {(row[0], row[1], permitted) for kind, permitted in kinds for row in told[kind]}
