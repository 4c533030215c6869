"""Refer someone: one click from home, what was typed kept, and home telling what became of it."""

import re
import uuid
from html import unescape

import pytest

from portal.casework import inbox, referrals
from portal.db import new_id, now_micros
from portal.sharing import cases
from portal.sharing.tables import Referral

FORM = {
    "person.surname": "Harkness",
    "person.forename": "Dean",
    "person.date_of_birth-day": "27",
    "person.date_of_birth-month": "3",
    "person.date_of_birth-year": "1991",
    "referral.reason": "Three burglaries in Fenwick Rise since August",
    "referral.priority_crime": "Burglary",
    "referral.source": "Neighbourhood team",
}
PATH = "/refer/barnet-iom"


@pytest.fixture
def holly(world):
    return world.actor("barnet_housing", "practitioner", "Holly Housing")


@pytest.fixture
def keeper(world):
    return world.actor("barnet_safety", "coordinator", "Cora Coordinator")


@pytest.fixture
def told(world, holly, keeper):
    """Has Holly refer somebody, and answers it as asked; the referral."""

    def refer(state, reason=""):
        typed = {"person.surname": "Harkness", "person.date_of_birth": "1991-03-27", "referral.reason": "Burgled"}
        typed["referral.priority_crime"] = "Burglary"
        made = referrals.refer(world.session, world.doors, holly, "barnet-iom", typed, uuid.uuid4())
        if state != "waiting":
            inbox.answer(world.session, world.doors, keeper, made, 1, state, reason)
        return made

    return refer


def sent(**changes):
    return {**FORM, "once": str(new_id()), **changes}


def test_the_form_is_one_click_from_home(web, holly, keeper):
    web.sign_in(holly)
    [path] = re.findall(r'href="([^"]+)">Refer someone</a>', web.get("/").text)
    answer = web.get(path, follow_redirects=True)
    assert answer.request.path == PATH
    assert "Who can read it" in web.text
    assert re.search(r"Community Safety \(clause 5\.3\)", web.text)
    assert "OFFICIAL-SENSITIVE" not in answer.text
    assert re.search(r"If the person is under 18.*also kept from Jobcentre \(clause 6\.7A\)\.", web.text)


def test_before_it_is_sent_a_form_says_from_whom_the_young_are_kept(web, world):
    web.sign_in(world.actor("police", "practitioner"))
    web.get(PATH)
    assert "PNC ID" in web.text
    assert re.search(r"also kept from Housing \(clause 6\.7\), Jobcentre \(clause 6\.7A\)\.", web.text)


def test_who_works_in_several_boroughs_chooses_one(web, world):
    web.sign_in(world.actor("police", "practitioner"))
    page = web.get("/refer").text
    assert re.findall(r'href="/refer/([^"]+)"', page) == ["barnet-iom", "brent-iom", "harrow-iom"]


def test_a_referral_is_sent_and_home_tells_of_it(web, holly):
    web.sign_in(holly)
    answer = web.post(PATH, sent())
    assert (answer.status_code, answer.location) == (303, "/referrals")
    page = web.get("/referrals").text
    assert "Sent. It waits" in web.text
    assert "Dean Harkness" in page
    assert "Waiting" in web.text
    home = web.get("/").text
    assert "Your referrals" in home
    assert "Dean Harkness" in home
    assert "OFFICIAL-SENSITIVE" in home
    assert "Your view was recorded at" in home


def test_nothing_of_anybody_stands_in_an_address(web, holly):
    web.sign_in(holly)
    web.post(PATH, sent())
    for path in ("/", "/referrals"):
        for address in re.findall(r'(?:href|action)="([^"]+)"', web.get(path).text):
            assert not re.search("harkness|dean|1991", address, re.IGNORECASE)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"person.surname": ""}, "Enter the surname"),
        ({"referral.reason": " "}, "Say why you refer this person"),
        ({"referral.priority_crime": ""}, "Choose the priority crime"),
        ({"person.date_of_birth-day": "31", "person.date_of_birth-month": "2"}, "Date of birth must be a real date"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(web, holly, changed, words):
    web.sign_in(holly)
    form = sent(**changed)
    answer = web.post(PATH, form)
    assert answer.status_code == 400
    assert words in web.text
    assert "OFFICIAL-SENSITIVE" in answer.text
    for value in form.values():
        assert value.strip() in unescape(answer.text)
    assert f'name="once" value="{form["once"]}"' in answer.text


def test_a_form_sent_twice_is_one_referral(web, holly):
    web.sign_in(holly)
    form = sent()
    web.post(PATH, form)
    assert web.post(PATH, form).status_code == 303
    assert web.get("/referrals").text.count("Dean Harkness</a>") == 1


@pytest.mark.parametrize("path", ["/refer/brent-iom", "/refer/nowhere"])
def test_the_form_of_an_agreement_that_is_not_ones_own_is_missing(web, holly, path):
    web.sign_in(holly)
    assert web.get(path).status_code == 404
    assert web.post(path, sent()).status_code == 404


def test_a_role_that_may_not_refer_has_no_link_and_is_told_the_clause(web, world):
    web.sign_in(world.actor("police", "attendee"))
    assert "Refer someone" not in web.get("/").text
    assert web.post(PATH, sent()).status_code == 403
    assert "clause" in web.text


@pytest.mark.parametrize(("state", "words"), [("accepted", "Accepted: it goes to the panel"), ("refused", "Refused")])
def test_home_tells_what_became_of_it_and_why(web, holly, told, state, words):
    told(state, "Two offences in one year")
    web.sign_in(holly)
    web.get("/")
    assert words in web.text
    assert "Two offences in one year" in web.text
    web.get("/referrals")
    assert "Two offences in one year" in web.text


def test_what_was_asked_is_answered_from_home(web, world, holly, keeper, told):
    referral = told("asked", "Which nights?")
    web.sign_in(holly)
    page = web.get("/").text
    assert "You are asked for more" in page
    assert "Which nights?" in page
    assert f'href="/referrals/{referral}">Answer' in page
    page = web.get(f"/referrals/{referral}").text
    assert "Burgled" in page
    form = {"version": re.search(r'name="version" value="(\d+)"', page)[1], "once": str(new_id())}
    assert web.post(f"/referrals/{referral}", {**form, "text": " "}).status_code == 400
    assert "Write what you have to add" in web.text
    assert web.post(f"/referrals/{referral}", {**form, "text": "Fridays"}).status_code == 303
    web.get("/referrals")
    assert "Sent. The referral waits again." in web.text
    late = web.post(f"/referrals/{referral}", {**form, "text": "Saturdays too"})
    assert late.status_code == 409
    assert "Saturdays too" in late.text
    [line] = inbox.waiting(world.session, world.doors, keeper).lines
    assert [w.reason for w in line.words] == ["Burgled", "Fridays"]


def test_a_referral_that_nobody_can_answer_any_more_says_so(web, world, holly, told):
    referral = told("asked", "Where does he sleep?")
    case = world.session.get_one(Referral, referral).case
    with world.doors.log.transaction(world.session) as tx:
        cases.steer(tx.session, case, {"case.status": "De-selected"}, now_micros())
    web.sign_in(holly)
    web.get("/")
    assert "Refer them again if it is still needed" in web.text
    assert "Where does he sleep?" not in web.text
    answer = web.post(f"/referrals/{referral}", {"version": 2, "text": "At his sister's", "once": str(uuid.uuid4())})
    assert answer.status_code == 409
    assert "At his sister&#39;s" in answer.text
    assert "Refer them again" in web.text


def test_the_referral_of_another_looks_exactly_like_a_missing_one(web, world, told):
    referral = told("refused", "Not persistent")
    web.sign_in(world.actor("police", "practitioner"))
    pages = []
    for address in (referral, uuid.uuid4()):
        got = web.get(f"/referrals/{address}")
        posted = web.post(f"/referrals/{address}", {"version": "2", "text": "Let me in", "once": str(new_id())})
        assert (got.status_code, posted.status_code) == (404, 404)
        pages.append(re.sub(r"[A-Z0-9]{4}-[A-Z0-9]{2}|\d\d:\d\d|value=\"[^\"]*\"", "", got.text + posted.text))
    assert pages[0] == pages[1]


def test_of_a_child_a_landlord_is_told_which_clause_keeps_the_answer(web, world, holly, keeper):
    web.sign_in(holly)
    web.post(PATH, sent(**{"person.date_of_birth-year": "2011"}))
    [line] = inbox.waiting(world.session, world.doors, keeper).lines
    inbox.answer(world.session, world.doors, keeper, line.id, line.version, "refused", "For the youth panel")
    page = web.get("/").text
    assert "For the youth panel" not in page
    assert "Refused" not in page
    assert "Answered" in page
    assert "clause 6.7" in web.text
