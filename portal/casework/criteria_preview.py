"""What the next version of a borough's criteria would say of the people it has now, before anybody keeps it."""

import uuid
from dataclasses import dataclass, field
from operator import itemgetter

from sqlalchemy import bindparam, exists, func, select
from sqlalchemy.orm import Session

from portal.auth.actor import Actor
from portal.casework import assessing, criteria, criteria_keeping
from portal.casework.criteria import MET, NOT_MET, UNKNOWN, Rules
from portal.query import Query
from portal.sharing.days import day_at
from portal.sharing.disclosure import Receipt, Record
from portal.sharing.doors import Doors
from portal.sharing.importing.matching import PURPOSE
from portal.sharing.inbox import PAGE, WAITING
from portal.sharing.reading import evidence
from portal.sharing.tables import CaseFile, Referral
from portal.sharing.visits import CASE, Case

NO_CRITERIA = "No criteria"


@dataclass(frozen=True, slots=True)
class Change:
    """Somebody for whom the answer would be another. `case`: where to read on."""

    case: uuid.UUID
    reference: str
    name: str = field(repr=False)
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Preview:
    """One page of people: how many would meet the set, how many are of the other age, whose answer changes. `total`
    counts everybody, on this page or not."""

    counts: dict[str, int]
    others: int
    changes: tuple[Change, ...]
    first: int
    last: int
    total: int
    marking: str
    receipt: Receipt | None


_WITHIN = (CaseFile.agreement == bindparam("agreement"), CaseFile.state == "open")
_WAITS = exists().where(Referral.case == CaseFile.id, Referral.state == WAITING)
_SOME = Query(
    select(*CASE).where(*_WITHIN).order_by(_WAITS.desc(), CaseFile.reference).offset(bindparam("first")).limit(PAGE),
    Case._make,
)
_COUNT = Query(select(func.count()).select_from(CaseFile).where(*_WITHIN), itemgetter(0))


def preview(
    session: Session, doors: Doors, actor: Actor, agreement: str, people: str, rules: Rules, page: int = 1
) -> Preview:
    """What these rules would say today of whoever waits or has an open case, those who wait first; 50 a page, logged as
    a list. Raises `NotFound`, `Invalid` by part of the form, `LogUnavailable`."""
    given = criteria_keeping.require(session, doors, actor, agreement, people)
    on = day_at(doors.clock())
    criteria_keeping.check(given, rules, on, None, on)
    first = (page - 1) * PAGE
    cases = _SOME.all(session, agreement=agreement, first=first)
    total = _COUNT.first(session, agreement=agreement) or 0
    before = assessing.standing(session, agreement, on).get(people)
    found = evidence.look(session, doors, actor, cases, PURPOSE)
    counts, others, changes = dict.fromkeys((MET, NOT_MET, UNKNOWN), 0), 0, []
    for seen in found.seen:
        known = assessing.evidence(seen.records, seen.unseen)
        group = assessing.group_of(known, on)
        if group not in ("", people):
            others += 1
            continue
        after = criteria.evaluate(rules, known, on).answer if group else UNKNOWN
        was = (
            criteria.evaluate(before.rules, known, on).answer
            if before and group
            else UNKNOWN
            if before
            else NO_CRITERIA
        )
        counts[after] += 1
        if before and was != after:
            changes.append(Change(seen.case, seen.reference, _name(seen.records), was, after))
    return Preview(
        counts=counts,
        others=others,
        changes=tuple(changes),
        first=first + 1 if cases else 0,
        last=first + len(cases),
        total=total,
        marking=found.marking,
        receipt=found.receipt,
    )


def _name(records: tuple[Record, ...]) -> str:
    persons = [r for r in records if r.kind == "person"]
    parts = (next((t for r in persons if (t := r.text(part))), "") for part in ("forename", "surname"))
    return " ".join(filter(None, parts))
