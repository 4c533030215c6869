"""Sign-out signals of a provider that lies, by the back channel and by the front channel."""

import time

import pytest
from joserfc.jwk import RSAKey

from portal.audit.log import AccessLog
from portal.auth import signing_out
from portal.auth.errors import LogoutRefused
from portal.auth.sessions import resolve
from tests.portal.auth.conftest import LIMITS, state_of
from tests.portal.auth.lying import attempt, build, desk, liar, logout, server, unsigned

__all__ = ["desk", "liar", "server"]  # fixtures

NOW = int(time.time())
BAD_SIGNALS = {
    "typ of an ID token": (lambda liar: liar.sign(liar.logout_claims(), typ="JWT"), "type"),
    "no event": (lambda liar: logout(liar, events=None), "not a logout token"),
    "another event": (lambda liar: logout(liar, events={"http://other": {}}), "not a logout token"),
    "event not an object": (
        lambda liar: logout(liar, events={"http://schemas.openid.net/event/backchannel-logout": 1}),
        "not a logout token",
    ),
    "a nonce": (lambda liar: logout(liar, nonce="n"), "not a logout token"),
    "no jti": (lambda liar: logout(liar, jti=None), "no id"),
    "neither sid nor sub": (lambda liar: logout(liar, sid=None, sub=None), "names no session"),
    "another audience": (lambda liar: logout(liar, aud="other"), "token-wrong"),
    "another issuer": (lambda liar: logout(liar, iss="https://other.example"), "token-wrong"),
    "expired": (lambda liar: logout(liar, exp=NOW - 120), "token-old"),
    "no expiry": (lambda liar: logout(liar, exp=None), "token-wrong"),
    "from the future": (lambda liar: logout(liar, iat=NOW + 86_400), "token-old"),
    "another key": (
        lambda liar: liar.sign(liar.logout_claims(), key=RSAKey.generate_key(2048), typ="logout+jwt"),
        "token-wrong",
    ),
    "unsigned": (lambda liar: unsigned(liar.logout_claims()), "token-wrong"),
    "too large": (lambda liar: logout(liar, filling="x" * 9000), "size"),
    "empty": (lambda liar: "", "size"),
}


@pytest.mark.parametrize(("make", "why"), BAD_SIGNALS.values(), ids=BAD_SIGNALS.keys())
def test_a_bad_sign_out_signal_ends_nothing(desk, world, liar, make, why):
    done = attempt(desk, world, liar, lambda nonce: liar.sign(liar.claims(nonce=nonce)))
    with pytest.raises(LogoutRefused, match=why):
        signing_out.back_channel(desk, world.db, "liar", make(liar), world.now)
    assert state_of(world, done.cookie)


@pytest.mark.parametrize("changes", [{"sub": None}, {"sid": None}, {}])
def test_a_signal_by_sid_by_subject_and_by_both(desk, world, liar, changes):
    done = attempt(desk, world, liar, lambda nonce: liar.sign(liar.claims(nonce=nonce)))
    other = {"sid": "x2"} if "sid" not in changes else {"sub": "s2"}
    assert signing_out.back_channel(desk, world.db, "liar", logout(liar, jti="j0", **(changes | other)), world.now) == 0
    assert state_of(world, done.cookie)
    assert signing_out.back_channel(desk, world.db, "liar", logout(liar, **changes), world.now) == 1
    assert resolve(world.db, done.cookie, LIMITS, world.now) is None
    with pytest.raises(LogoutRefused, match="used before"):
        signing_out.back_channel(desk, world.db, "liar", logout(liar, **changes), world.now)


def test_a_signal_is_used_once_whatever_restarts(desk, world, liar, tmp_path):
    attempt(desk, world, liar, lambda nonce: liar.sign(liar.claims(nonce=nonce)))
    now = int(time.time())  # a run may have begun an hour ago
    token = logout(liar, exp=now + 600)
    assert signing_out.back_channel(desk, world.db, "liar", token, world.now) == 1
    done = attempt(desk, world, liar, lambda nonce: liar.sign(liar.claims(nonce=nonce)))
    minute = 60 * 1_000_000
    for later in (0, 5 * minute, 10 * minute, 11 * minute + 1_000_000, 12 * minute):  # valid until 10, and a minute
        restarted = build(world, liar, tmp_path)
        with pytest.raises(LogoutRefused, match=r"used before|token-old"):
            signing_out.back_channel(restarted, world.db, "liar", token, now * 1_000_000 + later)
    assert state_of(world, done.cookie)


def test_an_id_token_is_no_sign_out_signal(desk, world, liar):
    token = liar.sign(liar.claims(nonce="n"))
    with pytest.raises(LogoutRefused):
        signing_out.back_channel(desk, world.db, "liar", token, world.now)


def test_front_channel_needs_declaration_issuer_and_sid(world, liar, tmp_path):
    desk = build(world, liar, tmp_path, back_channel_logout=False)
    done = attempt(desk, world, liar, lambda nonce: liar.sign(liar.claims(nonce=nonce)))
    with pytest.raises(LogoutRefused):
        signing_out.front_channel(desk, world.db, "liar", liar.issuer, "x1", world.now)
    desk = build(world, liar, tmp_path, back_channel_logout=False, front_channel_logout=True)
    for issuer, sid in (("https://other.example", "x1"), (liar.issuer, "")):
        with pytest.raises(LogoutRefused):
            signing_out.front_channel(desk, world.db, "liar", issuer, sid, world.now)
    assert signing_out.front_channel(desk, world.db, "liar", liar.issuer, "x2", world.now) == 0
    assert state_of(world, done.cookie)
    assert signing_out.front_channel(desk, world.db, "liar", liar.issuer, "x1", world.now) == 1
    assert resolve(world.db, done.cookie, LIMITS, world.now) is None


def test_a_stranger_who_guesses_does_not_take_the_write_lock(world, liar, tmp_path, monkeypatch):
    desk = build(world, liar, tmp_path, front_channel_logout=True)
    done = attempt(desk, world, liar, lambda nonce: liar.sign(liar.claims(nonce=nonce)))
    entered = world.operations()
    monkeypatch.setattr(AccessLog, "transaction", lambda *a: pytest.fail("a guess is a read, no more"))
    for sid in ("x2", "x" * 5000, "x1\0", "%", "X1"):
        assert signing_out.front_channel(desk, world.db, "liar", liar.issuer, sid, world.now) == 0
    assert world.operations() == entered
    assert state_of(world, done.cookie)
