"""The minutes of a meeting that has been opened, for who keeps it."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.auth.actor import Actor
from portal.casework import meetings, team
from portal.casework.meetings import Summary
from portal.casework.present import present
from portal.db import from_micros
from portal.errors import NotFound
from portal.sharing.doors import Doors
from portal.sharing.meeting_tables import AgendaItem, Meeting
from portal.sharing.reading import minutes as reading
from portal.sharing.reading import staff
from portal.sharing.reading.minutes import Minutes
from portal.sharing.tables import CaseFile
from portal.sharing.visits import CASE, Case


@dataclass(frozen=True, slots=True)
class Made:
    """Who was there and what was decided. `present` are (name, agency, role), the chair first."""

    about: Summary
    opened: datetime
    closed: datetime | None
    present: tuple[tuple[str, str, str], ...]
    minutes: Minutes


def minutes(session: Session, doors: Doors, actor: Actor, meeting: uuid.UUID) -> Made:
    """Raises `NotFound` for who does not keep meetings, and before it was opened; `LogUnavailable`."""
    now = doors.clock()
    doors.book.refresh(session)
    if not meetings.keeps(doors, actor):
        raise NotFound
    found = meetings.row(session, doors, actor, meeting)
    about, opened, closed = meetings.summary(session, doors, actor, found), found.opened_at, _ended(found, now)
    if opened is None:
        raise NotFound
    rows = session.execute(
        select(AgendaItem.decision, *CASE)
        .join(CaseFile, CaseFile.id == AgendaItem.case)
        .where(AgendaItem.meeting == meeting)
        .order_by(AgendaItem.position)
    ).all()
    there, book = present(session, meeting), doors.book
    team.look(session, doors, actor, "list", [p.user for p in there])
    told = reading.minutes(session, doors, actor, [(Case._make(r[1:]), r[0]) for r in rows], meeting)
    names = staff.names(session, doors, [p.user for p in there])
    people = tuple((names[p.user], book.party_name(p.party), book.role_name(p.party, p.role)) for p in there)
    return Made(about, from_micros(opened), from_micros(closed) if closed else None, people, told)


def _ended(found: Meeting, now: int) -> int | None:
    """When it was closed, or ended by itself; None while it runs."""
    if found.closed_at is not None or found.ends is None:
        return found.closed_at
    return found.ends if found.ends <= now else None
