"""A record of one's own agency, to be kept in that agency's own system too: typed once, logged as an export."""

import uuid
from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal.auth.actor import Actor
from portal.errors import NotFound
from portal.sharing import said
from portal.sharing.disclosure import Receipt, Record
from portal.sharing.doors import Doors
from portal.sharing.reading import case as case_reading
from portal.sharing.reading.history import permitted_head
from portal.sharing.reading.rows import fetch, highest_marking, open_record, shape_of
from portal.sharing.sight import EXPORT, category_of

OPERATION = "export"
WHY = "For the record of the agency that wrote it"


@dataclass(frozen=True, slots=True)
class Copied:
    """One record as it may leave, with what a copy must say of where it came from."""

    reference: str
    borough: str
    record: Record
    marking: str
    purpose_name: str
    receipt: Receipt


def copied(session: Session, doors: Doors, actor: Actor, visit: uuid.UUID, record: uuid.UUID) -> Copied:
    """What may be exported of a record that the actor's own party wrote.

    No reason is asked and no fresh proof of identity: the words are the agency's own. What others wrote leaves by
    `reading.printed` only. Raises `NotFound` for another's record, a missing one, one that may not be exported
    (clause 8.11; a silent category never may), and in an emergency.
    """
    found, head = permitted_head(session, doors, actor, visit, record, EXPORT, OPERATION)
    case_file = found.visit.case
    if head.owner != actor.party or found.visit.emergency:
        case_reading.refuse(session, doors, actor, OPERATION, case_file, found.visit.purpose)
    sealed = fetch(session, doors.keys, [head.id])
    entry = said.entry(
        OPERATION,
        actor,
        purpose=found.visit.purpose,
        agreement=found.sight.reference,
        decided=found.sight.outcome(EXPORT, {shape_of(head)}),
        subjects=[case_reading.subject_of(found.sight, case_file, [head], justification=WHY)],
        visit=visit,
    )
    with doors.log.transaction(session) as tx:
        receipt = tx.append(entry)
    broken: list[tuple[uuid.UUID, str]] = []
    opened = open_record(found.sight, head, sealed, broken, EXPORT)
    if broken:
        case_reading.note_broken(session, doors, actor, found.visit.purpose, case_file, broken, visit)
    if opened is None:
        raise NotFound(receipt.reference)
    agreement = found.engine.agreement
    return Copied(
        reference=case_file.reference,
        borough=agreement.borough,
        record=opened,
        marking=highest_marking(agreement, {category_of(agreement, head.kind, head.label)}),
        purpose_name=agreement.purposes[found.visit.purpose].name,
        receipt=said.receipt(receipt),
    )
