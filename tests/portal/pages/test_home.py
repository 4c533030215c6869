"""Home: who sees which list, and nobody else's."""

import pytest

from portal.db import now_micros
from portal.sharing.reading import lists


@pytest.fixture
def officer(world):
    return world.actor("police", "practitioner", "Ada Okafor")


def test_without_a_session_everyone_is_sent_to_sign_in(web):
    answer = web.get("/")
    assert (answer.status_code, answer.location) == (302, "/sign-in")


def test_a_practitioner_sees_the_cases_assigned_to_them_and_no_others(web, world, officer):
    case = world.case(assigned=[officer])
    other = world.case({"probation person": {"surname": "Otherman", "forename": "Ole"}})
    web.sign_in(officer)
    answer = web.get("/")
    assert answer.status_code == 200
    assert "Dean Marlowe" in web.text
    assert f"/case/{case}" in answer.text
    assert "Otherman" not in answer.text
    assert str(other) not in answer.text
    assert "OFFICIAL-SENSITIVE" in web.text
    assert "Your view was recorded at" in web.text
    assert ("list", "permitted") in web.logged()


def test_only_cases_due_for_review_on_request(web, world, officer):
    world.case(assigned=[officer], review_due=lists.FORTNIGHT)
    world.case({"probation person": {"surname": "Farahead", "forename": "Fred"}}, assigned=[officer])
    web.sign_in(officer)
    web.get("/?review=1")
    assert "Marlowe" in web.text
    assert "Farahead" not in web.text
    web.get("/")
    assert "Farahead" in web.text


def test_whoever_no_clause_gives_review_dates_learns_them_neither_by_column_nor_order_nor_filter(web, world):
    helper = world.actor("barnet_bridges", "practitioner")
    late = world.case(assigned=[helper], review_due=4 * lists.FORTNIGHT * 1000)
    soon = world.case(assigned=[helper], review_due=lists.FORTNIGHT)
    web.sign_in(helper)
    page = web.get("/").text
    assert "Next review" not in page
    assert "due for review" not in page
    assert "1970" not in page
    assert page.index(str(late)) < page.index(str(soon))  # by reference, not by date
    assert str(late) in web.get("/?review=1").text


def test_a_list_counts_nobody_whom_it_may_not_name(web, world):
    """Whoever is not told of de-selected people is not told how many there are, and finds no gap from page to page."""
    coordinator, feed = world.actor("barnet_safety", "coordinator"), world.actor("probation", "feed")
    for number in range(3):
        gone = {"probation person": {"surname": f"Gone{number}", "forename": "Fred"}}
        world.case(gone, state="deselected", closed_at=now_micros())
    world.case()
    web.sign_in(coordinator)
    page = web.get("/").text
    assert "1 case<" in page
    assert "Gone" not in page
    told = lists.my_cases(
        world.session, world.doors, feed
    )  # clause 8.20: the account of the monthly file knows of them
    assert (told.total, len(told.lines)) == (4, 4)


@pytest.mark.parametrize("page", ["0", "-3", "2", "99999999999999999999", "x"])
def test_a_page_that_is_not_there_leads_to_the_first(web, world, officer, page):
    world.case(assigned=[officer])
    web.sign_in(officer)
    assert "Dean Marlowe" in web.get(f"/?page={page}", follow_redirects=True).text


def test_someone_without_cases_is_told_how_they_come_and_nothing_is_logged(web, officer):
    web.sign_in(officer)
    before = web.logged()
    web.get("/")
    assert "The coordinator assigns people" in web.text
    assert web.logged() == before


@pytest.mark.parametrize(
    ("party", "role", "heading"),
    [
        ("barnet_safety", "coordinator", "Cases in Barnet"),
        ("barnet_housing", "spoc", "Cases of Housing"),
        ("police", "chair", "Cases in all boroughs"),
        ("barnet_safety", "analyst", "You are signed in as analyst"),
        ("police", "attendee", "You are signed in as meeting attendee"),
        ("barnet_housing", "admin", "People at Housing"),
    ],
)
def test_home_is_by_role(web, world, party, role, heading):
    web.sign_in(world.actor(party, role))
    assert web.get("/").status_code == 200
    assert heading in web.text


def test_a_data_protection_officer_goes_to_the_log(web, world):
    web.sign_in(world.actor("police", "dpo"))
    answer = web.get("/")
    assert (answer.status_code, answer.location.startswith("/log")) == (302, True)


def test_a_coordinator_sees_every_case_of_the_borough(web, world):
    world.case()
    web.sign_in(world.actor("barnet_safety", "coordinator"))
    assert "Marlowe" in web.get("/").text
    web.sign_in(world.actor("brent_safety", "coordinator"))
    assert "Marlowe" not in web.get("/").text


def test_a_prefetch_is_refused_and_logs_nothing(web, world, officer):
    world.case(assigned=[officer])
    web.sign_in(officer)
    before = web.logged()
    answer = web.get("/", headers={"Sec-Purpose": "prefetch"})
    assert answer.status_code == 403
    assert "Marlowe" not in answer.text
    assert web.logged() == before


def test_an_update_is_two_clicks_and_one_text_box_from_home(web, world, officer):
    case = world.case(assigned=[officer])
    web.sign_in(officer)
    page = web.get("/").text
    assert f'form="share" formaction="/case/{case}"' in page
    assert "opens the case for: Managing the risk this person poses" in web.text
    begun = web.post(f"/case/{case}", {"purpose": "risk", "then": "update"})
    assert begun.status_code == 303
    assert begun.location.endswith("/update")
    assert "Share an update" in web.get(begun.location).text
    assert ("purpose-chosen", "permitted") in web.logged()


def test_nobody_is_offered_to_share_where_no_clause_lets_them(web, world):
    chair = world.actor("police", "chair", "Carl Chair")
    world.case(closed_at=1, state="deselected", assigned=[chair])
    web.sign_in(chair)
    assert 'form="share"' not in web.get("/").text


def test_leading_on_takes_nowhere_but_to_a_form_that_writes(web, world, officer):
    case = world.case(assigned=[officer])
    web.sign_in(officer)
    for then in ("print", "../../sign-out", "//elsewhere.example", "purpose"):
        answer = web.post(f"/case/{case}", {"purpose": "risk", "then": then})
        assert answer.location.rpartition("/")[0].endswith("/visit")
