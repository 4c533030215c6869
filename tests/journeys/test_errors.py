"""Every way a page can fail says what to do, keeps what was typed, and shows nothing of a case."""

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from playwright.sync_api import expect

from tests.journeys.conftest import EVERY_KIND
from tests.journeys.person import Person
from tests.journeys.serving import Demo

PURPOSE = "Managing the risk this person poses"
WROTE = "Called at the flat twice, nobody in. Neighbour has seen her this morning."
UNRECORDED = "Rang from the custody suite, wants his bag from the hostel before Friday."


@EVERY_KIND
def test_a_page_that_is_not_there(someone: Callable[[], Person]) -> None:
    walsh = someone()
    walsh.signs_in("walsh")
    assert walsh.goes_to("/nowhere").status == 404
    walsh.heading("There is nothing here for you to see")
    walsh.look("error-404")
    for path in ("/help", "/accessibility"):
        walsh.goes_to(path)
        walsh.look(path[1:])


@EVERY_KIND
def test_too_many_attempts_to_sign_in(someone: Callable[[], Person]) -> None:
    stranger = someone()
    stranger.goes_to("/sign-in")
    token = stranger.page.locator("input[name=csrf_token]").first.get_attribute("value")
    form: dict[str, str | float | bool] = {"csrf_token": str(token), "typed": "Nobody & Sons"}
    answers = [stranger.context.request.post(f"{stranger.base}/sign-in", form=form) for _ in range(20)]
    assert {a.status for a in answers} == {422}
    stranger.page.get_by_label("Which organisation are you from?").fill("Nobody & Sons")
    stranger.presses("Continue")
    stranger.heading("That was too many in a short time")
    stranger.reads("Wait a minute")
    stranger.look("error-429")


@EVERY_KIND
def test_a_form_sent_after_signing_out_elsewhere_is_not_lost(someone: Callable[[], Person]) -> None:
    walsh = someone()
    walsh.signs_in("walsh")
    walsh.opens_case("Keating", PURPOSE)
    walsh.follows("Share an update")
    walsh.page.get_by_label("What happened?").fill(WROTE)
    other = walsh.context.new_page()
    other.goto(walsh.base + "/")
    other.get_by_role("button", name="Sign out").click()
    other.get_by_role("heading", name="You are signed out").wait_for()
    walsh.presses("Share this update")
    walsh.heading("You have been signed out")
    walsh.reads(WROTE)
    walsh.does_not_read("Keating")
    walsh.look("session-ended")


def _idle(demo: Demo) -> None:
    """A quarter of an hour and more goes by without a request in the newest session."""
    with sqlite3.connect(demo.home / "portal.sqlite3", timeout=30) as owner:
        newest = "SELECT public_id FROM login_session ORDER BY created_at DESC LIMIT 1"
        owner.execute(f"UPDATE login_session SET last_seen = last_seen - 1200000000 WHERE public_id = ({newest})")
    owner.close()


@EVERY_KIND
def test_a_form_sent_too_late_is_kept_for_its_author(someone: Callable[[], Person], demo: Demo) -> None:
    walsh = someone()
    walsh.signs_in("walsh")
    walsh.opens_case("Keating", PURPOSE)
    walsh.follows("Share an update")
    walsh.page.get_by_label("What happened?").fill(WROTE)
    _idle(demo)
    walsh.presses("Share this update")
    walsh.heading("You have been signed out")
    walsh.reads("What you wrote is not lost")
    walsh.does_not_read(WROTE, "Keating")
    walsh.look("session-over-kept")
    walsh.follows("Sign in again")
    walsh.signs_in_again()
    walsh.heading("You were writing something when your session ended")
    walsh.does_not_read(WROTE, "Keating")
    walsh.look("kept")
    walsh.presses("Go on")
    walsh.heading("Share an update")
    expect(walsh.page.get_by_label("What happened?")).to_have_value(WROTE)
    walsh.page.get_by_label("What happened?").fill(f"{WROTE} Kept over coffee.")
    _idle(demo)
    walsh.presses("Share this update")
    walsh.follows("Sign in again")
    walsh.signs_in_again()
    walsh.follows("Not now")
    walsh.follows("Go on, or throw it away")
    walsh.presses("Go on")
    walsh.presses("Share this update")
    walsh.heading("Keating")
    walsh.reads("Kept over coffee.")
    walsh.goes_to("/kept")
    walsh.heading(re.compile("cases", re.IGNORECASE))


@contextmanager
def _unwritable_log(demo: Demo) -> Iterator[None]:
    """The log takes no entry, as with a full disk or a withdrawn right."""
    with sqlite3.connect(demo.home / "portal.sqlite3", timeout=30) as owner:
        table = owner.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE '%entry%'").fetchone()
        owner.execute(f"CREATE TRIGGER stop BEFORE INSERT ON {table[0]} BEGIN SELECT RAISE(ABORT, 'full'); END")
    owner.close()
    try:
        yield
    finally:
        with sqlite3.connect(demo.home / "portal.sqlite3", timeout=30) as owner:
            owner.execute("DROP TRIGGER stop")
        owner.close()


@EVERY_KIND
def test_what_cannot_be_logged_is_not_shown(someone: Callable[[], Person], demo: Demo) -> None:
    walsh = someone()
    walsh.signs_in("walsh")
    visit = walsh.opens_case("Keating", PURPOSE)
    walsh.follows("Share an update")
    with _unwritable_log(demo):
        walsh.page.get_by_label("What happened?").fill(UNRECORDED)
        walsh.presses("Share this update")
        walsh.reads("We could not record", UNRECORDED)
        walsh.does_not_read("Keating")
        assert walsh.goes_to(visit).status == 503
        walsh.does_not_read("Keating", "Tannery")
        walsh.look("error-503")
        assert walsh.goes_to("/").status == 503
        walsh.does_not_read("Keating")
    assert walsh.goes_to(visit).status == 200
    walsh.heading("Keating")
    walsh.does_not_read(UNRECORDED)
