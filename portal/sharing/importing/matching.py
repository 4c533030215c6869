"""Who a row is about: known by CRN, then PNC ID, and never by a name alone. What may be matched, policy decides."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from isa.agreement import Capacity
from portal.auth.actor import Actor
from portal.db import from_micros, to_micros
from portal.keys.deks import chunks
from portal.keys.index_tags import CRN, PNC, SURNAME_DOB
from portal.query import Query
from portal.sharing import facts, inbox, same
from portal.sharing.days import day_at, midnight
from portal.sharing.doors import Doors
from portal.sharing.importing.accepted import Accepted
from portal.sharing.reading.search import MATCHED
from portal.sharing.sight import SEARCH, Sight, sight
from portal.sharing.storing import tags_of
from portal.sharing.tables import CaseFile, RecordRow, SearchTag

PURPOSE = "selection"


@dataclass(frozen=True, slots=True)
class Match:
    """What is known of a row's person. Neither person nor case: new. `before`: a case of theirs that is closed, and no
    other; they come back, to a case of its own (clause 8.76).

    `problem` (message, remedy) refuses the row; `doubt` (message, remedy) does until its sender confirms.
    """

    person: uuid.UUID | None = None
    case: uuid.UUID | None = None
    problem: tuple[str, str] | None = None
    doubt: tuple[str, str] | None = None
    before: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """A case that rows were matched to, with the decisions for it."""

    case: CaseFile
    sight: Sight


@dataclass(frozen=True, slots=True)
class Matches:
    """One match a row, in order, and every case they lead to."""

    rows: tuple[Match, ...]
    known: dict[uuid.UUID, Known]


@dataclass(frozen=True, slots=True)
class _Hit:
    kind: str
    person: uuid.UUID
    reference: str


def match(session: Session, doors: Doors, actor: Actor, rows: Sequence[Accepted], now: int) -> Matches:
    """Match rows to known persons within the agreements of the actor's party, by what the engine lets be searched."""
    tags = [_tags(doors, row) for row in rows]
    hits = _hits(session, doors, actor, {tag for of in tags for _, tag in of}, now)
    found = [_judge([hit for kind, tag in of for hit in hits.get(tag, ()) if hit.kind == kind]) for of in tags]
    found = _one_row_each(rows, found)
    persons = {m.person for m in found if m.person}
    cases = _cases_of(session, doors, actor, persons)
    mine = {(case.person, case.agreement): case for case in cases}
    agreement = {row.borough: _agreement(doors, row.borough) for row in rows}
    answered = _this_month(session, actor, [case for case in mine.values() if case.state != "open"], now)
    placed = []
    for row, one in zip(rows, found, strict=True):
        case = mine.get((one.person, agreement[row.borough])) if one.person else None
        if case is None:
            placed.append(one)
        elif case.state == "open" or case.id in answered:
            placed.append(replace(one, case=case.id))
        else:
            placed.append(replace(one, before=case.id))
    wanted = {m.case or m.before for m in placed}
    return Matches(tuple(placed), sights(session, doors, actor, [c for c in cases if c.id in wanted], now))


def persons(
    session: Session, doors: Doors, actor: Actor, values: Mapping[str, str], now: int
) -> dict[str, frozenset[uuid.UUID]]:
    """By kind of tag, the persons whom these values (by field key) lead to, as far as this capacity may search."""
    tags = list(tags_of(doors, values))
    hits = _hits(session, doors, actor, {tag for _, tag in tags}, now)
    found: dict[str, set[uuid.UUID]] = defaultdict(set)
    for kind, tag in tags:
        found[kind] |= {hit.person for hit in hits.get(tag, ()) if hit.kind == kind}
    return {kind: frozenset(people) for kind, people in found.items()}


def _this_month(session: Session, actor: Actor, closed: Sequence[CaseFile], now: int) -> frozenset[uuid.UUID]:
    """Those of these cases that were referred in this month already: the file of a month that is sent again brings
    nobody back whom the panel has de-selected in between."""
    first = to_micros(midnight(day_at(now).replace(day=1)))
    return frozenset(
        of for some in chunks(closed) for of in inbox.sent_since(session, actor.party, [c.id for c in some], first)
    )


_KNOWN = Query(
    select(SearchTag.record)
    .join(CaseFile, CaseFile.id == SearchTag.case)
    .where(
        SearchTag.tag.in_(bindparam("tags", expanding=True)),
        CaseFile.agreement.in_(bindparam("served", expanding=True)),
    )
    .limit(1)
)


def now_known(session: Session, doors: Doors, actor: Actor, tags: Sequence[bytes]) -> bool:
    """Whether any of these tags of CRN or PNC ID leads to somebody under an agreement served. Nothing is opened."""
    served = [a.id for a in doors.book.of_party(actor.party)]
    return any(_KNOWN.first(session, tags=some, served=served) is not None for some in chunks(tags))


def number_tags(doors: Doors, values: Mapping[str, str]) -> list[bytes]:
    """The tags of a row's CRN and PNC ID."""
    return [tag for kind, tag in tags_of(doors, values) if kind in (CRN, PNC)]


def new_sight(session: Session, doors: Doors, actor: Actor, agreement: str, now: int) -> Sight:
    """The decisions for somebody who has no case under an agreement yet."""
    engine = doors.book.engine(agreement)
    case = CaseFile(id=uuid.UUID(int=0), person=uuid.UUID(int=0), agreement=agreement, state="open")
    known = facts.of_case(session, engine.agreement, actor, case, now).known
    return sight(engine, Capacity(actor.party, actor.role), known, PURPOSE, from_micros(now))


def _agreement(doors: Doors, borough: str) -> str:
    found = doors.book.of_borough(borough)
    assert found is not None  # a row of another borough was refused when it was checked
    return found.id


def _tags(doors: Doors, row: Accepted) -> list[tuple[str, bytes]]:
    values = {f"person.{name}": text for name, text in row.person.items()}
    values |= {f"identifiers.{name}": text for name, text in row.identifiers.items()}
    return list(tags_of(doors, values))


def _hits(session: Session, doors: Doors, actor: Actor, tags: set[bytes], now: int) -> dict[bytes, list[_Hit]]:
    """Persons by tag, as far as this capacity may search for such a field of such an owner at that case."""
    served = [a.id for a in doors.book.of_party(actor.party)]
    rows = [
        row
        for some in chunks(sorted(tags))
        for row in session.connection().execute(
            select(SearchTag.tag, SearchTag.kind, CaseFile.id, RecordRow.owner)
            .join(CaseFile, CaseFile.id == SearchTag.case)
            .join(RecordRow, RecordRow.id == SearchTag.record)
            .where(SearchTag.tag.in_(some), CaseFile.agreement.in_(served))
        )
    ]
    known = sights(session, doors, actor, _cases(session, {row.id for row in rows}), now)
    given = [r for r in rows if known[r.id].sight.decide(SEARCH, MATCHED[r.kind][0], r.owner).permit]
    persons = {(known[row.id].case.agreement, known[row.id].case.person) for row in given}
    leading = same.leading(session, served, persons)  # among those found alone: a link leads nobody further
    found: dict[bytes, list[_Hit]] = defaultdict(list)
    for row in given:
        case = known[row.id].case
        person = leading.get((case.agreement, case.person), case.person)
        found[row.tag].append(_Hit(row.kind, person, case.reference))
    return found


def _judge(hits: Sequence[_Hit]) -> Match:
    people = {kind: {h.person for h in hits if h.kind == kind} for kind in (CRN, PNC, SURNAME_DOB)}
    for kind, name in ((CRN, "CRN"), (PNC, "PNC ID")):
        if len(people[kind]) > 1:
            return Match(problem=(f"The {name} is recorded for two people.", "Ask the IOM coordinator whose it is."))
    if people[CRN] and people[PNC] and people[CRN] != people[PNC]:
        return Match(
            problem=("The CRN and the PNC ID belong to different people.", "Look both up again, and correct one.")
        )
    if people[CRN]:
        return Match(person=next(iter(people[CRN])))
    if people[PNC]:
        person = next(iter(people[PNC]))
        if person in people[SURNAME_DOB]:
            return Match(person=person)
        doubt = "The PNC ID is known for somebody with another name or date of birth, and no CRN."
        return Match(person=person, doubt=(doubt, "Correct the PNC ID, or confirm that this is the person."))
    if people[SURNAME_DOB]:
        references = ", ".join(sorted({h.reference for h in hits if h.kind == SURNAME_DOB}))
        remedy = "Add the CRN to that case if it is the same person, or confirm that this is somebody else."
        return Match(doubt=(f"Possibly known: same surname and date of birth as {references}.", remedy))
    return Match()


def _one_row_each(rows: Sequence[Accepted], found: Sequence[Match]) -> list[Match]:
    """Two rows of a file that lead to one person say different things of them: both are refused."""
    by_person: dict[uuid.UUID, list[int]] = defaultdict(list)
    for row, one in zip(rows, found, strict=True):
        if one.person:
            by_person[one.person].append(row.row)
    judged = []
    for one in found:
        numbers = by_person[one.person] if one.person else []
        if len(numbers) > 1:
            message = f"Rows {' and '.join(map(str, numbers))} are one person here."
            judged.append(Match(problem=(message, "Keep the row that is right and leave the others out.")))
        else:
            judged.append(one)
    return judged


def _cases(session: Session, ids: Iterable[uuid.UUID]) -> list[CaseFile]:
    found = [
        case
        for some in chunks(sorted(ids))
        for case in session.scalars(select(CaseFile).where(CaseFile.id.in_(some))).all()
    ]
    session.expunge_all()
    return found


def _cases_of(session: Session, doors: Doors, actor: Actor, persons: set[uuid.UUID]) -> list[CaseFile]:
    """The cases of these persons under agreements served; an open one last, so that it is the one a mapping keeps."""
    served = [a.id for a in doors.book.of_party(actor.party)]
    found = [
        case
        for some in chunks(sorted(persons))
        for case in session.scalars(
            select(CaseFile).where(CaseFile.person.in_(some), CaseFile.agreement.in_(served))
        ).all()
    ]
    session.expunge_all()
    return sorted(found, key=lambda case: (case.state == "open", case.opened_at))


def sights(session: Session, doors: Doors, actor: Actor, cases: Sequence[CaseFile], now: int) -> dict[uuid.UUID, Known]:
    """These cases with the decisions this capacity has for them now."""
    agreements = {a.id: a for a in doors.book.all()}
    capacity = Capacity(actor.party, actor.role)
    found = {}
    for some in chunks(cases):
        known = facts.of_cases(session, agreements, actor, some, now)
        for case in some:
            engine = doors.book.engine(case.agreement)
            decided = sight(engine, capacity, known[case.id].known, PURPOSE, from_micros(now))
            found[case.id] = Known(case, decided)
    return found
