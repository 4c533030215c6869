"""What a reader of the log sees at a glance: whom entries are about, how many there are, who made them.

As with `reading`, the caller decides who may read, and logs the reading first.
"""

import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC

from sqlalchemy import func, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from portal.audit.details import Keys, Opened, Vault
from portal.audit.reading import Filters, Row, conditions_of
from portal.audit.tables import DETAIL, ENTRY
from portal.errors import SealBroken

MOST_COUNTED = 10_000


@dataclass(frozen=True, slots=True)
class About:
    """The first details of one entry, and how many it has. Erased ones say nothing of whom they were about.

    `damaged`: how many of the first do not open, which verification will name too.
    """

    details: Sequence[Opened] = field(repr=False)
    count: int
    damaged: int = 0


def about(session: Session, vault: Vault, rows: Sequence[Row], most: int = 3) -> Mapping[uuid.UUID, About]:
    """Whom each entry is about, up to `most` a row, never the silent parts."""
    connection = session.connection()
    ids = [row.entry_id for row in rows]
    counted = select(DETAIL.c.entry_id, func.count()).where(DETAIL.c.entry_id.in_(ids)).group_by(DETAIL.c.entry_id)
    counts: dict[uuid.UUID, int] = {row[0]: row[1] for row in connection.execute(counted)}
    query = select(DETAIL).where(DETAIL.c.entry_id.in_(ids), DETAIL.c.position < most)
    blobs = connection.execute(query.order_by(DETAIL.c.entry_id, DETAIL.c.position)).all()
    years = {row.entry_id: row.at.astimezone(UTC).year for row in rows}
    keys = _keys(connection, vault, {(b.subject_tag, years[b.entry_id]) for b in blobs if b.subject_tag is not None})
    found: dict[uuid.UUID, list[Opened]] = {entry: [] for entry in ids}
    damaged = dict.fromkeys(ids, 0)
    for blob in blobs:
        key = keys.get((blob.subject_tag, years[blob.entry_id])) if blob.sealed is not None else None
        opened = Opened(blob.position, None, {}, None, None, erased=True)
        if key is not None:
            try:
                opened = vault.open(key, blob.entry_id, blob.position, blob.sealed, None)
            except SealBroken:
                damaged[blob.entry_id] += 1
        found[blob.entry_id].append(opened)
    return {entry: About(details, counts.get(entry, 0), damaged[entry]) for entry, details in found.items()}


def _keys(connection: Connection, vault: Vault, wanted: set[tuple[bytes, int]]) -> Keys:
    """The keys that are there and genuine; one false key must not hide the entries of everybody else."""
    keys: Keys = {}
    for year in sorted({year for _, year in wanted}):
        tags = sorted(tag for tag, of in wanted if of == year)
        try:
            keys.update(vault.find(connection, tags, year))
        except SealBroken:
            for tag in tags:
                with suppress(SealBroken):
                    keys.update(vault.find(connection, [tag], year))
    return keys


def count(session: Session, vault: Vault, filters: Filters, most: int = MOST_COUNTED) -> int:
    """How many entries fit, counted up to `most`."""
    some = select(ENTRY.c.entry_id).where(*conditions_of(vault, filters)).limit(most).subquery()
    return session.connection().execute(select(func.count()).select_from(some)).scalar_one()


def by_agency(session: Session, vault: Vault, filters: Filters) -> Mapping[str | None, int]:
    """How many entries of each agency fit, the most first."""
    number = func.count().label("number")
    query = select(ENTRY.c.agency, number).where(*conditions_of(vault, filters)).group_by(ENTRY.c.agency)
    return {row[0]: row[1] for row in session.connection().execute(query.order_by(number.desc()))}


def actors(session: Session, vault: Vault, filters: Filters) -> Sequence[uuid.UUID]:
    """Everyone who made an entry that fits."""
    query = select(ENTRY.c.actor).where(ENTRY.c.actor.is_not(None), *conditions_of(vault, filters)).distinct()
    return [actor for actor in session.connection().execute(query).scalars() if actor is not None]
