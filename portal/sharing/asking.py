"""Asking an owner to see more (clause 8.28): part of the writing door. The answer is `granting`."""

import hmac
import json
import uuid
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from isa.agreement import Agreement
from isa.explaining import reason
from portal.audit.entry import Subject
from portal.audit.log import Transaction
from portal.auth import capacities
from portal.auth.actor import Actor
from portal.db import new_id
from portal.errors import Refused
from portal.query import Query
from portal.sharing import asks, said, storing
from portal.sharing.asks import GRANTED, WAITING
from portal.sharing.days import day_at
from portal.sharing.disclosure import Receipt
from portal.sharing.doors import Doors
from portal.sharing.fields import Invalid, check
from portal.sharing.reading import case as case_reading
from portal.sharing.reading.case import Found
from portal.sharing.sight import READ, Sight
from portal.sharing.storing import NewRecord, Stored
from portal.sharing.tables import RecordRow
from portal.sharing.visits import Case

WHAT, WHY, HOW_LONG = "what", "why", "days"
"""Parts of the form of a request."""
ALREADY = "You have asked for some of this already: see on the case what became of it"
_MADE = Query(select(RecordRow.id).where(RecordRow.id == bindparam("record"), RecordRow.created_by == bindparam("by")))


def ask(
    session: Session,
    doors: Doors,
    actor: Actor,
    visit: uuid.UUID,
    wanted: Collection[tuple[str, str]],
    why: str,
    days: int,
    once: uuid.UUID,
) -> None:
    """Ask owners for fields: `wanted` are (owner, field). The same form twice (`once`) is one request.

    Raises `NotFound` for what leaves no trace or is none, `Refused` with the clause for what no owner gives on request,
    `Invalid` by part, `LogUnavailable`.
    """
    found = case_reading.find(session, doors, actor, visit, "collection")
    case, agreement = found.visit.case, found.engine.agreement
    for owner, key in sorted(wanted):
        if (owner, key) not in found.sight.askable:
            _refuse(session, doors, actor, found, owner, key)
    text, problems = reason_of(agreement, asks.WHY, why, found.now)
    if not text and not problems:
        problems = "Say why you need it"
    told = {WHY: problems} if problems else {}
    if not wanted:
        told[WHAT] = "Tick what you ask for"
    elif set(wanted) & pending(session, actor, case.id, found.now):
        told[WHAT] = ALREADY
    if not 1 <= days <= asks.LONGEST:
        told[HOW_LONG] = f"Choose between 1 and {asks.LONGEST} days"
    if told:
        raise Invalid(told)
    named = json.dumps([case.id.hex, sorted(wanted), text, days]).encode()
    identity = uuid.UUID(bytes=hmac.digest(once.bytes, named, "sha256")[:16], version=4)
    with doors.log.transaction(session) as tx:
        asks.hold(session, actor.user)
        capacities.require(session, actor, found.now)
        if _MADE.first(session, record=identity, by=actor.user):
            return
        if set(wanted) & pending(session, actor, case.id, found.now):  # another form meanwhile: one would outlast the
            raise Invalid({WHAT: ALREADY})  # other, when it is taken back
        _keep(tx, doors, actor, found, sorted(wanted), text, days, identity)


def pending(session: Session, actor: Actor, case: uuid.UUID, now: int) -> set[tuple[str, str]]:
    """(owner, field) of what this person waits for here, or has been granted."""
    mine = asks.mine(session, actor, now, case)
    return {(a.owner, a.field) for a in mine if a.now(now) in (WAITING, GRANTED)}


def reason_of(agreement: Agreement, key: str, text: str, now: int) -> tuple[str, str]:
    """A reason as it is kept, and what is wrong with it."""
    try:
        return check([agreement.fields[key]], {key: text}, day_at(now)).get(key, ""), ""
    except Invalid as wrong:
        return "", wrong.problems[key]


def _refuse(session: Session, doors: Doors, actor: Actor, found: Found, owner: str, key: str) -> None:
    """Log and raise: what is silent, or is none, looks as if it were missing; else the clause is named."""
    agreement, case = found.engine.agreement, found.visit.case
    described = agreement.fields.get(key)
    if described is None or owner not in described.owners or agreement.categories[described.category].silent:
        case_reading.refuse(session, doors, actor, "collection", case, found.visit.purpose)
        return
    decision = found.sight.decide(READ, key, owner)
    subjects = [said.about(case.person, case.id, refused=[[key, decision.clause]])]
    why = "You can see this already." if decision.permit else reason(agreement, decision)
    clause = "8.28" if decision.permit else decision.near or decision.clause
    words, about = f"This is not given on request. {why}", found.visit
    refuse(session, doors, actor, "collection", about.purpose, found.sight, subjects, clause, words)


def refuse(
    session: Session,
    doors: Doors,
    actor: Actor,
    operation: str,
    purpose: str,
    seen: Sight,
    subjects: Sequence[Subject],
    clause: str,
    words: str,
) -> None:
    """Log a refusal and raise it, with its clause and these words."""
    refused = said.entry(
        operation, actor, outcome="refused", purpose=purpose, agreement=seen.reference, subjects=subjects
    )
    with doors.log.transaction(session) as tx:
        receipt = tx.append(refused)
    raise Refused(
        clause, words or "You may not read this yourself, so you may not answer for it.", "", receipt.reference
    )


def _keep(
    tx: Transaction,
    doors: Doors,
    actor: Actor,
    found: Found,
    wanted: Sequence[tuple[str, str]],
    why: str,
    days: int,
    identity: uuid.UUID,
) -> None:
    session, case, now = tx.session, found.visit.case, found.now
    kept = record(actor, case, now, identity, asks.KIND, {asks.WHY: why})
    stored = storing.store(session, doors, found.engine.agreement, [kept])
    post = asks.post_of(session, actor, case.id, now)
    row = {"request": identity, "case": case.id, "party": actor.party, "user": actor.user, "capacity": actor.capacity}
    given = {**row, "post": post, "days": days, "asked_at": now}
    asks.add(session, [{**given, "id": new_id(), "owner": owner, "field": key} for owner, key in wanted])
    more: dict[str, object] = {"requested": [[key, owner] for owner, key in wanted], "days": days}
    append(tx, "collection", actor, found.visit.purpose, found.sight, case, stored, more, (), found.visit.id)
    more["recipients"] = sorted({owner for owner, _ in wanted})
    append(tx, "disclosure", actor, found.visit.purpose, found.sight, case, stored, more, (), found.visit.id)


def record(actor: Actor, case: Case, now: int, identity: uuid.UUID, kind: str, values: Mapping[str, str]) -> NewRecord:
    """A record of the actor's party on a case that says why, or why not."""
    place = (identity, case.id, case.person, kind, "", actor.party)
    return NewRecord(*place, now, actor.user, values, made_as_youth=case.minor)  # as last seen, nothing is opened


def append(
    tx: Transaction,
    operation: str,
    actor: Actor,
    purpose: str,
    seen: Sight,
    case: Case,
    stored: Sequence[Stored],
    more: Mapping[str, object],
    staff: Sequence[uuid.UUID] = (),
    visit: uuid.UUID | None = None,
) -> Receipt:
    """Log it. The fields that are asked for are told; that a record says why is in the silent part."""
    records = [[s.id.hex, s.version] for s in stored]
    detail = {"case": case.id.hex, "records": [], **more}
    entry = said.entry(
        operation,
        actor,
        purpose=purpose,
        agreement=seen.reference,
        subjects=[
            Subject(case.person, detail, {"records": records} if records else None),
            *(Subject(user, {"staff": True}) for user in staff),
        ],
        sealed_sha256=[s.head for s in stored],
        visit=visit,
    )
    return said.receipt(tx.append(entry))
