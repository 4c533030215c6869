"""Arranging a meeting: a day, the cases that a panel is to decide, and who attends; changed until it begins."""

import uuid
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from portal.auth import capacities
from portal.auth.actor import Actor
from portal.casework import agenda, meetings, team
from portal.casework.agenda import ADDED, TOMORROW
from portal.casework.attending import locked
from portal.casework.meetings import CALLED_OFF, NOT_HELD, OPEN, OVER, PLANNED, PURPOSE
from portal.db import new_id
from portal.errors import NotFound
from portal.sharing import said
from portal.sharing.days import day_at
from portal.sharing.doors import Doors
from portal.sharing.fields import Invalid
from portal.sharing.meeting_tables import AgendaItem, Attendance, Meeting

AHEAD = timedelta(days=366)
FIXED = {
    OPEN: "The meeting has begun, so its agenda stays as it is",
    OVER: "The meeting is over, so its agenda stays as it is",
    NOT_HELD: "The day of this meeting has passed. Hold it on another day, or plan another",
    CALLED_OFF: "The meeting was called off. Plan another",
}


def plan(
    session: Session, doors: Doors, actor: Actor, agreement: str, day: date, once: uuid.UUID | None = None
) -> uuid.UUID:
    """A new meeting on a day, with what is to be decided by then (`agenda.candidates`) and everybody who may attend.

    `once`: a form sent twice plans one meeting. Raises `NotFound` unless the capacity keeps meetings, `Invalid` for
    another agreement or a day that has passed.
    """
    now = doors.clock()
    doors.book.refresh(session)
    if not meetings.keeps(doors, actor):
        raise NotFound
    if agreement not in {a.id for a in doors.book.bound(actor.party)}:
        raise Invalid({"agreement": "Choose the borough"})
    _on_time(day, now)
    meeting = Meeting(
        id=once or new_id(),
        agreement=agreement,
        party=actor.party,
        held_on=agenda.start(day),
        created_at=now,
        created_by=actor.user,
    )
    chosen = agenda.candidates(session, agreement, day + TOMORROW)
    people = agenda.may_attend(session, doors, agreement, day)
    with doors.log.transaction(session) as tx:
        capacities.require(session, actor, now)
        before = session.get(Meeting, meeting.id)
        if before is not None:
            return _kept(session, doors, actor, before.id).id
        session.add(meeting)
        session.flush()
        agenda.put(session, meeting.id, [(case.id, why) for case, why in chosen], people)
        subjects = [said.about(c.person, c.id, meeting=meeting.id.hex) for c, _ in chosen]
        staffed = team.named([p.user for p in people])
        tx.append(said.entry("meeting-arranged", actor, purpose=PURPOSE, subjects=[*subjects, *staffed]))
    return meeting.id


def arrange(
    session: Session,
    doors: Doors,
    actor: Actor,
    meeting: uuid.UUID,
    chosen: Sequence[uuid.UUID],
    attending: Collection[uuid.UUID],
    reference: str = "",
) -> None:
    """Say which cases are on the agenda, in which order, and who attends. `reference`: one more case, by its number.

    Raises `NotFound`, `Invalid` where the meeting has begun, or no case of the borough has that reference.
    """
    now = doors.clock()
    doors.book.refresh(session)
    found = _kept(session, doors, actor, meeting)
    known = agenda.cases(session, found.agreement, chosen)
    day = day_at(found.held_on)
    offered = {case.id: why for case, why in agenda.candidates(session, found.agreement, day + meetings.FORTNIGHT)}
    order = [(case, offered.get(case, ADDED)) for case in dict.fromkeys(chosen) if case in known]
    if reference:
        extra = agenda.by_reference(session, found.agreement, reference)
        known[extra.id] = extra
        order += [(extra.id, ADDED)] if extra.id not in chosen else []
    people = [p for p in agenda.may_attend(session, doors, found.agreement, day) if p.capacity in attending]
    with doors.log.transaction(session) as tx:
        capacities.require(session, actor, now)
        found = locked(session, doors, actor, meeting)
        if meetings.state_of(found, now) != PLANNED:
            raise Invalid({"": FIXED[meetings.state_of(found, now)]})
        why = {case: item.why for case, item in agenda.items(session, meeting).items()}
        for table in (AgendaItem, Attendance):
            session.execute(delete(table).where(table.meeting == meeting))
        agenda.put(session, meeting, [(case, why.get(case, reason)) for case, reason in order], people)
        subjects = [said.about(known[c].person, c, meeting=meeting.hex) for c, _ in order]
        gone = agenda.cases(session, found.agreement, [case for case in why if case not in dict(order)])
        subjects += [said.about(c.person, c.id, meeting=meeting.hex, taken_off=True) for c in gone.values()]
        staffed = team.named([p.user for p in people])
        tx.append(said.entry("meeting-arranged", actor, purpose=PURPOSE, subjects=[*subjects, *staffed]))


def move(session: Session, doors: Doors, actor: Actor, meeting: uuid.UUID, day: date) -> None:
    """Hold it on another day, with the agenda it has. Raises `NotFound`, `Invalid` where it has begun or was called
    off, or for a day that has passed."""
    with _changing(session, doors, actor, meeting) as (found, now):
        _on_time(day, now)
        found.held_on = agenda.start(day)


def call_off(session: Session, doors: Doors, actor: Actor, meeting: uuid.UUID) -> None:
    """It will not be held: its cases stand on the next agenda as if it had never been planned. Raises as `move`."""
    with _changing(session, doors, actor, meeting, called_off=True) as (found, now):
        found.closed_at = now


@contextmanager
def _changing(
    session: Session, doors: Doors, actor: Actor, meeting: uuid.UUID, called_off: bool = False
) -> Iterator[tuple[Meeting, int]]:
    """A meeting that has not begun, locked, and the present; logged with whom it was to speak of once it is changed."""
    now = doors.clock()
    doors.book.refresh(session)
    _kept(session, doors, actor, meeting)
    with doors.log.transaction(session) as tx:
        capacities.require(session, actor, now)
        found = locked(session, doors, actor, meeting)
        if meetings.state_of(found, now) not in (PLANNED, NOT_HELD):
            raise Invalid({"": "The meeting has begun or was called off, so its day stays as it is"})
        yield found, now
        session.flush()
        spoken = agenda.cases(session, found.agreement, list(agenda.items(session, meeting)))
        said_so: dict[str, Any] = {"called_off": True} if called_off else {}
        subjects = [said.about(c.person, c.id, meeting=meeting.hex, **said_so) for c in spoken.values()]
        tx.append(said.entry("meeting-arranged", actor, purpose=PURPOSE, subjects=subjects))


def _on_time(day: date, now: int) -> None:
    if not day_at(now) <= day <= day_at(now) + AHEAD:
        raise Invalid({"day": "The day must be today or within a year"})


def _kept(session: Session, doors: Doors, actor: Actor, meeting: uuid.UUID) -> Meeting:
    if not meetings.keeps(doors, actor):
        raise NotFound
    return meetings.row(session, doors, actor, meeting)
