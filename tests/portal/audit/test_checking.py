"""What a verification costs: usual entries go the short way, in flat memory, at a small multiple of hashing them."""

import hashlib
import time
import tracemalloc
import uuid
from unittest.mock import patch

import pytest

from portal.audit import checking, columns
from portal.audit.entry import Entry
from tests.portal.audit.conftest import view


def usual(count):
    """Entries as the portal makes them: about one person, about several, about nobody."""
    people = [uuid.uuid4() for _ in range(20)]
    visit, source = uuid.uuid4().hex, b"s" * 16
    for number in range(count):
        if number % 10 == 9:
            yield Entry("sign-in", actor=people[0], source=source)
        else:
            yield view(people[number % 20], correlation=visit, source=source, sealed_sha256=[bytes(32)])


def filled(world, count):
    """A log of as many entries more, in order and under a checkpoint for each hundred."""
    for _ in range(0, count, 100):
        world.append(*usual(100))
        world.drain()
    return world


def test_no_usual_entry_needs_the_long_way(world):
    filled(world, 200)
    with world.session() as session:
        world.log.close(session)  # the end of a writer is usual too
    world.drain()
    with patch.object(columns, "examine", side_effect=AssertionError("the long way")):
        assert world.check().entries == 201


def cpu(work):
    start = time.process_time()
    work()
    return time.process_time() - start


def hashed(session, size):
    connection = session.connection()
    for start in range(0, size, checking.BATCH):
        columns.DETAILS.all(connection, start=start, end=start + checking.BATCH)
        for raw in columns.PLACES.all(connection, start=start, end=start + checking.BATCH):
            hashlib.sha256(b"\0" + raw[3]).digest()


def test_it_costs_a_small_multiple_of_hashing(build):
    """About 2.5 (docs/bench.md); parsing and comparing each entry by itself would be above 10. The least of some turns,
    because other work on the machine only ever adds."""
    world = filled(build("sqlite"), 2_000)
    turns = []
    with world.session() as session:
        for _ in range(7):
            turns.append((cpu(world.check), cpu(lambda: hashed(session, 2_000))))
    assert min(turn[0] for turn in turns) < 6 * min(turn[1] for turn in turns)


def peak(work):
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_stays_flat(build):
    """What a verification reads of an entry has some 1,500 bytes."""
    with patch.object(checking, "BATCH", 100):
        world = filled(build("sqlite"), 300)
        world.check()
        few = peak(world.check)
        filled(world, 900)
        assert peak(world.check) < few + 300_000


@pytest.mark.long
def test_memory_stays_flat_over_many_more(world):
    filled(world, 2_000)
    few = peak(world.check)
    filled(world, 8_000)
    assert peak(world.check) < few + 500_000
