"""The disk is full: nothing is shown, the log stays whole, and it goes on when there is room again.

For an entry on SQLite the file may not grow. What the sequencer writes fits into what it frees, so there, and on
PostgreSQL, the statement fails as it does on a full disk (SQLSTATE 53100).
"""

from contextlib import contextmanager

import pytest
from sqlalchemy import event, func, select

from portal.audit.sequencer import Sequencer
from portal.audit.tables import CHECKPOINT, ENTRY, PENDING, SEQUENCE
from portal.errors import LogUnavailable
from tests.portal.audit.conftest import ORIGIN, view

MANY = 120


@contextmanager
def full(world, table):
    """No room for another row of this table while the block runs."""
    if world.sqlite and table not in ("audit_entry", "audit_pending"):
        body = "BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
        world.sql(f"CREATE TRIGGER no_room BEFORE INSERT ON {table} {body}")
        yield
        world.sql("DROP TRIGGER no_room")
        return
    if world.sqlite:

        def limit(connection):
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

        event.listen(world.engine, "begin", limit)
        yield
        event.remove(world.engine, "begin", limit)
        world.engine.dispose()
        return
    world.sql(
        "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS "
        "$$BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END$$",
        f"CREATE TRIGGER no_room BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION no_room()",
    )
    yield
    world.sql(f"DROP TRIGGER no_room ON {table}", "DROP FUNCTION no_room()")


def count(world, table):
    with world.session() as session:
        return session.execute(select(func.count()).select_from(table)).scalar_one()


def at_once(world):
    sequencer = Sequencer(world.engine, lambda session: world.log.signer(session, ORIGIN))
    try:
        sequencer.at_once()
    finally:
        sequencer.stop()


@pytest.mark.parametrize("table", ["audit_entry", "audit_pending"])
def test_no_room_for_an_entry_nothing_shown(world, table):
    world.append(view())
    world.drain()
    shown = []
    with full(world, table), pytest.raises(LogUnavailable):
        shown += world.append(*(view() for _ in range(MANY)))
    assert (shown, count(world, ENTRY)) == ([], 1)
    world.append(view())
    world.drain()
    report = world.check()
    assert (report.whole, report.entries, report.covered) == (True, 2, 2), report.sentence


@pytest.mark.parametrize("table", ["audit_sequence", "audit_checkpoint"])
def test_no_room_for_the_order_or_the_checkpoint_keeps_what_was_committed(world, table):
    world.append(*(view(subjects=[]) for _ in range(MANY)))
    with full(world, table), pytest.raises(LogUnavailable):
        at_once(world)
    assert count(world, CHECKPOINT) == 0
    assert count(world, SEQUENCE) + count(world, PENDING) == MANY
    before = world.check()
    assert before.whole, before.sentence
    at_once(world)
    report = world.check()
    assert (report.whole, report.covered, report.waiting) == (True, MANY, 0), report.sentence
