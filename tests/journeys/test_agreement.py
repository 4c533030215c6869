"""The agreement: read, my own column in it, and what I can see and why."""

import re
from collections.abc import Callable

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
    clause = nwosu.page.locator("[id^=clause-]").first
    assert clause.count() == 1
