"""The criteria as pages: read in sentences, written with a look at whom they change, shown beside a referral."""

import re
import uuid
from datetime import timedelta

import pytest

from portal.casework import criteria_keeping, criteria_sets, inbox, referrals
from portal.casework.criteria import ADULTS, CRIME, SCORE, Criterion, Rules
from portal.sharing.days import day_at

BARNET, FORM = "barnet-iom", "/criteria/barnet-iom/adults"
RULES = Rules((Criterion(SCORE, True, "OVP", "60"), Criterion(CRIME, False, among=("Robbery",))), 1, 365)
DEAN = {
    "probation person": {"surname": "Marlowe", "forename": "Dean", "date_of_birth": "1991-03-27"},
    "barnet_safety case": {"status": "Active", "priority_crime": "Robbery"},
    "probation score_band": {"predictor": "OVP", "band": "Medium", "assessed_on": "2026-09-01"},
    "probation score": {"predictor": "OVP", "version": "2 years", "value": "47", "assessed_on": "2026-09-01"},
}
TYPED = {
    "least_OVP": "30",
    "use_OVP": "always",
    "crime": ["Robbery", "Burglary"],
    "use_crime": "counts",
    "needed": "1",
    "oldest": "365",
    "starts-day": "1",
    "starts-month": "12",
    "starts-year": "2026",
}


@pytest.fixture
def keeper(world):
    return world.actor("barnet_safety", "coordinator", "Cora Coordinator")


@pytest.fixture
def kept(world, keeper):
    on = day_at(world.doors.clock())
    return criteria_keeping.save(world.session, world.doors, keeper, BARNET, ADULTS, 0, RULES, on)


def test_what_is_in_force_reads_in_sentences_with_who_kept_it(web, keeper, kept):
    web.sign_in(keeper)
    web.get("/criteria")
    for words in (
        "Barnet, adults",
        "Version 1, from 25 November 2026 In force",
        "Risk of violent reoffending, OVP: 60 or more. Always needed.",
        "Priority crime: Robbery. Needed.",
        "Kept by Cora Coordinator",
        "No criteria yet",
    ):
        assert words in web.text
    web.get("/inbox")
    assert 'href="/criteria"' in web.last.text


@pytest.mark.parametrize(("party", "role"), [("police", "chair"), ("police", "practitioner")])
def test_who_does_not_keep_the_list_is_refused(web, world, party, role):
    web.sign_in(world.actor(party, role))
    for path in ("/criteria", FORM):
        assert web.get(path).status_code == 403


def test_another_borough_and_another_group_are_not_found(web, keeper):
    web.sign_in(keeper)
    for path in ("/criteria/brent-iom/adults", "/criteria/barnet-iom/everybody", "/criteria/x/adults"):
        assert web.get(path).status_code == 404
        assert web.post(path, TYPED).status_code == 404


def test_the_next_version_is_looked_at_and_then_kept(web, world, keeper, kept):
    world.case(DEAN)
    web.sign_in(keeper)
    page = web.get(FORM).text
    assert 'id="least_OVP" name="least_OVP" type="text" inputmode="decimal" autocomplete="off" value="60"' in page
    web.post(FORM, {**TYPED, "base": "1", "do": "look"})
    for words in ("The answer changes for 1 person", "Dean Marlowe", "not met, then met", "Keep version 2"):
        assert words in web.text
    assert "47" not in web.text
    assert web.logged()[-1] == ("list", "permitted")
    assert len(criteria_sets.versions(world.session, [BARNET])) == 1
    looked = re.search(r'name="looked" value="([^"]+)"', web.last.text)[1]
    assert web.post(FORM, {**TYPED, "base": "1", "looked": looked, "do": "keep"}).status_code == 303
    web.get("/criteria")
    assert "Version 2 for adults is kept." in web.text
    assert "Version 2, from 1 December 2026 To come" in web.text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"use_OVP": "", "use_crime": ""}, "Choose at least one criterion"),
        ({"least_OVP": "high"}, "OVP: give a number from 0 to 100"),
        ({"crime": []}, "Priority crime: tick at least one"),
        ({"needed": "2"}, "A number from 1 to 1"),
        ({"oldest": "x"}, "After how many days is a score too old?"),
        ({"starts-year": "2025"}, "The first day cannot be in the past"),
        ({"starts-day": "31", "starts-month": "2"}, "Give the first day it applies"),
        ({"use_RoSH": "counts"}, "Choose the level of RoSH"),
    ],
)
@pytest.mark.parametrize("do", ["look", "keep"])
def test_what_is_wrong_is_said_and_what_was_typed_stays(web, keeper, change, words, do):
    web.sign_in(keeper)
    assert web.post(FORM, {**TYPED, **change, "base": "0", "do": do}).status_code == 400
    assert words in web.text
    assert 'name="crime" type="checkbox" value="Robbery"' in web.last.text
    for anchor in re.findall(r'<li><a href="#([^"]+)">', web.last.text):
        assert f'id="{anchor}"' in web.last.text


@pytest.mark.parametrize("do", ["look", "keep"])
def test_the_second_of_two_is_told_and_keeps_what_was_typed(web, world, keeper, kept, do):
    web.sign_in(keeper)
    late = web.post(FORM, {**TYPED, "base": "0", "do": do, "least_OVP": "45"})
    assert late.status_code == 409
    for words in ("Somebody kept another version", "OVP: 60 or more", 'value="45"', 'name="base" value="1"'):
        assert words in web.text or words in late.text
    [only] = criteria_sets.versions(world.session, [BARNET])
    assert only.rules == RULES


def test_beside_a_referral_stands_each_criterion_with_what_says_so(web, world, keeper, kept):
    world.case(DEAN)
    holly = world.actor("barnet_housing", "practitioner", "Holly Housing")
    typed = {"person.surname": "Marlowe", "person.date_of_birth": "1991-03-27", "referral.priority_crime": "Robbery"}
    typed["referral.reason"] = "Robbed a bus passenger"
    referral = referrals.refer(world.session, world.doors, holly, BARNET, typed, uuid.uuid4())
    web.sign_in(keeper)
    web.get(f"/inbox/{referral}")
    for words in (
        "Criteria: not met",
        "Criteria of Barnet for adults, version 1, since 25 November 2026",
        "OVP band Medium, 1 September 2026",
        "Robbery, Community Safety",
        "They do not decide: the panel does.",
    ):
        assert words in web.text
    assert "47" not in web.text
    assert web.logged()[-1] == ("consultation", "permitted")
    answered = web.post(f"/inbox/{referral}", {"version": "1", "answer": "accepted", "reason": ""})
    assert answered.status_code == 303
    line, *_ = inbox.one(world.session, world.doors, keeper, referral)
    path = web.post(f"/case/{line.case}", {"purpose": "selection", "reason": ""}).location
    web.get(path)
    assert "Answer to a referral: Accepted" in web.text
    assert "Decided so although" not in web.text
    assert "Criteria as they stood" in web.text
    assert "add/criteria" not in web.last.text
    assert web.get(f"{path}/add/criteria").status_code == 404
    by_hand = web.post(f"{path}/add/criteria", {"criteria.stood": "All met", "criteria.answer": "Met"})
    assert by_hand.status_code == 404


def test_a_case_shows_how_they_stand_by_what_its_reader_sees(web, world, kept):
    police = world.actor("police", "practitioner", "Pat Police")
    mentor = world.actor("barnet_bridges", "practitioner", "Mo Mentor")
    case = world.case(DEAN, assigned=[police, mentor])
    for actor, words, absent in ((police, "OVP 47, 1 September 2026", "x-x"), (mentor, "Criteria of Barnet", "OVP 47")):
        web.sign_in(actor)
        purpose = "risk"
        path = web.post(f"/case/{case}", {"purpose": purpose, "reason": ""}).location
        web.get(path)
        assert words in web.text
        assert absent not in web.text


def test_what_was_changed_after_the_look_is_looked_at_again_before_it_is_kept(web, world, keeper, kept):
    """Enter in a box presses the first button, which keeps; and whoever scrolls up again forgets what they changed."""
    world.case(DEAN)
    web.sign_in(keeper)
    looked = web.post(FORM, {**TYPED, "base": "1", "do": "look"}).text
    told = {"base": "1", "looked": re.search(r'name="looked" value="([^"]+)"', looked)[1], "do": "keep"}
    for change in ({"least_OVP": "95"}, {"starts-day": "2"}):
        answer = web.post(FORM, {**TYPED, **told, **change})
        assert answer.status_code == 400
        assert "You changed it since you looked" in web.text
        assert "Keep version 2" in web.text, "the look at what it is now stands there"
        assert web.logged()[-1] == ("list", "permitted")
    assert len(criteria_sets.versions(world.session, [BARNET])) == 1
    assert web.post(FORM, {**TYPED, **told}).status_code == 303


def test_nothing_is_kept_without_a_look(web, world, keeper):
    web.sign_in(keeper)
    for told in ({}, {"looked": ""}, {"looked": "x" * 500}):
        assert web.post(FORM, {**TYPED, **told, "base": "0", "do": "keep"}).status_code == 400
        assert "What it would say today" in web.text
    assert criteria_sets.versions(world.session, [BARNET]) == []


def test_a_version_that_another_took_the_place_of_before_its_first_day_does_not_say_it_is_to_come(web, world, keeper):
    on = day_at(world.doors.clock()) + timedelta(days=10)
    for base in (0, 1):
        criteria_keeping.save(world.session, world.doors, keeper, BARNET, ADULTS, base, RULES, on)
    web.sign_in(keeper)
    web.get("/criteria")
    assert web.text.count("To come") == 1
    assert "Version 1, from 5 December 2026 Never in force" in web.text


def test_the_form_begins_with_a_day_that_may_be_kept(web, world, keeper):
    on = day_at(world.doors.clock()) + timedelta(days=10)
    criteria_keeping.save(world.session, world.doors, keeper, BARNET, ADULTS, 0, RULES, on)
    web.sign_in(keeper)
    page = web.get(FORM).text
    assert re.search(r'name="starts-day"[^>]*value="5"', page)
    assert re.search(r'name="starts-month"[^>]*value="12"', page)
