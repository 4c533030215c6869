"""Who of a party works on what, for its SPOC: its people with their cases, and the cover that is arranged.

Every look is logged and names the staff it showed, before their names are opened.
"""

import hashlib
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from isa.agreement import Capacity
from portal.audit.entry import Subject
from portal.auth import away as resting
from portal.auth import capacities
from portal.auth.actor import Actor
from portal.errors import NotFound
from portal.sharing import posts, said
from portal.sharing.days import day_at
from portal.sharing.disclosure import Receipt
from portal.sharing.doors import Doors
from portal.sharing.posts import Post
from portal.sharing.reading import lists, staff
from portal.sharing.reading.reach import working

CLAUSE = "9.5"
"""Each party gives access to named people; its SPOC says who of them works on which case."""
REACHES = frozenset({"assigned", "party"})
"""Of a role: it sees the cases that are assigned, so that assigning one to it means something."""


@dataclass(frozen=True, slots=True)
class Cover:
    """`who` works on cases of `whom` until a last day; `starts` None: already. Names of both."""

    who: uuid.UUID
    whom: uuid.UUID
    who_name: str
    whom_name: str
    starts: date | None
    until: date
    cases: int


@dataclass(frozen=True, slots=True)
class Member:
    """One person of the party: roles in words (none: they left, or their role ended), open cases, cover by and for
    them. `role_ends`: the last day of the last of these roles, None without end; `away`: their last day away, None who
    is here."""

    user: uuid.UUID
    name: str
    roles: tuple[str, ...]
    role_ends: date | None
    cases: int
    covers: tuple[Cover, ...]
    covered: tuple[Cover, ...]
    away: date | None


@dataclass(frozen=True, slots=True)
class Team:
    """Everyone of a party who works on cases, by name."""

    party: str
    members: tuple[Member, ...]
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class Line:
    """One case of a colleague. `stamp` is how it was assigned when this was read: a form sends it back."""

    case: uuid.UUID
    stamp: str
    reference: str
    name: str
    rag: str
    until: date | None


@dataclass(frozen=True, slots=True)
class Desk:
    """One person with their cases, and the colleagues who may take them, whoever is away last."""

    member: Member
    lines: tuple[Line, ...]
    colleagues: tuple[Member, ...]
    marking: str
    receipt: Receipt


def assigns(doors: Doors, actor: Actor) -> bool:
    """Whether this capacity says who of its party works on what: the role that sees the cases of the whole party."""
    reach, content, _ = doors.book.role(Capacity(actor.party, actor.role))
    return content and reach == "party"


def require(doors: Doors, actor: Actor) -> str:
    """The standing purpose of a capacity that assigns. Raises `NotFound` for any other."""
    if not assigns(doors, actor):
        raise NotFound
    return doors.book.role(Capacity(actor.party, actor.role))[2]


def team(session: Session, doors: Doors, actor: Actor) -> Team:
    """Everyone of the actor's party who may work on cases or still has some. Raises `NotFound`, `LogUnavailable`."""
    people = _people(session, doors, actor, doors.clock())
    receipt = look(session, doors, actor, "list", people.users)
    return Team(doors.book.party_name(actor.party), people.members(session, doors), receipt)


def desk(session: Session, doors: Doors, actor: Actor, user: uuid.UUID) -> Desk:
    """One of them, with the open cases that this capacity may know of. Raises as `team`."""
    now = doors.clock()
    people = _people(session, doors, actor, now)
    if user not in people.users:
        raise NotFound
    purpose = require(doors, actor)
    cases = posts.cases_of(session, actor.party, people.agreements, user, now)
    listed = lists.listed(session, doors, actor, cases, purpose, now, len(cases), also=named(people.users))
    receipt = listed.receipt or look(session, doors, actor, "list", people.users)
    held: dict[uuid.UUID, list[Post]] = {}
    for post in posts.on_cases(session, actor.party, [c.id for c in cases], now):
        if post.user == user:
            held.setdefault(post.case, []).append(post)
    lines = tuple(
        Line(line.case, stamp(held[line.case]), line.reference, line.name, line.rag, _until(held[line.case]))
        for line in listed.lines
        if line.case in held
    )
    members = people.members(session, doors)
    return Desk(
        member=next(m for m in members if m.user == user),
        lines=lines,
        colleagues=tuple(sorted((m for m in members if m.user != user and m.roles), key=lambda m: m.away is not None)),
        marking=listed.marking,
        receipt=receipt,
    )


def around(session: Session, doors: Doors, actor: Actor) -> tuple[Cover, ...]:
    """The cover that the actor gives or is given, in this capacity's party. Logged where there is any."""
    now = doors.clock()
    found = posts.cover(session, actor.party, now, actor.user)
    if not found:
        return ()
    people = {p.user for p in found} | {p.covers for p in found if p.covers}
    look(session, doors, actor, "list", sorted(people - {actor.user}))
    return _covers(found, staff.names(session, doors, people), now)


def stamp(held: Iterable[Post]) -> str:
    """What somebody's posts on a case are: other text as soon as one of them is another, or ends another day."""
    told = ",".join(f"{p.id.hex}:{p.ends}" for p in sorted(held))
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def may_take(session: Session, doors: Doors, party: str, now: int) -> dict[uuid.UUID, list[capacities.Capacity]]:
    """People of a party to whom a case may be assigned, with the capacities that let them work on it."""
    found: dict[uuid.UUID, list[capacities.Capacity]] = {}
    for held in capacities.of_party(session, party, now):
        reach, content, _ = doors.book.role(Capacity(party, held.role))
        if content and reach in REACHES and held.starts <= now:
            found.setdefault(held.user, []).append(held)
    return found


def look(session: Session, doors: Doors, actor: Actor, operation: str, users: Sequence[uuid.UUID]) -> Receipt:
    """Log a look at these members of staff."""
    with doors.log.transaction(session) as tx:
        return said.receipt(tx.append(said.entry(operation, actor, subjects=named(users))))


def named(users: Iterable[uuid.UUID]) -> list[Subject]:
    """Members of staff as an entry names them."""
    return [Subject(user, {"staff": True}) for user in users]


@dataclass(frozen=True, slots=True)
class _People:
    party: str
    now: int
    agreements: tuple[str, ...]
    held: dict[uuid.UUID, list[capacities.Capacity]]
    counts: dict[uuid.UUID, int]
    cover: list[Post]
    away: dict[uuid.UUID, int]

    @property
    def users(self) -> list[uuid.UUID]:
        return sorted(self.held.keys() | self.counts.keys())

    def members(self, session: Session, doors: Doors) -> tuple[Member, ...]:
        """By name. The entry that names them has been written before."""
        covering = {p.user for p in self.cover} | {p.covers for p in self.cover if p.covers}
        names = staff.names(session, doors, {*self.users, *covering})
        covers = _covers(self.cover, names, self.now)
        made = [self._member(doors, user, names[user], covers) for user in self.users]
        return tuple(sorted(made, key=lambda m: (m.name.casefold(), m.user)))

    def _member(self, doors: Doors, user: uuid.UUID, name: str, covers: Sequence[Cover]) -> Member:
        held = self.held.get(user, [])
        ends = [c.ends for c in held]
        last = None if not ends or None in ends else max(e for e in ends if e is not None)
        return Member(
            user=user,
            name=name,
            roles=tuple(doors.book.role_name(self.party, c.role) for c in held),
            role_ends=day_at(last - 1) if last else None,
            cases=self.counts.get(user, 0),
            covers=tuple(c for c in covers if c.who == user),
            covered=tuple(c for c in covers if c.whom == user),
            away=day_at(self.away[user] - 1) if user in self.away else None,
        )


def _people(session: Session, doors: Doors, actor: Actor, now: int) -> _People:
    doors.book.refresh(session)
    purpose = require(doors, actor)
    given = tuple(s.agreement.id for s in working(doors, actor, purpose, now) if s.knows_person)
    return _People(
        party=actor.party,
        now=now,
        agreements=given,
        held=may_take(session, doors, actor.party, now),
        counts=posts.counted(session, actor.party, given, now),
        cover=posts.cover(session, actor.party, now),
        away=resting.of_party(session, actor.party, now),
    )


def _covers(found: Iterable[Post], names: dict[uuid.UUID, str], now: int) -> tuple[Cover, ...]:
    """Cover by the same for the same over the same days is one. Cover always ends."""
    grouped: dict[tuple[uuid.UUID, uuid.UUID, date | None, date], set[uuid.UUID]] = {}
    for post in found:
        if post.covers is not None and post.ends is not None:
            starts = day_at(post.starts) if post.starts > now else None
            grouped.setdefault((post.user, post.covers, starts, day_at(post.ends - 1)), set()).add(post.case)
    made = [
        Cover(who, whom, names[who], names[whom], starts, until, len(cases))
        for (who, whom, starts, until), cases in grouped.items()
    ]
    return tuple(sorted(made, key=lambda c: (c.until, c.who_name.casefold(), c.whom_name.casefold())))


def _until(held: Iterable[Post]) -> date | None:
    ends = [p.ends for p in held]
    return None if None in ends else day_at(max(e for e in ends if e is not None) - 1)
