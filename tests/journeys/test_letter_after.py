"""The coordinator de-selects somebody, and goes straight on to the letter that says so and names whom to ask."""

import re
from collections.abc import Callable

import pytest

from portal.demo.people.cast import CAST
from tests.journeys.conftest import DESKTOP
from tests.journeys.person import Person

WHY = "A year without an arrest, in work, and the home is settled."


def _keeps_one(nadia: Person) -> None:
    """Leave one case on the agenda, of nobody whom another journey meets."""
    boxes = nadia.page.locator("input[name=case]")
    labels = nadia.page.locator("label", has=nadia.page.locator("xpath=preceding-sibling::input[@name='case']"))
    names = labels.all_inner_texts()
    assert len(names) == boxes.count()
    told = "|".join(key.partition("-")[0] for key in CAST)
    kept = max(place for place, name in enumerate(names) if not re.search(told, name, re.IGNORECASE))
    for place in range(len(names)):
        boxes.nth(place).set_checked(place == kept)
    nadia.presses("Keep the agenda")


@pytest.mark.parametrize("kind", [DESKTOP], ids=["desktop"], indirect=True)  # whoever is de-selected is so once
def test_from_the_decision_to_the_letter(someone: Callable[[], Person]) -> None:
    nadia = someone()
    nadia.signs_in("rahman")
    nadia.goes_to("/meetings")
    nadia.presses("Plan it")
    nadia.heading("Barnet panel")
    _keeps_one(nadia)
    nadia.presses("Open the meeting")
    nadia.follows("First case")
    nadia.chooses("De-select")
    nadia.fills("Why?", WHY)
    nadia.presses("Record the decision")
    nadia.reads("The decision is recorded. The case is closed.")
    nadia.looks_at_both_widths("letter-decided")
    nadia.follows("Write the letter: no longer on IOM")
    nadia.heading("Why do you need to see this?")
    nadia.does_not_read("Your visit has ended")
    nadia.looks_at_both_widths("letter-purpose")
    nadia.presses("Go on")
    nadia.heading("You are no longer on Integrated Offender Management")
    nadia.reads("Ask the people who worked with you", "Make the PDF file", "Probation, 020")
    nadia.looks_at_both_widths("letter-after")
