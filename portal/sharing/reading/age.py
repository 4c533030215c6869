"""Whether a person is under 18 now: fixes the youth label of what is written about them.

A case keeps only the flag. Adults stay adults; for anyone else the date of birth is opened, which is logged.
"""

import uuid
from datetime import date

from sqlalchemy import update
from sqlalchemy.orm import Session

from portal.auth.actor import Actor
from portal.errors import SealBroken
from portal.keys.opening import open_with
from portal.sharing import said
from portal.sharing.days import age, day_at
from portal.sharing.doors import Doors
from portal.sharing.reading.case import Found
from portal.sharing.reading.rows import fetch, heads, place
from portal.sharing.tables import CaseFile

BORN = "person.date_of_birth"


def minor_now(session: Session, doors: Doors, actor: Actor, found: Found) -> bool | None:
    """True, False, or None where no date of birth is held or it does not open: then the stricter set applies."""
    case_file = found.visit.case
    if case_file.minor is False:
        return False
    rows = heads(session, [case_file.id], ["person"])
    sealed = fetch(session, doors.keys, [h.id for h in rows], [BORN])
    entry = said.entry(
        "consultation",
        actor,
        purpose=found.visit.purpose,
        agreement=found.sight.reference,
        subjects=[said.about(case_file.person, case_file.id, [(h.id, h.version) for h in rows], why="age")],
        visit=found.visit.id,
    )
    born: list[str] = []
    with doors.log.transaction(session) as tx:
        tx.append(entry)
    for head in rows:
        row = sealed.values.get(head.id.bytes, {}).get(BORN)
        if row is not None:
            try:
                born.append(open_with(sealed.deks, place(head, BORN, row.category, row.version), row.sealed).decode())
            except SealBroken:
                return None
    if not born:
        return None
    minor = any(is_minor(day, found.now) for day in born)
    if minor is not case_file.minor:
        _keep(session, doors, actor, case_file.id, minor)
    return minor


def _keep(session: Session, doors: Doors, actor: Actor, case: uuid.UUID, minor: bool) -> None:
    with doors.log.transaction(session):
        session.execute(update(CaseFile).where(CaseFile.id == case).values(minor=minor))


def is_minor(born: str, now: int) -> bool:
    """Whether someone born on that ISO date is under 18 at this instant (microseconds UTC)."""
    return age(date.fromisoformat(born), day_at(now)) < 18
