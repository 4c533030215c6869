"""What is said on updates and who is asked in it by name, as the tables have it.

Ids, parties and times alone: nothing here decides, opens or logs. A row that a reader is not given is left out by
whoever calls.
"""

import uuid
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple, cast

from sqlalchemy import BindParameter, Table, and_, bindparam, exists, insert, or_, select, union_all, update
from sqlalchemy.orm import Session, aliased

from portal.db import Id
from portal.keys.tables import insert_unless_there
from portal.query import Query
from portal.sharing.sight import Shape
from portal.sharing.tables import Assignment, RecordRow
from portal.sharing.talk_tables import CommentRow, Mention

COMMENT = "comment"


class Said(NamedTuple):
    """A comment: its record, the update it stands under, who wrote it."""

    record: uuid.UUID
    about: uuid.UUID
    by: uuid.UUID


class Asked(NamedTuple):
    """Somebody asked in a comment; with `covers`, somebody who saw it while they covered the one who is asked."""

    comment: uuid.UUID
    user: uuid.UUID
    party: str
    covers: uuid.UUID | None
    opened_at: int | None


class Called(NamedTuple):
    """A comment in which somebody is asked and that they have not opened, with the update it stands under. `user`: who
    is asked, the reader or a colleague whom they cover."""

    user: uuid.UUID
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


class Worker(NamedTuple):
    """Somebody's post on a case. `record`: the one that names them, if anybody wrote it."""

    party: str
    user: uuid.UUID
    starts: int
    record: uuid.UUID | None


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
    select(Mention.comment, Mention.user, Mention.party, Mention.covers, Mention.opened_at)
    .join(CommentRow, CommentRow.record == Mention.comment)
    .where(CommentRow.case == bindparam("case"))
    .order_by(Mention.comment, Mention.user),
    Asked._make,
)
_UPDATE = aliased(RecordRow)
_COVER = (
    Assignment.user == bindparam("user"),
    Assignment.party == bindparam("party"),
    Assignment.covers.is_not(None),
    _LIVE,
)
_OWN = aliased(Mention)
_STANDS_IN = and_(
    RecordRow.created_by != bindparam("user"),
    exists().where(*_COVER, Assignment.covers == Mention.user, Assignment.case == CommentRow.case),
    ~exists().where(_OWN.comment == Mention.comment, _OWN.user == bindparam("user")),
)
_CALLED = Query(
    select(
        Mention.user,
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
    .where(
        Mention.user.in_(union_all(select(bindparam("user", type_=Id())), select(Assignment.covers).where(*_COVER))),
        Mention.party == bindparam("party"),
        Mention.opened_at.is_(None),
        or_(Mention.user == bindparam("user"), _STANDS_IN),
    )
    .order_by(Mention.asked_at, Mention.comment),
    Called._make,
)


_WORKERS = Query(
    select(Assignment.party, Assignment.user, Assignment.starts, Assignment.record)
    .where(Assignment.case == bindparam("case"), _LIVE)
    .order_by(Assignment.starts, Assignment.id),
    Worker._make,
)


def of_case(session: Session, case: uuid.UUID) -> list[Said]:
    """The comments of a case, the oldest first."""
    return _OF_CASE.all(session, case=case)


def update_of(session: Session, comment: uuid.UUID) -> uuid.UUID | None:
    """The update that a comment stands under."""
    row = _ABOUT.first(session, record=comment)
    return row[0] if row else None


def asked_on(session: Session, case: uuid.UUID) -> list[Asked]:
    """Who is asked in the comments of a case."""
    return _ASKED.all(session, case=case)


def called(session: Session, party: str, user: uuid.UUID, now: int) -> list[Called]:
    """The comments in which somebody is asked, at this party, or a colleague whom they cover on the case, and that they
    have not opened; the oldest first."""
    return _CALLED.all(session, party=party, user=user, now=now)


def workers(session: Session, case: uuid.UUID, now: int) -> list[Worker]:
    """Everybody's posts on a case now, of all parties."""
    return _WORKERS.all(session, case=case, now=now)


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
    mention(session, record, asked, now)


def mention(session: Session, comment: uuid.UUID, asked: Iterable[tuple[str, uuid.UUID]], now: int) -> int:
    """Ask these (party, person) in a comment; how many had not been asked in it before. Inside a write transaction."""
    statement = insert_unless_there(session, cast(Table, Mention.__table__))
    rows = [{"comment": comment, "user": user, "party": party, "asked_at": now} for party, user in asked]
    return sum(session.connection().execute(statement, row).rowcount for row in rows)


def opened(session: Session, comments: Collection[uuid.UUID], user: uuid.UUID, now: int) -> None:
    """These comments have been shown to somebody who is asked in them. Inside the transaction that logs it."""
    mine = (Mention.comment.in_(list(comments)), Mention.user == user, Mention.opened_at.is_(None))
    session.connection().execute(update(Mention).where(*mine).values(opened_at=now))


def opened_instead(
    session: Session, comments: Mapping[uuid.UUID, uuid.UUID], party: str, user: uuid.UUID, now: int
) -> None:
    """These comments (with the colleague asked in each) have been shown to whoever covers that colleague, for whom they
    wait as before. Inside the transaction that logs it."""
    statement = insert_unless_there(session, cast(Table, Mention.__table__))
    shown = {"user": user, "party": party, "asked_at": now, "opened_at": now}
    for comment, colleague in comments.items():
        session.connection().execute(statement, {**shown, "comment": comment, "covers": colleague})
