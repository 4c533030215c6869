"""An access log on a real database: each test runs on SQLite and on PostgreSQL."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

import portal.keys.tables  # noqa: F401 (its tables belong to the metadata)
from portal.audit import checking, triggers
from portal.audit.entry import Entry, Outcome, Subject
from portal.audit.log import AccessLog, Receipt
from portal.audit.report import Report
from portal.audit.sequencer import drain
from portal.db import Base, open_engine
from portal.keys import local_file
from tests.postgres import postgres  # noqa: F401

ORIGIN = "log.example/test"
POLICE = Outcome(
    permitted=(("person.surname", "police", "7.1", ("cda98-s115",)),),
    withheld=(("update.text@health", "health", "9.2", None),),
)


class World:
    """One installation: an engine, a log, and short ways to use and check it."""

    def __init__(self, url: str, provider, protected: bool = True) -> None:
        self.url = url
        self.provider = provider
        self.engine: Engine = open_engine(url)
        tables = [table for name, table in Base.metadata.tables.items() if name.startswith(("audit_", "key_"))]
        with self.engine.begin() as connection:
            Base.metadata.create_all(connection, tables=tables)
            if protected:
                triggers.install(connection)
        self.log = AccessLog(provider)

    @property
    def sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    def session(self) -> Session:
        return Session(self.engine)

    def append(self, *entries: Entry) -> list[Receipt]:
        with self.session() as session, self.log.transaction(session) as tx:
            return [tx.append(entry) for entry in entries]

    def signer(self):
        with self.session() as session:
            return self.log.signer(session, ORIGIN)

    def drain(self) -> int:
        with self.session() as session:
            return drain(session, self.log.signer(session, ORIGIN))

    def check(self, held=()) -> Report:
        with self.session() as session:
            return checking.check(session, self.signer().verifier, held)

    def sql(self, *statements: str, **parameters):
        """Run statements as the database's owner, in one transaction; the rows of the last one if it has any."""
        from sqlalchemy import text

        with self.engine.begin() as connection:
            for statement in statements:
                result = connection.execute(text(statement), parameters)
            return result.all() if result.returns_rows else []

    def attack(self, *statements: str, **parameters) -> None:
        """As the owner, with every trigger dropped first and put back afterwards, so that only content is amiss."""
        with self.engine.begin() as connection:
            for statement in triggers.drop_statements(connection.dialect.name):
                connection.exec_driver_sql(statement)
        self.sql(*statements, **parameters)
        with self.engine.begin() as connection:
            triggers.install(connection)


def view(person: uuid.UUID | None = None, **changes) -> Entry:
    """A permitted case view of one person."""
    given: dict[str, Any] = {
        "operation": "consultation",
        "actor": uuid.UUID(int=7),
        "agency": "police",
        "role": "offender-manager",
        "session": "s-1",
        "purpose": "manage",
        "agreement": "barnet-iom@4#" + "a" * 64,
        "decided": POLICE,
        "subjects": [Subject(person or uuid.uuid4(), {"record": "r-1", "version": 3})],
    }
    return Entry(**(given | changes))


@pytest.fixture
def provider(tmp_path):
    """A root key of its own."""
    folder = tmp_path / "keys"
    folder.mkdir(mode=0o700)
    return local_file.create(folder / "log.json")


@pytest.fixture
def build(request, tmp_path, provider) -> Iterator[Callable[..., World]]:
    """`build(kind, protected=True)` makes a world on "sqlite" or "postgresql"."""
    worlds = []

    def make(kind: str, protected: bool = True) -> World:
        if kind == "sqlite":
            url = f"sqlite:///{tmp_path / f'log{len(worlds)}.sqlite3'}"
        else:
            url = request.getfixturevalue("postgres").schema()
        worlds.append(World(url, provider, protected))
        return worlds[-1]

    yield make
    for world in worlds:
        world.engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def world(request, build) -> World:
    """A protected log, on each engine in turn."""
    return build(request.param)
