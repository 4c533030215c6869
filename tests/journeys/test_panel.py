"""The coordinator holds the panel: one declaration, decisions case by case, minutes; a guest sees it meanwhile."""

import re
from collections.abc import Callable
from datetime import timedelta

from playwright.sync_api import expect

from portal.db import now_micros
from portal.sharing.days import day_at
from tests.journeys.conftest import EVERY_KIND, Kind
from tests.journeys.person import Person

GUEST = {"desktop": "hartigan", "phone": "quayle", "plain": "narang"}
WHY = "Meets the criteria, and every agency at the table is for it. Tag condition to be looked at."


def _review(person: Person, days: int | None) -> None:
    """Type the day of the next review, or empty its boxes."""
    day = day_at(now_micros()) + timedelta(days=days or 0)
    for part, text in (("", day.day), ("-month", day.month), ("-year", day.year)):
        person.page.locator(f"#review_on{part}").fill("" if days is None else str(text))


def _keeps_few(nadia: Person) -> None:
    """Leave four cases on the agenda."""
    boxes = nadia.page.locator("input[name=case]")
    for number in range(4, boxes.count()):
        boxes.nth(number).uncheck()
    nadia.presses("Keep the agenda")
    nadia.reads("The agenda is kept.")


@EVERY_KIND
def test_a_panel_is_planned_held_and_minuted(someone: Callable[[], Person], kind: Kind) -> None:
    nadia, guest = someone(), someone()
    nadia.signs_in("rahman")
    nadia.follows("Meetings")
    nadia.heading("Meetings")
    nadia.look("meetings")
    nadia.presses("Plan it")
    nadia.heading("Barnet panel")
    nadia.reads("The meeting is planned", "Who attends", "Niamh Hartigan")
    nadia.look("meeting-plan")
    _keeps_few(nadia)
    meeting = nadia.page.url.removeprefix(nadia.base)
    nadia.fills("Add a case by its reference", "BN-1999-0001")
    nadia.presses("Keep the agenda")
    nadia.reads("No open case of this borough has that reference")
    nadia.look("meeting-plan-problem")

    guest.signs_in(GUEST[kind.name])
    guest.heading("You are signed in as")
    guest.reads("The Barnet panel is today")
    guest.look("home-attendee")
    guest.goes_to(meeting)
    guest.presses("Join the meeting")
    guest.reads("This meeting has not been opened yet")
    guest.look("meeting-wait")

    nadia.goes_to(meeting)
    nadia.presses("Open the meeting")
    nadia.reads("Open now", "0 of 4 cases decided")
    guest.goes_to(meeting)
    guest.presses("Join the meeting")
    guest.reads("0 of 4 cases decided")
    guest.look("meeting-guest")
    guest.follows(re.compile(r"^[A-Z]"), guest.page.locator("#agenda"))
    expect(guest.page.get_by_role("link", name="The agenda")).to_be_visible()
    guest.does_not_read("What did the panel decide?")
    guest.look("decide-guest")

    nadia.goes_to(meeting)
    nadia.look("meeting-open")
    nadia.follows("First case")
    nadia.reads("What did the panel decide?")
    nadia.look("decide")
    nadia.presses("Record and go to the next case")
    nadia.reads("There is a problem", "Choose what the panel decided", "Say why")
    nadia.chooses("Stay on IOM")
    nadia.fills("Why?", WHY)
    _review(nadia, None)
    nadia.presses("Record and go to the next case")
    nadia.reads("Give the day of the next review")
    assert nadia.page.get_by_label("Why?", exact=True).input_value() == WHY
    nadia.look("decide-problem")
    _review(nadia, 92)
    nadia.presses("Record and go to the next case")
    nadia.reads("The decision is recorded.")
    nadia.chooses("Decide later")
    nadia.fills("Why?", "Prison has not answered.")
    nadia.presses("Record and go to the next case")
    nadia.reads("The decision is recorded.")
    nadia.goes_to(meeting)
    nadia.reads("2 of 4 cases decided")
    nadia.look("meeting-running")
    nadia.presses("Close the meeting")
    nadia.reads("The meeting is over")
    nadia.look("meeting-over")
    nadia.follows("Minutes")
    nadia.heading("Minutes: Barnet panel")
    nadia.reads("Nadia Rahman", "Stay on IOM", WHY, "No decision was recorded")
    nadia.look("minutes")

    guest.goes_to(meeting)
    guest.reads("The meeting is over")
    guest.does_not_read(WHY)
