"""Whom a form is about: the name alone, decided and logged like a view, so that nobody writes on the wrong case."""

import uuid
from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal.audit.entry import Outcome
from portal.auth.actor import Actor
from portal.sharing import said
from portal.sharing.disclosure import Receipt
from portal.sharing.doors import Doors
from portal.sharing.reading.case import Found, note_broken, subject_of
from portal.sharing.reading.rows import fetch, heads, open_record, shape_of
from portal.sharing.sight import READ

NAMES = ("person.forename", "person.surname")


@dataclass(frozen=True, slots=True)
class Heading:
    """The person and case a form is about, for which purpose, and the receipt for having shown the name."""

    case: uuid.UUID
    reference: str
    name: str
    purpose_name: str
    receipt: Receipt


def heading(session: Session, doors: Doors, actor: Actor, found: Found) -> Heading:
    """The name as this visit may see it, "" where it does not open. Raises `LogUnavailable`, `KeysUnavailable`."""
    seen, case_file, purpose = found.sight, found.visit.case, found.visit.purpose
    rows = [h for h in heads(session, [case_file.id], ["person"]) if seen.permitted(READ, shape_of(h))]
    given = {
        (field.key, head.owner, decision.clause, tuple(decision.gateways))
        for head in rows
        for field, decision in seen.permitted(READ, shape_of(head))
        if field.key in NAMES
    }
    sealed = fetch(session, doors.keys, [h.id for h in rows], NAMES)
    entry = said.entry(
        "consultation",
        actor,
        purpose=purpose,
        agreement=seen.reference,
        decided=Outcome(permitted=tuple(sorted(given))),
        subjects=[subject_of(seen, case_file, rows)],
        visit=found.visit.id,
    )
    with doors.log.transaction(session) as tx:
        receipt = tx.append(entry)
    broken: list[tuple[uuid.UUID, str]] = []
    opened = [r for h in rows if (r := open_record(seen, h, sealed, broken)) is not None]
    if broken:
        note_broken(session, doors, actor, purpose, case_file, broken, found.visit.id)
    texts = (next((t for r in opened if (t := r.text(name))), "") for name in ("forename", "surname"))
    purpose_name = seen.agreement.purposes[purpose].name
    return Heading(
        case_file.id, case_file.reference, " ".join(filter(None, texts)), purpose_name, said.receipt(receipt)
    )
