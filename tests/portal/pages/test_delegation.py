"""Somebody stands in for an officer or a SPOC: for a time, one step deep, never oneself, no longer than their role."""

import threading
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from portal.audit.overview import about
from portal.audit.reading import Filters, page
from portal.auth import capacities, delegations, induction, people
from portal.auth.actor import Actor
from portal.auth.errors import CapacityRefused
from portal.db import DAY, now_micros
from portal.errors import NotFound
from tests import clock
from tests.installation import INDUCTED
from tests.portal.pages.test_secondment import day
from tests.portal.pages.visitor import Visitor

TODAY = clock.FIRST.date()
LAST = TODAY + timedelta(days=13)


@pytest.fixture
def officer(world):
    return world.actor("police", "dpo", "Dana Poe")


@pytest.fixture
def ada(world):
    return world.actor("police", "practitioner", "Ada Okafor")


@pytest.fixture
def desk(web, world, officer):
    """The officer's browser."""
    web.sign_in(officer)
    return web


def form(user, first=TODAY, last=LAST):
    return {"user": str(user.user if user else ""), **day("starts", first), **day("ends", last)}


def held(world, who, role="dpo", when=None):
    world.session.rollback()
    return [c for c in capacities.current(world.session, who.user, when or now_micros()) if c.role == role]


def acting(ada, capacity, role="dpo"):
    return Actor(ada.user, "police", role, "", capacity.id, stepped_up=True, induction=INDUCTED)


def named(world, by, user, days=14):
    """As the page does it; the stand-in as they act then."""
    now = now_micros()
    with world.doors.log.transaction(world.session) as tx:
        made = delegations.delegate(tx, by, user.user, now, now + days * DAY, now)
    return acting(user, made, by.role)


@contextmanager
def refused(words):
    with pytest.raises(CapacityRefused) as found:
        yield
    assert words in found.value.words


def test_a_colleague_acts_in_the_role_under_their_own_name_until_the_last_day(desk, world, officer, ada):
    assert 'href="/stand-in"' in desk.get("/log/home").text
    assert "Nobody has stood in for you." in (desk.get("/stand-in"), desk.text)[1]
    assert desk.post("/stand-in", form(ada)).status_code == 303
    assert "Ada Okafor 25 November 2026 to 8 December 2026" in (desk.get("/stand-in"), desk.text)[1]
    [capacity] = held(world, ada)
    stand_in = Visitor(world, acting(ada, capacity))
    text = stand_in.get("/log/home")
    assert "acting as data protection officer, Police" in text
    assert "Ada Okafor" in text
    assert held(world, ada, when=now_micros() + 13 * DAY) == [capacity]
    with clock.ticking(clock.FIRST + timedelta(days=14)):
        gone = stand_in.client.get("/log/home", follow_redirects=True)
        assert "Verify the log" not in gone.text
        desk.sign_in(officer)
        assert "By itself" in (desk.get("/stand-in"), desk.text)[1]


def test_nobody_lends_a_role_from_a_session_that_was_left_open(web, world, ada):
    """The log asks who it is afresh; whoever sits down at that screen must not give it to a colleague instead."""
    web.sign_in(world.actor("police", "dpo", "Dana Poe", stepped_up=False))
    assert web.get("/stand-in").status_code == 302
    assert web.post("/stand-in", form(ada)).status_code == 428
    assert held(world, ada) == []


def test_it_is_over_at_the_next_request_when_it_is_ended(desk, world, officer, ada):
    stand_in = Visitor(world, named(world, officer, ada))
    stand_in.get("/log/home")
    [capacity] = held(world, ada)
    assert desk.post(f"/stand-in/{capacity.id}/end").status_code == 303
    assert "Ended. They do not act in your role any more." in (desk.get("/stand-in"), desk.text)[1]
    assert "Verify the log" not in stand_in.client.get("/log/home", follow_redirects=True).text
    desk.post(f"/stand-in/{capacity.id}/end")
    assert "That was over already." in (desk.get("/stand-in"), desk.text)[1]


@pytest.mark.parametrize("how", ["role ended", "left"])
def test_it_dies_with_the_role_it_came_from(world, officer, ada, how):
    stand_in = Visitor(world, named(world, officer, ada))
    own = Visitor(world, ada)
    stand_in.get("/log/home")
    admin = world.actor("police", "admin", "Paula Admin")
    with world.doors.log.transaction(world.session) as tx:
        if how == "left":
            people.leaver(tx, admin, officer.user, now_micros())
        else:
            capacities.end(tx, admin, officer.capacity, now_micros())
    assert held(world, ada) == []
    assert "Verify the log" not in stand_in.client.get("/log/home", follow_redirects=True).text
    assert "acting as practitioner, Police" in own.get("/"), "nothing else ends"


def test_it_goes_on_while_whoever_named_them_is_away(world, officer, ada):
    from portal.auth import away

    named(world, officer, ada)
    admin, now = world.actor("police", "admin", "Paula Admin"), now_micros()
    with world.doors.log.transaction(world.session) as tx:
        away.record(tx, admin, officer.user, now, now + 5 * DAY, now)
    assert held(world, officer) == []
    assert len(held(world, ada)) == 1


def test_whoever_stands_in_names_nobody_else(world, officer, ada):
    guest = named(world, officer, ada)
    other = world.actor("police", "practitioner", "Sam Ward")
    browser = Visitor(world, guest)
    text = browser.get("/stand-in")
    assert "You act as data protection officer for Dana Poe. Only they can name somebody else" in text
    assert "Sam Ward" not in text, "no list of names for who cannot choose"
    text = browser.send("/stand-in", form(other), 422)
    assert held(world, other) == []
    with refused("stand in for somebody yourself"):
        named(world, guest, other)


def test_nobody_stands_in_for_themselves_nor_comes_from_elsewhere(desk, world, officer, ada):
    stranger = world.actor("probation", "practitioner", "Jo Smith")
    for who, words in ((officer, delegations.NOT_SELF), (stranger, delegations.NOT_THEIRS)):
        answer = desk.post("/stand-in", form(who))
        assert answer.status_code == 422
        assert words in desk.text
    assert "Jo Smith" not in desk.text
    named(world, officer, ada)
    with refused("already has that role"):
        named(world, officer, ada)


def test_it_is_never_longer_than_three_months_nor_than_ones_own_role(world, ada):
    brief, now = world.actor("police", "practitioner", "Brief Officer"), now_micros()
    with world.doors.log.transaction(world.session) as tx:
        own = capacities.install(tx, brief.user, "police", "dpo", now, now + 10 * DAY, now)
    brief = acting(brief, own)
    with refused("Your own role ends before that day"):
        named(world, brief, ada, 11)
    with refused("three months"):
        named(world, world.actor("police", "dpo", "Dana Poe"), ada, 93)
    named(world, brief, ada, 9)
    assert held(world, ada, when=now + 10 * DAY) == []


@pytest.mark.parametrize("role", ["practitioner", "admin", "lead"])
def test_other_roles_are_not_delegated(world, ada, role):
    who = world.actor("police", role, "Nobody Special")
    browser = Visitor(world, who)
    assert "Only a data-protection officer or an agency SPOC" in browser.get("/stand-in", 403)
    with pytest.raises(NotFound):
        named(world, who, ada)


def test_a_spoc_lets_a_colleague_stand_in_who_is_trained_there(world, ada):
    spoc = world.actor("police", "spoc", "Sergeant Spoc")
    browser = Visitor(world, spoc)
    assert "Who stands in for you" in browser.get("/joining")
    browser.get("/stand-in")
    assert "Ada Okafor" in browser.send("/stand-in", form(ada))
    [capacity] = held(world, ada, "spoc")
    with world.doors.log.transaction(world.session) as tx:
        induction.install(tx, ada.user, "police", INDUCTED, now_micros())
    assert "Who works on what" in Visitor(world, acting(ada, capacity, "spoc")).get("/team")


def test_what_is_wrong_is_said_and_nothing_is_lost(desk, ada):
    answer = desk.post("/stand-in", form(None, TODAY - timedelta(days=1), TODAY + timedelta(days=200)))
    assert answer.status_code == 422
    for words in ("Choose who stands in for you", "today or later", "at most three months after the first"):
        assert words in desk.text
    assert 'value="24"' in answer.text
    assert desk.post("/stand-in", {**form(ada), "user": "nonsense"}).status_code == 422


def test_it_is_logged_and_so_is_who_was_shown(desk, world, officer, ada):
    desk.get("/stand-in")
    desk.post("/stand-in", form(ada))
    world.session.rollback()
    vault = world.doors.log.vault(world.session)
    row = page(world.session, vault, Filters(operation="capacity-granted", actor=officer.user)).rows[0]
    detail = about(world.session, vault, [row])[row.entry_id].details[0]
    assert detail.person == ada.user
    assert detail.detail["delegated"] == str(officer.capacity)
    listed = page(world.session, vault, Filters(operation="list", actor=officer.user)).rows[0]
    shown = about(world.session, vault, [listed], 50)[listed.entry_id].details
    assert ada.user in {each.person for each in shown}


def test_of_one_who_names_and_one_who_ends_the_role_the_stand_in_does_not_outlive_it(either):
    """Two connections at once, in either order: the role is gone in the end, and so is what came from it."""
    world = either
    officer, ada = world.actor("police", "dpo", "Dana Poe"), world.actor("police", "practitioner", "Ada Okafor")
    admin, now = world.actor("police", "admin", "Paula Admin"), now_micros()
    world.session.rollback()
    ready, done = threading.Barrier(2), []

    def naming():
        with Session(world.engine, expire_on_commit=False) as session:
            ready.wait(10)
            try:
                with world.doors.log.transaction(session) as tx:
                    delegations.delegate(tx, officer, ada.user, now, now + DAY, now)
                done.append("named")
            except (NotFound, CapacityRefused):
                done.append("too late")

    thread = threading.Thread(target=naming)
    thread.start()
    with Session(world.engine, expire_on_commit=False) as session:
        ready.wait(10)
        with world.doors.log.transaction(session) as tx:
            capacities.end(tx, admin, officer.capacity, now)
    thread.join(20)
    assert done in (["named"], ["too late"])
    assert held(world, ada) == []
