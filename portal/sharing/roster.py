"""The people of a party, for its administrator: who they are, which capacities they hold, and changing that.

Every look is logged and names whom it showed, before their names are opened. No case content passes here.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy.orm import Session

from isa.agreement import Role
from portal.audit.entry import Subject
from portal.auth import capacities, people, sessions
from portal.auth.actor import Actor
from portal.auth.capacities import Capacity
from portal.auth.errors import CapacityRefused
from portal.auth.people import Person
from portal.db import from_micros
from portal.sharing import said
from portal.sharing.disclosure import Receipt
from portal.sharing.doors import Doors
from portal.sharing.reading import staff

State = Literal["active", "waiting", "ended"]
WITHOUT_PERSON = "feed"
"""The role of an account that no person stands behind: granted at the command line only."""


@dataclass(frozen=True, slots=True)
class Member:
    """One person in the list. `roles` in words; `ends` when the first of them ends; `suggested` by their directory."""

    user: uuid.UUID
    name: str
    state: State
    roles: tuple[str, ...]
    suggested: tuple[str, ...]
    ends: datetime | None
    last_signed_in: datetime | None
    since: datetime


@dataclass(frozen=True, slots=True)
class Roster:
    """Everyone of a party by name, and the receipt of having looked."""

    party: str
    members: tuple[Member, ...]
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class Granted:
    """One capacity of a person, past or present. `live`: it is in force or yet to start."""

    id: uuid.UUID
    role: str
    starts: datetime
    ends: datetime | None
    granted_by: str
    live: bool


@dataclass(frozen=True, slots=True)
class InUse:
    """One session that was not ended."""

    began: datetime
    last_seen: datetime
    role: str


@dataclass(frozen=True, slots=True)
class One:
    """One person with everything this party granted them. `own`: it is the administrator; `ours`: of this party."""

    user: uuid.UUID
    name: str
    first_seen: datetime
    ended: datetime | None
    suggested: tuple[str, ...]
    capacities: tuple[Granted, ...]
    sessions: tuple[InUse, ...]
    own: bool
    ours: bool
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class Offered:
    """A role the agreement lets this party's people hold. `only`: the parties it is restricted to, if it is."""

    id: str
    name: str
    content: bool
    note: str
    only: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A role that only other parties give: which they are; none where only the operator does."""

    name: str
    parties: tuple[str, ...]


def everyone(session: Session, doors: Doors, actor: Actor) -> Roster:
    """Everyone the actor's party looks after. Raises `NotFound` unless the actor is its administrator."""
    now = doors.clock()
    capacities.require_administrator(session, actor, now)
    found = people.of_party(session, actor.party)
    held: dict[uuid.UUID, list[Capacity]] = {}
    for capacity in capacities.of_party(session, actor.party, now):
        held.setdefault(capacity.user, []).append(capacity)
    receipt = _look(session, doors, actor, "list", [p.user for p in found])
    names = staff.names(session, doors, [p.user for p in found])
    members = [_member(doors, p, names[p.user], held.get(p.user, [])) for p in found]
    members.sort(key=lambda m: (m.name.casefold(), m.user))
    return Roster(doors.book.party_name(actor.party), tuple(members), receipt)


def one(session: Session, doors: Doors, actor: Actor, user: uuid.UUID) -> One:
    """One of them. Raises `NotFound`."""
    now = doors.clock()
    capacities.require_administrator(session, actor, now)
    person = people.one_of_party(session, actor.party, user)
    granted = capacities.history_of(session, user, actor.party)
    running = sessions.live_of_user(session, user, people.overseen(person, actor.party))
    roles = {c.id: c for c in granted}
    in_use = [(row.created_at, row.last_seen, row.capacity, row.ends) for row in running]
    givers = {c.granted_by for c in granted if c.granted_by}
    receipt = _look(session, doors, actor, "consultation", [user, *sorted(givers - {user})])
    names = staff.names(session, doors, {user, *givers})
    return One(
        user=user,
        name=names[user],
        first_seen=from_micros(person.created_at),
        ended=from_micros(person.ended_at) if person.ended_at else None,
        suggested=_role_names(doors, actor.party, person.suggested),
        capacities=tuple(_granted(doors, c, names, now) for c in reversed(granted)),
        sessions=tuple(
            InUse(from_micros(began), from_micros(seen), _session_role(doors, roles, capacity))
            for began, seen, capacity, ends in in_use
            if ends > now
        ),
        own=user == actor.user,
        ours=person.home_party == actor.party,
        receipt=receipt,
    )


def offered(doors: Doors, party: str) -> tuple[Offered, ...]:
    """The roles that people of this kind of party may hold, as its agreements have them."""
    return tuple(
        Offered(role.id, role.name, role.content, role.note, _holders(doors, party, role) if role.kinds else ())
        for role in _roles(doors, party)
        if role.id != WITHOUT_PERSON and doors.book.may_hold(party, role.id)
    )


def elsewhere(doors: Doors, party: str) -> tuple[Elsewhere, ...]:
    """The other roles of its agreements, and who gives them."""
    return tuple(
        Elsewhere(role.name, () if role.id == WITHOUT_PERSON else _holders(doors, party, role))
        for role in _roles(doors, party)
        if role.id == WITHOUT_PERSON or not doors.book.may_hold(party, role.id)
    )


def _roles(doors: Doors, party: str) -> tuple[Role, ...]:
    found: dict[str, Role] = {}
    for agreement in doors.book.of_party(party):
        for role in agreement.roles.values():
            found.setdefault(role.id, role)
    return tuple(found.values())


def _holders(doors: Doors, party: str, role: Role) -> tuple[str, ...]:
    """Short names of the parties to this party's agreements whose people may hold the role."""
    everyone = (other for agreement in doors.book.of_party(party) for other in agreement.parties.values())
    return tuple(dict.fromkeys(p.short for p in everyone if role.kinds is None or p.kind in role.kinds))


def grant(
    session: Session, doors: Doors, actor: Actor, user: uuid.UUID, role: str, starts: int, ends: int | None
) -> None:
    """Give a role from `starts` until (not including) `ends`, in microseconds. Raises `NotFound`, `CapacityRefused`."""
    people.one_of_party(session, actor.party, user)
    if role not in {o.id for o in offered(doors, actor.party)}:
        raise CapacityRefused("Choose one of the roles your organisation may give.")
    now = doors.clock()
    with doors.log.transaction(session) as tx:
        capacities.grant(tx, actor, user, role, starts, ends, now, actor.source)


def end(session: Session, doors: Doors, actor: Actor, capacity: uuid.UUID) -> None:
    """End a capacity of the actor's party now, and the sessions in it. Raises `NotFound`."""
    with doors.log.transaction(session) as tx:
        capacities.end(tx, actor, capacity, doors.clock(), actor.source)


def end_sessions(session: Session, doors: Doors, actor: Actor, user: uuid.UUID) -> int:
    """Sign a person out everywhere; how many sessions that ended. Raises `NotFound`."""
    with doors.log.transaction(session) as tx:
        return people.end_sessions(tx, actor, user, doors.clock(), actor.source)


def leaver(session: Session, doors: Doors, actor: Actor, user: uuid.UUID) -> None:
    """Record that someone has left: capacities and sessions end at once. Raises `NotFound`, `CapacityRefused`."""
    if user == actor.user:
        raise CapacityRefused("You cannot record yourself as a leaver. Ask another administrator.")
    with doors.log.transaction(session) as tx:
        people.leaver(tx, actor, user, doors.clock(), actor.source)


def _look(session: Session, doors: Doors, actor: Actor, operation: str, users: Sequence[uuid.UUID]) -> Receipt:
    subjects = [Subject(user, {"staff": True}) for user in users]
    with doors.log.transaction(session) as tx:
        receipt = tx.append(said.entry(operation, actor, subjects=subjects))
    return said.receipt(receipt)


def _member(doors: Doors, person: Person, name: str, held: Sequence[Capacity]) -> Member:
    party = held[0].party if held else person.home_party
    ends = min((c.ends for c in held if c.ends), default=None)
    return Member(
        user=person.user,
        name=name,
        state="ended" if person.ended_at else "active" if held else "waiting",
        roles=_role_names(doors, party, [c.role for c in held]),
        suggested=_role_names(doors, party, person.suggested),
        ends=from_micros(ends - 1) if ends else None,
        last_signed_in=from_micros(person.last_signed_in) if person.last_signed_in else None,
        since=from_micros(person.created_at),
    )


def _granted(doors: Doors, c: Capacity, names: dict[uuid.UUID, str], now: int) -> Granted:
    over = c.ended_at or c.ends
    return Granted(
        id=c.id,
        role=doors.book.role_name(c.party, c.role),
        starts=from_micros(c.starts),
        ends=from_micros(over - 1) if over else None,
        granted_by=names[c.granted_by] if c.granted_by else "the operator, at set-up",
        live=c.ended_at is None and (c.ends is None or c.ends > now),
    )


def _session_role(doors: Doors, roles: dict[uuid.UUID, Capacity], capacity: uuid.UUID | None) -> str:
    if capacity is None:
        return "no role chosen"
    found = roles.get(capacity)
    return doors.book.role_name(found.party, found.role) if found else "a role of another organisation"


def _role_names(doors: Doors, party: str, roles: Sequence[str]) -> tuple[str, ...]:
    return tuple(doors.book.role_name(party, role) for role in roles)
