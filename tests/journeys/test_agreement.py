"""The agreement: read, my own column in it, and what I can see and why."""

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.journeys.conftest import EVERY_KIND
from tests.journeys.person import Person


@EVERY_KIND
def test_read_it_and_see_my_own_part(someone: Callable[[], Person]) -> None:
    nwosu = someone()
    nwosu.signs_in("nwosu")
    nwosu.follows("What can I see?")
    nwosu.heading(re.compile("What can I see"))
    nwosu.look("agreement-mine")
    nwosu.follows("The agreement")
    nwosu.heading("Barnet")
    nwosu.reads("Version", "in force from")
    nwosu.look("agreement")
    nwosu.follows("5 Who sees what")
    nwosu.heading("5 Who sees what")
    nwosu.look("agreement-part")
    nwosu.follows("6 What is prohibited")
    nwosu.heading("6 What is prohibited")


@EVERY_KIND
def test_a_clause_named_elsewhere_opens_where_it_stands(someone: Callable[[], Person]) -> None:
    nwosu = someone()
    nwosu.signs_in("nwosu", "/agreement/mine")
    number = nwosu.page.locator("td a").first.inner_text().partition(",")[0].strip()
    nwosu.page.locator("td a").first.click()
    clause = nwosu.page.locator(f"[id='clause-{number}']")
    expect(clause).to_be_in_viewport()
    nwosu.page.get_by_role("link", name="Contents of the agreement").click()
    for part in ("Controllers and parties", "Who may read what", "Legal gateways", "Worked examples"):
        nwosu.follows(part)
        nwosu.heading(part)
        nwosu.look(f"agreement-{part.split()[0].lower()}")
        nwosu.follows("Contents of the agreement")
