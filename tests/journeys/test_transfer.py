"""An offender manager offers a case to another borough; its coordinator accepts; the case it comes from says so."""

import re
from collections.abc import Callable

import pytest

from portal.db import now_micros
from portal.sharing.days import day_at
from tests.journeys.conftest import DESKTOP
from tests.journeys.person import Person

RISK = "Managing the risk this person poses"
WHO = "Leon Anthony Strickland"
WHY = "His mother in Wembley takes him in when he comes out. The visits there went well."


@pytest.mark.parametrize("kind", [DESKTOP], ids=["desktop"], indirect=True)  # an offer that stands lets no other begin
def test_from_the_offer_to_the_other_panel_and_back(someone: Callable[[], Person]) -> None:
    stacey = someone()
    stacey.signs_in("okonkwo")
    stacey.opens_case(WHO, RISK)
    stacey.follows("Transfer to another borough")
    stacey.heading("Transfer to another borough")
    stacey.presses("Continue")
    stacey.reads("There is a problem", "Choose the borough that the person moves to")
    stacey.looks_at_both_widths("transfer-choose")
    stacey.chooses("Brent")
    stacey.presses("Continue")
    stacey.heading("Transfer to")
    stacey.reads("What goes with it?", "What stays", "Everything that other agencies wrote", "clause 8.88")
    stacey.fills("Why they move, and what the other panel must know", WHY)
    stacey.presses("Offer it to")
    stacey.reads("There is a problem", "Give the day of the move, like 27 3 2026", WHY)
    stacey.looks_at_both_widths("transfer-form")
    _sends(stacey)
    _is_taken_back(stacey)
    _is_offered_and_accepted(stacey, someone())


def _sends(stacey: Person) -> None:
    today = day_at(now_micros())
    for part, text in (("", str(today.day)), ("-month", str(today.month)), ("-year", str(today.year))):
        stacey.page.locator(f"[id='transfer.moved_on{part}']").fill(text)
    stacey.page.get_by_label("Priority crime").select_option("Burglary")
    stacey.presses("Offer it to")
    stacey.heading(WHO)
    stacey.reads("Offered. It waits for whoever keeps the list there", "waiting for an answer")
    stacey.looks_at_both_widths("transfer-case")


def _is_taken_back(stacey: Person) -> None:
    stacey.follows(re.compile("Read more.*Transfer offered to"))
    stacey.reads(WHY, "Waiting for an answer")
    stacey.follows("Take it back")
    stacey.heading("Take the transfer to")
    stacey.presses("Take it back")
    stacey.reads("Say why it is taken back")
    stacey.looks_at_both_widths("transfer-back")
    stacey.fills("Why?", "The date moved.")
    stacey.presses("Take it back")
    stacey.reads("Taken back. Those who keep the list there")


def _is_offered_and_accepted(stacey: Person, denise: Person) -> None:
    stacey.follows("Transfer to another borough")
    stacey.chooses("Brent")
    stacey.presses("Continue")
    stacey.fills("Why they move, and what the other panel must know", WHY)
    _sends(stacey)

    denise.signs_in("fontaine")
    denise.page.get_by_label(re.compile("coordinator", re.I)).check()
    denise.presses("Continue")
    denise.goes_to("/inbox")
    denise.reads("No longer offered", "the transfer from Barnet that Probation offered on", "Taken back on")
    denise.looks_at_both_widths("transfer-inbox-no-longer")
    denise.follows(re.compile(f"^Read and answer the referral of {WHO}"))
    denise.heading(WHO)
    denise.reads("Transfer from Barnet", WHY)
    denise.looks_at_both_widths("transfer-inbox")
    denise.chooses("Accept: it goes to the panel")
    denise.presses("Answer")
    denise.heading("Referrals waiting")

    stacey.follows(re.compile("Read more.*Transfer offered to Brent"))
    stacey.reads("Accepted, and goes to the panel of Brent", "this case goes on as before")
    stacey.looks_at_both_widths("transfer-accepted")
