"""What each party that was told of an emergency has found of it. One finding a party: none speaks for another.

Clause 9.4: the owner's data-protection officer reviews each emergency access. So the finding of the agency that
declared it settles nothing for those whose records it opened.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from portal.audit.entry import Subject
from portal.auth.actor import Actor
from portal.db import from_micros, new_id
from portal.errors import NotFound
from portal.sharing import said
from portal.sharing.doors import Doors
from portal.sharing.fields import LONGEST_REASON, Invalid, clean
from portal.sharing.tables import CaseFile, EmergencyRow, Notice

QUESTIONED = "questioned"
OUTCOMES = {"justified": "Justified", QUESTIONED: "Query sent", "escalated": "Escalated"}
MOST = 200
UNSETTLED = or_(Notice.outcome.is_(None), Notice.outcome == QUESTIONED)


@dataclass(frozen=True, slots=True)
class Finding:
    """How far one party is: `outcome` is an id of `OUTCOMES`, "" where its officer has found nothing yet."""

    party: str
    outcome: str
    at: datetime | None

    @property
    def settled(self) -> bool:
        """Whether it waits neither for a finding nor for the answer to a query."""
        return self.outcome not in ("", QUESTIONED)


@dataclass(frozen=True, slots=True)
class Declared:
    """An emergency with one finding for each party told, by party. No case content."""

    visit: uuid.UUID
    entry: uuid.UUID
    ends: datetime
    due: datetime
    findings: tuple[Finding, ...]

    def of(self, party: str) -> Finding | None:
        """That party's finding; None where it was not told."""
        return next((each for each in self.findings if each.party == party), None)


def declared(session: Session, party: str | None) -> tuple[Declared, ...]:
    """The emergencies a party was told of (None: every party's), at most 200: the unsettled first, then the newest.

    The caller logs the reading.
    """
    told = select(Notice.entry) if party is None else select(Notice.entry).where(Notice.party == party)
    waits = EmergencyRow.entry.in_(told.where(UNSETTLED))
    statement = select(EmergencyRow).where(EmergencyRow.entry.in_(told))
    rows = session.scalars(statement.order_by(waits.desc(), EmergencyRow.declared_at.desc()).limit(MOST)).all()
    found = _findings(session, [row.entry for row in rows])
    return tuple(
        Declared(row.visit, row.entry, from_micros(row.ends), from_micros(row.review_due), tuple(found[row.entry]))
        for row in rows
    )


def _findings(session: Session, entries: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[Finding]]:
    found: dict[uuid.UUID, list[Finding]] = {entry: [] for entry in entries}
    for notice in session.scalars(select(Notice).where(Notice.entry.in_(found)).order_by(Notice.party)):
        at = from_micros(notice.seen_at) if notice.seen_at else None
        found[notice.entry].append(Finding(notice.party, notice.outcome or "", at))
    return found


def record(session: Session, doors: Doors, actor: Actor, visit: uuid.UUID, outcome: str, note: str) -> bool:
    """Record what the actor's party found, on its own notice. False where it is settled already: nothing changes.

    Raises `Invalid`, `NotFound` for an emergency the party was not told of, `LogUnavailable`.
    """
    if outcome not in OUTCOMES:
        raise Invalid({"outcome": "Select what you found"})
    if len(note := clean(note)) > LONGEST_REASON:
        raise Invalid({"note": f"The note must be {LONGEST_REASON:,} characters or fewer"})
    row = session.get(EmergencyRow, visit)
    mine = (Notice.entry == row.entry, Notice.party == actor.party) if row else ()
    if row is None or session.scalar(select(Notice.id).where(*mine)) is None:
        raise NotFound
    file = session.get(CaseFile, row.case)
    detail = {"case": row.case.hex, "note": note, "finding": outcome}
    entry = said.entry(
        "emergency-reviewed",
        actor,
        purpose="rights",
        subjects=[Subject(file.person if file else new_id(), detail)],
        visit=visit,
    )
    values = {"outcome": outcome, "seen_at": doors.clock(), "seen_by": actor.user}
    with doors.log.transaction(session) as tx:
        recorded = session.connection().execute(update(Notice).where(*mine, UNSETTLED).values(**values)).rowcount > 0
        if recorded:
            tx.append(entry)
    return recorded
