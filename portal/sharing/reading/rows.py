"""Ciphertext in, records out: the plumbing the reading door's functions share. Nothing here decides or logs."""

import json
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import Row, bindparam, select
from sqlalchemy.orm import Session

from isa.agreement import Agreement, Field
from portal.db import from_micros
from portal.errors import SealBroken
from portal.keys.opening import open_with
from portal.keys.sealing import Context, Dek, dek_id
from portal.sharing.disclosure import Record, Value
from portal.sharing.sight import EDIT, READ, Shape, Sight
from portal.sharing.tables import RecordRow, SealedValue

Head = Row[Any]
"""One row of the table `record`."""

# Statements are built once: on the view path building them anew costs more than running them.
HEADS = select(*RecordRow.__table__.c)
_OF_CASES = HEADS.where(RecordRow.case.in_(bindparam("cases", expanding=True))).order_by(
    RecordRow.created_at.desc(), RecordRow.id
)
_OF_KINDS = _OF_CASES.where(RecordRow.kind.in_(bindparam("kinds", expanding=True)))
_VALUES = select(
    SealedValue.record, SealedValue.field, SealedValue.version, SealedValue.category, SealedValue.sealed
).where(SealedValue.current, SealedValue.record.in_(bindparam("records", expanding=True)))
_SOME_VALUES = _VALUES.where(SealedValue.field.in_(bindparam("fields", expanding=True)))


def heads(session: Session, cases: Sequence[uuid.UUID], kinds: Sequence[str] = ()) -> Sequence[Head]:
    """The heads of every record of these cases, newest first, of some kinds or of all."""
    if kinds:
        return session.connection().execute(_OF_KINDS, {"cases": cases, "kinds": kinds}).all()
    return session.connection().execute(_OF_CASES, {"cases": cases}).all()


def shape_of(head: Head) -> Shape:
    """How fine the engine decides about a record: kind, label, owner, youth label."""
    return Shape(head.kind, head.label, head.owner, head.made_as_youth)


@dataclass(frozen=True, slots=True)
class Sealed:
    """Ciphertext of permitted records with the keys to it, read before the entry commits, opened after."""

    values: Mapping[uuid.UUID, Mapping[str, Any]]
    deks: Mapping[bytes, Dek]
    fields: frozenset[str]  # what was asked for; empty: every field


def fetch(session: Session, keyring: Any, records: Iterable[uuid.UUID], fields: Sequence[str] = ()) -> Sealed:
    """Read the present sealed values of these records, of some fields or of all."""
    values: dict[uuid.UUID, dict[str, Any]] = defaultdict(dict)
    ids = list(records)
    for start in range(0, len(ids), 500):
        some = {"records": ids[start : start + 500], **({"fields": fields} if fields else {})}
        for row in session.connection().execute(_SOME_VALUES if fields else _VALUES, some).all():
            values[row.record][row.field] = row
    deks = keyring.load(session, _dek_ids(row for found in values.values() for row in found.values()))
    return Sealed(values, deks, frozenset(fields))


def _dek_ids(rows: Iterable[Any]) -> set[bytes]:
    found = set()
    for row in rows:
        try:
            found.add(dek_id(row.sealed))
        except SealBroken:
            continue  # opening it will fail too, and be shown and logged as such
    return found


def open_record(
    sight: Sight, head: Head, sealed: Sealed, broken: list[tuple[uuid.UUID, str]], action: str = READ
) -> Record | None:
    """The permitted fields of one record, opened; None where nothing in it is permitted or filled.

    A value that does not verify in its place becomes a broken one and is added to `broken`.
    """
    shape = shape_of(head)
    rows = sealed.values.get(head.id, {})
    standing = json.loads(head.head)
    values = []
    for field, _ in sight.permitted(action, shape):
        if sealed.fields and field.key not in sealed.fields:
            continue
        row = rows.get(field.key)
        if row is None:
            if field.key in standing:  # the head knows a value that is gone from its place
                values.append(_broken(field, head, broken))
            continue
        if not _policy_still(sight, shape, field, row.category, action):
            continue
        values.append(_open(field, head, row, standing, sealed.deks, broken))
    if not values:
        return None
    agreement = sight.agreement
    return Record(
        id=head.id,
        kind=head.kind,
        kind_name=agreement.kinds[head.kind].name,
        label=head.label,
        label_name=agreement.categories[head.label].name if head.label else "",
        owner=head.owner,
        owner_name=agreement.parties[head.owner].short if head.owner in agreement.parties else head.owner,
        at=from_micros(head.created_at),
        version=head.version,
        changed_at=from_micros(head.changed_at),
        made_as_youth=bool(head.made_as_youth),
        can_edit=bool(sight.permitted(EDIT, shape)),
        values=tuple(values),
    )


def _policy_still(sight: Sight, shape: Shape, field: Field, category: str, action: str) -> bool:
    """Where a field's category changed since a value was written, the stricter of the two decides."""
    if category == field.category:
        return True
    others = [f for f in sight.agreement.fields.values() if f.category == category]
    return bool(others) and all(sight.decide(action, f.key, shape.owner, shape.made_as_youth).permit for f in others)


def _open(
    field: Field,
    head: Head,
    row: Row[Any],
    standing: Mapping[str, Any],
    deks: Mapping[bytes, Dek],
    broken: list[tuple[uuid.UUID, str]],
) -> Value:
    version, digest = standing.get(field.key, (None, None))
    if version != row.version or sha256(row.sealed).hexdigest() != digest:
        return _broken(field, head, broken)
    try:
        plain = open_with(deks, context(head, row), row.sealed)
        return Value(field.key, field.name, plain.decode(), field.type)
    except (SealBroken, UnicodeDecodeError):
        return _broken(field, head, broken)


def _broken(field: Field, head: Head, broken: list[tuple[uuid.UUID, str]]) -> Value:
    broken.append((head.id, field.key))
    return Value(field.key, field.name, "", field.type, broken=True)


def context(head: Head, row: Row[Any]) -> Context:
    """The one place a stored value belongs to, as its seal binds it."""
    return Context(head.kind, head.id, row.field, head.person, head.owner, row.category, row.version)


def highest_marking(agreement: Agreement, categories: Iterable[str]) -> str:
    """OFFICIAL-SENSITIVE as soon as one shown category is, else OFFICIAL."""
    sensitive = any(agreement.categories[c].sensitivity == "official-sensitive" for c in categories)
    return "OFFICIAL-SENSITIVE" if sensitive else "OFFICIAL"
