"""The officer's first page: is the log whole, what waits, what is unusual, who else read the log."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from portal.auth.actor import Actor
from portal.sharing.disclosure import Receipt
from portal.sharing.doors import Doors
from portal.sharing.logbook import emergencies, entries, verifying
from portal.sharing.logbook.entries import Line
from portal.sharing.logbook.scope import record, scope_of, unseen_notices
from portal.sharing.logbook.verifying import Verified


@dataclass(frozen=True, slots=True)
class Glance:
    """`refused`: (agency, its name, refusals since the day given), the most first; `readings` are by others."""

    verified: Verified | None
    waiting: int
    late: int
    notices: int
    refused: tuple[tuple[str, str, int], ...]
    readings: tuple[Line, ...]
    receipt: Receipt


def glance(session: Session, doors: Doors, actor: Actor, use: str, since: datetime) -> Glance:
    """What an officer sees first; logged as a reading of the log. Raises `Refused`, `LogUnavailable`."""
    scope = scope_of(session, doors, actor)
    waiting, late = emergencies.waiting(session, doors, actor)
    receipt = record(session, doors, actor, use, {"asked": {"what": "home"}})
    return Glance(
        verified=verifying.last(session, doors),
        waiting=waiting,
        late=late,
        notices=unseen_notices(session, actor.party),
        refused=entries.refused(session, doors, scope, since),
        readings=entries.others(session, doors, actor, scope),
        receipt=receipt,
    )
