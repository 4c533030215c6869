"""Long leave: roles rest for some days, say so in plain words, come back by themselves; the history stays."""

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import text

from portal.auth import capacities
from portal.db import DAY, now_micros
from tests import clock

TODAY = clock.FIRST.date()


def day(name, when):
    return {f"{name}-day": when.day, f"{name}-month": when.month, f"{name}-year": when.year}


def form(first=TODAY, last=TODAY + timedelta(days=20)):
    return {**day("starts", first), **day("until", last)}


@pytest.fixture
def spoc(web, world):
    found = world.actor("police", "spoc", "Sam Spoc")
    web.sign_in(found)
    return found


@pytest.fixture
def ada(world):
    return world.actor("police", "practitioner", "Ada Okafor")


@pytest.fixture
def theirs(web, world, ada):
    """Ada's own browser, signed in before anything is recorded."""
    found = type(web)(web.app, world)
    found.sign_in(ada)
    return found


def in_force(world, who, when):
    world.session.rollback()
    return [c.role for c in capacities.current(world.session, who.user, when)]


def test_the_next_request_of_who_is_away_says_so_and_the_roles_come_back_by_themselves(web, world, spoc, ada, theirs):
    assert theirs.get("/").status_code == 200
    assert web.post(f"/joining/{ada.user}/away", form()).status_code == 303
    assert theirs.get("/").location == "/capacity"
    theirs.get("/capacity")
    assert "You are recorded as away" in theirs.text
    assert "until 15 December 2026" in theirs.text
    assert "Ask for access" not in theirs.text
    assert in_force(world, ada, now_micros()) == []
    assert in_force(world, ada, now_micros() + 21 * DAY) == ["practitioner"]
    theirs.sign_in(ada, capacity=False)
    assert "You are recorded as away" in (theirs.get("/capacity"), theirs.text)[1]
    with clock.ticking(clock.FIRST + timedelta(days=21)):
        theirs.sign_in(ada)
        assert theirs.get("/").status_code == 200


def test_it_begins_on_its_first_day_and_can_be_ended_early(web, world, spoc, ada, theirs):
    before = [o for o, _ in web.logged()].count("alteration")
    web.post(f"/joining/{ada.user}/away", form(TODAY + timedelta(days=1)))
    assert theirs.get("/").status_code == 200
    assert in_force(world, ada, now_micros() + DAY) == []
    web.get(f"/joining/{ada.user}/away")
    time = web.last.text.partition(f"/joining/{ada.user}/away/")[2].partition("/end")[0]
    assert web.post(f"/joining/{ada.user}/away/{time}/end").status_code == 303
    assert in_force(world, ada, now_micros() + DAY) == ["practitioner"]
    web.get(f"/joining/{ada.user}/away")
    assert "by Sam Spoc" in web.text
    assert web.post(f"/joining/{ada.user}/away/{time}/end").status_code == 303  # sent twice
    assert "Nothing was changed" in (web.get(f"/joining/{ada.user}/away"), web.text)[1]
    assert [o for o, _ in web.logged()].count("alteration") == before + 2


def test_cover_is_asked_for_with_the_days_filled_in(web, world, spoc, ada):
    world.case(assigned=[ada])
    web.post(f"/joining/{ada.user}/away", form())
    web.get(f"/joining/{ada.user}/away")
    assert "Sam Spoc" in web.text
    path = web.last.text.partition(f'href="/team/{ada.user}')[2].partition('"')[0]
    assert path.startswith("?away=")
    page = web.get(f"/team/{ada.user}{path}").text
    assert 'id="until" name="until-day" type="text" value="15"' in page
    assert web.get(f"/team/{ada.user}?away=nonsense").status_code == 200


def test_the_same_form_twice_counts_once_and_other_days_in_between_are_refused(web, world, spoc, ada):
    assert web.post(f"/joining/{ada.user}/away", form(TODAY + timedelta(days=2))).status_code == 303
    assert web.post(f"/joining/{ada.user}/away", form(TODAY + timedelta(days=2))).status_code == 303
    answer = web.post(f"/joining/{ada.user}/away", form(TODAY + timedelta(days=5), TODAY + timedelta(days=60)))
    assert answer.status_code == 422
    assert "recorded for some of these days already" in web.text
    assert 'value="30"' in answer.text, "what was typed stays"
    world.session.rollback()
    assert world.session.execute(text("SELECT count(*) FROM time_away")).scalar() == 1


@pytest.mark.parametrize(
    "sent",
    [
        form(TODAY - timedelta(days=1)),
        form(TODAY, TODAY - timedelta(days=1)),
        form(TODAY, TODAY + timedelta(days=400)),
        {**form(), "until-day": "31", "until-month": "2"},
        {},
    ],
)
def test_days_that_make_no_sense_record_nothing(web, world, spoc, ada, sent):
    assert web.post(f"/joining/{ada.user}/away", sent).status_code == 422
    assert in_force(world, ada, now_micros()) == ["practitioner"]


def test_nobody_records_it_for_themselves_for_another_party_or_for_roles_they_do_not_give(web, world, spoc, ada):
    assert web.post(f"/joining/{spoc.user}/away", form()).status_code == 422
    admin, other = world.actor("police", "admin", "Al Admin"), world.actor("probation", "practitioner", "Jo Smith")
    assert web.post(f"/joining/{admin.user}/away", form()).status_code == 422
    assert "only the administrator gives" in web.text
    assert web.get(f"/joining/{other.user}/away").status_code == 404
    assert web.post(f"/joining/{other.user}/away", form()).status_code == 404
    web.sign_in(ada)
    assert web.post(f"/joining/{spoc.user}/away", form()).status_code == 403
    web.sign_in(admin)
    assert web.post(f"/joining/{spoc.user}/away", form()).status_code == 303
    assert (in_force(world, spoc, now_micros()), in_force(world, admin, now_micros())) == ([], ["admin"])
    assert "Have their cases covered" not in web.text


def test_a_role_at_another_party_goes_on(web, world, spoc, ada):
    with world.doors.log.transaction(world.session) as tx:
        capacities.install(tx, ada.user, "barnet_housing", "practitioner", now_micros(), None, now_micros())
    web.post(f"/joining/{ada.user}/away", form())
    world.session.rollback()
    assert [c.party for c in capacities.current(world.session, ada.user, now_micros())] == ["barnet_housing"]


def test_what_somebody_was_writing_when_it_began_is_given_back(web, world, spoc, ada, theirs):
    web.post(f"/joining/{ada.user}/away", form())
    answer = theirs.post(f"/visit/{uuid.uuid4()}/update", {"update.text@behaviour": "He missed his appointment"})
    assert answer.status_code == 409
    assert "You have been recorded as away" in theirs.text
    assert "He missed his appointment" in theirs.text
    assert world.session.execute(text("SELECT count(*) FROM record")).scalar() == 0
