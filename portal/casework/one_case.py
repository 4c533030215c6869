"""Who of a party works on one case, for its SPOC on a visit to it: assign a colleague, or end an assignment."""

import uuid
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from isa.explaining import text_for_user
from portal.auth import away, capacities
from portal.auth.actor import Actor
from portal.casework import team
from portal.casework.cover import NOBODY, unfit, words_of
from portal.errors import NotFound, Refused
from portal.sharing import assigning, posts, said
from portal.sharing.assigning import PRACTITIONER, At, Begin, End
from portal.sharing.days import day_at
from portal.sharing.disclosure import Receipt
from portal.sharing.doors import Doors
from portal.sharing.fields import Invalid
from portal.sharing.reading import case as case_reading
from portal.sharing.reading import staff
from portal.sharing.reading.case import Found
from portal.sharing.reading.heading import Heading, heading
from portal.sharing.sight import CREATE

AS = ("practitioner", "lead")
"""What a colleague may be on a case, by the agreement's roles."""


@dataclass(frozen=True, slots=True)
class Working:
    """One person of the party on the case. `covers`: the name of whom they stand in for, "" for nobody."""

    post: uuid.UUID
    name: str
    role: str
    starts: date
    until: date | None
    covers: str


@dataclass(frozen=True, slots=True)
class OnCase:
    """The people of the party on a case, and the colleagues who are not; `offered` are (role, name) they may get."""

    about: Heading
    party: str
    working: tuple[Working, ...]
    colleagues: tuple[tuple[uuid.UUID, str], ...]
    offered: tuple[tuple[str, str], ...]


def on_case(session: Session, doors: Doors, actor: Actor, visit: uuid.UUID) -> OnCase:
    """The team of the actor's party on the case. Raises `NotFound` as a view does, `Refused` where this purpose does
    not let it be changed."""
    found, at = _find(session, doors, actor, visit)
    held = posts.on_cases(session, actor.party, [at.case.id], at.now)
    may = _may_begin(session, doors, actor, at.now)
    users = {p.user for p in held} | {p.covers for p in held if p.covers} | may
    about = heading(session, doors, actor, found)
    team.look(session, doors, actor, "list", sorted(users))
    names = staff.names(session, doors, users)
    working = tuple(
        Working(
            post=p.id,
            name=names[p.user],
            role=words_of(at.engine.agreement, p.role, p.pathway),
            starts=day_at(p.starts),
            until=day_at(p.ends - 1) if p.ends else None,
            covers=names[p.covers] if p.covers else "",
        )
        for p in held
    )
    free = sorted((names[u], u) for u in may - {p.user for p in held})
    offered = tuple((role, words_of(at.engine.agreement, role, None)) for role in AS)
    return OnCase(about, doors.book.party_name(actor.party), working, tuple((u, name) for name, u in free), offered)


def assign(
    session: Session,
    doors: Doors,
    actor: Actor,
    visit: uuid.UUID,
    to: uuid.UUID | None,
    role: str,
    until: int | None,
    reason: str,
    telephone: str = "",
) -> Receipt:
    """Let a colleague work on the case from now on, until an instant or for good. Raises as `on_case`, `Invalid`."""
    found, at = _find(session, doors, actor, visit)
    problems = {}
    if to is None or to not in _may_begin(session, doors, actor, at.now):
        problems["to"] = NOBODY
    if role not in AS:
        problems["role"] = "Choose what they are on this case"
    if until is not None and until <= at.now:
        problems["until"] = "The last day cannot be in the past"
    problems |= unfit(doors, actor, reason, telephone)
    if problems or to is None:
        raise Invalid(problems)
    team.look(session, doors, actor, "consultation", [to])
    words = {
        "practitioner": staff.names(session, doors, [to])[to],
        "role": words_of(at.engine.agreement, role, None),
        "telephone": telephone,
    }
    with doors.log.transaction(session) as tx:
        capacities.require(session, actor, at.now)
        if any(p.user == to for p in posts.held(session, actor.party, [at.case.id], at.now)):
            raise Invalid({"to": "They work on this case already"})
        begin = Begin(at, to, role, None, at.now, until, None, words)
        return assigning.change(tx, doors, actor, [begin], [], found.visit.purpose, reason, found.visit.id)


def end(session: Session, doors: Doors, actor: Actor, visit: uuid.UUID, post: uuid.UUID) -> int:
    """End one assignment to the case now; how many of the party are left. Raises as `on_case`, and `NotFound` for one
    that is not there any more."""
    found, at = _find(session, doors, actor, visit)
    with doors.log.transaction(session) as tx:
        capacities.require(session, actor, at.now)
        held = posts.held(session, actor.party, [at.case.id], at.now)
        ends = [End(at, p, at.now) for p in held if p.id == post]
        if not ends:
            raise NotFound
        assigning.change(tx, doors, actor, [], ends, found.visit.purpose, "Ended on the case", found.visit.id)
    return sum(p.id != post and p.starts <= at.now for p in held)


def _may_begin(session: Session, doors: Doors, actor: Actor, now: int) -> set[uuid.UUID]:
    """Who may begin on a case now: whoever is away could not open it."""
    return team.may_take(session, doors, actor.party, now).keys() - away.of_party(session, actor.party, now).keys()


def _find(session: Session, doors: Doors, actor: Actor, visit: uuid.UUID) -> tuple[Found, At]:
    team.require(doors, actor)
    found = case_reading.find(session, doors, actor, visit, "alteration")
    at = At(found.visit.case, found.engine, found.sight, found.facts, found.now)
    if not at.may_assign:
        _refuse(session, doors, actor, found)
    return found, at


def _refuse(session: Session, doors: Doors, actor: Actor, found: Found) -> None:
    """Log and raise `Refused`: for this purpose the agreement does not let it be written who is responsible."""
    decision = found.sight.decide(CREATE, PRACTITIONER, actor.party)
    case = found.visit.case
    entry = said.entry(
        "alteration",
        actor,
        outcome="refused",
        purpose=found.visit.purpose,
        agreement=found.sight.reference,
        subjects=[said.about(case.person, case.id, refused=[[PRACTITIONER, decision.clause]])],
        visit=found.visit.id,
    )
    with doors.log.transaction(session) as tx:
        receipt = tx.append(entry)
    raise Refused(decision.clause, text_for_user(found.engine.agreement, decision), "", receipt.reference)
