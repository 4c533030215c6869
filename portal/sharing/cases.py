"""Opening case files and assigning people to them. Operating rows only: what is personal goes through the door."""

import uuid
from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from portal.db import from_micros, new_id, to_micros
from portal.sharing import asks, transfers
from portal.sharing.days import midnight
from portal.sharing.tables import Assignment, CaseFile

STATUS, REVIEW = "case.status", "case.review_on"
RELEASES, RELEASED = ("custody.release_on", "sentence.release_on"), "custody.released_on"
DESELECTED = "De-selected"
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


def has_open(session: Session, person: uuid.UUID, agreement: str) -> bool:
    """Whether a person has an open case under an agreement, whoever may find it."""
    of_person = (CaseFile.person == person, CaseFile.agreement == agreement, CaseFile.state == "open")
    return session.scalar(select(CaseFile.id).where(*of_person).limit(1)) is not None


def steer(session: Session, case: uuid.UUID, values: Mapping[str, str], now: int) -> None:
    """Bring the operating row of a case into step with what was written of it: the next review, the next
    release, and whether it is open.

    De-selection closes the case to the working purposes from this very transaction on. Inside a write transaction.
    """
    changed: dict[str, Any] = {}
    if REVIEW in values:
        changed["review_due"] = to_micros(midnight(date.fromisoformat(values[REVIEW]))) if values[REVIEW] else None
    for field in RELEASES:
        if field in values:
            changed["release_due"] = to_micros(midnight(date.fromisoformat(values[field]))) if values[field] else None
    if values.get(RELEASED):
        changed["release_due"] = None
    if STATUS in values:
        over = values[STATUS] == DESELECTED
        changed |= {"state": "deselected" if over else "open", "closed_at": now if over else None}
        if over:
            changed["review_due"] = None
            asks.end_all(session, [case], now)
        transfers.follow(session, case, values[STATUS], now, over)
    if changed:
        session.execute(update(CaseFile).where(CaseFile.id == case).values(**changed))


def close(session: Session, case: uuid.UUID, now: int) -> None:
    """Close a case on which nobody has begun to work (clause 8.90): its retention starts now. Inside a write
    transaction whose entry says so."""
    changed = {"state": "deselected", "closed_at": now, "review_due": None, "release_due": None}
    session.execute(update(CaseFile).where(CaseFile.id == case).values(**changed))
    asks.end_all(session, [case], now)


def follow(session: Session, case: uuid.UUID, review: str, released: bool) -> None:
    """Bring the operating row into step with a change of where the case stands: `review` is the ISO day by which
    somebody looks at it, "" for none, never later than the review that is due; whoever is out is not awaited any more.

    Inside a write transaction.
    """
    changed: dict[str, Any] = {"release_due": None} if released else {}
    due = session.scalar(select(CaseFile.review_due).where(CaseFile.id == case))
    if review:
        on = to_micros(midnight(date.fromisoformat(review)))
        changed["review_due"] = min(on, due) if due else on
    if changed:
        session.execute(update(CaseFile).where(CaseFile.id == case).values(**changed))


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
