"""Somebody comes out next week: probation sets a goal, fills two gaps, sees two red; housing fills one, home says."""

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.journeys.conftest import EVERY_KIND, Kind
from tests.journeys.person import Person

LEON, RISK = "Leon Anthony Strickland", "Managing the risk this person poses"
HELP = "Helping this person to stop offending"


def _line(person: Person) -> str:
    """What home says is missing for him."""
    person.goes_to("/")
    item = person.page.locator("section[aria-labelledby=releases] li", has_text=LEON)
    return item.inner_text()


@EVERY_KIND
def test_what_is_missing_for_the_day_of_release_is_seen_and_filled(someone: Callable[[], Person], kind: Kind) -> None:
    goal = f"Ring his sister before the gate, {kind.name}"
    stacey = someone()
    stacey.signs_in("okonkwo")
    stacey.reads("Releases in the next 14 days", LEON)
    stacey.opens_case(LEON, RISK)
    stacey.reads("Recalled, in custody at HMP Wormwood Scrubs since", "(in 8 days)")
    stacey.follows("Plan")
    stacey.heading("Plan")
    stacey.reads("A supported room from the day he comes out.", "No goal that you may see.")
    stacey.look("plan")
    stacey.follows("Add a goal on Children and family")
    stacey.fills("Goal", goal)
    stacey.presses("Share this record")
    stacey.heading("Plan")
    expect(stacey.page.locator("#children-and-family")).to_contain_text(goal)
    stacey.follows("Day of release")
    stacey.heading("Day of release")
    to_fill = stacey.page.get_by_role("link", name=re.compile("Say how it stands.*First appointment"))
    first = to_fill.count() == 1  # the one demo serves every kind of browser: later ones find things filled
    filled = {"First appointment": ("Where, when and with whom", "Hendon probation, by two")}
    filled["Journey from the gate"] = ("How, and who is at the gate", "Met by PC Walsh")
    for thing, (detail, words) in filled.items() if first else ():
        stacey.follows(re.compile(f"Say how it stands.*{thing}"))
        stacey.heading(f"Add: {thing}")
        stacey.chooses("Arranged")
        stacey.fills("Who arranges it", "Stacey Okonkwo-Reid")
        stacey.fills(detail, words)
        stacey.presses("Share this record")
        stacey.heading("Day of release")
    stacey.look("release")
    if first:
        stacey.reads("Still missing: address for the first night and prescription.")
        stacey.reads("Nobody is arranging it, as far as anybody has said.", "Met by PC Walsh")
        assert "Address for the first night: not arranged, and 1 more" in _line(stacey)

    chidi = someone()
    chidi.signs_in("nwosu")
    chidi.reads("Releases in the next 14 days", LEON)
    visit = chidi.opens_case(LEON, HELP)
    chidi.goes_to(f"{visit}/release")
    chidi.reads("Elm Lodge")
    if first:
        chidi.follows(re.compile("Change.*Address for the first night"))
        chidi.chooses("Arranged")
        chidi.presses("Keep this change")
        chidi.heading("Day of release")
    chidi.reads("Address for the first night Arranged")
    chidi.reads("Clinical detail stays with the mental health trust")
    assert "Prescription: nobody is arranging it" in _line(stacey)
    stacey.look("home-release")
