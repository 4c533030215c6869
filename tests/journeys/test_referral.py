"""A housing officer refers someone; the coordinator asks, is answered, and accepts; the officer reads it at home."""

import re
from collections.abc import Callable

from tests.journeys.conftest import EVERY_KIND, Kind
from tests.journeys.person import Person

WHO = {"desktop": "Tollemache", "phone": "Ravenscroft", "plain": "Quarshie"}
"""Whom the journey of each kind of browser refers."""
WHY = (
    "Neighbours on three floors say he sells from the stairwell after dark. Two break-ins on the landing since August."
)
ASKED = "Is he the tenant or staying with one? Any dates?"
ADDED = "Staying with his aunt, no tenancy. Both break-ins were Fridays, 6 and 13 November."


def _fill(nwosu: Person, surname: str) -> None:
    nwosu.fills("Surname", surname)
    nwosu.fills("Forename", "Jerome")
    for part, text in (("", "14"), ("-month", "2"), ("-year", "1999")):
        nwosu.page.locator(f"[id='person.date_of_birth{part}']").fill(text)
    nwosu.fills("Reason for the referral", WHY)
    nwosu.page.get_by_label("Priority crime").select_option("Possession with intent to supply")
    nwosu.fills("Source of the referral", "Estate office")


@EVERY_KIND
def test_from_the_form_to_the_answer(someone: Callable[[], Person], kind: Kind) -> None:
    surname = WHO[kind.name]
    nwosu = someone()
    nwosu.signs_in("nwosu")
    nwosu.heading("My cases")
    nwosu.follows("Refer someone")
    nwosu.heading("Refer someone")
    nwosu.reads("Who can read it", "Community Safety")
    nwosu.look("refer")
    nwosu.presses("Send the referral")
    nwosu.reads("There is a problem", "Enter the surname", "Say why you refer this person")
    nwosu.look("refer-problem")
    _fill(nwosu, surname)
    nwosu.presses("Send the referral")
    nwosu.heading("Your referrals")
    nwosu.reads("Sent. It waits", f"Jerome {surname}", "Waiting")
    nwosu.look("referrals")

    rahman = someone()
    rahman.signs_in("rahman")
    rahman.reads("for your answer.")
    rahman.look("home-inbox")
    rahman.follows("Answer now")
    rahman.heading("Referrals waiting")
    _turns_to(rahman, surname)
    rahman.reads(f"Jerome {surname}", "born 14 February 1999", "Housing", "Possession with intent to supply", WHY)
    rahman.look("inbox")
    _answer(rahman, surname, "Ask for more", ASKED)
    rahman.reads("Asked. It waits for whoever referred.")

    nwosu.goes_to("/")
    nwosu.reads("You are asked for more", ASKED)
    nwosu.look("home-asked")
    nwosu.follows(re.compile(f"^Answer what you are asked about Jerome {surname}"))
    nwosu.heading(f"Jerome {surname}")
    nwosu.reads(ASKED, WHY)
    nwosu.look("referral-asked")
    nwosu.fills("What do you add?", ADDED)
    nwosu.presses("Send")
    nwosu.reads("Sent. The referral waits again.")

    rahman.goes_to("/inbox")
    _turns_to(rahman, surname)
    rahman.reads("Added today", ADDED, WHY)
    rahman.page.get_by_role("checkbox", name=re.compile(surname)).check()
    rahman.look("inbox-ticked")
    rahman.presses("Accept those ticked")
    rahman.reads("1 referral accepted to the panel.")
    rahman.does_not_read(surname)

    nwosu.goes_to("/")
    nwosu.reads("Accepted: it goes to the panel")
    nwosu.look("home-accepted")


def _turns_to(rahman: Person, surname: str) -> None:
    """The page of the inbox on which this person waits: the monthly file may have brought many who wait longer."""
    rahman.page.wait_for_load_state()
    while surname not in rahman.page.content():
        rahman.follows("Next")


def _answer(rahman: Person, surname: str, what: str, reason: str) -> None:
    rahman.follows(re.compile(f"^Read and answer the referral of Jerome {surname}"))
    rahman.heading(f"Jerome {surname}")
    rahman.look("inbox-one")
    rahman.chooses(what)
    rahman.presses("Answer")
    rahman.reads("There is a problem", "Write what you need to know")
    rahman.fills("Your question, or your reason", reason)
    rahman.look("inbox-one-problem")
    rahman.presses("Answer")
    rahman.heading("Referrals waiting")
