"""Lists of cases: one entry for the whole list, naming each person whose values are opened for it."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from isa.agreement import Capacity
from portal.audit.entry import Outcome, Subject
from portal.auth.actor import Actor
from portal.db import from_micros
from portal.sharing import facts, said
from portal.sharing.disclosure import Receipt
from portal.sharing.doors import Doors
from portal.sharing.reading.case import note_broken
from portal.sharing.reading.rows import Head, fetch, heads, highest_marking, open_record, shape_of
from portal.sharing.sight import READ, Shape, Sight, sight
from portal.sharing.tables import Assignment, CaseFile, CaseSeen, RecordRow

PAGE = 50
FORTNIGHT = 14 * 24 * 3600 * 1_000_000
SHOWN = ("person.surname", "person.forename", "case.rag", "case.status")


@dataclass(frozen=True, slots=True)
class Line:
    """One case in a list."""

    case: uuid.UUID
    reference: str
    borough: str
    name: str
    rag: str
    status: str
    review_due: datetime | None
    new: int


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
    """A page of cases, what was lately shared on them, and the receipt."""

    lines: tuple[Line, ...]
    shared: tuple[Shared, ...]
    total: int
    page: int
    marking: str
    receipt: Receipt | None


def my_cases(session: Session, doors: Doors, actor: Actor, page: int = 1, review: bool = False) -> CaseList:
    """The cases within this capacity's reach, those due for review first; a page of 50. Raises `LogUnavailable`.

    `review` keeps only those whose review is due within a fortnight. Nobody in reach: an empty list, nothing logged.
    """
    now = doors.clock()
    doors.book.refresh(session)
    reach, content, purpose = doors.book.role(Capacity(actor.party, actor.role))
    if not content or reach == "none":
        return CaseList((), (), 0, 1, "OFFICIAL", None)
    statement = _within_reach(doors, actor, reach, now)
    if review:
        statement = statement.where(CaseFile.review_due.is_not(None), CaseFile.review_due < now + FORTNIGHT)
    total = session.scalar(select(func.count()).select_from(statement.subquery())) or 0
    order = (CaseFile.review_due.is_(None), CaseFile.review_due, CaseFile.reference)
    cases = list(session.scalars(statement.order_by(*order).offset((page - 1) * PAGE).limit(PAGE)))
    session.expunge_all()
    return _list(session, doors, actor, cases, purpose, now, total, page)


def _within_reach(doors: Doors, actor: Actor, reach: str, now: int) -> Select[CaseFile]:
    if reach == "agreement":
        return select(CaseFile).where(CaseFile.agreement.in_([a.id for a in doors.book.of_party(actor.party)]))
    mine = select(Assignment.case).where(
        Assignment.party == actor.party,
        Assignment.starts <= now,
        or_(Assignment.ends.is_(None), Assignment.ends > now),
    )
    if reach == "assigned":
        mine = mine.where(Assignment.user == actor.user)
    return select(CaseFile).where(CaseFile.id.in_(mine))


def _list(
    session: Session,
    doors: Doors,
    actor: Actor,
    cases: Sequence[CaseFile],
    purpose: str,
    now: int,
    total: int,
    page: int,
) -> CaseList:
    if not cases:
        return CaseList((), (), total, page, "OFFICIAL", None)
    agreements = {a.id: a for a in doors.book.all()}
    known = facts.of_cases(session, agreements, actor, cases, now)
    capacity = Capacity(actor.party, actor.role)
    sights = {
        c.id: sight(doors.book.engine(c.agreement), capacity, known[c.id].known, purpose, from_micros(now))
        for c in cases
    }
    visible = [c for c in cases if sights[c.id].knows_person]
    ids = [c.id for c in visible]
    rows = [h for h in heads(session, ids, ["person", "case"]) if sights[h.case].permitted(READ, shape_of(h))]
    by_case: dict[uuid.UUID, list[Head]] = {}
    for head in rows:
        by_case.setdefault(head.case, []).append(head)
    sealed = fetch(session, doors.keys, [h.id for h in rows], SHOWN)
    fresh = _fresh(session, actor, sights, ids, now)
    subjects = [_subject(sights[c.id], c, by_case.get(c.id, [])) for c in visible]
    decided = union(tuple(s.decided for s in subjects if s.decided))
    entry = said.entry("list", actor, purpose=purpose, decided=decided, subjects=subjects)
    with doors.log.transaction(session) as tx:
        receipt = tx.append(entry)
    lines = [
        _line(session, doors, actor, sights[c.id], c, by_case.get(c.id, []), sealed, fresh, purpose) for c in visible
    ]
    names = {line.case: line.name for line in lines}
    shared = [
        Shared(
            case, names[case], agreements_label(sights[case], label), owner_name(sights[case], owner), from_micros(at)
        )
        for case, label, owner, at, _ in fresh
    ]
    marking = highest_marking(sights[ids[0]].agreement, ["identity", "selection"]) if ids else "OFFICIAL"
    return CaseList(tuple(lines), tuple(shared[:10]), total, page, marking, said.receipt(receipt))


@lru_cache(maxsize=512)
def union(outcomes: tuple[Outcome, ...]) -> Outcome:
    """The outcome of a whole list, by which the log is filtered: every field permitted or withheld for anybody."""
    permitted = {row for outcome in outcomes for row in outcome.permitted}
    withheld = {row for outcome in outcomes for row in outcome.withheld}
    return Outcome(tuple(sorted(permitted)), tuple(sorted(withheld)))


def _subject(seen: Sight, case: CaseFile, rows: Sequence[Head]) -> Subject:
    detail = {"case": case.id.hex, "agreement": seen.reference, "records": [[h.id.hex, h.version] for h in rows]}
    return Subject(case.person, detail, decided=seen.outcome(READ, {shape_of(h) for h in rows}))


def _line(
    session: Session,
    doors: Doors,
    actor: Actor,
    seen: Sight,
    case: CaseFile,
    rows: Sequence[Head],
    sealed: object,
    fresh: Sequence[tuple[uuid.UUID, str, str, int, bool]],
    purpose: str,
) -> Line:
    broken: list[tuple[uuid.UUID, str]] = []
    opened = [r for h in rows if (r := open_record(seen, h, sealed, broken)) is not None]  # type: ignore[arg-type]
    if broken:
        note_broken(session, doors, actor, purpose, case, broken)

    def text(name: str) -> str:
        return next((t for r in opened if (t := r.text(name))), "")

    return Line(
        case=case.id,
        reference=case.reference,
        borough=seen.agreement.borough,
        name=f"{text('forename')} {text('surname')}".strip(),
        rag=text("rag"),
        status=text("status"),
        review_due=from_micros(case.review_due) if case.review_due else None,
        new=sum(1 for of, _, _, _, unseen in fresh if of == case.id and unseen),
    )


def _fresh(
    session: Session, actor: Actor, sights: dict[uuid.UUID, Sight], ids: Sequence[uuid.UUID], now: int
) -> list[tuple[uuid.UUID, str, str, int, bool]]:
    """(case, label, owner, when, not yet seen) of readable updates by other parties in the last fortnight."""
    rows = session.connection().execute(
        select(
            RecordRow.case,
            RecordRow.label,
            RecordRow.owner,
            RecordRow.made_as_youth,
            RecordRow.created_at,
            CaseSeen.seen_at,
        )
        .outerjoin(CaseSeen, (CaseSeen.case == RecordRow.case) & (CaseSeen.user == actor.user))
        .where(
            RecordRow.case.in_(ids),
            RecordRow.kind == "update",
            RecordRow.owner != actor.party,
            RecordRow.created_at > now - FORTNIGHT,
        )
        .order_by(RecordRow.created_at.desc())
    )
    return [
        (row.case, row.label, row.owner, row.created_at, row.seen_at is None or row.created_at > row.seen_at)
        for row in rows
        if sights[row.case].permitted(READ, Shape("update", row.label, row.owner, row.made_as_youth))
    ]


def agreements_label(seen: Sight, label: str) -> str:
    """The name of a category as its agreement has it."""
    return seen.agreement.categories[label].name


def owner_name(seen: Sight, party: str) -> str:
    """The short name of a party as its agreement has it."""
    found = seen.agreement.parties.get(party)
    return found.short if found else party
