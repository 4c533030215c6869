"""Asking an owner to see more, and answering for one's agency: who may, what waits, what became of it (clause 8.28)."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from isa.agreement import Capacity
from portal.auth.actor import Actor
from portal.casework import referrals
from portal.db import from_micros
from portal.errors import NotFound
from portal.sharing import asking, asks, granting
from portal.sharing.asks import WAITING, Ask
from portal.sharing.assigning import At
from portal.sharing.doors import Doors
from portal.sharing.facts import contracted
from portal.sharing.granting import Answer
from portal.sharing.reading import asks as reading
from portal.sharing.reading import case as case_reading
from portal.sharing.reading.asks import NOTHING, Line, Lines, whole_words
from portal.sharing.reading.heading import Heading, heading
from portal.sharing.sight import CONFIDENCE, CREATE, sight

WORKING = {"assigned": True, "case_open": True, asks.PUT_FACT: True}


@dataclass(frozen=True, slots=True)
class Wanted:
    """One thing that may be asked for: a field, or an update with all its parts.

    `pending`: it was asked for already; `based`: nothing but a request lacks."""

    value: str
    words: str
    pending: bool
    based: bool


@dataclass(frozen=True, slots=True)
class Blank:
    """The form of a request at a case: by owner what may be asked for. `whom`: each owner's full name."""

    about: Heading
    owners: tuple[tuple[str, str, tuple[Wanted, ...]], ...]


def blank(session: Session, doors: Doors, actor: Actor, visit: uuid.UUID) -> Blank:
    """What this capacity may ask for here. Raises `NotFound` as a view does, and where nothing may be asked for."""
    found = case_reading.find(session, doors, actor, visit)
    agreement, seen, case = found.engine.agreement, found.sight, found.visit.case
    if not seen.askable or found.visit.emergency:
        case_reading.refuse(session, doors, actor, "consultation", case, found.visit.purpose)
    pending = asking.pending(session, actor, case.id, found.now)
    things: dict[str, dict[str, list[str]]] = {}
    for owner, key in sorted(seen.askable, key=lambda of: agreement.fields[of[1]].label is not None):
        things.setdefault(owner, {}).setdefault(whole_words(agreement, key), []).append(key)

    def wanted(owner: str, words: str, keys: Sequence[str]) -> Wanted:
        left = [key for key in keys if (owner, key) not in pending]
        categories = {agreement.fields[key].category for key in keys}
        based = all(found.facts.known.get(f"{CONFIDENCE}:{owner}:{category}") is True for category in categories)
        return Wanted(value(owner, *left or keys), words, not left, based)

    owners = tuple(
        (party, named.name, tuple(wanted(party, words, keys) for words, keys in things[party].items()))
        for party, named in agreement.parties.items()
        if party in things
    )
    return Blank(heading(session, doors, actor, found), owners)


def value(owner: str, *keys: str) -> str:
    """What a form sends for fields of an owner that are asked for as one."""
    return " ".join((owner, *keys))


def ask(
    session: Session,
    doors: Doors,
    actor: Actor,
    visit: uuid.UUID,
    ticked: Collection[str],
    why: str,
    days: int,
    once: uuid.UUID,
) -> None:
    """Send the form. Raises as `asking.ask`."""
    wanted = {(owner, key) for owner, *keys in (text.split(" ") for text in ticked) for key in keys or [""]}
    asking.ask(session, doors, actor, visit, wanted, why, days, once)


def mine(session: Session, doors: Doors, actor: Actor) -> Lines:
    """For the home page of whoever asked: what waits, is granted, or was answered in the last fortnight."""
    now = doors.clock()
    rows = asks.mine(session, actor, now)
    return reading.mine(session, doors, actor, rows, _purpose(doors, actor), now, named=True) if rows else NOTHING


def on_case(session: Session, doors: Doors, actor: Actor, case: uuid.UUID, purpose: str) -> tuple[Line, ...]:
    """The same for one case that is shown for a purpose. A reason of a refusal is logged before it is opened."""
    now = doors.clock()
    rows = asks.mine(session, actor, now, case)
    return reading.mine(session, doors, actor, rows, purpose, now, named=False).lines if rows else ()


def answers(doors: Doors, actor: Actor) -> bool:
    """Whether some agreement lets this capacity answer requests. Looks at nobody."""
    capacity, now, purpose = Capacity(actor.party, actor.role), doors.clock(), _purpose(doors, actor)
    known, bound = {**WORKING, **actor.induction.facts(now)}, doors.book.of_party(actor.party)
    seen = (
        sight(
            doors.book.engine(a.id),
            capacity,
            {**known, **contracted(a, actor.party, actor.contracts)},
            purpose,
            from_micros(now),
        )
        for a in bound
    )
    return any(s.decide(CREATE, asks.WHY_NOT, actor.party).permit for s in seen)


def waiting(session: Session, doors: Doors, actor: Actor) -> tuple[int, int]:
    """How many requests wait for this capacity's answer, and how many it granted still last. Opens nothing."""
    if not answers(doors, actor):
        return 0, 0
    rows, _ = _put(session, doors, actor, doors.clock())
    wait = {r.request for r in rows if r.state == WAITING}
    return len(wait), len({r.request for r in rows} - wait)


def fresh(session: Session, doors: Doors, actor: Actor, since: int, now: int) -> bool:
    """Whether something was asked that waits for this capacity's answer, or answered that it had asked, after `since`.
    Decided as on their pages; opens nothing."""
    purpose, mine = _purpose(doors, actor), asks.mine(session, actor, now)
    told = [r for r in mine if since < (r.answered_at or 0) <= now]
    if told:
        at = reading.at_cases(session, doors, actor, told, purpose, now, asks.ASKED_FACT)
        if any(r.case in at and at[r.case].sight.knows_person for r in told):
            return True
    put_to = _put(session, doors, actor, now)[0] if answers(doors, actor) else []
    return any(r.state == WAITING and since < r.asked_at <= now for r in put_to)


def put(session: Session, doors: Doors, actor: Actor) -> Lines:
    """The requests that this capacity may answer, those that wait first, and what is granted now. Raises `NotFound` for
    whoever answers none."""
    if not answers(doors, actor):
        referrals.refuse(session, doors, actor, "list")
    now = doors.clock()
    doors.book.refresh(session)
    rows, at = _put(session, doors, actor, now)
    wait = {r.request for r in rows if r.state == WAITING}
    rows.sort(key=lambda r: r.request not in wait)
    return reading.put(session, doors, actor, rows, at, _purpose(doors, actor), now, "list") if rows else NOTHING


def _put(session: Session, doors: Doors, actor: Actor, now: int) -> tuple[list[Ask], Mapping[uuid.UUID, At]]:
    rows = asks.put_to(session, actor.party, now)
    if not rows:
        return [], {}
    at = reading.at_cases(session, doors, actor, rows, _purpose(doors, actor), now, asks.PUT_FACT)
    return [r for r in rows if r.case in at and reading.answers(at[r.case], r)], at


def one(session: Session, doors: Doors, actor: Actor, request: uuid.UUID) -> tuple[Line, Lines]:
    """One request as far as it is put to this agency. Another's and one that is none are the same `NotFound`."""
    rows, at = _find(session, doors, actor, request, "consultation")
    found = reading.put(session, doors, actor, rows, {at.case.id: at}, _purpose(doors, actor), at.now, "consultation")
    return found.lines[0], found


def answer(session: Session, doors: Doors, actor: Actor, request: uuid.UUID, given: Mapping[uuid.UUID, Answer]) -> None:
    """Answer some or all of it. Raises as `granting.answer`, `NotFound` as `one`."""
    rows, at = _find(session, doors, actor, request, "disclosure")
    if not set(given) <= {r.id for r in rows}:
        referrals.refuse(session, doors, actor, "disclosure")
    granting.answer(session, doors, actor, at, _purpose(doors, actor), request, given)


def take_back(session: Session, doors: Doors, actor: Actor, request: uuid.UUID, of: uuid.UUID) -> None:
    """Take one field back at once. Raises as `granting.take_back`, `NotFound` as `one`."""
    _, at = _find(session, doors, actor, request, "alteration")
    granting.take_back(session, doors, actor, at, _purpose(doors, actor), request, of)


def _find(session: Session, doors: Doors, actor: Actor, request: uuid.UUID, operation: str) -> tuple[list[Ask], At]:
    doors.book.refresh(session)
    now = doors.clock()
    rows = [r for r in asks.of_request(session, request, now) if r.owner == actor.party]
    at = reading.at_cases(session, doors, actor, rows, _purpose(doors, actor), now, asks.PUT_FACT) if rows else {}
    rows = [r for r in rows if r.case in at and reading.answers(at[r.case], r)]
    if not rows:
        referrals.refuse(session, doors, actor, operation)
        raise NotFound
    return rows, at[rows[0].case]


def _purpose(doors: Doors, actor: Actor) -> str:
    return doors.book.role(Capacity(actor.party, actor.role))[2]
