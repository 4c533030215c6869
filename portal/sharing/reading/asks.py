"""Requests to see more, as their two sides may read them: whoever asked, and whoever answers. Logged, then opened."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import bindparam
from sqlalchemy.orm import Session

from isa.agreement import Agreement, Capacity
from isa.wording import low
from portal.audit.entry import Subject
from portal.auth.actor import Actor
from portal.db import from_micros
from portal.query import Query
from portal.sharing import asks, facts, posts, said
from portal.sharing.asks import GRANTED, REFUSED, WAITING, Ask
from portal.sharing.assigning import At
from portal.sharing.days import day_at
from portal.sharing.disclosure import Receipt
from portal.sharing.doors import Doors
from portal.sharing.reading import staff
from portal.sharing.reading.case import note_broken, subject_of
from portal.sharing.reading.lists import union
from portal.sharing.reading.rows import HEADS, Head, Sealed, fetch, heads, highest_marking, opened, shape_of
from portal.sharing.sight import CONFIDENCE, CREATE, READ, sight
from portal.sharing.tables import RecordRow

NAMES = ("person.forename", "person.surname")
NOT_OPENED = "This could not be opened. It has been logged."
_HEADS = Query(HEADS.where(RecordRow.id.in_(bindparam("records", expanding=True))), Head._make)


@dataclass(frozen=True, slots=True)
class Part:
    """One field of a request in words. `state` as in the table, `until` the last day it may be seen, `because` why not.

    `whole`: what it is a part of, as it was asked for: its own words but for the parts of an update.
    `based`: the owner has recorded its basis; `readable`: its reader may read the field now.
    """

    id: uuid.UUID
    field: str
    whole: str
    owner: str
    state: str
    until: date | None
    because: str
    based: bool
    readable: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One request. `why` is "" where its reader is not given it; `agency` and `asker` are who asked."""

    request: uuid.UUID
    case: uuid.UUID
    reference: str
    name: str
    agency: str
    asker: str
    asked: datetime
    days: int
    why: str
    parts: tuple[Part, ...]

    @property
    def waits(self) -> bool:
        """Whether some of it has no answer yet."""
        return any(part.state == WAITING for part in self.parts)


@dataclass(frozen=True, slots=True)
class Lines:
    """Requests, and the receipt of having shown them (None: nothing had to be opened)."""

    lines: tuple[Line, ...]
    marking: str
    receipt: Receipt | None


NOTHING = Lines((), "OFFICIAL", None)


def at_cases(
    session: Session, doors: Doors, actor: Actor, rows: Sequence[Ask], purpose: str, now: int, fact: str
) -> dict[uuid.UUID, At]:
    """What this capacity may do at the case of each request; `fact` is true of these requests alone: that they are
    one's own (`asks.ASKED_FACT`), or put to one's agency (`asks.PUT_FACT`)."""
    cases = posts.cases(session, sorted({a.case for a in rows}))
    known = facts.of_cases(session, {a.id: a for a in doors.book.all()}, actor, list(cases.values()), now, own=True)
    capacity, moment, found = Capacity(actor.party, actor.role), from_micros(now), {}
    for case in cases.values():
        told = {**known[case.id].known, fact: True}
        engine = doors.book.engine(case.agreement)
        seen = sight(engine, capacity, told, purpose, moment)
        found[case.id] = At(case, engine, seen, replace(known[case.id], known=told), now)
    return found


def answers(at: At, row: Ask) -> bool:
    """Whether this capacity may answer a request: it may know the person, read why, and write why not."""
    seen, own = at.sight, at.sight.capacity.party
    return (
        seen.knows_person
        and row.owner == own
        and seen.decide(READ, asks.WHY, row.party).permit
        and seen.decide(CREATE, asks.WHY_NOT, own).permit
    )


def mine(
    session: Session, doors: Doors, actor: Actor, rows: Sequence[Ask], purpose: str, now: int, named: bool
) -> Lines:
    """One's own requests, with the reason of a refusal; `named`: with the name of the person, for a list of many.

    Nothing is logged where nothing is opened. Raises `LogUnavailable`.
    """
    if not rows:
        return NOTHING
    at = at_cases(session, doors, actor, rows, purpose, now, asks.ASKED_FACT)
    kept = [r for r in rows if r.case in at and at[r.case].sight.knows_person]
    wanted = {r.reply for r in kept if r.reply and r.state == REFUSED}
    return _lines(session, doors, actor, kept, at, wanted, purpose, now, named, "list")


def put(
    session: Session,
    doors: Doors,
    actor: Actor,
    rows: Sequence[Ask],
    at: Mapping[uuid.UUID, At],
    purpose: str,
    now: int,
    operation: str,
) -> Lines:
    """Requests put to this capacity, whose rows it `answers`: who asks, for what, and why."""
    wanted = {id_ for r in rows for id_ in (r.request, r.reply) if id_}
    return _lines(session, doors, actor, rows, at, wanted, purpose, now, True, operation)


def _lines(
    session: Session,
    doors: Doors,
    actor: Actor,
    rows: Sequence[Ask],
    at: Mapping[uuid.UUID, At],
    wanted: Iterable[uuid.UUID],
    purpose: str,
    now: int,
    named: bool,
    operation: str,
) -> Lines:
    records = sorted(wanted)
    words = _HEADS.all(session, records=records) if records else []
    people = heads(session, sorted({r.case for r in rows}), ["person"]) if named and rows else []
    given = [h for h in (*words, *people) if _gives(at[h.case], h)]
    others = sorted({r.user for r in rows if r.user != actor.user})
    receipt, texts = None, dict[tuple[uuid.UUID, str], str]()
    if given or others:
        sealed = fetch(session, doors.keys, [h.id for h in given], (*NAMES, asks.WHY, asks.WHY_NOT))
        by_case: dict[uuid.UUID, list[Head]] = {}
        for head in given:
            by_case.setdefault(head.case, []).append(head)
        subjects = [_subject(at[of], each) for of, each in by_case.items()]
        entry = said.entry(
            operation,
            actor,
            purpose=purpose,
            decided=union(s.decided for s in subjects if s.decided),
            subjects=[*subjects, *(Subject(user, {"staff": True}) for user in others)],
        )
        with doors.log.transaction(session) as tx:
            receipt = said.receipt(tx.append(entry))
        texts = _texts(session, doors, actor, purpose, at, by_case, sealed)
    names = staff.names(session, doors, others)
    grouped: dict[uuid.UUID, list[Ask]] = {}
    for row in rows:
        grouped.setdefault(row.request, []).append(row)
    lines = tuple(_line(at[of[0].case], of, people, texts, names, now) for of in grouped.values())
    marking = highest_marking(at[rows[0].case].sight.agreement, {"request"}) if rows else "OFFICIAL"
    return Lines(lines, marking, receipt)


def _gives(at: At, head: Head) -> bool:
    only = frozenset((*NAMES, asks.WHY, asks.WHY_NOT))
    return bool(at.sight.some_permitted(READ, shape_of(head), only))


def _subject(at: At, rows: Sequence[Head]) -> Subject:
    told = subject_of(at.sight, at.case, rows, agreement=at.sight.reference)
    return Subject(told.person, told.detail, told.silent, decided=at.sight.outcome(READ, {shape_of(h) for h in rows}))


def _texts(
    session: Session,
    doors: Doors,
    actor: Actor,
    purpose: str,
    at: Mapping[uuid.UUID, At],
    by_case: Mapping[uuid.UUID, Sequence[Head]],
    sealed: Sealed,
) -> dict[tuple[uuid.UUID, str], str]:
    """(record, field) → text. What does not open is logged."""
    texts: dict[tuple[uuid.UUID, str], str] = {}
    for of, rows in by_case.items():
        broken: list[tuple[uuid.UUID, str]] = []
        for head in rows:
            for value in opened(at[of].sight, head, sealed, broken):
                texts[head.id, value.key] = value.text or NOT_OPENED
        if broken:
            note_broken(session, doors, actor, purpose, at[of].case, broken)
    return texts


def _line(
    at: At,
    rows: Sequence[Ask],
    people: Iterable[Head],
    texts: Mapping[tuple[uuid.UUID, str], str],
    names: Mapping[uuid.UUID, str],
    now: int,
) -> Line:
    first, agreement = rows[0], at.sight.agreement
    persons = [h.id for h in people if h.case == first.case]
    name = (next((t for p in persons if (t := texts.get((p, key), ""))), "") for key in NAMES)
    party = agreement.parties.get(first.party)
    order = {field: place for place, field in enumerate(agreement.fields)}
    return Line(
        request=first.request,
        case=first.case,
        reference=at.case.reference,
        name=" ".join(part for part in name if part),
        agency=party.short if party else first.party,
        asker=names.get(first.user, ""),
        asked=from_micros(first.asked_at),
        days=first.days,
        why=texts.get((first.request, asks.WHY), ""),
        parts=tuple(
            _part(at, row, texts, now) for row in sorted(rows, key=lambda row: order.get(row.field, len(order)))
        ),
    )


def _part(at: At, row: Ask, texts: Mapping[tuple[uuid.UUID, str], str], now: int) -> Part:
    agreement, state = at.sight.agreement, row.now(now)
    owner, described = agreement.parties.get(row.owner), agreement.fields.get(row.field)
    based = described is not None and at.facts.known.get(f"{CONFIDENCE}:{row.owner}:{described.category}") is True
    return Part(
        id=row.id,
        field=field_words(agreement, row.field),
        whole=whole_words(agreement, row.field),
        owner=owner.short if owner else row.owner,
        state=state,
        until=day_at(row.ends - 1) if row.ends and state == GRANTED else None,
        because=texts.get((row.reply, asks.WHY_NOT), "") if row.reply and state == REFUSED else "",
        based=based,
        readable=at.sight.decide(READ, row.field, row.owner).permit,
    )


def whole_words(agreement: Agreement, key: str) -> str:
    """What is asked for as one: the field, or the update that it is a part of, "Update (relevant health risk or need)":
    its text without its day and its source would be hearsay."""
    described = agreement.fields.get(key)
    if described is None or not described.label:
        return field_words(agreement, key)
    return f"{agreement.kinds[described.kind].name} ({low(agreement.categories[described.label].name)})"


def field_words(agreement: Agreement, key: str) -> str:
    """A field as whoever asks and whoever answers knows it: "Update (relevant health risk or need): source"."""
    described = agreement.fields.get(key)
    if described is None:
        return "Something that the agreement no longer has"
    kind = agreement.kinds[described.kind]
    if described.label:
        whole = whole_words(agreement, key)
        return whole if described.name == kind.name else f"{whole}: {low(described.name)}"
    return kind.name if len(kind.fields) == 1 else f"{kind.name}: {low(described.name)}"
