"""Opens a form that outlived its session, for its author alone, inside a new visit to the same case."""

import json
import uuid
from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.auth.actor import Actor
from portal.errors import SealBroken
from portal.keys.opening import open_with
from portal.keys.sealing import dek_id
from portal.sharing import said
from portal.sharing.doors import Doors
from portal.sharing.kept import place
from portal.sharing.reading import case as reading
from portal.sharing.tables import KeptForm


def opened(session: Session, doors: Doors, actor: Actor, visit: uuid.UUID, then: str) -> Mapping[str, str]:
    """What this actor had typed on that page for the case of a live visit; {} where nothing is kept, or where it does
    not verify (logged as `open-failed`).

    It may tell of the person, so it is logged as a consultation before it is opened. Raises `NotFound` for a visit
    that is over or leads nowhere.
    """
    case = reading.live(session, doors, actor, visit)
    row = session.execute(
        select(KeptForm.sealed, KeptForm.kept_at).where(
            KeptForm.user == actor.user,
            KeptForm.capacity == actor.capacity,
            KeptForm.case == case.case.id,
            KeptForm.then == then,
            KeptForm.ends > doors.clock(),
        )
    ).one_or_none()
    if row is None:
        return {}
    _note(session, doors, actor, "consultation", "permitted", visit)
    try:
        deks = doors.keys.load(session, {dek_id(row.sealed)})
        context = place(actor, case.case.id, case.case.person, then, row.kept_at)
        return {str(name): str(text) for name, text in json.loads(open_with(deks, context, row.sealed)).items()}
    except SealBroken:
        _note(session, doors, actor, "open-failed", "failed", visit)
        return {}


def _note(session: Session, doors: Doors, actor: Actor, operation: str, outcome: str, visit: uuid.UUID) -> None:
    found = reading.live(session, doors, actor, visit)
    entry = said.entry(
        operation,
        actor,
        outcome=outcome,
        purpose=found.purpose,
        agreement=doors.book.engine(found.case.agreement).agreement.reference,
        subjects=[said.about(found.case.person, found.case.id, kept_form=True)],
        visit=visit,
    )
    with doors.log.transaction(session) as tx:
        tx.append(entry)
