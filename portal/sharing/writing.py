"""The only door in: decide, then change and log in one transaction. Refusals are logged and change nothing."""

import hmac
import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from isa.agreement import Field
from isa.explaining import text_for_user
from portal.audit.log import Transaction
from portal.auth.actor import Actor
from portal.db import new_id
from portal.errors import Conflict, Refused
from portal.query import Query
from portal.sharing import acts, asks, cases, lapsing, moves, preview, said, talk
from portal.sharing.days import day_at
from portal.sharing.disclosure import Receipt, Record
from portal.sharing.doors import Doors
from portal.sharing.fields import Invalid, check, clean, look_alikes
from portal.sharing.reading import case as case_reading
from portal.sharing.reading import history
from portal.sharing.reading.age import minor_now, settle
from portal.sharing.reading.case import Found
from portal.sharing.reading.rows import Head, shape_of
from portal.sharing.sight import BASIS, CREATE, EDIT, SHARE, Shape, category_of
from portal.sharing.storing import BORN, NewRecord, Stored, change, store
from portal.sharing.tables import RecordRow

WITHDRAWN, IN_FORCE = "withdrawn", "in_force"
UPDATE = "update"
STEERED = frozenset(
    {acts.KIND, asks.KIND, asks.REPLY, "criteria", moves.KIND, moves.TRANSFER, talk.COMMENT, "same_person"}
)
"""Kinds that are written with something else, an operating row or a decision: the general forms make none."""
Steer = Callable[[uuid.UUID], object]
"""Writes the operating row of a record, by its id, in its transaction."""
_MADE = Query(select(RecordRow.id).where(RecordRow.id == bindparam("record"), RecordRow.created_by == bindparam("by")))


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: the record's id and the receipt of its entry (None: it had been sent before).

    `remarks`: what its writer should look at again, though it was kept.
    """

    record: uuid.UUID
    receipt: Receipt | None
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Planned:
    """A record, or a new version of one, that was decided and permitted and waits for its transaction."""

    found: Found
    shape: Shape
    record: NewRecord
    recipients: tuple[str, ...] = ()
    base: int = 0
    standing: Mapping[str, Sequence[Any]] = field(default_factory=dict, repr=False)
    whole: Mapping[str, str] = field(default_factory=dict, repr=False)
    remarks: tuple[str, ...] = ()
    steer: Steer | None = None


def create(
    session: Session,
    doors: Doors,
    actor: Actor,
    visit: uuid.UUID,
    kind: str,
    label: str,
    typed: Mapping[str, str],
    once: uuid.UUID | None = None,
    steer: Steer | None = None,
) -> Written:
    """Add a record of the actor's party to the visit's case and share it with whoever the agreement lets read it.

    `typed` by field key; empty ones are left out. `once` is the secret of a form: the same text sent twice with it is
    written once. `steer` writes the operating row of the record, in its transaction: an action has one. Raises
    `NotFound`, `Refused` (with the clause), `Invalid`, `LogUnavailable`. The entry of the disclosure names the parties
    that may read it and work on the case today.
    """
    return keep(session, doors, actor, plan(session, doors, actor, visit, kind, label, typed, once, steer), once)


def keep(session: Session, doors: Doors, actor: Actor, planned: Planned, once: uuid.UUID | None = None) -> Written:
    """Write a new record that was planned with this `once`, or find that it was written before."""
    with doors.log.transaction(session) as tx:
        if once is not None and made(session, actor, planned.record.id):
            return Written(planned.record.id, None)
        written = add(tx, doors, actor, planned)
    if BORN in planned.record.values:
        settle(session, doors, actor, planned.found)
    return written


def made(session: Session, actor: Actor, record: uuid.UUID) -> bool:
    """Whether this person has written that record already: their form came twice."""
    return _MADE.first(session, record=record, by=actor.user) is not None


def plan(
    session: Session,
    doors: Doors,
    actor: Actor,
    visit: uuid.UUID,
    kind: str,
    label: str,
    typed: Mapping[str, str],
    once: uuid.UUID | None = None,
    steer: Steer | None = None,
) -> Planned:
    """Decide and check a new record, as `create`, and write nothing yet."""
    found = case_reading.find(session, doors, actor, visit, "collection")
    if kind in STEERED and steer is None:
        case_reading.refuse(session, doors, actor, "collection", found.visit.case, found.visit.purpose)
    shape = Shape(kind, label, actor.party, False)
    fields = found.engine.agreement.fields_of(kind, label or None)
    if steer is None:
        typed = moves.by_hand(kind, {}, typed)
    values = check(fields, typed, day_at(found.now))
    if fields and not values.get(fields[0].key) and (kind == UPDATE or not values):
        raise Invalid({fields[0].key: "Write something before you share it"})
    _refuse_unless(session, doors, actor, found, shape, list(values) or [f.key for f in fields], (CREATE, SHARE))
    minor = minor_now(session, doors, actor, found)
    record = _new(found, actor, shape, values, minor, once)
    recipients = preview.recipients(session, found, Shape(kind, label, actor.party, minor))
    return Planned(found, shape, record, recipients, remarks=look_alikes(fields, values), steer=steer)


def add(tx: Transaction, doors: Doors, actor: Actor, planned: Planned) -> Written:
    """Write a new record that was planned, with the entries of its collection and its disclosure."""
    found, shape, record = planned.found, planned.shape, planned.record
    _lapse(tx, doors, actor, record)
    stored = store(tx.session, doors, found.engine.agreement, [record], aging=True)
    _append(tx, "collection", actor, found, shape, record, stored[0], CREATE)
    cases.steer(tx.session, record.case, record.values, record.at)
    if planned.steer is not None:
        planned.steer(record.id)
    receipt = _append(tx, "disclosure", actor, found, shape, record, stored[0], SHARE, planned.recipients)
    return Written(record.id, receipt, planned.remarks)


def edit(
    session: Session,
    doors: Doors,
    actor: Actor,
    visit: uuid.UUID,
    record: uuid.UUID,
    base: int,
    typed: Mapping[str, str],
    steer: Steer | None = None,
) -> Written:
    """Change the fields that differ. Raises `Conflict` with the present version where someone was quicker.

    The record is read first, through the reading door and logged as such, to see what differs. `steer` as in `create`;
    without it, of an action only what stands in it is corrected, and its row follows.
    """
    planned = plan_edit(session, doors, actor, visit, record, base, typed, steer)
    if isinstance(planned, Written):
        return planned
    with doors.log.transaction(session) as tx:
        written = alter(tx, doors, actor, planned)
    if BORN in planned.record.values:
        settle(session, doors, actor, planned.found)
    return written


def plan_edit(
    session: Session,
    doors: Doors,
    actor: Actor,
    visit: uuid.UUID,
    record: uuid.UUID,
    base: int,
    typed: Mapping[str, str],
    steer: Steer | None = None,
) -> Planned | Written:
    """Decide and check a change, as `edit`, and write nothing yet. `Written` where nothing differs."""
    one = history.one(session, doors, actor, visit, record)
    found, head, present = one.found, one.head, one.record
    shape = shape_of(head)
    if present.version != base:
        raise Conflict(str(record), present.version)
    if head.kind == acts.KIND and steer is None:
        typed = acts.corrected({v.key: v.text for v in present.values}, typed)
    stands = {v.key: v.text for v in present.values}
    if steer is None:
        typed = moves.by_hand(head.kind, stands, typed)
    described = _touched(present, found.engine.agreement.fields, typed)
    changed = _differences(present, described, check(described, {**stands, **typed}, day_at(found.now)))
    if not changed:
        return Written(record, one.receipt)
    _refuse_unless(session, doors, actor, found, shape, list(changed), (EDIT, SHARE))
    return Planned(
        found=found,
        shape=shape,
        record=_changed(found, actor, head, changed),
        base=base,
        standing=json.loads(head.head),
        whole={v.key: v.text for v in present.values} | changed,
        remarks=look_alikes(described, changed),
        steer=steer,
    )


def alter(tx: Transaction, doors: Doors, actor: Actor, planned: Planned) -> Written:
    """Write a change that was planned, with its entry. Raises `Conflict` where someone was quicker."""
    found, record = planned.found, planned.record
    agreement = found.engine.agreement
    _lapse(tx, doors, actor, record)
    stored = change(tx.session, doors, agreement, record, planned.base, planned.standing, planned.whole)
    if stored is None:
        raise Conflict(str(record.id), planned.base + 1)
    cases.steer(tx.session, record.case, record.values, record.at)
    if planned.steer is not None:
        planned.steer(record.id)
    elif record.kind == acts.KIND:
        acts.follow(tx.session, record.id, record.values)
    receipt = _append(tx, "alteration", actor, found, planned.shape, record, stored, EDIT)
    return Written(record.id, receipt, planned.remarks)


def _lapse(tx: Transaction, doors: Doors, actor: Actor, record: NewRecord) -> None:
    """What waits in another borough ends with the case that this record closes."""
    if record.values.get(cases.STATUS) == cases.DESELECTED:
        lapsing.with_case(tx, doors, actor, record.case, record.at)


def _touched(present: Record, fields: Mapping[str, Field], typed: Mapping[str, str]) -> list[Field]:
    """The fields whose text is not what stands there: what is left as it is was judged when it was written."""
    before = {v.key: v.text for v in present.values}
    return [fields[key] for key, text in typed.items() if key in fields and clean(text) != before.get(key, "")]


def _differences(present: Record, described: Sequence[Field], cleaned: Mapping[str, str]) -> dict[str, str]:
    """Fields whose text changes; a field that was emptied gets an empty version, so that its history says so."""
    before = {v.key: v.text for v in present.values}
    after = {f.key: cleaned.get(f.key, "") for f in described}
    return {key: text for key, text in after.items() if text != before.get(key, "")}


def _refuse_unless(
    session: Session,
    doors: Doors,
    actor: Actor,
    found: Found,
    shape: Shape,
    keys: Sequence[str],
    actions: Sequence[str],
) -> None:
    """Log and raise `Refused` with the first refusing clause, unless every action is permitted on every key."""
    for key in keys or [""]:
        for action in actions:
            decision = found.sight.decide(action, key, shape.owner, shape.made_as_youth)
            if decision.permit:
                continue
            case_file = found.visit.case
            with doors.log.transaction(session) as tx:
                receipt = tx.append(
                    said.entry(
                        "collection" if action == CREATE else "alteration" if action == EDIT else "disclosure",
                        actor,
                        outcome="refused",
                        purpose=found.visit.purpose,
                        agreement=found.sight.reference,
                        subjects=[said.about(case_file.person, case_file.id, refused=[[key, decision.clause]])],
                        visit=found.visit.id,
                    )
                )
            words = text_for_user(found.engine.agreement, decision)
            raise Refused(decision.clause, words, "", receipt.reference)


def _new(
    found: Found,
    actor: Actor,
    shape: Shape,
    values: Mapping[str, str],
    minor: bool | None,
    once: uuid.UUID | None,
) -> NewRecord:
    case_file = found.visit.case
    return NewRecord(
        id=id_of(once, case_file.id, shape, values) if once else new_id(),
        case=case_file.id,
        person=case_file.person,
        kind=shape.kind,
        label=shape.label,
        owner=actor.party,
        at=found.now,
        by=actor.user,
        values=values,
        made_as_youth=minor,
        state=_state_after(IN_FORCE, values) if shape.kind == BASIS else "",
    )


def id_of(once: uuid.UUID, case: uuid.UUID, shape: Shape, values: Mapping[str, str]) -> uuid.UUID:
    """The id that this text of this form always gets. Keyed by the form's secret, which is kept nowhere."""
    told = json.dumps([case.hex, shape.kind, shape.label, sorted(values.items())]).encode()
    return uuid.UUID(bytes=hmac.digest(once.bytes, told, "sha256")[:16], version=4)


def _changed(found: Found, actor: Actor, head: Head, changed: Mapping[str, str]) -> NewRecord:
    return NewRecord(
        id=head.id,
        case=head.case,
        person=head.person,
        kind=head.kind,
        label=head.label,
        owner=head.owner,
        at=found.now,
        by=actor.user,
        values=changed,
        state=_state_after(head.state, changed),
    )


def _state_after(state: str, changed: Mapping[str, str]) -> str:
    """A basis whose field `withdrawn_on` is filled no longer lifts confidence, from this very transaction on."""
    withdrawn = [text for key, text in changed.items() if key.startswith("basis.withdrawn_on@")]
    if not withdrawn:
        return state
    return WITHDRAWN if withdrawn[0] else IN_FORCE


def _append(
    tx: Transaction,
    operation: str,
    actor: Actor,
    found: Found,
    shape: Shape,
    record: NewRecord,
    stored: Stored,
    action: str,
    recipients: Sequence[str] = (),
) -> Receipt:
    case_file = found.visit.case
    more = {"recipients": list(recipients)} if recipients else {}
    category = found.engine.agreement.categories[category_of(found.engine.agreement, shape.kind, shape.label)]
    subject = case_reading.silent_or_loud(case_file, category.silent, [[stored.id.hex, stored.version]], more)
    appended = tx.append(
        said.entry(
            operation,
            actor,
            purpose=found.visit.purpose,
            agreement=found.sight.reference,
            decided=found.sight.outcome(action, {shape}),
            subjects=[subject],
            sealed_sha256=[stored.head],
            visit=found.visit.id,
        )
    )
    return said.receipt(appended)
