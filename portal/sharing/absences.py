"""Long leave, for whoever looks after a party's people: from when to when somebody is away, and the history of it."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from portal.audit.entry import Subject
from portal.auth import away, capacities, people
from portal.auth.actor import Actor
from portal.auth.errors import CapacityRefused
from portal.db import as_read, from_micros
from portal.errors import NotFound
from portal.sharing import access_requests, joining, said
from portal.sharing.days import day_at
from portal.sharing.disclosure import Receipt
from portal.sharing.doors import Doors
from portal.sharing.reading import staff

NOT_YOURS = "This person has a role that only the administrator gives. Ask the administrator to record it."


@dataclass(frozen=True, slots=True)
class Time:
    """One time away, first and last day. `running`: it is not over; `ended_by`: who ended it early, "" for nobody."""

    id: uuid.UUID
    first: date
    last: date
    by: str
    at: datetime
    running: bool
    ended_by: str
    ended: datetime | None


@dataclass(frozen=True, slots=True)
class Absences:
    """One person with every time away at this party, latest first."""

    name: str
    times: tuple[Time, ...]
    receipt: Receipt


def of(session: Session, doors: Doors, actor: Actor, user: uuid.UUID) -> Absences:
    """One person's. Raises `NotFound` for whoever does not look after them, `LogUnavailable`."""
    now = doors.clock()
    _require(session, doors, actor, user, now)
    rows = as_read(session, away.of_person(session, user, actor.party))
    hands = {row.set_by for row in rows} | {row.ended_by for row in rows if row.ended_by}
    subjects = [Subject(each, {"staff": True}) for each in dict.fromkeys([user, *sorted(hands)])]
    with doors.log.transaction(session) as tx:
        receipt = said.receipt(tx.append(said.entry("consultation", actor, subjects=subjects)))
    names = staff.names(session, doors, {user, *hands})
    times = tuple(
        Time(
            row.id,
            day_at(row.starts),
            day_at(row.ends - 1),
            names[row.set_by],
            from_micros(row.set_at),
            row.ended_at is None and row.ends > now,
            names[row.ended_by] if row.ended_by else "",
            from_micros(row.ended_at) if row.ended_at else None,
        )
        for row in rows
    )
    return Absences(names[user], times, receipt)


def record(session: Session, doors: Doors, actor: Actor, user: uuid.UUID, starts: int, ends: int) -> uuid.UUID:
    """Record it; the id of it. From then on their next request finds no role. Raises `NotFound`, `CapacityRefused`."""
    now = doors.clock()
    _require(session, doors, actor, user, now)
    _require_own_to_give(session, doors, actor, user, now)
    with doors.log.transaction(session) as tx:
        return away.record(tx, actor, user, starts, ends, now)


def end(session: Session, doors: Doors, actor: Actor, user: uuid.UUID, time: uuid.UUID) -> None:
    """End it now. Raises `NotFound`, `CapacityRefused`."""
    now = doors.clock()
    _require(session, doors, actor, user, now)
    _require_own_to_give(session, doors, actor, user, now)
    with doors.log.transaction(session) as tx:
        away.end(tx, actor, user, time, now)


def days(session: Session, party: str, user: uuid.UUID, time: uuid.UUID) -> tuple[date, date] | None:
    """First and last day of a time away of somebody of this party, for a form to begin with; None without one."""
    found = [row for row in away.of_person(session, user, party) if row.id == time]
    return (day_at(found[0].starts), day_at(found[0].ends - 1)) if found else None


def _require(session: Session, doors: Doors, actor: Actor, user: uuid.UUID, now: int) -> None:
    capacities.require(session, actor, now)
    if not joining.looks_after(doors, actor):
        raise NotFound
    people.one_of_party(session, actor.party, user)


def _require_own_to_give(session: Session, doors: Doors, actor: Actor, user: uuid.UUID, now: int) -> None:
    """Raise `CapacityRefused` where a SPOC would take a role away, for a time, that they could not give."""
    if actor.role == capacities.ADMINISTRATOR:
        return
    gives = {offer.id for offer in access_requests.giveable(doors, actor)}
    held = {c.role for c in capacities.of_party(session, actor.party, now) if c.user == user}
    if not held <= gives:
        raise CapacityRefused(NOT_YOURS)
