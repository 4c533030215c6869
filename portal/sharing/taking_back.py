"""Taking back what was offered to another borough: part of the writing door (clauses 8.90 and 8.91)."""

import uuid
from dataclasses import replace

from sqlalchemy.orm import Session

from isa.agreement import Capacity
from portal.auth import capacities
from portal.auth.actor import Actor
from portal.db import from_micros
from portal.errors import Conflict, NotFound
from portal.sharing import lapsing, referring, transfers, writing
from portal.sharing.assigning import At, at_cases
from portal.sharing.doors import Doors
from portal.sharing.fields import Invalid, clean
from portal.sharing.importing.matching import PURPOSE
from portal.sharing.reading import part as reading
from portal.sharing.sight import CREATE, SHARE, sight
from portal.sharing.transferring import BRINGS, keep, nothing, words_there
from portal.sharing.transfers import BACK, BOROUGH, KIND, REASON, TAKEN_BACK, WHAT, Offer


def take_back(
    session: Session, doors: Doors, actor: Actor, visit: uuid.UUID, reason: str, once: uuid.UUID
) -> uuid.UUID:
    """Take back what the actor's party offered of a visit's case, while it waits for an answer; the record of it.

    While the party's signature rests there it ends all the same, and no record is written there. Raises `NotFound`
    where nothing waits, `Refused`, `Invalid`, `Conflict` where it was answered meanwhile.
    """
    found, part = reading.own(session, doors, actor, visit, (KIND,))
    case, now = found.visit.case, doors.clock()
    mine = [o for o in transfers.of_cases(session, [case.id]) if o.item.party == actor.party]
    last = next((o for o in mine if o.became[0] in (transfers.WAITS, transfers.BACK)), None)
    if last is None:
        raise Conflict(str(case.id), 0) if mine else NotFound
    if not clean(reason):
        raise Invalid({REASON: "Say why it is taken back"})
    at = _there(session, doors, actor, last, now)
    borough = next((r.text("borough") for r in part.of(KIND) if r.id == last.record), "")
    words = {WHAT: TAKEN_BACK, BOROUGH: at.engine.agreement.borough if at else borough, REASON: reason}
    planned = writing.plan(session, doors, actor, visit, KIND, "", words, once, nothing)
    with doors.log.transaction(session) as tx:
        capacities.require(session, actor, doors.clock())
        there = last.item.case
        referring.one_after_the_other(session, [there.agreement])  # whom another refers now keeps a case
        transfers.hold(session, (case.id, there.id))
        if writing.made(session, actor, planned.record.id):
            return planned.record.id
        if not lapsing.end(tx, doors, actor, last, BACK, now):
            raise Conflict(str(case.id), 0)
        writing.add(tx, doors, actor, planned)
        if at is not None:
            said_there = words_there(planned.record.values, TAKEN_BACK, found.engine.agreement.borough)
            copy = referring.record(actor, there, now, KIND, said_there, there.minor)
            keep(tx, doors, actor, at, there, [copy], there.minor, joined=False)
    return planned.record.id


def _there(session: Session, doors: Doors, actor: Actor, last: Offer, now: int) -> At | None:
    """The case under the other agreement, for whoever takes its offer back; None while their party is not bound by it.
    Raises `NotFound`, `Refused`."""
    if last.item.case.agreement not in {a.id for a in doors.book.bound(actor.party)}:
        return None
    at = at_cases(session, doors, actor, [last.item.case], PURPOSE, now)[last.item.case.id]
    capacity = Capacity(actor.party, actor.role)
    at = replace(at, sight=sight(at.engine, capacity, {**at.facts.known, **BRINGS}, PURPOSE, from_micros(now)))
    referring.refuse(session, doors, actor, at, WHAT, (CREATE, SHARE))
    return at
