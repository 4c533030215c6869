"""The sequencer: dense order, a tree that proves, checkpoints over what is committed, and nothing lost by a crash."""

import threading
import time
import uuid

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.audit import sequencer, tree
from portal.audit.note import open_checkpoint
from portal.audit.sequencer import Sequencer, drain, node_at, publish
from portal.audit.tables import CHECKPOINT, NODE, PENDING, SEQUENCE
from portal.db import begin_write
from portal.errors import LogUnavailable
from tests.machine import PATIENCE
from tests.portal.audit.conftest import ORIGIN, view


def notes(world):
    with world.session() as session:
        return session.connection().execute(select(CHECKPOINT.c.note).order_by(CHECKPOINT.c.size)).scalars().all()


def fill(world, count):
    """Pending rows as a crowd of writers leaves them, without the cost of entries."""
    rows = [
        {"writer": uuid.UUID(int=i % 7 + 1), "n": i // 7, "entry_id": uuid.uuid4(), "at": 10**15 + i, "leaf_hash": h}
        for i in range(count)
        for h in [tree.leaf_hash(i.to_bytes(4))]
    ]
    with world.session() as session, begin_write(session):
        for start in range(0, count, 5_000):
            session.connection().execute(PENDING.insert(), rows[start : start + 5_000])


def test_an_empty_log_has_a_checkpoint(world):
    assert world.drain() == 0
    assert world.drain() == 0
    (note,) = notes(world)
    assert open_checkpoint(note, world.signer().verifier).root == tree.EMPTY_ROOT
    assert world.check().whole


def test_every_checkpoint_extends_the_one_before(world):
    for count in (1, 3, 2):
        world.append(*[view(subjects=[]) for _ in range(count)])
        assert world.drain() == count
    points = [open_checkpoint(note, world.signer().verifier) for note in notes(world)]
    assert [point.size for point in points] == [1, 4, 6]
    with world.session() as session:
        node = node_at(session.connection())
        hashes = session.connection().execute(select(SEQUENCE.c.leaf_hash).order_by(SEQUENCE.c.index)).scalars().all()
        for old in points:
            for new in points:
                if old.size <= new.size:
                    proof = tree.prove_consistency(node, old.size, new.size)
                    tree.verify_consistency(old.size, new.size, old.root, new.root, proof)
        for index, leaf in enumerate(hashes):
            proof = tree.prove_inclusion(node, index, 6)
            tree.verify_inclusion(leaf, index, 6, proof, points[-1].root)


@pytest.mark.parametrize("size", [255, 256, 257, pytest.param(65_537, marks=pytest.mark.long)])
def test_proofs_from_stored_tiles(build, monkeypatch, size):
    world = build("sqlite")
    fill(world, size)
    monkeypatch.setattr(sequencer, "BATCH", 20_000)
    world.drain()
    with world.session() as session:
        connection = session.connection()
        point = open_checkpoint(notes(world)[-1], world.signer().verifier)
        hashes = connection.execute(select(SEQUENCE.c.leaf_hash).order_by(SEQUENCE.c.index)).scalars().all()
        levels = connection.execute(select(NODE.c.level)).scalars().all()
        assert {level: levels.count(level) for level in levels} == {
            level: size >> 8 * level for level in (1, 2) if size >> 8 * level
        }
        assert point.root == tree.root_of(hashes)
        for index in (0, size // 2, size - 1):
            proof = tree.prove_inclusion(node_at(connection), index, size)
            tree.verify_inclusion(hashes[index], index, size, proof, point.root)
        with pytest.raises(LookupError):
            node_at(connection)(0, size)


def test_a_writers_entries_keep_their_order_when_the_clock_goes_back(world):
    moments = iter([5_000_000, 9_000_000, 1_000_000, 7_000_000])
    world.log.clock = lambda: next(moments)
    world.append(*[view(subjects=[]) for _ in range(4)])
    world.drain()
    assert world.check().whole


def test_a_clock_that_goes_back_between_checkpoints_breaks_nothing(world):
    """Checkpoints are in order of size, not of time: the later one says an earlier hour, and the log is whole."""
    hours = iter([3, 1, 2])
    for _ in range(3):
        world.append(view(subjects=[]))
        with world.session() as session:
            drain(session, world.signer(), lambda: next(hours) * 3_600_000_000)
    with world.session() as session:
        rows = session.connection().execute(select(CHECKPOINT.c.size, CHECKPOINT.c.at).order_by(CHECKPOINT.c.size))
        assert [(row.size, row.at // 3_600_000_000) for row in rows] == [(1, 3), (2, 1), (3, 2)]
    report = world.check()
    assert (report.whole, report.covered) == (True, 3), report.sentence


def test_two_sequencers_at_once_give_each_entry_one_place(world):
    """Both see the same entries waiting; one waits for the other, and takes what is left."""
    world.append(*[view(subjects=[]) for _ in range(40)])
    done, start = [], threading.Barrier(2)

    def work():
        start.wait()
        with world.session() as session:
            done.append(drain(session, world.signer()))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(done) == 40
    report = world.check()
    assert (report.whole, report.covered, report.waiting) == (True, 40, 0), report.sentence


def test_a_batch_at_a_time(world, monkeypatch):
    monkeypatch.setattr(sequencer, "BATCH", 3)
    world.append(*[view(subjects=[]) for _ in range(8)])
    assert world.drain() == 8
    assert world.check().covered == 8


@pytest.mark.parametrize("step", ["before integrating", "before signing", "before storing"])
def test_a_crash_at_any_step_is_made_good(world, monkeypatch, step):
    world.append(view())
    world.drain()
    world.append(view(), view())

    def crash(*_):
        raise KeyboardInterrupt

    signer = world.signer()
    with monkeypatch.context() as patch:
        if step == "before integrating":
            patch.setattr(sequencer, "_move_head", crash)
        elif step == "before signing":
            patch.setattr(sequencer, "publish", crash)
        else:
            patch.setattr(signer, "sign", crash)
        with world.session() as session, pytest.raises(KeyboardInterrupt):
            drain(session, signer)
    assert len(notes(world)) == 1
    assert world.check().whole
    world.append(view())
    world.drain()
    report = world.check()
    assert (report.whole, report.entries, report.covered, report.waiting) == (True, 4, 4, 0)


def test_two_sequencers_take_turns(world):
    world.append(*[view(subjects=[]) for _ in range(4)])
    with world.session() as late:
        drain(late, world.signer())
        with world.session() as other:
            assert drain(other, world.signer()) == 0
        publish(late, world.signer())
    assert len(notes(world)) == 1


def test_a_damaged_head_stops_the_sequencer(world):
    world.append(view())
    world.drain()
    world.sql("UPDATE audit_head SET size = 3")
    world.append(view())
    with pytest.raises(LogUnavailable, match="damaged"):
        world.drain()
    assert len(world.sql("SELECT * FROM audit_pending")) == 1


def test_the_thread_covers_an_entry_within_two_seconds_and_at_the_end(build):
    world = build("sqlite")
    thread = Sequencer(world.engine, lambda session: world.log.signer(session, ORIGIN), every=0.05)
    world.log.woken = thread.wake
    world.append(view())
    until = time.monotonic() + PATIENCE
    while not notes(world) and time.monotonic() < until:
        time.sleep(0.02)
    assert len(notes(world)) == 1
    thread._every = 60
    world.append(view())
    thread.stop()
    thread.stop()
    report = world.check()
    assert (report.entries, report.covered) == (2, 2)


def test_the_thread_survives_a_failure(build, caplog):
    world = build("sqlite")
    thread = Sequencer(world.engine, lambda session: world.log.signer(session, ORIGIN), every=0.02)
    world.append(view())
    with Session(world.engine) as session, begin_write(session):
        session.execute(text("ALTER TABLE audit_head RENAME TO gone"))
    thread.wake()
    until = time.monotonic() + PATIENCE
    while not caplog.records and time.monotonic() < until:
        time.sleep(0.02)
    assert "will try again" in caplog.text
    assert "audit_head" not in caplog.text
    world.sql("ALTER TABLE gone RENAME TO audit_head")
    thread.wake()
    while not notes(world) and time.monotonic() < until:
        thread.wake()
        time.sleep(0.02)
    thread.stop()
    assert world.check().covered == 1


def test_a_checkpoint_follows_each_batch_so_that_restless_writers_put_none_off(world, monkeypatch):
    monkeypatch.setattr(sequencer, "BATCH", 2)
    world.append(*(view() for _ in range(5)))
    world.drain()
    assert [row[0] for row in world.sql("SELECT size FROM audit_checkpoint ORDER BY size")] == [2, 4, 5]
