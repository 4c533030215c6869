"""Signing in through the pages, against npm oidc-provider; and what the pages do without any provider."""

import dataclasses
import re
from types import SimpleNamespace
from urllib.parse import parse_qsl, urlsplit

import pytest
from limits.storage import memory

from portal.auth import capacities
from portal.auth.actor import Actor
from portal.auth.tables import LoginSession, UserAccount
from portal.db import now_micros
from portal.sharing import visits
from portal.sharing.tables import VisitRow
from tests import installation
from tests.installation import opened
from tests.machine import PATIENCE
from tests.oidc.browser import Person
from tests.oidc.fixtures import running
from tests.oidc.listening import listener
from tests.portal.pages.web import Web


@pytest.fixture(scope="module")
def portal():
    with listener() as found:
        yield found


@pytest.fixture(scope="module")
def provider(portal):
    with running(portal.base) as found:
        yield found


@pytest.fixture
def site(template, tmp_path, portal, provider):
    """A browser at a portal whose people sign in at a real provider."""
    given = installation.copy(template, tmp_path / "home")
    provider.write_providers(given.home)
    given = dataclasses.replace(given, base_url=portal.base)
    with opened(given) as world:
        yield Web(world.app(), world)


@pytest.fixture
def person(portal):
    found = Person(portal.base)
    yield found
    found.close()


def sign_in(site, person, account="pc-okafor", provider="police", **more):
    away = site.post("/sign-in", {"organisation": provider, **more})
    assert away.status_code == 303
    answer = person.sign_in(away.location, account)
    return site.get(f"/sign-in/{provider}/callback", query_string=answer)


def grant(site, role="practitioner", party="police"):
    """A role for whoever has signed in last."""
    with site.world.doors.log.transaction(site.world.session) as tx:
        user = tx.session.query(UserAccount).order_by(UserAccount.created_at.desc()).first().id
        made = capacities.install(tx, user, party, role, now_micros(), None, now_micros())
    return made


def test_someone_without_a_role_is_told_whom_to_ask(site, person):
    answer = sign_in(site, person)
    assert (answer.status_code, answer.location) == (303, "/capacity")
    site.get("/capacity")
    assert "You do not have access yet" in site.text
    assert "Metropolitan Police" in site.text
    assert "Ada Okafor" in site.text  # their own name, as the provider gave it
    assert "Ask the IOM sergeant" in site.text
    assert site.get("/").location == "/capacity"


def test_an_only_role_is_taken_and_leads_to_where_one_wanted_to_go(site, person):
    sign_in(site, person)
    grant(site)
    assert sign_in(site, person, next="/agreement/mine?purpose=risk").location == "/agreement/mine?purpose=risk"
    cookie = next(c for c in site.last.headers.getlist("Set-Cookie") if c.startswith("session-demo="))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Max-Age" not in cookie
    assert "practitioner, Police" in (site.get("/"), site.text)[1]


def test_two_roles_are_a_choice_that_can_be_changed(site, person):
    sign_in(site, person)
    first, second = grant(site), grant(site, "spoc")
    answer = sign_in(site, person, next="/search")
    assert answer.location == "/capacity?next=/search"
    site.get(answer.location)
    assert "Practitioner, Police" in site.text
    assert "Agency SPOC, Police" in site.text
    answer = site.post("/capacity", {"capacity": str(first.id), "next": "/search"})
    assert (answer.status_code, answer.location) == (303, "/search")
    old = site.client.get_cookie("session-demo", domain="127.0.0.1").value
    site.post("/capacity", {"capacity": str(second.id)})
    assert "agency SPOC, Police" in (site.get("/"), site.text)[1]
    site.client.set_cookie("session-demo", old, domain="127.0.0.1")
    assert site.get("/").location == "/sign-in"


def test_a_change_of_capacity_ends_the_visits_of_the_former(site, person):
    sign_in(site, person)
    first, second = grant(site), grant(site, "spoc")
    sign_in(site, person)
    site.post("/capacity", {"capacity": str(first.id)})
    world = site.world
    case = world.case()
    session = world.session.query(LoginSession).filter_by(ended_at=None).one().public_id
    actor = Actor(first.user, "police", "practitioner", session, first.id, False)
    visits.begin(world.session, world.doors, actor, case, "risk", "", now_micros())
    site.post("/capacity", {"capacity": str(second.id)})
    world.session.rollback()
    assert [row.ended_at is None for row in world.session.query(VisitRow)] == [False]


@pytest.mark.parametrize("sent", ["", "nonsense", "00000000-0000-7000-8000-000000000000"])
def test_a_capacity_that_is_not_ones_own_is_not_taken(site, person, sent):
    sign_in(site, person)
    grant(site)
    grant(site, "spoc")
    sign_in(site, person)
    answer = site.post("/capacity", {"capacity": sent})
    assert answer.status_code == 422
    assert "There is a problem" in site.text
    assert site.get("/").location == "/capacity"


@pytest.mark.parametrize("to", ["//evil.example/x", "https://evil.example/", "/\\evil.example", "javascript:alert(1)"])
def test_nobody_is_sent_on_to_another_site(site, person, to):
    sign_in(site, person)
    grant(site)
    assert sign_in(site, person, next=to).location == "/"
    assert site.get("/sign-in", query_string={"next": to}).location == "/"


def test_the_last_organisation_is_offered_again_and_the_cookie_holds_nothing_else(site, person):
    site.get("/sign-in")
    assert "Last time" not in site.text
    sign_in(site, person)
    site.post("/sign-out")
    assert site.client.get_cookie("organisation", domain="127.0.0.1", path="/sign-in").value == "police"
    site.get("/sign-in")
    assert "Continue with Police" in site.text


@pytest.mark.parametrize("typed", ["Police", "police", "polic", " POLICE ", "(police)"])
def test_a_name_is_typed_as_people_type(site, provider, typed):
    answer = site.post("/sign-in", {"typed": typed})
    assert answer.status_code == 303
    assert answer.location.startswith(provider.police)


@pytest.mark.parametrize(
    ("typed", "words"), [("", "Enter its name"), ("nowhere", "No organisation here has that name")]
)
def test_a_name_that_fits_none_is_said_and_kept(site, typed, words):
    answer = site.post("/sign-in", {"typed": typed, "next": "/search"})
    assert answer.status_code == 422
    assert words in site.text
    assert f'value="{typed}"' in answer.text
    assert 'value="/search"' in answer.text


def test_an_answer_in_another_browser_is_refused_logged_and_says_what_to_do(site, person):
    away = site.post("/sign-in", {"organisation": "police"})
    answer = person.sign_in(away.location, "pc-okafor")
    other = Web(site.app, site.world)
    other.get("/sign-in/police/callback", query_string=answer)
    assert other.last.status_code == 403
    assert "started in another browser" in other.text
    assert re.search(r"reference [2-9A-Z]{4}-[2-9A-Z]{2}", other.text)
    assert ("sign-in-failed", "refused") in site.logged()
    assert "Set-Cookie" not in other.last.headers or "session-demo" not in other.last.headers["Set-Cookie"]
    assert other.get("/").location == "/sign-in"


def test_a_stray_callback_and_an_unknown_provider_are_refused(site):
    assert site.get("/sign-in/police/callback").status_code == 403
    assert site.get("/sign-in/nobody/callback?state=x&code=y").status_code == 403
    assert site.post("/sign-in", {"organisation": "nobody"}).status_code == 403
    assert "does not know that organisation" in site.text


def test_what_a_browser_held_before_sign_in_is_worth_nothing_after_it(site, person):
    site.get("/sign-in")
    form = re.search(r'name="csrf_token" value="([^"]+)"', site.last.text)
    site.client.set_cookie("session-demo", "planted", domain="127.0.0.1")
    sign_in(site, person)
    grant(site)
    sign_in(site, person)
    assert site.client.get_cookie("session-demo", domain="127.0.0.1").value != "planted"
    assert site.client.get_cookie("form-demo", domain="127.0.0.1") is None
    assert site.post("/sign-out", {"csrf_token": form[1]}, token=False).status_code == 400
    assert site.get("/").status_code == 200


def test_step_up_is_asked_for_in_one_sentence_and_comes_back(site, person):
    sign_in(site, person)
    grant(site, "dpo")
    sign_in(site, person)
    site.get("/confirm?next=/log")
    assert "The access log needs fresh proof of who you are. Police will ask you for it" in site.text
    away = site.post("/confirm", {"next": "/log"})
    assert dict(parse_qsl(urlsplit(away.location).query))["prompt"] == "login"
    before = site.client.get_cookie("session-demo", domain="127.0.0.1").value
    answer = site.get("/sign-in/police/callback", query_string=person.sign_in(away.location, "pc-okafor"))
    assert (answer.status_code, answer.location) == (303, "/log")
    assert site.client.get_cookie("session-demo", domain="127.0.0.1").value != before
    assert ("step-up", "permitted") in site.logged()


def test_a_step_up_by_someone_else_changes_nothing(site, person, portal):
    sign_in(site, person)
    grant(site, "dpo")
    sign_in(site, person)
    away, other = site.post("/confirm", {"next": "/log"}), Person(portal.base)
    answer = site.get("/sign-in/police/callback", query_string=other.sign_in(away.location, "sgt-price"))
    other.close()
    assert answer.status_code == 403
    assert "Someone else confirmed" in site.text
    assert ("step-up", "permitted") not in site.logged()


def test_sign_out_ends_the_session_here_and_goes_on_to_the_provider(site, person, provider, portal):
    sign_in(site, person)
    grant(site)
    sign_in(site, person)
    cookie = site.client.get_cookie("session-demo", domain="127.0.0.1").value
    answer = site.post("/sign-out")
    assert answer.status_code == 303
    assert answer.location.startswith(provider.police)
    assert dict(parse_qsl(urlsplit(answer.location).query))["post_logout_redirect_uri"] == f"{portal.base}/signed-out"
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert site.client.get_cookie("session-demo", domain="127.0.0.1") is None
    site.client.set_cookie("session-demo", cookie, domain="127.0.0.1")
    assert site.get("/").location == "/sign-in"
    assert site.get("/signed-out").status_code == 200
    assert ("sign-out", "permitted") in site.logged()


def test_sign_out_without_a_session_says_signed_out_and_needs_a_form_token(site):
    assert site.post("/sign-out").location == "/signed-out"
    assert site.post("/sign-out", token=False).status_code == 400


def test_the_provider_ends_a_session_by_its_back_channel_once(site, person, portal):
    while not portal.posted.empty():
        portal.posted.get()
    sign_in(site, person)
    grant(site)
    sign_in(site, person)
    desk = site.app.extensions["portal"].desk
    ending = desk.relying.metadata(desk.relying.catalogue.provider("police")).end_session_endpoint
    back = f"{portal.base}/signed-out"
    person.follow(f"{ending}?client_id=portal&post_logout_redirect_uri={back}", {"logout": "yes"})
    path, form = portal.posted.get(timeout=PATIENCE)
    assert path == "/sign-in/police/back-channel"
    answer = site.post(path, form, token=False)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert site.get("/").location == "/sign-in"
    assert site.post(path, form, token=False).status_code == 400


@pytest.mark.parametrize("token", ["", "x", "x" * 9000])
def test_a_back_channel_call_that_does_not_verify_is_refused(site, token):
    for provider in ("police", "shared", "nobody"):
        answer = site.post(f"/sign-in/{provider}/back-channel", {"logout_token": token}, token=False)
        assert answer.status_code == 400


def test_a_front_channel_call_of_a_provider_that_declared_none_is_refused(site, provider):
    assert (
        site.get("/sign-in/police/front-channel", query_string={"iss": provider.police, "sid": "x"}).status_code == 400
    )


def test_twenty_sign_ins_a_minute_from_one_browser_are_enough(site, monkeypatch):
    monkeypatch.setattr(memory, "time", SimpleNamespace(time=lambda: 1.0))  # however long the minute takes here
    codes = [site.post("/sign-in", {"typed": ""}).status_code for _ in range(21)]
    assert codes == [422] * 20 + [429]
    assert Web(site.app, site.world).post("/sign-in", {"typed": ""}).status_code == 422  # another at the same address


def test_who_is_signed_in_is_not_asked_again(site, person):
    sign_in(site, person)
    grant(site)
    sign_in(site, person)
    assert site.get("/sign-in?next=/search").location == "/search"
