"""Who is to confirm that they have read an update, and who has, as the tables have it (clause 8.86).

Ids, parties and times alone: nothing here decides, opens or logs. A row that a reader is not given is left out by
whoever calls.
"""

import uuid
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, cast

from sqlalchemy import BindParameter, ColumnElement, Select, Table, and_, bindparam, or_, select, update
from sqlalchemy.orm import Session

from portal.db import DAY, put
from portal.keys.tables import insert_unless_there
from portal.query import Query
from portal.sharing.sight import Shape
from portal.sharing.tables import Assignment, CaseFile, RecordRow
from portal.sharing.talk_tables import Confirmation, ReadingAsk

ASKED = "confirm"
"""The state of an update that somebody is to confirm: it stands in the head, so that no other update costs a look."""
EVERY = ""
"""Instead of a party: those of every party."""
LATE = 28 * DAY
"""Whoever begins on the case so long after an update was shared is asked too (clause 8.86)."""


class ToRead(NamedTuple):
    """An update that one person is to confirm as it is now. `confirmed_at` None: they have not."""

    record: uuid.UUID
    case: uuid.UUID
    owner: str
    label: str
    youth: bool | None
    version: int
    changed_at: int
    starts: int
    confirmed_at: int | None

    @property
    def shape(self) -> Shape:
        """Of the update."""
        return Shape("update", self.label, self.owner, self.youth)


class Confirmed(NamedTuple):
    """Somebody has read a version of an update."""

    party: str
    user: uuid.UUID
    version: int
    at: int


_NOW: BindParameter[int] = bindparam("now")
_LIVE = and_(Assignment.starts <= _NOW, or_(Assignment.ends.is_(None), Assignment.ends > _NOW))


def _to_read(*conditions: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    mine = and_(
        Confirmation.record == RecordRow.id,
        Confirmation.version == RecordRow.version,
        Confirmation.user == bindparam("user"),
        Confirmation.party == bindparam("party"),
    )
    return (
        select(
            RecordRow.id,
            RecordRow.case,
            RecordRow.owner,
            RecordRow.label,
            RecordRow.made_as_youth,
            RecordRow.version,
            RecordRow.changed_at,
            Assignment.starts,
            Confirmation.confirmed_at,
        )
        .select_from(ReadingAsk)
        .join(RecordRow, RecordRow.id == ReadingAsk.record)
        .join(CaseFile, CaseFile.id == ReadingAsk.case)
        .join(Assignment, Assignment.case == ReadingAsk.case)
        .outerjoin(Confirmation, mine)
        .where(
            Assignment.user == bindparam("user"),
            Assignment.party == bindparam("party"),
            _LIVE,
            Assignment.starts <= ReadingAsk.asked_at + LATE,
            ReadingAsk.party.in_((EVERY, bindparam("party"))),
            ReadingAsk.by != bindparam("user"),
            CaseFile.state == "open",
            *conditions,
        )
        .order_by(RecordRow.changed_at, RecordRow.id)
    )


_TO_READ = Query(_to_read(Confirmation.record.is_(None)), ToRead._make)
_AMONG = Query(_to_read(RecordRow.id.in_(bindparam("records", expanding=True))), ToRead._make)
_ASK = Query(
    select(ReadingAsk.party, ReadingAsk.by, ReadingAsk.asked_at).where(ReadingAsk.record == bindparam("record")), tuple
)
_CONFIRMED = Query(
    select(Confirmation.party, Confirmation.user, Confirmation.version, Confirmation.confirmed_at)
    .where(Confirmation.record == bindparam("record"))
    .order_by(Confirmation.version, Confirmation.confirmed_at),
    Confirmed._make,
)


def to_read(session: Session, party: str, user: uuid.UUID, now: int) -> list[ToRead]:
    """The updates that somebody is asked to confirm as they are now, and has not; the oldest first."""
    return _once(_TO_READ.all(session, party=party, user=user, now=now))


def among(session: Session, party: str, user: uuid.UUID, now: int, records: Sequence[uuid.UUID]) -> list[ToRead]:
    """Those of these updates that somebody is asked to confirm, whether they have or not."""
    return _once(_AMONG.all(session, party=party, user=user, now=now, records=records))


def _once(rows: Iterable[ToRead]) -> list[ToRead]:
    """One line for each update: somebody may have two posts on a case, or be asked in two ways."""
    return list({row.record: row for row in rows}.values())


def ask(session: Session, record: uuid.UUID) -> tuple[frozenset[str], uuid.UUID, int] | None:
    """Which parties are asked to confirm an update (`EVERY`: all), by whom, and since when; None: nobody is."""
    rows = _ASK.all(session, record=record)
    return (frozenset(row[0] for row in rows), rows[0][1], rows[0][2]) if rows else None


def confirmed(session: Session, record: uuid.UUID) -> list[Confirmed]:
    """Who has confirmed which version of an update."""
    return _CONFIRMED.all(session, record=record)


def put_ask(
    session: Session, record: uuid.UUID, case: uuid.UUID, parties: Iterable[str], by: uuid.UUID, now: int
) -> int:
    """Ask these parties (`EVERY`: all) to confirm an update; how many had not been asked. Inside the transaction that
    stores it, or logs that they are asked."""
    statement = insert_unless_there(session, cast(Table, ReadingAsk.__table__))
    rows = [{"record": record, "party": party, "case": case, "by": by, "asked_at": now} for party in sorted(parties)]
    fresh = sum(session.connection().execute(statement, row).rowcount for row in rows)
    session.connection().execute(update(RecordRow).where(RecordRow.id == record).values(state=ASKED))
    return fresh


def confirm(session: Session, rows: Iterable[ToRead], party: str, user: uuid.UUID, now: int) -> None:
    """Somebody has read these updates as they are now. Inside the transaction that logs it; twice is once."""
    for row in rows:
        key = {"record": row.record, "user": user, "party": party, "version": row.version}
        put(session, Confirmation, key, {"confirmed_at": now})
