"""One man's way: in the monthly file, at a panel of twenty-five, on the list, and off it again."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from portal.db import now_micros
from portal.sharing.days import day_at
from tests.journeys.conftest import DESKTOP, PHONE
from tests.journeys.person import Person
from tests.journeys.test_monthly_file import EXAMPLE

MANY = 25
SELECTED = (
    "Burglaries in three wards since August, released in September, nobody holds him. Agreed by all at the table."
)
OTHERS = "Below what the panel takes on. Probation goes on supervising him alone."


def _brings_in_the_file(ruth: Person) -> None:
    ruth.signs_in("achterberg")
    ruth.chooses("Agency SPOC, Probation")
    ruth.presses("Continue")
    ruth.goes_to("/import")
    ruth.page.get_by_label("The file").set_input_files(EXAMPLE)
    ruth.presses("Check the file")
    ruth.heading("rows are ready")
    ruth.page.get_by_role("button", name=re.compile(r"^Bring in \d")).click()
    expect(ruth.page.get_by_role("heading", level=1)).to_contain_text("The file is in")


def _accepts_twenty_five(nadia: Person) -> None:
    nadia.goes_to("/inbox")
    boxes = nadia.page.locator("input[name=referral]")
    for number in range(MANY):
        boxes.nth(number).check()
    nadia.presses("Accept those ticked")
    nadia.reads(f"{MANY} referrals accepted to the panel.")


def _plans(nadia: Person) -> str:
    """A meeting of today with the first twenty-five cases of its agenda; its address."""
    nadia.goes_to("/meetings")
    nadia.presses("Plan it")
    nadia.heading("Barnet panel")
    boxes = nadia.page.locator("input[name=case]")
    for number in range(MANY, boxes.count()):
        boxes.nth(number).uncheck()
    nadia.presses("Keep the agenda")
    nadia.reads("The agenda is kept.")
    nadia.look("long-agenda")
    return nadia.page.url.removeprefix(nadia.base)


def _decides(nadia: Person, outcome: str, why: str) -> None:
    """Record it for the case on the screen; of who is on IOM already, that he stays."""
    here = nadia.page.url
    known = nadia.page.get_by_role("radio", name="Stay on IOM", exact=True).count()
    nadia.chooses("Stay on IOM" if known else outcome)
    nadia.fills("Why?", why)
    day = day_at(now_micros()) + timedelta(days=92)
    for part, text in (("", day.day), ("-month", day.month), ("-year", day.year)):
        nadia.page.locator(f"#review_on{part}").fill(str(text))
    nadia.page.get_by_role("button", name=re.compile("^Record")).click()
    expect(nadia.page).not_to_have_url(here)


def _holds(nadia: Person, meeting: str) -> str:
    """Twenty-five decisions with one declaration; the reference of the first case, which is selected."""
    nadia.goes_to(meeting)
    nadia.presses("Open the meeting")
    nadia.reads(f"0 of {MANY} cases decided")
    nadia.follows("First case")
    nadia.look("long-decide")
    told = re.search(r"BN-\d{4}-\d{4}", nadia.page.locator("main").inner_text())
    assert told
    expect(nadia.page.get_by_role("radio", name="Take on", exact=True)).to_be_visible()
    for number in range(MANY):
        if number:
            nadia.reads("The decision is recorded.")
        _decides(nadia, *(("Take on", SELECTED) if number == 0 else ("Do not take on", OTHERS)))
        nadia.does_not_read("Why do you need to see this?")
    nadia.reads(f"{MANY} of {MANY} cases decided")
    nadia.look("long-decided")
    nadia.presses("Close the meeting")
    nadia.reads("The meeting is over")
    nadia.follows("Minutes")
    nadia.reads(SELECTED)
    nadia.look("long-minutes")
    return told[0]


@pytest.mark.long
@pytest.mark.skipif(not EXAMPLE.is_file(), reason="the example file of the shared folder is not here")
@pytest.mark.parametrize("kind", [DESKTOP, PHONE], ids=["desktop", "phone"], indirect=True)
def test_from_the_file_to_the_panel_and_off_the_list_again(someone: Callable[[], Person]) -> None:
    ruth, nadia = someone(), someone()
    _brings_in_the_file(ruth)
    nadia.signs_in("rahman")
    _accepts_twenty_five(nadia)
    reference = _holds(nadia, _plans(nadia))
    print(reference)
    ruth.goes_to("/")
    ruth.look("long-home-probation")
