"""Delegations as those see them who may delegate: who stands in for them, until when, and whom they can ask.

Every look is logged and names whom it showed, before a name is opened. No case content passes here.
"""

import uuid
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy.orm import Session

from portal.audit.entry import Subject
from portal.auth import capacities, delegations, people
from portal.auth.actor import Actor
from portal.auth.tables import CapacityGrant
from portal.db import from_micros
from portal.errors import NotFound
from portal.sharing import said
from portal.sharing.days import day_at
from portal.sharing.disclosure import Receipt
from portal.sharing.doors import Doors
from portal.sharing.reading import staff


@dataclass(frozen=True, slots=True)
class Line:
    """One delegation, first and last day. `runs`: it is not over; `ended`: when it was ended before its last day."""

    id: uuid.UUID
    name: str = field(repr=False)
    first: date
    last: date
    runs: bool
    ended: datetime | None


@dataclass(frozen=True, slots=True)
class Delegations:
    """Those of the reader's own capacity, the latest first, and the colleagues who could be next, by name.

    `stands_in_for`: whose role the reader has themselves, "" where it is their own.
    """

    role: str
    stands_in_for: str = field(repr=False)
    lines: tuple[Line, ...]
    colleagues: tuple[tuple[uuid.UUID, str], ...] = field(repr=False)
    receipt: Receipt


def mine(session: Session, doors: Doors, actor: Actor) -> Delegations:
    """Raises `NotFound` for a role that cannot be delegated, `LogUnavailable`."""
    now = doors.clock()
    capacities.require(session, actor, now)
    if actor.role not in delegations.DELEGATED:
        raise NotFound
    source = delegations.source_of(session, actor.capacity)
    rows = delegations.of_capacity(session, actor.capacity)
    colleagues = [] if source else _colleagues(session, actor)
    shown = {*colleagues, *(row.user for row in rows), *((source.user,) if source else ())}
    with doors.log.transaction(session) as tx:
        subjects = [Subject(user, {"staff": True}) for user in sorted(shown or {actor.user})]
        receipt = said.receipt(tx.append(said.entry("list", actor, subjects=subjects)))
    names = staff.names(session, doors, shown)
    again = delegations.of_capacity(session, actor.capacity)
    return Delegations(
        doors.book.role_name(actor.party, actor.role),
        names[source.user] if source else "",
        tuple(_line(row, names[row.user], now) for row in again if row.user in names),
        tuple(sorted(((user, names[user]) for user in colleagues), key=lambda each: each[1].casefold())),
        receipt,
    )


def delegate(session: Session, doors: Doors, actor: Actor, user: uuid.UUID, starts: int, ends: int) -> None:
    """Let a colleague stand in. Raises `NotFound`, `CapacityRefused`, `LogUnavailable`."""
    with doors.log.transaction(session) as tx:
        delegations.delegate(tx, actor, user, starts, ends, doors.clock())


def end(session: Session, doors: Doors, actor: Actor, id: uuid.UUID) -> None:
    """End it now. Raises `NotFound`, `LogUnavailable`."""
    with doors.log.transaction(session) as tx:
        delegations.end(tx, actor, id, doors.clock())


def _colleagues(session: Session, actor: Actor) -> list[uuid.UUID]:
    found = people.of_party(session, actor.party)
    return [p.user for p in found if p.home_party == actor.party and p.ended_at is None and p.user != actor.user]


def _line(row: CapacityGrant, name: str, now: int) -> Line:
    ends = row.ends or row.starts
    ended = from_micros(row.ended_at) if row.ended_at else None
    return Line(row.id, name, day_at(row.starts), day_at(ends - 1), ended is None and ends > now, ended)
