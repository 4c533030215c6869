"""An officer who is not on the case declares an emergency; the data-protection officer reviews it."""

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.journeys.conftest import EVERY_KIND
from tests.journeys.people import born
from tests.journeys.person import Person
from tests.journeys.serving import Demo

REASON = "His mother rang: he has left a note and taken her tablets. Ambulance asks what he may have taken."


@EVERY_KIND
def test_declared_shown_and_reviewed(someone: Callable[[], Person], demo: Demo) -> None:
    officer, checker = someone(), someone()
    officer.signs_in("pryce")
    officer.goes_to("/search")
    officer.heading("Find a person")
    officer.look("search")
    day, month, year = born(demo.home, "rudd")
    officer.fills("Surname", "Rudd")
    for label, part in (("Day", day), ("Month", month), ("Year", year)):
        officer.fills(label, part)
    officer.presses("Find by name")
    officer.heading("1 case found")
    officer.reads("This case is not open to you in your present role.")
    officer.look("search-found")
    assert "rudd" not in officer.page.url.lower()
    officer.follows(re.compile("Emergency access"))
    officer.confirms()
    officer.heading("Emergency access")
    officer.reads("It opens", "It ends", "Who is told", "data-protection officers")
    officer.look("emergency")
    officer.presses("Open for this emergency")
    officer.reads("There is a problem")
    officer.look("emergency-wrong")
    officer.page.get_by_label("What is the emergency?").fill(REASON)
    officer.presses("Open for this emergency")
    officer.reads("Emergency access is open until")
    officer.look("case-emergency")

    checker.signs_in("marsh")
    checker.confirms()
    checker.goes_to("/log/emergencies")
    checker.page.get_by_role("radio").first.check()
    checker.presses("Continue")
    checker.heading("Emergency accesses")
    mine = checker.page.locator("article").filter(has_text=REASON).filter(has_text="PC Ffion Pryce").first
    expect(mine).to_be_visible()
    checker.look("dpo-emergencies")
    mine.get_by_label("Note of your finding").fill("Ambulance log seen. It was needed.")
    checker.presses("Record this finding", mine)
    checker.reads("There is a problem", "Select what you found")
    checker.look("dpo-emergencies-wrong")
    expect(mine.get_by_label("Note of your finding")).to_have_value("Ambulance log seen. It was needed.")
    mine.get_by_role("radio", name="It was justified").check()
    checker.presses("Record this finding", mine)
    checker.reads("Your finding was recorded.")
    checker.look("dpo-emergencies-reviewed")
