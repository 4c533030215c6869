"""A case and the borough its person moves to: who may offer it where, what goes and what stays, what became of it."""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from isa.agreement import Capacity, Field
from portal.auth.actor import Actor
from portal.db import from_micros
from portal.errors import NotFound
from portal.sharing import inbox, preview, referring, taking_back, transferring, transfers, visits
from portal.sharing.assigning import At
from portal.sharing.days import day_at
from portal.sharing.disclosure import Record, Writable
from portal.sharing.doors import Doors
from portal.sharing.importing.matching import PURPOSE
from portal.sharing.preview import Audience
from portal.sharing.reading import case as case_reading
from portal.sharing.reading import part as reading
from portal.sharing.reading import transfers as became
from portal.sharing.reading.part import Part
from portal.sharing.reading.rows import heads, highest_marking, shape_of
from portal.sharing.reading.transfers import Told
from portal.sharing.sight import READ, Shape, sight
from portal.sharing.transferring import BRINGS, WHO, Going, arriving, brings, going
from portal.sharing.transfers import KIND, MOVED_ON, REASON, TAKEN_BACK


@dataclass(frozen=True, slots=True)
class Desk:
    """The transfers of a case, newest first. `boroughs`: (agreement, borough) of those it may be offered to now;
    `asked_back`: what its party may take back; `backs`: what was said when one was taken back."""

    part: Part
    told: tuple[Told, ...]
    backs: tuple[Record, ...]
    boroughs: tuple[tuple[str, str], ...]
    asked_back: Told | None


@dataclass(frozen=True, slots=True)
class Goes:
    """A record that may go, and who would read it there: whoever keeps the list now, others if they work on it."""

    going: Going
    now: tuple[str, ...]
    later: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Blank:
    """The form for one borough. `known`: what the party has written of who this is, by field key; `stays`: the kinds
    of its records that do not go; `audience`: who reads the referral there."""

    part: Part
    borough: str
    party: str
    who: tuple[Field, ...]
    crime: Field
    words: tuple[Field, ...]
    known: Mapping[str, str]
    goes: tuple[Goes, ...]
    stays: tuple[str, ...]
    audience: tuple[Audience, ...]
    marking: str


def may_offer(doors: Doors, actor: Actor, agreement: str, writable: Collection[Writable]) -> bool:
    """Whether this capacity may offer a case of an agreement to another borough at all. Looks at nobody."""
    return any(w.kind == KIND for w in writable) and bool(boroughs(doors, actor, agreement))


def boroughs(doors: Doors, actor: Actor, agreement: str) -> tuple[tuple[str, str], ...]:
    """(agreement, borough) of the other agreements that the party has signed and that let this capacity bring a case.
    Looks at nobody."""
    capacity, now = Capacity(actor.party, actor.role), doors.clock()
    known, moment = {**actor.induction.facts(now), **BRINGS}, from_micros(now)
    others = (a for a in doors.book.bound(actor.party) if a.id != agreement)
    return tuple(
        (a.id, a.borough) for a in others if brings(sight(doors.book.engine(a.id), capacity, known, PURPOSE, moment))
    )


def desk(session: Session, doors: Doors, actor: Actor, visit: uuid.UUID) -> Desk:
    """The transfers of a visit's case as far as they may be read, and what may be done. Raises `NotFound` as a view
    does, and where there is neither."""
    part = reading.part(session, doors, actor, visit, ("person", KIND))
    case = case_reading.live(session, doors, actor, visit).case
    told = became.told(session, doors, actor, case.id, part.records)
    free = not standing(session, doors, actor, visit)
    writes = case.state == "open" and any(w.kind == KIND for w in part.writable)
    there = boroughs(doors, actor, case.agreement) if writes else ()
    if not (told or there):
        raise NotFound
    waits = next((t for t in told if t.back), None) if writes else None
    backs = tuple(r for r in part.of(KIND) if r.text("what") == TAKEN_BACK)
    return Desk(part, told, backs, there if free else (), waits)


def standing(session: Session, doors: Doors, actor: Actor, visit: uuid.UUID) -> bool:
    """Whether something was offered of a visit's case beside which nothing else may be. Raises `NotFound`."""
    case = case_reading.live(session, doors, actor, visit).case
    return any(became.blocks(doors, o) for o in transfers.of_cases(session, [case.id]))


def for_selection(session: Session, doors: Doors, actor: Actor, visit: uuid.UUID) -> uuid.UUID:
    """A visit for referral and selection in place of this one, with its entry; this one where it is that already.
    Raises `NotFound`, also for whoever may offer no case of it."""
    live = case_reading.live(session, doors, actor, visit)
    if not boroughs(doors, actor, live.case.agreement):
        raise NotFound
    if live.purpose == PURPOSE and not live.emergency:
        return visit
    return visits.begin(session, doors, actor, live.case.id, PURPOSE, "", doors.clock(), visit)


def blank(session: Session, doors: Doors, actor: Actor, visit: uuid.UUID, agreement: str) -> Blank:
    """What would go to another borough and what would stay, logged. Raises `NotFound` where it may not be offered there
    now, or the visit is for another purpose."""
    found = case_reading.find(session, doors, actor, visit)
    case, now = found.visit.case, doors.clock()
    open_to = dict(boroughs(doors, actor, case.agreement))
    if agreement not in open_to or found.visit.purpose != PURPOSE:
        raise NotFound
    at = arriving(session, doors, actor, agreement, now)
    fields, kinds = referring.offered(at), brings(at.sight)
    if not fields or not any(w.kind == KIND for w in found.sight.addable):
        raise NotFound
    found, part = reading.own(session, doors, actor, visit, (*WHO, *kinds))
    present = preview.everywhere(session, at)
    given = found.engine.agreement
    order = list(given.kinds)
    may_go = sorted(going(found, part, at.sight, day_at(now)), key=lambda g: order.index(g.record.kind))
    goes = tuple(_goes(at, g, present) for g in may_go)
    gone = {g.going.record.kind for g in goes} | {*WHO, KIND}
    rows = (h for h in heads(session, [case.id]) if h.owner == actor.party)
    ours = {h.kind for h in rows if found.sight.permitted(READ, shape_of(h))}
    return Blank(
        part=part,
        borough=open_to[agreement],
        party=given.parties[actor.party].short,
        who=(*fields["person"], *fields["identifiers"]),
        crime=given.fields[referring.CRIME],
        words=(given.fields[MOVED_ON], given.fields[REASON]),
        known=_known(part),
        goes=goes,
        stays=tuple(kind.name for kind in given.kinds.values() if kind.id in ours - gone),
        audience=preview.of_shape(at, Shape(inbox.KIND, "", actor.party, case.minor), present),
        marking=highest_marking(given, {f.category for of in fields.values() for f in of}),
    )


def _goes(at: At, one: Going, present: Collection[tuple[str, str]]) -> Goes:
    record = one.record
    readers = preview.of_shape(at, Shape(record.kind, "", record.owner, record.made_as_youth), present)
    sees = [a for a in readers if a.sees]
    return Goes(one, tuple(a.name for a in sees if a.now), tuple(a.name for a in sees if not a.now))


def _known(part: Part) -> dict[str, str]:
    """Who this is as the party wrote it, the newest record first; what did not open is typed anew."""
    known: dict[str, str] = {}
    for record in part.of(*WHO):
        known = {**{v.key: v.text for v in record.values if v.text}, **known}
    return known


def offer(
    session: Session,
    doors: Doors,
    actor: Actor,
    visit: uuid.UUID,
    agreement: str,
    typed: Mapping[str, str],
    chosen: Collection[uuid.UUID],
    once: uuid.UUID,
) -> uuid.UUID:
    """Offer the case there. Raises as `sharing.transferring.offer`, `NotFound` where the party has not signed there."""
    if agreement not in {a.id for a in doors.book.bound(actor.party)}:
        raise NotFound
    return transferring.offer(session, doors, actor, visit, agreement, typed, chosen, once)


def take_back(
    session: Session, doors: Doors, actor: Actor, visit: uuid.UUID, reason: str, once: uuid.UUID
) -> uuid.UUID:
    """Take the offer back while it waits. Raises as `sharing.taking_back.take_back`."""
    return taking_back.take_back(session, doors, actor, visit, reason, once)
