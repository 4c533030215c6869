"""Sealing and storing records in bulk, behind the writing door: callers decide first and log in the same step."""

import json
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from hashlib import sha256
from typing import Any

from sqlalchemy import bindparam, case, false, func, literal_column, null, select, true, update
from sqlalchemy.orm import Session

from isa import classes
from isa.agreement import Agreement
from portal.keys import index_tags
from portal.keys.deks import Place
from portal.keys.sealing import CHOICE, Context, Dek, seal
from portal.query import Write, insert_rows
from portal.sharing import tagging
from portal.sharing.days import is_minor
from portal.sharing.doors import Doors
from portal.sharing.tables import CaseFile, RecordRow, SealedValue

_AGREEMENTS: dict[str, Agreement] = {}  # by digest, because an agreement itself cannot be hashed


@dataclass(frozen=True, slots=True)
class NewRecord:
    """A record as it will be stored: values by field key, already checked and permitted."""

    id: uuid.UUID
    case: uuid.UUID
    person: uuid.UUID
    kind: str
    label: str
    owner: str
    at: int
    by: uuid.UUID
    values: Mapping[str, str] = field(repr=False)
    made_as_youth: bool | None = False
    state: str = ""


@dataclass(frozen=True, slots=True)
class Stored:
    """What the log is told of one stored record: its version and the digest of its head."""

    id: uuid.UUID
    version: int
    head: bytes


def store(
    session: Session, doors: Doors, agreement: Agreement, records: Sequence[NewRecord], aging: bool = False
) -> list[Stored]:
    """Insert new records sealed value by value, with their search tags. Inside a write transaction.

    `aging`: what a case knows of its person's age is brought into step with them.
    """
    deks = doors.keys.ensure_many(session, {place for r in records for place in places(agreement, r)})
    heads, values, tags, stored = [], [], [], []
    for record in records:
        sealed = _seal(agreement, record, 1, record.values, deks)
        head = head_bytes({key: (1, sha256(blob).hexdigest()) for key, blob in sealed.items()})
        heads.append(_head_row(record, head))
        values += [_value_row(agreement, record, key, 1, blob) for key, blob in sealed.items()]
        tags += _tag_rows(doors, record, record.values)
        stored.append(Stored(record.id, 1, sha256(head).digest()))
    for table, rows in ((RecordRow, heads), (SealedValue, values)):
        insert_rows(session.connection(), table.__table__, [driver_row(row) for row in rows])
    for record in records if aging else ():
        if BORN in record.values:
            _aging(record).run(session.connection(), [(record.case.bytes,)])
    tagging.put(session.connection(), [driver_row(row) for row in tags])  # last: see there
    return stored


@dataclass(frozen=True, slots=True)
class Change:
    """One more version of a record, sealed and ready to be stored: made before the write lock is taken."""

    record: NewRecord
    base: int
    head: bytes
    values: tuple[dict[str, Any], ...] = field(repr=False)
    tags: tuple[dict[str, Any], ...] = field(repr=False)

    @property
    def stored(self) -> Stored:
        """What the log is told of it."""
        return Stored(self.record.id, self.base + 1, sha256(self.head).digest())


def change(
    session: Session,
    doors: Doors,
    agreement: Agreement,
    record: NewRecord,
    base: int,
    standing: Mapping[str, Sequence[Any]],
    whole: Mapping[str, str],
) -> Stored | None:
    """Add a version to a record: `record.values` are the fields that change, `standing` its head as read.

    `whole` are all values after the change, for the search tags. None where someone else was first (the version is
    no longer `base`): nothing is changed then.
    """
    deks = doors.keys.ensure_many(session, places(agreement, record))
    made = prepare_change(doors, agreement, record, base, standing, whole, deks)
    batch = Batch()
    batch.add([made])
    return made.stored if batch.apply(session) else None


def places(agreement: Agreement, record: NewRecord) -> set[Place]:
    """The data keys a record's values are sealed under."""
    return {_place(agreement, record, key) for key in record.values}


def prepare_change(
    doors: Doors,
    agreement: Agreement,
    record: NewRecord,
    base: int,
    standing: Mapping[str, Sequence[Any]],
    whole: Mapping[str, str],
    deks: Mapping[Place, Dek],
) -> Change:
    """Seal a new version, as `change`, without touching the database."""
    version = base + 1
    sealed = _seal(agreement, record, version, record.values, deks)
    entries = {key: (int(v), str(d)) for key, (v, d) in standing.items()}
    entries.update({key: (version, sha256(blob).hexdigest()) for key, blob in sealed.items()})
    values = tuple(_value_row(agreement, record, key, version, blob) for key, blob in sealed.items())
    return Change(record, base, head_bytes(entries), values, tuple(_tag_rows(doors, record, whole)))


_ADVANCE = Write(
    update(RecordRow)
    .where(RecordRow.id == bindparam("of"), RecordRow.version == bindparam("base"))
    .values(
        version=bindparam("to"),
        state=bindparam("now"),
        changed_at=bindparam("at"),
        changed_by=bindparam("by"),
        head=bindparam("heads"),
    ),
    ("to", "now", "at", "by", "heads", "of", "base"),
)
_REPLACE = Write(
    update(SealedValue)
    .where(SealedValue.record == bindparam("of"), SealedValue.field == bindparam("key"), SealedValue.current)
    .values(current=false()),
    ("of", "key"),
)
_CASE = update(CaseFile).where(CaseFile.id == bindparam("of"))
_DATED = (
    select(func.count())
    .select_from(RecordRow)
    .where(RecordRow.case == CaseFile.id, RecordRow.kind == literal_column("'person'"))
    .scalar_subquery()
)
_YOUNG = Write(_CASE.values(minor=true()), ("of",))
_GROWN = Write(_CASE.values(minor=case((literal_column("1") == _DATED, false()), else_=CaseFile.minor)), ("of",))
_FORGET_AGE = Write(_CASE.values(minor=null()), ("of",))
BORN = "person.date_of_birth"
_TAGGED = frozenset({"person.surname", BORN, "identifiers.pnc", "identifiers.crn"})


def _aging(record: NewRecord) -> Write:
    """Whoever is under 18 by one date is a minor; an adult by this one is one if nobody recorded another. Else the case
    keeps what it knows until it is worked out anew, see `reading.age`."""
    born = record.values[BORN]
    return _FORGET_AGE if not born else _YOUNG if is_minor(born, record.at) else _GROWN


@dataclass(slots=True)
class Batch:
    """Prepared versions as the database's driver takes them: nothing is left to do for them under the write lock."""

    advanced: list[tuple[Any, ...]] = field(default_factory=list, repr=False)
    replaced: list[tuple[Any, ...]] = field(default_factory=list, repr=False)
    values: list[tuple[Any, ...]] = field(default_factory=list, repr=False)
    untagged: list[tuple[bytes]] = field(default_factory=list)
    reborn: list[tuple[Write, bytes]] = field(default_factory=list)
    tags: list[tuple[Any, ...]] = field(default_factory=list, repr=False)

    def add(self, changes: Iterable[Change]) -> None:
        """Take up more versions."""
        for change in changes:
            record, of = change.record, change.record.id.bytes
            advanced = (change.base + 1, record.state, record.at, record.by.bytes, change.head)
            self.advanced.append((*advanced, of, change.base))
            self.replaced += [(of, row["field"]) for row in change.values]
            self.values += [driver_row(row) for row in change.values]
            if BORN in record.values:
                self.reborn.append((_aging(record), record.case.bytes))
            if not _TAGGED.isdisjoint(record.values):
                self.untagged.append((of,))
                self.tags += [driver_row(row) for row in change.tags]

    def apply(self, session: Session) -> bool:
        """Store them. Inside a write transaction, which the caller must not commit where the answer is no: a record
        was no longer at the `base` of its change."""
        connection = session.connection()
        if _ADVANCE.run(connection, self.advanced) != len(self.advanced):
            return False
        _REPLACE.run(connection, self.replaced)
        insert_rows(connection, SealedValue.__table__, self.values)
        for statement in (_YOUNG, _GROWN, _FORGET_AGE):
            statement.run(connection, [(of,) for each, of in self.reborn if each is statement])
        tagging.put(connection, self.tags, self.untagged)
        return True


def driver_row(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """The values of a row as the database's driver takes them, in the row's own order, which is the table's."""
    return tuple(value.bytes if type(value) is uuid.UUID else value for value in row.values())


def head_bytes(entries: Mapping[str, tuple[int, str]]) -> bytes:
    """Canonical bytes of a head: {field: [version, SHA-256 hex of the sealed value]}."""
    return json.dumps({k: list(v) for k, v in entries.items()}, sort_keys=True, separators=(",", ":")).encode()


@lru_cache(maxsize=8192)
def _seal_class(digest: str, owner: str, key: str) -> str:
    return classes.seal_class(_AGREEMENTS[digest], owner, key)


def seal_class(agreement: Agreement, owner: str, key: str) -> str:
    """The seal class of a field of an owner, worked out once for each text of an agreement."""
    _AGREEMENTS[agreement.digest] = agreement
    return _seal_class(agreement.digest, owner, key)


def _place(agreement: Agreement, record: NewRecord, key: str) -> Place:
    return Place(record.person, record.owner, seal_class(agreement, record.owner, key))


def _seal(
    agreement: Agreement, record: NewRecord, version: int, values: Mapping[str, str], deks: Mapping[Place, Dek]
) -> dict[str, bytes]:
    sealed = {}
    for key, text in values.items():
        described = agreement.fields[key]
        where = Context(record.kind, record.id, key, record.person, record.owner, described.category, version)
        pad_to = CHOICE if described.type in ("choice", "yesno") else 16
        sealed[key] = seal(deks[_place(agreement, record, key)], where, text.encode(), pad_to)
    return sealed


def _head_row(record: NewRecord, head: bytes) -> dict[str, Any]:
    return {
        "id": record.id,
        "case": record.case,
        "person": record.person,
        "kind": record.kind,
        "label": record.label,
        "owner": record.owner,
        "version": 1,
        "state": record.state,
        "made_as_youth": record.made_as_youth,
        "created_at": record.at,
        "created_by": record.by,
        "changed_at": record.at,
        "changed_by": record.by,
        "head": head,
    }


def _value_row(agreement: Agreement, record: NewRecord, key: str, version: int, sealed: bytes) -> dict[str, Any]:
    return {
        "record": record.id,
        "field": key,
        "version": version,
        "category": agreement.fields[key].category,
        "current": True,
        "sealed": sealed,
        "written_at": record.at,
        "written_by": record.by,
    }


def _tag_rows(doors: Doors, record: NewRecord, values: Mapping[str, str]) -> list[dict[str, Any]]:
    """Keyed tags of a record that people may be found by: names with date of birth, PNC, CRN."""
    found: dict[str, set[bytes]] = defaultdict(set)
    for kind, tag in tags_of(doors, values):
        found[kind].add(tag)
    return [
        {"tag": tag, "record": record.id, "case": record.case, "kind": kind, "shared": False}
        for kind, tags in sorted(found.items())
        for tag in sorted(tags)
    ]


def tags_of(doors: Doors, values: Mapping[str, str]) -> Iterable[tuple[str, bytes]]:
    """(kind, tag) for every way these values may be found. A number that is not well formed has no tag."""
    surname, born = values.get("person.surname", ""), values.get("person.date_of_birth", "")
    if surname and born:
        for form in index_tags.surname_dob(surname, date.fromisoformat(born)):
            yield index_tags.SURNAME_DOB, doors.tags.tag(index_tags.SURNAME_DOB, form)
    for key, kind, canonical in (
        ("identifiers.pnc", index_tags.PNC, index_tags.canonical_pnc),
        ("identifiers.crn", index_tags.CRN, index_tags.canonical_crn),
    ):
        if values.get(key):
            try:
                yield kind, doors.tags.tag(kind, canonical(values[key]))
            except ValueError:
                continue
