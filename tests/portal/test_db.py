"""SQLite's write-ahead log: carried over by `settle`, not by whoever commits."""

import shutil
import sqlite3
import time
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, insert
from sqlalchemy.orm import Session

from portal.db import UNSETTLED, begin_write, open_engine, settle
from tests.machine import PATIENCE

NOTE = Table("note", MetaData(), Column("id", Integer, primary_key=True), Column("text", String(4000)))
PAGES = 1_500
"""More than the thousand at which SQLite by itself would keep the committing writer, and all others, waiting."""


@pytest.fixture
def written(tmp_path: Path):
    engine = open_engine(f"sqlite:///{tmp_path}/d.db")
    NOTE.metadata.create_all(engine)
    settle(engine)
    with Session(engine) as session, begin_write(session):
        session.execute(insert(NOTE), [{"id": n, "text": "x" * 4000} for n in range(PAGES)])
    yield engine, tmp_path / "d.db"
    engine.dispose()


def carried_over(path: Path) -> int:
    """The rows that stand in the database's own file, without what still lies in the log beside it."""
    alone = path.with_name("alone.db")
    shutil.copy(path, alone)
    with sqlite3.connect(alone) as connection:
        found: int = connection.execute("SELECT count(*) FROM note").fetchone()[0]
    return found


def test_a_commit_is_spared_what_settling_carries_over(written) -> None:
    engine, path = written
    assert carried_over(path) == 0
    settle(engine)
    assert carried_over(path) == PAGES


def test_settling_waits_for_nobody_and_nobody_for_it(written) -> None:
    engine, path = written
    with Session(engine) as reader, Session(engine) as writer:
        assert len(reader.execute(NOTE.select()).all()) == PAGES
        with begin_write(writer):
            writer.execute(insert(NOTE), {"id": PAGES, "text": "late"})
            start = time.monotonic()
            settle(engine)
            assert time.monotonic() - start < 5 * PATIENCE, "it would wait 30 s for the writer"
        assert len(reader.execute(NOTE.select()).all()) == PAGES  # its snapshot still stands
    settle(engine)
    assert carried_over(path) == PAGES + 1


def test_without_a_sequencer_the_log_does_not_grow_without_end(written) -> None:
    engine, path = written
    rounds = UNSETTLED // PAGES + 1
    with Session(engine) as session:
        for turn in range(1, rounds):
            with begin_write(session):
                rows = [{"id": turn * PAGES + n, "text": "x" * 4000} for n in range(PAGES)]
                session.execute(insert(NOTE), rows)
    assert carried_over(path) > UNSETTLED // 2
