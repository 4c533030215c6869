"""Somebody is referred twice under two forenames; the coordinator compares, links, and parts them again."""

from collections.abc import Callable

import pytest

from tests.journeys.conftest import DESKTOP, Kind
from tests.journeys.person import Person

SURNAME = {"desktop": "Abernethy", "phone": "Oyelaran"}
ALIKE, APART = (
    "Same photograph; he gave the second name at the hostel",
    "Cousins: the aunt brought both birth certificates",
)


def _refers(nwosu: Person, forename: str, surname: str) -> None:
    nwosu.follows("Refer someone")
    nwosu.fills("Surname", surname)
    nwosu.fills("Forename", forename)
    for part, text in (("", "9"), ("-month", "8"), ("-year", "1997")):
        nwosu.page.locator(f"[id='person.date_of_birth{part}']").fill(text)
    nwosu.fills("Reason for the referral", "Seen trying car doors on the estate, twice this week.")
    nwosu.page.get_by_label("Priority crime").select_option("Motor-vehicle crime")
    nwosu.presses("Send the referral")
    nwosu.heading("Your referrals")


@pytest.mark.parametrize("kind", [DESKTOP], ids=["desktop"], indirect=True)
def test_two_records_are_compared_linked_and_parted(someone: Callable[[], Person], kind: Kind) -> None:
    surname = SURNAME[kind.name]
    nwosu = someone()
    nwosu.signs_in("nwosu")
    _refers(nwosu, "Jerome", surname)
    _refers(nwosu, "Callum", surname)

    rahman = someone()
    rahman.signs_in("rahman")
    rahman.reads("may be on record twice.")
    rahman.look("home-twice")
    rahman.follows("Compare")
    rahman.heading("The same person twice?")
    rahman.look("same-person-list")
    rahman.presses("Compare", rahman.page.locator("li").filter(has_text=surname))
    rahman.heading("The same person?")
    rahman.reads("Jerome", "Callum", "Differs", "Not shown: system identifiers")
    rahman.look("same-person-pair")
    rahman.presses("Keep")
    rahman.reads("There is a problem", "Say why")
    rahman.look("same-person-problem")
    rahman.chooses("The same person: link them")
    rahman.fills("Why", ALIKE)
    rahman.presses("Keep")
    rahman.reads("Linked. Each case leads to the other")
    rahman.look("same-person-linked")

    rahman.presses("Look again, or part them", rahman.page.locator("li").filter(has_text=surname))
    rahman.heading("Linked: the same person")
    rahman.reads(ALIKE, "Nadia Rahman", "was opened later")
    rahman.look("same-person-again")
    rahman.page.get_by_role("columnheader").get_by_role("link").first.click()
    rahman.reads("Linked: the same person as")
    rahman.look("case-linked")
    rahman.follows("Compare or part")
    rahman.fills("Why", APART)
    rahman.presses("Part them")
    rahman.reads("Kept: they are two people.", "Said to be two people")
