"""Probation looks where a case stands, sees what can follow, and sends a form too early: it says what to correct."""

from collections.abc import Callable

from tests.journeys.conftest import Kind
from tests.journeys.person import Person

RISK = "Managing the risk this person poses"
WHO = "Leon Anthony Strickland"


def test_what_can_follow_is_offered_and_a_form_says_what_it_lacks(someone: Callable[[], Person], kind: Kind) -> None:
    stacey = someone()
    stacey.signs_in("okonkwo")
    stacey.opens_case(WHO, RISK)
    stacey.look("stands-case")
    stacey.follows("Change where the case stands")
    stacey.heading("Where the case stands")
    stacey.reads("Recalled to prison", "Lost the shared house on Friday")
    stacey.look("stands")
    stacey.does_not_read("Probation Reset")
    stacey.follows("Back in the community")
    stacey.heading("Back in the community")
    stacey.reads("Until now: In custody; Recalled to prison since", "Who can read it")
    stacey.fills("Why", "Met by his mentor at the gate.")
    stacey.presses("Record this")
    stacey.reads("There is a problem", "Give the day, like 27 3 2026", "Met by his mentor at the gate.")
    stacey.looks_at_both_widths("stands-form")
