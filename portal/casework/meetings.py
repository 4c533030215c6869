"""Meetings of a panel: planned with the cases whose review is due and the people who attend, then changed at will.

Nothing personal is kept here. Names are read for whoever arranges a meeting, decided and logged as any list.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from operator import attrgetter
from typing import NamedTuple

from sqlalchemy import bindparam, case, func, select
from sqlalchemy.orm import Session

from isa.agreement import Capacity
from portal.auth.actor import Actor
from portal.casework import agenda, team
from portal.casework.present import Present, present
from portal.db import DAY, from_micros
from portal.errors import NotFound
from portal.query import Query
from portal.sharing.days import day_at
from portal.sharing.disclosure import Receipt
from portal.sharing.doors import Doors
from portal.sharing.meeting_tables import AgendaItem, Attendance, Meeting
from portal.sharing.reading import lists, staff
from portal.sharing.reading.lists import Line
from portal.sharing.tables import VisitRow
from portal.sharing.visits import Case

CHAIRS = frozenset({"chair", "coordinator"})
PURPOSE = "selection"
"""One declaration for the whole agenda: a meeting refers and selects, keeps and de-selects."""
PLANNED, OPEN, OVER, NOT_HELD, CALLED_OFF = "planned", "open", "over", "not held", "called off"
LATEST = 30
FORTNIGHT = timedelta(days=15)


@dataclass(frozen=True, slots=True)
class Summary:
    """A meeting in a list. `own`: this capacity keeps it, else is asked to it."""

    id: uuid.UUID
    borough: str
    day: date
    state: str
    cases: int
    decided: int
    own: bool


@dataclass(frozen=True, slots=True)
class Item:
    """A case that is on the agenda or may be put on it."""

    line: Line
    why: str
    chosen: bool
    decided: bool


@dataclass(frozen=True, slots=True)
class Attendee:
    """Somebody who is asked to attend, or may be; `joined` since when they do."""

    capacity: uuid.UUID
    name: str
    party: str
    chosen: bool
    joined: datetime | None


@dataclass(frozen=True, slots=True)
class View:
    """One meeting: its agenda in order, who attends; of who has not joined it, nothing of either once it is open.

    `may_keep`: it is this capacity's to arrange, open and close. `joined`: in this session, with every case open to it.
    """

    about: Summary
    items: tuple[Item, ...]
    people: tuple[Attendee, ...]
    may_keep: bool
    joined: bool
    marking: str
    receipt: Receipt | None


class Times(NamedTuple):
    """A meeting as far as a list needs it, in the order of `_TIMES`."""

    id: uuid.UUID
    agreement: str
    held_on: int
    opened_at: int | None
    closed_at: int | None
    ends: int | None


_TIMES = select(
    Meeting.id, Meeting.agreement, Meeting.held_on, Meeting.opened_at, Meeting.closed_at, Meeting.ends
).where(Meeting.agreement.in_(bindparam("agreements", expanding=True)))
_AHEAD = Meeting.held_on > bindparam("after")
_NEAREST = (case((_AHEAD, 0), else_=1), func.abs(Meeting.held_on - bindparam("after")), Meeting.id)
"""The soonest to come first, then the latest: however many are planned, the list holds the next of them."""
_OF_AGREEMENTS = Query(_TIMES.order_by(*_NEAREST).limit(LATEST), Times._make)
_ASKED_TO = Query(
    _TIMES.where(Meeting.id.in_(select(Attendance.meeting).where(Attendance.capacity == bindparam("capacity"))), _AHEAD)
    .order_by(*_NEAREST)
    .limit(LATEST),
    Times._make,
)
_COUNTED = Query(
    select(AgendaItem.meeting, func.count(), func.count(AgendaItem.decided_at))
    .where(AgendaItem.meeting.in_(bindparam("meetings", expanding=True)))
    .group_by(AgendaItem.meeting),
    tuple,
)


def keeps(doors: Doors, actor: Actor) -> bool:
    """Whether this capacity arranges and holds meetings: the chair and the coordinator."""
    reach, content, _ = doors.book.role(Capacity(actor.party, actor.role))
    return content and reach == "agreement" and actor.role in CHAIRS


def attends(doors: Doors, actor: Actor) -> bool:
    """Whether meetings are this capacity's business: it keeps them, or a meeting is all that opens a case to it."""
    reach, content, _ = doors.book.role(Capacity(actor.party, actor.role))
    return keeps(doors, actor) or (content and reach == "none")


def row(session: Session, doors: Doors, actor: Actor, meeting: uuid.UUID) -> Meeting:
    """A meeting that this capacity keeps or is asked to. Raises `NotFound` for any other, as for a missing one."""
    found = session.get(Meeting, meeting, populate_existing=True)
    if found is None or found.agreement not in {a.id for a in doors.book.bound(actor.party)}:
        raise NotFound
    asked = session.get(Attendance, (meeting, actor.capacity), populate_existing=True)
    if asked is None and not keeps(doors, actor):
        raise NotFound
    return found


def state_of(found: Meeting | Times, now: int) -> str:
    """Whether it is planned, open, over because it was closed or its time has come, was called off, or was not held on
    its day."""
    if found.opened_at is None and found.closed_at is not None:
        return CALLED_OFF
    if found.opened_at is None:
        return PLANNED if day_at(now) <= day_at(found.held_on) else NOT_HELD
    return OPEN if found.closed_at is None and now < (found.ends or 0) else OVER


def coming(session: Session, doors: Doors, actor: Actor) -> tuple[Summary, ...]:
    """The meetings this capacity keeps or is asked to, the latest day first: the next that are to come, and as far as
    there is room what was last. Names nobody."""
    doors.book.refresh(session)
    now, own = doors.clock(), keeps(doors, actor)
    agreements = [a.id for a in doors.book.bound(actor.party)]
    within = {"agreements": agreements, "after": now - 2 * DAY}
    rows = _OF_AGREEMENTS.all(session, **within) if own else _ASKED_TO.all(session, **within, capacity=actor.capacity)
    rows.sort(key=attrgetter("held_on"), reverse=True)
    counts = _counts(session, [r.id for r in rows])
    return tuple(_summary(doors, r, counts, own, now) for r in rows)


def summary(session: Session, doors: Doors, actor: Actor, found: Meeting) -> Summary:
    """One meeting as a list has it."""
    return _summary(doors, found, _counts(session, [found.id]), keeps(doors, actor), doors.clock())


def see(session: Session, doors: Doors, actor: Actor, meeting: uuid.UUID) -> View:
    """A meeting for whoever keeps it or attends it; the names on it as far as they may be read. Logged as a list.

    While it is planned, cases due within a fortnight after it are offered too. Raises `NotFound`, `LogUnavailable`.
    """
    now = doors.clock()
    doors.book.refresh(session)
    found = row(session, doors, actor, meeting)
    own, state, on = keeps(doors, actor), state_of(found, now), day_at(found.held_on)
    arranges, joined = own and state == PLANNED, state == OPEN and _is_there(session, doors, actor, found, now)
    chosen = agenda.items(session, meeting)
    why = {case: item.why for case, item in chosen.items()}
    shown: list[Case] = []
    if arranges or joined:
        shown = list(agenda.cases(session, found.agreement, list(chosen)).values())
        shown.sort(key=lambda c: chosen[c.id].position)
    if arranges:
        offered = [(c, w) for c, w in agenda.candidates(session, found.agreement, on + FORTNIGHT) if c.id not in chosen]
        shown += [c for c, _ in offered]
        why |= {c.id: w for c, w in offered}
    asked = set(session.scalars(select(Attendance.capacity).where(Attendance.meeting == meeting)))
    there = present(session, meeting) if own and joined else []
    some = agenda.may_attend(session, doors, found.agreement, on) if arranges else there
    users = [p.user for p in some]
    listed = lists.listed(session, doors, actor, shown, PURPOSE, now, len(shown), also=team.named(users))
    receipt = listed.receipt or (team.look(session, doors, actor, "list", users) if users else None)
    names = staff.names(session, doors, users)
    lines = {line.case: line for line in listed.lines}
    items = tuple(_item(chosen.get(c.id), lines[c.id], why[c.id]) for c in shown if c.id in lines)
    people = tuple(_attendee(doors, p, names[p.user], p.capacity in asked) for p in some)
    return View(
        about=summary(session, doors, actor, found),
        items=items,
        people=tuple(sorted(people, key=lambda p: (p.party, p.name))),
        may_keep=own,
        joined=joined,
        marking=listed.marking,
        receipt=receipt,
    )


def _item(item: agenda.Standing | None, line: Line, why: str) -> Item:
    return Item(line, why, item is not None, item is not None and item.decided_at is not None)


def _is_there(session: Session, doors: Doors, actor: Actor, found: Meeting, now: int) -> bool:
    """Whether this very session has joined, and has a visit to each case still: else it is asked to join (again)."""
    mine = session.get(Attendance, (found.id, actor.capacity), populate_existing=True)
    if mine is None or mine.session != actor.session:
        return False
    visited = select(VisitRow.case).where(
        VisitRow.session == actor.session,
        VisitRow.capacity == actor.capacity,
        VisitRow.ended_at.is_(None),
        VisitRow.ends > now,
        VisitRow.agreement_digest == doors.book.engine(found.agreement).agreement.digest,
    )
    lacking = select(AgendaItem.case).where(AgendaItem.meeting == found.id, AgendaItem.case.not_in(visited))
    return session.scalar(lacking.limit(1)) is None


def _attendee(doors: Doors, who: Present, name: str, chosen: bool) -> Attendee:
    joined = from_micros(who.joined) if who.joined else None
    return Attendee(who.capacity, name, doors.book.party_name(who.party), chosen, joined)


def _summary(
    doors: Doors, found: Meeting | Times, counts: Mapping[uuid.UUID, tuple[int, int]], own: bool, now: int
) -> Summary:
    cases, decided = counts.get(found.id, (0, 0))
    borough = doors.book.engine(found.agreement).agreement.borough
    return Summary(found.id, borough, day_at(found.held_on), state_of(found, now), cases, decided, own)


def _counts(session: Session, meetings: Sequence[uuid.UUID]) -> dict[uuid.UUID, tuple[int, int]]:
    return {meeting: (cases, decided) for meeting, cases, decided in _COUNTED.all(session, meetings=meetings)}
