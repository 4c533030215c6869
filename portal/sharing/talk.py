"""What is said on updates and who is to read them, as the tables have it: comments, who is asked, who confirmed.

Ids, parties and times alone: nothing here decides, opens or logs. A row that a reader is not given is left out by
whoever calls.
"""

import uuid
from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, ColumnElement, Select, and_, bindparam, insert, or_, select, update
from sqlalchemy.orm import Session, aliased

from portal.db import DAY, put
from portal.query import Query
from portal.sharing.sight import Shape
from portal.sharing.tables import Assignment, CaseFile, RecordRow
from portal.sharing.talk_tables import CommentRow, Confirmation, Mention, ReadingAsk

COMMENT = "comment"
ASKED = "confirm"
"""The state of an update that somebody is to confirm: it stands in the head, so that no other update costs a look."""
EVERY = ""
"""Instead of a party: those of every party."""
LATE = 28 * DAY
"""Whoever begins on the case so long after an update was shared is asked too (clause 8.86)."""
MOST = 200


class Said(NamedTuple):
    """A comment: its record, the update it stands under, who wrote it."""

    record: uuid.UUID
    about: uuid.UUID
    by: uuid.UUID


class Asked(NamedTuple):
    """Somebody asked in a comment."""

    comment: uuid.UUID
    user: uuid.UUID
    opened_at: int | None


class Called(NamedTuple):
    """A comment in which somebody is asked and that they have not opened, with the update it stands under."""

    comment: uuid.UUID
    about: uuid.UUID
    case: uuid.UUID
    by: uuid.UUID
    owner: str
    label: str
    youth: bool | None
    version: int
    update_label: str
    update_owner: str
    update_youth: bool | None
    asked_at: int

    @property
    def shapes(self) -> tuple[Shape, Shape]:
        """Of the comment and of the update: both are read, or neither is told."""
        return (
            Shape(COMMENT, self.label, self.owner, self.youth),
            Shape("update", self.update_label, self.update_owner, self.update_youth),
        )


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


class Worker(NamedTuple):
    """Somebody's post on a case. `record`: the one that names them, if anybody wrote it."""

    party: str
    user: uuid.UUID
    starts: int
    record: uuid.UUID | None


class Confirmed(NamedTuple):
    """Somebody has read a version of an update."""

    party: str
    user: uuid.UUID
    version: int
    at: int


_NOW: BindParameter[int] = bindparam("now")
_LIVE = and_(Assignment.starts <= _NOW, or_(Assignment.ends.is_(None), Assignment.ends > _NOW))
_OF_CASE = Query(
    select(CommentRow.record, CommentRow.about, RecordRow.created_by)
    .join(RecordRow, RecordRow.id == CommentRow.record)
    .where(CommentRow.case == bindparam("case"))
    .order_by(RecordRow.created_at, RecordRow.id),
    Said._make,
)
_ABOUT = Query(select(CommentRow.about).where(CommentRow.record == bindparam("record")), tuple)
_ASKED = Query(
    select(Mention.comment, Mention.user, Mention.opened_at)
    .where(Mention.comment.in_(bindparam("comments", expanding=True)))
    .order_by(Mention.comment, Mention.user),
    Asked._make,
)
_UPDATE = aliased(RecordRow)
_CALLED = Query(
    select(
        Mention.comment,
        CommentRow.about,
        CommentRow.case,
        RecordRow.created_by,
        RecordRow.owner,
        RecordRow.label,
        RecordRow.made_as_youth,
        RecordRow.version,
        _UPDATE.label,
        _UPDATE.owner,
        _UPDATE.made_as_youth,
        Mention.asked_at,
    )
    .join(CommentRow, CommentRow.record == Mention.comment)
    .join(RecordRow, RecordRow.id == Mention.comment)
    .join(_UPDATE, _UPDATE.id == CommentRow.about)
    .where(Mention.user == bindparam("user"), Mention.party == bindparam("party"), Mention.opened_at.is_(None))
    .order_by(Mention.asked_at, Mention.comment)
    .limit(MOST),
    Called._make,
)


def _to_read(*conditions: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    mine = and_(
        Confirmation.record == RecordRow.id,
        Confirmation.version == RecordRow.version,
        Confirmation.user == bindparam("user"),
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


_TO_READ = Query(_to_read(Confirmation.record.is_(None)).limit(MOST), ToRead._make)
_AMONG = Query(_to_read(RecordRow.id.in_(bindparam("records", expanding=True))), ToRead._make)
_WORKERS = Query(
    select(Assignment.party, Assignment.user, Assignment.starts, Assignment.record)
    .where(Assignment.case == bindparam("case"), _LIVE)
    .order_by(Assignment.starts, Assignment.id),
    Worker._make,
)
_ASK = Query(
    select(ReadingAsk.party, ReadingAsk.by, ReadingAsk.asked_at).where(ReadingAsk.record == bindparam("record")), tuple
)
_CONFIRMED = Query(
    select(Confirmation.party, Confirmation.user, Confirmation.version, Confirmation.confirmed_at)
    .where(Confirmation.record == bindparam("record"))
    .order_by(Confirmation.version, Confirmation.confirmed_at),
    Confirmed._make,
)


def of_case(session: Session, case: uuid.UUID) -> list[Said]:
    """The comments of a case, the oldest first."""
    return _OF_CASE.all(session, case=case)


def update_of(session: Session, comment: uuid.UUID) -> uuid.UUID | None:
    """The update that a comment stands under."""
    row = _ABOUT.first(session, record=comment)
    return row[0] if row else None


def asked_in(session: Session, comments: Sequence[uuid.UUID]) -> list[Asked]:
    """Who is asked in these comments."""
    return _ASKED.all(session, comments=comments)


def called(session: Session, party: str, user: uuid.UUID) -> list[Called]:
    """The comments in which somebody is asked, at this party, and that they have not opened; the oldest first."""
    return _CALLED.all(session, party=party, user=user)


def to_read(session: Session, party: str, user: uuid.UUID, now: int) -> list[ToRead]:
    """The updates that somebody is asked to confirm as they are now, and has not; the oldest first."""
    return _once(_TO_READ.all(session, party=party, user=user, now=now))


def among(session: Session, party: str, user: uuid.UUID, now: int, records: Sequence[uuid.UUID]) -> list[ToRead]:
    """Those of these updates that somebody is asked to confirm, whether they have or not."""
    return _once(_AMONG.all(session, party=party, user=user, now=now, records=records))


def _once(rows: Iterable[ToRead]) -> list[ToRead]:
    """One line for each update: somebody may have two posts on a case, or be asked in two ways."""
    return list({row.record: row for row in rows}.values())


def workers(session: Session, case: uuid.UUID, now: int) -> list[Worker]:
    """Everybody's posts on a case now, of all parties."""
    return _WORKERS.all(session, case=case, now=now)


def ask(session: Session, record: uuid.UUID) -> tuple[frozenset[str], uuid.UUID, int] | None:
    """Which parties are asked to confirm an update (`EVERY`: all), by whom, and since when; None: nobody is."""
    rows = _ASK.all(session, record=record)
    return (frozenset(row[0] for row in rows), rows[0][1], rows[0][2]) if rows else None


def confirmed(session: Session, record: uuid.UUID) -> list[Confirmed]:
    """Who has confirmed which version of an update."""
    return _CONFIRMED.all(session, record=record)


def add(
    session: Session,
    record: uuid.UUID,
    about: uuid.UUID,
    case: uuid.UUID,
    asked: Iterable[tuple[str, uuid.UUID]],
    now: int,
) -> None:
    """Put a comment under its update, with the (party, person) asked. Inside the transaction that stores its record."""
    session.connection().execute(insert(CommentRow).values(record=record, about=about, case=case))
    rows = [{"comment": record, "user": user, "party": party, "asked_at": now} for party, user in asked]
    if rows:
        session.connection().execute(insert(Mention), rows)


def opened(session: Session, comments: Collection[uuid.UUID], user: uuid.UUID, now: int) -> None:
    """These comments have been shown to somebody who is asked in them. Inside the transaction that logs it."""
    mine = (Mention.comment.in_(list(comments)), Mention.user == user, Mention.opened_at.is_(None))
    session.connection().execute(update(Mention).where(*mine).values(opened_at=now))


def put_ask(
    session: Session, record: uuid.UUID, case: uuid.UUID, parties: Iterable[str], by: uuid.UUID, now: int
) -> None:
    """Ask these parties (`EVERY`: all) to confirm an update. Inside the transaction that stores it."""
    rows = [{"record": record, "party": party, "case": case, "by": by, "asked_at": now} for party in sorted(parties)]
    session.connection().execute(insert(ReadingAsk), rows)
    session.connection().execute(update(RecordRow).where(RecordRow.id == record).values(state=ASKED))


def confirm(session: Session, rows: Iterable[ToRead], party: str, user: uuid.UUID, now: int) -> None:
    """Somebody has read these updates as they are now. Inside the transaction that logs it; twice is once."""
    for row in rows:
        key = {"record": row.record, "user": user, "version": row.version}
        put(session, Confirmation, key, {"party": party, "confirmed_at": now})
