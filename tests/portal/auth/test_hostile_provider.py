"""Every answer that must not sign anybody in, from a provider (or someone in its place) that lies."""

import base64
import json
import time
from typing import Any

import pytest
from joserfc.jwk import ECKey, RSAKey

from portal.auth.errors import SignInRefused
from portal.auth.metadata import ProviderMetadata
from portal.auth.providers import Provider
from portal.auth.sessions import resolve
from tests.oidc.hostile import Hostile, hostile
from tests.portal.auth.conftest import LIMITS, state_of
from tests.portal.auth.lying import BROWSER, STEP_UP, attempt, build, desk, liar, server, unsigned

__all__ = ["desk", "liar", "server"]  # fixtures


def test_an_honest_answer_signs_in(desk, world, liar):
    done = attempt(desk, world, liar, lambda nonce: liar.sign(liar.claims(nonce=nonce)))
    assert state_of(world, done.cookie).home_party == "police"
    done = attempt(desk, world, liar, lambda nonce: liar.sign(liar.claims(nonce=nonce, aud=["portal"], azp="portal")))
    assert state_of(world, done.cookie)


NOW = int(time.time())
WRONG = {
    "nonce of another": {"nonce": "x" * 43},
    "no nonce": {"nonce": None},
    "issuer": {"iss": "https://other.example"},
    "no issuer": {"iss": None},
    "audience of another": {"aud": "other"},
    "audience of others, azp ours": {"aud": ["portal", "other"], "azp": "portal"},
    "audience of another, azp ours": {"aud": ["other"], "azp": "portal"},
    "azp of another": {"azp": "other"},
    "no audience": {"aud": None},
    "expired": {"exp": NOW - 120},
    "no expiry": {"exp": None},
    "expiry as text": {"exp": str(NOW + 300)},
    "expiry as truth": {"exp": True},
    "issued in the future": {"iat": NOW + 86_400},
    "no time of issue": {"iat": None},
    "time of issue as truth": {"iat": True},
    "not yet valid": {"nbf": NOW + 86_400},
    "no subject": {"sub": None},
    "empty subject": {"sub": ""},
    "subject a number": {"sub": 7},
    "a logout token": {"events": {"http://schemas.openid.net/event/backchannel-logout": {}}},
    "no sid, though sign-out signals were promised": {"sid": None},
    "signed in in the future": {"auth_time": NOW + 86_400},
}


@pytest.mark.parametrize("changes", WRONG.values(), ids=WRONG.keys())
def test_wrong_claims(desk, world, liar, changes):
    with pytest.raises(SignInRefused, match=r"token-(wrong|old)") as refused:
        attempt(desk, world, liar, lambda nonce: liar.sign(liar.claims(**({"nonce": nonce} | changes))))
    assert "Secret Name" not in repr(refused.value) + str(refused.value.__cause__)
    assert world.operations() == ["sign-in-failed"]


def tampered(liar: Hostile, claims: dict[str, Any]) -> str:
    head, _, signature = liar.sign(claims).split(".")
    body = base64.urlsafe_b64encode(json.dumps(claims | {"sub": "s2"}).encode()).rstrip(b"=").decode()
    return f"{head}.{body}.{signature}"


FORGED = {
    "alg none": lambda liar, claims: unsigned(claims),
    "HS256 with the public key": lambda liar, claims: liar.sign_with_public_key(claims),
    "alg not pinned": lambda liar, claims: liar.sign(claims, alg="PS256"),
    "another key under the known id": lambda liar, claims: liar.sign(claims, key=RSAKey.generate_key(2048)),
    "an unknown key id": lambda liar, claims: liar.sign(claims, kid="two"),
    "key id a number": lambda liar, claims: _header(liar.sign(claims), kid=1),
    "changed after signing": tampered,
    "signature cut off": lambda liar, claims: liar.sign(claims).rsplit(".", 1)[0] + ".",
    "four parts": lambda liar, claims: liar.sign(claims) + ".x",
    "an unknown critical extension": lambda liar, claims: _header(liar.sign(claims), crit=["x"]),
    "typ of a logout token": lambda liar, claims: liar.sign(claims, typ="logout+jwt"),
    "not a token": lambda liar, claims: "not a token",
    "header a list": lambda liar, claims: "W10.e30.e30",
    "header deeply nested": lambda liar, claims: base64.urlsafe_b64encode(b"[" * 9000).decode() + ".e30.e30",
}


def _header(token: str, **changes: Any) -> str:
    head, body, signature = token.split(".")
    header = json.loads(base64.urlsafe_b64decode(head + "==")) | changes
    return f"{base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b'=').decode()}.{body}.{signature}"


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED.keys())
def test_forged_tokens(desk, world, liar, forge):
    with pytest.raises(SignInRefused, match="token-wrong"):
        attempt(desk, world, liar, lambda nonce: forge(liar, liar.claims(nonce=nonce)))


@pytest.mark.parametrize("answer", [None, "", 7, ["x"], "x" * 70_000])
def test_a_missing_id_token_does_not_pass_silently(desk, world, liar, answer):
    with pytest.raises(SignInRefused, match="token-missing"):
        attempt(desk, world, liar, lambda nonce: answer)


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ({"iss": "https://other.example"}, "mixed-up"),
        ({"error": "access_denied"}, "provider-refused"),
        ({"code": ""}, "token-missing"),
        ({"state": "unknown"}, "state-unknown"),
        ({"state": ""}, "state-unknown"),
    ],
)
def test_wrong_answers(desk, world, liar, query, reason):
    with pytest.raises(SignInRefused, match=reason):
        attempt(desk, world, liar, lambda nonce: liar.sign(liar.claims(nonce=nonce)), query)


def test_a_sign_in_is_used_within_ten_minutes(desk, world, liar):
    url = desk.begin(world.db, "liar", BROWSER, "/", world.now)
    state = url.split("state=")[1].split("&")[0]
    with pytest.raises(SignInRefused, match="state-unknown"):
        desk.complete(world.db, "liar", BROWSER, None, {"code": "c", "state": state}, world.now + 600 * 1_000_000)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("issuer", "http://127.0.0.1:1"),
        ("issuer", None),
        ("token_endpoint", "http://attacker.example/token"),
        ("jwks_uri", "file:///etc/passwd"),
        ("authorization_endpoint", "https://user:secret@provider.example/"),
        ("jwks_uri", 7),
    ],
)
def test_discovery_that_is_not_the_configured_provider(desk, world, liar, name, value):
    liar.discovery[name] = value
    with pytest.raises(SignInRefused, match="provider-untrusted"):
        desk.begin(world.db, "liar", BROWSER, "/", world.now)


@pytest.mark.parametrize("status", [302, 404, 500])
def test_discovery_that_fails_or_redirects(desk, world, liar, status):
    liar.status["/.well-known/openid-configuration"] = status
    with pytest.raises(SignInRefused, match="provider-unreachable"):
        desk.begin(world.db, "liar", BROWSER, "/", world.now)
    with pytest.raises(SignInRefused, match="provider-unreachable"):
        desk.begin(world.db, "liar", BROWSER, "/", world.now)
    assert len(liar.asked) == 1  # a provider that is down is not asked again for a moment


def test_discovery_that_is_endless(desk, world, liar):
    liar.discovery["filling"] = "x" * 300_000
    with pytest.raises(SignInRefused, match="provider-unreachable"):
        desk.begin(world.db, "liar", BROWSER, "/", world.now)


@pytest.mark.parametrize("status", [500, 400, 302])
def test_a_token_endpoint_that_fails(desk, world, liar, status):
    liar.status["/token"] = status
    if status == 400:
        liar.discovery["ignored"] = True
    with pytest.raises(SignInRefused, match=r"provider-|token-"):
        attempt(desk, world, liar, lambda nonce: None if status != 302 else 7)


def test_keys_are_fetched_again_once_for_an_unknown_key_id_and_not_for_each():
    with hostile() as liar:
        clock = [0.0]
        provider = Provider(id="p", name="P", issuer=liar.issuer, client_id="c", secret_file="s")
        known = ProviderMetadata(provider, True, lambda: clock[0])
        assert known.key("one", "RS256").kid == "one"
        new = RSAKey.generate_key(2048, parameters={"kid": "two"})
        liar.keys = [dict(new.as_dict(private=False)), {"kty": "new", "kid": "x"}, {"broken": True}]
        clock[0] = 31.0
        assert known.key("two", "RS256").kid == "two"
        for _ in range(5):
            with pytest.raises(SignInRefused, match="token-wrong"):
                known.key("three", "RS256")
        assert liar.asked.count("/jwks") == 2
        with pytest.raises(SignInRefused):  # what was withdrawn is gone
            known.key("one", "RS256")


def test_a_key_fits_its_algorithm_and_one_of_several_is_never_guessed():
    with hostile() as liar:
        provider = Provider(id="p", name="P", issuer=liar.issuer, client_id="c", secret_file="s")
        assert ProviderMetadata(provider, True).key(None, "RS256").kid == "one"
        other = RSAKey.generate_key(2048, parameters={"kid": "two"})
        curve = ECKey.generate_key("P-256", parameters={"kid": "curve"})
        liar.keys += [dict(other.as_dict(private=False)), dict(curve.as_dict(private=False))]
        known = ProviderMetadata(provider, True)
        for kid, algorithm in ((None, "RS256"), ("curve", "RS256"), ("one", "ES256")):
            with pytest.raises(SignInRefused):
                known.key(kid, algorithm)
        assert known.key(None, "ES256").kid == "curve"
        liar.keys = [dict(liar.key.as_dict(private=False), alg="PS256")]
        with pytest.raises(SignInRefused):  # the provider itself says what its key is for
            ProviderMetadata(provider, True).key("one", "RS256")


STALE = {
    "no acr": {"acr": None},
    "a lower acr": {"acr": "urn:test:once"},
    "no auth_time": {"auth_time": None},
    "proved before it was asked": {"auth_time": NOW - 3600},
    "auth_time as text": {"auth_time": str(NOW)},
}


@pytest.mark.parametrize("changes", STALE.values(), ids=STALE.keys())
def test_a_step_up_that_proves_nothing(desk, world, liar, changes):
    done = attempt(desk, world, liar, lambda nonce: liar.sign(liar.claims(nonce=nonce)))
    state = state_of(world, done.cookie)
    url = desk.begin_step_up(world.db, state, BROWSER, "/", world.now)
    parts = dict(pair.split("=", 1) for pair in url.split("?")[1].split("&"))
    liar.token = {"id_token": liar.sign(liar.claims(**({"nonce": parts["nonce"], "acr": STEP_UP} | changes)))}
    with pytest.raises(SignInRefused, match="step-up-missing"):
        desk.complete(world.db, "liar", BROWSER, done.cookie, {"code": "c", "state": parts["state"]}, world.now)
    assert resolve(world.db, done.cookie, LIMITS, world.now) is not None


@pytest.mark.parametrize("step_up", ["acr", "max_age"])
def test_the_sign_in_itself_is_no_fresh_proof(world, liar, tmp_path, step_up):
    # whoever sits down at an unlocked screen within the minute that clocks may differ by, and strikes prompt=login
    # out of the address, gets a token from the provider's session of that sign-in
    desk = build(world, liar, tmp_path, step_up=step_up)
    before = NOW - 20
    done = attempt(desk, world, liar, lambda nonce: liar.sign(liar.claims(nonce=nonce, auth_time=before)))
    for auth_time, passes in ((before, False), (int(time.time()), True), (before, False)):
        cookie = done.cookie
        url = desk.begin_step_up(world.db, state_of(world, cookie), BROWSER, "/", world.now)
        parts = dict(pair.split("=", 1) for pair in url.split("?")[1].split("&"))
        claims = liar.claims(nonce=parts["nonce"], acr=STEP_UP, auth_time=auth_time)
        liar.token = {"id_token": liar.sign(claims)}
        answer = {"code": "c", "state": parts["state"]}
        if passes:
            done = desk.complete(world.db, "liar", BROWSER, cookie, answer, world.now)
        else:
            with pytest.raises(SignInRefused, match="step-up-missing"):
                desk.complete(world.db, "liar", BROWSER, cookie, answer, world.now)


@pytest.mark.parametrize(("given", "passes"), [(["c0", "c1"], True), ("c1", True), (["c0"], False), (None, False)])
def test_step_up_by_authentication_context_as_entra_does_it(world, liar, tmp_path, given, passes):
    desk = build(world, liar, tmp_path, step_up="acrs", step_up_value="c1")
    done = attempt(desk, world, liar, lambda nonce: liar.sign(liar.claims(nonce=nonce)))
    url = desk.begin_step_up(world.db, state_of(world, done.cookie), BROWSER, "/", world.now)
    assert "acrs" in url
    parts = dict(pair.split("=", 1) for pair in url.split("?")[1].split("&"))
    liar.token = {"id_token": liar.sign(liar.claims(nonce=parts["nonce"], acrs=given))}
    answer = {"code": "c", "state": parts["state"]}
    if passes:
        assert desk.complete(world.db, "liar", BROWSER, done.cookie, answer, world.now).stepped_up
    else:
        with pytest.raises(SignInRefused, match="step-up-missing"):
            desk.complete(world.db, "liar", BROWSER, done.cookie, answer, world.now)


def test_a_step_up_in_the_future_is_refused(desk, world, liar):
    done = attempt(desk, world, liar, lambda nonce: liar.sign(liar.claims(nonce=nonce)))
    url = desk.begin_step_up(world.db, state_of(world, done.cookie), BROWSER, "/", world.now)
    parts = dict(pair.split("=", 1) for pair in url.split("?")[1].split("&"))
    claims = liar.claims(nonce=parts["nonce"], acr=STEP_UP, auth_time=int(time.time()) + 3600)
    liar.token = {"id_token": liar.sign(claims)}
    with pytest.raises(SignInRefused, match="token-old"):
        desk.complete(world.db, "liar", BROWSER, done.cookie, {"code": "c", "state": parts["state"]}, world.now)


def test_step_up_is_refused_where_the_provider_cannot(world, liar, tmp_path):
    desk = build(world, liar, tmp_path, step_up="none")
    done = attempt(desk, world, liar, lambda nonce: liar.sign(liar.claims(nonce=nonce)))
    with pytest.raises(SignInRefused, match="step-up-unsupported"):
        desk.begin_step_up(world.db, state_of(world, done.cookie), BROWSER, "/", world.now)


def test_an_old_session_at_the_provider_is_refused_where_configured(world, liar, tmp_path):
    desk = build(world, liar, tmp_path, max_auth_age_minutes=60)
    for changes in ({"auth_time": NOW - 7200}, {"auth_time": None}):
        with pytest.raises(SignInRefused, match="token-old"):
            attempt(desk, world, liar, lambda nonce, c=changes: liar.sign(liar.claims(**({"nonce": nonce} | c))))
