"""The updates that somebody is to confirm, over all their cases: one entry for the list, before a word is opened."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam
from sqlalchemy.orm import Session

from isa.agreement import Capacity
from portal.audit.entry import Entry, Subject
from portal.auth.actor import Actor
from portal.db import from_micros
from portal.query import Query
from portal.sharing import colleagues, confirmations, posts, said
from portal.sharing.confirmations import ToRead
from portal.sharing.disclosure import Receipt, name_of
from portal.sharing.doors import Doors
from portal.sharing.reading.case import note_broken
from portal.sharing.reading.lists import owner_name, sights_at, subject_at, union
from portal.sharing.reading.rows import HEADS, Head, fetch, heads, highest_marking, opened, shape_of
from portal.sharing.sight import READ, UPDATE, Sight, category_of
from portal.sharing.tables import RecordRow
from portal.sharing.visits import Case

NAMES = ("person.forename", "person.surname")
PARTS = ("text", "nature", "source", "happened_on")
PAGE = 20
CONFIRMED = "Confirmed having read the update"
"""What the log says an alteration was for that changes no word of a record."""
_HEADS = Query(HEADS.where(RecordRow.id.in_(bindparam("records", expanding=True))), Head._make)


@dataclass(frozen=True, slots=True)
class Waiting:
    """One of them, with its case and what was decided about it."""

    row: ToRead
    case: Case
    sight: Sight


@dataclass(frozen=True, slots=True)
class Line:
    """One update in full. `corrected`: it said something else before; `on` is the day it happened as written."""

    record: uuid.UUID
    version: int
    case: uuid.UUID
    reference: str
    name: str
    about: str
    owner: str
    on: str | datetime
    nature: str
    source: str
    text: str
    broken: bool
    corrected: bool


@dataclass(frozen=True, slots=True)
class ReadingList:
    """The first of them, and how many there are. Nothing to read: nothing logged."""

    lines: tuple[Line, ...]
    total: int
    marking: str
    receipt: Receipt | None


NOTHING = ReadingList((), 0, "OFFICIAL", None)


def waiting(session: Session, doors: Doors, actor: Actor, records: Sequence[uuid.UUID] | None = None) -> list[Waiting]:
    """Those that this capacity may read for its standing purpose, the oldest first; of these `records` only, whether
    they were confirmed or not, where any are given. As many statements for one as for many."""
    reach, content, purpose = doors.book.role(Capacity(actor.party, actor.role))
    if not content or reach == "none":
        return []
    now = doors.clock()
    if records is None:
        rows = confirmations.to_read(session, actor.party, actor.user, now)
    else:
        rows = confirmations.among(session, actor.party, actor.user, now, records)
    if not rows:
        return []
    cases = posts.cases(session, sorted({row.case for row in rows}))
    seen = sights_at(session, doors, actor, list(cases.values()), purpose, now)
    return [
        Waiting(row, cases[row.case], seen[row.case])
        for row in rows
        if seen[row.case].knows_person and colleagues.reads(seen[row.case], row.shape)
    ]


def listed(session: Session, doors: Doors, actor: Actor, found: Sequence[Waiting]) -> ReadingList:
    """The words of the first of these, with the names of the persons. Raises `LogUnavailable`."""
    shown = found[:PAGE]
    rows = {h.id: h for h in _HEADS.all(session, records=[one.row.record for one in shown])}
    by_case: dict[uuid.UUID, list[Head]] = {}
    for one in shown:
        by_case.setdefault(one.case.id, []).append(rows[one.row.record])
    cases = {one.case.id: one for one in shown}
    for head in heads(session, list(by_case), ["person"]):
        if cases[head.case].sight.some_permitted(READ, shape_of(head), frozenset(NAMES)):
            by_case[head.case].append(head)
    words = (f"{UPDATE}.{part}@{label}" for label in sorted({one.row.label for one in shown}) for part in PARTS)
    sealed = fetch(session, doors.keys, [h.id for each in by_case.values() for h in each], (*NAMES, *words))
    subjects = [subject_at(cases[of].sight, cases[of].case, each) for of, each in by_case.items()]
    with doors.log.transaction(session) as tx:
        receipt = tx.append(_said(doors, actor, "list", subjects))
    texts: dict[uuid.UUID, dict[str, str | None]] = {}
    for of, each in by_case.items():
        broken: list[tuple[uuid.UUID, str]] = []
        for head in each:
            values = opened(cases[of].sight, head, sealed, broken)
            texts[head.id] = {name_of(v.key): None if v.broken else v.text for v in values}
        if broken:
            purpose = doors.book.role(Capacity(actor.party, actor.role))[2]
            note_broken(session, doors, actor, purpose, cases[of].case, broken)
    marks = [
        highest_marking(one.sight.agreement, {category_of(one.sight.agreement, UPDATE, one.row.label), "identity"})
        for one in shown
    ]
    return ReadingList(
        lines=tuple(_line(one, rows[one.row.record], by_case[one.case.id], texts) for one in shown),
        total=len(found),
        marking=next((mark for mark in marks if mark != "OFFICIAL"), "OFFICIAL"),
        receipt=said.receipt(receipt),
    )


def entry(doors: Doors, actor: Actor, operation: str, found: Sequence[Waiting]) -> Entry:
    """What the log says of these being confirmed."""
    by_case: dict[uuid.UUID, list[Waiting]] = {}
    for one in found:
        by_case.setdefault(one.case.id, []).append(one)
    subjects = []
    for each in by_case.values():
        loud: list[list[object]] = []
        silent: list[list[object]] = []
        for one in each:
            quiet = one.sight.agreement.categories[one.row.label].silent
            (silent if quiet else loud).append([one.row.record.hex, one.row.version])
        case, reference = each[0].case, each[0].sight.reference
        detail = {"case": case.id.hex, "agreement": reference, "records": loud, "justification": CONFIRMED}
        decided = each[0].sight.outcome(READ, {one.row.shape for one in each})
        subjects.append(Subject(case.person, detail, {"records": silent} if silent else None, decided=decided))
    return _said(doors, actor, operation, subjects)


def _said(doors: Doors, actor: Actor, operation: str, subjects: Sequence[Subject]) -> Entry:
    purpose = doors.book.role(Capacity(actor.party, actor.role))[2]
    decided = union(s.decided for s in subjects if s.decided)
    return said.entry(operation, actor, purpose=purpose, decided=decided, subjects=subjects)


def _line(one: Waiting, head: Head, rows: Sequence[Head], texts: Mapping[uuid.UUID, Mapping[str, str | None]]) -> Line:
    persons = [texts[h.id] for h in rows if h.kind == "person"]
    name = (next((t for p in persons if (t := p.get(part))), "") for part in ("forename", "surname"))
    said_ = texts[head.id]
    text = said_.get("text")
    return Line(
        record=head.id,
        version=head.version,
        case=one.case.id,
        reference=one.case.reference,
        name=" ".join(part for part in name if part),
        about=one.sight.agreement.categories[head.label].name,
        owner=owner_name(one.sight, head.owner),
        on=said_.get("happened_on") or from_micros(head.created_at),
        nature=said_.get("nature") or "",
        source=said_.get("source") or "",
        text=text or "",
        broken=text is None,
        corrected=head.version > 1,
    )
