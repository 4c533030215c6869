"""The inbox of the panel's list: who waits at a glance, one answer each, several accepted, and nothing for others."""

import re
import uuid

import pytest

from portal.casework import inbox, referrals


@pytest.fixture
def keeper(world):
    return world.actor("barnet_safety", "coordinator", "Cora Coordinator")


@pytest.fixture
def holly(world):
    return world.actor("barnet_housing", "practitioner", "Holly Housing")


@pytest.fixture
def refer(world, holly):
    def send(surname="Harkness"):
        typed = {"person.surname": surname, "person.date_of_birth": "1991-03-27", "referral.priority_crime": "Robbery"}
        typed["referral.reason"] = f"Robbed a bus passenger, says {surname}"
        return referrals.refer(world.session, world.doors, holly, "barnet-iom", typed, uuid.uuid4())

    return send


def ticked(page):
    return re.findall(r'name="referral" type="checkbox" value="([^"]+)"', page)


def test_home_says_how_many_wait_and_leads_there(web, keeper, refer):
    web.sign_in(keeper)
    assert "for your answer" not in web.get("/").text
    refer()
    refer("Imrie")
    page = web.get("/").text
    assert "2 referrals wait for your answer." in page
    assert 'href="/inbox">Answer now</a>' in page


def test_the_first_glance_says_who_since_when_from_whom_and_why(web, world, keeper, refer):
    known = world.case({"police person": {"surname": "Marlowe", "forename": "Dean", "date_of_birth": "1991-03-27"}})
    refer()
    refer("Marlowe")
    web.sign_in(keeper)
    page = web.get("/inbox").text
    for words in (
        "Harkness , born 27 March 1991 (35)",
        "Housing",
        "referred 25 November 2026",
        "Robbery",
        "Robbed a bus",
    ):
        assert words in web.text
    assert "OFFICIAL-SENSITIVE" in page
    assert "Your view was recorded at" in page
    assert page.count("Known: BN-") == 1
    assert web.logged()[-1] == ("list", "permitted")
    assert str(known) not in page


def test_an_empty_inbox_says_what_would_be_here(web, keeper):
    web.sign_in(keeper)
    web.get("/inbox")
    assert "No referral waits. Any agency can send one" in web.text


def test_several_are_accepted_in_one_go(web, world, keeper, holly, refer):
    for name in ("Harkness", "Imrie", "Jessop"):
        refer(name)
    web.sign_in(keeper)
    values = ticked(web.get("/inbox").text)
    assert web.post("/inbox", {"referral": values[:2]}).status_code == 303
    web.get("/inbox")
    assert "2 referrals accepted to the panel." in web.text
    assert len(ticked(web.get("/inbox").text)) == 1
    web.post("/inbox", {"referral": values})
    web.get("/inbox")
    assert "1 referral accepted to the panel. 2 referrals left as before" in web.text
    states = [line.state for line in referrals.mine(world.session, world.doors, holly).lines]
    assert states == ["accepted"] * 3


@pytest.mark.parametrize("sent", [[], ["x"], ["x.y"], ["7.x"]])
def test_nothing_ticked_is_said(web, keeper, refer, sent):
    refer()
    web.sign_in(keeper)
    assert web.post("/inbox", {"referral": sent}).status_code == 400
    assert "Tick at least one referral" in web.text


def test_a_made_up_tick_changes_nothing(web, keeper, refer):
    refer()
    web.sign_in(keeper)
    assert web.post("/inbox", {"referral": [f"{uuid.uuid4().hex}.1"]}).status_code == 303
    web.get("/inbox")
    assert "Nothing was changed." in web.text


def answer(web, referral, version=1, **form):
    return web.post(f"/inbox/{referral}", {"version": str(version), "answer": "", "reason": "", **form})


def test_one_is_read_whole_and_answered(web, world, keeper, holly, refer):
    referral = refer()
    web.sign_in(keeper)
    page = web.get(f"/inbox/{referral}").text
    assert "Robbed a bus passenger, says Harkness" in page
    assert "opened with the referral" in page
    assert answer(web, referral, answer="refused", reason="Lives in Brent").status_code == 303
    web.get("/inbox")
    assert "Refused." in web.text
    [line] = referrals.mine(world.session, world.doors, holly).lines
    assert (line.outcome, line.because) == ("Refused", "Lives in Brent")
    page = web.get(f"/inbox/{referral}").text
    assert "Lives in Brent" in page
    assert "What becomes of it?" not in page


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({}, "Choose what becomes of the referral"),
        ({"answer": "refused"}, "Say why"),
        ({"answer": "asked", "reason": " "}, "Write what you need to know"),
        ({"answer": "refused", "reason": "x" * 20_001}, "must be 20,000 characters or fewer"),
    ],
)
def test_what_is_missing_is_said_and_what_was_typed_stays(web, keeper, refer, form, words):
    referral = refer()
    web.sign_in(keeper)
    assert answer(web, referral, **form).status_code == 400
    assert words in web.text
    assert not form.get("answer") or f'value="{form["answer"]}" checked' in web.last.text


def test_a_second_answer_on_an_old_page_says_so_and_gives_back_what_was_typed(web, keeper, refer):
    referral = refer()
    web.sign_in(keeper)
    answer(web, referral, answer="refused", reason="Lives in Brent")
    late = answer(web, referral, answer="asked", reason="Which nights does he work?")
    assert late.status_code == 409
    for words in ("Somebody answered this", "Lives in Brent", "Which nights does he work?"):
        assert words in web.text


def test_an_answer_to_what_was_added_to_meanwhile_is_given_again(web, world, keeper, holly, refer):
    referral = refer()
    web.sign_in(keeper)
    answer(web, referral, answer="asked", reason="Which nights?")
    referrals.add(world.session, world.doors, holly, referral, 2, "Fridays", uuid.uuid4())
    late = answer(web, referral, 1, answer="refused", reason="Not enough known")
    assert late.status_code == 409
    for words in ("More was added since you opened this page", "Fridays", "Not enough known", "What was asked before"):
        assert words in web.text
    assert answer(web, referral, 3, answer="accepted").status_code == 303


def test_a_long_word_stands_in_the_list_and_who_cannot_be_told_is_not_asked(web, world, keeper, holly):
    typed = {"person.surname": "Young", "person.date_of_birth": "2012-03-27", "referral.reason": "x" * 400}
    typed["referral.priority_crime"] = "Burglary"
    made = referrals.refer(world.session, world.doors, holly, "barnet-iom", typed, uuid.uuid4())
    web.sign_in(keeper)
    assert f"{'x' * 280} …" in web.get("/inbox").text
    page = web.get(f"/inbox/{made}").text
    assert "Ask for more" not in page
    assert "Housing is told that you answered, and not what" in page


@pytest.mark.parametrize(
    ("party", "role"), [("barnet_housing", "practitioner"), ("police", "chair"), ("barnet_safety", "dpo")]
)
def test_a_role_that_keeps_no_list_is_refused_in_words(web, world, refer, party, role):
    referral = refer()
    web.sign_in(world.actor(party, role))
    for path in ("/inbox", f"/inbox/{referral}"):
        assert web.get(path).status_code == 403
    assert "Referrals are answered by whoever keeps the panel's list." in web.text
    assert answer(web, referral, answer="accepted").status_code == 403
    assert 'href="/inbox"' not in web.get("/", follow_redirects=True).text


def test_a_referral_of_another_borough_looks_exactly_like_a_missing_one(web, world, refer):
    referral = refer()
    web.sign_in(world.actor("brent_safety", "coordinator"))
    pages = []
    for address in (referral, uuid.uuid4()):
        got, posted = web.get(f"/inbox/{address}"), answer(web, address, answer="refused", reason="No")
        assert (got.status_code, posted.status_code) == (404, 404)
        pages.append(re.sub(r"[A-Z0-9]{4}-[A-Z0-9]{2}|\d\d:\d\d|value=\"[^\"]*\"", "", got.text + posted.text))
    assert pages[0] == pages[1]
    assert inbox.count(world.session, world.doors, world.actor("brent_safety", "coordinator")) == 0


def test_more_than_a_page_is_turned(web, keeper, refer):
    for number in range(53):
        refer(f"Harkness-{number:02}")
    web.sign_in(keeper)
    web.get("/inbox")
    assert "Harkness-49" in web.text
    assert "Harkness-50" not in web.text
    assert "1 to 50 of 53" in web.text
    web.get("/inbox?page=2")
    assert "Harkness-52" in web.text
    assert "Harkness-49" not in web.text
    assert "51 to 53 of 53" in web.text
    assert web.get("/inbox?page=3").status_code == 302
