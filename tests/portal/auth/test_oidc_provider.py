"""Whole sign-ins against npm oidc-provider, over HTTP: what a provider that nobody here wrote really does."""

import pytest
from joserfc.jwk import RSAKey

from portal.auth import people, sessions, signing_out
from portal.auth.errors import CapacityRefused, LogoutRefused, SignInRefused
from portal.auth.oidc import RelyingParty
from portal.auth.providers import Catalogue, PartyRule, Provider
from portal.auth.signing_in import Desk
from portal.db import SECOND
from tests.machine import PATIENCE
from tests.oidc.browser import Person
from tests.oidc.fixtures import POLICE, SHARED, running
from tests.portal.auth.conftest import LIMITS, TAGS, actor_of, state_of

BROWSER = "b" * 43


@pytest.fixture
def person(portal_address):
    found = Person(portal_address.base)
    yield found
    found.close()


@pytest.fixture
def posted(portal_address):
    """What providers post to the portal during this test."""
    while not portal_address.posted.empty():
        portal_address.posted.get()
    return portal_address.posted


def sign_in(desk: Desk, world, person, provider, account, cookie=None, browser=BROWSER):
    url = desk.begin(world.db, provider, browser, "/cases?page=2", world.now)
    answer = person.sign_in(url, account)
    return desk.complete(world.db, provider, browser, cookie, answer, world.now)


@pytest.mark.parametrize("account", [a for a in POLICE + SHARED if a.party], ids=lambda a: a.subject)
def test_each_account_is_recognised_as_its_party(desk, world, person, account):
    provider = "police" if account in POLICE else "shared"
    done = sign_in(desk, world, person, provider, account.subject)
    assert (done.party, done.next_path, done.capacity) == (account.party, "/cases?page=2", None)
    state = state_of(world, done.cookie)
    assert (state.user, state.home_party, state.actor) == (done.user, account.party, None)
    assert world.operations() == ["sign-in"]


@pytest.mark.parametrize(
    ("subject", "reason"), [("nurse-2", "no-party"), ("nurse-3", "no-party"), ("both-1", "two-parties")]
)
def test_no_rule_or_rules_of_two_parties_is_refused_and_logged(desk, world, person, subject, reason):
    with pytest.raises(SignInRefused) as refused:
        sign_in(desk, world, person, "shared", subject)
    assert refused.value.reason == reason
    assert refused.value.reference
    assert world.operations() == ["sign-in-failed"]


def test_another_tenants_guest_is_refused(desk, world, person):
    with pytest.raises(SignInRefused, match="no-party"):
        sign_in(desk, world, person, "police", "guest")


def test_nothing_personal_is_stored_and_a_session_is_not_found_by_what_is(desk, world, person):
    names = []
    desk = Desk(world.log, desk.relying, TAGS, LIMITS, lambda tx, user, name, email: names.append((name, email)))
    done = sign_in(desk, world, person, "police", "pc-okafor")
    assert names == [("Ada Okafor", "pc-okafor@example.test")]
    stored = world.everything_stored()
    for secret in ("Okafor", "pc-okafor", done.cookie, BROWSER, "eyJ"):
        assert secret.encode() not in stored
        assert secret not in repr(done)
    assert done.session.encode() in stored  # the search does find what is there


def test_the_same_person_comes_back_to_the_same_account_and_the_old_session_ends(desk, world, person):
    first = sign_in(desk, world, person, "police", "pc-okafor")
    second = sign_in(desk, world, person, "police", "pc-okafor", cookie=first.cookie)
    assert second.user == first.user
    assert second.cookie != first.cookie
    assert sessions.resolve(world.db, first.cookie, LIMITS, world.now) is None
    assert world.operations() == ["sign-in", "session-ended", "sign-in"]


def test_an_only_capacity_is_chosen_at_sign_in_and_one_of_two_afterwards(desk, world, person):
    user = sign_in(desk, world, person, "police", "sgt-price").user
    assert people.one_of_party(world.db, "police", user).suggested == ("spoc",)
    one = world.capacity(user, role="spoc")
    assert one.suggested_by_claim
    done = sign_in(desk, world, person, "police", "sgt-price")
    assert done.capacity == one.id
    two = world.capacity(user, party="barnet_youth", role="lead")
    assert not two.suggested_by_claim
    done = sign_in(desk, world, person, "police", "sgt-price")
    assert done.capacity is None
    fresh = desk.choose_capacity(world.db, done.cookie, two.id, world.now)
    assert fresh.session != done.session
    assert sessions.resolve(world.db, done.cookie, LIMITS, world.now) is None
    actor = actor_of(world, fresh.cookie)
    assert (actor.party, actor.role, actor.session) == ("barnet_youth", "lead", fresh.session)
    with pytest.raises(CapacityRefused):
        desk.choose_capacity(world.db, done.cookie, one.id, world.now)


def test_a_capacity_of_someone_else_cannot_be_chosen(desk, world, person):
    done = sign_in(desk, world, person, "police", "pc-okafor")
    other = world.capacity(world.person("other"))
    with pytest.raises(CapacityRefused):
        desk.choose_capacity(world.db, done.cookie, other.id, world.now)


@pytest.mark.parametrize(("provider", "account"), [("police", "pc-okafor"), ("shared", "housing-1")])
def test_step_up_by_acr_and_by_auth_time(desk, world, person, provider, account):
    done = sign_in(desk, world, person, provider, account)
    world.capacity(done.user, party=done.party)
    done = sign_in(desk, world, person, provider, account)
    state = state_of(world, done.cookie)
    assert not actor_of(world, done.cookie).stepped_up
    url = desk.begin_step_up(world.db, state, BROWSER, "/emergency", world.now)
    answer = person.sign_in(url, account)
    again = desk.complete(world.db, provider, BROWSER, done.cookie, answer, world.now)
    assert again.stepped_up
    assert (again.session, again.next_path) == (done.session, "/emergency")
    assert sessions.resolve(world.db, done.cookie, LIMITS, world.now) is None
    assert actor_of(world, again.cookie).stepped_up
    late = world.now + LIMITS.step_up
    with world.log.transaction(world.db) as tx:
        sessions.touch(tx.session, again.session, late - SECOND)
    assert not actor_of(world, again.cookie, late).stepped_up


def test_step_up_by_a_colleague_at_the_same_desk_is_refused(desk, world, person):
    done = sign_in(desk, world, person, "police", "pc-okafor")
    state = state_of(world, done.cookie)
    url = desk.begin_step_up(world.db, state, BROWSER, "/", world.now)
    answer = person.sign_in(url, "sgt-price")
    with pytest.raises(SignInRefused, match="someone-else"):
        desk.complete(world.db, "police", BROWSER, done.cookie, answer, world.now)
    assert state_of(world, done.cookie).session == done.session


def test_step_up_skipped_at_the_provider_is_noticed(desk, world, person):
    done = sign_in(desk, world, person, "police", "pc-okafor")
    state = state_of(world, done.cookie)
    url = desk.begin_step_up(world.db, state, BROWSER, "/", world.now)
    # the person edits the address so that the provider asks nothing again
    url = url.replace("prompt=login", "prompt=none").replace("acr_values=", "x=")
    answer = person.sign_in(url, "pc-okafor")
    with pytest.raises(SignInRefused, match="step-up-missing"):
        desk.complete(world.db, "police", BROWSER, done.cookie, answer, world.now)


def test_a_code_is_used_once_and_a_state_is_used_once(desk, world, person):
    url = desk.begin(world.db, "police", BROWSER, "/", world.now)
    answer = person.sign_in(url, "pc-okafor")
    desk.complete(world.db, "police", BROWSER, None, answer, world.now)
    with pytest.raises(SignInRefused, match="state-unknown"):
        desk.complete(world.db, "police", BROWSER, None, answer, world.now)
    desk.begin(world.db, "police", BROWSER, "/", world.now)
    fresh = dict(answer, state=_state(desk.begin(world.db, "police", BROWSER, "/", world.now)))
    with pytest.raises(SignInRefused, match="provider-refused"):
        desk.complete(world.db, "police", BROWSER, None, fresh, world.now)


def test_an_answer_opened_in_another_browser_is_refused(desk, world, person):
    url = desk.begin(world.db, "police", BROWSER, "/", world.now)
    answer = person.sign_in(url, "pc-okafor")
    with pytest.raises(SignInRefused, match="other-browser"):
        desk.complete(world.db, "police", "c" * 43, None, answer, world.now)
    with pytest.raises(SignInRefused, match="state-unknown"):
        desk.complete(world.db, "police", BROWSER, None, answer, world.now)


def test_a_code_stolen_from_another_browser_fails_its_pkce(desk, world, person):
    stolen = person.sign_in(desk.begin(world.db, "police", BROWSER, "/", world.now), "pc-okafor")
    thief = "t" * 43
    state = _state(desk.begin(world.db, "police", thief, "/", world.now))
    with pytest.raises(SignInRefused, match="provider-refused"):
        desk.complete(world.db, "police", thief, None, dict(stolen, state=state), world.now)


def test_the_provider_refuses_a_request_without_pkce(desk, world, person):
    url = desk.begin(world.db, "police", BROWSER, "/", world.now).replace("code_challenge=", "x=")
    answer = person.sign_in(url, "pc-okafor")
    with pytest.raises(SignInRefused, match="provider-refused"):
        desk.complete(world.db, "police", BROWSER, None, answer, world.now)


def test_an_answer_of_one_provider_is_not_taken_for_another(desk, world, person):
    answer = person.sign_in(desk.begin(world.db, "shared", BROWSER, "/", world.now), "housing-1")
    with pytest.raises(SignInRefused, match="mixed-up"):
        desk.complete(world.db, "police", BROWSER, None, answer, world.now)
    state = _state(desk.begin(world.db, "police", BROWSER, "/", world.now))
    with pytest.raises(SignInRefused, match="mixed-up"):  # the attacker's `iss` gives it away
        desk.complete(world.db, "police", BROWSER, None, dict(answer, state=state), world.now)
    state = _state(desk.begin(world.db, "police", BROWSER, "/", world.now))
    without = {"code": answer["code"], "state": state}
    with pytest.raises(SignInRefused, match="mixed-up"):
        desk.complete(world.db, "police", BROWSER, None, without, world.now)


def test_signing_out_signs_out_at_the_provider_and_its_signal_is_obeyed_once(
    desk, world, person, portal_address, posted
):
    done = sign_in(desk, world, person, "police", "pc-okafor")
    other = Person(portal_address.base)
    elsewhere = sign_in(desk, world, other, "police", "pc-okafor", browser="e" * 43)
    other.close()
    url = signing_out.sign_out(desk, world.db, done.cookie, f"{portal_address.base}/signed-out", world.now)
    assert sessions.resolve(world.db, done.cookie, LIMITS, world.now) is None
    assert person.follow(url, {"logout": "yes"}) == f"{portal_address.base}/signed-out"
    path, form = posted.get(timeout=PATIENCE)
    assert path == "/sign-in/police/back-channel"
    assert signing_out.back_channel(desk, world.db, "police", form["logout_token"], world.now) == 0
    with pytest.raises(LogoutRefused, match="used before"):
        signing_out.back_channel(desk, world.db, "police", form["logout_token"], world.now)
    # the same person's session in another browser has another sid and goes on
    assert sessions.resolve(world.db, elsewhere.cookie, LIMITS, world.now) is not None
    assert posted.empty()


def test_a_sign_out_at_the_provider_ends_the_session_here(desk, world, person, portal_address, posted):
    done = sign_in(desk, world, person, "police", "pc-okafor")
    person.follow(
        f"{desk.relying.metadata(desk.relying.catalogue.provider('police')).end_session_endpoint}"
        f"?client_id=portal&post_logout_redirect_uri={portal_address.base}/signed-out",
        {"logout": "yes"},
    )
    _, form = posted.get(timeout=PATIENCE)
    with pytest.raises(LogoutRefused):
        signing_out.back_channel(desk, world.db, "shared", form["logout_token"], world.now)
    assert signing_out.back_channel(desk, world.db, "police", form["logout_token"], world.now) == 1
    assert sessions.resolve(world.db, done.cookie, LIMITS, world.now) is None
    assert world.operations() == ["sign-in", "session-ended"]


def test_the_portal_authenticates_by_private_key_where_a_provider_wants_no_secret(world, portal_address, tmp_path):
    key = RSAKey.generate_key(2048, parameters={"kid": "ours"})
    client = {
        "client_id": "portal-by-key",
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks": {"keys": [key.as_dict(private=False)]},
        "redirect_uris": [portal_address.callback("keyed")],
        "response_types": ["code"],
        "grant_types": ["authorization_code"],
    }
    pem = tmp_path / "ours.pem"
    pem.write_bytes(key.as_pem(private=True))
    person = Person(portal_address.base)
    with running(portal_address.base, [client]) as found:
        provider = Provider(
            id="keyed",
            name="Keyed",
            issuer=found.police,
            client_id="portal-by-key",
            private_key_file="ours.pem",
            private_key_id="ours",
        )
        rule = PartyRule(id="police", provider="keyed", equals=found.police)
        relying = RelyingParty(Catalogue([provider], [rule], tmp_path), portal_address.callback, demo=True)
        done = sign_in(Desk(world.log, relying, TAGS, LIMITS), world, person, "keyed", "pc-okafor")
    person.close()
    assert done.party == "police"


def _state(url: str) -> str:
    return url.split("state=")[1].split("&")[0]
