"""Answering for the owner what somebody asked to see, and taking it back: part of the writing door. Whoever is second
is told.

Nothing here shows anything: what is granted is a fact of the next request (`facts`), and every other condition of the
clause holds as before (clause 8.28).
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy.orm import Session

from portal.audit.log import Transaction
from portal.auth import capacities
from portal.auth.actor import Actor
from portal.db import new_id, to_micros
from portal.errors import Conflict
from portal.sharing import asks, said, storing
from portal.sharing.asking import append, reason_of, record, refuse
from portal.sharing.asks import GRANTED, REFUSED, REVOKED, WAITING, Ask
from portal.sharing.assigning import At
from portal.sharing.days import day_at, midnight
from portal.sharing.doors import Doors
from portal.sharing.fields import Invalid
from portal.sharing.sight import READ

UNREAD = "You may not read this yourself, so you may not answer for it."


@dataclass(frozen=True, slots=True)
class Answer:
    """What becomes of one field: granted `until` a day, that day included, or refused with a reason."""

    state: str
    until: date | None = None
    reason: str = field(default="", repr=False)


def answer(
    session: Session,
    doors: Doors,
    actor: Actor,
    at: At,
    purpose: str,
    request: uuid.UUID,
    answers: Mapping[uuid.UUID, Answer],
) -> None:
    """Answer these fields of a request, by row. Callers know that it is put to this capacity, and may be answered.

    Raises `Invalid` by row (hex) or whole ("" key), `Conflict` where one no longer waits: then nothing is done.
    """
    problems = _problems(at, answers)
    if problems:
        raise Invalid(problems)
    for row in asks.of_request(session, request, at.now):
        if row.id in answers:
            _refuse_unreadable(session, doors, actor, at, purpose, row)
    with doors.log.transaction(session) as tx:
        capacities.require(session, actor, at.now)
        held = {a.id: a for a in asks.held(session, request, at.now) if a.owner == actor.party}
        rows = [held[of] for of in answers if of in held]
        if len(rows) != len(answers) or any(a.now(at.now) != WAITING for a in rows):
            raise Conflict(str(request), 0)
        _grant(tx, actor, at, purpose, [(r, answers[r.id]) for r in rows if answers[r.id].state == GRANTED])
        for row in rows:
            if answers[row.id].state == REFUSED:
                _deny(tx, doors, actor, at, purpose, row, answers[row.id])


def _problems(at: At, answers: Mapping[uuid.UUID, Answer]) -> dict[str, str]:
    today = day_at(at.now)
    problems = {} if answers else {"": "Choose an answer for at least one of them"}
    for of, one in answers.items():
        if one.state == REFUSED:
            text, wrong = reason_of(at.engine.agreement, asks.WHY_NOT, one.reason, at.now)
            if wrong or not text:
                problems[of.hex] = wrong or "Say why not: whoever asked reads it"
        elif one.state != GRANTED:
            problems[of.hex] = "Choose an answer"
        elif one.until is None:
            problems[of.hex] = "Enter the last day they may see it, as a real date"
        elif not today <= one.until <= today + timedelta(days=asks.LONGEST):
            problems[of.hex] = f"The last day must be within {asks.LONGEST} days from today (clause 8.28)"
    return problems


def _refuse_unreadable(session: Session, doors: Doors, actor: Actor, at: At, purpose: str, row: Ask) -> None:
    """Who answers must be able to read the field themselves. Logs and raises `Refused` where they are not."""
    decision = at.sight.decide(READ, row.field, row.owner)
    if not decision.permit:
        subjects = [said.about(at.case.person, at.case.id, refused=[[row.field, decision.clause]])]
        clause = decision.near or decision.clause
        refuse(session, doors, actor, "disclosure", purpose, at.sight, subjects, clause, UNREAD)


def _grant(tx: Transaction, actor: Actor, at: At, purpose: str, given: Sequence[tuple[Ask, Answer]]) -> None:
    """One entry for each last day: what was granted, to whom, until when."""
    by_day: dict[date, list[Ask]] = {}
    for row, one in given:
        assert one.until is not None
        by_day.setdefault(one.until, []).append(row)
    for until, rows in by_day.items():
        ends = to_micros(midnight(until + timedelta(days=1)))
        for row in rows:
            values = {"answered_at": at.now, "answered_by": actor.user, "ends": ends}
            if not asks.move(tx.session, row.id, WAITING, GRANTED, **values):
                raise Conflict(str(row.request), 0)
        told = {"granted": [[r.field, r.owner] for r in rows], "until": until.isoformat()}
        more = {**told, "recipients": [rows[0].party]}
        append(tx, "disclosure", actor, purpose, at.sight, at.case, (), more, [rows[0].user])


def _deny(tx: Transaction, doors: Doors, actor: Actor, at: At, purpose: str, row: Ask, one: Answer) -> None:
    """Keep why not, and log it."""
    text, _ = reason_of(at.engine.agreement, asks.WHY_NOT, one.reason, at.now)
    kept = record(actor, at.case, at.now, new_id(), asks.REPLY, {asks.WHY_NOT: text})
    stored = storing.store(tx.session, doors, at.engine.agreement, [kept])
    values = {"answered_at": at.now, "answered_by": actor.user, "reply": kept.id}
    if not asks.move(tx.session, row.id, WAITING, REFUSED, **values):
        raise Conflict(str(row.request), 0)
    more: dict[str, object] = {"declined": [[row.field, row.owner]]}
    append(tx, "collection", actor, purpose, at.sight, at.case, stored, more, [row.user])
    more["recipients"] = [row.party]
    append(tx, "disclosure", actor, purpose, at.sight, at.case, stored, more, [row.user])


def take_back(
    session: Session, doors: Doors, actor: Actor, at: At, purpose: str, request: uuid.UUID, ask_id: uuid.UUID
) -> None:
    """What was granted is granted no longer, from the next request on. Raises `Conflict` where it is not granted now.
    Callers know that this capacity answers the request."""
    with doors.log.transaction(session) as tx:
        capacities.require(session, actor, at.now)
        held = {a.id: a for a in asks.held(session, request, at.now) if a.owner == actor.party}
        row = held.get(ask_id)
        values = {"answered_at": at.now, "answered_by": actor.user}
        if row is None or row.now(at.now) != GRANTED or not asks.move(session, row.id, GRANTED, REVOKED, **values):
            raise Conflict(str(request), 0)
        more = {"taken_back": [[row.field, row.owner]], "recipients": [row.party]}
        append(tx, "alteration", actor, purpose, at.sight, at.case, (), more, [row.user])
