"""One record for editing, and the history of its fields: through the same door, decided and logged like a view."""

import uuid
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from portal.audit.entry import Entry
from portal.auth.actor import Actor
from portal.db import from_micros
from portal.errors import NotFound, SealBroken
from portal.keys.opening import open_with
from portal.keys.sealing import Dek, dek_id
from portal.query import Query
from portal.sharing import restrictions, said, talk
from portal.sharing.days import day_at
from portal.sharing.disclosure import Receipt, Record
from portal.sharing.doors import Doors
from portal.sharing.reading import case as case_reading
from portal.sharing.reading.case import Found
from portal.sharing.reading.rows import HEADS, Head, fetch, highest_marking, open_record, place, shape_of, still
from portal.sharing.sight import READ, category_of
from portal.sharing.tables import RecordRow, SealedValue

_VERSIONS = Query(
    select(*SealedValue.__table__.c)
    .where(SealedValue.record == bindparam("record"), SealedValue.field.in_(bindparam("fields", expanding=True)))
    .order_by(SealedValue.field, SealedValue.version.desc())
)


@dataclass(frozen=True, slots=True)
class One:
    """One record as far as it is permitted, with the decisions that gave it and the row it came from."""

    found: Found
    head: Head
    record: Record
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class Version:
    """One version of one field: what it said, from when, and who wrote it (a pseudonymous id)."""

    version: int
    text: str
    at: datetime
    by: uuid.UUID
    broken: bool = False


@dataclass(frozen=True, slots=True)
class History:
    """Every version of the permitted fields of one record, newest first."""

    record: Record
    fields: tuple[tuple[str, tuple[Version, ...]], ...]
    purpose_name: str
    marking: str
    receipt: Receipt


def one(session: Session, doors: Doors, actor: Actor, visit: uuid.UUID, record: uuid.UUID) -> One:
    """The permitted fields of one record as it is now. Raises `NotFound` for one that is missing or not permitted."""
    found, head = permitted_head(session, doors, actor, visit, record)
    sealed = fetch(session, doors.keys, [head.id])
    receipt = _log(session, doors, actor, found, head)
    broken: list[tuple[uuid.UUID, str]] = []
    opened = open_record(found.sight, head, sealed, broken)
    _note(session, doors, actor, found, broken)
    if opened is None or _over(found, opened):
        raise NotFound(receipt.reference)
    return One(found, head, opened, receipt)


def history(session: Session, doors: Doors, actor: Actor, visit: uuid.UUID, record: uuid.UUID) -> History:
    """All versions of one record's permitted fields. Raises as `one`."""
    found, head = permitted_head(session, doors, actor, visit, record)
    shape = shape_of(head)
    fields = {f.key: f for f, _ in found.sight.permitted(READ, shape)}
    rows = [
        row
        for row in _VERSIONS.all(session, record=head.id, fields=list(fields))
        if row.category == fields[row.field].category or still(found.sight, shape, row.category, READ)
    ]
    deks = doors.keys.load(session, _keys_to(rows))
    sealed = fetch(session, doors.keys, [head.id])
    receipt = _log(session, doors, actor, found, head, history=True)
    versions: dict[str, list[Version]] = {}
    for row in rows:
        versions.setdefault(row.field, []).append(_version(head, row, deks))
    broken = [(head.id, field) for field, every in versions.items() for each in every if each.broken]
    opened = open_record(found.sight, head, sealed, broken)
    _note(session, doors, actor, found, broken)
    if opened is None or _over(found, opened):
        raise NotFound(receipt.reference)
    agreement = found.engine.agreement
    return History(
        record=opened,
        fields=tuple((field.name, tuple(versions[key])) for key, field in fields.items() if key in versions),
        purpose_name=agreement.purposes[found.visit.purpose].name,
        marking=highest_marking(agreement, {category_of(agreement, head.kind, head.label)}),
        receipt=receipt,
    )


def permitted_head(
    session: Session,
    doors: Doors,
    actor: Actor,
    visit: uuid.UUID,
    record: uuid.UUID,
    action: str = READ,
    operation: str = "consultation",
) -> tuple[Found, Head]:
    """The head of a record of the visit's case on which the action is permitted on some field; refusals are logged."""
    found = case_reading.find(session, doors, actor, visit, operation)
    head = _head(session, found, record)
    if head is None or not found.sight.permitted(action, shape_of(head)) or not _with_update(session, found, head):
        case_reading.refuse(session, doors, actor, operation, found.visit.case, found.visit.purpose)
    assert head is not None
    return found, head


def _head(session: Session, found: Found, record: uuid.UUID) -> Head | None:
    row = session.execute(HEADS.where(RecordRow.id == record, RecordRow.case == found.visit.case.id)).one_or_none()
    return Head._make(row) if row else None


def _with_update(session: Session, found: Found, head: Head) -> bool:
    """A comment is for nobody who may not read the update that it stands under (clause 8.85)."""
    if head.kind != talk.COMMENT:
        return True
    about = talk.update_of(session, head.id)
    update = _head(session, found, about) if about else None
    return update is not None and bool(found.sight.permitted(READ, shape_of(update)))


def _over(found: Found, record: Record) -> bool:
    """Whether it is a restriction whose last day has passed, which is for whoever can correct it (clause 8.60)."""
    return not restrictions.standing([record], day_at(found.now), to_correct=True)


def _keys_to(rows: Iterable[Any]) -> set[bytes]:
    """The data keys that sealed values name. One that names none does not open, and is told later."""
    ids = set()
    for row in rows:
        with suppress(SealBroken):
            ids.add(dek_id(row.sealed))
    return ids


def _version(head: Head, row: Any, deks: Mapping[bytes, Dek]) -> Version:
    """A stored version opened, or known as broken."""
    at = from_micros(row.written_at)
    try:
        text = open_with(deks, place(head, row.field, row.category, row.version), row.sealed).decode()
    except SealBroken:
        return Version(row.version, "", at, row.written_by, broken=True)
    return Version(row.version, text, at, row.written_by)


def _note(session: Session, doors: Doors, actor: Actor, found: Found, broken: list[tuple[uuid.UUID, str]]) -> None:
    if broken:
        visit = found.visit
        case_reading.note_broken(session, doors, actor, visit.purpose, visit.case, broken, visit.id)


def altered(found: Found, actor: Actor, head: Head, words: str) -> Entry:
    """What the log says of something done about a record that changes no word of it."""
    return said.entry(
        "alteration",
        actor,
        purpose=found.visit.purpose,
        agreement=found.sight.reference,
        subjects=[case_reading.subject_of(found.sight, found.visit.case, [head], justification=words)],
        visit=found.visit.id,
    )


def _log(session: Session, doors: Doors, actor: Actor, found: Found, head: Head, history: bool = False) -> Receipt:
    subject = case_reading.subject_of(found.sight, found.visit.case, [head], history=history)
    entry = said.entry(
        "consultation",
        actor,
        purpose=found.visit.purpose,
        agreement=found.sight.reference,
        decided=found.sight.outcome(READ, {shape_of(head)}),
        subjects=[subject],
        visit=found.visit.id,
    )
    with doors.log.transaction(session) as tx:
        receipt = tx.append(entry)
    return said.receipt(receipt)
