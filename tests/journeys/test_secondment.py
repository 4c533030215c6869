"""Youth Justice asks the police for an officer, the police lend her, she works there, and it ends."""

import re
from collections.abc import Callable
from datetime import timedelta

from portal.db import now_micros
from portal.demo.people import staff
from portal.sharing.days import day_at
from tests.journeys.conftest import EVERY_KIND
from tests.journeys.person import Person

LENT = "hussain"
"""Who is lent: nobody whom another journey needs."""


@EVERY_KIND
def test_an_officer_is_lent_to_youth_justice_and_comes_back(someone: Callable[[], Person]) -> None:
    name = staff.by_key()[LENT].name
    ngozi, tran, officer = someone(), someone(), someone()
    ngozi.signs_in("ekwueme")
    ngozi.follows(re.compile("^Secondment"))
    ngozi.heading("Secondment at Youth Justice")
    ngozi.look("secondments-none")
    ngozi.follows("Ask for somebody")
    ngozi.presses("Ask")
    ngozi.reads("There is a problem", "Choose the organisation they belong to", "Say who it is", "Choose a role")
    ngozi.look("secondment-ask")
    ngozi.page.get_by_label("Which organisation do they belong to?").select_option("police")
    ngozi.fills("Who is it?", f"{name}, of the gangs unit")
    ngozi.chooses("Practitioner")
    last = day_at(now_micros()) + timedelta(days=90)
    for part, number in (("", last.day), ("-month", last.month), ("-year", last.year)):
        ngozi.page.locator(f"#ends{part}").fill(str(number))
    ngozi.presses("Ask")
    ngozi.reads("Asked.", "Waits for an answer")
    ngozi.look("secondments")

    tran.signs_in("tran")
    tran.reads("asks for one of your people on secondment")
    tran.look("admin-home-asked")
    tran.follows("Answer")
    tran.follows(re.compile(re.escape(name)))
    tran.look("secondment-answer")
    tran.page.get_by_label("Which of your people is it?").select_option(label=name)
    tran.presses("Agree")
    tran.reads("Agreed.", "Running")

    officer.signs_in(LENT)
    officer.heading("In which role are you working now?")
    officer.reads("Practitioner, Police", "Practitioner, Youth Justice")
    officer.chooses("Practitioner, Youth Justice")
    officer.presses("Continue")
    officer.heading("Before you can open a case")
    officer.reads("practitioner, Youth Justice")

    ngozi.follows(re.compile(re.escape(name)))
    ngozi.look("secondment-running")
    ngozi.presses("End it now")
    ngozi.reads("Ended.", "Over")
    officer.page.reload()
    officer.signs_in_again()
    officer.heading("My cases")
    officer.reads("practitioner, Police")
