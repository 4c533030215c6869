"""Who turns 18 soon, over all cases of a reader: one entry for the whole list, before a date of birth is opened.

A case keeps only whether the person was under 18 when something was last written. The day itself is a date of birth
but for its year, so it stands nowhere in the clear: the dates of those few are opened, and logged, each time.
"""

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from isa.agreement import Capacity
from portal.auth.actor import Actor
from portal.query import Query
from portal.sharing import said
from portal.sharing.days import day_at, eighteenth
from portal.sharing.disclosure import Receipt
from portal.sharing.doors import Doors
from portal.sharing.looks import Look, nothing
from portal.sharing.reading.age import BORN
from portal.sharing.reading.case import note_broken
from portal.sharing.reading.lists import sights_at, subject_at, union
from portal.sharing.reading.reach import within_terms
from portal.sharing.reading.rows import Head, Sealed, fetch, heads, highest_marking, opened, shape_of
from portal.sharing.sight import READ, Sight
from portal.sharing.tables import CaseFile
from portal.sharing.visits import CASE, Case

AHEAD, MOST = 90, 200
"""Days; and of how many people under 18 the dates are looked at."""
FIELDS = ("person.forename", "person.surname", BORN)


@dataclass(frozen=True, slots=True)
class Turning:
    """One person who turns 18, and on which day."""

    case: uuid.UUID
    reference: str
    name: str
    on: date


@dataclass(frozen=True, slots=True)
class TurningList:
    """Those who turn 18 soon, the next first. No case of somebody under 18: nothing logged."""

    lines: tuple[Turning, ...]
    marking: str
    receipt: Receipt | None


NOTHING = TurningList((), "OFFICIAL", None)


def soon(born: str, today: date) -> date | None:
    """The eighteenth birthday of somebody born on that ISO date, if it is within 90 days; today's is over."""
    try:
        on = eighteenth(date.fromisoformat(born))
    except ValueError:
        return None
    return on if today < on <= today + timedelta(days=AHEAD) else None


def turning(session: Session, doors: Doors, actor: Actor, now: int) -> Look[TurningList]:
    """Who of this reader's open cases turns 18 within 90 days, where a clause gives the date of birth."""
    reach, content, purpose = doors.book.role(Capacity(actor.party, actor.role))
    if not content or reach == "none":
        return nothing(NOTHING)
    agreements = [a.id for a in doors.book.of_party(actor.party)]
    found = _young(reach).all(session, agreements=agreements, party=actor.party, user=actor.user, now=now)
    if not found:
        return nothing(NOTHING)
    sights = sights_at(session, doors, actor, found, purpose, now)
    cases = {case.id: case for case in found if sights[case.id].knows_person}
    rows: dict[uuid.UUID, list[Head]] = defaultdict(list)
    for head in heads(session, list(cases), ["person"]) if cases else ():
        if sights[head.case].some_permitted(READ, shape_of(head), frozenset({BORN})):
            rows[head.case].append(head)
    if not rows:
        return nothing(NOTHING)
    sealed = fetch(session, doors.keys, [h.id for each in rows.values() for h in each], FIELDS)
    subjects = [subject_at(sights[of], cases[of], each) for of, each in rows.items()]
    decided = union(s.decided for s in subjects if s.decided)

    def opens() -> TurningList:
        lines = [
            line
            for of, each in rows.items()
            if (line := _line(session, doors, actor, cases[of], sights[of], each, sealed, purpose, day_at(now)))
        ]
        sensitive = highest_marking(sights[next(iter(rows))].agreement, {"identity", "selection"})
        marking = sensitive if lines else "OFFICIAL"
        return TurningList(tuple(sorted(lines, key=lambda line: (line.on, line.reference))), marking, look.receipt)

    look = Look(said.entry("list", actor, purpose=purpose, decided=decided, subjects=subjects), opens)
    return look


@lru_cache(maxsize=8)
def _young(reach: str) -> Query[Case]:
    some = select(*CASE).where(*within_terms(reach), CaseFile.minor.is_(True), CaseFile.state == "open")
    return Query(some.order_by(CaseFile.reference).limit(MOST), Case._make)


def _line(
    session: Session,
    doors: Doors,
    actor: Actor,
    case: Case,
    seen: Sight,
    rows: Sequence[Head],
    sealed: Sealed,
    purpose: str,
    today: date,
) -> Turning | None:
    """One of them; None where the birthday as opened is not within 90 days."""
    broken: list[tuple[uuid.UUID, str]] = []
    texts: dict[str, str] = {}
    for head in rows:  # newest first
        texts = {**{v.key: v.text for v in opened(seen, head, sealed, broken) if v.text}, **texts}
    if broken:
        note_broken(session, doors, actor, purpose, case, broken)
    on = soon(texts.get(BORN, ""), today)
    if on is None:
        return None
    return Turning(case.id, case.reference, " ".join(texts[key] for key in FIELDS[:2] if texts.get(key)), on)
