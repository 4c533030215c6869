"""Several actions closed at once from a list: what came of each, its row, and one entry for all. Part of the writing
door: callers know what may be read, here each is decided once more."""

import json
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from operator import attrgetter

from portal.audit.entry import Subject
from portal.audit.log import Transaction
from portal.auth.actor import Actor
from portal.db import new_id
from portal.errors import Conflict
from portal.sharing import acts, preview, said, storing
from portal.sharing.assigning import At
from portal.sharing.days import day_at
from portal.sharing.disclosure import Receipt
from portal.sharing.doors import Doors
from portal.sharing.reading.case import silent_or_loud
from portal.sharing.reading.due import Readable, closable
from portal.sharing.reading.lists import union
from portal.sharing.reading.rows import shape_of
from portal.sharing.sight import CREATE, EDIT, Shape, category_of
from portal.sharing.storing import Batch, NewRecord, Stored


def outcome_of(state: str, text: str) -> str:
    """How an update begins that says what came of an action, so that it makes sense where it stands by itself."""
    return f"Action {acts.RESULTS[state].lower()}. {text}"


def close(
    tx: Transaction,
    doors: Doors,
    actor: Actor,
    chosen: Sequence[Readable],
    at: Mapping[uuid.UUID, At],
    text: str,
    purpose: str,
) -> Receipt:
    """Close these as done, with this outcome, already checked. Inside a write transaction in which their rows are held.

    Raises `Conflict` where the record of one was changed at this very moment: then nothing is done.
    """
    now = next(iter(at.values())).now
    told: dict[uuid.UUID, tuple[Readable, Stored]] = {}
    own = [one for one in chosen if one.head.owner == actor.party]
    _change(tx, doors, actor, own, text, now, told)
    _tell(tx, doors, actor, [one for one in chosen if one.head.owner != actor.party], text, now, told)
    closed = acts.close(tx.session, told, acts.DONE, now, {of: stored.id for of, (_, stored) in told.items()})
    if closed != len(told):
        raise Conflict(acts.KIND, 0)
    present: dict[str, frozenset[tuple[str, str]]] = {}
    subjects = [_subject(tx, actor, one, stored, at[one.case.id], present) for one, stored in told.values()]
    entry = said.entry(
        "alteration",
        actor,
        purpose=purpose,
        decided=union(s.decided for s in subjects if s.decided),
        subjects=subjects,
        sealed_sha256=[stored.head for _, stored in told.values()],
    )
    return said.receipt(tx.append(entry))


def _change(
    tx: Transaction,
    doors: Doors,
    actor: Actor,
    own: Sequence[Readable],
    text: str,
    now: int,
    told: dict[uuid.UUID, tuple[Readable, Stored]],
) -> None:
    """In the records of the own party."""
    records = [(one, replace(_record(one, actor, now), values=_values(one.head.label, text))) for one in own]
    places = {p for one, record in records for p in storing.places(one.sight.agreement, record)}
    deks = doors.keys.ensure_many(tx.session, places)
    batch = Batch()
    for one, record in records:
        standing = json.loads(one.head.head)
        made = storing.prepare_change(doors, one.sight.agreement, record, one.head.version, standing, {}, deks)
        batch.add([made])
        told[one.act.record] = (one, made.stored)
    if not batch.apply(tx.session):
        raise Conflict(acts.KIND, 0)


def _tell(
    tx: Transaction,
    doors: Doors,
    actor: Actor,
    others: Sequence[Readable],
    text: str,
    now: int,
    told: dict[uuid.UUID, tuple[Readable, Stored]],
) -> None:
    """In updates of the own party, under the categories of the actions."""
    by_agreement: dict[str, list[Readable]] = defaultdict(list)
    for one in others:
        by_agreement[one.case.agreement].append(one)
    for each in by_agreement.values():
        new = [_update(one, actor, text, now) for one in each]
        stored = storing.store(tx.session, doors, each[0].sight.agreement, new)
        told |= {one.act.record: (one, made) for one, made in zip(each, stored, strict=True)}


def _values(label: str, text: str) -> dict[str, str]:
    return {acts.field(acts.RESULT, label): acts.RESULTS[acts.DONE], acts.field(acts.OUTCOME, label): text}


def update_values(label: str, state: str, text: str, now: int) -> dict[str, str]:
    """What an update says that tells what came of an action."""
    words = {"text": outcome_of(state, text), "nature": "Fact", "happened_on": day_at(now).isoformat()}
    return {acts.field(name, label, acts.TELLS): value for name, value in words.items()}


def _record(one: Readable, actor: Actor, now: int) -> NewRecord:
    head = one.head
    return NewRecord(
        head.id, head.case, head.person, head.kind, head.label, head.owner, now, actor.user, {}, head.made_as_youth
    )


def _update(one: Readable, actor: Actor, text: str, now: int) -> NewRecord:
    return replace(
        _record(one, actor, now),
        id=new_id(),
        kind=acts.TELLS,
        owner=actor.party,
        values=update_values(one.head.label, acts.DONE, text, now),
        made_as_youth=one.case.minor,  # as last seen: a date of birth is not opened for it
    )


def _subject(
    tx: Transaction, actor: Actor, one: Readable, stored: Stored, at: At, present: dict[str, frozenset[tuple[str, str]]]
) -> Subject:
    agreement = one.sight.agreement
    own = one.head.owner == actor.party
    shape = shape_of(one.head) if own else Shape(acts.TELLS, one.head.label, actor.party, one.case.minor)
    if one.case.agreement not in present:
        present[one.case.agreement] = preview.everywhere(tx.session, at)
    more = {"recipients": list(preview.recipients_among(at, shape, present[one.case.agreement]))}
    silent = agreement.categories[category_of(agreement, shape.kind, shape.label)].silent
    records = [[stored.id.hex, stored.version], *([] if own else [[one.head.id.hex, one.head.version]])]
    subject = silent_or_loud(one.case, silent, records, more)
    detail = {**subject.detail, "agreement": one.sight.reference}
    return replace(subject, detail=detail, decided=one.sight.outcome(EDIT if own else CREATE, {shape}))


def still_closable(chosen: Sequence[Readable]) -> list[Readable]:
    """Those of them that are open and may be closed from a list."""
    return sorted((o for o in chosen if o.act.state == acts.OPEN and closable(o)), key=attrgetter("act.due"))
