"""Secondments, for the administrators of both parties: whom one asks for, whom the other lends, until when.

Whom the asking party means, and why the other refused, are sealed like a name. Every look names whom it showed.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy.orm import Session

from portal.audit.entry import Subject
from portal.auth import capacities, people, secondments
from portal.auth.actor import Actor
from portal.auth.errors import CapacityRefused
from portal.auth.secondments import AGREED, ASKED, REFUSED, WITHDRAWN
from portal.auth.tables import Secondment
from portal.db import as_read, from_micros
from portal.sharing import roster, said
from portal.sharing.days import day_at
from portal.sharing.disclosure import Receipt
from portal.sharing.doors import Doors
from portal.sharing.reading import staff as opening
from portal.sharing.roster import Offered
from portal.sharing.staff import write

WHOM, WHY_NOT = "seconded-whom", "seconded-refusal"
RUNNING, COMING, OVER = "running", "coming", "over"


@dataclass(frozen=True, slots=True)
class Line:
    """One secondment. `here`: to the reader's party. `whom` as the asking party typed it, `name` as the account has it,
    "" until it is agreed. `state`: asked, refused, withdrawn, coming, running, over. Names of who acted, "" for nobody.
    """

    id: uuid.UUID
    here: bool
    other: str
    whom: str = field(repr=False)
    name: str = field(repr=False)
    role: str
    first: date
    last: date
    state: str
    asked_by: str
    asked_at: datetime
    answered_by: str
    answered_at: datetime | None
    ended_by: str
    ended_at: datetime | None
    why_not: str


@dataclass(frozen=True, slots=True)
class Lines:
    """Those of the reader's party, the latest first."""

    party: str
    lines: tuple[Line, ...]
    receipt: Receipt


def everyone(session: Session, doors: Doors, actor: Actor) -> Lines:
    """Every secondment to and from the actor's party. Raises `NotFound`, `LogUnavailable`."""
    capacities.require_administrator(session, actor, doors.clock())
    return _lines(session, doors, actor, secondments.of_party(session, actor.party), "list")


def one(session: Session, doors: Doors, actor: Actor, id: uuid.UUID) -> tuple[Line, Receipt]:
    """One of them. Raises `NotFound`, `LogUnavailable`."""
    capacities.require_administrator(session, actor, doors.clock())
    found = _lines(session, doors, actor, [secondments.one(session, actor.party, id)], "consultation")
    return found.lines[0], found.receipt


def parties(doors: Doors, actor: Actor) -> tuple[tuple[str, str], ...]:
    """(id, name) of the parties that share an agreement with the actor's, by name."""
    found = {p.id: p.name for a in doors.book.of_party(actor.party) for p in a.parties.values()}
    found.pop(actor.party, None)
    return tuple(sorted(found.items(), key=lambda each: each[1].casefold()))


def roles(doors: Doors, actor: Actor) -> tuple[Offered, ...]:
    """The roles that somebody seconded to the actor's party may have: those that work on cases."""
    return tuple(offer for offer in roster.offered(doors, actor.party) if offer.content)


def candidates(session: Session, doors: Doors, actor: Actor) -> tuple[tuple[uuid.UUID, str], ...]:
    """(id, name) of the actor's own people, by name. Raises `NotFound`, `LogUnavailable`."""
    found = roster.everyone(session, doors, actor)
    own = {p.user for p in people.of_party(session, actor.party) if p.home_party == actor.party}
    return tuple((m.user, m.name) for m in found.members if m.user in own and m.state != "ended")


def ask(
    session: Session, doors: Doors, actor: Actor, home: str, whom: str, role: str, starts: int, ends: int
) -> uuid.UUID:
    """Ask a party for somebody; the id. Raises `NotFound`, `CapacityRefused`, `LogUnavailable`."""
    if home not in dict(parties(doors, actor)):
        raise CapacityRefused("Choose an organisation that shares an agreement with yours.")
    if role not in {offer.id for offer in roles(doors, actor)}:
        raise CapacityRefused("Choose one of the roles your organisation may give.")
    nobody, now = doors.log.nobody(session), doors.clock()
    with doors.log.transaction(session) as tx:
        made = secondments.ask(tx, actor, home, role, starts, ends, now)
        write(session, doors.keys, made, actor.party, WHOM, whom)
        tx.append(said.entry("collection", actor, subjects=[_subject(nobody, made, home=home, asked=role)]))
    return made


def agree(session: Session, doors: Doors, actor: Actor, id: uuid.UUID, user: uuid.UUID) -> None:
    """Lend one of the actor's people. Raises `NotFound`, `Conflict`, `CapacityRefused`, `LogUnavailable`."""
    with doors.log.transaction(session) as tx:
        secondments.agree(tx, actor, id, user, doors.clock())


def refuse(session: Session, doors: Doors, actor: Actor, id: uuid.UUID, why: str) -> None:
    """Refuse, with a reason that the asking party reads. Raises as `agree`."""
    nobody = doors.log.nobody(session)
    with doors.log.transaction(session) as tx:
        secondments.refuse(tx, actor, id, doors.clock())
        write(session, doors.keys, id, actor.party, WHY_NOT, why)
        tx.append(said.entry("alteration", actor, subjects=[_subject(nobody, id, answer=REFUSED)]))


def withdraw(session: Session, doors: Doors, actor: Actor, id: uuid.UUID) -> None:
    """Take back what nobody has answered. Raises as `agree`."""
    nobody = doors.log.nobody(session)
    with doors.log.transaction(session) as tx:
        secondments.withdraw(tx, actor, id, doors.clock())
        tx.append(said.entry("alteration", actor, subjects=[_subject(nobody, id, answer=WITHDRAWN)]))


def end(session: Session, doors: Doors, actor: Actor, id: uuid.UUID) -> None:
    """End it now, by either party: the role is gone at the next request. Raises as `agree`."""
    with doors.log.transaction(session) as tx:
        secondments.end(tx, actor, id, doors.clock())


def _subject(nobody: uuid.UUID, id: uuid.UUID, **more: str) -> Subject:
    return Subject(nobody, {"staff": "true", "secondment": str(id), **more})


def _lines(session: Session, doors: Doors, actor: Actor, found: Sequence[Secondment], operation: str) -> Lines:
    rows = as_read(session, found)
    hands = {user for row in rows for user in _hands(row)}
    with doors.log.transaction(session) as tx:
        subjects = [Subject(user, {"staff": True}) for user in sorted(hands or {actor.user})]
        receipt = said.receipt(tx.append(said.entry(operation, actor, subjects=subjects)))
    names, ids = opening.names(session, doors, hands), [row.id for row in rows]
    whom, why = (opening.names(session, doors, ids, name) for name in (WHOM, WHY_NOT))
    now = doors.clock()
    lines = tuple(
        Line(
            id=row.id,
            here=row.party == actor.party,
            other=doors.book.party_name(row.home if row.party == actor.party else row.party),
            whom=whom[row.id],
            name=_name(names, row.user),
            role=doors.book.role_name(row.party, row.role),
            first=day_at(row.starts),
            last=day_at(row.ends - 1),
            state=_state(row, now),
            asked_by=_name(names, row.asked_by),
            asked_at=from_micros(row.asked_at),
            answered_by=_name(names, row.answered_by),
            answered_at=from_micros(row.answered_at) if row.answered_at else None,
            ended_by=_name(names, row.ended_by),
            ended_at=from_micros(row.ended_at) if row.ended_at else None,
            why_not=why[row.id] if row.state == REFUSED else "",
        )
        for row in rows
    )
    return Lines(doors.book.party_name(actor.party), lines, receipt)


def _name(names: Mapping[uuid.UUID, str], user: uuid.UUID | None) -> str:
    return names[user] if user else ""


def _hands(row: Secondment) -> set[uuid.UUID]:
    return {user for user in (row.user, row.asked_by, row.answered_by, row.ended_by) if user is not None}


def _state(row: Secondment, now: int) -> str:
    if row.state != AGREED:
        return OVER if row.state == ASKED and row.ends <= now else row.state
    if row.ended_at is not None or row.ends <= now:
        return OVER
    return RUNNING if row.starts <= now else COMING
