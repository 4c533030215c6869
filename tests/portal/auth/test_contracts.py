"""Contracts on both databases: what a period covers, who may record and end one, and that nothing is overwritten."""

from dataclasses import replace

import pytest

from portal.auth import contracts
from portal.auth.errors import CapacityRefused
from portal.db import DAY
from portal.errors import Conflict, NotFound

BRIDGES, COUNCIL = "barnet_bridges", "barnet_safety"


@pytest.fixture
def council(each):
    return each.administrator(COUNCIL)


def recorded(world, by, starts, ends):
    with world.log.transaction(world.db) as tx:
        return contracts.record(tx, by, BRIDGES, starts, ends, world.now)


def ended(world, by, id, at):
    with world.log.transaction(world.db) as tx:
        contracts.end(tx, by, id, at)


def covers(world, at):
    """What is known of Bridges at an instant: True, False, None where nothing is."""
    world.db.rollback()
    told = contracts.recorded(world.db, at)
    found = {runs for party, controller, runs in told if (party, controller) == (BRIDGES, COUNCIL)}
    assert len(found) <= 1, "one answer for each party and controller"
    return next(iter(found), None)


def test_a_period_covers_from_its_first_instant_until_not_including_its_end(each, council):
    now = each.now
    assert covers(each, now) is None
    recorded(each, council, now + DAY, now + 3 * DAY)
    told = [covers(each, now + at) for at in (0, DAY - 1, DAY, 3 * DAY - 1, 3 * DAY)]
    assert told == [False, False, True, True, False]
    recorded(each, council, now + 5 * DAY, None)
    assert [covers(each, now + at * DAY) for at in (2, 4, 5, 5000)] == [True, False, True, True]


def test_one_that_is_ended_covers_no_more_and_another_goes_on(each, council):
    now = each.now
    first, second = recorded(each, council, now - DAY, None), recorded(each, council, now, now + 9 * DAY)
    ended(each, council, first, now)
    assert covers(each, now) is True
    ended(each, council, second, now)
    assert covers(each, now) is False
    with pytest.raises(Conflict):
        ended(each, council, second, now + 1)
    rows = contracts.of_controller(each.db, COUNCIL)
    assert [(r.id, r.ended_at, r.ended_by) for r in rows] == [(second, now, council.user), (first, now, council.user)]
    assert [r.id for r in contracts.of_party(each.db, BRIDGES)] == [second, first]


def test_what_ran_out_cannot_be_ended_any_more(each, council):
    made = recorded(each, council, each.now, each.now + DAY)
    with pytest.raises(Conflict):
        ended(each, council, made, each.now + DAY)


def test_days_that_make_no_sense_are_refused(each, council):
    for starts, ends in ((0, each.now), (each.now + DAY, each.now + DAY), (each.now + DAY, each.now + 1)):
        with pytest.raises(CapacityRefused):
            recorded(each, council, starts, ends)
    assert covers(each, each.now) is None


def test_another_party_ends_nothing_and_who_is_no_administrator_records_nothing(each, council):
    made = recorded(each, council, each.now, None)
    for party in (BRIDGES, "police"):
        other = each.administrator(party)
        with pytest.raises(NotFound):
            ended(each, other, made, each.now)
        with pytest.raises(NotFound):
            contracts.one(each.db, party, made)
    with pytest.raises(NotFound):
        recorded(each, replace(council, role="spoc"), each.now, None)
    assert covers(each, each.now) is True
