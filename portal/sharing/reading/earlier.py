"""That somebody had a case before: for those who may review the earlier one (clauses 5.19 and 8.76), logged, nothing
opened. Access to the earlier case is asked for and decided there, for the purpose of a review."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sqlalchemy import bindparam, exists, select
from sqlalchemy.orm import Session, aliased

from portal.auth.actor import Actor
from portal.query import Query
from portal.sharing import said
from portal.sharing.days import day_at
from portal.sharing.doors import Doors
from portal.sharing.inbox import GONE
from portal.sharing.reading.lists import sights_at
from portal.sharing.tables import CaseFile, Referral
from portal.sharing.visits import CASE, Case

PURPOSE = "deselection"


class _Row(NamedTuple):
    """A closed case of the person of an open one, with the days of both."""

    now: uuid.UUID
    again: int
    opened_at: int
    closed_at: int


_LATER = aliased(CaseFile)
_TAKEN_BACK = exists().where(
    Referral.case == CaseFile.id, Referral.state.in_(GONE), Referral.since == CaseFile.closed_at
)
"""A case that was closed as what was offered ended (clauses 8.90 and 8.91): nobody was ever on that list."""
_EARLIER = Query(
    select(_LATER.id, _LATER.opened_at, CaseFile.opened_at, CaseFile.closed_at, *CASE)
    .join(_LATER, (_LATER.person == CaseFile.person) & (_LATER.agreement == CaseFile.agreement))
    .where(
        _LATER.id.in_(bindparam("cases", expanding=True)),
        CaseFile.id != _LATER.id,
        CaseFile.state != "open",
        CaseFile.closed_at.is_not(None),
        CaseFile.closed_at <= _LATER.opened_at,
        ~_TAKEN_BACK,
    )
    .order_by(CaseFile.closed_at.desc()),
    tuple,
)


@dataclass(frozen=True, slots=True)
class Earlier:
    """The last case before this one: `since` and `until` its days, `again` the day this one was opened."""

    case: uuid.UUID
    reference: str
    since: date
    until: date
    again: date


def earlier(session: Session, doors: Doors, actor: Actor, case: uuid.UUID) -> Earlier | None:
    """The last closed case of the person of a case that the reader knows of already; None where there is none, and
    where no clause lets them review it: both look and cost the same but for the entry. Raises `LogUnavailable`."""
    return found.get(case) if (found := of_cases(session, doors, actor, [case], "consultation")) else None


def of_cases(
    session: Session, doors: Doors, actor: Actor, cases: Sequence[uuid.UUID], operation: str
) -> Mapping[uuid.UUID, Earlier]:
    """As `earlier` for several: one entry names everybody of whom it is told."""
    rows = [(_Row(*row[:4]), Case._make(row[4:])) for row in _EARLIER.all(session, cases=list(cases))] if cases else []
    if not rows:
        return {}
    seen = sights_at(session, doors, actor, [old for _, old in rows], PURPOSE, doors.clock())
    told: dict[uuid.UUID, tuple[_Row, Case]] = {}
    for row, old in rows:  # the last one first
        if seen[old.id].knows_person:
            told.setdefault(row.now, (row, old))
    if not told:
        return {}
    subjects = [said.about(old.person, old.id, earlier_than=now.hex) for now, (_, old) in told.items()]
    agreements = {seen[old.id].reference for _, old in told.values()}
    entry = said.entry(
        operation,
        actor,
        purpose=PURPOSE,
        agreement=agreements.pop() if len(agreements) == 1 else None,
        subjects=subjects,
    )
    with doors.log.transaction(session) as tx:
        tx.append(entry)
    return {now: _told(row, old) for now, (row, old) in told.items()}


def _told(row: _Row, old: Case) -> Earlier:
    return Earlier(old.id, old.reference, day_at(row.opened_at), day_at(row.closed_at), day_at(row.again))
