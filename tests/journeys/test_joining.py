"""A starter asks for a role, is approved, trained and opens a case; the next click of a leaver is refused."""

import re
from collections.abc import Callable
from datetime import timedelta

from portal.db import now_micros
from portal.demo.people import staff
from portal.sharing.days import day_at
from tests.journeys.conftest import EVERY_KIND, Kind
from tests.journeys.person import Person

STARTERS = {"desktop": "mercer", "phone": "stavrou", "plain": "attwood"}
"""Who starts in the journey of each kind of browser, and has left at its end."""
AWAY = "Chidi Nwosu"


@EVERY_KIND
def test_a_starter_comes_in_and_a_leaver_stays_out(someone: Callable[[], Person], kind: Kind) -> None:
    key = STARTERS[kind.name]
    name = staff.by_key()[key].name
    new, coyle, osullivan = someone(), someone(), someone()
    new.signs_in(key)
    new.heading("You do not have access yet")
    new.chooses("Practitioner")
    new.fills("Your manager", "Bernadette Coyle")
    new.presses("Ask for access")
    new.reads("There is a problem", "Say what you need it for")
    new.look("ask-for-access")
    new.fills("What do you need it for?", f"I take over the tenants of {AWAY} on Monday.")
    new.presses("Ask for access")
    new.reads("to be practitioner. The agency SPOC and the administrator")

    coyle.signs_in("coyle")
    coyle.follows("Joining")
    coyle.follows(name)
    coyle.heading(f"{name} asks for a role")
    coyle.look("access-request")
    coyle.presses("Approve")
    coyle.reads("The role is given.")
    coyle.look("joining")
    coyle.follows("Who works on what")
    coyle.follows(AWAY)
    coyle.chooses(name)
    coyle.fills("Why?", "Starts on Monday")
    last = day_at(now_micros()) + timedelta(days=9)
    for part, number in (("", last.day), ("-month", last.month), ("-year", last.year)):
        coyle.page.locator(f"#until{part}").fill(str(number))
    coyle.presses("Arrange cover")

    new.goes_to("/")
    new.page.get_by_role("radio").first.check()
    new.presses("Continue")
    new.heading("Before you can open a case")
    new.reads("Two things are missing", "Bernadette Coyle, agency SPOC")
    new.look("before-a-case")
    new.follows("Read and accept")
    new.heading("How you may use this service")
    new.look("acceptable-use")
    new.presses("I have read this and accept it")
    assert new.goes_to("/search").status == 403
    new.reads("Nobody has recorded your training", "clause 6.40", "Ask Bernadette Coyle")

    coyle.follows("Joining")
    coyle.follows(name)
    coyle.look("joining-person")
    coyle.presses("Record training")
    coyle.reads("Training in information sharing is recorded.")

    new.goes_to("/")
    new.heading("My cases")
    new.opens_case("Danielle Keating", "Managing the risk this person poses")

    osullivan.signs_in("osullivan")
    osullivan.page.get_by_role("radio", name=re.compile("Agency administrator")).check()
    osullivan.presses("Continue")
    osullivan.goes_to("/people?show=active")
    osullivan.follows(name)
    osullivan.follows("Record as a leaver")
    osullivan.presses("Record as a leaver")
    new.page.reload()
    new.signs_in_again()
    new.heading("You are not signed in")
