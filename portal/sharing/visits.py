"""Visits: one capacity at one case for one purpose. Asked once, remembered for the visit, ended by whatever ends it."""

import uuid
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from isa.agreement import Capacity, Clause, Purpose
from portal.audit.entry import Subject
from portal.auth.actor import Actor
from portal.db import MINUTE, new_id
from portal.errors import NotFound, Refused
from portal.query import Query
from portal.sharing import said
from portal.sharing.doors import Doors
from portal.sharing.fields import LONGEST_REASON, Invalid, clean
from portal.sharing.tables import CaseFile, VisitRow

_VISIT = Query(
    select(
        VisitRow.session,
        VisitRow.user,
        VisitRow.capacity,
        VisitRow.case,
        VisitRow.purpose,
        VisitRow.agreement_digest,
        VisitRow.emergency,
        VisitRow.ends,
        VisitRow.ended_at,
        CaseFile.person,
        CaseFile.agreement,
        CaseFile.reference,
        CaseFile.state,
        CaseFile.lead_party,
        CaseFile.review_due,
        CaseFile.minor,
        CaseFile.closed_at,
    )
    .join(CaseFile, CaseFile.id == VisitRow.case)
    .where(VisitRow.id == bindparam("visit"))
)


class Case(NamedTuple):
    """The operating row of a case as it was read, in the order of `CASE`."""

    id: uuid.UUID
    person: uuid.UUID
    agreement: str
    reference: str
    state: str
    lead_party: str
    review_due: int | None
    minor: bool | None
    closed_at: int | None = None


CASE = (
    CaseFile.id,
    CaseFile.person,
    CaseFile.agreement,
    CaseFile.reference,
    CaseFile.state,
    CaseFile.lead_party,
    CaseFile.review_due,
    CaseFile.minor,
    CaseFile.closed_at,
)


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit with its case, live where `resolve` gave it."""

    id: uuid.UUID
    case: Case
    purpose: str
    emergency: bool
    ends: int


def resolve(session: Session, doors: Doors, actor: Actor, visit: uuid.UUID, now: int) -> Visit:
    """The live visit with this id. Raises `NotFound` where it is another's, over, or of a replaced agreement."""
    seen = _row(session, actor, visit)
    live = seen is not None and seen.ended_at is None and now < seen.ends
    if not (live and seen.agreement_digest == doors.book.engine(seen.agreement).agreement.digest):
        raise NotFound
    return _visit(visit, seen)


def _row(session: Session, actor: Actor, visit: uuid.UUID) -> Any:
    """The row of a visit, live or not, of this very session, capacity and person; None for any other."""
    seen = _VISIT.first(session, visit=visit)
    ours = (actor.session, actor.capacity, actor.user)
    return seen if seen is not None and (seen.session, seen.capacity, seen.user) == ours else None


def _visit(visit: uuid.UUID, seen: Any) -> Visit:
    s = seen
    case = Case(s.case, s.person, s.agreement, s.reference, s.state, s.lead_party, s.review_due, s.minor, s.closed_at)
    return Visit(visit, case, seen.purpose, seen.emergency, seen.ends)


def current(session: Session, doors: Doors, actor: Actor, case: uuid.UUID, now: int) -> uuid.UUID | None:
    """The id of this actor's live visit to a case, so that the purpose is asked once."""
    digests = [a.digest for a in doors.book.all()]  # a visit under a replaced text is over
    return session.execute(
        select(VisitRow.id)
        .where(
            VisitRow.session == actor.session,
            VisitRow.capacity == actor.capacity,
            VisitRow.case == case,
            VisitRow.ended_at.is_(None),
            VisitRow.ends > now,
            VisitRow.agreement_digest.in_(digests),
        )
        .order_by(VisitRow.created_at.desc())
        .limit(1)
    ).scalar_one_or_none()


def once(session: Session, actor: Actor, visit: uuid.UUID) -> Visit | None:
    """A visit of this very session and capacity, live or over: whoever was there may be asked for the purpose again."""
    seen = _row(session, actor, visit)
    return None if seen is None else _visit(visit, seen)


def purposes(doors: Doors, actor: Actor) -> tuple[Purpose, ...]:
    """What may be answered to "why do you need to see this?": purposes for which a clause gives this role something.

    Made from the agreements of the actor's party alone, so the question is the same at every case.
    """
    found: dict[str, Purpose] = {}
    for agreement in doors.book.of_party(actor.party):
        given = [c for c in agreement.clauses.values() if c.effect == "grant" and _reaches(c, actor)]
        for purpose in agreement.purposes.values():
            if any(c.purposes is None or purpose.id in c.purposes for c in given):
                found.setdefault(purpose.id, purpose)
    return tuple(found.values())


def _reaches(clause: Clause, actor: Actor) -> bool:
    wanted = ((clause.to, actor.party), (clause.acting, actor.role), (clause.can, "read"))
    return all(named is None or one in named for named, one in wanted)


def begin(
    session: Session,
    doors: Doors,
    actor: Actor,
    case: uuid.UUID,
    purpose: str,
    reason: str,
    now: int,
    instead_of: uuid.UUID | None = None,
) -> uuid.UUID:
    """Open a visit and log the purpose. The answer is the same for a missing case: the case page itself refuses.

    `instead_of` names a visit of this session that ends with it: the purpose was changed.

    Raises `Invalid` with a very long reason, `Refused` where the capacity's role has no case content at all or no
    agreement knows the purpose.
    """
    if len(reason := clean(reason)) > LONGEST_REASON:
        raise Invalid({"reason": f"What you add must be {LONGEST_REASON:,} characters or fewer"})
    _, content, _ = doors.book.role(Capacity(actor.party, actor.role))
    file = session.get(CaseFile, case)
    known = any(purpose in a.purposes for a in doors.book.of_party(actor.party))
    person = file.person if file else doors.log.nobody(session)
    identity = new_id()
    entry = said.entry(
        "purpose-chosen",
        actor,
        outcome="permitted" if content and known else "refused",
        purpose=purpose if known else "unknown",
        subjects=[Subject(person, {"case": case.hex, "justification": reason})],
        visit=identity,
    )
    with doors.log.transaction(session) as tx:
        receipt = tx.append(entry)
        if content and known and file is not None:
            _open(session, doors, actor, file, identity, purpose, now)
            if instead_of is not None:
                _end(session, actor, instead_of, now)
    if not content:
        raise Refused("4.2", "The role you act in sees no case content.", "", receipt.reference)
    if not known:
        raise Refused("3.1", "That is not a purpose of the agreement.", "", receipt.reference)
    return identity


def _open(
    session: Session, doors: Doors, actor: Actor, case: CaseFile, identity: uuid.UUID, purpose: str, now: int
) -> None:
    minutes = doors.settings.visit_minutes
    session.execute(
        insert(VisitRow).values(
            id=identity,
            session=actor.session,
            user=actor.user,
            capacity=actor.capacity,
            case=case.id,
            purpose=purpose,
            agreement_digest=doors.book.engine(case.agreement).agreement.digest,
            emergency=False,
            created_at=now,
            ends=now + minutes * MINUTE,
            ended_at=None,
        )
    )


def _end(session: Session, actor: Actor, visit: uuid.UUID, now: int) -> None:
    session.execute(
        update(VisitRow)
        .where(VisitRow.id == visit, VisitRow.session == actor.session, VisitRow.ended_at.is_(None))
        .values(ended_at=now)
    )


def end_all(session: Session, public_session: str, now: int) -> None:
    """End every visit of a session: at sign-out, a change of capacity, or when an administrator ends it."""
    session.execute(
        update(VisitRow).where(VisitRow.session == public_session, VisitRow.ended_at.is_(None)).values(ended_at=now)
    )


def leave(session: Session, doors: Doors, public_session: str, now: int) -> None:
    """End every visit of a session that is about to end or has just gone on in another capacity.

    No visit outlives its session anyway, whose id `resolve` compares; this says so in the table too.
    """
    with doors.log.transaction(session) as tx:
        end_all(tx.session, public_session, now)
