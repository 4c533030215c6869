"""Every way to fail, as a page: what to do next, nothing of a case, and what was typed not lost."""

import logging
import re
import sqlite3

import pytest
from sqlalchemy import text

from portal import errors
from portal.keys.deks import Keyring
from portal.sharing.reading import lists, search
from tests import clock

FORM = {"by": "name", "surname": "Marlowe", "born-day": "27", "born-month": "3", "born-year": "1991"}


@pytest.fixture
def officer(web, world):
    found = world.actor("police", "practitioner", "Ada Okafor")
    world.case(assigned=[found])
    web.sign_in(found)
    return found


def raising(error):
    def fail(*args, **more):
        raise error

    return fail


def same(page):
    """The page without what differs between any two answers: where one is, and a form token of its own second."""
    return re.sub(r' aria-current="page"|name="csrf_token" value="[^"]+"', "", page)


def test_a_missing_page_and_a_refused_one_are_one_page(web, officer, monkeypatch):
    with clock.still():
        assert web.get("/nothing/here").status_code == 404
        missing = same(web.last.text)
        monkeypatch.setattr(lists, "look_at_mine", raising(errors.NotFound()))
        assert web.get("/").status_code == 404
        assert same(web.last.text) == missing
    monkeypatch.setattr(lists, "look_at_mine", raising(errors.NotFound("K7QF-2M")))
    web.get("/")
    assert "reference K7QF-2M" in web.text
    assert "Ask the IOM sergeant" in web.text


def test_a_missing_page_can_be_met_before_sign_in(web):
    assert web.get("/nothing/here").status_code == 404
    assert "Ask the administrator of your organisation" in web.text


def test_a_refusal_names_clause_and_helper(web, officer, monkeypatch):
    refusal = errors.Refused("5.3", "Clinical detail stays with the trust.", "Ask the liaison nurse.", "K7QF-2M")
    monkeypatch.setattr(lists, "look_at_mine", raising(refusal))
    assert web.get("/").status_code == 403
    for words in ("Clinical detail stays with the trust.", "clause 5.3", "Ask the liaison nurse.", "K7QF-2M"):
        assert words in web.text


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (errors.LogUnavailable("x"), "We could not record this"),
        (errors.KeysUnavailable("x"), "keys could not be reached"),
    ],
)
def test_without_log_or_keys_nothing_is_shown_and_nothing_typed_is_lost(web, officer, monkeypatch, error, words):
    monkeypatch.setattr(search, "make", raising(error))
    assert web.post("/search", FORM).status_code == 503
    assert words in web.text
    assert "Surname Marlowe" in web.text
    assert "OFFICIAL-SENSITIVE" in web.text


def test_a_log_that_cannot_be_written_shows_no_case(web, world, officer):
    assert "Marlowe" in web.get("/").text
    world.session.rollback()
    path = world.settings.database_url.removeprefix("sqlite:///")
    with sqlite3.connect(path) as database:  # the database's owner, not the portal
        database.execute("CREATE TRIGGER unwritable BEFORE INSERT ON audit_entry BEGIN SELECT RAISE(ABORT, 'no'); END")
    assert web.get("/").status_code == 503
    assert "Marlowe" not in web.last.text
    assert "Ada Okafor" not in web.last.text
    assert "We could not record this, so we have not shown it" in web.text


def test_a_database_that_is_gone_gives_a_page(web, world, officer):
    world.session.execute(text("DROP TABLE staff_value"))
    world.session.commit()
    assert web.get("/").status_code == 500
    assert "Something went wrong" in web.text


def test_a_fault_is_told_by_reference_and_its_log_names_no_value(web, officer, monkeypatch, caplog):
    monkeypatch.setattr(search, "make", raising(ValueError("Marlowe 1991-03-27")))
    with caplog.at_level(logging.DEBUG):
        assert web.post("/search", FORM).status_code == 500
    assert "Surname Marlowe" in web.text
    [record] = [r for r in caplog.records if r.levelno >= logging.ERROR]
    assert "ValueError" in record.getMessage()
    assert record.getMessage().rpartition(" ")[2] in web.text
    assert "Marlowe" not in caplog.text
    monkeypatch.setattr(search, "make", raising(errors.SealBroken("a place")))
    assert web.post("/search", FORM).status_code == 500


def test_a_form_sent_after_the_session_ended_comes_back_to_be_copied(web):
    answer = web.post("/search", FORM)
    assert answer.status_code == 401
    assert "Your session has ended" in web.text
    assert "Surname Marlowe" in web.text
    assert "csrf" not in web.text.lower()
    assert 'href="/sign-in"' in answer.text


def test_a_form_without_its_token_comes_back_to_be_copied(web, officer):
    assert web.post("/search", FORM, token=False).status_code == 400
    assert "open for too long" in web.text
    assert "Surname Marlowe" in web.text


def test_what_was_typed_is_text_not_markup(web):
    web.post("/search", {"surname": "<script>alert(1)</script>"})
    assert "<script" not in web.last.text
    assert "&lt;script&gt;" in web.last.text


def test_conflicts_and_limits_have_a_page_of_last_resort(web, officer, monkeypatch):
    monkeypatch.setattr(search, "make", raising(errors.Conflict("id", 2)))
    assert web.post("/search", FORM).status_code == 409
    assert "Surname Marlowe" in web.text
    monkeypatch.setattr(search, "make", raising(errors.TooMany("Ten of these a day are enough.")))
    assert web.post("/search", FORM).status_code == 429
    assert "Ten of these a day" in web.text


def test_a_wrong_method_and_a_body_too_large_say_what_to_do(web, officer):
    assert web.post("/agreement/mine").status_code == 405
    assert "Start from your home page" in web.text
    web.app.config["MAX_CONTENT_LENGTH"] = 2000
    assert web.post("/search", {"surname": "x" * 3000}).status_code == 413
    assert "too large" in web.text


def test_errors_are_not_kept_by_the_browser_and_load_nothing_from_elsewhere(web):
    answer = web.get("/nothing/here")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/help", "/accessibility"])
def test_help_and_the_accessibility_statement_need_no_sign_in(web, path):
    assert web.get(path).status_code == 200
    assert "Ask the administrator of your organisation" in web.text


def test_keys_that_do_not_answer_leave_the_frame_out(web, officer, monkeypatch):
    monkeypatch.setattr(Keyring, "load", raising(errors.KeysUnavailable("down")))
    assert web.get("/help").status_code == 503
    assert "Ada Okafor" not in web.last.text
