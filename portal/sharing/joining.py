"""What is asked of a person before they see anything: training, acceptable use, vetting (clauses 9.21 to 9.24).

Each is a fact of the agreement. Here stand what is lacking and whom to ask; who looks after whom; and the records.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from isa.agreement import Agreement, Capacity
from isa.reach import comes_first
from portal.audit.entry import Subject
from portal.auth import away, capacities, induction, people
from portal.auth.actor import Actor, Induction
from portal.auth.errors import CapacityRefused
from portal.auth.lasting import TRAINED, USE, VETTED, WORDS
from portal.db import from_micros, to_micros
from portal.errors import NotFound, Refused
from portal.sharing import said
from portal.sharing.days import day_at, midnight
from portal.sharing.disclosure import Receipt
from portal.sharing.doors import Doors
from portal.sharing.reading import staff


@dataclass(frozen=True, slots=True)
class Holds:
    """One fact of a person. `until` is its last day, None where nothing is recorded; `now`: it holds today; `first`:
    the clause that shuts everything without it, "" where it shuts only a part or nothing."""

    fact: str
    until: date | None
    now: bool
    first: str


NAMES: Mapping[str, str] = {TRAINED: "training in information sharing", USE: "acceptable use", VETTED: "vetting"}


def words(lack: Holds) -> str:
    """What is lacking, told to whoever lacks it."""
    if lack.fact == USE:
        if lack.until is None:
            return "You have not accepted yet how this service may be used."
        return f"That you accepted how this service may be used ended on {_day(lack.until)}."
    if lack.until is None:
        return f"Nobody has recorded your {NAMES[lack.fact]} yet."
    return f"Your {NAMES[lack.fact]} ended on {_day(lack.until)}."


def _day(when: date) -> str:
    return f"{when.day} {when:%B %Y}"


@dataclass(frozen=True, slots=True)
class Past:
    """One record as it was made. `level` in words; `by` the name of whoever recorded it."""

    fact: str
    level: str
    starts: date
    until: date
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Member:
    """One person of the party with the facts of their roles."""

    user: uuid.UUID
    name: str
    roles: tuple[str, ...]
    holds: tuple[Holds, ...]


@dataclass(frozen=True, slots=True)
class Joined:
    """Everyone of a party whose role asks for something, by name."""

    party: str
    members: tuple[Member, ...]
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class Whole:
    """One person with every record, the latest first, and who at the party records them."""

    user: uuid.UUID
    name: str
    holds: tuple[Holds, ...]
    past: tuple[Past, ...]
    ask: tuple[str, ...]
    receipt: Receipt


def looks_after(doors: Doors, actor: Actor) -> bool:
    """Whether this capacity records for the people of its party: its administrator, and its SPOC."""
    reach, content, _ = doors.book.role(Capacity(actor.party, actor.role))
    return actor.role == capacities.ADMINISTRATOR or (content and reach == "party")


def asked_of(doors: Doors, party: str, role: str) -> Mapping[str, str]:
    """What every agreement of a party asks of this role before anything is shown: fact → clause."""
    found: dict[str, str] = {}
    for agreement in doors.book.of_party(party):
        found |= _first(agreement, role)
    return found


_FIRST: dict[tuple[str, str], Mapping[str, str]] = {}  # by digest, because an agreement itself cannot be hashed


def _first(agreement: Agreement, role: str) -> Mapping[str, str]:
    key = (agreement.digest, role)
    if key not in _FIRST:
        _FIRST[key] = comes_first(agreement, role) if role in agreement.roles else {}
    return _FIRST[key]


def holds(doors: Doors, party: str, roles: Iterable[str], known: Induction, now: int) -> tuple[Holds, ...]:
    """The facts of somebody in these roles, as they stand; none where no role of theirs asks for any."""
    asked: dict[str, str] = {}
    for role in roles:
        asked |= asked_of(doors, party, role)
    if not asked:
        return ()
    facts = known.facts(now)
    return tuple(
        Holds(fact, None if ends is None else day_at(ends - 1), facts.get(fact, False), asked.get(fact, ""))
        for fact, ends in known._asdict().items()
    )


def own(doors: Doors, actor: Actor) -> tuple[Holds, ...]:
    """Those of whoever acts: read with their session, so that nothing more is asked."""
    return holds(doors, actor.party, [actor.role], actor.induction, doors.clock())


def lacking(doors: Doors, actor: Actor) -> tuple[Holds, ...]:
    """What keeps everything from this actor now."""
    return tuple(each for each in own(doors, actor) if each.first and not each.now)


OWN_PAGE = "“Training and vetting” at the foot of the page"


def require(session: Session, doors: Doors, actor: Actor) -> None:
    """Raise `Refused` where something that is asked of the person is lacking, with the clause and whom to ask. The
    refusal is logged, with those who are named. An emergency changes nothing (clause 6.40)."""
    lack = next(iter(lacking(doors, actor)), None)
    if lack is None:
        return
    found = _keepers(session, doors, actor)
    subjects = [Subject(actor.user, {"staff": True, "lacks": lack.fact}), *_staff(found)]
    with doors.log.transaction(session) as tx:
        receipt = tx.append(said.entry("consultation", actor, outcome="refused", subjects=subjects))
    ask = f"Read and accept it yourself: choose {OWN_PAGE}."
    if lack.fact != USE:
        ask = f"Ask {_named(session, doors, actor.party, found)}. What is recorded of you: {OWN_PAGE}."
    raise Refused(lack.first, words(lack), ask, receipt.reference)


def everyone(session: Session, doors: Doors, actor: Actor) -> Joined:
    """The people of the actor's party, for its SPOC and its administrator. Raises `NotFound`, `LogUnavailable`."""
    now = doors.clock()
    _require(session, doors, actor, now)
    roles = _roles(session, actor.party, now)
    asked = [user for user, held in roles.items() if any(asked_of(doors, actor.party, role) for role in held)]
    known = induction.of_people(session, actor.party, asked)
    receipt = _look(session, doors, actor, "list", asked)
    names = staff.names(session, doors, asked)
    members = [
        Member(
            user,
            names[user],
            tuple(doors.book.role_name(actor.party, role) for role in roles[user]),
            holds(doors, actor.party, roles[user], known[user], now),
        )
        for user in asked
    ]
    members.sort(key=lambda m: (m.name.casefold(), m.user))
    return Joined(doors.book.party_name(actor.party), tuple(members), receipt)


def one(session: Session, doors: Doors, actor: Actor, user: uuid.UUID) -> Whole:
    """One of them with every record. Raises `NotFound`, `LogUnavailable`."""
    now = doors.clock()
    _require(session, doors, actor, now)
    people.one_of_party(session, actor.party, user)
    held = _roles(session, actor.party, now).get(user, [])
    found = holds(doors, actor.party, held, induction.of(session, user, actor.party), now)
    return _whole(session, doors, actor, user, found)


def mine(session: Session, doors: Doors, actor: Actor) -> Whole:
    """What is recorded of whoever asks, and who records it. Raises `LogUnavailable`."""
    return _whole(session, doors, actor, actor.user, own(doors, actor))


def record(
    session: Session, doors: Doors, actor: Actor, user: uuid.UUID, fact: str, level: str, starts: int, ends: int
) -> None:
    """Record training or vetting of somebody of the actor's party. Raises `NotFound`, `CapacityRefused`."""
    now = doors.clock()
    _require(session, doors, actor, now)
    people.one_of_party(session, actor.party, user)
    with doors.log.transaction(session) as tx:
        induction.record(tx, actor, user, fact, level, starts, ends, now)


def accept(session: Session, doors: Doors, actor: Actor, words: str) -> None:
    """The actor accepts these words of acceptable use, until a day a year ahead is over (clause 9.22). Raises
    `CapacityRefused` where others are in force meanwhile."""
    if words != WORDS:
        raise CapacityRefused("The words have changed since you opened this page. Read them again.")
    now = doors.clock()
    ends = to_micros(midnight(day_at(now) + timedelta(days=366)))
    with doors.log.transaction(session) as tx:
        induction.accept(tx, actor, ends, now)


@dataclass(frozen=True, slots=True)
class Waits:
    """What waits for whoever looks after a party's people: requests, colleagues from whom something keeps everything
    already, and others of whom something that holds ends before an instant (clause 9.24)."""

    requests: int
    shut: int
    ending: int


def waits(session: Session, doors: Doors, actor: Actor, until: int) -> Waits:
    """For the home page of a SPOC or an administrator, in one statement; names nobody."""
    now = doors.clock()
    rows, requests = induction.standing(session, actor.party, now)
    shut, ending = set(), set()
    for user, role, known in rows:
        held, later = (holds(doors, actor.party, [role], known, at) for at in (now, until))
        if any(each.first and not each.now for each in held):
            shut.add(user)
        elif any(each.now and not then.now for each, then in zip(held, later, strict=True)):
            ending.add(user)
    return Waits(requests, len(shut), len(ending - shut))


def _require(session: Session, doors: Doors, actor: Actor, now: int) -> None:
    capacities.require(session, actor, now)
    if not looks_after(doors, actor):
        raise NotFound


def _roles(session: Session, party: str, now: int) -> dict[uuid.UUID, list[str]]:
    found: dict[uuid.UUID, list[str]] = {}
    for held in capacities.of_party(session, party, now):
        found.setdefault(held.user, []).append(held.role)
    return found


def _keepers(session: Session, doors: Doors, actor: Actor) -> dict[uuid.UUID, str]:
    """Who records at the actor's party now, besides themselves, with the role: SPOCs first."""
    found: dict[uuid.UUID, str] = {}
    now = doors.clock()
    resting = away.of_party(session, actor.party, now)
    granted = [c for c in capacities.of_party(session, actor.party, now) if c.starts <= now and c.user not in resting]
    for held in sorted(granted, key=lambda c: c.role == capacities.ADMINISTRATOR):
        reach, content, _ = doors.book.role(Capacity(held.party, held.role))
        if held.user != actor.user and (held.role == capacities.ADMINISTRATOR or (content and reach == "party")):
            found.setdefault(held.user, held.role)
    return dict(list(found.items())[:MOST_NAMED])


MOST_NAMED = 4


def _named(session: Session, doors: Doors, party: str, found: Mapping[uuid.UUID, str]) -> str:
    names = staff.names(session, doors, found)
    told = [f"{names[user]} ({doors.book.role_name(party, role)})" for user, role in found.items()]
    return " or ".join(told) or f"the people who run this service: nobody else at {doors.book.party_name(party)} can"


def _whole(session: Session, doors: Doors, actor: Actor, user: uuid.UUID, found: tuple[Holds, ...]) -> Whole:
    records, keepers = induction.history(session, user, actor.party), _keepers(session, doors, actor)
    givers = {kept.by for kept in records if kept.by}
    receipt = _look(session, doors, actor, "consultation", list(dict.fromkeys([user, *sorted(givers), *keepers])))
    names = staff.names(session, doors, {user, *givers, *keepers})
    past = tuple(
        Past(
            kept.fact,
            induction.LEVELS.get(kept.level, ""),
            day_at(kept.starts),
            day_at(kept.ends - 1),
            names[kept.by] if kept.by else "the operator, at set-up",
            from_micros(kept.at),
        )
        for kept in records
    )
    ask = tuple(f"{names[who]}, {doors.book.role_name(actor.party, role)}" for who, role in keepers.items())
    return Whole(user, names[user], found, past, ask, receipt)


def _staff(users: Iterable[uuid.UUID]) -> list[Subject]:
    return [Subject(user, {"staff": True}) for user in users]


def _look(session: Session, doors: Doors, actor: Actor, operation: str, users: Sequence[uuid.UUID]) -> Receipt:
    with doors.log.transaction(session) as tx:
        receipt = tx.append(said.entry(operation, actor, subjects=_staff(users)))
    return said.receipt(receipt)
