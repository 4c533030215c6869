"""How the criteria stood, as a record of its own beside an answer or a decision: who reads it say clauses 8.51 to 8.54.

It is written once, with what it stands beside, never by hand and never changed.
"""

from portal.audit.log import Transaction
from portal.auth.actor import Actor
from portal.sharing import preview, storing
from portal.sharing.assigning import At
from portal.sharing.days import day_at
from portal.sharing.doors import Doors
from portal.sharing.referring import append, record
from portal.sharing.sight import CREATE, SHARE, Shape

KIND = "criteria"
KEPT_WITH, ON, ANSWER, STOOD = (f"{KIND}.{name}" for name in ("kept_with", "decided_on", "answer", "stood"))


def values(at: At, kept_with: str, answer: str, stood: str) -> dict[str, str]:
    """The fields of the record: what people decided, on this day, and how the criteria stood."""
    return {KEPT_WITH: kept_with, ON: day_at(at.now).isoformat(), ANSWER: answer, STOOD: stood}


def keep(tx: Transaction, doors: Doors, actor: Actor, at: At, told: dict[str, str]) -> None:
    """Write it in the transaction of what it is kept with, where a clause lets this capacity; else nothing is kept."""
    if not told or not all(at.sight.decide(a, STOOD, actor.party).permit for a in (CREATE, SHARE)):
        return
    minor = at.case.minor
    stored = storing.store(tx.session, doors, at.engine.agreement, [record(actor, at.case, at.now, KIND, told, minor)])
    shapes = {Shape(KIND, "", actor.party, False)}
    append(tx, "collection", actor, at, CREATE, shapes, stored)
    readers = preview.recipients(tx.session, at, Shape(KIND, "", actor.party, minor))
    append(tx, "disclosure", actor, at, SHARE, shapes, stored, recipients=list(readers))
