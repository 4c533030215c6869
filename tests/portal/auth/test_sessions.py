"""Sessions live as long as they should and not a moment longer, on both databases."""

import pytest
from sqlalchemy import event, select

from portal.auth import sessions
from portal.auth.hints import open_hint
from portal.auth.sessions import SignedInBy
from portal.auth.tables import CapacityGrant, LoginSession, UserAccount
from portal.db import DAY, MINUTE
from tests.portal.auth.conftest import LIMITS, TAGS, World, actor_of, state_of

BY = SignedInBy("police", TAGS.identity("i", "s"), TAGS.provider_session("i", "sid"), None, "id-token")


def start(world: World, user, capacity=None, ends=None):
    with world.log.transaction(world.db) as tx:
        return sessions.create(tx.session, user, BY, capacity, ends or world.now + LIMITS.absolute, world.now)


def resolve(world: World, cookie, after=0):
    world.db.rollback()
    return sessions.resolve(world.db, cookie, LIMITS, world.now + after)


def touch(world: World, fresh, after):
    with world.log.transaction(world.db) as tx:
        sessions.touch(tx.session, fresh.session, world.now + after)


def test_only_the_cookie_finds_the_session_and_only_its_hash_is_stored(each):
    fresh = start(each, each.person("a"))
    assert state_of(each, fresh.cookie).session == fresh.session
    for wrong in ("", fresh.session, fresh.cookie[:-1], sessions.hash_cookie(fresh.cookie).hex()):
        assert resolve(each, wrong) is None
    assert fresh.cookie.encode() not in each.everything_stored()
    assert fresh.cookie not in repr(fresh)


def test_idle_sessions_end_and_use_keeps_them(each):
    fresh = start(each, each.person("a"))
    assert resolve(each, fresh.cookie, LIMITS.idle - 1)
    assert resolve(each, fresh.cookie, LIMITS.idle) is None
    touch(each, fresh, 10 * MINUTE)
    assert resolve(each, fresh.cookie, 10 * MINUTE + LIMITS.idle - 1)
    assert resolve(each, fresh.cookie, 10 * MINUTE + LIMITS.idle) is None


def test_last_seen_is_due_once_a_minute_and_never_goes_back(each):
    fresh = start(each, each.person("a"))
    assert not state_of(each, fresh.cookie, each.now + MINUTE - 1).touch_due
    assert state_of(each, fresh.cookie, each.now + MINUTE).touch_due
    touch(each, fresh, 5 * MINUTE)
    touch(each, fresh, 2 * MINUTE)
    assert not state_of(each, fresh.cookie, each.now + 5 * MINUTE).touch_due
    assert resolve(each, fresh.cookie, 5 * MINUTE + LIMITS.idle - 1)


def test_the_absolute_limit_holds_however_busy_the_session(each):
    fresh = start(each, each.person("a"))
    last = LIMITS.absolute - 1
    touch(each, fresh, last)
    assert resolve(each, fresh.cookie, last)
    assert resolve(each, fresh.cookie, LIMITS.absolute) is None


def test_resolving_is_one_query(each):
    capacity = each.capacity(each.person("a"))
    fresh = start(each, capacity.user, capacity.id)
    asked = []
    engine = each.db.get_bind()
    event.listen(engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    assert actor_of(each, fresh.cookie).capacity == capacity.id
    assert [text.split()[0] for text in asked if text != "BEGIN"] == ["SELECT"]


def test_an_ended_or_expired_capacity_ends_the_session_at_the_next_request(each):
    expiring = each.capacity(each.person("a"), ends=each.now + 5 * MINUTE)
    fresh = start(each, expiring.user, expiring.id)
    assert resolve(each, fresh.cookie, 5 * MINUTE - 1)
    assert resolve(each, fresh.cookie, 5 * MINUTE) is None


@pytest.mark.parametrize("table", [UserAccount, CapacityGrant])
def test_an_ended_account_or_capacity_is_noticed_even_if_nobody_ended_the_session(each, table):
    capacity = each.capacity(each.person("a"))
    fresh = start(each, capacity.user, capacity.id)
    with each.log.transaction(each.db) as tx:
        tx.session.get_one(table, capacity.user if table is UserAccount else capacity.id).ended_at = each.now
    assert resolve(each, fresh.cookie) is None


def test_rotation_kills_the_old_cookie_and_keeps_the_times(each):
    user = each.person("a")
    fresh = start(each, user, ends=each.now + 8 * MINUTE)
    capacity = each.capacity(user)
    with each.log.transaction(each.db) as tx:
        second = sessions.rotate(tx.session, fresh.cookie, capacity.id, each.now + MINUTE)
    assert second is not None
    assert second.session != fresh.session
    assert resolve(each, fresh.cookie) is None
    assert state_of(each, second.cookie).ends == each.now + 8 * MINUTE
    with each.log.transaction(each.db) as tx:
        assert sessions.rotate(tx.session, fresh.cookie, capacity.id, each.now) is None


def test_the_sign_out_hint_opens_with_the_newest_cookie_only(each):
    user = each.person("a")
    first = start(each, user)
    with each.log.transaction(each.db) as tx:
        second = sessions.step_up(tx.session, first.cookie, first.session, BY.identity_tag, each.now)
        assert second is not None
        row = tx.session.get_one(LoginSession, first.session)
        assert open_hint(second.cookie, row.sealed_hint) == "id-token"
        assert open_hint(first.cookie, row.sealed_hint) is None
        sessions.end(tx.session, [row], "signed-out", each.now)
        assert row.sealed_hint is None


@pytest.mark.parametrize("wrong", ["session", "identity", "cookie"])
def test_a_step_up_is_for_this_session_and_this_person(each, wrong):
    first, other = start(each, each.person("a")), start(each, each.person("b"))
    identity = TAGS.identity("i", "someone else") if wrong == "identity" else BY.identity_tag
    public = other.session if wrong == "session" else first.session
    cookie = "x" if wrong == "cookie" else first.cookie
    with each.log.transaction(each.db) as tx:
        assert sessions.step_up(tx.session, cookie, public, identity, each.now) is None
    assert resolve(each, first.cookie)


def test_a_signal_names_sessions_by_tags_never_by_nothing(each):
    user = each.person("a")
    start(each, user)
    sid, identity, other = BY.sid_tag, BY.identity_tag, TAGS.identity("i", "other")
    counts = [
        len(sessions.live_by_tags(each.db, *pair))
        for pair in ((sid, None), (None, identity), (sid, identity), (sid, other), (None, other), (None, None))
    ]
    assert counts == [1, 1, 1, 0, 0, 0]


def test_a_sign_in_sweeps_what_that_person_left_behind_a_day_ago(each):
    user, other, then = each.person("a"), each.person("b"), each.now - DAY
    start(each, user, ends=then + 1)
    start(each, user)
    with each.log.transaction(each.db) as tx:
        sessions.end(tx.session, sessions.live_of_user(tx.session, user)[1:], "signed-out", then + 1)
    kept = [start(each, other, ends=then + 1)]  # nobody else's: it tells when they were last here
    kept += [start(each, user, ends=then + 2)]
    assert len(each.db.scalars(select(LoginSession.public_id)).all()) == 4
    each.now += 1
    kept += [start(each, user)]
    each.db.rollback()
    assert set(each.db.scalars(select(LoginSession.public_id))) == {fresh.session for fresh in kept}
