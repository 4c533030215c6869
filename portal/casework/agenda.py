"""Agendas as the tables have them: what may stand on one, what does, and who may attend. Ids and dates alone."""

import uuid
from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

from sqlalchemy import exists, insert, select
from sqlalchemy.orm import Session

from portal.auth import capacities
from portal.auth.tables import CapacityGrant
from portal.casework.present import Present
from portal.db import to_micros
from portal.sharing.days import midnight
from portal.sharing.doors import Doors
from portal.sharing.fields import Invalid
from portal.sharing.inbox import ACCEPTED
from portal.sharing.meeting_tables import AgendaItem, Attendance
from portal.sharing.tables import CaseFile, Referral
from portal.sharing.visits import CASE, Case

ATTENDEE = "attendee"
REFERRAL, REVIEW, ADDED = "referral", "review", "added"
"""Why a case stands on an agenda."""
MOST = 60
TOMORROW = timedelta(days=1)


def candidates(session: Session, agreement: str, before: date) -> list[tuple[Case, str]]:
    """What a panel is to decide: referrals that were accepted and not settled since, the longest waiting first; then
    open cases whose review is due before a day, the longest due first. Each with why."""
    found = {case.id: (case, REFERRAL) for case in _referred(session, agreement)}
    for case in _due(session, agreement, before):
        found.setdefault(case.id, (case, REVIEW))
    return list(found.values())


def _referred(session: Session, agreement: str) -> list[Case]:
    settled = exists().where(
        AgendaItem.case == Referral.case, AgendaItem.settled.is_(True), AgendaItem.decided_at > Referral.since
    )
    rows = session.execute(
        select(*CASE)
        .join(Referral, Referral.case == CaseFile.id)
        .where(CaseFile.agreement == agreement, CaseFile.state == "open", Referral.state == ACCEPTED, ~settled)
        .order_by(Referral.since, Referral.id)
        .limit(MOST)
    ).all()
    return [Case._make(r) for r in rows]


def _due(session: Session, agreement: str, before: date) -> list[Case]:
    """Open cases whose review is due before a day, the longest due first."""
    rows = session.execute(
        select(*CASE)
        .where(CaseFile.agreement == agreement, CaseFile.state == "open", CaseFile.review_due < start(before))
        .order_by(CaseFile.review_due, CaseFile.reference)
        .limit(MOST)
    ).all()
    return [Case._make(r) for r in rows]


class Standing(NamedTuple):
    """A case on an agenda, and why it is there."""

    case: uuid.UUID
    position: int
    why: str
    decided_at: int | None


_STANDING = select(AgendaItem.case, AgendaItem.position, AgendaItem.why, AgendaItem.decided_at)


def items(session: Session, meeting: uuid.UUID) -> dict[uuid.UUID, Standing]:
    """What stands on the agenda of a meeting, by case."""
    rows = session.execute(_STANDING.where(AgendaItem.meeting == meeting)).all()
    return {item.case: item for item in map(Standing._make, rows)}


def cases(session: Session, agreement: str, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Case]:
    """These cases, as far as they are of this agreement."""
    rows = session.execute(select(*CASE).where(CaseFile.id.in_(ids), CaseFile.agreement == agreement)).all()
    return {case.id: case for case in map(Case._make, rows)}


def by_reference(session: Session, agreement: str, reference: str) -> Case:
    """The open case of an agreement with this reference. Raises `Invalid` with what to type."""
    wanted = reference.strip().upper()
    found = session.execute(
        select(*CASE).where(CaseFile.agreement == agreement, CaseFile.reference == wanted, CaseFile.state == "open")
    ).first()
    if found is None:
        raise Invalid({"reference": "No open case of this borough has that reference. It looks like BN-2026-0147"})
    return Case._make(found)


def may_attend(session: Session, doors: Doors, agreement: str, on: date) -> list[Present]:
    """Attendee capacities, of the parties that are bound by the agreement, that are in force until a day is over."""
    named = doors.book.engine(agreement).agreement.parties
    bound = [party for party in named if agreement in {a.id for a in doors.book.bound(party)}]
    rows = session.execute(
        select(CapacityGrant.id, CapacityGrant.user, CapacityGrant.party, CapacityGrant.role).where(
            CapacityGrant.role == ATTENDEE,
            CapacityGrant.party.in_(bound),
            capacities.in_force(start(on + TOMORROW) - 1),
        )
    ).all()
    return [Present(*row, joined=None) for row in rows]


def start(day: date) -> int:
    """The first instant of a day in London. Not every day has 24 hours."""
    return to_micros(midnight(day))


def put(
    session: Session, meeting: uuid.UUID, agenda: Sequence[tuple[uuid.UUID, str]], people: Sequence[Present]
) -> None:
    """Write an agenda in its order, and who is asked. Inside a write transaction."""
    items = [{"meeting": meeting, "case": c, "position": n, "why": why} for n, (c, why) in enumerate(agenda)]
    asked = [
        {"meeting": meeting, "capacity": p.capacity, "user": p.user, "party": p.party, "session": ""} for p in people
    ]
    for table, rows in ((AgendaItem, items), (Attendance, asked)):
        if rows:
            session.connection().execute(insert(table), rows)
