"""What a letter or a compact is filled with: a few fields of one case, each only where it may be exported."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from isa.explaining import Group
from portal.auth.actor import Actor
from portal.sharing import said
from portal.sharing.disclosure import Receipt, Record
from portal.sharing.doors import Doors
from portal.sharing.reading.case import find, note_broken, refuse_export, subject_of
from portal.sharing.reading.rows import fetch, heads, highest_marking, open_record, shape_of
from portal.sharing.sight import EXPORT, READ

PREVIEW, PAPER, FILE = "consultation", "print", "export"


@dataclass(frozen=True, slots=True)
class Drawn:
    """The records of a document as far as they may leave, newest first, and what of its fields may not, and why."""

    agreement: str
    reference: str
    purpose_name: str
    marking: str
    records: tuple[Record, ...]
    withheld: tuple[Group, ...]
    receipt: Receipt

    def of(self, kind: str) -> tuple[Record, ...]:
        """The records of one kind."""
        return tuple(r for r in self.records if r.kind == kind)

    def first(self, kind: str, name: str) -> str:
        """The first text of a field among the records of a kind, "" where there is none."""
        return next((t for r in self.of(kind) if (t := r.text(name))), "")


def drawn(
    session: Session, doors: Doors, actor: Actor, visit: uuid.UUID, fields: Sequence[str], what: str, operation: str
) -> Drawn:
    """Decide every field for export, log with `what` as the reason, then open (clauses 8.11 and 8.40).

    `operation` is `PREVIEW`, `PAPER` or `FILE`: all show the same, so that no preview shows what does not leave.
    No silent category is ever exported. Raises `NotFound` as a view does, `Refused` where nothing may be exported.
    """
    found = find(session, doors, actor, visit, operation)
    seen, case_file, purpose = found.sight, found.visit.case, found.visit.purpose
    if found.visit.emergency or not seen.exports:
        refuse_export(session, doors, actor, found, operation)
    wanted, agreement = frozenset(fields), seen.agreement
    kinds = sorted({field.partition(".")[0] for field in fields})
    rows = [
        h
        for h in heads(session, [case_file.id], kinds)
        if seen.some_permitted(EXPORT, shape_of(h), wanted) and seen.some_permitted(READ, shape_of(h), wanted)
    ]
    sealed = fetch(session, doors.keys, [h.id for h in rows], fields)
    entry = said.entry(
        operation,
        actor,
        purpose=purpose,
        agreement=seen.reference,
        decided=seen.outcome(EXPORT, {shape_of(h) for h in rows}),
        subjects=[subject_of(seen, case_file, rows, justification=what)],
        visit=visit,
    )
    with doors.log.transaction(session) as tx:
        receipt = tx.append(entry)
    broken: list[tuple[uuid.UUID, str]] = []
    records = tuple(r for h in rows if (r := open_record(seen, h, sealed, broken, EXPORT)) is not None)
    if broken:
        note_broken(session, doors, actor, purpose, case_file, broken, visit)
    about = {agreement.fields[field].category for field in fields}
    return Drawn(
        agreement=agreement.id,
        reference=case_file.reference,
        purpose_name=agreement.purposes[purpose].name,
        marking=highest_marking(agreement, about | {"selection"}),  # that somebody is on IOM stands in each of them
        records=records,
        withheld=tuple(g for category in sorted(about) for g in seen.withheld.get(category, ())),
        receipt=said.receipt(receipt),
    )
