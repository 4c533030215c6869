"""The one place that writes search tags: with each write it keeps whether another case has a tag too.

A mark depends on rows of others. On PostgreSQL two writers would not see each other's tags, and neither would mark
them; and both would write marks of a third in their own order, and one of them fail. So one writes tags at a time,
until its transaction ends. Whoever waits here must hold nothing that the other may still want: take row locks first.
"""

import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Update, bindparam, delete, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.orm import aliased

from portal.query import Query, Write, insert_rows
from portal.sharing.tables import SearchTag

_ADVISORY_LOCK = 0x494F4D544147  # "IOMTAG"
_UNTAG = Write(delete(SearchTag).where(SearchTag.record == bindparam("of")), ("of",))
_RETAG = Write(
    update(SearchTag).where(SearchTag.record == bindparam("of")).values(case=bindparam("to")),
    ("to", "of"),
)
_own, _other = aliased(SearchTag), aliased(SearchTag)


def _marked(where: ColumnElement[bool]) -> Update:
    others = select(_other.tag).where(_other.tag == SearchTag.tag, _other.case != SearchTag.case).exists()
    differs = SearchTag.shared != others  # few do: only those are written
    return update(SearchTag).where(where, differs).values(shared=others)


_SHARE = Write(_marked(SearchTag.tag.in_(select(_own.tag).where(_own.record == bindparam("of")))), ("of",))
"""Says of the tags of a record, wherever they stand, whether two cases have them now (`SearchTag.shared`)."""
_SHARE_TAG = Write(_marked(SearchTag.tag == bindparam("of")), ("of",))
_SHARED = Query(
    select(SearchTag.tag)
    .where(SearchTag.record.in_(bindparam("records", expanding=True)), SearchTag.shared)
    .distinct(),
    raw=True,
)


def put(connection: Connection, rows: Sequence[tuple[Any, ...]], instead: Iterable[tuple[bytes]] = ()) -> None:
    """Insert tags, as the driver takes the table's rows, `instead` of all that these records have. Inside a write
    transaction; nothing happens where there is neither."""
    replaced = list(instead)
    of = sorted({*replaced, *((row[1],) for row in rows)})
    if not of:
        return
    _hold(connection)
    _UNTAG.run(connection, replaced)
    insert_rows(connection, SearchTag.__table__, rows)
    _SHARE.run(connection, of)


def move(connection: Connection, moved: Sequence[tuple[bytes, bytes]]) -> None:
    """Let the tags of records stand for another case: (case, record) each. Inside a write transaction."""
    if moved:
        _hold(connection)
        _RETAG.run(connection, moved)
        _SHARE.run(connection, [(of,) for _, of in moved])


def remove(connection: Connection, records: Sequence[uuid.UUID]) -> None:
    """Delete the tags of records; whoever had one of them too may be alone with it now. Inside a write transaction."""
    if records:
        _hold(connection)
        shared = _SHARED.all(connection, records=records)
        _UNTAG.run(connection, [(of.bytes,) for of in records])
        _SHARE_TAG.run(connection, [(bytes(tag),) for (tag,) in shared])


def _hold(connection: Connection) -> None:
    """Until the transaction ends, nobody else writes tags; what whoever did has committed is seen from here on."""
    if connection.dialect.name == "postgresql":  # on SQLite one writes at a time anyhow
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})")
