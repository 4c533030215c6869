"""A database with the key tables only, and the three roots of an installation."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from portal.db import Base, open_engine
from portal.keys import catalogue, deks, tables
from portal.keys.local_file import LocalFile, create

TABLES = [tables.DEK, tables.SECRET, tables.GENERATION]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_engine(f"sqlite:///{tmp_path / 'keys.sqlite3'}")
    Base.metadata.create_all(engine, tables=TABLES)
    yield engine
    engine.dispose()


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
