"""The minutes of a meeting: each case with what was decided, for a page that is printed. One entry for each purpose.

A case that the panel de-selected is closed to the purpose of the meeting from that moment; it is read for review.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal.audit.entry import Subject
from portal.auth.actor import Actor
from portal.sharing import said
from portal.sharing.disclosure import Receipt, Record
from portal.sharing.doors import Doors
from portal.sharing.reading.case import note_broken, subject_of
from portal.sharing.reading.lists import sights_at, union
from portal.sharing.reading.rows import Head, fetch, heads, highest_marking, open_record, shape_of
from portal.sharing.sight import EXPORT, Sight
from portal.sharing.visits import Case

KINDS = ("person", "decision")
FIELDS = (
    *("person.surname", "person.forename"),
    *("decision.outcome", "decision.reason", "decision.decided_on", "decision.decided_by"),
)
WORKING, REVIEW = "selection", "deselection"


@dataclass(frozen=True, slots=True)
class Minute:
    """One case: its name and its decision as far as they may be printed; `decision` None: none was made or given."""

    case: uuid.UUID
    reference: str
    name: str
    decision: Record | None


@dataclass(frozen=True, slots=True)
class Minutes:
    """In the order of the agenda. Cases whose person may not be known are left out."""

    items: tuple[Minute, ...]
    marking: str
    receipts: tuple[Receipt, ...]


def minutes(
    session: Session, doors: Doors, actor: Actor, agenda: Sequence[tuple[Case, uuid.UUID | None]], meeting: uuid.UUID
) -> Minutes:
    """Decide, log as a print, then open. `agenda`: each case with its decision's record. Raises `LogUnavailable`."""
    now = doors.clock()
    found: dict[uuid.UUID, Minute] = {}
    receipts = []
    for purpose, state in ((WORKING, "open"), (REVIEW, "deselected")):
        some = [(case, decision) for case, decision in agenda if case.state == state]
        if some:
            receipts.append(_read(session, doors, actor, some, purpose, now, meeting, found))
    marking = highest_marking(doors.book.engine(agenda[0][0].agreement).agreement, ["selection"]) if found else ""
    items = tuple(found[case.id] for case, _ in agenda if case.id in found)
    return Minutes(items, marking or "OFFICIAL", tuple(receipts))


def _read(
    session: Session,
    doors: Doors,
    actor: Actor,
    some: Sequence[tuple[Case, uuid.UUID | None]],
    purpose: str,
    now: int,
    meeting: uuid.UUID,
    found: dict[uuid.UUID, Minute],
) -> Receipt:
    seen = sights_at(session, doors, actor, [case for case, _ in some], purpose, now)
    known = {case.id: (case, decision) for case, decision in some if seen[case.id].knows_person}
    rows: dict[uuid.UUID, list[Head]] = {case: [] for case in known}
    for head in heads(session, list(known), KINDS) if known else ():
        wanted = head.kind == "person" or head.id == known[head.case][1]
        if wanted and seen[head.case].some_permitted(EXPORT, shape_of(head), frozenset(FIELDS)):
            rows[head.case].append(head)
    sealed = fetch(session, doors.keys, [h.id for each in rows.values() for h in each], FIELDS)
    subjects = [_subject(seen[c], known[c][0], rows[c], meeting) for c in known]
    decided = union(s.decided for s in subjects if s.decided)
    with doors.log.transaction(session) as tx:
        receipt = tx.append(said.entry("print", actor, purpose=purpose, decided=decided, subjects=subjects))
    for case_id, (case, _) in known.items():
        broken: list[tuple[uuid.UUID, str]] = []
        opened = [r for h in rows[case_id] if (r := open_record(seen[case_id], h, sealed, broken, EXPORT))]
        if broken:
            note_broken(session, doors, actor, purpose, case, broken)
        found[case_id] = _minute(case, opened)
    return said.receipt(receipt)


def _subject(seen: Sight, case: Case, rows: Sequence[Head], meeting: uuid.UUID) -> Subject:
    told = subject_of(seen, case, rows, meeting=meeting.hex)
    return Subject(told.person, told.detail, told.silent, seen.outcome(EXPORT, {shape_of(h) for h in rows}))


def _minute(case: Case, opened: Sequence[Record]) -> Minute:
    persons = [r for r in opened if r.kind == "person"]
    names = (next((t for r in persons if (t := r.text(part))), "") for part in ("forename", "surname"))
    decision = next((r for r in opened if r.kind == "decision"), None)
    return Minute(case.id, case.reference, " ".join(filter(None, names)), decision)
