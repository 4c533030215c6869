"""A database with the key tables only, and the three roots of an installation."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from portal.db import Base, open_engine
from portal.keys import catalogue, deks, tables
from portal.keys.local_file import LocalFile, create
from tests.postgres import server

TABLES = [tables.DEK, tables.SECRET, tables.GENERATION]


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Engine]:
    engine = open_engine(f"sqlite:///{tmp_path / 'keys.sqlite3'}")
    Base.metadata.create_all(engine, tables=TABLES)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def kept_postgresql() -> Iterator[Engine]:
    engine = open_engine(server().database())
    Base.metadata.create_all(engine, tables=TABLES)
    yield engine
    engine.dispose()


@pytest.fixture
def postgresql(kept_postgresql: Engine) -> Iterator[Engine]:
    yield kept_postgresql
    with kept_postgresql.begin() as connection:
        for table in TABLES:
            connection.execute(table.delete())


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Either database, empty."""
    engine: Engine = request.getfixturevalue(request.param)
    return engine


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with Session(engine) as session:
        yield session


@pytest.fixture
def provider(tmp_path: Path) -> LocalFile:
    return create(tmp_path / "roots" / f"{catalogue.RECORDS}.json")


@pytest.fixture
def keyring(provider: LocalFile) -> deks.Keyring:
    return deks.Keyring(provider)
