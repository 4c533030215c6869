"""What somebody is to do, over all their cases: one entry for the whole list, before a word of it is opened."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import bindparam
from sqlalchemy.orm import Session

from portal.audit.entry import Subject
from portal.auth.actor import Actor
from portal.query import Query
from portal.sharing import acts, posts, said
from portal.sharing.acts import Act
from portal.sharing.days import day_at
from portal.sharing.disclosure import Receipt, name_of
from portal.sharing.doors import Doors
from portal.sharing.looks import Look, nothing
from portal.sharing.reading import staff
from portal.sharing.reading.case import note_broken
from portal.sharing.reading.lists import sights_at, subject_at, union
from portal.sharing.reading.rows import HEADS, Head, Sealed, fetch, heads, highest_marking, opened, shape_of
from portal.sharing.sight import READ, Sight, category_of
from portal.sharing.tables import RecordRow
from portal.sharing.visits import Case

NAMES = ("person.forename", "person.surname")
MOST = 100
_HEADS = Query(HEADS.where(RecordRow.id.in_(bindparam("records", expanding=True))), Head._make)


@dataclass(frozen=True, slots=True)
class Due:
    """One open action. `who` has it: "" for the reader, else a colleague's name or None for nobody. `label_name` is its
    category; `closable`: it can be said from the list that it is done; elsewhere it must be said on the case."""

    record: uuid.UUID
    case: uuid.UUID
    reference: str
    name: str
    task: str
    label_name: str
    given_by: str
    due: date
    who: str | None
    closable: bool


@dataclass(frozen=True, slots=True)
class DueList:
    """The first of the open actions, and whether there are more. Nothing to show: nothing logged."""

    lines: tuple[Due, ...]
    more: bool
    marking: str
    receipt: Receipt | None


NOTHING = DueList((), False, "OFFICIAL", None)


@dataclass(frozen=True, slots=True)
class Readable:
    """One action that may be read in a list, with all that was decided about it."""

    act: Act
    head: Head
    case: Case
    sight: Sight


def readable(
    session: Session, doors: Doors, actor: Actor, found: Sequence[Act], purpose: str, now: int
) -> list[Readable]:
    """Those of these actions that this capacity may read for a purpose, in their order. Four statements for all."""
    cases = posts.cases(session, sorted({act.case for act in found}))
    sights = sights_at(session, doors, actor, list(cases.values()), purpose, now)
    of = {head.id: head for head in _HEADS.all(session, records=[act.record for act in found])}
    kept = []
    for act in found:
        head, seen = of.get(act.record), sights.get(act.case)
        if head is None or seen is None or not seen.knows_person:
            continue
        if any(f.key == acts.field(acts.TASK, head.label) for f, _ in seen.permitted(READ, shape_of(head))):
            kept.append(Readable(act, head, cases[act.case], seen))
    return kept


def listed(session: Session, doors: Doors, actor: Actor, found: Sequence[Act], purpose: str, now: int) -> Look[DueList]:
    """These actions, as far as they may be read, with the names of the persons."""
    every = readable(session, doors, actor, found, purpose, now)
    shown = every[:MOST]
    if not shown:
        return nothing(NOTHING)
    by_case: dict[uuid.UUID, list[Head]] = {}
    for one in shown:
        by_case.setdefault(one.case.id, []).append(one.head)
    sights, cases = {o.case.id: o.sight for o in shown}, {o.case.id: o.case for o in shown}
    for head in heads(session, list(by_case), ["person"]):
        if sights[head.case].some_permitted(READ, shape_of(head), frozenset(NAMES)):
            by_case[head.case].append(head)
    labels = {o.head.label for o in shown}
    fields = (*NAMES, *(acts.field(acts.TASK, label) for label in sorted(labels)))
    sealed = fetch(session, doors.keys, [h.id for each in by_case.values() for h in each], fields)
    holders = {o.act.user for o in shown if o.act.user and o.act.user != actor.user}
    subjects = [subject_at(sights[of], cases[of], each) for of, each in by_case.items()]
    entry = said.entry(
        "list",
        actor,
        purpose=purpose,
        decided=union(s.decided for s in subjects if s.decided),
        subjects=[*subjects, *(Subject(user, {"staff": True}) for user in sorted(holders))],
    )
    marking = highest_marking(shown[0].sight.agreement, {"identity"})
    for one in shown:
        agreement = one.sight.agreement
        if highest_marking(agreement, {category_of(agreement, acts.KIND, one.head.label)}) != "OFFICIAL":
            marking = "OFFICIAL-SENSITIVE"

    def opens() -> DueList:
        texts = _texts(session, doors, actor, purpose, sights, cases, by_case, sealed)
        names = staff.names(session, doors, holders)
        lines = tuple(_due(actor, one, texts, by_case[one.case.id], names) for one in shown)
        return DueList(lines, len(every) > MOST, marking, look.receipt)

    look = Look(entry, opens)
    return look


def _texts(
    session: Session,
    doors: Doors,
    actor: Actor,
    purpose: str,
    sights: Mapping[uuid.UUID, Sight],
    cases: Mapping[uuid.UUID, Case],
    by_case: Mapping[uuid.UUID, Sequence[Head]],
    sealed: Sealed,
) -> dict[tuple[uuid.UUID, str], str]:
    """(record, name of the field within its kind) → text. What does not open is logged."""
    texts: dict[tuple[uuid.UUID, str], str] = {}
    for of, rows in by_case.items():
        broken: list[tuple[uuid.UUID, str]] = []
        for head in rows:
            for value in opened(sights[of], head, sealed, broken):
                texts[head.id, name_of(value.key)] = value.text or "This could not be opened. It has been logged."
        if broken:
            note_broken(session, doors, actor, purpose, cases[of], broken)
    return texts


def _due(
    actor: Actor,
    one: Readable,
    texts: Mapping[tuple[uuid.UUID, str], str],
    rows: Iterable[Head],
    names: Mapping[uuid.UUID, str],
) -> Due:
    act, agreement = one.act, one.sight.agreement
    persons = [h.id for h in rows if h.kind == "person"]
    name = (next((t for p in persons if (t := texts.get((p, part), ""))), "") for part in ("forename", "surname"))
    owner = agreement.parties.get(one.head.owner)
    return Due(
        record=act.record,
        case=act.case,
        reference=one.case.reference,
        name=" ".join(part for part in name if part),
        task=texts.get((act.record, acts.TASK), ""),
        label_name=agreement.categories[one.head.label].name,
        given_by="" if one.head.owner == actor.party else owner.short if owner else one.head.owner,
        due=day_at(act.due),
        who="" if act.user == actor.user else names[act.user] if act.user else None,
        closable=closable(one),
    )


def closable(one: Readable) -> bool:
    """Whether what came of it can be said from the list, for the purpose of the list and under its own category."""
    way = acts.way(one.sight, one.head.owner, one.head.label, one.act.party)
    return way == "own" or (way == "told" and acts.tells_under(one.sight, one.head.label))
