"""The minutes of a meeting that has been opened, for who keeps it."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.auth.actor import Actor
from portal.casework import meetings, team
from portal.casework.meetings import PLANNED, Summary
from portal.db import from_micros
from portal.errors import NotFound
from portal.sharing.doors import Doors
from portal.sharing.meeting_tables import AgendaItem, Attendance
from portal.sharing.reading import minutes as reading
from portal.sharing.reading import staff
from portal.sharing.reading.minutes import Minutes
from portal.sharing.tables import CaseFile
from portal.sharing.visits import CASE, Case


@dataclass(frozen=True, slots=True)
class Made:
    """Who was there and what was decided. `present` are (name, agency), the chair first."""

    about: Summary
    opened: datetime
    closed: datetime | None
    present: tuple[tuple[str, str], ...]
    minutes: Minutes


def minutes(session: Session, doors: Doors, actor: Actor, meeting: uuid.UUID) -> Made:
    """Raises `NotFound` for who does not keep meetings, and before it was opened; `LogUnavailable`."""
    now = doors.clock()
    doors.book.refresh(session)
    if not meetings.keeps(doors, actor):
        raise NotFound
    found = meetings.row(session, doors, actor, meeting)
    if meetings.state_of(found, now) == PLANNED:
        raise NotFound
    about = meetings.summary(session, doors, actor, found)
    opened, closed, chair = found.opened_at, found.closed_at, found.opened_by
    assert opened is not None
    rows = session.execute(
        select(AgendaItem.decision, *CASE)
        .join(CaseFile, CaseFile.id == AgendaItem.case)
        .where(AgendaItem.meeting == meeting)
        .order_by(AgendaItem.position)
    ).all()
    attended = select(Attendance.user, Attendance.party)
    attended = attended.where(Attendance.meeting == meeting, Attendance.joined_at.is_not(None))
    there = sorted(session.execute(attended).all(), key=lambda row: row.user != chair)
    team.look(session, doors, actor, "list", [user for user, _ in there])
    told = reading.minutes(session, doors, actor, [(Case._make(r[1:]), r[0]) for r in rows], meeting)
    names = staff.names(session, doors, [user for user, _ in there])
    present = tuple((names[user], doors.book.party_name(party)) for user, party in there)
    return Made(about, from_micros(opened), from_micros(closed) if closed else None, present, told)
