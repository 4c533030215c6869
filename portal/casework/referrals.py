"""Referring someone, and what becomes of it: for every capacity that an agreement lets refer (clause 8.2)."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from isa.agreement import Capacity, Field
from portal.auth.actor import Actor
from portal.db import DAY, from_micros, new_id
from portal.errors import Conflict, NotFound
from portal.sharing import answering, inbox, preview, referring
from portal.sharing.assigning import At
from portal.sharing.disclosure import Receipt
from portal.sharing.doors import Doors
from portal.sharing.importing.matching import PURPOSE
from portal.sharing.inbox import KIND, PAGE, WAITING, Item
from portal.sharing.preview import Audience
from portal.sharing.reading import case as case_reading
from portal.sharing.reading import referrals as reading
from portal.sharing.reading.referrals import Line, Lines
from portal.sharing.reading.rows import highest_marking
from portal.sharing.sight import BASIS, CONFIDENCE, CREATE, SHARE, Shape, sight
from portal.sharing.visits import Case

LATELY = 14 * DAY
FEW = 5
"""Referrals on the home page: the rest stands on a page of its own."""


@dataclass(frozen=True, slots=True)
class Blank:
    """The form of one agreement for one capacity. `audience`: who will read what is referred of an adult;
    `young`: who of those will not, where the person is under 18 or no date of birth is given."""

    agreement: str
    borough: str
    party: str
    who: tuple[Field, ...]
    why: tuple[Field, ...]
    basis: tuple[Field, ...]
    audience: tuple[Audience, ...]
    young: tuple[Audience, ...]
    marking: str

    @property
    def fields(self) -> tuple[Field, ...]:
        """Every field of the form, in its order."""
        return (*self.who, *self.why, *self.basis)


def boroughs(session: Session, doors: Doors, actor: Actor) -> tuple[tuple[str, str], ...]:
    """(agreement, borough) of every agreement that lets this capacity refer. Looks at nobody."""
    doors.book.refresh(session)
    now, found = doors.clock(), doors.book.of_party(actor.party)
    asked = [(a, referring.newcomer(session, doors, actor, a.id, now)) for a in found]
    return tuple((a.id, a.borough) for a, at in asked if referring.offered(at))


def refers(doors: Doors, actor: Actor) -> bool:
    """Whether some agreement lets this capacity refer: what the navigation of every page asks."""
    capacity, now = Capacity(actor.party, actor.role), doors.clock()
    known, moment = actor.induction.facts(now), from_micros(now)
    seen = (sight(doors.book.engine(a.id), capacity, known, PURPOSE, moment) for a in doors.book.of_party(actor.party))
    return any(s.decide(CREATE, referring.WHY, actor.party).permit for s in seen)


def blank(session: Session, doors: Doors, actor: Actor, agreement: str) -> Blank:
    """The form under an agreement, and who will read what is sent. Raises `NotFound` for one that is not the party's,
    `Refused` with the clause where this capacity may not refer."""
    doors.book.refresh(session)
    at = referring.newcomer(session, doors, actor, agreement, doors.clock())
    fields = referring.offered(at)
    if not fields:
        referring.refuse(session, doors, actor, at, referring.WHY, (CREATE, SHARE))
        raise NotFound
    adult, young = (_audience(session, at, made_as_youth) for made_as_youth in (False, None))
    lost = {a.party for a in young if not a.sees}
    given, categories = at.engine.agreement, {f.category for of in fields.values() for f in of}
    return Blank(
        agreement=agreement,
        borough=given.borough,
        party=given.parties[actor.party].short,
        who=(*fields["person"], *fields["identifiers"]),
        why=fields[KIND],
        basis=fields[BASIS],
        audience=adult,
        young=tuple(a for a in young if a.party in lost and any(b.party == a.party and b.sees for b in adult)),
        marking=highest_marking(given, categories),
    )


def _audience(session: Session, at: At, made_as_youth: bool | None) -> tuple[Audience, ...]:
    """Who reads the reason, given the basis that is recorded with it."""
    given = {f"{CONFIDENCE}:{at.sight.capacity.party}:{label}": True for label in referring.bases(at)}
    known = replace(at, facts=replace(at.facts, known={**at.facts.known, **given}))
    shape = Shape(KIND, "", at.sight.capacity.party, made_as_youth)
    return preview.of_shape(known, shape, preview.everywhere(session, at))


def refer(
    session: Session, doors: Doors, actor: Actor, agreement: str, typed: Mapping[str, str], once: uuid.UUID
) -> uuid.UUID:
    """Send the form; the id of the referral. Raises as `referring.refer`."""
    return referring.refer(session, doors, actor, agreement, typed, once)


def lately(session: Session, doors: Doors, actor: Actor) -> Lines:
    """For the home page: what waits, what was asked, and what was answered in the last fortnight; a few of them."""
    return _lines(session, doors, actor, doors.clock() - LATELY, 0, FEW)


def news(session: Session, doors: Doors, actor: Actor, since: int) -> bool:
    """Whether a referral was answered after `since`, or its referrer asked, and this capacity may read that. Opens
    nothing."""
    served = [a.id for a in doors.book.of_party(actor.party)]
    items = inbox.referred(session, served, actor.party, _whose(doors, actor), since)
    late = [i for i in items if i.since > since and i.state != WAITING]
    return bool(late) and reading.answered(session, doors, actor, late)


def mine(session: Session, doors: Doors, actor: Actor, page: int = 1) -> Lines:
    """All that this person referred, or the party where the role sees the cases of all of it; a page of 50."""
    return _lines(session, doors, actor, 0, (page - 1) * PAGE, PAGE)


def _lines(session: Session, doors: Doors, actor: Actor, after: int, first: int, most: int) -> Lines:
    served = [a.id for a in doors.book.of_party(actor.party)]
    items = inbox.referred(session, served, actor.party, _whose(doors, actor), after, first, most)
    return reading.of_referrer(session, doors, actor, items)


def _whose(doors: Doors, actor: Actor) -> uuid.UUID | None:
    """Whose referrals: one's own, or everybody's of the party (None) for the role that sees all of its cases."""
    return None if doors.book.role(Capacity(actor.party, actor.role))[0] == "party" else actor.user


def one(session: Session, doors: Doors, actor: Actor, referral: uuid.UUID) -> tuple[Line, str, Receipt | None]:
    """One of these with the marking of its page. Another's and one that does not exist are the same `NotFound`."""
    item = _find(session, doors, actor, referral, "consultation")
    found = reading.of_referrer(session, doors, actor, [item], "consultation")
    return found.lines[0], found.marking, found.receipt


def add(
    session: Session, doors: Doors, actor: Actor, referral: uuid.UUID, version: int, text: str, once: uuid.UUID
) -> None:
    """Add what was asked: it waits again. Raises as `answering.add`, `NotFound` as `one`."""
    item = _find(session, doors, actor, referral, "collection")
    if item.case.state != "open":  # nobody would read it there
        raise Conflict(str(referral), item.version)
    answering.add(session, doors, actor, item, version, text, once)


def _find(session: Session, doors: Doors, actor: Actor, referral: uuid.UUID, operation: str) -> Item:
    doors.book.refresh(session)
    whose = _whose(doors, actor)
    for item in inbox.some(session, [referral]):
        if item.party == actor.party and whose in (None, item.user):
            return item
    refuse(session, doors, actor, operation)
    raise NotFound


def refuse(session: Session, doors: Doors, actor: Actor, operation: str) -> None:
    """Log that somebody asked for a referral that is not theirs or is none, the same for both; raise `NotFound`."""
    nowhere = Case(new_id(), doors.log.nobody(session), "", "", "open", "", None, None)
    case_reading.refuse(session, doors, actor, operation, nowhere, PURPOSE)
