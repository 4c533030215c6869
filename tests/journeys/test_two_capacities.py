"""Somebody with two roles chooses one, sees it on every page, and changes it; what was open in the other is closed."""

import re
from collections.abc import Callable

from tests.journeys.conftest import EVERY_KIND
from tests.journeys.person import Person


@EVERY_KIND
def test_a_change_of_role_closes_what_was_open(someone: Callable[[], Person]) -> None:
    gill = someone()
    gill.signs_in("gill")
    gill.heading("In which role are you working now?")
    gill.look("choose-capacity")
    gill.presses("Continue")
    gill.reads("There is a problem")
    roles = gill.page.get_by_role("radio")
    assert roles.count() == 2
    gill.page.get_by_label("Lead professional, Police").check()
    gill.presses("Continue")
    gill.heading(re.compile("[Cc]ases"))
    gill.reads("lead professional, Police")
    link = gill.page.locator("tbody th a").first
    name = link.inner_text()
    visit = gill.opens_case(name, "Helping this person to stop offending")
    gill.reads("lead professional, Police")

    gill.follows("Change the capacity you act in")
    gill.heading("In which role are you working now?")
    gill.page.get_by_label("Agency SPOC, Police").check()
    gill.presses("Continue")
    gill.heading(re.compile("[Cc]ases"))
    gill.reads("agency SPOC, Police")
    assert gill.goes_to(visit).status == 404
    gill.heading("There is nothing here for you to see")
    gill.reads("DS Harpreet Gill")
    gill.look("not-found")
