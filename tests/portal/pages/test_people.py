"""The administrator's pages: who works here, roles with dates, leavers; nobody of another party, no case."""

import uuid
from datetime import timedelta

import pytest
from click.testing import CliRunner

from portal.auth import capacities, people
from portal.cli import running
from portal.db import from_micros, now_micros
from portal.sharing import staff
from tests import clock
from tests.installation import TAGS

TODAY = clock.FIRST.date()


def day(name, when):
    return {f"{name}-day": when.day, f"{name}-month": when.month, f"{name}-year": when.year}


def grant_form(role="practitioner", starts=TODAY, ends=TODAY + timedelta(days=100)):
    return {"role": role, **day("starts", starts), **day("ends", ends)}


@pytest.fixture
def admin(web, world):
    found = world.actor("barnet_housing", "admin", "Maeve Osullivan")
    web.sign_in(found)
    return found


@pytest.fixture
def newcomer(world):
    """Someone of Housing who has signed in and has no role yet."""
    with world.doors.log.transaction(world.session) as tx:
        user = people.register(tx.session, TAGS.identity("housing", "new"), "barnet_housing", now_micros())
        staff.keep(tx.session, world.doors.keys, user, "barnet_housing", "Nina Newcomer", "")
    return user


def held(world, user):
    world.session.rollback()
    return [c.role for c in capacities.current(world.session, user, now_micros())]


def test_home_says_who_waits_and_whose_role_ends_soon(web, world, admin, newcomer):
    now = now_micros()
    with world.doors.log.transaction(world.session) as tx:
        user = people.register(tx.session, TAGS.identity("housing", "ending"), "barnet_housing", now)
        staff.keep(tx.session, world.doors.keys, user, "barnet_housing", "Eve Ending", "")
        capacities.install(tx, user, "barnet_housing", "practitioner", now, now + 5 * 86_400_000_000, now)
    web.get("/")
    assert web.text.index("Nina Newcomer") < web.text.index("Eve Ending, practitioner")
    assert "Your view was recorded" in web.text
    assert ("list", "permitted") in web.logged()


def test_people_are_listed_by_state_and_only_ones_own(web, world, admin, newcomer):
    world.actor("barnet_housing", "practitioner", "Hal Housing")
    world.actor("police", "practitioner", "Olga Other")
    web.get("/people")
    assert "Hal Housing" in web.text
    assert "Nina Newcomer" not in web.text
    web.get("/people?show=waiting")
    assert "Nina Newcomer" in web.text
    for show in ("active", "waiting", "ended", "everything"):
        assert "Olga Other" not in web.get(f"/people?show={show}&page=99").text


def test_fifty_a_page(web, world, admin):
    for n in range(51):
        world.actor("barnet_housing", "practitioner", f"Person {n:02}")
    web.get("/people")
    assert "Person 48" in web.text
    assert "Person 49" not in web.text
    assert "1 to 50 of 52" in web.text
    web.get("/people?show=active&page=2")
    assert "Person 49" in web.text
    assert "51 to 52 of 52" in web.text


def test_a_role_is_given_with_dates_and_ended_again(web, world, admin, newcomer):
    web.get(f"/people/{newcomer}/roles/give")
    assert "Nina Newcomer" in web.text
    assert f'value="{TODAY.year}"' in web.last.text
    ends = TODAY + timedelta(days=100)
    answer = web.post(f"/people/{newcomer}/roles/give", grant_form(ends=ends))
    assert (answer.status_code, answer.location) == (303, f"/people/{newcomer}")
    assert held(world, newcomer) == ["practitioner"]
    [given] = capacities.current(world.session, newcomer, now_micros())
    assert given.ends
    assert from_micros(given.ends).date() in (ends, ends + timedelta(days=1))  # its last day is `ends`, in London
    web.get(f"/people/{newcomer}")
    assert "Given by" in web.text
    assert "Maeve Osullivan" in web.text
    web.post(f"/people/{newcomer}/roles/{given.id}/end")
    assert held(world, newcomer) == []
    assert web.post(f"/people/{newcomer}/roles/{given.id}/end").status_code == 404
    assert {"capacity-granted", "capacity-ended"} <= {o for o, _ in web.logged()}


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"role": ""}, "Choose a role"),
        ({"role": "coordinator"}, "roles your organisation may give"),
        ({"role": "feed"}, "roles your organisation may give"),
        ({"role": "technical_admin"}, "roles your organisation may give"),
        ({"role": "partnership_dpo"}, "roles your organisation may give"),
        ({"role": "chair"}, "roles your organisation may give"),
        (day("starts", TODAY - timedelta(days=1)), "cannot be in the past"),
        (day("ends", TODAY - timedelta(days=1)), "must be after the first day"),
        (day("ends", TODAY + timedelta(days=500)), "at most a year"),
        ({"ends-day": "31", "ends-month": "2"}, "must be a real date"),
        ({"starts-year": "26"}, "must be a real date"),
    ],
)
def test_what_is_wrong_is_said_and_gives_nothing(web, world, admin, newcomer, changed, words):
    sent = {**grant_form(), **changed}
    answer = web.post(f"/people/{newcomer}/roles/give", sent)
    assert answer.status_code == 422
    assert words in web.text
    assert f'value="{sent["ends-day"]}"' in answer.text
    assert held(world, newcomer) == []


def test_the_form_leads_back_to_the_person(web, world, admin, newcomer):
    web.get(f"/people/{newcomer}/roles/give")
    assert f'href="/people/{newcomer}" class="govuk-back-link"' in web.last.text


def test_the_same_role_twice_is_refused(web, world, admin, newcomer):
    web.post(f"/people/{newcomer}/roles/give", grant_form())
    assert web.post(f"/people/{newcomer}/roles/give", grant_form()).status_code == 422
    assert "already has that role" in web.text
    assert held(world, newcomer) == ["practitioner"]


def test_nobody_gives_a_role_to_themselves_or_records_themselves_as_a_leaver(web, world, admin):
    assert web.post(f"/people/{admin.user}/roles/give", grant_form()).status_code == 422
    assert "You cannot give yourself a role" in web.text
    assert web.post(f"/people/{admin.user}/leaver").status_code == 422
    assert held(world, admin.user) == ["admin"]


def test_roles_offered_fit_the_kind_of_party(web, world, admin, newcomer):
    web.get(f"/people/{newcomer}/roles/give")
    assert "Agency SPOC" in web.text
    assert 'value="coordinator"' not in web.last.text
    web.sign_in(world.actor("barnet_safety", "admin"))
    other = world.actor("barnet_safety", "practitioner")
    web.get(f"/people/{other.user}/roles/give")
    assert "IOM coordinator" in web.text


def test_a_person_is_signed_out_everywhere_at_once(web, world, admin):
    other = world.actor("barnet_housing", "practitioner", "Hal Housing")
    theirs = type(web)(web.app, world)
    theirs.sign_in(other)
    assert theirs.get("/").status_code == 200
    web.get(f"/people/{other.user}")
    assert "Sign this person out everywhere" in web.text
    assert web.post(f"/people/{other.user}/sessions/end").status_code == 303
    assert theirs.get("/").location == "/sign-in"
    assert "Not signed in." in (web.get(f"/people/{other.user}"), web.text)[1]


def test_an_administrator_sees_of_a_guest_only_the_work_for_this_party(web, world, admin):
    officer = world.actor("police", "practitioner", "Olga Guest")
    with world.doors.log.transaction(world.session) as tx:
        now = now_micros()
        capacities.install(tx, officer.user, "barnet_housing", "practitioner", now, None, now)
    theirs = type(web)(web.app, world)
    theirs.sign_in(officer)
    web.get(f"/people/{officer.user}")
    assert "Not signed in for your organisation." in web.text
    web.post(f"/people/{officer.user}/sessions/end")
    assert theirs.get("/").status_code == 200


def test_a_leavers_next_request_fails(web, world, admin):
    other = world.actor("barnet_housing", "practitioner", "Hal Housing")
    theirs = type(web)(web.app, world)
    theirs.sign_in(other)
    web.get(f"/people/{other.user}/leaver")
    assert "Has Hal Housing left?" in web.text
    assert theirs.get("/").status_code == 200  # asking changed nothing
    assert web.post(f"/people/{other.user}/leaver").location == "/people"
    assert theirs.get("/").location == "/sign-in"
    assert "Hal Housing" in (web.get("/people?show=ended"), web.text)[1]
    assert web.post(f"/people/{other.user}/leaver").status_code == 404  # sent twice


def test_people_of_another_party_cannot_be_reached(web, world, admin):
    other = world.actor("police", "practitioner", "Olga Other")
    for path in (f"/people/{other.user}", f"/people/{other.user}/roles/give", f"/people/{other.user}/leaver"):
        assert web.get(path).status_code == 404
        assert "Olga" not in web.text
    for path in ("roles/give", f"roles/{other.capacity}/end", "sessions/end", "leaver"):
        assert web.post(f"/people/{other.user}/{path}", grant_form()).status_code == 404
    assert held(world, other.user) == ["practitioner"]
    assert web.get(f"/people/{uuid.uuid4()}").status_code == 404


def test_each_role_says_what_it_sees_and_who_may_give_it(web, world, admin, newcomer):
    web.get(f"/people/{newcomer}/roles/give")
    assert 'value="technical_admin"' not in web.last.text
    assert "Roles that your organisation cannot give" in web.text
    for words in (
        "Technical administrator: given by Community Safety.",
        "Panel chair: given by Police and Community Safety.",
        "Partnership data protection officer or auditor: given by Community Safety.",
        "Automated monthly file: given by the operator, at set-up.",
        "Works with cases, as far as the agreement gives.",
    ):
        assert words in web.text
    council = world.actor("barnet_safety", "admin")
    user = world.actor("barnet_safety", "practitioner", "Carl Council").user
    web.sign_in(council)
    web.get(f"/people/{user}/roles/give")
    assert "Keeps the portal running, for the council that hosts it." in web.text
    assert "Held only at Community Safety." in web.text
    assert web.post(f"/people/{user}/roles/give", grant_form("technical_admin")).status_code == 303


@pytest.mark.parametrize("role", ["partnership_dpo", "technical_admin", "coordinator", "nonsense"])
def test_a_role_the_agreement_does_not_let_a_party_hold_opens_nothing(web, world, role):
    web.sign_in(world.actor("barnet_housing", role))
    for path in ("/", "/log/home", "/search", "/agreement/mine"):
        assert web.get(path).status_code == 403
        assert "does not let your organisation hold the role" in web.text


def test_the_operator_gives_no_role_that_the_agreement_withholds(world, newcomer, monkeypatch):
    monkeypatch.setattr("portal.cli.installation.settings", lambda: world.settings)
    world.session.rollback()
    for role, code in (("partnership_dpo", 1), ("admin", 0)):
        done = CliRunner().invoke(running.grant, [str(newcomer), "barnet_housing", role])
        assert done.exit_code == code, done.output
    assert held(world, newcomer) == ["admin"]


@pytest.mark.parametrize("role", ["practitioner", "dpo", "coordinator", "technical_admin"])
def test_only_an_administrator_gets_here(web, world, admin, newcomer, role):
    web.sign_in(world.actor("barnet_safety", role))
    for answer in (web.get("/people"), web.get(f"/people/{newcomer}"), web.post(f"/people/{newcomer}/leaver")):
        assert answer.status_code == 403
        assert "Nina" not in web.text


def test_an_administrator_sees_no_case(web, world, admin):
    case = world.case()
    for path in ("/", "/people", f"/people/{admin.user}"):
        assert "Marlowe" not in web.get(path).text
    assert web.get("/search").status_code == 403
    assert web.get(f"/case/{case}").status_code in (403, 404)
    assert "Marlowe" not in web.text
