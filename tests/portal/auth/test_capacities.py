"""Capacities and leavers: who may grant what to whom, and that an end is an end at the next request."""

import dataclasses
import uuid

import pytest

from portal.auth import capacities, people, sessions
from portal.auth.errors import CapacityRefused, SignInRefused
from portal.auth.sessions import SignedInBy
from portal.db import DAY
from portal.errors import NotFound
from tests.portal.auth.conftest import LIMITS, TAGS, World


def grant(world: World, admin, user, role="practitioner", starts=None, ends=None):
    with world.log.transaction(world.db) as tx:
        return capacities.grant(tx, admin, user, role, world.now if starts is None else starts, ends, world.now)


def sign_in(world: World, user, capacity):
    by = SignedInBy("police", TAGS.identity("test", "x"), None, None, "t")
    with world.log.transaction(world.db) as tx:
        return sessions.create(tx.session, user, by, capacity, world.now + LIMITS.absolute, world.now)


def alive(world: World, fresh) -> bool:
    world.db.rollback()
    return sessions.resolve(world.db, fresh.cookie, LIMITS, world.now) is not None


def test_an_administrator_grants_with_dates(each):
    admin, user = each.administrator(), each.person("a")
    made = grant(each, admin, user, starts=each.now + DAY, ends=each.now + 2 * DAY)
    assert (made.party, made.role, made.granted_by) == ("police", "practitioner", admin.user)
    in_force = [capacities.current(each.db, user, each.now + day * DAY) for day in (0, 1, 2)]
    assert in_force == [(), (made,), ()]
    assert made in capacities.of_party(each.db, "police", each.now)
    assert each.operations()[-1] == "capacity-granted"


@pytest.mark.parametrize(("starts", "ends"), [(2, 1), (1, 1), (-3, -1)])
def test_dates_must_make_sense(each, starts, ends):
    admin, user = each.administrator(), each.person("a")
    with pytest.raises(CapacityRefused):
        grant(each, admin, user, starts=each.now + starts * DAY, ends=each.now + ends * DAY)


def test_nobody_grants_to_themselves_nor_twice_nor_to_nobody(each):
    admin, user = each.administrator(), each.person("a")
    with pytest.raises(CapacityRefused):
        grant(each, admin, admin.user)
    grant(each, admin, user)
    with pytest.raises(CapacityRefused):
        grant(each, admin, user)
    with pytest.raises(NotFound):
        grant(each, admin, uuid.uuid4())


def test_only_an_administrator_in_force_of_that_very_party(each):
    admin, user = each.administrator(), each.person("a")
    worker = each.capacity(each.person("w"))
    impostors = [
        dataclasses.replace(admin, role="practitioner"),
        dataclasses.replace(admin, party="barnet_housing"),
        dataclasses.replace(admin, user=user),
        dataclasses.replace(admin, capacity=worker.id, user=worker.user),
        dataclasses.replace(admin, capacity=uuid.uuid4()),
    ]
    with each.log.transaction(each.db) as tx:
        for impostor in impostors:
            for act in (
                lambda who: capacities.grant(tx, who, user, "practitioner", each.now, None, each.now),
                lambda who: capacities.end(tx, who, worker.id, each.now),
                lambda who: people.leaver(tx, who, worker.user, each.now),
                lambda who: people.end_sessions(tx, who, worker.user, each.now),
            ):
                with pytest.raises(NotFound):
                    act(impostor)
    assert capacities.current(each.db, worker.user, each.now) == (worker,)


def test_an_administrator_whose_capacity_ended_a_moment_ago_grants_nothing(each):
    admin, user = each.administrator(), each.person("a")
    held = each.capacity(each.person("second"), role="admin")
    other = dataclasses.replace(admin, user=held.user, capacity=held.id)
    with each.log.transaction(each.db) as tx:
        capacities.end(tx, other, admin.capacity, each.now)
    with pytest.raises(NotFound):
        grant(each, admin, user)


def test_ending_a_capacity_ends_the_sessions_in_it_and_no_others(each):
    admin, user = each.administrator(), each.person("a")
    made, other = grant(each, admin, user), each.capacity(user, party="barnet_youth")
    inside, outside = sign_in(each, user, made.id), sign_in(each, user, other.id)
    with each.log.transaction(each.db) as tx:
        capacities.end(tx, admin, made.id, each.now)
    assert (alive(each, inside), alive(each, outside)) == (False, True)
    assert each.operations()[-2:] == ["capacity-ended", "session-ended"]
    with each.log.transaction(each.db) as tx, pytest.raises(NotFound):
        capacities.end(tx, admin, made.id, each.now)
    with each.log.transaction(each.db) as tx, pytest.raises(NotFound):
        capacities.end(tx, admin, other.id, each.now)


def test_a_leaver_loses_everything_at_once_and_cannot_come_back(each):
    admin, user = each.administrator(), each.person("a")
    made, elsewhere = grant(each, admin, user), each.capacity(user, party="barnet_youth")
    live = [sign_in(each, user, made.id), sign_in(each, user, elsewhere.id), sign_in(each, user, None)]
    with each.log.transaction(each.db) as tx:
        people.leaver(tx, admin, user, each.now)
    assert not any(alive(each, fresh) for fresh in live)
    assert capacities.current(each.db, user, each.now) == ()
    with pytest.raises(SignInRefused, match="account-ended"), each.log.transaction(each.db) as tx:
        people.register(tx.session, TAGS.identity("test", "a"), "police", each.now)
    with pytest.raises(NotFound):
        grant(each, admin, user)
    operations = each.operations()
    assert operations.count("account-ended") == 1
    assert operations.count("capacity-ended") == 2
    assert operations.count("session-ended") == 3


def test_another_partys_administrator_cannot_declare_a_leaver_but_ends_sessions_of_its_holders(each):
    admin = each.administrator("barnet_youth")
    user, stranger = each.person("a"), each.person("b")
    fresh = sign_in(each, user, each.capacity(user, party="barnet_youth").id)
    with each.log.transaction(each.db) as tx:
        with pytest.raises(NotFound):
            people.leaver(tx, admin, user, each.now)
        with pytest.raises(NotFound):
            people.end_sessions(tx, admin, stranger, each.now)
    assert alive(each, fresh)
    with each.log.transaction(each.db) as tx:
        assert people.end_sessions(tx, admin, user, each.now) == 1
    assert not alive(each, fresh)


def test_another_partys_administrator_leaves_the_work_for_other_parties_alone(each):
    admin, user = each.administrator("barnet_youth"), each.person("a")
    theirs, ours = each.capacity(user, party="barnet_youth"), each.capacity(user)
    guest, home, undecided = (sign_in(each, user, capacity) for capacity in (theirs.id, ours.id, None))
    with each.log.transaction(each.db) as tx:
        assert people.end_sessions(tx, admin, user, each.now) == 1
    assert [alive(each, fresh) for fresh in (guest, home, undecided)] == [False, True, True]
    own = each.administrator()
    with each.log.transaction(each.db) as tx:
        assert people.end_sessions(tx, own, user, each.now) == 2


def test_someone_who_moves_loses_what_the_former_party_granted(each):
    user = each.person("mover", "barnet_housing")
    former, kept = each.capacity(user, party="barnet_housing"), each.capacity(user, party="barnet_youth")
    fresh = sign_in(each, user, former.id)
    with each.log.transaction(each.db) as tx:
        tag = TAGS.identity("test", "mover")
        assert people.admit(tx, tag, "barnet_youth", ["lead", "Robert'); DROP TABLE", "spoc"], each.now) == user
    assert capacities.current(each.db, user, each.now) == (kept,)
    assert not alive(each, fresh)
    assert people.one_of_party(each.db, "barnet_youth", user).suggested == ("lead", "spoc")
    assert capacities.history_of(each.db, user, "barnet_housing")[0].ended_at == each.now


def test_people_of_a_party_are_its_own_and_its_holders(each):
    own, holder, other = each.person("own"), each.person("holder", "barnet_youth"), each.person("other", "dwp")
    each.capacity(holder)
    sign_in(each, own, None)
    found = {person.user: person for person in people.of_party(each.db, "police")}
    assert set(found) == {own, holder}
    assert found[own].last_signed_in == each.now
    assert found[holder].last_signed_in is None
    assert other not in found
