"""A police practitioner opens a case, shares what happened, finds it on the timeline, changes it, and signs out."""

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.journeys.conftest import EVERY_KIND
from tests.journeys.person import Person

WROTE = "Seen outside Boots at 1410, on her way to group. Said to tell Kasia she would be on time."


@EVERY_KIND
def test_from_sign_in_to_sign_out(someone: Callable[[], Person]) -> None:
    walsh = someone()
    walsh.goes_to("/")
    walsh.heading("Sign in")
    walsh.look("sign-in")
    walsh.signs_in("walsh")
    walsh.heading("My cases")
    walsh.reads("PC Siobhan Walsh", "practitioner, Police", "Shared with me", "Your view was recorded at")
    walsh.look("home")
    walsh.follows(re.compile("Keating"))
    walsh.heading("Why do you need to see this?")
    walsh.look("purpose")
    walsh.presses("Open the case")
    walsh.heading("Keating")
    walsh.reads("Risk management and crime prevention", "OFFICIAL-SENSITIVE")
    walsh.look("case")
    case = walsh.page.url

    _shares(walsh)
    walsh.reads("Shared. Whoever may see it finds it on the case now.")
    first = walsh.page.locator(".moj-timeline__item").first
    expect(first).to_contain_text(WROTE)
    walsh.look("case-shared")

    walsh.follows(re.compile("^Change this update"), first)
    walsh.heading("Change:")
    walsh.look("change")
    walsh.fills("Update", WROTE + " She was.")
    walsh.presses("Keep this change")
    walsh.reads("Your change is kept.")
    walsh.follows(re.compile("^History of this update"), walsh.page.locator(".moj-timeline__item").first)
    walsh.heading("History")
    walsh.reads(WROTE + " She was.", "PC Siobhan Walsh", "Now")
    assert walsh.page.get_by_text(WROTE, exact=True).count() == 1
    walsh.look("history")

    walsh.presses("Sign out")
    walsh.heading("You are signed out")
    walsh.look("signed-out")
    walsh.page.go_back()
    walsh.does_not_read("Boots", "Keating")
    walsh.goes_to(case.removeprefix(walsh.base))
    walsh.heading("Sign in")


@EVERY_KIND
def test_in_two_clicks_and_one_text_box_from_home(someone: Callable[[], Person]) -> None:
    walsh = someone()
    walsh.signs_in("walsh")
    walsh.page.get_by_role("button", name=re.compile("^Share an update on .*Keating")).click()
    walsh.heading("Share an update")
    walsh.reads("Keating", "Risk management and crime prevention")
    walsh.look("update-from-home")
    walsh.fills("What happened?", WROTE)
    walsh.presses("Share this update")
    walsh.reads("Shared. Whoever may see it finds it on the case now.", WROTE)


def _shares(walsh: Person) -> None:
    walsh.follows("Share an update")
    walsh.heading("Share an update")
    walsh.fills("What happened?", WROTE)
    about = walsh.page.locator(".app-kind").filter(has=walsh.page.get_by_label("Behaviour notes and compact"))
    walsh.chooses("Behaviour notes and compact", about)
    readers = about.locator(".app-audience")
    expect(readers).to_be_visible()
    expect(readers).to_contain_text("Will see it")
    expect(readers).to_contain_text("Will not see it")
    expect(readers).to_contain_text("clause")
    walsh.look("update")
    walsh.presses("Share this update")


@EVERY_KIND
def test_an_update_without_text_says_what_is_missing(someone: Callable[[], Person]) -> None:
    walsh = someone()
    walsh.signs_in("walsh")
    walsh.opens_case("Keating", "Managing the risk this person poses")
    walsh.follows("Share an update")
    walsh.fills("Where does it come from? (optional)", "Patrol")
    walsh.presses("Share this update")
    walsh.reads("There is a problem")
    assert walsh.page.get_by_label("Where does it come from? (optional)").input_value() == "Patrol"
    walsh.look("update-wrong")
