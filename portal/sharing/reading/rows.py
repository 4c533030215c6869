"""Ciphertext in, records out: the plumbing the reading door's functions share. Nothing here decides or logs."""

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from isa.agreement import Agreement, Field
from portal.db import from_micros
from portal.keys.deks import Keyring
from portal.keys.opening import ToOpen, open_fields
from portal.keys.sealing import HEADER, MAGIC, Bound, Context, Dek
from portal.query import Query
from portal.sharing import moves
from portal.sharing.disclosure import Record, Value
from portal.sharing.sight import READ, Shape, Sight
from portal.sharing.tables import RecordRow, SealedValue


class Head(NamedTuple):
    """What the door needs of one row of the table `record`, in the order of `HEADS`."""

    id: uuid.UUID
    case: uuid.UUID
    person: uuid.UUID
    kind: str
    label: str
    owner: str
    version: int
    state: str
    made_as_youth: bool | None
    created_at: int
    changed_at: int
    head: bytes


HEADS = select(
    RecordRow.id,
    RecordRow.case,
    RecordRow.person,
    RecordRow.kind,
    RecordRow.label,
    RecordRow.owner,
    RecordRow.version,
    RecordRow.state,
    RecordRow.made_as_youth,
    RecordRow.created_at,
    RecordRow.changed_at,
    RecordRow.head,
)
DEK_ID = slice(len(MAGIC), HEADER)
_OF_CASES = HEADS.where(RecordRow.case.in_(bindparam("cases", expanding=True))).order_by(
    RecordRow.created_at.desc(), RecordRow.id
)
_ALL_HEADS = Query(_OF_CASES, Head._make)
_SOME_HEADS = Query(_OF_CASES.where(RecordRow.kind.in_(bindparam("kinds", expanding=True))), Head._make)
_OF_RECORDS = select(
    SealedValue.record, SealedValue.field, SealedValue.category, SealedValue.version, SealedValue.sealed
).where(SealedValue.current, SealedValue.record.in_(bindparam("records", expanding=True)))
_VALUES = Query(_OF_RECORDS, raw=True)
_SOME_VALUES = Query(_OF_RECORDS.where(SealedValue.field.in_(bindparam("fields", expanding=True))), raw=True)
# On SQLite not the bare column: there a record's values lie side by side, read faster than sought one by one.
_SOME_SIDE_BY_SIDE = Query(
    _OF_RECORDS.where(SealedValue.field.concat("").in_(bindparam("fields", expanding=True))), raw=True
)


def heads(session: Session, cases: Sequence[uuid.UUID], kinds: Sequence[str] = ()) -> Sequence[Head]:
    """The heads of every record of these cases, newest first, of some kinds or of all."""
    if kinds:
        return _SOME_HEADS.all(session, cases=cases, kinds=kinds)
    return _ALL_HEADS.all(session, cases=cases)


def latest_moves(rows: Iterable[Head]) -> list[Head]:
    """Of heads, newest first, all but the changes that a later one has taken the place of, and those no list shows; of
    custody the latest record of each party."""
    met: set[tuple[uuid.UUID, str]] = set()
    kept = []
    for head in rows:
        if head.kind == moves.KIND:
            if head.label not in (moves.PLACE, moves.LISTED) or (head.case, head.label) in met:
                continue
            met.add((head.case, head.label))
        if head.kind == moves.CUSTODY:
            if (head.case, f"{head.kind} {head.owner}") in met:
                continue
            met.add((head.case, f"{head.kind} {head.owner}"))
        kept.append(head)
    return kept


def shape_of(head: Head) -> Shape:
    """How fine the engine decides about a record: kind, label, owner, youth label."""
    return Shape(head.kind, head.label, head.owner, head.made_as_youth)


@lru_cache(maxsize=8192)
def _standing(head: bytes) -> Mapping[str, tuple[int, bytes]]:
    """What a head says, {field: (version, digest)}: read once, for the same bytes come back at every view."""
    try:
        told: dict[str, Sequence[Any]] = json.loads(head)
        return {field: (version, bytes.fromhex(digest)) for field, (version, digest) in told.items()}
    except (ValueError, TypeError, AttributeError):  # tampered with: it knows no value, so none of them is shown
        return {}


Stored = ToOpen
"""One sealed value as it lies in the database: its field, category, version and bytes."""
_NOTHING: Mapping[str, Stored] = {}


@dataclass(frozen=True, slots=True)
class Sealed:
    """Ciphertext of permitted records with the keys to it, read before the entry commits, opened after."""

    values: Mapping[bytes, Mapping[str, Stored]]  # by the bytes of the record's id
    deks: Mapping[bytes, Dek]
    fields: frozenset[str]  # what was asked for; empty: every field


def fetch(session: Session, keyring: Keyring, records: Iterable[uuid.UUID], fields: Sequence[str] = ()) -> Sealed:
    """Read the present sealed values of these records, of some fields or of all."""
    values: dict[bytes, dict[str, Stored]] = {}
    wanted: set[bytes] = set()
    ids = list(records)
    some_values = _SOME_SIDE_BY_SIDE if session.get_bind().dialect.name == "sqlite" else _SOME_VALUES
    for start in range(0, len(ids), 512):
        some = ids[start : start + 512]
        rows = some_values.all(session, records=some, fields=fields) if fields else _VALUES.all(session, records=some)
        for record, field, category, version, sealed in rows:
            of = values.get(record)
            if of is None:
                of = values[record] = {}
            if type(sealed) is not bytes:  # SQLite keeps a text or a number in any column: it opens nowhere
                sealed = b""
            of[field] = (field, category, version, sealed)
            wanted.add(sealed[DEK_ID])  # if that is no registered format, opening fails, is shown and logged as such
    return Sealed(values, keyring.load(session, wanted), frozenset(fields))


def open_record(
    sight: Sight, head: Head, sealed: Sealed, broken: list[tuple[uuid.UUID, str]], action: str = READ
) -> Record | None:
    """The permitted fields of one record, opened; None where nothing in it is permitted or filled.

    A value that does not verify in its place becomes a broken one and is added to `broken`.
    """
    shape = shape_of(head)
    values = _opened(sight, head, shape, sealed, broken, action)
    return _record(sight, head, shape, tuple(values)) if values else None


def opened(
    sight: Sight, head: Head, sealed: Sealed, broken: list[tuple[uuid.UUID, str]], action: str = READ
) -> list[Value]:
    """As `open_record`, the values alone."""
    return _opened(sight, head, shape_of(head), sealed, broken, action)


def _opened(
    sight: Sight, head: Head, shape: Shape, sealed: Sealed, broken: list[tuple[uuid.UUID, str]], action: str
) -> list[Value]:
    rows = sealed.values.get(head.id.bytes, _NOTHING)
    standing = _standing(head.head)
    fields: list[Field] = []
    wanted: list[ToOpen] = []
    for field in sight.some_permitted(action, shape, sealed.fields):
        row = rows.get(field.key)
        if row is None:
            if field.key in standing:
                fields.append(field)
                wanted.append(_GONE)
            continue
        key, category, version, value = row
        if category != field.category and not still(sight, shape, category, action):
            continue
        fields.append(field)
        wanted.append(row if standing.get(key) == (version, sha256(value).digest()) else _GONE)
    found: list[Value] = []
    for field, text in zip(fields, _texts(sealed, head, wanted), strict=True):
        if text is None:
            broken.append((head.id, field.key))
            found.append(Value(field.key, field.name, "", field.type, broken=True))
        elif text:  # an emptied field is shown in its history only
            found.append(Value(field.key, field.name, text, field.type))
    return found


_GONE: ToOpen = ("", "", 0, b"")
"""Opens nowhere: a value that is gone from its place, or not the one that the head knows."""


def _texts(sealed: Sealed, head: Head, wanted: Sequence[ToOpen]) -> list[str | None]:
    """The texts of sealed values, None where one does not open in its one place."""
    plain = open_fields(sealed.deks, Bound(head.kind, head.id, head.person, head.owner), wanted)
    try:
        return [None if each is None else each.decode() for each in plain]
    except UnicodeDecodeError:
        return [_decoded(each) for each in plain]


def _decoded(plain: bytes | None) -> str | None:
    try:
        return None if plain is None else plain.decode()
    except UnicodeDecodeError:
        return None


def _record(sight: Sight, head: Head, shape: Shape, values: tuple[Value, ...]) -> Record:
    named = sight.named(shape)
    return Record(
        id=head.id,
        kind=head.kind,
        kind_name=named.kind,
        label=head.label,
        label_name=named.label,
        owner=head.owner,
        owner_name=named.owner,
        at=from_micros(head.created_at),
        version=head.version,
        changed_at=from_micros(head.changed_at),
        made_as_youth=bool(head.made_as_youth),
        can_edit=named.can_edit,
        can_copy=named.can_copy,
        values=values,
    )


def still(sight: Sight, shape: Shape, category: str, action: str) -> bool:
    """Where a field's category changed since a value was written, the stricter of the two decides."""
    others = [f for f in sight.agreement.fields.values() if f.category == category]
    return bool(others) and all(sight.decide(action, f.key, shape.owner, shape.made_as_youth).permit for f in others)


def place(head: Head, key: str, category: str, version: int) -> Context:
    """The one place a stored value belongs to, as its seal binds it."""
    return Context(head.kind, head.id, key, head.person, head.owner, category, version)


def highest_marking(agreement: Agreement, categories: Iterable[str]) -> str:
    """OFFICIAL-SENSITIVE as soon as one shown category is, else OFFICIAL."""
    sensitive = any(agreement.categories[c].sensitivity == "official-sensitive" for c in categories)
    return "OFFICIAL-SENSITIVE" if sensitive else "OFFICIAL"
