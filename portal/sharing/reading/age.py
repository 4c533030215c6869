"""Whether a person is under 18 now: fixes the youth label of what is written about them.

A case keeps only the flag. Adults stay adults; for anyone else the date of birth is opened, which is logged.
"""

import uuid
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.auth.actor import Actor
from portal.errors import SealBroken
from portal.keys.opening import open_with
from portal.sharing import said
from portal.sharing.days import is_minor
from portal.sharing.doors import Doors
from portal.sharing.reading.case import Found
from portal.sharing.reading.rows import Head, Sealed, fetch, heads, place
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
    with doors.log.transaction(session) as tx:
        tx.append(entry)
    born = _opened(rows, sealed)
    if not born:
        return None
    minor = any(is_minor(day, found.now) for day in born)
    if minor is not case_file.minor:
        _keep(session, doors, case_file.id, minor, rows)
    return minor


def settle(session: Session, doors: Doors, actor: Actor, found: Found) -> None:
    """Keep anew whether they are under 18, after a date of birth was written: no list waits for the next record."""
    case = found.visit.case._replace(minor=None)
    minor_now(session, doors, actor, replace(found, visit=replace(found.visit, case=case)))


def _opened(rows: Sequence[Head], sealed: Sealed) -> list[str]:
    """The dates of birth of these records, without one that was emptied; none at all where one does not open."""
    born = []
    for head in rows:
        row = sealed.values.get(head.id.bytes, {}).get(BORN)
        if row is not None:
            _, category, version, value = row
            try:
                born.append(open_with(sealed.deks, place(head, BORN, category, version), value).decode())
            except SealBroken:
                return []
    return [day for day in born if day]


def _keep(session: Session, doors: Doors, case: uuid.UUID, minor: bool, seen: Sequence[Head]) -> None:
    """Unless a date was corrected since these records were read: whoever corrected it says what they are."""
    with doors.log.transaction(session):
        session.execute(select(CaseFile.id).where(CaseFile.id == case).with_for_update())
        if {(h.id, h.version) for h in heads(session, [case], ["person"])} == {(h.id, h.version) for h in seen}:
            session.execute(update(CaseFile).where(CaseFile.id == case).values(minor=minor))
