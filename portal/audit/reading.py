"""The log as its readers see it: filtered lists newest first, and one entry in full.

Who may read is decided by the caller, who also logs the reading (`log-read`) before anything from here is shown.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, literal, or_, select, tuple_
from sqlalchemy.orm import Session

from portal.audit import erasures, outcomes
from portal.audit.details import Opened, Vault
from portal.audit.entry import Outcome, read_leaf
from portal.audit.tables import CHECKPOINT, DETAIL, ENTRY, OUTCOME_FIELD, SEQUENCE
from portal.db import Id, Micros, from_micros, to_micros
from portal.errors import NotFound

PAGE = 50
_COLUMNS = (
    *(ENTRY.c.entry_id, ENTRY.c.reference, ENTRY.c.at, ENTRY.c.actor, ENTRY.c.agency, ENTRY.c.role),
    *(ENTRY.c.operation, ENTRY.c.purpose, ENTRY.c.outcome, ENTRY.c.agreement, SEQUENCE.c.index),
)


@dataclass(frozen=True, slots=True)
class Scope:
    """What one reader of the log may see at all: entries under one of `agreements` (ids) or under none, made by users
    of `agencies` or naming a record of one of `owners` as opened. `system`: also entries of no agency. `told`: entries
    the reader was told of, whoever made them.
    """

    agreements: frozenset[str]
    agencies: frozenset[str]
    owners: frozenset[str] = frozenset()
    system: bool = False
    told: frozenset[uuid.UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class Filters:
    """What to look for; everything given must hold. `since` is included, `until` is not; both are aware.

    `field` and `owner` find entries whose outcome names that field, permitted or withheld; `opened` those whose outcome
    permits one of these fields.
    """

    person: uuid.UUID | None = field(default=None, repr=False)
    ids: frozenset[uuid.UUID] | None = field(default=None, repr=False)
    actor: uuid.UUID | None = None
    agency: str | None = None
    operation: str | None = None
    purpose: str | None = None
    outcome: str | None = None
    field: str | None = None
    owner: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    opened: frozenset[str] | None = None
    reference: str | None = None
    not_actor: uuid.UUID | None = None
    scope: Scope | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """The public columns of an entry. `index` is None until the entry is sequenced."""

    entry_id: uuid.UUID
    reference: str
    at: datetime
    actor: uuid.UUID | None
    agency: str | None
    role: str | None
    operation: str
    purpose: str | None
    outcome: str
    agreement: str | None
    index: int | None


@dataclass(frozen=True, slots=True)
class Page:
    """Up to a page of rows, newest first; `after` fetches the next page, None at the end."""

    rows: Sequence[Row]
    after: str | None


@dataclass(frozen=True, slots=True)
class Full:
    """One entry with everything it holds. `outcomes` has the entry's own outcome and those its details name.

    `covered` is the size of the smallest signed checkpoint over it, None while there is none.
    """

    row: Row
    leaf: Mapping[str, Any] = field(repr=False)
    outcomes: Mapping[str, Outcome] = field(repr=False)
    details: Sequence[Opened] = field(repr=False)
    covered: int | None

    @property
    def decided(self) -> Outcome | None:
        """The entry's own outcome by field, if it has one."""
        return self.outcomes.get(self.leaf["decision"] or "")


def page(session: Session, vault: Vault, filters: Filters, after: str | None = None, size: int = PAGE) -> Page:
    """A page of entries, newest first. `after` is the `after` of the page before. Raises `NotFound` for a false one."""
    query = _joined().where(*conditions_of(vault, filters))
    if after is not None:
        query = query.where(tuple_(ENTRY.c.at, ENTRY.c.entry_id) < _cursor(after))
    rows = [_row(row) for row in session.connection().execute(query.limit(size + 1))]
    last = rows[size - 1] if len(rows) > size else None
    return Page(rows[:size], None if last is None else f"{to_micros(last.at)}.{last.entry_id.hex}")


def find(session: Session, reference: str) -> list[Row]:
    """The entries with the reference a person was told, newest first; lower case and a missing hyphen are forgiven."""
    query = _joined().where(ENTRY.c.reference == _spelt(reference)).limit(PAGE)
    return [_row(row) for row in session.connection().execute(query)]


def entry(session: Session, vault: Vault, entry_id: uuid.UUID, *, allowed_silent: bool = False) -> Full:
    """One entry in full. Its silent parts only for a reader whose capacity the agreement grants those categories.

    Raises `NotFound`, and `SealBroken` for a detail that was tampered with.
    """
    connection = session.connection()
    found = connection.execute(_joined().add_columns(ENTRY.c.leaf).where(ENTRY.c.entry_id == entry_id)).first()
    if found is None:
        raise NotFound
    row = _row(found)
    leaf = read_leaf(found.leaf)
    details = _details(session, vault, row, allowed_silent)
    wanted = {digest for digest in (leaf["decision"], *(each.decision for each in details)) if digest}
    covered = None
    if row.index is not None:
        query = select(CHECKPOINT.c.size).where(CHECKPOINT.c.size > row.index).order_by(CHECKPOINT.c.size).limit(1)
        covered = connection.execute(query).scalar()
    return Full(row, leaf, outcomes.read(connection, wanted), details, covered)


def visit_of(session: Session, entry_id: uuid.UUID) -> str | None:
    """What correlates an entry with the others of one visit; None for one that belongs to none, or is missing."""
    leaf = session.connection().execute(select(ENTRY.c.leaf).where(ENTRY.c.entry_id == entry_id)).scalar()
    return None if leaf is None else read_leaf(leaf)["correlation"]


def erased_by(session: Session, entry_id: uuid.UUID) -> Row | None:
    """The entry that says a detail of this one is erased, where it is gone; None where it is there or none says so."""
    gone = select(DETAIL.c.erasure).where(DETAIL.c.entry_id == entry_id, DETAIL.c.sealed.is_(None))
    found = session.connection().execute(gone.order_by(DETAIL.c.position).limit(1)).first()
    if found is None or found.erasure is None:
        return None
    row = session.connection().execute(_joined().where(ENTRY.c.entry_id == found.erasure)).first()
    return None if row is None or row.operation != erasures.OPERATION else _row(row)


def _joined() -> Select[Any]:
    query = select(*_COLUMNS).outerjoin_from(ENTRY, SEQUENCE, SEQUENCE.c.entry_id == ENTRY.c.entry_id)
    return query.order_by(ENTRY.c.at.desc(), ENTRY.c.entry_id.desc())


def conditions_of(vault: Vault, filters: Filters) -> list[ColumnElement[bool]]:
    """The filters as conditions on `ENTRY`, for the other readings of this package."""
    plain = {
        ENTRY.c.actor: filters.actor,
        ENTRY.c.agency: filters.agency,
        ENTRY.c.operation: filters.operation,
        ENTRY.c.purpose: filters.purpose,
        ENTRY.c.outcome: filters.outcome,
    }
    conditions: list[ColumnElement[bool]] = [column == value for column, value in plain.items() if value is not None]
    if filters.person is not None:
        tagged = select(DETAIL.c.entry_id).where(DETAIL.c.subject_tag == vault.tag(filters.person))
        conditions.append(ENTRY.c.entry_id.in_(tagged))
    named = {OUTCOME_FIELD.c.field: filters.field, OUTCOME_FIELD.c.owner: filters.owner}
    names = [column == value for column, value in named.items() if value is not None]
    if names:
        conditions.append(ENTRY.c.decision.in_(select(OUTCOME_FIELD.c.digest).where(*names)))
    if filters.opened is not None:
        opens = select(OUTCOME_FIELD.c.digest).where(
            OUTCOME_FIELD.c.field.in_(filters.opened), OUTCOME_FIELD.c.permitted
        )
        conditions.append(ENTRY.c.decision.in_(opens))
    if filters.reference is not None:
        conditions.append(ENTRY.c.reference == _spelt(filters.reference))
    if filters.ids is not None:
        conditions.append(ENTRY.c.entry_id.in_(filters.ids))
    if filters.not_actor is not None:
        conditions.append(ENTRY.c.actor.is_distinct_from(filters.not_actor))
    if filters.scope is not None:
        conditions += _within(filters.scope)
    if filters.since is not None:
        conditions.append(ENTRY.c.at >= to_micros(filters.since))
    if filters.until is not None:
        conditions.append(ENTRY.c.at < to_micros(filters.until))
    return conditions


def _within(scope: Scope) -> list[ColumnElement[bool]]:
    theirs = [ENTRY.c.agreement.startswith(f"{agreement}@", autoescape=True) for agreement in sorted(scope.agreements)]
    about = select(OUTCOME_FIELD.c.digest).where(OUTCOME_FIELD.c.owner.in_(scope.owners), OUTCOME_FIELD.c.permitted)
    made = [ENTRY.c.agency.in_(scope.agencies)] + ([ENTRY.c.agency.is_(None)] if scope.system else [])
    return [
        or_(ENTRY.c.agreement.is_(None), *theirs),
        or_(*made, ENTRY.c.decision.in_(about), ENTRY.c.entry_id.in_(scope.told)),
    ]


def _spelt(reference: str) -> str:
    text = reference.strip().upper().replace("-", "")
    return f"{text[:4]}-{text[4:]}"


def _cursor(after: str) -> ColumnElement[Any]:
    at, _, entry_id = after.partition(".")
    try:
        moment = int(at)
        if not 0 <= moment < 2**63:  # more than a database holds
            raise ValueError(at)
        return tuple_(literal(moment, Micros), literal(uuid.UUID(entry_id), Id))
    except ValueError as error:
        raise NotFound from error


def _row(row: Any) -> Row:
    entry_id, reference, at, actor, agency, role, operation, purpose, outcome, agreement, index = row[: len(_COLUMNS)]
    return Row(entry_id, reference, from_micros(at), actor, agency, role, operation, purpose, outcome, agreement, index)


def _details(session: Session, vault: Vault, row: Row, allowed_silent: bool) -> list[Opened]:
    connection = session.connection()
    query = select(DETAIL).where(DETAIL.c.entry_id == row.entry_id).order_by(DETAIL.c.position)
    blobs = connection.execute(query).all()
    year = row.at.astimezone(UTC).year
    keys = vault.find(connection, [blob.subject_tag for blob in blobs if blob.subject_tag], year)
    details = []
    for blob in blobs:
        key = keys.get((blob.subject_tag, year)) if blob.sealed is not None else None
        if key is None:
            details.append(Opened(blob.position, None, {}, None, None, erased=True))
        else:
            silent = blob.silent if allowed_silent else None
            details.append(vault.open(key, row.entry_id, blob.position, blob.sealed, silent))
    return details
