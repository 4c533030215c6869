"""The connection to PostgreSQL is lost at COMMIT, by a proxy that cuts it: nobody knows whether it happened.

Whatever was being done, nothing is shown, at most one leaf comes of it, its writer begins a new chain, and the log is
whole and goes on.
"""

import time

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from portal.audit import erasing
from portal.audit.collecting import Collector
from portal.audit.entry import read_leaf
from portal.audit.note import Cosigner, split_note
from portal.audit.policy import Policy
from portal.audit.sequencer import Sequencer
from portal.audit.stopping import Stop
from portal.audit.tables import CHECKPOINT, COSIGNATURE, ENTRY, SEQUENCE
from portal.db import open_engine
from portal.errors import LogUnavailable
from tests.cutting import proxied
from tests.machine import PATIENCE
from tests.portal.audit.conftest import ORIGIN, view
from tests.portal.audit.test_collecting import scripted
from tests.portal.audit.test_erasing import ANN, BEN, KEPT, at, check, who


@pytest.fixture
def cut(build):
    """A log whose connections lead through the proxy, and the proxy."""
    world = build("postgresql")
    direct = world.engine
    with proxied(world.url) as proxy:
        world.engine = open_engine(proxy.url)
        world.append(view())
        world.drain()
        yield world, proxy
        world.engine.dispose()
    world.engine = direct


def count(world, table):
    with world.session() as session:
        return session.execute(select(func.count()).select_from(table)).scalar_one()


def settled(world, table, number):
    """How many rows there are, once the server has done what it was told last."""
    until = time.monotonic() + PATIENCE
    while count(world, table) != number and time.monotonic() < until:
        time.sleep(0.02)
    return count(world, table)


@pytest.mark.parametrize("how", ["before", "after"])
def test_an_entry_whose_commit_is_in_doubt_shows_nothing_and_has_one_leaf_at_most(cut, how):
    world, proxy = cut
    world.append(view())
    proxy.cut = how
    shown = []
    with pytest.raises(LogUnavailable):
        shown.append(world.append(view()))
    assert (shown, proxy.cuts) == ([], 1)
    assert settled(world, ENTRY, 3 if how == "after" else 2) == (3 if how == "after" else 2)
    world.append(view())
    world.drain()
    report = world.check()
    assert report.whole, report.sentence
    assert report.covered == report.entries == (4 if how == "after" else 3)
    with world.session() as session:
        leaves = [read_leaf(leaf) for leaf in session.execute(select(ENTRY.c.leaf).order_by(ENTRY.c.at)).scalars()]
    assert (leaves[-1]["n"], leaves[-1]["prev"]) == (0, None), "a new chain"
    assert leaves[-1]["writer"] != leaves[0]["writer"]


@pytest.mark.parametrize("how", ["before", "after"])
@pytest.mark.parametrize("which", [1, 2], ids=["order", "checkpoint"])
def test_a_sequencer_that_lost_its_commit_gives_each_entry_one_place(cut, how, which, monkeypatch):
    """First the order of the entries commits, then the checkpoint over it: each may be the one in doubt."""
    from portal.audit import sequencer

    world, proxy = cut
    world.append(view(), view())
    if which == 1:
        proxy.cut = how
    else:
        publish = sequencer.publish

        def armed(*arguments):
            proxy.cut = how
            publish(*arguments)

        monkeypatch.setattr(sequencer, "publish", armed)
    with pytest.raises(LogUnavailable):
        Sequencer(world.engine, lambda session: world.log.signer(session, ORIGIN)).at_once()
    monkeypatch.undo()
    assert proxy.cuts == 1
    before = world.check()
    assert before.whole, before.sentence
    world.append(view())
    world.drain()
    report = world.check()
    assert report.whole, report.sentence
    assert (report.entries, report.covered, report.waiting) == (4, 4, 0)
    assert count(world, SEQUENCE) == 4


@pytest.mark.parametrize("how", ["before", "after"])
def test_a_cosignature_that_lost_its_commit_is_kept_once(cut, how, tmp_path):
    world, proxy = cut
    witness = Cosigner("police.example", b"\x01" * 32)

    def answer(request):
        sent = request.decode().partition("\n\n")[2]
        return 200, f"{witness.cosign(split_note(sent)[0], int(time.time())).line}\n".encode()

    with scripted(answer) as url:
        policy = Policy.parse(f"witness police {witness.key} {url}\nquorum police\n".encode())
        collector = Collector(world.engine, policy, lambda s: world.log.signer(s, ORIGIN), Stop(tmp_path), tmp_path)
        proxy.cut = how
        collector.check()
        assert proxy.cuts == 1
        collector.check()
    assert (count(world, COSIGNATURE), count(world, CHECKPOINT)) == (1, 1)
    assert not Stop(tmp_path)
    assert world.check().whole


@pytest.mark.parametrize("how", ["before", "after"])
def test_details_that_are_being_erased_are_all_there_or_none_and_the_next_run_ends_it(cut, how):
    world, proxy = cut
    at(world, 2026)
    receipts = world.append(view(ANN), view(BEN))
    world.drain()
    at(world, 2033)
    with world.session() as session:
        erasing.announce(session, world.log, KEPT, 2026)
    world.drain()
    proxy.cut = how
    with pytest.raises((LogUnavailable, DBAPIError)), world.session() as session:
        erasing.destroy(session, world.log)
    left = [None, None] if how == "after" else [ANN, BEN]
    until = time.monotonic() + PATIENCE
    while who(world, receipts) != left and time.monotonic() < until:
        time.sleep(0.02)
    assert who(world, receipts) == left
    with world.session() as session:
        erasing.destroy(session, world.log)
    assert who(world, receipts) == [None, None]
    report = check(world)
    assert report.whole, report.sentence
