"""Four practitioners open the same case for the same purpose and see what the agreement gives each, and no more."""

import re
from collections.abc import Callable

import pytest

from tests.journeys.conftest import EVERY_KIND
from tests.journeys.person import Person

PURPOSE = "Helping this person to stop offending"
DIAGNOSIS, DRUG, MEDICINE = "Emotionally unstable", "Methadone", "Sertraline"
TENANCY, BARE = "Barnet Homes", "Heroin 0.5 g"
ENGAGING = "Eleven Tuesdays in a row"
OFFENCE = "Shoplifting"


@pytest.fixture(scope="module")
def seen() -> dict[str, str]:
    """What each of them saw, to be compared."""
    return {}


VIEWS = {
    "walsh": ((), (DIAGNOSIS, MEDICINE, DRUG, BARE)),
    "nwosu": ((TENANCY,), (DIAGNOSIS, MEDICINE, DRUG, BARE)),
    "moyo": ((DIAGNOSIS, MEDICINE), (DRUG, BARE)),
    "penhaligon": ((), (DIAGNOSIS, MEDICINE, DRUG, BARE, OFFENCE)),
}
"""Staff key → what stands on their page, and what must not be in its source at all."""


@EVERY_KIND
@pytest.mark.parametrize("key", VIEWS)
def test_each_sees_what_the_agreement_gives(someone: Callable[[], Person], key: str) -> None:
    reader = someone()
    reader.signs_in(key)
    if key == "penhaligon":
        reader.heading("In which role are you working now?")
        reader.chooses("Lead professional, Bridges")
        reader.presses("Continue")
    reader.opens_case("Keating", PURPOSE)
    shown, hidden = VIEWS[key]
    reader.reads(*shown)
    reader.does_not_read(*hidden)
    reader.look(f"case-{key}")
    withheld = reader.page.locator(".app-withheld")
    assert withheld.count() > 0
    for group in withheld.all_inner_texts():
        assert re.search(r"Not shown: .+\bclause \d+\.\d+", group, re.S | re.I), group
        assert re.search(r"Read clause\s\d", group), group
