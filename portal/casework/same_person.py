"""The same person twice: what is suggested to whoever keeps the panel's list, compared, linked and parted again.

Clauses 8.70 to 8.72. Nothing is moved: a link is a word about two persons, and every record stays where it is.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from isa.explaining import Group
from portal.auth.actor import Actor
from portal.casework import inbox, referrals
from portal.errors import NotFound
from portal.sharing import combining, same, visits
from portal.sharing.assigning import At, at_cases
from portal.sharing.days import day_at
from portal.sharing.disclosure import Receipt
from portal.sharing.doors import Doors
from portal.sharing.reading import earlier
from portal.sharing.reading import same as reading
from portal.sharing.reading.earlier import Earlier
from portal.sharing.reading.part import Part, part
from portal.sharing.reading.reach import working
from portal.sharing.reading.same import Person, compares, purpose_of
from portal.sharing.reading.search import MATCHED
from portal.sharing.same import SAME, TWO, Filed, Pair
from portal.sharing.visits import Case

SHOWN = ("person", "identifiers", "case", "sentence_summary", "custody")
"""What is compared side by side, by kind."""
MOST = 50


@dataclass(frozen=True, slots=True)
class Line:
    """Two persons that may be one. `why`: what is the same; `state`: "" where nobody has said anything yet."""

    first: Person
    second: Person
    why: tuple[str, ...]
    state: str
    since: date | None


@dataclass(frozen=True, slots=True)
class Lines:
    """What is to be compared, what is linked, and what was said to be two; `more`: not all of it is shown."""

    waiting: tuple[Line, ...]
    linked: tuple[Line, ...]
    two: tuple[Line, ...]
    more: bool
    marking: str
    receipt: Receipt | None


@dataclass(frozen=True, slots=True)
class Told:
    """A value as one party recorded it."""

    text: str
    type: str
    owner: str
    broken: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A field of both. `alike`: True, False, or None where only one of them has it."""

    label: str
    sides: tuple[tuple[Told, ...], tuple[Told, ...]]
    alike: bool | None


@dataclass(frozen=True, slots=True)
class Block:
    """A kind of record of both, and what of it is withheld of each, with the clause."""

    title: str
    rows: tuple[Row, ...]
    withheld: tuple[tuple[Group, ...], tuple[Group, ...]]


@dataclass(frozen=True, slots=True)
class Said:
    """One word of the history of a pair, as its record has it."""

    answer: str
    why: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Compared:
    """Two records side by side. `number`, `state`: the latest that was said; `later`: the reference of the case to
    de-select, where both are open and linked; `missing`: how much was said that stands on an `earlier` case alone, and
    `since` when the latest stands."""

    agreement: str
    borough: str
    sides: tuple[Part, Part]
    opened: tuple[date, date]
    open: tuple[bool, bool]
    blocks: tuple[Block, ...]
    history: tuple[Said, ...]
    missing: int
    earlier: tuple[Earlier, ...]
    since: date | None
    number: int
    state: str
    later: str
    marking: str


def keeps(doors: Doors, actor: Actor) -> tuple[str, ...]:
    """The agreements in which this capacity says whose records are one person's. Looks at nobody."""
    kept = inbox.keeps(doors, actor)
    seen = working(doors, actor, reading.WORKING, doors.clock()) if kept else ()
    return tuple(s.agreement.id for s in seen if s.agreement.id in kept and compares(s))


def count(session: Session, doors: Doors, actor: Actor) -> int:
    """How many pairs wait to be compared by this capacity; 0 for one that keeps no list. Opens nothing."""
    kept = keeps(doors, actor)
    return len(_offered(session, doors, actor, list(same.twice(session, kept)))) if kept else 0


def lines(session: Session, doors: Doors, actor: Actor) -> Lines:
    """Every pair to compare, and those of which something was said. Raises `NotFound` for whoever keeps no list."""
    kept = keeps(doors, actor)
    if not kept:
        referrals.refuse(session, doors, actor, "list")
    twice, words = same.twice(session, kept), {w.pair: w for w in same.said(session, kept)}
    offered = _offered(session, doors, actor, [*twice, *words])
    some = dict(list(offered.items())[: 2 * MOST])
    filed = {f.case.id: f for both in some.values() for f in both}
    now = doors.clock()
    seen = reading.sights(session, doors, actor, [f.case for f in filed.values()], now)
    people = reading.people(session, doors, actor, list(filed.values()), seen)
    found: dict[str, list[Line]] = {"": [], SAME: [], TWO: []}
    for pair, (first, second) in some.items():
        word = words.get(pair)
        line = Line(
            people.by_case[first.case.id],
            people.by_case[second.case.id],
            tuple(sorted(MATCHED[kind][1] for kind in twice.get(pair, ()))),
            word.state if word else "",
            day_at(word.said_at) if word else None,
        )
        found[line.state].append(line)
    waiting, linked, two = (tuple(found[state]) for state in ("", SAME, TWO))
    return Lines(waiting, linked, two, len(offered) > len(some), people.marking, people.receipt)


def _offered(session: Session, doors: Doors, actor: Actor, pairs: Sequence[Pair]) -> dict[Pair, tuple[Filed, Filed]]:
    """Those of the pairs of which this capacity may know both, with the case of each; the one opened first, first."""
    if not pairs:
        return {}
    persons = {person for _, *both in pairs for person in both}
    filed = same.cases(session, {agreement for agreement, *_ in pairs}, persons)
    seen = reading.sights(session, doors, actor, [f.case for f in filed.values()], doors.clock())
    may = {of for of, f in filed.items() if compares(seen[f.case.id])}
    found = {}
    for agreement, first, second in pairs:
        if {(agreement, first), (agreement, second)} <= may:
            both = sorted((filed[agreement, first], filed[agreement, second]), key=lambda f: f.opened_at)
            found[agreement, first, second] = (both[0], both[1])
    return found


def begun(session: Session, doors: Doors, actor: Actor, pair: tuple[uuid.UUID, uuid.UUID]) -> tuple[uuid.UUID, ...]:
    """The live visits to two cases, each for what a case is compared for; none where one of them has not begun."""
    found = []
    for case, _ in _pair(session, doors, actor, pair):
        visit = visits.current(session, doors, actor, case.id, doors.clock())
        live = visits.once(session, actor, visit) if visit else None
        if live is None or live.emergency or live.purpose != purpose_of(case):
            return ()
        found.append(live.id)
    return tuple(found)


def begin(session: Session, doors: Doors, actor: Actor, pair: tuple[uuid.UUID, uuid.UUID]) -> None:
    """Open a visit to each of two cases, to see whose they are. Raises `NotFound`, logged, where they may not be
    compared."""
    for case, _ in _pair(session, doors, actor, pair):
        visits.begin(session, doors, actor, case.id, purpose_of(case), "", doors.clock())


def compare(
    session: Session, doors: Doors, actor: Actor, pair: tuple[uuid.UUID, uuid.UUID], both: Sequence[uuid.UUID]
) -> Compared:
    """The records of two visits side by side, each decided and logged as such. Raises `NotFound` as a view does."""
    filed = _pair(session, doors, actor, pair)
    first, second = (part(session, doors, actor, visit, (*SHOWN, same.KIND)) for visit in both)
    cases = (filed[0].case, filed[1].case)
    agreement = doors.book.engine(cases[0].agreement).agreement
    word = reading.known(session, agreement.id, cases)
    state, number = (word.state, word.number) if word else ("", 0)
    is_open = (cases[0].state == "open", cases[1].state == "open")
    later = max(filed, key=lambda f: f.opened_at).case.reference
    blocks = (_block(agreement.kinds[kind].name, kind, (first, second)) for kind in SHOWN)
    history, before = _said(session, doors, actor, (first, second), cases, number)
    sensitive = next((m for m in (first.marking, second.marking) if m != "OFFICIAL"), "OFFICIAL")
    return Compared(
        agreement=agreement.id,
        borough=agreement.borough,
        sides=(first, second),
        opened=(day_at(filed[0].opened_at), day_at(filed[1].opened_at)),
        open=is_open,
        blocks=tuple(b for b in blocks if b.rows or any(b.withheld)),
        history=history,
        missing=max(number - len(history), 0),
        earlier=tuple(before),
        since=day_at(word.said_at) if word else None,
        number=number,
        state=state,
        later=later if state == SAME and all(is_open) else "",
        marking=sensitive,
    )


def _block(title: str, kind: str, sides: tuple[Part, Part]) -> Block:
    labels: dict[str, str] = {}
    told: tuple[dict[str, list[Told]], dict[str, list[Told]]] = ({}, {})
    for side, of in zip(sides, told, strict=True):
        for record in side.of(kind):
            for value in record.values:
                labels.setdefault(value.key, value.label)
                one = Told(value.text, value.type, record.owner_name, value.broken)
                if one not in of.setdefault(value.key, []):
                    of[value.key].append(one)
    rows = []
    for key, label in labels.items():
        left, right = (tuple(of.get(key, ())) for of in told)
        texts = [{one.text.casefold() for one in of if one.text} for of in (left, right)]
        rows.append(Row(label, (left, right), bool(texts[0] & texts[1]) if all(texts) else None))
    return Block(title, tuple(rows), (sides[0].withheld[kind, ""], sides[1].withheld[kind, ""]))


def _said(
    session: Session, doors: Doors, actor: Actor, sides: tuple[Part, Part], cases: tuple[Case, Case], number: int
) -> tuple[tuple[Said, ...], list[Earlier]]:
    """What was said of the two; where somebody came back on a new case also what names the earlier one, as far as this
    capacity may know of it (clause 8.76)."""
    told = _history(sides, ((), ()))
    if len(told) >= number:
        return told, []
    before = earlier.of_cases(session, doors, actor, [case.id for case in cases], "consultation")
    first, second = ([before[case.id].reference] if case.id in before else [] for case in cases)
    return _history(sides, (first, second)), list(before.values())


def _history(sides: tuple[Part, Part], before: tuple[Sequence[str], Sequence[str]]) -> tuple[Said, ...]:
    """What was said of the two, the newest first, by the side that has more of it: it stands on each case, and is told
    once. `before`: references of earlier cases of each."""
    of_first = [r for r in sides[0].of(same.KIND) if r.text("other") in (sides[1].reference, *before[1])]
    of_second = [r for r in sides[1].of(same.KIND) if r.text("other") in (sides[0].reference, *before[0])]
    more = max(of_first, of_second, key=len)
    return tuple(Said(r.text("answer"), r.text("reason"), r.text("decided_by"), r.at) for r in more)


def say(
    session: Session,
    doors: Doors,
    actor: Actor,
    pair: tuple[uuid.UUID, uuid.UUID],
    base: int,
    state: str,
    why: str,
    once: uuid.UUID,
) -> None:
    """Say that they are one person, or two. Raises as `combining.say`, and `NotFound` as `compare`."""
    filed = _pair(session, doors, actor, pair, "combination")
    first, second = (_at(session, doors, actor, each.case) for each in filed)
    combining.say(session, doors, actor, (first, second), base, state, why, once)


def _at(session: Session, doors: Doors, actor: Actor, case: Case) -> At:
    return at_cases(session, doors, actor, [case], purpose_of(case), doors.clock())[case.id]


def _pair(
    session: Session, doors: Doors, actor: Actor, pair: tuple[uuid.UUID, uuid.UUID], operation: str = "consultation"
) -> tuple[Filed, Filed]:
    """The two cases, of two persons under one agreement whose list this capacity keeps and of which it may know both.
    Any others, and none, are the same `NotFound`, which is logged."""
    doors.book.refresh(session)
    kept, found = keeps(doors, actor), same.filed(session, pair)
    both = [found[of] for of in pair if of in found]
    cases = [each.case for each in both]
    fits = len(cases) == 2 and len({c.person for c in cases}) == 2 and len({c.agreement for c in cases}) == 1
    if fits and cases[0].agreement in kept:
        seen = reading.sights(session, doors, actor, cases, doors.clock())
        if all(compares(seen[c.id]) for c in cases):
            return both[0], both[1]
    referrals.refuse(session, doors, actor, operation)
    raise NotFound
