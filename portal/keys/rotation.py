"""Rotate a root: a new version, everything rewrapped under it while the portal runs, then the old version retired.

Nothing is opened but wrapped keys, and no sealed value is touched.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, Row, Table, bindparam, func, or_, select, true, update
from sqlalchemy.orm import Session

from portal.errors import SealBroken
from portal.keys import deks, generation, secrets
from portal.keys.provider import KeyProvider, State
from portal.keys.tables import DEK, SECRET

BATCH = 500
"""Keys rewrapped in one write transaction: some 25 ms with the local-file provider."""

Batch = Callable[[], AbstractContextManager[Session]]
"""Opens a session in a write transaction that commits at the end of the block (in the portal: the access log's)."""
Progress = Callable[[int, int], None]
"""Told after each batch: how many keys have been looked at in this pass, out of how many there were to do."""


@dataclass(frozen=True)
class Store:
    """Where wrapped keys lie: a table, its single-column key, the wrapped column, and what each row is bound to.

    The owner of the table says so; `where` picks the rows that belong to the root at hand.
    """

    table: Table
    key: Column[Any]
    wrapped: Column[Any]
    aad: Callable[[Row[Any]], bytes]
    where: ColumnElement[bool]

    def left(self, prefix: bytes) -> ColumnElement[bool]:
        """Rows not wrapped under the version whose blobs begin with the prefix."""
        return self.where & or_(func.substr(self.wrapped, 1, len(prefix)) != prefix, self.wrapped.is_(None))


@dataclass(frozen=True)
class Rotation:
    """What a rotation did: the version now active, keys rewrapped, versions retired, and what remains.

    `remaining` counts keys that could not be rewrapped because they do not verify. While there are any, no version
    is retired.
    """

    version: str
    rewrapped: int
    retired: tuple[str, ...]
    remaining: int


def data_keys() -> Store:
    """The store of the root of records: every data key."""
    return Store(DEK, DEK.c.id, DEK.c.wrapped, deks.row_aad, true())


def named_secrets(root: str) -> Store:
    """The named secrets wrapped under a root."""
    return Store(SECRET, SECRET.c.id, SECRET.c.wrapped, secrets.row_aad, SECRET.c.root == root)


def rotate_root(
    batch: Batch, provider: KeyProvider, stores: Sequence[Store], progress: Progress = lambda done, total: None
) -> Rotation:
    """Bring everything in the stores under a new version of the root, and retire the versions before it.

    May be killed at any point and called again: an unfinished rotation is carried on, no second version is made.
    Two at once, and keys made meanwhile, do no harm: a key is replaced only where it is still the one that was
    read, and a version is retired only while nobody can wrap under it and nothing is left.
    Raises `KeysUnavailable` if the provider stops answering; what was done by then stands.
    """
    with batch() as session:
        generation.hold(session, alone=True)
        if not _outdated(provider):
            provider.rotate()
    rewrapped = 0
    while True:
        changed = sum(_pass(batch, provider, store, progress) for store in stores)
        rewrapped += changed
        retired, remaining = _retire(batch, provider, stores)
        if remaining == 0 or changed == 0:
            version = next(v.version for v in provider.state() if v.state is State.ACTIVE)
            return Rotation(version, rewrapped, retired, remaining)


def _retire(batch: Batch, provider: KeyProvider, stores: Sequence[Store]) -> tuple[tuple[str, ...], int]:
    """Retire what is outdated if nothing is left under it; the versions retired, and how many keys are left."""
    with batch() as session:
        generation.hold(session, alone=True)
        old = _outdated(provider)  # before the count: a version outdated after it may still hold keys
        remaining = sum(_count(session, store, provider.prefix()) for store in stores)
        if remaining:
            return (), remaining
        for version in old:
            provider.retire(version)
        return tuple(old), 0


def _outdated(provider: KeyProvider) -> list[str]:
    return [v.version for v in provider.state() if v.state is State.DECRYPT_ONLY]


def _pass(batch: Batch, provider: KeyProvider, store: Store, progress: Progress) -> int:
    """Go through one store once, in the order of its key; how many were rewrapped."""
    changed = done = total = 0
    after: Any = None
    while True:
        with batch() as session:
            prefix = provider.prefix()
            if after is None:
                total = _count(session, store, prefix)
            page = store.left(prefix) if after is None else store.left(prefix) & (store.key > after)
            statement = select(store.table).where(page).order_by(store.key).limit(BATCH)
            rows = session.connection().execute(statement).all()
            if not rows:
                return changed
            changed += _swap(session, store, [new for row in rows for new in _rewrap(provider, store, row)])
            after = rows[-1]._mapping[store.key]
        done += len(rows)
        progress(done, max(done, total))


def _rewrap(provider: KeyProvider, store: Store, row: Row[Any]) -> list[dict[str, Any]]:
    """The change for one row; none for a key that does not verify, which stays as it is and is counted."""
    old, aad = row._mapping[store.wrapped], store.aad(row)
    try:
        fresh = provider.wrap(provider.unwrap(old, aad), aad)
    except SealBroken:
        return []
    return [{"b_key": row._mapping[store.key], "b_old": old, "b_new": fresh}]


def _swap(session: Session, store: Store, changes: list[dict[str, Any]]) -> int:
    """Replace each wrapped key where it is still the one that was read; how many were."""
    if not changes:
        return 0
    statement = (
        update(store.table)
        .where(store.key == bindparam("b_key"), store.wrapped == bindparam("b_old"))
        .values({store.wrapped.name: bindparam("b_new")})
    )
    return int(session.connection().execute(statement, changes).rowcount)


def _count(session: Session, store: Store, prefix: bytes) -> int:
    statement = select(func.count()).select_from(store.table).where(store.left(prefix))
    return int(session.connection().execute(statement).scalar_one())
