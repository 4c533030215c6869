"""Search: exact, posted, logged before it answers, and silent about whom its asker may not find."""

import uuid
from types import SimpleNamespace

import pytest
from limits.storage import memory

from tests import clock

NAME = {"by": "name", "surname": "Marlowe", "born-day": "27", "born-month": "3", "born-year": "1991"}
WARNED = {
    "probation person": {"surname": "Marlowe", "forename": "Dean", "date_of_birth": "1991-03-27"},
    "police identifiers": {"pnc": "2009/1234567X"},
    "police safety": {"warning": "Two officers at every visit", "advice": "Ring first."},
}


@pytest.fixture
def officer(world):
    return world.actor("police", "practitioner", "Ada Okafor")


def test_a_search_posts_and_its_address_says_nothing(web, world, officer):
    world.case(assigned=[officer])
    web.sign_in(officer)
    answer = web.post("/search", NAME)
    assert answer.status_code == 303
    uuid.UUID(answer.location.removeprefix("/search/"))
    assert web.get(answer.location).status_code == 200
    assert "Dean Marlowe" in web.text
    assert "Found by the same surname and date of birth" in web.text
    assert [o for o, _ in web.logged()].count("search") == 2


def test_a_hit_says_who_works_on_the_case_and_opens_it(web, world, officer):
    case = world.case(assigned=[officer])
    web.sign_in(officer)
    web.get(web.post("/search", NAME).location)
    assert f'href="/case/{case}"' in web.last.text
    assert "Working on the case: Police" in web.text


def test_the_staff_safety_warning_stands_before_the_rest(web, world):
    world.case(WARNED)
    web.sign_in(world.actor("barnet_housing", "practitioner"))
    web.get(web.post("/search", NAME).location)
    assert web.text.index("Two officers at every visit") < web.text.index("Found by")


def test_a_case_that_is_not_ours_offers_whom_to_ask_and_no_link(web, world):
    case = world.case(WARNED)
    web.sign_in(world.actor("barnet_housing", "practitioner"))
    web.get(web.post("/search", NAME).location)
    assert f'href="/case/{case}"' not in web.last.text
    assert "not open to you in your present role" in web.text
    assert "Ask the IOM coordinator" in web.text


def test_by_number(web, world, officer):
    world.case(assigned=[officer])
    web.sign_in(officer)
    number = "09/1234567" + _letter("09", "1234567")
    web.get(web.post("/search", {"by": "number", "number": number}).location)
    assert "Nobody found" in web.text  # the stored number is another one


def _letter(year: str, serial: str) -> str:
    return "ZABCDEFGHJKLMNPQRTUVWXY"[int(year + serial) % 23]


def test_who_may_not_search_by_number_is_not_asked_for_one(web, world, officer):
    web.sign_in(officer)
    assert 'name="number"' in web.get("/search").text
    web.sign_in(world.actor("barnet_housing", "practitioner"))
    assert 'name="number"' not in web.get("/search").text
    assert 'name="surname"' in web.last.text


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"surname": ""}, "needs both the surname and the date of birth"),
        ({"born-day": "", "born-month": "", "born-year": ""}, "needs both the surname and the date of birth"),
        ({"born-day": "31", "born-month": "2"}, "must be a real date"),
        ({"born-year": "91"}, "must be a real date"),
        ({"surname": "", "born-day": "", "born-month": "", "born-year": ""}, "Enter the surname and the date of birth"),
        ({"by": "number", "number": ""}, "Enter a PNC ID or a CRN"),
        ({"by": "number", "number": "2009/1234567"}, "A PNC ID looks like"),
        ({"by": "number", "number": "X12"}, "A CRN is one letter and six figures"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(web, officer, changed, words):
    web.sign_in(officer)
    before = web.logged()
    sent = {**NAME, **changed}
    answer = web.post("/search", sent)
    assert answer.status_code == 422
    assert words in web.text
    for value in (sent["surname"], sent["born-year"], sent.get("number", "")):
        assert f'value="{value}"' in answer.text
    assert web.logged() == before


def test_results_are_for_the_session_that_searched(web, world, officer):
    world.case(assigned=[officer])
    web.sign_in(officer)
    found = web.post("/search", NAME).location
    web.sign_in(officer)
    assert web.get(found).status_code == 404
    assert "Marlowe" not in web.text
    assert web.get(f"/search/{uuid.uuid4()}").status_code == 404


def test_nobody_found_and_nobody_findable_look_the_same(web, world, officer):
    web.sign_in(officer)
    with clock.still():
        web.get(web.post("/search", NAME).location)
        absent = web.text.split("Nobody found")[1].split("recorded at")[0]
        world.case({"ntmh person": {"surname": "Marlowe", "date_of_birth": "1991-03-27"}}, agreement="barnet-iom")
        web.get(web.post("/search", NAME).location)
        hidden = web.text.split("Nobody found")[1].split("recorded at")[0]
    assert hidden == absent


def test_a_role_without_case_content_does_not_search(web, world):
    web.sign_in(world.actor("police", "dpo"))
    for answer in (web.get("/search"), web.post("/search", NAME)):
        assert answer.status_code == 403
        assert "clause 4.2" in web.text


def test_thirty_searches_a_minute_are_enough(web, officer, monkeypatch):
    monkeypatch.setattr(memory, "time", SimpleNamespace(time=lambda: 1.0))  # however long the minute takes here
    web.sign_in(officer)
    codes = [web.post("/search", {"by": "number", "number": ""}).status_code for _ in range(31)]
    assert codes == [422] * 30 + [429]
    assert "Wait a minute" in web.text


def test_a_form_without_its_token_is_not_a_search(web, officer):
    web.sign_in(officer)
    before = web.logged()
    assert web.post("/search", NAME, token=False).status_code == 400
    assert "Marlowe" in web.text  # what was typed can be copied
    assert web.logged() == before
