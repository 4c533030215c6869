"""Two records of one person, as the table and the search tags have them: what may be compared, what was said of it.

Keyed tags and ids alone: nothing here decides, opens or logs.
"""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, NamedTuple

from sqlalchemy import and_, bindparam, case, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, aliased

from portal.db import new_id
from portal.query import Query
from portal.sharing.same_tables import SamePerson
from portal.sharing.tables import CaseFile, SearchTag
from portal.sharing.visits import CASE, Case

KIND = "same_person"
"""The kind of record that says why."""
ANSWER, OTHER, WHY, BY = (f"{KIND}.{name}" for name in ("answer", "other", "reason", "decided_by"))
SAME, TWO = "same", "two"
ANSWERS = {SAME: "The same person", TWO: "Two people"}
"""What may be said of a pair, and how its record says it. Parting a link is to say that they are two."""
MOST = 400

Pair = tuple[str, uuid.UUID, uuid.UUID]
"""An agreement and two persons, the smaller id first: one pair, whichever way round it was met."""


class Word(NamedTuple):
    """The latest that was said of a pair."""

    agreement: str
    first: uuid.UUID
    second: uuid.UUID
    number: int
    state: str
    said_at: int

    @property
    def pair(self) -> Pair:
        return (self.agreement, self.first, self.second)


class Filed(NamedTuple):
    """A case with when it was opened."""

    case: Case
    opened_at: int


def _filed(row: Sequence[Any]) -> Filed:
    return Filed(Case._make(row[:-1]), row[-1])


_later = aliased(SamePerson)
_LATEST = ~(
    select(_later.id)
    .where(
        _later.agreement == SamePerson.agreement,
        _later.first == SamePerson.first,
        _later.second == SamePerson.second,
        _later.number > SamePerson.number,
    )
    .exists()
)
_WORD = (
    SamePerson.agreement,
    SamePerson.first,
    SamePerson.second,
    SamePerson.number,
    SamePerson.state,
    SamePerson.said_at,
)
_ABOUT = Query(
    select(*_WORD).where(
        or_(
            SamePerson.first.in_(bindparam("persons", expanding=True)),
            SamePerson.second.in_(bindparam("persons", expanding=True)),
        ),
        SamePerson.agreement.in_(bindparam("agreements", expanding=True)),
        _LATEST,
    ),
    Word._make,
)
_SAID = Query(
    select(*_WORD)
    .where(SamePerson.agreement.in_(bindparam("agreements", expanding=True)), _LATEST)
    .order_by(SamePerson.said_at.desc())
    .limit(MOST),
    Word._make,
)
_OF_CASE = Query(
    select(*_WORD)
    .join(
        CaseFile,
        and_(
            CaseFile.agreement == SamePerson.agreement,
            or_(SamePerson.first == CaseFile.person, SamePerson.second == CaseFile.person),
        ),
    )
    .where(CaseFile.id == bindparam("case"), SamePerson.state == SAME, _LATEST),
    Word._make,
)
_a, _b, _one, _other = aliased(SearchTag), aliased(SearchTag), aliased(CaseFile), aliased(CaseFile)
_UNSAID = ~(
    select(SamePerson.id)
    .where(SamePerson.agreement == _one.agreement, SamePerson.first == _one.person, SamePerson.second == _other.person)
    .exists()
)
_TWICE = Query(
    select(_one.agreement, _one.person, _other.person, _a.kind)
    .select_from(_a)
    .join(_b, and_(_b.tag == _a.tag, _b.record != _a.record))
    .join(_one, _one.id == _a.case)
    .join(
        _other,
        and_(_other.id == _b.case, _other.agreement == _one.agreement, _other.person > _one.person),
    )
    .where(_a.shared, _one.agreement.in_(bindparam("agreements", expanding=True)), _UNSAID)
    .group_by(_one.agreement, _one.person, _other.person, _a.kind)
    .order_by(_one.agreement, _one.person, _other.person)
    .limit(MOST),
    tuple,
)
_OPEN_FIRST = case((CaseFile.state == "open", 0), else_=1)
_FILED = select(*CASE, CaseFile.opened_at)
_SOME = Query(_FILED.where(CaseFile.id.in_(bindparam("cases", expanding=True))), _filed)
_CASES = Query(
    _FILED.where(
        CaseFile.person.in_(bindparam("persons", expanding=True)),
        CaseFile.agreement.in_(bindparam("agreements", expanding=True)),
    ).order_by(_OPEN_FIRST, CaseFile.opened_at.desc()),
    _filed,
)


def pair_of(agreement: str, one: uuid.UUID, other: uuid.UUID) -> Pair:
    """The pair of two persons."""
    first, second = sorted((one, other))
    return (agreement, first, second)


def twice(session: Session, agreements: Collection[str]) -> dict[Pair, set[str]]:
    """Every pair of persons of one agreement that share a keyed tag and of whom nothing was said yet, with the kinds
    of tag."""
    found: dict[Pair, set[str]] = {}
    for agreement, one, other, kind in _TWICE.all(session, agreements=list(agreements)):
        found.setdefault(pair_of(agreement, one, other), set()).add(kind)
    return found


def said(session: Session, agreements: Collection[str]) -> list[Word]:
    """The latest that was said of each pair of these agreements, the newest first."""
    return _SAID.all(session, agreements=list(agreements))


def about(session: Session, agreements: Collection[str], persons: Collection[uuid.UUID]) -> list[Word]:
    """The latest that was said of each pair that one of these persons is in."""
    return _ABOUT.all(session, agreements=list(agreements), persons=list(persons))


def of_case(session: Session, case: uuid.UUID) -> list[Word]:
    """The links of the person of a case."""
    return _OF_CASE.all(session, case=case)


def cases(
    session: Session, agreements: Collection[str], persons: Iterable[uuid.UUID]
) -> dict[tuple[str, uuid.UUID], Filed]:
    """For each agreement and person the case to look at: the open one, else the one opened last."""
    found: dict[tuple[str, uuid.UUID], Filed] = {}
    for filed in _CASES.all(session, agreements=list(agreements), persons=sorted(set(persons))):
        found.setdefault((filed.case.agreement, filed.case.person), filed)
    return found


def leading(
    session: Session, agreements: Collection[str], persons: AbstractSet[tuple[str, uuid.UUID]]
) -> dict[tuple[str, uuid.UUID], uuid.UUID]:
    """Of these persons of agreements, for each who is linked with another of them, whose case goes on: an open one
    before one that is not, then the one opened first. What is new about them belongs there."""
    found: dict[tuple[str, uuid.UUID], uuid.UUID] = {}
    if len(persons) < 2:
        return found
    together = grouped(about(session, agreements, {person for _, person in persons}))
    places = cases(session, agreements, {person for _, person in persons}) if together else {}
    for agreement, person in persons & together.keys():
        some = [(agreement, p) for p in together[agreement, person] if (agreement, p) in persons]
        found[agreement, person] = min(some, key=lambda of: _place(places[of]))[1]
    return found


def _place(filed: Filed) -> tuple[bool, int, uuid.UUID]:
    return (filed.case.state != "open", filed.opened_at, filed.case.person)


def filed(session: Session, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Filed]:
    """These cases, as far as there are any."""
    return {each.case.id: each for each in _SOME.all(session, cases=list(ids))}


def put(session: Session, pair: Pair, number: int, state: str, at: int, by: uuid.UUID) -> bool:
    """Add a word about a pair inside a write transaction; whether it was, for its number may be taken meanwhile."""
    insert = (postgresql if session.get_bind().dialect.name == "postgresql" else sqlite).insert
    agreement, first, second = pair
    row = {
        "id": new_id(),
        "agreement": agreement,
        "first": first,
        "second": second,
        "number": number,
        "state": state,
        "said_at": at,
        "said_by": by,
    }
    kept = insert(SamePerson).values(**row).on_conflict_do_nothing().returning(SamePerson.id)
    return session.execute(kept).first() is not None


def grouped(words: Iterable[Word]) -> dict[tuple[str, uuid.UUID], frozenset[uuid.UUID]]:
    """For each agreement and linked person all who are linked with them, through each other too: but nobody who was
    said to be another person, nor whoever is reached through them alone."""
    linked: dict[tuple[str, uuid.UUID], set[uuid.UUID]] = defaultdict(set)
    apart: dict[tuple[str, uuid.UUID], set[uuid.UUID]] = defaultdict(set)
    for word in words:
        said_of = linked if word.state == SAME else apart
        said_of[word.agreement, word.first].add(word.second)
        said_of[word.agreement, word.second].add(word.first)
    reached = {of: _reached(*of, linked, apart) for of in list(linked)}
    return {of: frozenset(p for p in found if of[1] in reached[of[0], p]) for of, found in reached.items()}


def _reached(
    agreement: str,
    person: uuid.UUID,
    linked: Mapping[tuple[str, uuid.UUID], AbstractSet[uuid.UUID]],
    apart: Mapping[tuple[str, uuid.UUID], AbstractSet[uuid.UUID]],
) -> frozenset[uuid.UUID]:
    others, found, ahead = apart.get((agreement, person), frozenset()), {person}, [person]
    while ahead:
        fresh = linked[agreement, ahead.pop()] - others - found
        found |= fresh
        ahead += fresh
    return frozenset(found)
