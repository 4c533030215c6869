"""Housing asks a treatment service for more; its SPOC grants one field, refuses another, and takes the one back."""

import re
from collections.abc import Callable

from tests.journeys.conftest import EVERY_KIND, Kind
from tests.journeys.person import Person

KEATING, RISK = "Danielle Keating", "Managing the risk this person poses"
NEED, UPDATE = "Relevant substance-misuse risk or need", "Update (relevant substance-misuse risk or need)"
HELD_BACK = "Two kits left with the neighbour"


@EVERY_KIND
def test_what_is_withheld_is_asked_for_granted_and_taken_back(someone: Callable[[], Person], kind: Kind) -> None:
    why = f"Viewing on Friday, {kind.name}"
    chidi = someone()
    chidi.signs_in("nwosu")
    visit = chidi.opens_case(KEATING, RISK)
    chidi.does_not_read(HELD_BACK)
    chidi.follows(re.compile("^Ask for it"))
    chidi.heading("Ask for it")
    chidi.look("ask-form")
    service = "what:barnet_recovery "
    chidi.page.locator(f'input[name="{service}substance_need.need"]').check()
    chidi.page.locator(f'input[name^="{service}update.text@substance_need "]').check()
    chidi.presses("Ask for it")
    chidi.reads("There is a problem", "Say why you need it")
    chidi.fills("Why do you need it?", why)
    chidi.presses("Ask for it")
    chidi.reads("Sent. You read the answer here", "What you asked for", "Waiting")
    chidi.does_not_read(HELD_BACK, why)

    dean = someone()
    dean.signs_in("latchford")
    dean.reads("to see more wait for your answer")
    dean.look("home-requests")
    dean.follows("Read and answer")
    dean.heading("Requests to see more")
    dean.look("requests")
    dean.follows(re.compile("^Answer"), dean.page.locator("li").filter(has_text=why))
    dean.reads("Chidi Nwosu", why)
    dean.look("request-one")
    part = dean.page.get_by_role("group", name=NEED, exact=True)
    dean.chooses("Grant it", part)
    other = dean.page.get_by_role("group", name=UPDATE, exact=True)
    dean.chooses("Refuse it", other)
    dean.presses("Send the answer")
    dean.reads("There is a problem", "Say why not")
    asked = (other.locator("input").first.get_attribute("name") or "").removeprefix("answer.")
    dean.page.locator(f"textarea[name='reason.{asked}']").fill("The update is about her son")
    dean.presses("Send the answer")
    dean.reads("Answered. Whoever asked reads it", "Granted until")

    chidi.goes_to(visit)
    chidi.reads(HELD_BACK, "Granted until", "The update is about her son")
    chidi.look("case-asked")
    chidi.goes_to("/")
    chidi.reads("What you asked for", "The update is about her son")
    chidi.look("home-asked")

    dean.follows(re.compile("^Take back"), dean.page.locator("li").filter(has_text=why))
    dean.presses("Take it back")
    dean.reads("Taken back. It is not shown to them any more.")
    chidi.goes_to(visit)
    chidi.reads("Taken back")
    chidi.does_not_read(HELD_BACK)
