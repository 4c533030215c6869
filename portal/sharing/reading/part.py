"""Some kinds of record of a case, for a page or for paper that shows no more: decided, logged and opened like all."""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial

from sqlalchemy.orm import Session

from isa.explaining import Group
from portal.auth.actor import Actor
from portal.sharing import said
from portal.sharing.disclosure import Action, Receipt, Record, Writable
from portal.sharing.doors import Doors
from portal.sharing.reading import case as case_reading
from portal.sharing.reading.actions import of_case
from portal.sharing.reading.case import Found, note_broken, subject_of
from portal.sharing.reading.rows import fetch, heads, highest_marking, open_record, shape_of
from portal.sharing.release import THINGS, reads_all
from portal.sharing.sight import EXPORT, READ, category_of

Place = tuple[str, str]
"""A kind of record and its label, "" where the kind has none."""


@dataclass(frozen=True, slots=True)
class Part:
    """What the agreement gives of these kinds. `withheld` says for each place what is not shown and why, made from
    the agreement alone; `complete` are the things of the day of release of which nothing can be withheld."""

    reference: str
    borough: str
    agreement: str
    purpose_name: str
    marking: str
    receipt: Receipt
    records: tuple[Record, ...]
    actions: tuple[Action, ...]
    writable: tuple[Writable, ...]
    exportable: bool
    withheld: Mapping[Place, tuple[Group, ...]]
    complete: frozenset[str]

    def of(self, *kinds: str) -> tuple[Record, ...]:
        """The records of these kinds, newest first."""
        return tuple(r for r in self.records if r.kind in kinds)

    def first(self, kind: str, name: str) -> str:
        """The first text of a field among the records of a kind."""
        return next((t for r in self.of(kind) if (t := r.text(name))), "")


def part(session: Session, doors: Doors, actor: Actor, visit: uuid.UUID, kinds: Collection[str]) -> Part:
    """These kinds of record of a visit's case. Raises as `case.case`."""
    found = case_reading.find(session, doors, actor, visit)
    return _disclose(session, doors, actor, found, kinds, READ, "consultation", "")


def printed(
    session: Session, doors: Doors, actor: Actor, visit: uuid.UUID, kinds: Collection[str], reason: str
) -> Part:
    """The same for paper: only what may be exported, with the reason in the entry. Raises as `case.printed`."""
    found = case_reading.to_print(session, doors, actor, visit, reason, "print")
    return _disclose(session, doors, actor, found, kinds, EXPORT, "print", reason)


def own(session: Session, doors: Doors, actor: Actor, visit: uuid.UUID, kinds: Collection[str]) -> tuple[Found, Part]:
    """Of these kinds what the reader's own party wrote and may export, and the case with its decisions: for the
    writing door, which takes copies of it elsewhere (clause 8.87). Raises as `case.case`."""
    found = case_reading.find(session, doors, actor, visit)
    return found, _disclose(session, doors, actor, found, kinds, EXPORT, "consultation", "", mine=True)


def _disclose(
    session: Session,
    doors: Doors,
    actor: Actor,
    found: Found,
    kinds: Collection[str],
    action: str,
    operation: str,
    reason: str,
    mine: bool = False,
) -> Part:
    case_file, seen = found.visit.case, found.sight
    shown = [h for h in heads(session, [case_file.id], list(kinds)) if seen.permitted(action, shape_of(h))]
    shown = [h for h in shown if h.owner == actor.party or not mine]
    sealed = fetch(session, doors.keys, [h.id for h in shown])
    entry = said.entry(
        operation,
        actor,
        purpose=found.visit.purpose,
        agreement=seen.reference,
        decided=seen.outcome(action, {shape_of(h) for h in shown}),
        subjects=[subject_of(seen, case_file, shown, **({"justification": reason} if reason else {}))],
        visit=found.visit.id,
    )
    with doors.log.transaction(session) as tx:
        receipt = tx.append(entry)
    broken: list[tuple[uuid.UUID, str]] = []
    records = [r for h in shown if (r := open_record(seen, h, sealed, broken, action)) is not None]
    if broken:
        note_broken(session, doors, actor, found.visit.purpose, case_file, broken, found.visit.id)
    agreement = seen.agreement
    shut = partial(reads_all, seen, signed=found.engine.signed, youth=case_file.minor)
    return Part(
        reference=case_file.reference,
        borough=agreement.borough,
        agreement=seen.reference,
        purpose_name=agreement.purposes[found.visit.purpose].name,
        marking=highest_marking(agreement, {category_of(agreement, r.kind, r.label) for r in records}),
        receipt=said.receipt(receipt),
        records=tuple(records),
        actions=of_case(session, seen, actor, case_file.id, shown, records),
        writable=tuple(w for w in seen.addable if w.kind in kinds),
        exportable=seen.exports and not found.visit.emergency,
        withheld={
            (kind, label): seen.withheld_of(kind, label, action, case_file.minor)
            for kind in kinds
            for label in agreement.kinds[kind].labelled or ("",)
        },
        complete=frozenset(name for name, of in THINGS.items() if shut(of)),
    )
