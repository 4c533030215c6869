"""Which cases a capacity works on or may list. It opens and decides nothing of any of them."""

from collections.abc import Mapping
from functools import lru_cache
from operator import itemgetter

from sqlalchemy import ColumnElement, bindparam, func, or_, select
from sqlalchemy.orm import Session

from isa.agreement import Capacity
from portal.auth.actor import Actor
from portal.db import from_micros
from portal.query import Query
from portal.sharing import facts
from portal.sharing.doors import Doors
from portal.sharing.sight import Sight, sight
from portal.sharing.tables import Assignment, CaseFile
from portal.sharing.visits import CASE, Case

PAGE = 50


def working(doors: Doors, actor: Actor, purpose: str, now: int) -> tuple[Sight, ...]:
    """For each agreement of the actor's party, what it gives at an open case within reach of which no more is known."""
    return _seen(doors, actor, purpose, now, {"case_open": True})


def meets_closed(doors: Doors, actor: Actor, purpose: str, now: int) -> bool:
    """Whether some agreement lets this capacity know, for this purpose, whose case was closed lately. Where none does,
    no list counts such cases: how many there are is not told either."""
    closed = {"case_open": False, facts.LATELY_CLOSED: True}
    return any(seen.knows_person for seen in _seen(doors, actor, purpose, now, closed))


def _seen(doors: Doors, actor: Actor, purpose: str, now: int, state: Mapping[str, bool]) -> tuple[Sight, ...]:
    capacity, book = Capacity(actor.party, actor.role), doors.book
    known = {"assigned": True, **state, **actor.induction.facts(now)}
    return tuple(
        sight(
            book.engine(a.id),
            capacity,
            {**known, **facts.contracted(a, actor.party, actor.contracts)},
            purpose,
            from_micros(now),
        )
        for a in book.of_party(actor.party)
    )


def within_reach(session: Session, doors: Doors, actor: Actor, now: int) -> list[Case]:
    """Every case that this capacity works on or may list, in pages of the database's own. Opens and decides nothing."""
    reach, content, _ = doors.book.role(Capacity(actor.party, actor.role))
    if not content or reach == "none":
        return []
    agreements = [a.id for a in doors.book.of_party(actor.party)]
    wanted = {"agreements": agreements, "party": actor.party, "user": actor.user, "now": now}
    _, some = pages_of(reach, False, False)
    found: list[Case] = []
    while len(page := some.all(session, **wanted, first=len(found), soon=now)) == PAGE:
        found += page
    return found + page


def within_terms(reach: str) -> list[ColumnElement[bool]]:
    """What makes a case one within a reach, for parameters agreements, party, user and now."""
    if reach == "agreement":
        return [CaseFile.agreement.in_(bindparam("agreements", expanding=True))]
    mine = select(Assignment.case).where(
        Assignment.party == bindparam("party"),
        Assignment.starts <= bindparam("now"),
        or_(Assignment.ends.is_(None), Assignment.ends > bindparam("now")),
    )
    if reach == "assigned":
        mine = mine.where(Assignment.user == bindparam("user"))
    return [CaseFile.id.in_(mine)]


@lru_cache(maxsize=16)
def pages_of(reach: str, review: bool, dated: bool, closed: bool = True) -> tuple[Query[int], Query[Case]]:
    """How many cases are within a reach, and a page of them; `closed` ones too, or those that go on."""
    within = within_terms(reach) + ([] if closed else [CaseFile.state == "open"])
    if review:
        within += [CaseFile.review_due.is_not(None), CaseFile.review_due < bindparam("soon")]
    soonest = (CaseFile.review_due.is_(None), CaseFile.review_due) if dated else ()
    order = (*soonest, CaseFile.reference)
    some = Query(select(*CASE).where(*within).order_by(*order).offset(bindparam("first")).limit(PAGE), Case._make)
    count = Query(select(func.count()).select_from(CaseFile).where(*within), itemgetter(0))
    return count, some
