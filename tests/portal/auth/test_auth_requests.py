"""Where a sign-in may lead back to, and what the database keeps of one under way."""

import pytest
from sqlalchemy import func, select

from portal.auth import auth_requests
from portal.auth.auth_requests import local_path
from portal.auth.errors import SignInRefused
from portal.auth.tables import AuthRequest


@pytest.mark.parametrize(
    "path",
    ["/", "/cases", "/cases/K7?visit=3#part", "/a//b", "/@evil.example", "/%5Cevil.example", "/?x=//evil.example"],
)
def test_local_paths_are_kept(path):
    assert local_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        *("", "cases", "//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil", "/a\nb", "/\t/evil"),
        *("/é", "/" + "x" * 500, "javascript:alert(1)", " /a", "///evil.example", "@evil.example", "/\x00", "/\x7f"),
        *(
            "http:/evil.example",
            "//user@evil.example",
            "/\\/evil.example",
            "/a\\..\\b",
            "/\r\nSet-Cookie: x=y",
            "\u2028/a",
        ),
    ],
)
def test_other_paths_lead_home(path):
    assert local_path(path) == "/"


def test_the_database_keeps_nothing_that_completes_a_sign_in(world):
    browser = "b" * 43
    with world.log.transaction(world.db) as tx:
        attempt = auth_requests.begin(tx.session, "p", browser, "/", None, world.now)
    stored = world.everything_stored()
    for secret in (attempt.state, attempt.nonce, attempt.verifier, browser):
        assert len(secret) == 43
        assert secret.encode() not in stored
        assert secret not in repr(attempt)
    assert attempt.nonce != attempt.verifier


def test_an_answer_at_another_providers_address_is_mixed_up_and_uses_the_state_up(world):
    # without RFC 9207 the address is all that tells two providers apart
    browser = "b" * 43
    reasons = []
    with world.log.transaction(world.db) as tx:
        attempt = auth_requests.begin(tx.session, "p", browser, "/", None, world.now)
        for provider in ("q", "p"):
            taken = auth_requests.take(tx.session, provider, browser, attempt.state, world.now)
            assert isinstance(taken, SignInRefused)
            reasons.append(taken.reason)
    assert reasons == ["mixed-up", "state-unknown"]


def test_sign_ins_never_finished_are_swept(world):
    for n in range(3):
        with world.log.transaction(world.db) as tx:
            auth_requests.begin(tx.session, "p", "b" * 43, "/", None, world.now + n * auth_requests.LASTS)
        world.db.rollback()
        assert world.db.scalar(select(func.count()).select_from(AuthRequest)) == 1


def test_a_browser_secret_that_could_be_guessed_is_refused(world):
    with world.log.transaction(world.db) as tx, pytest.raises(SignInRefused):
        auth_requests.begin(tx.session, "p", "short", "/", None, world.now)
