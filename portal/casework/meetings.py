"""Meetings of a panel: planned with the cases whose review is due and the people who attend, then changed at will.

Nothing personal is kept here. Names are read for whoever arranges a meeting, decided and logged as any list.
"""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, insert, select
from sqlalchemy.orm import Session

from isa.agreement import Capacity
from portal.auth import capacities
from portal.auth.actor import Actor
from portal.auth.tables import CapacityGrant
from portal.casework import team
from portal.casework.present import Present, present
from portal.db import DAY, from_micros, new_id, to_micros
from portal.errors import NotFound
from portal.sharing import said
from portal.sharing.days import day_at, midnight
from portal.sharing.disclosure import Receipt
from portal.sharing.doors import Doors
from portal.sharing.fields import Invalid
from portal.sharing.meeting_tables import AgendaItem, Attendance, Meeting
from portal.sharing.reading import lists, staff
from portal.sharing.reading.lists import Line
from portal.sharing.tables import CaseFile, VisitRow
from portal.sharing.visits import CASE, Case

CHAIRS = frozenset({"chair", "coordinator"})
ATTENDEE = "attendee"
PURPOSE = "selection"
"""One declaration for the whole agenda: a meeting refers and selects, keeps and de-selects."""
PLANNED, OPEN, OVER, NOT_HELD = "planned", "open", "over", "not held"
REVIEW, ADDED = "review", "added"
MOST, LATEST = 60, 30
AHEAD, TOMORROW, FORTNIGHT = timedelta(days=366), timedelta(days=1), timedelta(days=15)


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


def state_of(found: Meeting, now: int) -> str:
    """Whether it is planned, open, over because it was closed or its time has come, or was not held on its day."""
    if found.opened_at is None:
        return PLANNED if day_at(now) <= day_at(found.held_on) else NOT_HELD
    return OPEN if found.closed_at is None and now < (found.ends or 0) else OVER


def coming(session: Session, doors: Doors, actor: Actor) -> tuple[Summary, ...]:
    """The meetings this capacity keeps or is asked to: those to come first, then the latest. Names nobody."""
    doors.book.refresh(session)
    now, own = doors.clock(), keeps(doors, actor)
    within: list[ColumnElement[bool]] = [Meeting.agreement.in_([a.id for a in doors.book.bound(actor.party)])]
    if not own:
        asked = select(Attendance.meeting).where(Attendance.capacity == actor.capacity)
        within += [Meeting.id.in_(asked), Meeting.held_on > now - 2 * DAY]
    rows = session.scalars(select(Meeting).where(*within).order_by(Meeting.held_on.desc()).limit(LATEST)).all()
    counts = _counts(session, [r.id for r in rows])
    return tuple(_summary(doors, r, counts, own, now) for r in rows)


def summary(session: Session, doors: Doors, actor: Actor, found: Meeting) -> Summary:
    """One meeting as a list has it."""
    return _summary(doors, found, _counts(session, [found.id]), keeps(doors, actor), doors.clock())


def plan(session: Session, doors: Doors, actor: Actor, agreement: str, day: date) -> uuid.UUID:
    """A new meeting on a day, with the cases that are due for review by then and everybody who may attend.

    Raises `NotFound` unless the capacity keeps meetings, `Invalid` for another agreement or a day that has passed.
    """
    now = doors.clock()
    doors.book.refresh(session)
    if not keeps(doors, actor):
        raise NotFound
    if agreement not in {a.id for a in doors.book.bound(actor.party)}:
        raise Invalid({"agreement": "Choose the borough"})
    if not day_at(now) <= day <= day_at(now) + AHEAD:
        raise Invalid({"day": "The day must be today or within a year"})
    meeting = Meeting(
        id=new_id(), agreement=agreement, party=actor.party, held_on=_start(day), created_at=now, created_by=actor.user
    )
    due = _due(session, agreement, day + TOMORROW)
    people = _may_attend(session, doors, agreement, day)
    with doors.log.transaction(session) as tx:
        capacities.require(session, actor, now)
        session.add(meeting)
        session.flush()
        _put(session, meeting.id, [(case.id, REVIEW) for case in due], people)
        subjects = [said.about(c.person, c.id, meeting=meeting.id.hex) for c in due]
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
    known = _cases(session, found.agreement, chosen)
    order = [(case, ADDED) for case in dict.fromkeys(chosen) if case in known]
    if reference:
        extra = _by_reference(session, found.agreement, reference)
        known[extra.id] = extra
        order += [(extra.id, ADDED)] if extra.id not in chosen else []
    people = [p for p in _may_attend(session, doors, found.agreement, day_at(found.held_on)) if p.capacity in attending]
    with doors.log.transaction(session) as tx:
        capacities.require(session, actor, now)
        held = session.execute(select(Meeting.opened_at).where(Meeting.id == meeting).with_for_update()).scalar_one()
        if held is not None:
            raise Invalid({"": "The meeting has begun, so its agenda stays as it is"})
        if state_of(found, now) == NOT_HELD:
            raise Invalid({"": "The day of this meeting has passed. Plan another"})
        why = dict(session.execute(select(AgendaItem.case, AgendaItem.why).where(AgendaItem.meeting == meeting)).all())
        for table in (AgendaItem, Attendance):
            session.execute(delete(table).where(table.meeting == meeting))
        _put(session, meeting, [(case, why.get(case, reason)) for case, reason in order], people)
        subjects = [said.about(known[c].person, c, meeting=meeting.hex) for c, _ in order]
        staffed = team.named([p.user for p in people])
        tx.append(said.entry("meeting-arranged", actor, purpose=PURPOSE, subjects=[*subjects, *staffed]))


def see(session: Session, doors: Doors, actor: Actor, meeting: uuid.UUID) -> View:
    """A meeting for whoever keeps it or attends it; the names on it as far as they may be read. Logged as a list.

    While it is planned, cases due within a fortnight after it are offered too. Raises `NotFound`, `LogUnavailable`.
    """
    now = doors.clock()
    doors.book.refresh(session)
    found = row(session, doors, actor, meeting)
    own, state, on = keeps(doors, actor), state_of(found, now), day_at(found.held_on)
    arranges, joined = own and state == PLANNED, state == OPEN and _is_there(session, doors, actor, found, now)
    agenda = _agenda(session, meeting)
    shown: list[Case] = []
    if arranges or joined:
        shown = list(_cases(session, found.agreement, list(agenda)).values())
        shown.sort(key=lambda c: agenda[c.id].position)
    if arranges:
        shown += [c for c in _due(session, found.agreement, on + FORTNIGHT) if c.id not in agenda]
    asked = set(session.scalars(select(Attendance.capacity).where(Attendance.meeting == meeting)))
    there = present(session, meeting) if own and joined else []
    some = _may_attend(session, doors, found.agreement, on) if arranges else there
    users = [p.user for p in some]
    listed = lists.listed(session, doors, actor, shown, PURPOSE, now, len(shown), also=team.named(users))
    receipt = listed.receipt or (team.look(session, doors, actor, "list", users) if users else None)
    names = staff.names(session, doors, users)
    lines = {line.case: line for line in listed.lines}
    items = tuple(_item(agenda.get(c.id), lines[c.id]) for c in shown if c.id in lines)
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


def _kept(session: Session, doors: Doors, actor: Actor, meeting: uuid.UUID) -> Meeting:
    if not keeps(doors, actor):
        raise NotFound
    return row(session, doors, actor, meeting)


def _item(item: AgendaItem | None, line: Line) -> Item:
    if item is None:
        return Item(line, REVIEW, False, False)
    return Item(line, item.why, True, item.decided_at is not None)


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


def _summary(doors: Doors, found: Meeting, counts: Mapping[uuid.UUID, tuple[int, int]], own: bool, now: int) -> Summary:
    cases, decided = counts.get(found.id, (0, 0))
    borough = doors.book.engine(found.agreement).agreement.borough
    return Summary(found.id, borough, day_at(found.held_on), state_of(found, now), cases, decided, own)


def _counts(session: Session, meetings: Sequence[uuid.UUID]) -> dict[uuid.UUID, tuple[int, int]]:
    counted = (
        select(AgendaItem.meeting, func.count(), func.count(AgendaItem.decided_at))
        .where(AgendaItem.meeting.in_(meetings))
        .group_by(AgendaItem.meeting)
    )
    return {meeting: (cases, decided) for meeting, cases, decided in session.execute(counted).all()}


def _agenda(session: Session, meeting: uuid.UUID) -> dict[uuid.UUID, AgendaItem]:
    return {i.case: i for i in session.scalars(select(AgendaItem).where(AgendaItem.meeting == meeting))}


def _cases(session: Session, agreement: str, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Case]:
    rows = session.execute(select(*CASE).where(CaseFile.id.in_(ids), CaseFile.agreement == agreement)).all()
    return {case.id: case for case in map(Case._make, rows)}


def _due(session: Session, agreement: str, before: date) -> list[Case]:
    """Open cases whose review is due before a day, the longest due first."""
    rows = session.execute(
        select(*CASE)
        .where(CaseFile.agreement == agreement, CaseFile.state == "open", CaseFile.review_due < _start(before))
        .order_by(CaseFile.review_due, CaseFile.reference)
        .limit(MOST)
    ).all()
    return [Case._make(r) for r in rows]


def _by_reference(session: Session, agreement: str, reference: str) -> Case:
    wanted = reference.strip().upper()
    found = session.execute(
        select(*CASE).where(CaseFile.agreement == agreement, CaseFile.reference == wanted, CaseFile.state == "open")
    ).first()
    if found is None:
        raise Invalid({"reference": "No open case of this borough has that reference. It looks like BN-2026-0147"})
    return Case._make(found)


def _may_attend(session: Session, doors: Doors, agreement: str, on: date) -> list[Present]:
    """Attendee capacities, of the parties that are bound by the agreement, that are in force until a day is over."""
    named = doors.book.engine(agreement).agreement.parties
    bound = [party for party in named if agreement in {a.id for a in doors.book.bound(party)}]
    rows = session.execute(
        select(CapacityGrant.id, CapacityGrant.user, CapacityGrant.party, CapacityGrant.role).where(
            CapacityGrant.role == ATTENDEE,
            CapacityGrant.party.in_(bound),
            capacities.in_force(_start(on + TOMORROW) - 1),
        )
    ).all()
    return [Present(*row, joined=None) for row in rows]


def _start(day: date) -> int:
    """The first instant of a day in London. Not every day has 24 hours."""
    return to_micros(midnight(day))


def _put(
    session: Session, meeting: uuid.UUID, agenda: Sequence[tuple[uuid.UUID, str]], people: Sequence[Present]
) -> None:
    items = [{"meeting": meeting, "case": c, "position": n, "why": why} for n, (c, why) in enumerate(agenda)]
    asked = [
        {"meeting": meeting, "capacity": p.capacity, "user": p.user, "party": p.party, "session": ""} for p in people
    ]
    for table, rows in ((AgendaItem, items), (Attendance, asked)):
        if rows:
            session.connection().execute(insert(table), rows)
