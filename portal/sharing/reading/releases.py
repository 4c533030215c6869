"""Who comes out soon, over all cases of a reader: one entry for the whole list, before a date of it is opened."""

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from isa.agreement import Capacity
from portal.auth.actor import Actor
from portal.db import to_micros
from portal.query import Query
from portal.sharing import said
from portal.sharing.days import day_at, midnight
from portal.sharing.disclosure import Receipt
from portal.sharing.doors import Doors
from portal.sharing.looks import Look, nothing
from portal.sharing.reading.case import note_broken
from portal.sharing.reading.lists import sights_at, subject_at, union
from portal.sharing.reading.reach import within_terms
from portal.sharing.reading.rows import Head, Sealed, fetch, heads, highest_marking, opened, shape_of
from portal.sharing.release import CUSTODY, GAPS, KINDS, THINGS, State, judged, reads_all
from portal.sharing.sight import READ, Sight, category_of
from portal.sharing.tables import CaseFile, RecordRow, SealedValue
from portal.sharing.visits import CASE, Case

AHEAD, MOST = 14, 50
"""Days; and how many stand in the list, the next first."""
PRESSES = 3
"""Days: a release that becomes known so late is told at once."""
PERSON, SENTENCE = "person", "sentence"
DATES = ("custody.release_on", "sentence.release_on")
FIELDS = ("person.forename", "person.surname", "custody.prison", *DATES, *(f"{kind}.state" for kind in KINDS))


@dataclass(frozen=True, slots=True)
class Coming:
    """One person who comes out: `gaps` are the things that are not arranged, by name, in order, each with whether
    nobody arranges it or somebody has not yet; `unknown`: this reader may not read whether something is."""

    case: uuid.UUID
    reference: str
    name: str
    on: date
    prison: str
    gaps: tuple[tuple[str, State], ...]
    unknown: bool


@dataclass(frozen=True, slots=True)
class ReleaseList:
    """The next releases. Nobody comes out, or none that may be told: nothing logged."""

    lines: tuple[Coming, ...]
    marking: str
    receipt: Receipt | None


_DATED = Query(
    select(RecordRow.case, RecordRow.id)
    .join(SealedValue, SealedValue.record == RecordRow.id)
    .where(
        RecordRow.case.in_(bindparam("cases", expanding=True)),
        SealedValue.field.in_(DATES),
        SealedValue.current,
        SealedValue.written_at > bindparam("since"),
        SealedValue.written_by != bindparam("user"),
    ),
    tuple,
)
NOTHING = ReleaseList((), "OFFICIAL", None)


def coming(session: Session, doors: Doors, actor: Actor, now: int) -> Look[ReleaseList]:
    """Who of this reader's cases comes out within 14 days, and what is missing.

    The operating date of a case only finds it: what is shown is a date that a clause gives, as it was opened.
    """
    reach, content, purpose = doors.book.role(Capacity(actor.party, actor.role))
    if not content or reach == "none":
        return nothing(NOTHING)
    today = day_at(now)
    found = _within(session, doors, actor, reach, now, AHEAD)
    if not found:
        return nothing(NOTHING)
    sights = sights_at(session, doors, actor, found, purpose, now)
    cases = {case.id: case for case in found if sights[case.id].knows_person}
    by_case = _readable(session, cases, sights)
    if not by_case:
        return nothing(NOTHING)
    sealed = fetch(session, doors.keys, [h.id for each in by_case.values() for h in each], FIELDS)
    subjects = [subject_at(sights[of], cases[of], each) for of, each in by_case.items()]
    decided = union(s.decided for s in subjects if s.decided)
    agreement = sights[next(iter(by_case))].agreement
    marking = highest_marking(agreement, {category_of(agreement, h.kind, h.label) for e in by_case.values() for h in e})

    def opens() -> ReleaseList:
        lines = [
            line
            for of, rows in by_case.items()
            if (line := _line(session, doors, actor, cases[of], sights[of], rows, sealed, purpose, today))
        ]
        return ReleaseList(tuple(sorted(lines, key=lambda line: (line.on, line.reference))), marking, look.receipt)

    look = Look(said.entry("list", actor, purpose=purpose, decided=decided, subjects=subjects), opens)
    return look


def news(session: Session, doors: Doors, actor: Actor, since: int, now: int) -> bool:
    """Whether somebody else wrote after `since` that one of this reader's people comes out within `PRESSES` days, and
    they are given the date. By the operating date: opens nothing."""
    reach, content, purpose = doors.book.role(Capacity(actor.party, actor.role))
    if not content or reach == "none":
        return False
    found = _within(session, doors, actor, reach, now, PRESSES)
    fresh = _DATED.all(session, cases=[c.id for c in found], since=since, user=actor.user) if found else []
    if not fresh:
        return False
    dated = [case for case in found if case.id in {of for of, _ in fresh}]
    sights = sights_at(session, doors, actor, dated, purpose, now)
    known = {case.id for case in dated if sights[case.id].knows_person}
    rows = {head.id: head for head in heads(session, sorted(known), [CUSTODY, SENTENCE])} if known else {}
    return any(
        of in known
        and record in rows
        and bool(sights[of].some_permitted(READ, shape_of(rows[record]), frozenset(DATES)))
        for of, record in fresh
    )


def _within(session: Session, doors: Doors, actor: Actor, reach: str, now: int, days: int) -> Sequence[Case]:
    """This reader's cases whose operating date says that they come out today or within so many days."""
    today = day_at(now)
    return _soon(reach).all(
        session,
        agreements=[a.id for a in doors.book.of_party(actor.party)],
        party=actor.party,
        user=actor.user,
        now=now,
        first=to_micros(midnight(today)),
        last=to_micros(midnight(today + timedelta(days=days + 1))),
    )


@lru_cache(maxsize=8)
def _soon(reach: str) -> Query[Case]:
    due = (CaseFile.release_due >= bindparam("first"), CaseFile.release_due < bindparam("last"))
    some = select(*CASE).where(*within_terms(reach), *due, CaseFile.state == "open")
    return Query(some.order_by(CaseFile.release_due, CaseFile.reference).limit(MOST), Case._make)


def _readable(
    session: Session, cases: Mapping[uuid.UUID, Case], sights: Mapping[uuid.UUID, Sight]
) -> dict[uuid.UUID, list[Head]]:
    """The records to open, of those cases of which this reader is given the date."""
    rows: dict[uuid.UUID, list[Head]] = defaultdict(list)
    dated = set()
    for head in heads(session, list(cases), [PERSON, CUSTODY, SENTENCE, *KINDS]) if cases else ():
        given = sights[head.case].some_permitted(READ, shape_of(head), frozenset(FIELDS))
        if given:
            rows[head.case].append(head)
            if any(field.key in DATES for field in given):
                dated.add(head.case)
    return {of: rows[of] for of in cases if of in dated}


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
) -> Coming | None:
    """One of them; None where the date as opened is not within the fortnight."""
    broken: list[tuple[uuid.UUID, str]] = []
    texts: dict[str, str] = {}
    stated: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for head in rows:  # newest first
        values = {v.key: v.text for v in opened(seen, head, sealed, broken)}
        if head.kind in stated:
            stated[head.kind].append(values.get(f"{head.kind}.state", ""))
        texts = {**values, **texts}
    if broken:
        note_broken(session, doors, actor, purpose, case, broken)
    on = next((date.fromisoformat(texts[key]) for key in DATES if texts.get(key)), None)
    if on is None or not today <= on <= today + timedelta(days=AHEAD):
        return None
    signed = doors.book.engine(case.agreement).signed
    states = {
        name: judged({kind: stated[kind] for kind in kinds}, reads_all(seen, kinds, signed, case.minor))
        for name, kinds in THINGS.items()
    }
    return Coming(
        case=case.id,
        reference=case.reference,
        name=" ".join(t for key in FIELDS[:2] if (t := texts.get(key, ""))),
        on=on,
        prison=texts.get("custody.prison", ""),
        gaps=tuple((name, state) for name, state in states.items() if state in GAPS),
        unknown="unknown" in states.values(),
    )
