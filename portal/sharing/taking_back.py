"""Taking back what was offered to another borough: part of the writing door (clause 8.90)."""

import uuid
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from isa.agreement import Capacity
from portal.auth import capacities
from portal.auth.actor import Actor
from portal.db import from_micros
from portal.errors import Conflict, NotFound
from portal.sharing import cases, referring, transfers, writing
from portal.sharing.assigning import At, at_cases
from portal.sharing.doors import Doors
from portal.sharing.fields import Invalid, clean
from portal.sharing.importing.matching import PURPOSE
from portal.sharing.reading import part as reading
from portal.sharing.sight import CREATE, SHARE, sight
from portal.sharing.tables import CaseFile
from portal.sharing.transferring import BRINGS, keep, nothing, words_there
from portal.sharing.transfers import BOROUGH, KIND, REASON, TAKEN_BACK, WHAT, Offer


def take_back(
    session: Session, doors: Doors, actor: Actor, visit: uuid.UUID, reason: str, once: uuid.UUID
) -> uuid.UUID:
    """Take back what the actor's party offered of a visit's case, while it waits for an answer; the record of it.

    Raises `NotFound` where nothing waits, `Refused`, `Invalid`, `Conflict` where it was answered meanwhile.
    """
    found, _ = reading.own(session, doors, actor, visit, (KIND,))
    case, now = found.visit.case, doors.clock()
    mine = [o for o in transfers.of_cases(session, [case.id]) if o.item.party == actor.party]
    last = next((o for o in mine if o.became[0] in (transfers.WAITS, transfers.BACK)), None)
    if last is None:
        raise Conflict(str(case.id), 0) if mine else NotFound
    if not clean(reason):
        raise Invalid({REASON: "Say why it is taken back"})
    at = _there(session, doors, actor, last, now)
    words = {WHAT: TAKEN_BACK, BOROUGH: at.engine.agreement.borough, REASON: reason}
    planned = writing.plan(session, doors, actor, visit, KIND, "", words, once, nothing)
    with doors.log.transaction(session) as tx:
        capacities.require(session, actor, doors.clock())
        session.scalar(select(CaseFile.state).where(CaseFile.id == case.id).with_for_update())
        if writing.made(session, actor, planned.record.id):
            return planned.record.id
        referring.one_after_the_other(session, at.engine.agreement.digest)  # whom another refers now keeps a case
        alone = transfers.made_for_it(session, last)
        if not transfers.take_back(session, last, now):
            raise Conflict(str(case.id), 0)
        writing.add(tx, doors, actor, planned)
        there = words_there(planned.record.values, TAKEN_BACK, found.engine.agreement.borough)
        copy = referring.record(actor, last.item.case, now, KIND, there, last.item.case.minor)
        keep(tx, doors, actor, at, last.item.case, [copy], last.item.case.minor, joined=False)
        if alone:
            cases.close(session, last.item.case.id, now)
    return planned.record.id


def _there(session: Session, doors: Doors, actor: Actor, last: Offer, now: int) -> At:
    """The case under the other agreement, for whoever takes its offer back. Raises `NotFound`, `Refused`."""
    at = at_cases(session, doors, actor, [last.item.case], PURPOSE, now)[last.item.case.id]
    capacity = Capacity(actor.party, actor.role)
    at = replace(at, sight=sight(at.engine, capacity, {**at.facts.known, **BRINGS}, PURPOSE, from_micros(now)))
    referring.refuse(session, doors, actor, at, WHAT, (CREATE, SHARE))
    return at
