"""A meeting takes place: one declaration of purpose opens its whole agenda to those who attend, until it closes.

While it runs nobody's session ends for being idle. Access opens and closes with it, and by itself after `LONGEST`.
"""

import uuid
from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from portal.audit.entry import Entry, Subject
from portal.auth import capacities, sessions
from portal.auth.actor import Actor
from portal.casework import meetings
from portal.casework.meetings import CALLED_OFF, NOT_HELD, OPEN, OVER, PLANNED, PURPOSE
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
    doors.book.refresh(session)
    keeps = meetings.keeps(doors, actor)
    with doors.log.transaction(session) as tx:
        found = locked(session, doors, actor, meeting)
        now = doors.clock()
        capacities.require(session, actor, now)
        state = meetings.state_of(found, now)
        cases = _agenda(session, meeting)
        _refuse(state, keeps, found, cases, now)
        if state == PLANNED:
            found.opened_at, found.opened_by, found.ends = now, actor.user, now + LONGEST
            session.flush()
            tx.append(said.entry("meeting-opened", actor, purpose=PURPOSE, subjects=_subjects(meeting, cases)))
        _attend(session, actor, found, now)
        assert found.ends is not None
        visits = _visits(session, doors, actor, cases, now, found.ends)
        if visits:
            tx.append(_declared(actor, meeting, cases, visits))


def close(session: Session, doors: Doors, actor: Actor, meeting: uuid.UUID) -> bool:
    """End the meeting: its visits end, its attendees see its cases no longer. False where it was over already.

    Raises `NotFound` for who does not keep it, `LogUnavailable`.
    """
    doors.book.refresh(session)
    if not meetings.keeps(doors, actor):
        raise NotFound
    with doors.log.transaction(session) as tx:
        found = locked(session, doors, actor, meeting)
        now = doors.clock()
        capacities.require(session, actor, now)
        if meetings.state_of(found, now) != OPEN:
            return False
        cases = _agenda(session, meeting)
        found.closed_at = now
        attending = select(Attendance.session).where(Attendance.meeting == meeting, Attendance.session != "")
        _leave(session, list(session.scalars(attending)), found, now)
        tx.append(said.entry("meeting-closed", actor, purpose=PURPOSE, subjects=_subjects(meeting, cases)))
    return True


def locked(session: Session, doors: Doors, actor: Actor, meeting: uuid.UUID) -> Meeting:
    """The row as it is now, held until this write transaction commits. Raises `NotFound` as `meetings.row`."""
    session.execute(select(Meeting.id).where(Meeting.id == meeting).with_for_update())
    return meetings.row(session, doors, actor, meeting)


def _attend(session: Session, actor: Actor, found: Meeting, now: int) -> None:
    """This session attends; another in which the same capacity did so before attends no longer."""
    before = session.get(Attendance, (found.id, actor.capacity))
    other = before.session if before and before.session != actor.session else ""
    put(
        session,
        Attendance,
        {"meeting": found.id, "capacity": actor.capacity},
        {"user": actor.user, "party": actor.party, "joined_at": now, "session": actor.session},
    )
    if other:
        _leave(session, [other], found, now)
    _hold(session, [actor.session], now)


def _leave(session: Session, there: Sequence[str], found: Meeting, now: int) -> None:
    """What the meeting opened to these sessions ends: the visits that were to last as long as it, and the hold."""
    session.execute(
        update(VisitRow)
        .where(
            VisitRow.session.in_(there),
            VisitRow.purpose == PURPOSE,
            VisitRow.ends == found.ends,
            VisitRow.ended_at.is_(None),
        )
        .values(ended_at=now),
        execution_options={"synchronize_session": False},
    )
    _hold(session, there, now)


def _hold(session: Session, there: Sequence[str], now: int) -> None:
    """Hold each session as long as the last of the open meetings that it attends: there may be more than one."""
    session.flush()
    open_ones = (
        select(Attendance.session, func.max(Meeting.ends))
        .join(Meeting, Meeting.id == Attendance.meeting)
        .where(Attendance.session.in_(there), Meeting.closed_at.is_(None), Meeting.ends > now)
        .group_by(Attendance.session)
    )
    until = dict(session.execute(open_ones).all())
    for one in there:
        sessions.hold(session, [one], until.get(one), now)


def _refuse(state: str, keeps: bool, found: Meeting, cases: Collection[Case], now: int) -> None:
    words = ""
    if state == OVER:
        words = "This meeting is over"
    elif state == CALLED_OFF:
        words = "This meeting was called off"
    elif state == NOT_HELD:
        words = "The day of this meeting has passed. Hold it on another day, or plan one for today"
    elif state == PLANNED and not keeps:
        words = "This meeting has not been opened yet. Try again when the chair has opened it"
    elif state == PLANNED and day_at(now) != day_at(found.held_on):
        words = "A meeting is opened on its day. To meet today, hold it on another day: today"
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
