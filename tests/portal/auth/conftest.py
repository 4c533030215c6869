"""A database, an access log and a desk to sign in at; on SQLite, and on PostgreSQL where a test asks for `each`."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit import tables as audit_tables
from portal.audit.log import AccessLog
from portal.auth import capacities, people, sessions
from portal.auth.actor import Actor
from portal.auth.oidc import RelyingParty
from portal.auth.providers import load_catalogue
from portal.auth.sessions import Limits, SessionState
from portal.auth.signing_in import Desk
from portal.auth.tags import Tags
from portal.db import MINUTE, Base, now_micros, open_engine
from portal.keys import local_file
from tests.oidc.fixtures import Running, running
from tests.oidc.listening import Listener, listener
from tests.postgres import postgres  # noqa: F401

LIMITS = Limits(idle=15 * MINUTE, absolute=600 * MINUTE, step_up=15 * MINUTE)
TAGS = Tags(b"t" * 32)


@dataclass
class World:
    """A session on a fresh database, with its log. `party_of` etc. are short ways to make staff."""

    db: Session
    log: AccessLog
    now: int

    def person(self, name: str, party: str = "police") -> uuid.UUID:
        with self.log.transaction(self.db) as tx:
            return people.register(tx.session, TAGS.identity("test", name), party, self.now)

    def capacity(
        self,
        user: uuid.UUID,
        party: str = "police",
        role: str = "practitioner",
        starts: int | None = None,
        ends: int | None = None,
    ) -> capacities.Capacity:
        with self.log.transaction(self.db) as tx:
            return capacities.install(tx, user, party, role, self.now, ends, self.now)

    def administrator(self, party: str = "police") -> Actor:
        user = self.person(f"administrator of {party}", party)
        held = self.capacity(user, party, "admin")
        return Actor(user, party, "admin", "session-of-admin", held.id, False)

    def operations(self) -> list[str]:
        self.db.rollback()
        entry = audit_tables.ENTRY
        return list(self.db.scalars(select(entry.c.operation).order_by(entry.c.at)))

    def everything_stored(self) -> bytes:
        """Every value of every table, for a search of what must not be there."""
        self.db.rollback()
        rows = [row for table in Base.metadata.sorted_tables for row in self.db.execute(select(table))]
        return b"\n".join(v if isinstance(v, bytes) else str(v).encode() for row in rows for v in row)


def _world(url: str, folder: Path) -> Iterator[World]:
    engine = open_engine(url)
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            connection.execute(table.delete())
    keys = folder / "keys"
    keys.mkdir(mode=0o700)
    log = AccessLog(local_file.create(keys / "log.json"))
    with Session(engine) as db:
        yield World(db, log, now_micros())
    engine.dispose()


@pytest.fixture(scope="session")
def postgresql_address(postgres) -> str:  # noqa: F811
    """One database for all these tests: making one takes a second, emptying it a moment (see `_world`)."""
    return str(postgres.database())


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    yield from _world(f"sqlite:///{tmp_path / 'test.sqlite3'}", tmp_path)


@pytest.fixture(params=["sqlite", "postgresql"])
def each(request, tmp_path: Path) -> Iterator[World]:
    if request.param == "sqlite":
        yield from _world(f"sqlite:///{tmp_path / 'test.sqlite3'}", tmp_path)
    else:
        yield from _world(request.getfixturevalue("postgresql_address"), tmp_path)


@pytest.fixture(scope="session")
def portal_address() -> Iterator[Listener]:
    with listener() as found:
        yield found


@pytest.fixture(scope="session")
def real(portal_address: Listener) -> Iterator[Running]:
    with running(portal_address.base) as found:
        yield found


@pytest.fixture
def desk(world: World, real: Running, portal_address: Listener, tmp_path: Path) -> Desk:
    catalogue = load_catalogue(real.write_providers(tmp_path), demo=True)
    relying = RelyingParty(catalogue, portal_address.callback, demo=True)
    return Desk(world.log, relying, TAGS, LIMITS)


def state_of(world: World, cookie: str, now: int | None = None) -> SessionState:
    """The live session of a cookie; fails the test where there is none."""
    state = sessions.resolve(world.db, cookie, LIMITS, world.now if now is None else now)
    assert state is not None
    return state


def actor_of(world: World, cookie: str, now: int | None = None) -> Actor:
    """As `state_of`, for a session in which a capacity was chosen."""
    actor = state_of(world, cookie, now).actor
    assert actor is not None
    return actor
