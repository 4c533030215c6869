"""Lists of cases: one entry for the whole list, naming each person whose values are opened for it."""

import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from isa.agreement import Capacity
from portal.audit.entry import Outcome, Subject
from portal.auth.actor import Actor
from portal.db import DAY, from_micros
from portal.sharing import facts, moves, said
from portal.sharing.disclosure import Receipt, Value
from portal.sharing.doors import Doors
from portal.sharing.looks import Look, logged, nothing
from portal.sharing.reading.case import note_broken, subject_of
from portal.sharing.reading.fresh import Fresh, updates
from portal.sharing.reading.reach import PAGE, meets_closed, pages_of, working
from portal.sharing.reading.rows import (
    Head,
    Sealed,
    fetch,
    heads,
    highest_marking,
    latest_moves,
    open_record,
    opened,
    shape_of,
)
from portal.sharing.sight import READ, Sight, sight
from portal.sharing.visits import Case

LATEST = 10
MOST_UNIONS = 64
FORTNIGHT = 14 * DAY
SHOWN = ("person.surname", "person.forename", "case.rag", "case.status")
MOVED = (
    *(f"{moves.KIND}.{name}@{label}" for name in (moves.TO, moves.SINCE) for label in (moves.PLACE, moves.LISTED)),
    *(f"{moves.CUSTODY}.{name}" for name in ("held_as", "since", "released_on")),
)
"""What changed last of where somebody is, and of the list: the status is shown as these say, as on the case."""


@dataclass(frozen=True, slots=True)
class Line:
    """One case in a list. `can_share`: this capacity may share an update there for the purpose of the list."""

    case: uuid.UUID
    reference: str
    borough: str
    name: str
    rag: str
    status: str
    review_due: datetime | None
    new: int
    can_share: bool = False


@dataclass(frozen=True, slots=True)
class Shared:
    """An update another party shared on one of these cases: where, of what kind, by whom, when. No text."""

    case: uuid.UUID
    name: str
    label_name: str
    owner_name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CaseList:
    """A page of cases, what was lately shared on them, and the receipt. `dated`: the reader is given review dates;
    `purpose`: what the list is for."""

    lines: tuple[Line, ...]
    shared: tuple[Shared, ...]
    total: int
    page: int
    marking: str
    receipt: Receipt | None
    dated: bool = False
    purpose: str = ""


def my_cases(session: Session, doors: Doors, actor: Actor, page: int = 1, review: bool = False) -> CaseList:
    """As `look_at_mine`, logged and opened. Raises `LogUnavailable`."""
    return logged(session, doors, look_at_mine(session, doors, actor, page, review))


def look_at_mine(session: Session, doors: Doors, actor: Actor, page: int = 1, review: bool = False) -> Look[CaseList]:
    """The cases within this capacity's reach, those due for review first; a page of 50.

    `review` keeps only those whose review is due within a fortnight. Nobody in reach: an empty list, nothing logged.
    To whom no clause gives review dates, neither the order nor `review` tells them.
    """
    now = doors.clock()
    doors.book.refresh(session)
    reach, content, purpose = doors.book.role(Capacity(actor.party, actor.role))
    if not content or reach == "none":
        return nothing(CaseList((), (), 0, 1, "OFFICIAL", None))
    wanted = {
        "agreements": [a.id for a in doors.book.of_party(actor.party)],
        "party": actor.party,
        "user": actor.user,
        "now": now,
        "soon": now + FORTNIGHT,
        "first": (page - 1) * PAGE,
    }
    dated = _is_given_dates(doors, actor, purpose, now)
    count, some = pages_of(reach, review and dated, dated, meets_closed(doors, actor, purpose, now))
    total = count.first(session, **wanted) or 0
    cases = some.all(session, **wanted)
    told = CaseList((), (), total, page, "OFFICIAL", None, dated, purpose)
    return _look(session, doors, actor, cases, purpose, now, told)


def _is_given_dates(doors: Doors, actor: Actor, purpose: str, now: int) -> bool:
    """Whether a clause gives this capacity the review dates of cases it works on."""
    return any(seen.knows_review for seen in working(doors, actor, purpose, now))


def listed(
    session: Session,
    doors: Doors,
    actor: Actor,
    cases: Sequence[Case],
    purpose: str,
    now: int,
    total: int,
    page: int = 1,
    also: Sequence[Subject] = (),
) -> CaseList:
    """These cases as a list, those of them whose person may be known. `also`: who else is named in its entry, staff
    whose names the page shows beside it. No cases: an empty list, nothing logged."""
    told = CaseList((), (), total, page, "OFFICIAL", None)
    return logged(session, doors, _look(session, doors, actor, cases, purpose, now, told, also))


def _look(
    session: Session,
    doors: Doors,
    actor: Actor,
    cases: Sequence[Case],
    purpose: str,
    now: int,
    told: CaseList,
    also: Sequence[Subject] = (),
) -> Look[CaseList]:
    """The list as `told` begins it, with these cases."""
    if not cases:
        return nothing(told)
    seen = sights_at(session, doors, actor, cases, purpose, now)
    visible = [c for c in cases if seen[c.id].knows_person]
    ids = [c.id for c in visible]
    some = heads(session, ids, ["person", "case", moves.KIND, moves.CUSTODY])
    rows = latest_moves(h for h in some if seen[h.case].permitted(READ, shape_of(h)))
    by_case: dict[uuid.UUID, list[Head]] = {}
    for head in rows:
        by_case.setdefault(head.case, []).append(head)
    sealed = fetch(session, doors.keys, [h.id for h in rows], (*SHOWN, *MOVED))
    fresh = updates(session, actor, seen, ids, now - FORTNIGHT)
    new = Counter(f.case for f in fresh if f.unseen)
    subjects = [_subject(seen[c.id], c, by_case.get(c.id, ())) for c in visible]
    decided = union(s.decided for s in subjects if s.decided)

    def opens() -> CaseList:
        lines = []
        for c in visible:
            broken: list[tuple[uuid.UUID, str]] = []
            lines.append(_line(seen[c.id], c, by_case.get(c.id, ()), sealed, new[c.id], broken))
            if broken:
                note_broken(session, doors, actor, purpose, c, broken)
        names = {line.case: line.name for line in lines}
        shared = tuple(_shared(seen[f.case], f, names[f.case]) for f in fresh[:LATEST])
        marking = highest_marking(seen[ids[0]].agreement, ["identity", "selection"]) if ids else "OFFICIAL"
        return replace(told, lines=tuple(lines), shared=shared, marking=marking, receipt=look.receipt)

    entry = said.entry("list", actor, purpose=purpose, decided=decided, subjects=[*subjects, *also])
    look = Look(entry, opens)
    return look


def sights_at(
    session: Session, doors: Doors, actor: Actor, cases: Sequence[Case], purpose: str, now: int
) -> dict[uuid.UUID, Sight]:
    """What this capacity may do at each case; most cases share their facts, and so their decisions."""
    known = facts.of_cases(session, {a.id: a for a in doors.book.all()}, actor, cases, now, own=True)
    capacity, moment = Capacity(actor.party, actor.role), from_micros(now)
    met: dict[tuple[str, frozenset[tuple[str, bool]]], Sight] = {}
    found: dict[uuid.UUID, Sight] = {}
    for case in cases:
        told = known[case.id].known
        key = (case.agreement, frozenset(told.items()))
        if key not in met:
            met[key] = sight(doors.book.engine(case.agreement), capacity, told, purpose, moment)
        found[case.id] = met[key]
    return found


def subject_at(seen: Sight, case: Case, rows: Sequence[Head]) -> Subject:
    """What the log is told of one person in a list: which records, and what was decided of them; silent ones apart."""
    told = subject_of(seen, case, rows, agreement=seen.reference)
    return replace(told, decided=seen.outcome(READ, {shape_of(h) for h in rows}))


def union(outcomes: Iterable[Outcome]) -> Outcome:
    """The outcome of a whole list, by which the log is filtered: every field permitted or withheld for anybody."""
    distinct = {outcome.digest(): outcome for outcome in outcomes}
    key = frozenset(distinct)
    kept = _UNIONS.get(key)
    if kept is None:
        permitted = {row for outcome in distinct.values() for row in outcome.permitted}
        withheld = {row for outcome in distinct.values() for row in outcome.withheld}
        if len(_UNIONS) >= MOST_UNIONS:
            _UNIONS.clear()
        kept = _UNIONS[key] = Outcome(tuple(sorted(permitted)), tuple(sorted(withheld)))
    return kept


_UNIONS: dict[frozenset[str], Outcome] = {}
"""By the digests of what it unites, for comparing hundreds of fields costs more than the list."""


def _subject(seen: Sight, case: Case, rows: Sequence[Head]) -> Subject:
    detail = {"case": case.id.hex, "agreement": seen.reference, "records": [[h.id.hex, h.version] for h in rows]}
    return Subject(case.person, detail, decided=seen.outcome(READ, {shape_of(h) for h in rows}))


def _line(
    seen: Sight,
    case: Case,
    rows: Sequence[Head],
    sealed: Sealed,
    new: int,
    broken: list[tuple[uuid.UUID, str]],
) -> Line:
    texts: dict[str, str] = {}
    records = []
    for head in rows:  # newest first
        if head.kind == "person":
            values: Iterable[Value] = opened(seen, head, sealed, broken)
        else:
            record = open_record(seen, head, sealed, broken)
            values = record.values if record else ()
            records += [record] if record else []
        for value in values:
            texts.setdefault(value.key, value.text)
    surname, forename, rag = (texts.get(key, "") for key in SHOWN[:3])
    return Line(
        case=case.id,
        reference=case.reference,
        borough=seen.agreement.borough,
        name=f"{forename} {surname}".strip(),
        rag=rag,
        status=moves.stand(records).shown,
        review_due=from_micros(case.review_due) if case.review_due and seen.knows_review else None,
        new=new,
        can_share=seen.shares_updates,
    )


def _shared(seen: Sight, update: Fresh, name: str) -> Shared:
    label, owner = agreements_label(seen, update.label), owner_name(seen, update.owner)
    return Shared(update.case, name, label, owner, from_micros(update.at))


def agreements_label(seen: Sight, label: str) -> str:
    """The name of a category as its agreement has it."""
    return seen.agreement.categories[label].name


def owner_name(seen: Sight, party: str) -> str:
    """The short name of a party as its agreement has it."""
    found = seen.agreement.parties.get(party)
    return found.short if found else party
