"""Answering a referral, and adding what was asked: part of the writing door. Whoever is second is told, never lost.

Callers know who keeps the panel's list, and whose referral it is; here each record is decided.
"""

import hmac
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import bindparam, exists, select
from sqlalchemy.orm import Session

from portal.audit.log import Transaction
from portal.auth import capacities
from portal.auth.actor import Actor
from portal.db import new_id
from portal.errors import Conflict
from portal.query import Query
from portal.sharing import inbox, preview, standing_criteria, storing
from portal.sharing.assigning import At, at_cases
from portal.sharing.days import day_at
from portal.sharing.doors import Doors
from portal.sharing.fields import Invalid, check
from portal.sharing.importing.matching import PURPOSE
from portal.sharing.inbox import ACCEPTED, ASKED, KIND, WAITING, Item
from portal.sharing.reading.referrals import told
from portal.sharing.referring import BECAUSE, DAY_REFERRED, OUTCOME, WHY, append, record, refuse
from portal.sharing.sight import CREATE, EDIT, SHARE, Shape
from portal.sharing.tables import RecordRow

STATUS = "case.status"
ANSWERS = {state: words for state, words in inbox.OUTCOMES.items() if state != WAITING}
"""What whoever keeps the list may make of a referral that waits, and what its record says then."""
NO_TEXT = "Write what you have to add"
_OWN = (RecordRow.id == bindparam("record"), RecordRow.created_by == bindparam("by"))
_WRITTEN = Query(select(RecordRow.id).where(*_OWN))


@dataclass(frozen=True, slots=True)
class Answer:
    """What becomes of a referral as it was at `version`: asked for more, accepted or refused. `answer` and `stood`: how
    the criteria stood, if there are any, kept beside it."""

    item: Item
    version: int
    state: str
    reason: str = field(default="", repr=False)
    answer: str = ""
    stood: str = field(default="", repr=False)


def answer(session: Session, doors: Doors, actor: Actor, answers: Sequence[Answer]) -> tuple[uuid.UUID, ...]:
    """Answer referrals in one step; the ids of those that were left, because somebody had answered meanwhile.

    The answer is a record of the actor's party, a new version of it where there was one. Who is accepted and has no
    status yet gets the first that the agreement knows. Raises `Refused`, `Invalid`, `NotFound`, `LogUnavailable`.
    """
    now = doors.clock()
    found = at_cases(session, doors, actor, [a.item.case for a in answers], PURPOSE, now)
    for one in answers:
        _reason(found[one.item.case.id], one)
        refuse(session, doors, actor, found[one.item.case.id], OUTCOME, (CREATE, EDIT, SHARE))
    left = []
    with doors.log.transaction(session) as tx:
        capacities.require(session, actor, now)
        for one in answers:
            if one.item.state == WAITING and inbox.move(session, one.item, one.version, one.state, now):
                at = found[one.item.case.id]
                _answer(tx, doors, actor, at, one)
                if one.stood:
                    words = f"Answer to a referral: {ANSWERS[one.state]}"
                    kept = standing_criteria.values(at, words, one.answer, one.stood)
                    standing_criteria.keep(tx, doors, actor, at, kept)
            else:
                left.append(one.item.id)
    return tuple(left)


def _reason(at: At, one: Answer) -> str:
    described = at.engine.agreement.fields[BECAUSE]
    return check([described], {BECAUSE: one.reason}, day_at(at.now)).get(BECAUSE, "")


def _answer(tx: Transaction, doors: Doors, actor: Actor, at: At, one: Answer) -> None:
    session, agreement, case = tx.session, at.engine.agreement, one.item.case
    values = {OUTCOME: ANSWERS[one.state], BECAUSE: _reason(at, one)}
    made = replace(record(actor, case, at.now, KIND, values, case.minor), id=one.item.answer or new_id())
    if one.item.answer is None:
        made = replace(made, values={key: text for key, text in values.items() if text})
        stored = storing.store(session, doors, agreement, [made])
        inbox.answered(session, one.item.id, made.id)
    else:
        rows = select(RecordRow.version, RecordRow.head).where(RecordRow.id == made.id)
        base, head = session.execute(rows.with_for_update()).one()
        changed = storing.change(session, doors, agreement, made, base, json.loads(head), {})
        if changed is None:
            raise Conflict(str(made.id), base)
        stored = [changed]
    shapes = {Shape(KIND, "", actor.party, False)}
    if one.state == ACCEPTED and (status := _status(session, at)) is not None:
        stored += storing.store(session, doors, agreement, [record(actor, case, at.now, "case", status, case.minor)])
        shapes.add(Shape("case", "", actor.party, False))
    action, operation = (CREATE, "collection") if one.item.answer is None else (EDIT, "alteration")
    append(tx, operation, actor, at, action, shapes, stored)
    recipients = {*preview.recipients(session, at, Shape(KIND, "", actor.party, case.minor)), *_referrer(at, one.item)}
    append(tx, "disclosure", actor, at, SHARE, shapes, stored, recipients=sorted(recipients - {actor.party}))


def _status(session: Session, at: At) -> dict[str, str] | None:
    """The status of a case that has none yet, where this capacity may write it: the first of the agreement's."""
    of_case = (RecordRow.case == at.case.id, RecordRow.kind == "case")
    may = all(at.sight.decide(action, STATUS, at.sight.capacity.party).permit for action in (CREATE, SHARE))
    if not may or session.scalar(select(exists().where(*of_case))):
        return None
    return {STATUS: at.engine.agreement.fields[STATUS].choices[0]}


def _referrer(at: At, item: Item) -> frozenset[str]:
    """The party that referred, where a clause lets it read what became of it."""
    return frozenset({item.party} if told(at.engine, item, at.sight.capacity.party, at.now, at.facts.contracts) else ())


def add(session: Session, doors: Doors, actor: Actor, item: Item, version: int, text: str, once: uuid.UUID) -> None:
    """Add what was asked: the referral waits again. Raises `Conflict` where nothing is asked any more, `Refused`,
    `Invalid`, `LogUnavailable`. The same form twice (`once`) is one addition."""
    now = doors.clock()
    at = at_cases(session, doors, actor, [item.case], PURPOSE, now)[item.case.id]
    values = check([at.engine.agreement.fields[WHY]], {WHY: text}, day_at(now))
    if not values:
        raise Invalid({WHY: NO_TEXT})
    refuse(session, doors, actor, at, WHY, (CREATE, SHARE))
    typed = json.dumps([item.id.hex, values[WHY]]).encode()
    identity = uuid.UUID(bytes=hmac.digest(once.bytes, typed, "sha256")[:16], version=4)
    values[DAY_REFERRED] = day_at(now).isoformat()
    with doors.log.transaction(session) as tx:
        capacities.require(session, actor, now)
        if _WRITTEN.first(session, record=identity, by=actor.user):
            return
        if item.state != ASKED or not inbox.move(session, item, version, WAITING, now):
            raise Conflict(str(item.id), item.version)
        made = replace(record(actor, item.case, now, KIND, values, item.case.minor), id=identity)
        stored = storing.store(session, doors, at.engine.agreement, [made])
        shape = Shape(KIND, "", actor.party, item.case.minor)
        shapes, recipients = {Shape(KIND, "", actor.party, False)}, preview.recipients(session, at, shape)
        append(tx, "collection", actor, at, CREATE, shapes, stored)
        append(tx, "disclosure", actor, at, SHARE, shapes, stored, recipients=list(recipients))
