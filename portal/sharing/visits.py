"""Visits: one capacity at one case for one purpose. Asked once, remembered for the visit, ended by whatever ends it."""

import uuid
from dataclasses import dataclass

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from isa.agreement import Capacity
from portal.audit.entry import Entry, Subject
from portal.auth.actor import Actor
from portal.db import new_id
from portal.errors import NotFound, Refused
from portal.sharing.doors import Doors
from portal.sharing.tables import CaseFile, VisitRow

MINUTE = 60_000_000


@dataclass(frozen=True, slots=True)
class Visit:
    """A live visit with its case; only `resolve` and `begin` make one."""

    id: uuid.UUID
    case: CaseFile
    purpose: str
    emergency: bool
    ends: int


def resolve(session: Session, doors: Doors, actor: Actor, visit: uuid.UUID, now: int) -> Visit:
    """The live visit with this id. Raises `NotFound` where it is another's, over, or of a replaced agreement."""
    row = session.execute(
        select(VisitRow, CaseFile).join(CaseFile, CaseFile.id == VisitRow.case).where(VisitRow.id == visit)
    ).one_or_none()
    if row is None:
        raise NotFound
    seen, case = row
    ours = seen.session == actor.session and seen.capacity == actor.capacity and seen.user == actor.user
    live = seen.ended_at is None and now < seen.ends
    if not (ours and live and seen.agreement_digest == doors.book.engine(case.agreement).agreement.digest):
        raise NotFound
    session.expunge(case)
    return Visit(seen.id, case, seen.purpose, seen.emergency, seen.ends)


def current(session: Session, doors: Doors, actor: Actor, case: uuid.UUID, now: int) -> uuid.UUID | None:
    """The id of this actor's live visit to a case, so that the purpose is asked once."""
    return session.execute(
        select(VisitRow.id)
        .where(
            VisitRow.session == actor.session,
            VisitRow.capacity == actor.capacity,
            VisitRow.case == case,
            VisitRow.ended_at.is_(None),
            VisitRow.ends > now,
        )
        .order_by(VisitRow.created_at.desc())
        .limit(1)
    ).scalar_one_or_none()


def begin(
    session: Session, doors: Doors, actor: Actor, case: uuid.UUID, purpose: str, reason: str, now: int
) -> uuid.UUID:
    """Open a visit and log the purpose. The answer is the same for a missing case: the case page itself refuses.

    Raises `Refused` where the capacity's role has no case content at all or no agreement knows the purpose.
    """
    _, content, _ = doors.book.role(Capacity(actor.party, actor.role))
    file = session.get(CaseFile, case)
    known = any(purpose in a.purposes for a in doors.book.of_party(actor.party))
    person = file.person if file else new_id()
    entry = Entry(
        operation="purpose-chosen",
        actor=actor.user,
        agency=actor.party,
        role=actor.role,
        session=actor.session,
        purpose=purpose if known else "unknown",
        outcome="permitted" if content and known else "refused",
        subjects=(Subject(person, {"case": str(case), "justification": reason}),),
    )
    identity = new_id()
    with doors.log.transaction(session) as tx:
        receipt = tx.append(entry)
        if content and known and file is not None:
            _open(session, doors, actor, file, identity, purpose, now)
    if not content:
        words = f"A {actor.role} does not see case content."
        raise Refused("4.2", words, "", receipt.reference)
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


def end_all(session: Session, public_session: str, now: int) -> None:
    """End every visit of a session: at sign-out, a change of capacity, or when an administrator ends it."""
    session.execute(
        update(VisitRow).where(VisitRow.session == public_session, VisitRow.ended_at.is_(None)).values(ended_at=now)
    )
