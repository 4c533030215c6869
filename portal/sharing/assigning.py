"""Who works on a case begins or ends it: the row that gives access, and the words that tell colleagues, in step.

Part of the writing door. Callers know who may say it; here each case is decided (may this capacity write who is
responsible?), and one entry names everybody it concerns.
"""

import json
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import bindparam, insert, update
from sqlalchemy.orm import Session

from isa.agreement import Capacity
from isa.decision import Engine
from portal.audit.entry import Subject
from portal.audit.log import Transaction
from portal.auth.actor import Actor
from portal.db import from_micros, new_id
from portal.errors import Conflict
from portal.sharing import facts, preview, said, storing
from portal.sharing.days import day_at
from portal.sharing.disclosure import Receipt
from portal.sharing.doors import Doors
from portal.sharing.facts import CaseFacts
from portal.sharing.fields import clean
from portal.sharing.posts import Post
from portal.sharing.reading.lists import union
from portal.sharing.reading.rows import HEADS, Head
from portal.sharing.sight import CREATE, EDIT, SHARE, Shape, Sight, sight
from portal.sharing.storing import Batch, NewRecord
from portal.sharing.tables import Assignment, RecordRow
from portal.sharing.visits import Case

KIND = "assignment"
PRACTITIONER, UNTIL, TELEPHONE = f"{KIND}.practitioner", f"{KIND}.until", f"{KIND}.telephone"


@dataclass(frozen=True, slots=True)
class At:
    """One case, with what this capacity may do at it now."""

    case: Case
    engine: Engine
    sight: Sight
    facts: CaseFacts
    now: int

    @property
    def may_assign(self) -> bool:
        """Whether the person may be known and a clause lets this capacity write and share who is responsible."""
        decide, owner = self.sight.decide, self.sight.capacity.party
        return self.sight.knows_person and all(
            decide(action, PRACTITIONER, owner).permit for action in (CREATE, EDIT, SHARE)
        )


@dataclass(frozen=True, slots=True)
class Begin:
    """Someone begins to work on a case. `words` are those of the record, by the name of the field in its kind."""

    at: At
    user: uuid.UUID
    role: str
    pathway: str | None
    starts: int
    ends: int | None
    covers: uuid.UUID | None
    words: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class End:
    """A post ends, at an instant that it no longer includes."""

    at: At
    post: Post
    ends: int


def at_cases(
    session: Session, doors: Doors, actor: Actor, cases: Sequence[Case], purpose: str, now: int
) -> dict[uuid.UUID, At]:
    """What this capacity may do at each of many cases, in two statements."""
    known = facts.of_cases(session, {a.id: a for a in doors.book.all()}, actor, cases, now)
    capacity, moment = Capacity(actor.party, actor.role), from_micros(now)
    found = {}
    for case in cases:
        engine = doors.book.engine(case.agreement)
        seen = sight(engine, capacity, known[case.id].known, purpose, moment)
        found[case.id] = At(case, engine, seen, known[case.id], now)
    return found


def change(
    tx: Transaction,
    doors: Doors,
    actor: Actor,
    begins: Sequence[Begin],
    ends: Sequence[End],
    purpose: str,
    reason: str,
    visit: uuid.UUID | None = None,
) -> Receipt:
    """Carry all of it out and log it in one entry that names the persons of the cases and the staff.

    Inside a write transaction in which the posts that end are held. Raises `Conflict` where the words about one were
    changed at this very moment.
    """
    told: dict[uuid.UUID, list[storing.Stored]] = defaultdict(list)
    records = _store(tx.session, doors, actor, begins, told)
    _insert(tx.session, actor, begins, records)
    _end(tx.session, doors, actor, ends, told)
    concerned = {b.at.case.id: b.at for b in begins} | {e.at.case.id: e.at for e in ends}
    subjects = _subjects(tx.session, concerned.values(), begins, ends, told, reason)
    staff = sorted({b.user for b in begins} | {e.post.user for e in ends} | {b.covers for b in begins if b.covers})
    entry = said.entry(
        "alteration",
        actor,
        purpose=purpose,
        agreement=_only({at.sight.reference for at in concerned.values()}),
        decided=union(s.decided for s in subjects if s.decided),
        subjects=[*subjects, *(Subject(user, {"staff": True, "justification": reason}) for user in staff)],
        sealed_sha256=[stored.head for each in told.values() for stored in each],
        visit=visit,
    )
    return said.receipt(tx.append(entry))


def _store(
    session: Session,
    doors: Doors,
    actor: Actor,
    begins: Sequence[Begin],
    told: dict[uuid.UUID, list[storing.Stored]],
) -> dict[int, uuid.UUID]:
    """Write the words of each beginning; the record of each by its place in the list."""
    by_agreement: dict[str, list[tuple[int, NewRecord]]] = defaultdict(list)
    for number, begin in enumerate(begins):
        if begin.at.may_assign:
            by_agreement[begin.at.case.agreement].append((number, _record(actor, begin)))
    found = {}
    for agreement, numbered in by_agreement.items():
        stored = storing.store(session, doors, doors.book.engine(agreement).agreement, [r for _, r in numbered])
        for (number, record), one in zip(numbered, stored, strict=True):
            found[number] = record.id
            told[record.case].append(one)
    return found


def _record(actor: Actor, begin: Begin) -> NewRecord:
    case = begin.at.case
    words = dict(begin.words)
    if begin.ends is not None:
        words["until"] = _last_day(begin.ends)
    return NewRecord(
        id=new_id(),
        case=case.id,
        person=case.person,
        kind=KIND,
        label="",
        owner=actor.party,
        at=begin.at.now,
        by=actor.user,
        values={f"{KIND}.{name}": clean(text) for name, text in words.items() if clean(text)},
        made_as_youth=case.minor,  # as last seen: to open a date of birth for a telephone number would be too much
    )


def _last_day(ends: int) -> str:
    return day_at(ends - 1).isoformat()


def _insert(session: Session, actor: Actor, begins: Sequence[Begin], records: Mapping[int, uuid.UUID]) -> None:
    rows = [
        {
            "id": new_id(),
            "case": b.at.case.id,
            "user": b.user,
            "party": actor.party,
            "role": b.role,
            "pathway": b.pathway,
            "starts": b.starts,
            "ends": b.ends,
            "covers": b.covers,
            "record": records.get(number),
        }
        for number, b in enumerate(begins)
    ]
    if rows:
        session.connection().execute(insert(Assignment), rows)


def _end(
    session: Session, doors: Doors, actor: Actor, ends: Sequence[End], told: dict[uuid.UUID, list[storing.Stored]]
) -> None:
    """End the posts, and write their last day into the words about them where there are any."""
    if not ends:
        return
    rows = [{"of": e.post.id, "at": e.ends} for e in ends]
    statement = update(Assignment).where(Assignment.id == bindparam("of")).values(ends=bindparam("at"))
    session.connection().execute(statement, rows)
    written = {e.post.record: e for e in ends if e.post.record and e.at.may_assign}
    if not written:
        return
    heads = HEADS.where(RecordRow.id.in_(list(written))).order_by(RecordRow.id).with_for_update()
    last = [_last_words(actor, head, written[head.id]) for head in map(Head._make, session.connection().execute(heads))]
    agreement_of = {record.id: written[record.id].at.engine.agreement for _, record in last}
    deks = doors.keys.ensure_many(session, {p for _, r in last for p in storing.places(agreement_of[r.id], r)})
    batch = Batch()
    for head, record in last:
        standing = json.loads(head.head)
        made = storing.prepare_change(doors, agreement_of[record.id], record, head.version, standing, {}, deks)
        batch.add([made])
        told[head.case].append(made.stored)
    if not batch.apply(session):
        raise Conflict(KIND, 0)


def _last_words(actor: Actor, head: Head, end: End) -> tuple[Head, NewRecord]:
    return head, NewRecord(
        id=head.id,
        case=head.case,
        person=head.person,
        kind=head.kind,
        label=head.label,
        owner=head.owner,
        at=end.at.now,
        by=actor.user,
        values={UNTIL: _last_day(end.ends)},
        state=head.state,
    )


def _subjects(
    session: Session,
    concerned: Iterable[At],
    begins: Sequence[Begin],
    ends: Sequence[End],
    told: Mapping[uuid.UUID, Sequence[storing.Stored]],
    reason: str,
) -> list[Subject]:
    """One for each case: who begins, who ends, which records say so, and which parties are told by them."""
    begun, ended = defaultdict(list), defaultdict(list)
    for begin in begins:
        begun[begin.at.case.id].append([begin.user.hex, begin.starts, begin.ends])
    for end in ends:
        ended[end.at.case.id].append([end.post.user.hex, end.ends])
    present: dict[str, frozenset[tuple[str, str]]] = {}
    subjects = []
    for at in concerned:
        case, records = at.case, [[s.id.hex, s.version] for s in told.get(at.case.id, ())]
        shape = Shape(KIND, "", at.sight.capacity.party, case.minor)
        if case.agreement not in present:
            present[case.agreement] = preview.everywhere(session, at)
        detail = {
            "case": case.id.hex,
            "agreement": at.sight.reference,
            "records": records,
            "begun": begun[case.id],
            "ended": ended[case.id],
            "justification": reason,
        }
        if records:
            detail["recipients"] = list(preview.recipients_among(at, shape, present[case.agreement]))
        subjects.append(Subject(case.person, detail, decided=at.sight.outcome(CREATE, {shape})))
    return subjects


def _only(references: set[str]) -> str | None:
    """The agreement of the entry, where all its cases have the same; else it stands with each case."""
    return references.pop() if len(references) == 1 else None
