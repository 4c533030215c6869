"""Arranging a meeting: a day, the cases that a panel is to decide, and who attends; changed until it begins."""

import uuid
from collections.abc import Collection, Sequence
from datetime import date, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from portal.auth import capacities
from portal.auth.actor import Actor
from portal.casework import agenda, meetings, team
from portal.casework.agenda import ADDED, TOMORROW
from portal.casework.meetings import NOT_HELD, PURPOSE
from portal.db import new_id
from portal.errors import NotFound
from portal.sharing import said
from portal.sharing.days import day_at
from portal.sharing.doors import Doors
from portal.sharing.fields import Invalid
from portal.sharing.meeting_tables import AgendaItem, Attendance, Meeting

AHEAD = timedelta(days=366)


def plan(session: Session, doors: Doors, actor: Actor, agreement: str, day: date) -> uuid.UUID:
    """A new meeting on a day, with what is to be decided by then (`agenda.candidates`) and everybody who may attend.

    Raises `NotFound` unless the capacity keeps meetings, `Invalid` for another agreement or a day that has passed.
    """
    now = doors.clock()
    doors.book.refresh(session)
    if not meetings.keeps(doors, actor):
        raise NotFound
    if agreement not in {a.id for a in doors.book.bound(actor.party)}:
        raise Invalid({"agreement": "Choose the borough"})
    if not day_at(now) <= day <= day_at(now) + AHEAD:
        raise Invalid({"day": "The day must be today or within a year"})
    meeting = Meeting(
        id=new_id(),
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
        held = session.execute(select(Meeting.opened_at).where(Meeting.id == meeting).with_for_update()).scalar_one()
        if held is not None:
            raise Invalid({"": "The meeting has begun, so its agenda stays as it is"})
        if meetings.state_of(found, now) == NOT_HELD:
            raise Invalid({"": "The day of this meeting has passed. Plan another"})
        why = {case: item.why for case, item in agenda.items(session, meeting).items()}
        for table in (AgendaItem, Attendance):
            session.execute(delete(table).where(table.meeting == meeting))
        agenda.put(session, meeting, [(case, why.get(case, reason)) for case, reason in order], people)
        subjects = [said.about(known[c].person, c, meeting=meeting.hex) for c, _ in order]
        gone = agenda.cases(session, found.agreement, [case for case in why if case not in dict(order)])
        subjects += [said.about(c.person, c.id, meeting=meeting.hex, taken_off=True) for c in gone.values()]
        staffed = team.named([p.user for p in people])
        tx.append(said.entry("meeting-arranged", actor, purpose=PURPOSE, subjects=[*subjects, *staffed]))


def _kept(session: Session, doors: Doors, actor: Actor, meeting: uuid.UUID) -> Meeting:
    if not meetings.keeps(doors, actor):
        raise NotFound
    return meetings.row(session, doors, actor, meeting)
