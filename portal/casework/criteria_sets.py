"""The criteria of a borough, version by version: which are in force, and what went before. Nothing about anybody."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import bindparam, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal.casework import criteria
from portal.casework.criteria import Rules
from portal.casework.criteria_tables import CriteriaSet
from portal.db import new_id, to_micros
from portal.query import Query
from portal.sharing.days import day_at, midnight


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a set. `made_by` is staff, to be named only after a look at them is logged."""

    agreement: str
    people: str
    number: int
    starts: date
    rules: Rules
    made_at: int
    made_by: uuid.UUID


_OF = (CriteriaSet.agreement, CriteriaSet.people, CriteriaSet.number, CriteriaSet.starts, CriteriaSet.rules)
_ALL = Query(
    select(*_OF, CriteriaSet.made_at, CriteriaSet.made_by)
    .where(CriteriaSet.agreement.in_(bindparam("agreements", expanding=True)))
    .order_by(CriteriaSet.agreement, CriteriaSet.people, CriteriaSet.number.desc()),
    tuple,
)


def versions(session: Session, agreements: Iterable[str]) -> list[Version]:
    """Every version of these agreements' sets, the latest of each first. Names nobody but staff, by id."""
    rows = _ALL.all(session, agreements=list(agreements))
    return [Version(a, p, n, day_at(starts), criteria.read(rules), at, by) for a, p, n, starts, rules, at, by in rows]


def in_force(of: Iterable[Version], on: date) -> dict[str, Version]:
    """Of one agreement's versions, the one in force on a day for each group that has one."""
    found: dict[str, Version] = {}
    for version in of:
        if version.starts <= on and (version.people not in found or found[version.people].number < version.number):
            found[version.people] = version
    return found


def put(session: Session, version: Version) -> bool:
    """Add a version inside a write transaction; whether it was, for its number may have been taken meanwhile."""
    insert = (postgresql if session.get_bind().dialect.name == "postgresql" else sqlite).insert
    row = {
        "id": new_id(),
        "agreement": version.agreement,
        "people": version.people,
        "number": version.number,
        "starts": to_micros(midnight(version.starts)),
        "rules": version.rules.written(),
        "made_at": version.made_at,
        "made_by": version.made_by,
    }
    kept = insert(CriteriaSet).values(**row).on_conflict_do_nothing().returning(CriteriaSet.id)
    return session.execute(kept).first() is not None
