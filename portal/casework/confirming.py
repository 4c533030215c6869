"""Confirming that an update was read: asking for it with the update, who has, and several at once (clause 8.86)."""

import uuid
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from portal.auth import capacities
from portal.auth.actor import Actor
from portal.casework import team
from portal.db import from_micros
from portal.sharing import colleagues, confirmations, preview, writing
from portal.sharing.colleagues import Person
from portal.sharing.confirmations import EVERY
from portal.sharing.disclosure import Receipt, Record
from portal.sharing.doors import Doors
from portal.sharing.fields import Invalid
from portal.sharing.reading import case as case_reading
from portal.sharing.reading import history, staff
from portal.sharing.reading import to_read as reading
from portal.sharing.reading.age import minor_now
from portal.sharing.reading.case import Found
from portal.sharing.reading.rows import highest_marking, shape_of
from portal.sharing.reading.to_read import CONFIRMED, NOTHING, ReadingList
from portal.sharing.sight import UPDATE, Shape, category_of
from portal.sharing.writing import Written

NOBODY, EVERYONE, SOME = "", "everyone", "some"
"""Whom the form of an update asks to confirm it."""
WHO = "confirm"
"""The part of that form."""
ASKED_TO_CONFIRM = "Asked others to confirm having read the update"
"""What the log says where a form came again that asks others than before."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who was asked: `at` None, they have not confirmed it as it is now; `earlier`: what it said before."""

    name: str
    agency: str
    at: datetime | None
    earlier: bool


@dataclass(frozen=True, slots=True)
class Readers:
    """Who has confirmed an update and who has not, as far as the party that shared it may know them."""

    update: Record
    reference: str
    purpose_name: str
    readers: tuple[Reader, ...]
    marking: str
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class Done:
    """How many were confirmed; `left`: how many had been corrected meanwhile, or are not for this reader any more."""

    count: int
    left: int


def share(
    session: Session,
    doors: Doors,
    actor: Actor,
    visit: uuid.UUID,
    label: str,
    typed: Mapping[str, str],
    who: str,
    parties: Collection[str],
    once: uuid.UUID | None = None,
) -> Written:
    """Share an update and ask everyone who works on the case, or the people of some parties, to confirm it. Raises as
    `writing.create`, and `Invalid` with the part `confirm` where a party cannot be asked, with its clause."""
    if who not in (EVERYONE, SOME):
        return writing.create(session, doors, actor, visit, UPDATE, label, typed, once)
    found = case_reading.find(session, doors, actor, visit, "collection")
    asked = {EVERY} if who == EVERYONE else set(parties)
    wrong = _unfit(session, doors, actor, found, label, asked)

    def steer(record: uuid.UUID) -> bool:
        return bool(confirmations.put_ask(session, record, found.visit.case.id, asked, actor.user, found.now))

    try:
        planned = writing.plan(session, doors, actor, visit, UPDATE, label, typed, once, steer)
    except Invalid as error:
        raise Invalid({**error.problems, **wrong}) from None
    if wrong:
        raise Invalid(wrong)
    written = writing.keep(session, doors, actor, planned, once)
    if written.receipt is None:  # it had been shared before, perhaps with nobody asked, or others
        _ask_also(session, doors, actor, visit, written.record, steer)
    return written


def _ask_also(
    session: Session, doors: Doors, actor: Actor, visit: uuid.UUID, record: uuid.UUID, ask: Callable[[uuid.UUID], bool]
) -> None:
    found, head = history.permitted_head(session, doors, actor, visit, record, operation="alteration")
    with doors.log.transaction(session) as tx:
        if ask(record):
            tx.append(history.altered(found, actor, head, ASKED_TO_CONFIRM))


def _unfit(
    session: Session, doors: Doors, actor: Actor, found: Found, label: str, asked: Collection[str]
) -> dict[str, str]:
    if not asked:
        return {WHO: "Tick the agencies whose people are to confirm it"}
    if label not in found.engine.agreement.kinds[UPDATE].labelled:
        return {}  # said by another part of the form
    shape = Shape(UPDATE, label, actor.party, minor_now(session, doors, actor, found))
    others = {a.party: a for a in preview.of_shape(found, shape, preview.everywhere(session, found))}
    for party in sorted(set(asked) - {EVERY, actor.party}):
        if party not in others or not found.sight.may_name(party):
            return {WHO: "An agency you ticked does not work on this case. Choose again"}
        if not others[party].sees:
            return {WHO: f"{others[party].name} cannot be asked. {others[party].words}"}
    return {}


def mine(session: Session, doors: Doors, actor: Actor) -> int:
    """How many updates wait for this person's confirmation. Opens nothing."""
    return len(reading.waiting(session, doors, actor))


def news(session: Session, doors: Doors, actor: Actor, since: int) -> bool:
    """Whether one has come since: shared or corrected, or with a case that they began on. Opens nothing."""
    return any(max(one.row.changed_at, one.row.starts) > since for one in reading.waiting(session, doors, actor))


def listed(session: Session, doors: Doors, actor: Actor) -> ReadingList:
    """The first of them in full, for a page on which several are confirmed. Raises `LogUnavailable`."""
    doors.book.refresh(session)
    waiting = reading.waiting(session, doors, actor)
    return reading.listed(session, doors, actor, waiting) if waiting else NOTHING


def confirm(session: Session, doors: Doors, actor: Actor, shown: Mapping[uuid.UUID, int]) -> Done:
    """Say that these were read: record → the version that was shown. Whatever was corrected since is left; what was
    confirmed before counts once. Raises `Invalid` without any, `LogUnavailable`."""
    if not shown:
        raise Invalid({WHO: "Tick at least one that you have read"})
    doors.book.refresh(session)
    with doors.log.transaction(session) as tx:
        now = doors.clock()
        capacities.require(session, actor, now)
        waiting = reading.waiting(session, doors, actor, list(shown))
        kept = [one for one in waiting if one.row.version == shown[one.row.record]]
        fresh = [one for one in kept if one.row.confirmed_at is None]
        confirmations.confirm(session, [one.row for one in fresh], actor.party, actor.user, now)
        if fresh:
            tx.append(reading.entry(doors, actor, "alteration", fresh))
    return Done(len(kept), len(shown) - len(kept))


def confirm_one(
    session: Session, doors: Doors, actor: Actor, visit: uuid.UUID, record: uuid.UUID, version: int
) -> bool:
    """The same at the update itself, for the purpose of the visit; whether it was as it was shown. Raises `NotFound`
    as a view does, and for an update that this person is not asked to confirm."""
    found, head = history.permitted_head(session, doors, actor, visit, record, operation="alteration")
    with doors.log.transaction(session) as tx:
        capacities.require(session, actor, found.now)
        rows = confirmations.among(session, actor.party, actor.user, found.now, [record])
        if rows and rows[0].version != version:
            return False
        if rows and rows[0].confirmed_at is None:
            confirmations.confirm(session, rows, actor.party, actor.user, found.now)
            tx.append(history.altered(found, actor, head, CONFIRMED))
    if not rows:
        case_reading.refuse(session, doors, actor, "alteration", found.visit.case, found.visit.purpose)
    return True


def readers(session: Session, doors: Doors, actor: Actor, visit: uuid.UUID, record: uuid.UUID) -> Readers:
    """Who has confirmed an update of the actor's own party, and who is still to. Whoever it may not be told that they
    work on the case is left out. Raises `NotFound` as a view does, and where nobody is asked."""
    here = history.one(session, doors, actor, visit, record)
    found, asked = here.found, confirmations.ask(session, record)
    if asked is None or here.head.owner != actor.party:
        case_reading.refuse(session, doors, actor, "consultation", found.visit.case, found.visit.purpose)
    assert asked is not None
    people = _people(session, doors, found, shape_of(here.head), asked)
    done = _done(session, record)
    people |= {p: named for p, named in _named(found, done).items() if p not in people}
    receipt = team.look(session, doors, actor, "list", sorted(p.user for p in people))
    names = staff.names(session, doors, [p.user for p, named in people.items() if named])
    lines = [_reader(found, p, names, done.get(p, {}), here.head.version) for p in people]
    agreement = found.engine.agreement
    return Readers(
        update=here.record,
        reference=found.visit.case.reference,
        purpose_name=agreement.purposes[found.visit.purpose].name,
        readers=tuple(sorted(lines, key=lambda r: (r.at is not None, r.agency, r.name.casefold()))),
        marking=highest_marking(agreement, {category_of(agreement, UPDATE, here.head.label), "responsible"}),
        receipt=receipt,
    )


def _people(
    session: Session, doors: Doors, found: Found, shape: Shape, asked: tuple[frozenset[str], uuid.UUID, int]
) -> dict[Person, bool]:
    """Who is asked now, as far as they may be known; False: by their agency alone."""
    parties, by, at = asked
    workers = [
        worker
        for worker in colleagues.on_case(session, found)
        if worker.user != by and not parties.isdisjoint({EVERY, worker.party})
    ]
    early = {Person(w.party, w.user) for w in workers if w.starts <= at + confirmations.LATE}
    known = colleagues.known(session, found, [w for w in workers if Person(w.party, w.user) in early])
    able = colleagues.readers(session, doors, found, set(known), [shape])
    return {person: named for person, named in known.items() if person in able}


def _done(session: Session, record: uuid.UUID) -> dict[Person, dict[int, int]]:
    """Person → version → when they confirmed it."""
    found: dict[Person, dict[int, int]] = {}
    for row in confirmations.confirmed(session, record):
        found.setdefault(Person(row.party, row.user), {})[row.version] = row.at
    return found


def _named(found: Found, people: Iterable[Person]) -> dict[Person, bool]:
    """Those who confirmed and work on the case no longer, or may not read it now: of another party not by name."""
    own = found.sight.capacity.party
    return {p: p.party == own for p in people if p.party == own or found.sight.may_name(p.party)}


def _reader(
    found: Found, person: Person, names: Mapping[uuid.UUID, str], done: Mapping[int, int], version: int
) -> Reader:
    party = found.engine.agreement.parties.get(person.party)
    at = done.get(version)
    return Reader(
        name=names.get(person.user, ""),
        agency=party.short if party else person.party,
        at=from_micros(at) if at else None,
        earlier=bool(done) and at is None,
    )
