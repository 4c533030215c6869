"""Saying that two records are of one person, or of two: part of the writing door. Linked, never moved or rewritten.

Callers know who may say it; here each case is decided. One transaction has the word about the pair, why (a record on
each case, so that each file tells it by itself) and one entry that names both persons.
"""

import hmac
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from portal.audit.entry import Entry, Subject
from portal.auth import capacities
from portal.auth.actor import Actor
from portal.errors import Conflict
from portal.query import Query
from portal.sharing import said, same, storing
from portal.sharing.assigning import At
from portal.sharing.days import day_at
from portal.sharing.disclosure import Receipt
from portal.sharing.doors import Doors
from portal.sharing.fields import Invalid, check
from portal.sharing.reading import staff
from portal.sharing.reading.lists import union
from portal.sharing.referring import record, refuse
from portal.sharing.sight import CREATE, SHARE, Shape
from portal.sharing.storing import NewRecord, Stored
from portal.sharing.tables import RecordRow

OPERATION = "combination"
NO_ANSWER, NO_REASON = (
    "Say whether they are one person or two",
    "Say why. Whoever looks at these records after you needs it",
)
ALREADY = {same.SAME: "They are linked already", same.TWO: "They are said to be two people already"}
_MADE = Query(select(RecordRow.id).where(RecordRow.id == bindparam("record"), RecordRow.created_by == bindparam("by")))


def say(
    session: Session,
    doors: Doors,
    actor: Actor,
    both: tuple[At, At],
    base: int,
    state: str,
    why: str,
    once: uuid.UUID,
) -> Receipt | None:
    """Say that the persons of two cases are one (`same.SAME`) or two (`same.TWO`); None: the same form was sent before.

    `base` is the number of the latest word that its writer saw, 0 for none. Raises `Invalid`, `Refused` with the
    clause, `LogUnavailable`, and `Conflict` where somebody said something meanwhile: nothing is kept then.
    """
    first, second = both
    now, pair = first.now, same.pair_of(first.case.agreement, first.case.person, second.case.person)
    reason = _checked(first, state, why)
    for at in both:
        refuse(session, doors, actor, at, same.WHY, (CREATE, SHARE))
    told = json.dumps([sorted(at.case.id.hex for at in both), state, reason]).encode()
    ids = [uuid.UUID(bytes=hmac.digest(once.bytes, told + at.case.id.bytes, "sha256")[:16], version=4) for at in both]
    name = staff.names(session, doors, [actor.user])[actor.user]
    with doors.log.transaction(session) as tx:
        capacities.require(session, actor, now)
        latest = next((w for w in same.about(session, [pair[0]], pair[1:]) if w.pair == pair), None)
        if latest and latest.number == base + 1 and _MADE.first(session, record=ids[0], by=actor.user):
            return None
        if base != (latest.number if latest else 0):
            raise Conflict(same.KIND, latest.number if latest else 0)
        if latest is not None and latest.state == state:
            raise Invalid({"answer": ALREADY[state]})
        if not same.put(session, pair, base + 1, state, now, actor.user):
            raise Conflict(same.KIND, base + 1)
        words = {same.ANSWER: same.ANSWERS[state], same.WHY: reason, same.BY: name}
        stored = storing.store(session, doors, first.engine.agreement, _records(actor, both, ids, words))
        return said.receipt(tx.append(_entry(actor, both, stored, state)))


def _checked(at: At, state: str, why: str) -> str:
    """The reason, cleaned. Raises `Invalid` with what to correct, by part of the form."""
    problems = {} if state in same.ANSWERS else {"answer": NO_ANSWER}
    reason = ""
    try:
        values = check([at.engine.agreement.fields[same.WHY]], {same.WHY: why}, day_at(at.now))
        reason = values.get(same.WHY, "")
        problems |= {} if reason else {"why": NO_REASON}
    except Invalid as wrong:
        problems["why"] = wrong.problems[same.WHY]
    if problems:
        raise Invalid(problems)
    return reason


def _records(actor: Actor, both: tuple[At, At], ids: Sequence[uuid.UUID], words: Mapping[str, str]) -> list[NewRecord]:
    """On each case a record that names the other by its reference."""
    made = []
    for at, other, identity in zip(both, reversed(both), ids, strict=True):
        values = {**words, same.OTHER: other.case.reference}
        made.append(replace(record(actor, at.case, at.now, same.KIND, values, at.case.minor), id=identity))
    return made


def _entry(actor: Actor, both: tuple[At, At], stored: Sequence[Stored], state: str) -> Entry:
    """One entry that names both persons: what was said in the part an officer reads, the records in the silent one."""
    subjects = [
        Subject(
            at.case.person,
            {"case": at.case.id.hex, "agreement": at.sight.reference, "records": [], "combined": state},
            {"records": [[one.id.hex, one.version]]},
            decided=at.sight.outcome(CREATE, {Shape(same.KIND, "", actor.party, False)}),
        )
        for at, one in zip(both, stored, strict=True)
    ]
    return said.entry(
        OPERATION,
        actor,
        purpose=both[0].sight.purpose,
        agreement=both[0].sight.reference,
        decided=union(s.decided for s in subjects if s.decided),
        subjects=subjects,
        sealed_sha256=[one.head for one in stored],
    )
