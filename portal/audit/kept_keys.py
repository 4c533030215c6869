"""Which sealed details have lost the key of their subject and year. A key is kept for each until an entry erases it."""

from sqlalchemy import ColumnElement, Integer, cast, extract, func, select
from sqlalchemy.engine import Connection

from portal.audit.entry import reference_of
from portal.audit.run import LogBroken
from portal.audit.tables import DETAIL, ENTRY, PERSON_KEY, SEQUENCE


def year_in(connection: Connection) -> ColumnElement[int]:
    """The year (UTC) of an entry, worked out by the database."""
    seconds = ENTRY.c.at.op("/")(1_000_000)
    if connection.dialect.name == "sqlite":
        return cast(func.strftime("%Y", seconds, "unixepoch"), Integer)
    return cast(extract("year", func.timezone("UTC", func.to_timestamp(seconds))), Integer)


def require(connection: Connection, first: int, end: int) -> None:
    """Raise `LogBroken` for the first entry of a range with a sealed detail that is not erased and has lost its key."""
    key = select(PERSON_KEY.c.year).where(
        PERSON_KEY.c.subject_tag == DETAIL.c.subject_tag, PERSON_KEY.c.year == year_in(connection)
    )
    query = (
        select(SEQUENCE.c.index.label("place"), SEQUENCE.c.entry_id)
        .join_from(SEQUENCE, ENTRY, ENTRY.c.entry_id == SEQUENCE.c.entry_id)
        .join(DETAIL, DETAIL.c.entry_id == SEQUENCE.c.entry_id)
        .where(SEQUENCE.c.index >= first, SEQUENCE.c.index < end)
        .where(DETAIL.c.erasure.is_(None), DETAIL.c.subject_tag.is_not(None), ~key.exists())
        .order_by(SEQUENCE.c.index)
        .limit(1)
    )
    row = connection.execute(query).first()
    if row is not None:
        what = "the key of a sealed detail of it is gone, and no entry says that it was erased"
        raise LogBroken(what, row.place, reference_of(row.entry_id))
