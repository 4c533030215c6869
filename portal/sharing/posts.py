"""Who works on which case, as the table has it. Ids and dates alone: nothing here decides, opens or logs."""

import uuid
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, bindparam, distinct, func, or_, select
from sqlalchemy.orm import Session

from portal.query import Query
from portal.sharing.tables import Assignment, CaseFile
from portal.sharing.visits import CASE, Case

LEAD = "lead"
"""The role on a case of its lead professional."""


class Post(NamedTuple):
    """One assignment, in the order of `_POST`. `covers`: the colleague it stands in for; `ends` None: no end."""

    id: uuid.UUID
    case: uuid.UUID
    user: uuid.UUID
    role: str
    pathway: str | None
    starts: int
    ends: int | None
    covers: uuid.UUID | None
    record: uuid.UUID | None


_POST = (
    Assignment.id,
    Assignment.case,
    Assignment.user,
    Assignment.role,
    Assignment.pathway,
    Assignment.starts,
    Assignment.ends,
    Assignment.covers,
    Assignment.record,
)
_UNENDED = or_(Assignment.ends.is_(None), Assignment.ends > bindparam("now"))
_OF_PARTY = Assignment.party == bindparam("party")
_WORKING = (
    _OF_PARTY,
    Assignment.starts <= bindparam("now"),
    _UNENDED,
    CaseFile.state == "open",
    CaseFile.agreement.in_(bindparam("agreements", expanding=True)),
)
_COUNTED = Query(
    select(Assignment.user, func.count(distinct(Assignment.case)))
    .join(CaseFile, CaseFile.id == Assignment.case)
    .where(*_WORKING)
    .group_by(Assignment.user),
    tuple,
)
_OF_USER = Query(
    select(*CASE)
    .where(
        CaseFile.id.in_(
            select(Assignment.case)
            .join(CaseFile, CaseFile.id == Assignment.case)
            .where(*_WORKING, Assignment.user == bindparam("user"))
        )
    )
    .order_by(CaseFile.reference),
    Case._make,
)
_CASES = Query(select(*CASE).where(CaseFile.id.in_(bindparam("cases", expanding=True))), Case._make)


def _posts(*conditions: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    return select(*_POST).where(_OF_PARTY, _UNENDED, *conditions).order_by(Assignment.starts, Assignment.id)


_ON_CASES = _posts(Assignment.case.in_(bindparam("cases", expanding=True)))
_STANDING = Query(_ON_CASES, Post._make)
_LOCKED = _ON_CASES.with_for_update()
_COVER = Query(_posts(Assignment.covers.is_not(None)), Post._make)
_COVER_OF = Query(
    _posts(
        Assignment.covers.is_not(None),
        or_(Assignment.user == bindparam("user"), Assignment.covers == bindparam("user")),
    ),
    Post._make,
)
_LEADS = Query(
    select(Assignment.party, Assignment.user)
    .where(
        Assignment.case == bindparam("case"), Assignment.role == LEAD, Assignment.starts <= bindparam("now"), _UNENDED
    )
    .order_by(Assignment.starts.desc(), Assignment.id),
    tuple,
)


def counted(session: Session, party: str, agreements: Sequence[str], now: int) -> dict[uuid.UUID, int]:
    """Person → how many open cases of these agreements they work on for a party now."""
    return dict(_COUNTED.all(session, party=party, agreements=agreements, now=now))


def cases_of(session: Session, party: str, agreements: Sequence[str], user: uuid.UUID, now: int) -> list[Case]:
    """The open cases of these agreements that a person works on for a party now, by reference."""
    return _OF_USER.all(session, party=party, agreements=agreements, user=user, now=now)


def cases(session: Session, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Case]:
    """These cases, as far as there are any."""
    return {case.id: case for case in _CASES.all(session, cases=ids)}


def on_cases(session: Session, party: str, ids: Sequence[uuid.UUID], now: int) -> list[Post]:
    """The posts of a party on these cases that have not ended, those yet to begin among them."""
    return _STANDING.all(session, party=party, cases=ids, now=now)


def held(session: Session, party: str, ids: Collection[uuid.UUID], now: int) -> list[Post]:
    """As `on_cases`, held until this write transaction commits: nobody else changes them meanwhile."""
    if not ids:
        return []
    session.connection().execute(_LOCKED, {"party": party, "cases": list(ids), "now": now})
    return on_cases(session, party, list(ids), now)  # anew: what another had added is seen once the lock is ours


def cover(session: Session, party: str, now: int, user: uuid.UUID | None = None) -> list[Post]:
    """The cover of a party that has not ended, or only that by or for one person."""
    if user is None:
        return _COVER.all(session, party=party, now=now)
    return _COVER_OF.all(session, party=party, now=now, user=user)


def leads(session: Session, case: uuid.UUID, now: int) -> dict[str, uuid.UUID]:
    """Party → its lead professional on a case now, the first where there are several."""
    return dict(_LEADS.all(session, case=case, now=now))
