"""What somebody is to do today, over all their cases; and several of it said to be done at once."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy.orm import Session

from isa.agreement import Capacity
from portal.auth import capacities
from portal.auth.actor import Actor
from portal.casework import team
from portal.db import DAY, to_micros
from portal.sharing import acting, acts, assigning
from portal.sharing.acts import Act
from portal.sharing.days import day_at, midnight
from portal.sharing.disclosure import Receipt
from portal.sharing.doors import Doors
from portal.sharing.fields import LIMITS, Invalid, clean
from portal.sharing.looks import Look, nothing
from portal.sharing.reading import due as reading
from portal.sharing.reading import releases as coming
from portal.sharing.reading import turning as growing
from portal.sharing.reading.due import NOTHING, DueList, Readable
from portal.sharing.reading.releases import ReleaseList
from portal.sharing.reading.turning import TurningList
from portal.sharing.typed import hidden

FOR_EVER = to_micros(midnight(date.max))
AHEAD, LATE = 8, 7
"""Days: what is due within a week from today stands in the list; what is a week overdue goes to the SPOC too."""
PRESSES = 3 * DAY


@dataclass(frozen=True, slots=True)
class Closed:
    """How many actions were closed; `left`: how many were closed or changed meanwhile, or are not for this reader."""

    count: int
    left: int
    receipt: Receipt | None


def due(session: Session, doors: Doors, actor: Actor) -> Look[DueList]:
    """Open actions of this person that are overdue or due within a week; for whoever sees the cases of the whole party
    also those that nobody has, and those a week overdue."""
    now = doors.clock()
    reach, content, purpose = doors.book.role(Capacity(actor.party, actor.role))
    if not content or reach == "none":
        return nothing(NOTHING)
    soon = to_micros(midnight(day_at(now) + timedelta(days=AHEAD)))
    if not team.assigns(doors, actor):
        found = acts.due_for(session, actor.party, actor.user, now, soon)
    else:
        found = _of_party(session, doors, actor, now, soon)
    return reading.listed(session, doors, actor, found, purpose, now) if found else nothing(NOTHING)


def _of_party(session: Session, doors: Doors, actor: Actor, now: int, soon: int) -> list[Act]:
    able, everywhere = set(), set()
    for held in capacities.of_party(session, actor.party, now):
        reach, content, _ = doors.book.role(Capacity(actor.party, held.role))
        if content and reach != "none" and held.starts <= now:
            able.add(held.user)
            if reach != "assigned":
                everywhere.add(held.user)
    late = to_micros(midnight(day_at(now) - timedelta(days=LATE - 1)))
    return acts.due_for_party(session, actor.party, actor.user, now, soon, late, sorted(able), sorted(everywhere))


def releases(session: Session, doors: Doors, actor: Actor) -> Look[ReleaseList]:
    """Who of this reader's cases comes out within 14 days, with what is not arranged."""
    return coming.coming(session, doors, actor, doors.clock())


def turning(session: Session, doors: Doors, actor: Actor) -> Look[TurningList]:
    """Who of this reader's cases turns 18 within 90 days (clause 4.5)."""
    return growing.turning(session, doors, actor, doors.clock())


def news(session: Session, doors: Doors, actor: Actor, since: int, told: int = 0) -> bool:
    """Whether an action that stands in this person's list has fallen due after `since`, or was given by another
    agency, and they may read it. `told`: until when they were told at once of those that press. Opens nothing."""
    now = doors.clock()
    reach, content, purpose = doors.book.role(Capacity(actor.party, actor.role))
    if not content or reach == "none":
        return False
    if team.assigns(doors, actor):
        found = _of_party(session, doors, actor, now, FOR_EVER)
    else:
        found = acts.due_for(session, actor.party, actor.user, now, FOR_EVER)
    read = reading.readable(session, doors, actor, found, purpose, now) if found else []
    return any(
        since < one.act.due <= now
        or (one.head.owner != actor.party and one.head.created_at > (max(since, told) if _presses(one) else since))
        for one in read
    )


def pressing(session: Session, doors: Doors, actor: Actor, since: int) -> bool:
    """Whether somebody else has given this person an action after `since` that was to be done within days, and they
    may read it; for whoever says who works on what, also one that nobody of the party has. Opens nothing."""
    now = doors.clock()
    reach, content, purpose = doors.book.role(Capacity(actor.party, actor.role))
    if not content or reach == "none":
        return False
    if team.assigns(doors, actor):
        found = [act for act in _of_party(session, doors, actor, now, now + PRESSES) if act.user in (actor.user, None)]
    else:
        found = [a for a in acts.due_for(session, actor.party, actor.user, now, now + PRESSES) if a.user == actor.user]
    by = acts.given_by(session, [act.record for act in found], since)
    found = [act for act in found if by.get(act.record, actor.user) != actor.user]
    read = reading.readable(session, doors, actor, found, purpose, now) if found else []
    return any(_presses(one) for one in read)


def _presses(one: Readable) -> bool:
    """Whether an action was to be done within days of the moment it was given."""
    return one.act.due < one.head.created_at + PRESSES


def done(session: Session, doors: Doors, actor: Actor, chosen: Collection[uuid.UUID], text: str) -> Closed:
    """Close those of these actions that this reader may close from the list, with one outcome and in one entry.

    Raises `Invalid` by part (record, text), `Conflict` where one was changed at this very moment, `LogUnavailable`.
    """
    now = doors.clock()
    doors.book.refresh(session)
    _, _, purpose = doors.book.role(Capacity(actor.party, actor.role))
    outcome = clean(text)
    problems = {}
    if not chosen:
        problems["record"] = "Tick at least one action"
    if not outcome:
        problems["text"] = "Say what came of it"
    elif len(acting.outcome_of(acts.DONE, outcome)) > LIMITS["longtext"]:
        problems["text"] = f"It must be shorter than {LIMITS['longtext']:,} characters"
    elif hidden(outcome):
        problems["text"] = "It holds characters that cannot be seen: type it again"
    if problems:
        raise Invalid(problems)
    with doors.log.transaction(session) as tx:
        capacities.require(session, actor, now)
        held = acts.held(session, chosen)
        may = reading.readable(session, doors, actor, list(held.values()), purpose, now)
        closable = acting.still_closable(may)
        receipt = None
        if closable:
            cases = {one.case.id: one.case for one in closable}
            at = assigning.at_cases(session, doors, actor, list(cases.values()), purpose, now)
            receipt = acting.close(tx, doors, actor, closable, at, outcome, purpose)
    return Closed(len(closable), len(set(chosen)) - len(closable), receipt)
