"""An officer asks housing to do something, housing finds it at home and says what came of it, and both read it."""

import re
from collections.abc import Callable

from tests.journeys.conftest import EVERY_KIND, Kind
from tests.journeys.person import Person

RUDD, RISK = "Kyle Jordan Rudd", "Managing the risk this person poses"


@EVERY_KIND
def test_an_action_is_given_done_and_read(someone: Callable[[], Person], kind: Kind) -> None:
    task = f"Ask the hostel on {kind.name} street for a bed"
    tom = someone()
    tom.signs_in("walsh")
    tom.reads("What needs you today")
    tom.look("home-today")
    visit = tom.opens_case(RUDD, RISK)
    tom.reads("What is to be done", "Overdue: it was due")
    tom.look("case-actions")
    tom.follows("Add an action")
    tom.heading("Add an action")
    tom.look("action-form")
    tom.chooses("Housing")
    tom.presses("Add this action")
    tom.reads("There is a problem", "Say what is to be done")
    tom.look("action-form-problem")
    tom.fills("What is to be done?", task)
    tom.chooses("Today")
    tom.presses("Add this action")
    tom.reads("Added. Whoever is to do it finds it on the case now", task)

    chidi = someone()
    chidi.signs_in("nwosu")
    chidi.opens_case(RUDD, RISK)
    item = chidi.page.locator("#todo li").filter(has_text=task)
    item.get_by_role("button", name=re.compile("^I will do it")).click()
    chidi.reads("They have it now.")
    chidi.goes_to("/")
    chidi.reads("What needs you today", task)
    chidi.presses("Mark as done")
    chidi.reads("There is a problem", "Tick at least one action", "Say what came of it")
    chidi.look("home-today-problem")
    chidi.page.get_by_role("checkbox", name=task).check()
    chidi.fills("What came of what you ticked?", f"A bed from Friday, {kind.name}")
    chidi.presses("Mark as done")
    chidi.reads("Done: 1 action.")
    chidi.does_not_read(task)

    tom.goes_to(visit)
    tom.reads(f"Action done. A bed from Friday, {kind.name}")
    tom.page.locator("#todo summary").click()
    tom.look("case-actions-closed")

    item = tom.page.locator("#todo li").filter(has_text="Knock at his nan")
    if item.count() and kind.name == "desktop":
        item.get_by_role("link", name=re.compile("^Done or no longer needed")).click()
        tom.heading("What came of it?")
        tom.looks_at_both_widths("action-one")
        tom.fills("What came of it, or why is it no longer needed?", "He was there, sleeping on the sofa.")
        tom.presses("Done")
        tom.reads("Done. Whoever may see the action reads that it is closed.")
