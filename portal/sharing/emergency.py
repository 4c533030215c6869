"""Emergency access: narrow fields, one case, one hour; logged and announced to data-protection officers first."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from sqlalchemy import insert
from sqlalchemy.orm import Session

from isa.agreement import EMERGENCY, Agreement, Capacity
from isa.decision import Engine
from isa.wording import field_name, low
from portal.audit.entry import Subject
from portal.auth.actor import Actor
from portal.db import MINUTE, from_micros, new_id, to_micros
from portal.errors import NotFound, Refused
from portal.sharing import facts, said
from portal.sharing.doors import Doors
from portal.sharing.fields import LONGEST_REASON, Invalid, clean
from portal.sharing.sight import READ, Sight, sight
from portal.sharing.tables import CaseFile, EmergencyRow, Notice, VisitRow


@dataclass(frozen=True, slots=True)
class Offer:
    """What an emergency would open at a case, from whom, for how long. Says nothing of what is held.

    `opens` are words, `owners` party ids, `told` the short names of those whose data-protection officers are told.
    """

    case: uuid.UUID
    purpose: str
    opens: tuple[str, ...]
    owners: tuple[str, ...]
    told: tuple[str, ...]
    ends: datetime


def propose(session: Session, doors: Doors, actor: Actor, case: uuid.UUID) -> Offer:
    """What this capacity could open at that case in an emergency. Logs and raises `Refused` where that is nothing.

    The same for a missing case and for one of an agreement that the party is no part of.
    """
    _, offered = _look(session, doors, actor, case)
    if offered is None:
        subject = Subject(doors.log.nobody(session), {"case": case.hex})
        with doors.log.transaction(session) as tx:
            receipt = tx.append(said.entry("emergency-access", actor, outcome="refused", subjects=[subject]))
        raise _refused(receipt.reference)
    return offered


def _look(session: Session, doors: Doors, actor: Actor, case: uuid.UUID) -> tuple[CaseFile | None, Offer | None]:
    """The case file, if it is of an agreement that names the party, and the offer."""
    now = doors.clock()
    doors.book.refresh(session)
    file = session.get(CaseFile, case)
    own = [a.id for a in doors.book.of_party(actor.party)]
    if file is not None and file.agreement not in own:
        file = None
    if not own:
        return None, None
    engine = doors.book.engine(file.agreement if file else own[0])
    known: Mapping[str, bool] = {"case_open": True, **actor.induction.facts(now)}
    if file:
        known = facts.of_case(session, engine.agreement, actor, file, now).known
    capacity = Capacity(actor.party, actor.role)
    found = openings(engine, capacity, known, now)
    if found is None:
        return file, None
    parties = engine.agreement.parties
    owners = tuple(sorted({owner for _, owner in found.fields}))
    told = tuple(parties[p].short for p in parties if p in {*owners, actor.party})
    ends = from_micros(now + doors.settings.emergency_minutes * MINUTE)
    return file, Offer(case, found.purpose, found.words, owners, told, ends)


@dataclass(frozen=True, slots=True)
class Openings:
    """What only an emergency gives a capacity: (field, owner) pairs, and the same in words."""

    purpose: str
    fields: tuple[tuple[str, str], ...]
    words: tuple[str, ...]


def openings(engine: Engine, capacity: Capacity, known: Mapping[str, bool], now: int) -> Openings | None:
    """What an emergency would open, for the first purpose that emergency clauses name. None where nothing.

    Remembered with the decisions themselves: a case view asks for it every time.
    """
    for purpose in _purposes(engine):
        opened = sight(engine, capacity, {**known, EMERGENCY: True}, purpose, from_micros(now))
        found = opened.once(_found)
        if found.fields:
            return found
    return None


def _found(opened: Sight) -> Openings:
    found = tuple(_emergency_only(opened.agreement, opened))
    return Openings(opened.purpose, found, _words(opened.agreement, {key for key, _ in found}))


def _words(agreement: Agreement, keys: set[str]) -> tuple[str, ...]:
    """A category by its name where an emergency opens all of it, else the fields by theirs."""
    words: dict[str, None] = {}
    for category in agreement.categories:
        fields = [f.key for f in agreement.fields.values() if f.category == category]
        opened = [key for key in fields if key in keys]
        if opened and len(opened) == len(fields):
            words[low(agreement.categories[category].name)] = None
        else:
            words.update(dict.fromkeys(field_name(agreement, key) for key in opened))
    return tuple(words)


@lru_cache(maxsize=16)
def _purposes(engine: Engine) -> Sequence[str]:
    """The purposes that emergency clauses name, in the agreement's order."""
    agreement = engine.agreement
    named = {p for c in agreement.clauses.values() if c.emergency for p in (c.purposes or ())}
    return [p for p in agreement.purposes if p in named]


def _emergency_only(agreement: Agreement, opened: Sight) -> list[tuple[str, str]]:
    """(field, owner) that only an emergency clause gives."""
    found = []
    for field in agreement.fields.values():
        for owner in sorted(field.owners):
            decision = opened.decide(READ, field.key, owner)
            if decision.permit and agreement.clauses[decision.clause].emergency and owner != opened.capacity.party:
                found.append((field.key, owner))
    return found


def _refused(reference: str) -> Refused:
    return Refused("7.1", "No emergency clause of the agreement opens anything to your role.", "", reference)


def declare(session: Session, doors: Doors, actor: Actor, case: uuid.UUID, reason: str) -> uuid.UUID:
    """Open an emergency visit. The entry, the visit and the notices to every owner's DPO commit together.

    Raises `Invalid` without a reason or with a very long one, `Refused` where no emergency clause gives this capacity
    anything, `NotFound` for a case that is not there (logged alike). The caller has made sure of a fresh proof of
    identity.
    """
    reason = clean(reason)
    if len(reason) < 10:
        raise Invalid({"reason": "Say in a few words what the emergency is. The data-protection officer reads this."})
    if len(reason) > LONGEST_REASON:
        raise Invalid({"reason": f"The reason must be {LONGEST_REASON:,} characters or fewer"})
    file, offered = _look(session, doors, actor, case)
    now = doors.clock()
    visit, refused = new_id(), offered is None or file is None
    opens = list(offered.opens) if offered else []  # what the reviewer asks first: it is nowhere else
    person = file.person if file else doors.log.nobody(session)
    subject = Subject(person, {"case": case.hex, "justification": reason, "opens": opens})
    entry = said.entry(
        "emergency-access",
        actor,
        outcome="refused" if refused else "permitted",
        purpose=offered.purpose if offered else None,
        agreement=doors.book.engine(file.agreement).reference if file and not refused else None,
        subjects=[subject],
        visit=visit,
    )
    with doors.log.transaction(session) as tx:
        receipt = tx.append(entry)
        if file is not None and offered is not None:
            _open(session, doors, actor, file, offered, visit, receipt.entry_id, now)
    if offered is None:
        raise _refused(receipt.reference)
    if file is None:
        raise NotFound(receipt.reference)
    return visit


def _open(
    session: Session,
    doors: Doors,
    actor: Actor,
    file: CaseFile,
    offered: Offer,
    visit: uuid.UUID,
    entry: uuid.UUID,
    now: int,
) -> None:
    ends = to_micros(offered.ends)
    due = next_working_day(now)
    connection = session.connection()
    connection.execute(
        insert(VisitRow).values(
            id=visit,
            session=actor.session,
            user=actor.user,
            capacity=actor.capacity,
            case=file.id,
            purpose=offered.purpose,
            agreement_digest=doors.book.engine(file.agreement).agreement.digest,
            emergency=True,
            created_at=now,
            ends=ends,
            ended_at=None,
        )
    )
    connection.execute(
        insert(EmergencyRow).values(
            visit=visit, case=file.id, party=actor.party, entry=entry, declared_at=now, ends=ends, review_due=due
        )
    )
    notices = [
        {"id": new_id(), "party": party, "about": "emergency", "entry": entry, "created_at": now, "due": due}
        for party in sorted({*offered.owners, actor.party})
    ]
    connection.execute(insert(Notice), notices)


def next_working_day(now: int) -> int:
    """The end (17:00 UTC) of the next day that is not a Saturday or Sunday, in microseconds."""
    day = from_micros(now).astimezone(UTC) + timedelta(days=1)
    while day.weekday() >= 5:
        day += timedelta(days=1)
    return to_micros(day.replace(hour=17, minute=0, second=0, microsecond=0))
