"""What the criteria for selection look at, of one case or of many: decided, logged in one entry, then opened."""

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
from portal.sharing.sight import READ, Sight, category_of
from portal.sharing.unseen import unseen
from portal.sharing.visits import Case

LOOKED_AT = {
    "person": ("person.surname", "person.forename", "person.date_of_birth"),
    "case": ("case.cohort", "case.priority_crime"),
    "referral": ("referral.priority_crime", "referral.referred_on"),
    "score": ("score.predictor", "score.version", "score.value", "score.assessed_on"),
    "score_band": ("score_band.predictor", "score_band.band", "score_band.assessed_on"),
}
"""By kind, the fields that criteria look at, and the name for a list."""
FIELDS = tuple(key for keys in LOOKED_AT.values() for key in keys)


@dataclass(frozen=True, slots=True)
class Seen:
    """One case: its records as far as this reader may see what criteria look at, and what of it may be withheld."""

    case: uuid.UUID
    reference: str
    records: tuple[Record, ...]
    unseen: frozenset[str]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Those of the cases whose person may be known, in their order. No case: nothing logged."""

    seen: tuple[Seen, ...]
    marking: str
    receipt: Receipt | None


def look(
    session: Session, doors: Doors, actor: Actor, cases: Sequence[Case], purpose: str, operation: str = "list"
) -> Evidence:
    """What criteria look at in these cases, for a purpose. Raises `LogUnavailable`."""
    now = doors.clock()
    sights = sights_at(session, doors, actor, cases, purpose, now)
    visible = [c for c in cases if sights[c.id].knows_person]
    if not visible:
        return Evidence((), "OFFICIAL", None)
    rows: dict[uuid.UUID, list[Head]] = {c.id: [] for c in visible}
    for head in heads(session, list(rows), tuple(LOOKED_AT)):
        if sights[head.case].some_permitted(READ, shape_of(head), frozenset(LOOKED_AT[head.kind])):
            rows[head.case].append(head)
    sealed = fetch(session, doors.keys, [h.id for each in rows.values() for h in each], FIELDS)
    subjects = [_subject(sights[c.id], c, rows[c.id]) for c in visible]
    decided = union(s.decided for s in subjects if s.decided)
    with doors.log.transaction(session) as tx:
        receipt = tx.append(said.entry(operation, actor, purpose=purpose, decided=decided, subjects=subjects))
    found = []
    for c in visible:
        broken: list[tuple[uuid.UUID, str]] = []
        opened = (open_record(sights[c.id], h, sealed, broken) for h in rows[c.id])
        records = tuple(r for r in opened if r is not None)
        found.append(Seen(c.id, c.reference, records, unseen(sights[c.id])))
        if broken:
            note_broken(session, doors, actor, purpose, c, broken)
    agreement = sights[visible[0].id].agreement
    categories = {category_of(agreement, h.kind, h.label) for each in rows.values() for h in each}
    return Evidence(tuple(found), highest_marking(agreement, categories), said.receipt(receipt))


def _subject(seen: Sight, case: Case, rows: Sequence[Head]) -> Subject:
    told = subject_of(seen, case, rows, agreement=seen.reference)
    return Subject(told.person, told.detail, told.silent, decided=seen.outcome(READ, {shape_of(h) for h in rows}))
