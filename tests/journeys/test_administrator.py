"""The administrator of the police lets somebody in, ends sessions, and records a leaver."""

import re
from collections.abc import Callable

from portal.demo.people import staff
from tests.journeys.conftest import EVERY_KIND, Kind
from tests.journeys.person import Person

LEAVERS = {"desktop": "carrick", "phone": "vekaria", "plain": "sheridan"}
"""Who leaves in the journey of each kind of browser: somebody who leaves does not come back."""


def _opens(tran: Person, key: str, shown: str = "active") -> None:
    tran.goes_to(f"/people?show={shown}")
    tran.follows(staff.by_key()[key].name)
    tran.heading(staff.by_key()[key].name)


@EVERY_KIND
def test_somebody_without_a_role_gets_one(someone: Callable[[], Person]) -> None:
    brodie, tran = someone(), someone()
    brodie.signs_in("brodie")
    brodie.heading("You do not have access yet")
    brodie.reads("Metropolitan Police")
    brodie.look("no-capacity")
    tran.signs_in("tran")
    tran.look("admin-home")
    tran.goes_to("/people?show=waiting")
    tran.look("admin-people")
    _opens(tran, "brodie", "waiting")
    tran.look("admin-person")
    tran.follows("Give a role")
    tran.heading("Give a role")
    tran.look("admin-grant")
    tran.presses("Give this role")
    tran.reads("There is a problem", "Choose a role")
    tran.chooses("Practitioner")
    tran.presses("Give this role")
    tran.heading("PC Callum Brodie")

    brodie.goes_to("/")
    brodie.heading("In which role are you working now?")
    brodie.look("capacity")
    brodie.page.get_by_role("radio").first.check()
    brodie.presses("Continue")
    brodie.heading("Before you can open a case")
    brodie.reads("practitioner, Police", "Two things are missing")
    brodie.look("home-before")

    tran.page.get_by_role("button", name=re.compile("^End .*now$")).click()
    brodie.page.reload()
    brodie.does_not_read("Before you can open a case")


@EVERY_KIND
def test_sessions_end_at_once_and_a_leaver_stays_out(someone: Callable[[], Person], kind: Kind) -> None:
    key = LEAVERS[kind.name]
    leaver, tran = someone(), someone()
    leaver.signs_in(key)
    leaver.reads(staff.by_key()[key].name)
    tran.signs_in("tran")
    _opens(tran, key)
    tran.presses("Sign this person out everywhere")
    tran.reads("Not signed in.")
    leaver.page.reload()
    leaver.signs_in_again()
    leaver.reads(staff.by_key()[key].name)
    tran.follows("Record as a leaver")
    tran.heading(re.compile(r"^Has .+ left\?"))
    tran.look("confirm-leaver")
    tran.presses("Record as a leaver")
    leaver.page.reload()
    leaver.signs_in_again()
    leaver.heading("You are not signed in")
    leaver.look("sign-in-problem")


def test_an_administrator_meets_no_case(someone: Callable[[], Person]) -> None:
    tran = someone()
    tran.signs_in("tran")
    answer = tran.goes_to("/search")
    assert answer.status == 403
    tran.heading("You cannot do this in your role")
    tran.look("refused")
