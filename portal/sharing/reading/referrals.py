"""Referrals as their two sides may read them: who keeps the panel's list, and who referred. Logged, then opened."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from isa.agreement import Capacity
from isa.decision import Decision, Engine
from isa.explaining import text_for_user
from portal.audit.entry import Subject
from portal.auth.actor import Actor, Contracts
from portal.db import from_micros
from portal.sharing import facts, inbox, said
from portal.sharing.disclosure import Receipt
from portal.sharing.doors import Doors
from portal.sharing.importing.matching import PURPOSE
from portal.sharing.inbox import ASKED, KIND, WAITING, Item
from portal.sharing.reading.case import note_broken
from portal.sharing.reading.lists import owner_name, union
from portal.sharing.reading.rows import Head, Sealed, fetch, heads, highest_marking, opened, shape_of
from portal.sharing.sight import READ, SEARCH, Sight, sight, youth

NAME = ("person.surname", "person.forename")
BORN = "person.date_of_birth"
WROTE = ("referral.reason", "referral.priority_crime", "referral.source", "referral.referred_on")
TOLD = ("referral.outcome", "referral.outcome_reason")


@dataclass(frozen=True, slots=True)
class Words:
    """What a referrer wrote at one time."""

    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Line:
    """One referral, as far as its reader is given it.

    `name`, `born` and `words` (what was written, the first first) are of an open case only. `outcome` and `because`:
    the answer; `withheld`: why its reader is not told of it, with the clause. `known`: the person had a case before;
    `closed`: the case is; `ended`: it was not answered before that.
    """

    id: uuid.UUID
    version: int
    state: str
    case: uuid.UUID
    reference: str
    borough: str
    agency: str
    name: str
    born: str
    known: bool
    ended: bool
    closed: bool
    crime: str
    source: str
    words: tuple[Words, ...]
    outcome: str
    because: str
    withheld: str
    sent: datetime
    since: datetime


@dataclass(frozen=True, slots=True)
class Lines:
    """Referrals with the receipt of having shown them. `hidden`: how many more may not be read for want of a basis."""

    lines: tuple[Line, ...]
    hidden: int
    marking: str
    receipt: Receipt | None


@dataclass(frozen=True, slots=True)
class _Seen:
    item: Item
    sight: Sight
    persons: tuple[Head, ...]
    written: tuple[Head, ...]
    answer: Head | None

    @property
    def heads(self) -> tuple[Head, ...]:
        return (*self.persons, *self.written, *((self.answer,) if self.answer else ()))


def readable(session: Session, doors: Doors, actor: Actor, items: Sequence[Item]) -> frozenset[uuid.UUID]:
    """Which of these whoever keeps the panel's list is given the reason of. Opens nothing, so logs nothing."""
    return frozenset(s.item.id for s in _of_keeper(session, doors, actor, items) if s.written)


def to_answer(session: Session, doors: Doors, actor: Actor, items: Sequence[Item], operation: str = "list") -> Lines:
    """For whoever keeps the panel's list: the referrals whose reason a clause gives them. Raises `LogUnavailable`."""
    seen = _of_keeper(session, doors, actor, items)
    given = [s for s in seen if s.written]
    lines, receipt = _open(session, doors, actor, given, READ, operation)
    return Lines(lines, len(seen) - len(given), _marking(seen), receipt)


def _of_keeper(session: Session, doors: Doors, actor: Actor, items: Sequence[Item]) -> list["_Seen"]:
    return [s for s in _seen(session, doors, actor, items, {}, READ) if s.sight.knows_person]


def answered(session: Session, doors: Doors, actor: Actor, items: Sequence[Item]) -> bool:
    """Whether whoever referred may read what became of any of these. Opens nothing, so logs nothing."""
    return any(s.answer is not None for s in _seen(session, doors, actor, items, {"referred": True}, SEARCH))


def of_referrer(session: Session, doors: Doors, actor: Actor, items: Sequence[Item], operation: str = "list") -> Lines:
    """For whoever referred: whom, what they wrote, and what became of it as far as a clause tells them.

    The name is that which their own party wrote, found as a search finds it; what others wrote is not looked at.
    """
    seen = _seen(session, doors, actor, items, {"referred": True}, SEARCH)
    lines, receipt = _open(session, doors, actor, seen, SEARCH, operation)
    return Lines(lines, 0, _marking(seen), receipt)


def _marking(seen: Sequence[_Seen]) -> str:
    return highest_marking(seen[0].sight.agreement, ["identity", "selection"]) if seen else "OFFICIAL"


def _seen(
    session: Session, doors: Doors, actor: Actor, items: Sequence[Item], more: Mapping[str, bool], finds: str
) -> list[_Seen]:
    """The records of each referral that this capacity may read, those of persons by `finds`."""
    now, agreements = doors.clock(), {a.id: a for a in doors.book.all()}
    known = facts.of_cases(session, agreements, actor, [i.case for i in items], now)
    rows: dict[uuid.UUID, list[Head]] = {}
    for head in heads(session, list({i.case.id for i in items}), ["person", KIND]):
        rows.setdefault(head.case, []).append(head)
    capacity, found = Capacity(actor.party, actor.role), []
    sent = inbox.sent(session, list(rows)) if rows else frozenset()
    for item in items:
        engine = doors.book.engine(item.case.agreement)
        decided = sight(engine, capacity, {**known[item.case.id].known, **more}, PURPOSE, from_micros(now))
        of_case = rows.get(item.case.id, [])
        theirs = of_case if item.case.state == "open" else []  # no list keeps the name of whoever is off the cohort
        found.append(
            _Seen(
                item,
                decided,
                tuple(
                    h for h in theirs if h.kind == "person" and _is_theirs(h, item, finds) and _may(decided, finds, h)
                ),
                tuple(h for h in reversed(theirs) if _is_of(h, item, sent) and _may(decided, READ, h)),
                next((h for h in of_case if h.id == item.answer and _may(decided, READ, h)), None),
            )
        )
    return found


def _may(decided: Sight, action: str, head: Head) -> bool:
    return bool(decided.permitted(action, shape_of(head)))


def _is_theirs(head: Head, item: Item, finds: str) -> bool:
    """Of the persons in the case: all for whoever reads it, for the referrer those that their own party wrote."""
    return finds == READ or head.owner == item.party


def _is_of(head: Head, item: Item, sent: frozenset[tuple[uuid.UUID, str, int]]) -> bool:
    """Whether a record is the referral, or was added to it: not what the same party sent as a referral of its own."""
    if head.kind != KIND or head.owner != item.party or head.id == item.answer or head.created_at < item.sent_at:
        return False
    return head.created_at == item.sent_at or (head.case, head.owner, head.created_at) not in sent


def _open(
    session: Session, doors: Doors, actor: Actor, seen: Sequence[_Seen], finds: str, operation: str
) -> tuple[tuple[Line, ...], Receipt | None]:
    if not seen:
        return (), None
    sealed = fetch(session, doors.keys, [h.id for s in seen for h in s.heads], (*NAME, BORN, *WROTE, *TOLD))
    subjects = [_subject(s, finds) for s in seen]
    decided = union(s.decided for s in subjects if s.decided)
    with doors.log.transaction(session) as tx:
        receipt = tx.append(said.entry(operation, actor, purpose=PURPOSE, decided=decided, subjects=subjects))
    lines = []
    for one in seen:
        broken: list[tuple[uuid.UUID, str]] = []
        lines.append(_line(one, sealed, broken, finds))
        if broken:
            note_broken(session, doors, actor, PURPOSE, one.item.case, broken)
    return tuple(lines), said.receipt(receipt)


def _subject(seen: _Seen, finds: str) -> Subject:
    case = seen.item.case
    records = [[h.id.hex, h.version] for h in seen.heads]
    detail = {"case": case.id.hex, "agreement": seen.sight.reference, "records": records}
    found = seen.sight.outcome(finds, {shape_of(h) for h in seen.persons})
    read = seen.sight.outcome(READ, {shape_of(h) for h in (*seen.written, *filter(None, [seen.answer]))})
    return Subject(case.person, detail, decided=union((found, read)))


def _line(seen: _Seen, sealed: Sealed, broken: list[tuple[uuid.UUID, str]], finds: str) -> Line:
    item, decided = seen.item, seen.sight

    def texts(head: Head, action: str) -> dict[str, str]:
        return {v.key: v.text for v in opened(decided, head, sealed, broken, action)}

    first = sorted(seen.persons, key=lambda h: h.owner != item.party)  # as the referrer has it, then as others do
    person: dict[str, str] = {}
    for head in first:
        person = {**texts(head, finds), **person}
    written = [(head, texts(head, READ)) for head in seen.written]
    told = {key: next((t for _, of in written if (t := of.get(key))), "") for key in WROTE}
    answer = texts(seen.answer, READ) if seen.answer else {}
    return Line(
        id=item.id,
        version=item.version,
        state=item.state,
        case=item.case.id,
        reference=item.case.reference,
        borough=decided.agreement.borough,
        agency=owner_name(decided, item.party),
        name=" ".join(filter(None, (person.get(key, "") for key in reversed(NAME)))),
        born=person.get(BORN, ""),
        known=item.known,
        ended=item.state in (WAITING, ASKED) and item.case.state != "open",
        closed=item.case.state != "open",
        crime=told[WROTE[1]],
        source=told[WROTE[2]],
        words=tuple(Words(from_micros(h.created_at), of[WROTE[0]]) for h, of in written if of.get(WROTE[0])),
        outcome=answer.get(TOLD[0], ""),
        because=answer.get(TOLD[1], ""),
        withheld=_withheld(seen),
        sent=from_micros(item.sent_at),
        since=from_micros(item.since),
    )


def _withheld(seen: _Seen) -> str:
    """Why the answer is not told, where there is one that is not: a sentence with its clause."""
    if seen.answer is not None or seen.item.answer is None or seen.item.state == WAITING:
        return ""
    decision = _answered_by(seen)
    return "" if decision is None else text_for_user(seen.sight.agreement, decision)


def _answered_by(seen: _Seen) -> Decision | None:
    """The refusal to read the answer, asked of the owners of a status: nobody else answers."""
    agreement, minor = seen.sight.agreement, seen.item.case.minor
    owners = sorted(agreement.fields["case.status"].owners)
    decisions = (seen.sight.decide(READ, TOLD[0], owner, minor) for owner in owners)
    return next((d for d in decisions if not d.permit), None)


def told(engine: Engine, item: Item, owner: str, now: int, contracts: Contracts = frozenset()) -> bool:
    """Whether a clause lets the party that referred read what the party `owner` answers. `contracts`: what is recorded
    of them; a party that acts for another is not told without."""
    agreement, minor = engine.agreement, item.case.minor
    party = agreement.parties.get(item.party)
    if party is None:
        return False
    known = {"referred": True, **facts.contracted(agreement, party.id, contracts)}
    known |= {} if minor is None else youth(minor)
    known |= agreement.inducted  # whoever of that party reads it
    views = (engine.open(Capacity(party.id, role), known, PURPOSE, from_micros(now)) for role in agreement.roles)
    return any(view.decide(READ, TOLD[0], owner).permit for view in views)


def asked(line: Line) -> bool:
    """Whether its referrer is asked for more, and may be told so."""
    return line.state == ASKED and bool(line.outcome) and not line.ended
