"""A meeting takes place: one declaration of purpose opens its whole agenda to those who attend, until it closes.

While it runs nobody's session ends for being idle. Access opens and closes with it, and by itself after `LONGEST`.
"""

import uuid
from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from portal.audit.entry import Entry, Subject
from portal.auth import capacities, sessions
from portal.auth.actor import Actor
from portal.casework import meetings
from portal.casework.meetings import OPEN, OVER, PLANNED, PURPOSE
from portal.db import HOUR, new_id, put
from portal.errors import NotFound
from portal.sharing import said
from portal.sharing.days import day_at
from portal.sharing.doors import Doors
from portal.sharing.fields import Invalid
from portal.sharing.meeting_tables import AgendaItem, Attendance, Meeting
from portal.sharing.tables import CaseFile, VisitRow
from portal.sharing.visits import CASE, Case

LONGEST = 6 * HOUR


def join(session: Session, doors: Doors, actor: Actor, meeting: uuid.UUID) -> None:
    """Declare the purpose of the meeting and attend it; who keeps it opens it so, on its day.

    Every case of the agenda gets a visit of this session, which lasts as long as the meeting. A second time only what
    is missing is made. Raises `NotFound` for who is not asked, `Invalid` with why it cannot be, `LogUnavailable`.
    """
    now = doors.clock()
    doors.book.refresh(session)
    keeps = meetings.keeps(doors, actor)
    meetings.row(session, doors, actor, meeting)
    with doors.log.transaction(session) as tx:
        capacities.require(session, actor, now)
        found = _locked(session, meeting)
        state = meetings.state_of(found, now)
        cases = _agenda(session, meeting)
        _refuse(state, keeps, found, cases, now)
        if state == PLANNED:
            found.opened_at, found.opened_by, found.ends = now, actor.user, now + LONGEST
            session.flush()
            tx.append(said.entry("meeting-opened", actor, purpose=PURPOSE, subjects=_subjects(meeting, cases)))
        put(
            session,
            Attendance,
            {"meeting": meeting, "capacity": actor.capacity},
            {"user": actor.user, "party": actor.party, "joined_at": now, "session": actor.session},
        )
        assert found.ends is not None
        visits = _visits(session, doors, actor, cases, now, found.ends)
        sessions.hold(session, [actor.session], found.ends, now)
        if visits:
            tx.append(_declared(actor, meeting, cases, visits))


def close(session: Session, doors: Doors, actor: Actor, meeting: uuid.UUID) -> bool:
    """End the meeting: its visits end, its attendees see its cases no longer. False where it was over already.

    Raises `NotFound` for who does not keep it, `LogUnavailable`.
    """
    now = doors.clock()
    doors.book.refresh(session)
    if not meetings.keeps(doors, actor):
        raise NotFound
    meetings.row(session, doors, actor, meeting)
    with doors.log.transaction(session) as tx:
        capacities.require(session, actor, now)
        found = _locked(session, meeting)
        if meetings.state_of(found, now) != OPEN:
            return False
        cases = _agenda(session, meeting)
        found.closed_at = now
        attending = select(Attendance.session).where(Attendance.meeting == meeting, Attendance.session != "")
        there = list(session.scalars(attending))
        session.execute(
            update(VisitRow)
            .where(
                VisitRow.session.in_(there),
                VisitRow.case.in_([c.id for c in cases]),
                VisitRow.purpose == PURPOSE,
                VisitRow.created_at >= found.opened_at,
                VisitRow.ended_at.is_(None),
                VisitRow.emergency.is_(False),
            )
            .values(ended_at=now),
            execution_options={"synchronize_session": False},
        )
        sessions.hold(session, there, None, now)
        tx.append(said.entry("meeting-closed", actor, purpose=PURPOSE, subjects=_subjects(meeting, cases)))
    return True


def _locked(session: Session, meeting: uuid.UUID) -> Meeting:
    """The row, held until the transaction commits, as it is now."""
    statement = select(Meeting).where(Meeting.id == meeting).with_for_update()
    return session.scalars(statement, execution_options={"populate_existing": True}).one()


def _refuse(state: str, keeps: bool, found: Meeting, cases: Collection[Case], now: int) -> None:
    words = ""
    if state == OVER:
        words = "This meeting is over"
    elif state == PLANNED and not keeps:
        words = "This meeting has not been opened yet. Try again when the chair has opened it"
    elif state == PLANNED and day_at(now) != day_at(found.held_on):
        words = "A meeting is opened on its day. Plan one for today to meet today"
    elif not cases:
        words = "Put at least one case on the agenda first"
    if words:
        raise Invalid({"": words})


def _agenda(session: Session, meeting: uuid.UUID) -> list[Case]:
    rows = session.execute(
        select(*CASE)
        .join(AgendaItem, AgendaItem.case == CaseFile.id)
        .where(AgendaItem.meeting == meeting)
        .order_by(AgendaItem.position)
    ).all()
    return [Case._make(r) for r in rows]


def _visits(
    session: Session, doors: Doors, actor: Actor, cases: Sequence[Case], now: int, ends: int
) -> dict[uuid.UUID, uuid.UUID]:
    """A visit of this session for each case that has none for this purpose; by case."""
    digest = doors.book.engine(cases[0].agreement).agreement.digest
    standing = select(VisitRow.case).where(
        VisitRow.session == actor.session,
        VisitRow.capacity == actor.capacity,
        VisitRow.purpose == PURPOSE,
        VisitRow.ends >= ends,
        VisitRow.ended_at.is_(None),
        VisitRow.agreement_digest == digest,
    )
    had = set(session.scalars(standing))
    made = {c.id: new_id() for c in cases if c.id not in had}
    rows = [
        {
            "id": identity,
            "session": actor.session,
            "user": actor.user,
            "capacity": actor.capacity,
            "case": case,
            "purpose": PURPOSE,
            "agreement_digest": digest,
            "emergency": False,
            "created_at": now,
            "ends": ends,
            "ended_at": None,
        }
        for case, identity in made.items()
    ]
    if rows:
        session.connection().execute(insert(VisitRow), rows)
    return made


def _declared(actor: Actor, meeting: uuid.UUID, cases: Iterable[Case], visits: dict[uuid.UUID, uuid.UUID]) -> Entry:
    """One declaration for the whole agenda: each person, with the visit that it begins."""
    subjects = [
        said.about(c.person, c.id, meeting=meeting.hex, visit=visits[c.id].hex, justification="Panel meeting")
        for c in cases
        if c.id in visits
    ]
    return said.entry("purpose-chosen", actor, purpose=PURPOSE, subjects=subjects)


def _subjects(meeting: uuid.UUID, cases: Iterable[Case]) -> list[Subject]:
    return [said.about(c.person, c.id, meeting=meeting.hex) for c in cases]
