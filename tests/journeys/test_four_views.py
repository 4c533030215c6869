"""Four practitioners open the same case for the same purpose and see what the agreement gives each, and no more."""

import re
from collections.abc import Callable

from tests.journeys.conftest import EVERY_KIND
from tests.journeys.person import Person

PURPOSE = "Helping this person to stop offending"
DIAGNOSIS, DRUG, MEDICINE = "Emotionally unstable", "Methadone", "Sertraline"
TENANCY, BARE = "Barnet Homes", "Heroin 0.5 g"
ENGAGING = "Eleven Tuesdays in a row"
OFFENCE = "Shoplifting"


VIEWS = {
    "walsh": ((ENGAGING,), (DIAGNOSIS, MEDICINE, DRUG, BARE)),
    "nwosu": ((TENANCY,), (DIAGNOSIS, MEDICINE, DRUG, BARE, OFFENCE)),
    "moyo": ((DIAGNOSIS, MEDICINE), (DRUG, BARE)),
    "penhaligon": (("Drawer right to the penny",), (DIAGNOSIS, MEDICINE, DRUG, BARE, OFFENCE)),
}
"""Staff key → what stands on their page, and what must not be in its source at all."""


@EVERY_KIND
def test_each_sees_what_the_agreement_gives(someone: Callable[[], Person]) -> None:
    seen = []
    for key, (shown, hidden) in VIEWS.items():
        reader = someone()
        reader.signs_in(key)
        if key == "penhaligon":
            reader.heading("In which role are you working now?")
            reader.chooses("Lead professional, Bridges")
            reader.presses("Continue")
        reader.opens_case("Keating", PURPOSE)
        reader.reads(*shown)
        reader.does_not_read(*hidden)
        reader.look(f"case-{key}")
        _what_happened_stands_within_two_screens(reader)
        _each_group_cites_its_clause(reader)
        seen.append(reader.page.get_by_role("main").inner_text())
    assert len(set(seen)) == len(VIEWS)


def _each_group_cites_its_clause(reader: Person) -> None:
    groups = reader.page.locator(".app-withheld").all_inner_texts()
    assert groups
    for group in groups:
        assert re.search(r"Not shown: .+\bclause \d+\.\d+", group, re.S | re.I), group
        assert re.search(r"Read clause\s\d", group), group


def _what_happened_stands_within_two_screens(reader: Person) -> None:
    """The list of sections, twenty and more, is folded on a phone and stands beside on a wide screen; above it only
    who this is and what is to be done."""
    at, screen = reader.page.locator("#happened").bounding_box(), reader.page.viewport_size
    assert at
    assert screen
    assert at["y"] < 2 * screen["height"]
    folded = reader.page.get_by_text(re.compile(r"^All \d+ sections of this case$"))
    assert folded.is_visible() == (screen["width"] < 768)
    if folded.is_visible():
        folded.click()
    reader.follows("What happened")
    assert reader.page.url.endswith("#happened")
