"""Data keys: one for each person, owner and seal class, kept wrapped, unwrapped in bulk, forgotten within a minute."""

import hmac
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.orm import Session

from portal.db import now_micros
from portal.errors import SealBroken
from portal.keys import generation
from portal.keys.encoding import bytes_part, commitment, number_part, text_part, uuid_part
from portal.keys.provider import KeyProvider
from portal.keys.sealing import Dek
from portal.keys.tables import DEK, insert_unless_there
from portal.query import Query

SUITE = 1
"""Suite 1: the data key is wrapped directly under the root. Suite 2 is kept for class keys and person secrets."""
SECONDS = 60.0
"""How long an unwrapped key may be used without asking the provider again."""
CHUNK = 500
T = TypeVar("T")
_OF_IDS = Query(select(DEK).where(DEK.c.id.in_(bindparam("ids", expanding=True))))
_OF_PERSONS = Query(
    select(DEK.c.id, DEK.c.person, DEK.c.owner, DEK.c.seal_class, DEK.c.version, DEK.c.state)
    .where(DEK.c.person.in_(bindparam("persons", expanding=True)))
    .order_by(DEK.c.version)
)


class Place(NamedTuple):
    """What a data key is for."""

    person: UUID
    owner: str
    seal_class: str


class _Cached(NamedTuple):
    dek: Dek
    generation: int
    until: float


class Keyring:
    """The data keys of one root. One for each process; safe to share between threads and after a fork.

    `limit` bounds how many unwrapped keys are kept; `clock` counts seconds and never goes back. Every method takes
    an open session, never commits, and raises `KeysUnavailable` if the provider is needed and does not answer.
    """

    def __init__(self, provider: KeyProvider, limit: int = 20_000, clock: Callable[[], float] = time.monotonic) -> None:
        self._provider = provider
        self._limit = limit
        self._clock = clock
        self._cache: dict[bytes, _Cached] = {}
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"Keyring({self._provider!r}, {len(self._cache)} keys)"

    def load(self, session: Session, ids: Iterable[bytes]) -> dict[bytes, Dek]:
        """The data keys with these ids. A key that is gone or does not verify is left out: its values stay shut.

        One statement for the generation, and one for each 500 ids that are not in the cache.
        """
        now, present = self._clock(), generation.read(session)
        found: dict[bytes, Dek] = {}
        wanted: list[bytes] = []
        for each in set(ids):
            cached = self._cache.get(each)
            if cached is not None and cached.generation == present and now < cached.until:
                found[each] = cached.dek
            else:
                wanted.append(each)
        for some in chunks(wanted):
            for row in _OF_IDS.all(session, ids=some):
                try:
                    dek = self._unwrap(row)
                except SealBroken:
                    continue
                found[dek.id] = dek
                self._keep(dek, present, now)
        return found

    def find(self, session: Session, person: UUID, owner: str, seal_class: str) -> Dek | None:
        """The data key new values of this place are sealed under, if there is one yet. Raises `SealBroken`."""
        return self.find_many(session, [Place(person, owner, seal_class)]).get(Place(person, owner, seal_class))

    def find_many(self, session: Session, places: Iterable[Place]) -> dict[Place, Dek]:
        """As `find`, in bulk; places without a key are left out."""
        places = set(places)
        newest = {place: row for place, row in self._newest(session, places).items() if row.state == "active"}
        loaded = self.load(session, [row.id for row in newest.values()])
        if len(loaded) != len(newest):
            raise SealBroken("a data key does not verify: nothing is sealed under it")
        return {place: loaded[row.id] for place, row in newest.items()}

    def new(self, session: Session, person: UUID, owner: str, seal_class: str) -> Dek:
        """A new data key for a place that has no active one (the database refuses a second). Write transaction only."""
        return self.new_many(session, [Place(person, owner, seal_class)])[0]

    def new_many(self, session: Session, places: Sequence[Place]) -> list[Dek]:
        """As `new`, for many places at once, in their order: one insert for all."""
        made = self._make(session, places)
        if made:
            session.connection().execute(insert(DEK), [row for _, row in made])
        return [dek for dek, _ in made]

    def ensure(self, session: Session, person: UUID, owner: str, seal_class: str) -> Dek:
        """The place's data key, made if there is none. Write transaction only."""
        return self.ensure_many(session, [Place(person, owner, seal_class)])[Place(person, owner, seal_class)]

    def ensure_many(self, session: Session, places: Iterable[Place]) -> dict[Place, Dek]:
        """As `ensure`, in bulk. Write transaction only; of two writers of one place both get the first's."""
        places = list(dict.fromkeys(places))
        found = self.find_many(session, places)
        missing = sorted(place for place in places if place not in found)  # in one order: no two writers deadlock
        if missing:
            made = self._make(session, missing)
            session.connection().execute(insert_unless_there(session, DEK), [row for _, row in made])
            newest = self._newest(session, set(missing))
            found.update(
                {place: dek for place, (dek, _) in zip(missing, made, strict=True) if newest[place].id == dek.id}
            )
            found.update(self.find_many(session, [place for place in missing if place not in found]))
        return found

    def destroy(self, session: Session, persons: Iterable[UUID]) -> None:
        """Destroy every data key of these persons: what was sealed under them never opens again. Write transaction
        only; every worker forgets its keys when it commits.
        """
        for some in chunks(list(persons)):
            session.connection().execute(delete(DEK).where(DEK.c.person.in_(some)))
        generation.bump(session)

    def _make(self, session: Session, places: Sequence[Place]) -> list[tuple[Dek, dict[str, Any]]]:
        generation.hold(session)
        newest = self._newest(session, set(places))
        return [self._make_one(place, newest[place].version + 1 if place in newest else 1) for place in places]

    def _make_one(self, place: Place, version: int) -> tuple[Dek, dict[str, Any]]:
        key = AESGCM.generate_key(256)
        dek = Dek(os.urandom(8), AESGCM(key), *place)
        row = {
            "id": dek.id,
            **place._asdict(),
            "version": version,
            "suite": SUITE,
            "wrapped": self._provider.wrap(key, dek_aad(dek.id, *place, version, SUITE)),
            "commitment": commitment(key),
            "state": "active",
            "created": now_micros(),
        }
        return dek, row

    def _unwrap(self, row: Any) -> Dek:
        if row.suite != SUITE:
            raise SealBroken("data key: unknown suite")
        key = self._provider.unwrap(row.wrapped, row_aad(row))
        if not hmac.compare_digest(commitment(key), row.commitment):
            del key
            raise SealBroken("data key: not the one committed to")
        return Dek(row.id, AESGCM(key), row.person, row.owner, row.seal_class)

    def _newest(self, session: Session, places: set[Place]) -> dict[Place, Any]:
        """Highest version for each place. The version is bound into the wrapping: an old key cannot pose as newest."""
        newest: dict[Place, Any] = {}
        for some in chunks(list({place.person for place in places})):
            for row in _OF_PERSONS.all(session, persons=some):
                place = Place(row.person, row.owner, row.seal_class)
                if place in places:
                    newest[place] = row
        return newest

    def _keep(self, dek: Dek, present: int, now: float) -> None:
        with self._lock:
            self._cache.pop(dek.id, None)
            while len(self._cache) >= self._limit:
                del self._cache[next(iter(self._cache))]
            self._cache[dek.id] = _Cached(dek, present, now + SECONDS)


def dek_aad(dek_id: bytes, person: UUID, owner: str, seal_class: str, version: int, suite: int) -> bytes:
    """What a wrapped data key is bound to (docs/formats/sealed-value.md)."""
    return (
        bytes_part(dek_id)
        + uuid_part(person)
        + text_part(owner)
        + text_part(seal_class)
        + number_part(version)
        + number_part(suite)
    )


def row_aad(row: Any) -> bytes:
    """As `dek_aad`, of a row of key_dek."""
    return dek_aad(row.id, row.person, row.owner, row.seal_class, row.version, row.suite)


def chunks(items: Sequence[T], size: int = CHUNK) -> Iterator[Sequence[T]]:
    """The items in slices that any database takes in one statement."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
