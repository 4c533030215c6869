"""What a panel decides about a case: the decision as a record, and what it changes of status, RAG and review, in step.

The score never decides: the record names the people who did, and why.
"""

import uuid
from dataclasses import dataclass, field

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.auth.actor import Actor
from portal.casework import agencies, assessing, attending, meetings, team
from portal.casework.agencies import Agency
from portal.casework.assessing import Assessment
from portal.casework.meetings import OPEN
from portal.casework.present import CHAIR, present
from portal.errors import Conflict, NotFound
from portal.sharing import standing_criteria, transfers, visits, writing
from portal.sharing.assigning import At, at_cases
from portal.sharing.days import day_at
from portal.sharing.disclosure import Disclosure, Record
from portal.sharing.doors import Doors
from portal.sharing.fields import Invalid
from portal.sharing.meeting_tables import AgendaItem, Attendance, Meeting
from portal.sharing.reading import case as case_reading
from portal.sharing.reading import staff
from portal.sharing.tables import CaseFile, RecordRow
from portal.sharing.writing import Planned, Written

KIND, CASE = "decision", "case"
SELECT, NOT_SELECT, STAY, DESELECT, LATER = "Select", "Do not select", "Stay on IOM", "De-select", "Decide later"
ACTIVE = "Active"
ENDS, GOES_ON = frozenset({NOT_SELECT, DESELECT}), frozenset({SELECT, STAY})


@dataclass(frozen=True, slots=True)
class Told:
    """A decision as typed. `record` and `base`: the case record that its writer saw, and its version; None for none.
    `agencies`: parties that are to work on the case from now on."""

    outcome: str = ""
    reason: str = field(default="", repr=False)
    rag: str = ""
    rag_reason: str = field(default="", repr=False)
    cohort: str = ""
    review_on: str = ""
    record: uuid.UUID | None = None
    base: int = 0
    agencies: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Desk:
    """A case in the meeting: what the agreement gives, the record that a decision changes (None: there is none, or it
    is another agency's), whether this capacity may record a decision, whether one was recorded, and how the criteria of
    the borough stand as far as the disclosure says; `others`: agencies that may be asked to work on it."""

    disclosure: Disclosure
    standing: Record | None
    may_decide: bool
    decided: bool
    following: uuid.UUID | None
    assessed: Assessment | None
    others: tuple[Agency, ...]


class Decided(Conflict):
    """Somebody recorded a decision on this case meanwhile."""


def desk(session: Session, doors: Doors, actor: Actor, meeting: uuid.UUID, case: uuid.UUID) -> Desk:
    """One case of an open meeting, for who attends it. Raises `NotFound`, `LogUnavailable`."""
    item, visit = _at(session, doors, actor, meeting, case)
    found = case_reading.case(session, doors, actor, visit)
    may = any(w.kind == KIND for w in found.writable) and meetings.keeps(doors, actor)
    agreement = meetings.row(session, doors, actor, meeting).agreement
    free = agencies.others(session, doors.book.engine(agreement).agreement, case, doors.clock()) if may else ()
    stood = assessing.of_case(session, agreement, found, doors.clock())
    after = following(session, meeting, case)
    return Desk(found, _own(found, actor), may, item.decided_at is not None, after, stood, free)


def following(session: Session, meeting: uuid.UUID, case: uuid.UUID | None = None) -> uuid.UUID | None:
    """The next open case of the agenda without a decision, after this one, then from the top."""
    rows = session.execute(
        select(AgendaItem.case, AgendaItem.decided_at, CaseFile.state)
        .join(CaseFile, CaseFile.id == AgendaItem.case)
        .where(AgendaItem.meeting == meeting)
        .order_by(AgendaItem.position)
    ).all()
    order = [row.case for row in rows]
    start = order.index(case) + 1 if case in order else 0
    waiting = [c for c, at, state in (*rows[start:], *rows[:start]) if at is None and state == "open" and c != case]
    return waiting[0] if waiting else None


def decide(session: Session, doors: Doors, actor: Actor, meeting: uuid.UUID, case: uuid.UUID, told: Told) -> Written:
    """Record the decision and carry it out, in one transaction. De-selection closes the case from the next request on.

    Raises `NotFound` (also where the meeting was closed meanwhile), `Refused` with the clause, `Invalid` by part of
    the form, `Decided` where someone recorded one meanwhile, `Conflict` where the status or RAG changed meanwhile,
    `LogUnavailable`; nothing is kept then.
    """
    _, visit = _at(session, doors, actor, meeting, case)
    if not meetings.keeps(doors, actor):
        raise NotFound
    _check(told, day_at(doors.clock()).isoformat())
    words = {
        f"{KIND}.outcome": told.outcome,
        f"{KIND}.reason": told.reason,
        f"{KIND}.decided_on": day_at(doors.clock()).isoformat(),
        f"{KIND}.decided_by": _by_whom(session, doors, actor, meeting),
    }
    decision = writing.plan(session, doors, actor, visit, KIND, "", words)
    changed = _change(session, doors, actor, visit, case, told)
    at, kept = _stood(session, doors, actor, visit, told)
    with doors.log.transaction(session) as tx:
        if meetings.state_of(attending.locked(session, doors, actor, meeting), doors.clock()) != OPEN:
            raise NotFound
        written = writing.add(tx, doors, actor, decision)
        standing_criteria.keep(tx, doors, actor, at, kept)
        if told.outcome in GOES_ON:
            agencies.join(tx, doors, actor, at, meetings.PURPOSE, told.agencies)
        if isinstance(changed, Planned):
            (writing.alter if changed.base else writing.add)(tx, doors, actor, changed)
        if told.outcome == STAY:  # brought from another borough, they were on the list here already
            transfers.follow(session, case, ACTIVE, doors.clock(), over=False)
        taken = session.execute(
            update(AgendaItem)
            .where(AgendaItem.meeting == meeting, AgendaItem.case == case, AgendaItem.decided_at.is_(None))
            .values(decided_at=doors.clock(), decision=written.record, settled=told.outcome != LATER),
            execution_options={"synchronize_session": False},
        )
        if not taken.rowcount:  # type: ignore[attr-defined]
            raise Decided(str(case), 0)
    return written


def _stood(session: Session, doors: Doors, actor: Actor, visit: uuid.UUID, told: Told) -> tuple[At, dict[str, str]]:
    """How the criteria stand at this moment, to be kept with the decision; empty where there are none."""
    now = doors.clock()
    file = visits.resolve(session, doors, actor, visit, now).case
    at = at_cases(session, doors, actor, [file], meetings.PURPOSE, now)[file.id]
    stood = assessing.of_cases(session, doors, actor, [file], meetings.PURPOSE, "consultation").get(file.id)
    if stood is None:
        return at, {}
    takes_on = True if told.outcome in GOES_ON else False if told.outcome in ENDS else None
    return at, standing_criteria.values(at, f"Panel decision: {told.outcome}", stood.answer, stood.kept(takes_on))


def _at(
    session: Session, doors: Doors, actor: Actor, meeting: uuid.UUID, case: uuid.UUID
) -> tuple[AgendaItem, uuid.UUID]:
    """The item of an open meeting that the actor attends, and their visit to its case."""
    now = doors.clock()
    doors.book.refresh(session)
    found = meetings.row(session, doors, actor, meeting)
    item = session.get(AgendaItem, (meeting, case), populate_existing=True)
    mine = session.get(Attendance, (meeting, actor.capacity), populate_existing=True)
    visit = visits.current(session, doors, actor, case, now)
    if meetings.state_of(found, now) != OPEN or item is None or visit is None:
        raise NotFound
    if mine is None or mine.session != actor.session:
        raise NotFound
    return item, visit


def _own(found: Disclosure, actor: Actor) -> Record | None:
    """The case record of the actor's own party, the one that a decision changes."""
    return next((r for r in found.records(CASE) if r.owner == actor.party and r.can_edit), None)


def _check(told: Told, today: str) -> None:
    problems = {}
    if told.outcome not in (SELECT, NOT_SELECT, STAY, DESELECT, LATER):
        problems["outcome"] = "Choose what the panel decided"
    if not told.reason.strip():
        problems["reason"] = "Say why the panel decided so"
    if told.outcome in GOES_ON and not told.review_on:
        problems["review_on"] = "Give the day of the next review, like 27 3 2027"
    elif told.outcome in GOES_ON and told.review_on < today:
        problems["review_on"] = "The next review cannot be in the past"
    if problems:
        raise Invalid(problems)


def _change(
    session: Session, doors: Doors, actor: Actor, visit: uuid.UUID, case: uuid.UUID, told: Told
) -> Planned | Written | None:
    """What the decision changes of the case, planned; None where it changes nothing.

    Raises `Conflict` where the form knew of no case record and there is one now, `Invalid` where another RAG would
    stand with the reason of the one before.
    """
    if told.outcome == LATER:
        return None
    today = day_at(doors.clock()).isoformat()
    words = {"status": "De-selected", "review_on": ""}
    if told.outcome in GOES_ON:
        words = {"review_on": told.review_on}
        optional = {"rag": told.rag, "rag_reason": told.rag_reason, "cohort": told.cohort}
        words |= {name: text for name, text in optional.items() if text}
        if told.rag:  # rated by the panel, it holds until the panel looks again (clause 8.36)
            words["rag_review_on"] = told.review_on
    if told.outcome == SELECT:
        words |= {"status": "Selected", "selected_on": today}
    typed = {f"{CASE}.{name}": text for name, text in words.items()}
    if told.record is None:
        _refuse_second(session, actor, case)
        return writing.plan(session, doors, actor, visit, CASE, "", typed)
    planned = writing.plan_edit(session, doors, actor, visit, told.record, told.base, typed)
    if isinstance(planned, Planned) and planned.shape.kind != CASE:
        raise NotFound
    if isinstance(planned, Planned) and not told.rag_reason and _rag_alone(planned):
        raise Invalid({f"{CASE}.rag_reason": "Say why the RAG changes: the reason that stands is that of the old one"})
    return planned


def _rag_alone(planned: Planned) -> bool:
    return f"{CASE}.rag" in planned.record.values and bool(planned.whole.get(f"{CASE}.rag_reason"))


def _refuse_second(session: Session, actor: Actor, case: uuid.UUID) -> None:
    """Raise `Conflict` where the party has a case record on this case: the form is older than that."""
    own = select(RecordRow.id, RecordRow.version)
    own = own.where(RecordRow.case == case, RecordRow.kind == CASE, RecordRow.owner == actor.party)
    for record, version in session.execute(own).all():
        raise Conflict(str(record), version)


def _by_whom(session: Session, doors: Doors, actor: Actor, meeting: uuid.UUID) -> str:
    """Who decided, as the record says it: whoever acts as chair by name, and the agencies that attend."""
    found = session.get(Meeting, meeting)
    assert found is not None
    assert found.opened_by is not None
    there = present(session, meeting)
    led = list(dict.fromkeys(p.user for p in there if p.role == CHAIR))
    named = led or [found.opened_by]
    team.look(session, doors, actor, "consultation", named)
    names = staff.names(session, doors, named)
    words = "chair" if led else "opened by"
    agencies = ", ".join(sorted({doors.book.party_name(p.party) for p in there}))
    day = day_at(found.held_on)
    return f"Panel of {day.day} {day:%B %Y}, {words} {' and '.join(names[u] for u in named)}; {agencies}"
