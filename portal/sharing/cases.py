"""Opening case files and assigning people to them. Operating rows only: what is personal goes through the door."""

import uuid

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from portal.db import from_micros, new_id
from portal.sharing.tables import Assignment, CaseFile

PREFIX = {"Barnet": "BN", "Brent": "BR", "Harrow": "HA"}


def open_file(
    session: Session,
    person: uuid.UUID,
    agreement: str,
    reference: str,
    lead_party: str,
    opened_at: int,
    *,
    identity: uuid.UUID | None = None,
    state: str = "open",
    review_due: int | None = None,
    closed_at: int | None = None,
    minor: bool | None = None,
) -> uuid.UUID:
    """A new case file of a person under an agreement. Inside a write transaction whose entry says so."""
    identity = identity or new_id()
    session.connection().execute(
        insert(CaseFile).values(
            id=identity,
            person=person,
            agreement=agreement,
            reference=reference,
            state=state,
            lead_party=lead_party,
            review_due=review_due,
            opened_at=opened_at,
            closed_at=closed_at,
            minor=minor,
        )
    )
    return identity


def next_references(session: Session, borough: str, now: int, count: int) -> list[str]:
    """Fresh references such as "BN-2026-0147", counted within a borough and a year. Inside a write transaction."""
    stem = f"{PREFIX.get(borough, borough[:2].upper())}-{from_micros(now).year}-"
    given = session.scalars(select(CaseFile.reference).where(CaseFile.reference.like(f"{stem}%")))
    first = 1 + max((int(reference.rpartition("-")[2]) for reference in given), default=0)  # "10000" is after "9999"
    return [f"{stem}{number:04}" for number in range(first, first + count)]


def assign(
    session: Session,
    case: uuid.UUID,
    user: uuid.UUID,
    party: str,
    role: str,
    starts: int,
    ends: int | None = None,
    pathway: str | None = None,
    record: uuid.UUID | None = None,
) -> uuid.UUID:
    """Let someone work on a case for a party, with dates; `record` holds the words about it, if anybody wrote them.

    Inside a write transaction whose entry says so.
    """
    identity = new_id()
    session.connection().execute(
        insert(Assignment).values(
            id=identity,
            case=case,
            user=user,
            party=party,
            role=role,
            pathway=pathway,
            starts=starts,
            ends=ends,
            covers=None,
            record=record,
        )
    )
    return identity
