"""Emergency access: narrow fields, one case, one hour; logged and announced to data-protection officers first."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from isa.agreement import Agreement, Capacity
from isa.decision import Engine
from isa.wording import field_name
from portal.audit.entry import Subject
from portal.auth.actor import Actor
from portal.db import from_micros, new_id, to_micros
from portal.errors import NotFound, Refused
from portal.sharing import facts, said
from portal.sharing.doors import Doors
from portal.sharing.fields import Invalid, clean
from portal.sharing.sight import READ, Sight, sight
from portal.sharing.tables import CaseFile, EmergencyRow, Notice, VisitRow

MINUTE = 60_000_000
DPO = "dpo"
OUTCOMES = {"justified": "Justified", "questioned": "Query sent", "escalated": "Escalated"}


@dataclass(frozen=True, slots=True)
class Offer:
    """What an emergency would open at a case, from whom, for how long. Says nothing of what is held."""

    case: uuid.UUID
    purpose: str
    opens: tuple[str, ...]
    owners: tuple[str, ...]
    ends: datetime


@dataclass(frozen=True, slots=True)
class Declared:
    """An emergency as its reviewers see it. No case content."""

    visit: uuid.UUID
    entry: uuid.UUID
    party: str
    declared_at: datetime
    ends: datetime
    review_due: datetime
    reviewed_at: datetime | None
    outcome: str


def offer(session: Session, doors: Doors, actor: Actor, case: uuid.UUID) -> Offer | None:
    """What this capacity could open at that case in an emergency; None where nothing. The same for a missing case."""
    now = doors.clock()
    doors.book.refresh(session)
    file = session.get(CaseFile, case)
    agreements = (
        [doors.book.engine(file.agreement)] if file else [doors.book.engine(a.id) for a in doors.book.all()[:1]]
    )
    known = facts.of_case(session, agreements[0].agreement, actor, file, now).known if file else {}
    return _offer(doors, agreements[0], actor, case, known, now)


def _offer(
    doors: Doors, engine: Engine, actor: Actor, case: uuid.UUID, known: dict[str, bool] | object, now: int
) -> Offer | None:
    agreement, capacity = engine.agreement, Capacity(actor.party, actor.role)
    base = dict(known) if isinstance(known, dict) else {}
    for purpose in _purposes(agreement):
        opened = sight(engine, capacity, {**base, "emergency": True}, purpose, from_micros(now))
        found = _emergency_only(agreement, opened)
        if found:
            names = tuple(dict.fromkeys(field_name(agreement, key) for key, _ in found))
            owners = tuple(sorted({owner for _, owner in found}))
            ends = from_micros(now + doors.settings.emergency_minutes * MINUTE)
            return Offer(case, purpose, names, owners, ends)
    return None


def _purposes(agreement: Agreement) -> Sequence[str]:
    """The purposes that emergency clauses name, in the agreement's order."""
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


def declare(session: Session, doors: Doors, actor: Actor, case: uuid.UUID, reason: str) -> uuid.UUID:
    """Open an emergency visit. The entry, the visit and the notices to every owner's DPO commit together.

    Raises `Invalid` without a reason, `Refused` where no emergency clause gives this capacity anything, `NotFound`
    for a case that is not there (logged alike). The caller has made sure of a fresh proof of identity.
    """
    reason = clean(reason)
    if len(reason) < 10:
        raise Invalid({"reason": "Say in a few words what the emergency is. The data-protection officer reads this."})
    offered = offer(session, doors, actor, case)
    file, now = session.get(CaseFile, case), doors.clock()
    visit, refused = new_id(), offered is None or file is None
    subject = Subject(file.person if file else new_id(), {"case": case.hex, "justification": reason})
    entry = said.entry(
        "emergency-access",
        actor,
        outcome="refused" if refused else "permitted",
        purpose=offered.purpose if offered else None,
        agreement=doors.book.engine(file.agreement).reference if file else None,
        subjects=[subject],
        visit=visit,
    )
    with doors.log.transaction(session) as tx:
        receipt = tx.append(entry)
        if file is not None and offered is not None:
            _open(session, doors, actor, file, offered, visit, receipt.entry_id, now)
    if offered is None:
        raise Refused("7.1", "No emergency clause of the agreement opens anything to your role.", "", receipt.reference)
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


def awaiting(session: Session, party: str | None, reviewed: bool = False) -> tuple[Declared, ...]:
    """Emergencies a party's DPO has been told of (None: every party's), newest first. The caller logs the reading."""
    statement = select(EmergencyRow).order_by(EmergencyRow.declared_at.desc()).limit(200)
    if party is not None:
        told = select(Notice.entry).where(Notice.party == party)
        statement = statement.where(EmergencyRow.entry.in_(told))
    if not reviewed:
        statement = statement.where(EmergencyRow.reviewed_at.is_(None))
    return tuple(_declared(row) for row in session.scalars(statement))


def _declared(row: EmergencyRow) -> Declared:
    return Declared(
        visit=row.visit,
        entry=row.entry,
        party=row.party,
        declared_at=from_micros(row.declared_at),
        ends=from_micros(row.ends),
        review_due=from_micros(row.review_due),
        reviewed_at=from_micros(row.reviewed_at) if row.reviewed_at else None,
        outcome=OUTCOMES.get(row.outcome or "", ""),
    )


def review(session: Session, doors: Doors, actor: Actor, visit: uuid.UUID, outcome: str, note: str) -> None:
    """Record a DPO's finding, and mark the party's notice as seen. Raises `Invalid`, `NotFound`."""
    if outcome not in OUTCOMES:
        raise Invalid({"outcome": "Select what you found"})
    now = doors.clock()
    row = session.get(EmergencyRow, visit)
    told = select(Notice.id).where(Notice.entry == row.entry, Notice.party == actor.party) if row else None
    if row is None or (actor.role == DPO and told is not None and session.scalar(told) is None):
        raise NotFound
    case, entry_id = row.case, row.entry
    file = session.get(CaseFile, case)
    subject = Subject(file.person if file else new_id(), {"case": case.hex, "note": clean(note), "finding": outcome})
    entry = said.entry("emergency-reviewed", actor, purpose="rights", subjects=[subject], visit=visit)
    with doors.log.transaction(session) as tx:
        tx.append(entry)
        session.execute(
            update(EmergencyRow)
            .where(EmergencyRow.visit == visit)
            .values(reviewed_at=now, reviewed_by=actor.user, outcome=outcome)
        )
        session.execute(
            update(Notice)
            .where(Notice.entry == entry_id, Notice.party == actor.party, Notice.seen_at.is_(None))
            .values(seen_at=now, seen_by=actor.user)
        )
