"""A writer that falls silent says so, and with it whether its last entries are still there."""

import pytest
from sqlalchemy import select

from portal.audit.log import AccessLog
from portal.audit.retiring import Retiring
from portal.audit.tables import ENTRY
from portal.db import HOUR
from tests.portal.audit.conftest import view
from tests.portal.audit.excerpts import export, run


def operations(world):
    with world.session() as session:
        return session.execute(select(ENTRY.c.operation).order_by(ENTRY.c.at, ENTRY.c.n)).scalars().all()


def retire(world, idle):
    with world.session() as session:
        return world.log.retire(session, idle)


def cut_before_sequencing(world):
    """The owner takes the last entry away within the second before it gets its place."""
    world.append(view(), view())
    world.drain()
    world.append(view())
    world.attack("DELETE FROM audit_entry WHERE n = 2", "DELETE FROM audit_pending WHERE n = 2")
    world.drain()


def test_a_tail_cut_before_it_got_its_place_shows_when_its_writer_retires(world):
    cut_before_sequencing(world)
    assert world.check().whole, "the attack works while the writer is silent"
    assert retire(world, 3600.0) == 0
    assert world.check().whole
    assert retire(world, 0.0) == 1
    world.drain()
    report = world.check()
    assert "before it, entry 2 of its writer is missing" in report.sentence
    assert not report.whole


def test_a_writer_that_is_used_is_left_alone_and_none_is_closed_twice(world):
    world.append(view())
    assert retire(world, 60.0) == 0
    world.append(view())
    assert [retire(world, 0.0), retire(world, 0.0)] == [1, 0]
    world.append(view())
    world.drain()
    assert operations(world) == ["consultation", "consultation", "log-closed", "consultation"]
    assert world.check().whole


@pytest.fixture
def killed(build):
    """A log of one writer whose process was killed three hours ago, and of another that goes on."""
    world = build("sqlite")
    clock = world.log.clock
    world.log.clock = lambda: clock() - 3 * HOUR
    (receipt,) = world.append(view())
    world.log = AccessLog(world.provider)
    world.append(view())
    world.drain()
    return world, receipt.reference


def test_a_chain_that_simply_stopped_is_named_and_no_fault(killed, tmp_path, capsys):
    world, reference = killed
    report = world.check()
    assert (report.whole, report.silent) == (True, 1)
    assert f"One writer stopped without a closing entry, the last after reference {reference} on " in report.sentence
    said = run(capsys, export(world, tmp_path / "b.zip"), "--key", world.signer().verifier)
    assert (
        said.code,
        f"1 writer stopped without a closing entry, the last after reference {reference}" in said.out,
    ) == (
        0,
        True,
    )


def test_one_that_closed_is_not(build):
    world = build("sqlite")
    clock = world.log.clock
    world.log.clock = lambda: clock() - 3 * HOUR
    world.append(view())
    retire(world, 0.0)
    world.drain()
    assert world.check().silent == 0


def test_a_process_closes_its_writers_when_it_ends_and_does_not_begin_anew(build):
    world = build("sqlite")
    retiring = Retiring(world.engine, world.log)
    world.log.woken = retiring.wake
    world.append(view())
    assert retiring._thread is not None
    retiring.stop()
    assert retiring._thread is None
    assert operations(world) == ["consultation", "log-closed"]


def test_the_thread_closes_what_is_idle(build):
    world = build("sqlite")
    retiring = Retiring(world.engine, world.log, idle=0.0, every=0.0)
    world.append(view())
    retiring._round()
    assert operations(world) == ["consultation", "log-closed"]


def test_a_failure_is_said_without_data_and_tried_again(build, caplog):
    world = build("sqlite")
    retiring = Retiring(world.engine, world.log, idle=0.0)
    world.append(view())
    world.sql("ALTER TABLE audit_pending RENAME TO gone")
    retiring._round()
    assert "could not be closed: LogUnavailable" in caplog.text
    world.sql("ALTER TABLE gone RENAME TO audit_pending")
    world.attack("SELECT 1")  # puts the triggers back: SQLite has rewritten their text
    assert retire(world, 0.0) == 1
