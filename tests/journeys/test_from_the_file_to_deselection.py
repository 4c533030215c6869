"""One man's way: in the monthly file, at a panel of twenty-five, on the list, and off it again."""

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from portal.db import now_micros
from portal.sharing.days import day_at
from tests.journeys import serving
from tests.journeys.conftest import DESKTOP, PHONE
from tests.journeys.person import Person
from tests.journeys.serving import Demo
from tests.journeys.test_monthly_file import EXAMPLE

MANY = 25
SELECTED = (
    "Burglaries in three wards since August, released in September, nobody holds him. Agreed by all at the table."
)
RISK = "Managing the risk this person poses"
DONE = "Thirteen months without an arrest, in work, and he has asked to go on with his mentor alone."
GAPS = {
    "First appointment": ("Where, when and with whom", "Hendon probation, two o'clock"),
    "Journey from the gate": ("How, and who is at the gate", "Met by his mentor"),
}
OTHERS = "Below what the panel takes on. Probation goes on supervising him alone."


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    """A demo of its own each time: a file is brought in once."""
    with serving.demo(tmp_path / "home") as running:
        yield running


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
    _day(nadia, "review_on", day)
    nadia.page.get_by_role("button", name=re.compile("^Record")).first.click()
    expect(nadia.page).not_to_have_url(here)


def _holds(nadia: Person, meeting: str) -> tuple[str, str]:
    """Twenty-five decisions with one declaration. Address and name of the first who is not on IOM yet: he is."""
    nadia.goes_to(meeting)
    nadia.presses("Open the meeting")
    nadia.reads(f"0 of {MANY} cases decided")
    nadia.follows("First case")
    nadia.look("long-decide")
    case = name = ""
    for number in range(MANY):
        if number:
            nadia.reads("The decision is recorded.")
        new = not case and nadia.page.get_by_role("radio", name="Take on", exact=True).count() == 1
        if new:
            case = nadia.page.url.removeprefix(nadia.base).removeprefix(meeting)
            name = nadia.page.get_by_role("heading", level=1).inner_text()
        _decides(nadia, *(("Take on", SELECTED) if new else ("Do not take on", OTHERS)))
        nadia.does_not_read("Why do you need to see this?")
    assert case, "somebody on the agenda is not on IOM yet"
    nadia.reads(f"{MANY} of {MANY} cases decided")
    nadia.look("long-decided")
    nadia.presses("Close the meeting")
    nadia.reads("The meeting is over")
    nadia.follows("Minutes")
    nadia.reads(SELECTED)
    nadia.look("long-minutes")
    return case, name


def _opens(person: Person, case: str, purpose: str) -> str:
    """The case by its address, for a purpose; the address of the visit."""
    person.goes_to(case)
    person.chooses(purpose)
    person.presses("Open the case")
    return person.page.url.removeprefix(person.base).partition("#")[0]


def _has_him_held(ruth: Person, case: str, who: str) -> None:
    """The SPOC gives the case to a colleague."""
    _opens(ruth, case, RISK)
    ruth.look("long-spoc-case")
    ruth.follows("Change who works on it")
    ruth.chooses(who)
    ruth.chooses("Practitioner")
    ruth.fills("Why?", "Newly selected, on his patch")
    ruth.presses("Assign")
    ruth.reads(who)


def _plans_with_him(feeney: Person, visit: str) -> None:
    """A goal, the compact to sign, and that he signed it."""
    feeney.goes_to(f"{visit}/plan")
    feeney.follows("Add a goal on Accommodation")
    feeney.fills("Goal", "A tenancy of his own by the spring")
    feeney.presses("Share this record")
    feeney.reads("A tenancy of his own by the spring")
    feeney.look("long-plan")
    feeney.goes_to(f"{visit}/document/compact")
    feeney.heading("Compact: what we agree")
    feeney.look("long-compact")


def _sees_him_in_and_out(feeney: Person, visit: str) -> None:
    """On a sentence, his day of release prepared, and back in the community."""
    today = day_at(now_micros())
    feeney.goes_to(f"{visit}/stands/sentence")
    _day(feeney, "since", today)
    feeney.fills("Where", "HMP Pentonville")
    feeney.fills("Why", "Twelve weeks for the burglary in Oakleigh Road")
    _day(feeney, "release_on", today + timedelta(days=9))
    feeney.presses("Record this")
    feeney.reads("HMP Pentonville")
    feeney.goes_to(f"{visit}/release")
    feeney.heading("Day of release")
    for thing, (detail, words) in GAPS.items():
        feeney.follows(re.compile(f"Say how it stands.*{thing}"))
        feeney.chooses("Arranged")
        feeney.fills("Who arranges it", "Daniel Feeney")
        feeney.fills(detail, words)
        feeney.presses("Share this record")
        feeney.heading("Day of release")
    feeney.look("long-release")
    feeney.goes_to("/")
    feeney.reads("Releases in the next 14 days")
    feeney.look("long-home-release")
    feeney.goes_to(f"{visit}/stands/community")
    _day(feeney, "since", today)
    feeney.fills("Why", "Released early on tag, met at the gate")
    feeney.presses("Record this")
    feeney.does_not_read("In custody on a sentence at")


def _day(person: Person, name: str, day: date) -> None:
    for part, text in (("", day.day), ("-month", day.month), ("-year", day.year)):
        person.page.locator(f'[id$="{name}{part}"]').fill(str(text))


def _takes_him_off(nadia: Person, case: str, reference: str) -> None:
    """At a meeting of its own, with him on the agenda by his reference."""
    nadia.goes_to("/meetings")
    nadia.presses("Plan it")
    nadia.heading("Barnet panel")
    nadia.fills("Add a case by its reference", reference)
    nadia.presses("Keep the agenda")
    nadia.reads("The agenda is kept.")
    nadia.look("long-second-agenda")
    meeting = nadia.page.url.removeprefix(nadia.base)
    nadia.presses("Open the meeting")
    nadia.goes_to(f"{meeting}{case}")
    nadia.chooses("De-select")
    nadia.fills("Why?", DONE)
    nadia.page.get_by_role("button", name=re.compile("^Record")).first.click()
    nadia.reads("The decision is recorded.", "The case is closed.")
    _writes_to_him(nadia)
    nadia.goes_to(meeting)
    nadia.presses("Close the meeting")


def _writes_to_him(nadia: Person) -> None:
    """The letter that says so names whom he may ask (clause 8.92)."""
    nadia.follows("Write the letter: no longer on IOM")
    nadia.heading("Why do you need to see this?")
    nadia.look("long-letter-purpose")
    nadia.presses("Go on")
    nadia.heading("You are no longer on Integrated Offender Management")
    nadia.reads("Ask the people who worked with you", "Daniel Feeney")
    nadia.does_not_read("who is responsible. Nothing is recorded")
    nadia.looks_at_both_widths("long-letter")


@pytest.mark.long
@pytest.mark.skipif(not EXAMPLE.is_file(), reason="the example file of the shared folder is not here")
@pytest.mark.parametrize("kind", [DESKTOP, PHONE], ids=["desktop", "phone"], indirect=True)
def test_from_the_file_to_the_panel_and_off_the_list_again(someone: Callable[[], Person]) -> None:
    ruth, nadia, feeney = someone(), someone(), someone()
    _brings_in_the_file(ruth)
    nadia.signs_in("rahman")
    _accepts_twenty_five(nadia)
    case, name = _holds(nadia, _plans(nadia))
    _has_him_held(ruth, case, "Daniel Feeney")
    feeney.signs_in("feeney")
    feeney.reads(name)
    visit = _opens(feeney, case, RISK)
    feeney.look("long-case")
    reference = re.findall(r"BN-\d{4}-\d{4}", feeney.page.inner_text("main"))[0]
    _plans_with_him(feeney, visit)
    _sees_him_in_and_out(feeney, visit)
    _takes_him_off(nadia, case, reference)
    feeney.goes_to("/")
    feeney.does_not_read(name)
    assert feeney.page.goto(f"{feeney.base}{visit}").status in (403, 404)
    feeney.does_not_read(name, "A tenancy of his own")
