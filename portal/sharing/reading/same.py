"""Two records of one person, as whoever may see them is told: decided for each, logged in one entry, then opened."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from portal.audit.entry import Subject
from portal.auth.actor import Actor
from portal.sharing import posts, said, same
from portal.sharing.days import day_at
from portal.sharing.disclosure import Receipt
from portal.sharing.doors import Doors
from portal.sharing.reading.case import note_broken
from portal.sharing.reading.lists import sights_at, subject_at, union
from portal.sharing.reading.rows import Head, Sealed, fetch, heads, highest_marking, opened, shape_of
from portal.sharing.same import Filed, Word
from portal.sharing.sight import CREATE, READ, SHARE, Sight
from portal.sharing.visits import Case

WORKING, REVIEW = "selection", "deselection"
NAME, BORN = ("person.forename", "person.surname"), "person.date_of_birth"


@dataclass(frozen=True, slots=True)
class Person:
    """One of two: the case to look at, and who it is as far as its reader is given it."""

    case: uuid.UUID
    reference: str
    borough: str
    open: bool
    opened: date
    name: str
    born: str


@dataclass(frozen=True, slots=True)
class People:
    """Persons by case, with the receipt of having shown them. Nobody: nothing logged."""

    by_case: Mapping[uuid.UUID, Person]
    marking: str
    receipt: Receipt | None


@dataclass(frozen=True, slots=True)
class Linked:
    """Another case of the same person, for a reader who is given the name on both."""

    case: uuid.UUID
    reference: str
    open: bool
    since: date


def purpose_of(case: Case) -> str:
    """What a case is looked at for, to see whose it is: a de-selected one opens for its review alone (clause 5.19)."""
    return WORKING if case.state == "open" else REVIEW


def sights(session: Session, doors: Doors, actor: Actor, cases: Sequence[Case], now: int) -> dict[uuid.UUID, Sight]:
    """What this capacity may do at each case, to see whose it is."""
    found: dict[uuid.UUID, Sight] = {}
    for purpose in (WORKING, REVIEW):
        some = [case for case in cases if purpose_of(case) == purpose]
        found |= sights_at(session, doors, actor, some, purpose, now) if some else {}
    return found


def compares(seen: Sight) -> bool:
    """Whether a clause lets this capacity say of this record whose it is, and gives it the name (clause 8.71)."""
    own = seen.capacity.party
    return seen.knows_person and all(seen.decide(action, same.WHY, own).permit for action in (READ, CREATE, SHARE))


def people(
    session: Session, doors: Doors, actor: Actor, filed: Sequence[Filed], seen: Mapping[uuid.UUID, Sight]
) -> People:
    """Whom these cases are about, by name and date of birth. Raises `LogUnavailable`."""
    cases = {each.case.id: each for each in filed}
    if not cases:
        return People({}, "OFFICIAL", None)
    rows: dict[uuid.UUID, list[Head]] = {of: [] for of in cases}
    for head in heads(session, list(cases), ["person"]):
        if seen[head.case].some_permitted(READ, shape_of(head), frozenset((*NAME, BORN))):
            rows[head.case].append(head)
    sealed = fetch(session, doors.keys, [h.id for each in rows.values() for h in each], (*NAME, BORN))
    receipt = None
    for purpose in (WORKING, REVIEW):
        subjects = [
            subject_at(seen[of], each.case, rows[of]) for of, each in cases.items() if purpose_of(each.case) == purpose
        ]
        if subjects:
            decided = union(s.decided for s in subjects if s.decided)
            with doors.log.transaction(session) as tx:
                logged = tx.append(said.entry("list", actor, purpose=purpose, decided=decided, subjects=subjects))
            receipt = receipt or said.receipt(logged)
    told = {of: _person(session, doors, actor, each, seen[of], rows[of], sealed) for of, each in cases.items()}
    agreement = next(iter(seen.values())).agreement
    return People(told, highest_marking(agreement, ["identity", same.KIND]), receipt)


def _person(
    session: Session, doors: Doors, actor: Actor, filed: Filed, seen: Sight, rows: Sequence[Head], sealed: Sealed
) -> Person:
    broken: list[tuple[uuid.UUID, str]] = []
    texts: dict[str, str] = {}
    for head in rows:  # newest first
        texts = {v.key: v.text for v in opened(seen, head, sealed, broken) if v.text} | texts
    case = filed.case
    if broken:
        note_broken(session, doors, actor, purpose_of(case), case, broken)
    return Person(
        case=case.id,
        reference=case.reference,
        borough=seen.agreement.borough,
        open=case.state == "open",
        opened=day_at(filed.opened_at),
        name=" ".join(texts[key] for key in NAME if key in texts),
        born=texts.get(BORN, ""),
    )


def given(seen: Sight) -> bool:
    """Whether a reader may be told of a link of this record: only whoever is given the name (clause 8.70)."""
    return seen.knows_person


def linked(
    session: Session, doors: Doors, actor: Actor, case: uuid.UUID, purpose: str, visit: uuid.UUID | None = None
) -> tuple[Linked, ...]:
    """The other cases of the person of a case that is shown for a purpose. A link is told to whoever is given the name
    on both, and to nobody else; that it was told is logged about both persons first. Raises `LogUnavailable`."""
    words = same.of_case(session, case)
    if not words:
        return ()
    now = doors.clock()
    own = posts.cases(session, [case])[case]
    since = {w.second if w.first == own.person else w.first: w.said_at for w in words}
    others = [f.case for f in same.cases(session, [own.agreement], since).values()]
    seen = _for(session, doors, actor, [own, *others], purpose, now)
    told = [other for other in others if given(seen[own.id]) and given(seen[other.id])]
    if not told:
        return ()
    subjects = [
        Subject(c.person, {"case": c.id.hex, "agreement": seen[c.id].reference, "records": [], "told_same": True})
        for c in (own, *told)
    ]
    with doors.log.transaction(session) as tx:
        tx.append(said.entry("consultation", actor, purpose=purpose, subjects=subjects, visit=visit))
    return tuple(Linked(c.id, c.reference, c.state == "open", day_at(since[c.person])) for c in told)


def _for(
    session: Session, doors: Doors, actor: Actor, cases: Sequence[Case], purpose: str, now: int
) -> dict[uuid.UUID, Sight]:
    """What this capacity may see of each case for the purpose of a page, of a de-selected one for its review."""
    found: dict[uuid.UUID, Sight] = {}
    for wanted, some in (
        (purpose, [c for c in cases if c.state == "open"]),
        (REVIEW, [c for c in cases if c.state != "open"]),
    ):
        found |= sights_at(session, doors, actor, some, wanted, now) if some else {}
    return found


@dataclass(frozen=True, slots=True)
class Beside:
    """What links tell of cases that were found. `together`: by agreement and person, all who are linked with them;
    `more`: their cases that were not found, where this reader may open them."""

    together: Mapping[tuple[str, uuid.UUID], frozenset[uuid.UUID]]
    more: Mapping[tuple[str, uuid.UUID], tuple[Case, ...]]


def beside(session: Session, doors: Doors, actor: Actor, found: Collection[Case], purpose: str, now: int) -> Beside:
    """The links of cases that a search found, all of them named to this reader. Opens nothing."""
    persons = {(case.agreement, case.person) for case in found}
    served = {agreement for agreement, _ in persons}
    together = same.grouped(same.about(session, served, {person for _, person in persons}))
    reached = {p for of in persons for p in together.get(of, ())} - {p for _, p in persons}
    filed = same.cases(session, served, reached) if reached else {}
    seen = _for(session, doors, actor, [f.case for f in filed.values()], purpose, now)
    may = {of: f.case for of, f in filed.items() if given(seen[f.case.id])}
    more = {
        (agreement, person): tuple(
            case for (of, p), case in may.items() if of == agreement and p in together[of, person]
        )
        for agreement, person in persons & together.keys()
    }
    return Beside(together, more)


def known(session: Session, agreement: str, pair: tuple[Case, Case]) -> Word | None:
    """The latest that was said of the persons of two cases."""
    wanted = same.pair_of(agreement, pair[0].person, pair[1].person)
    return next((w for w in same.about(session, [agreement], wanted[1:]) if w.pair == wanted), None)
