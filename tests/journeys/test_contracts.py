"""The council records the next period of a contract that runs out soon, and ends it again; the charity reads along."""

import re
from collections.abc import Callable
from datetime import timedelta

from portal.db import now_micros
from portal.sharing.days import day_at
from tests.journeys.conftest import EVERY_KIND
from tests.journeys.person import Person

LINK = "Contracts of those who act for others"


@EVERY_KIND
def test_the_next_period_is_recorded_and_read_by_both(someone: Callable[[], Person]) -> None:
    olu, rosie = someone(), someone()
    olu.signs_in("bankole")
    olu.reads("The contract of Barnet Bridges runs out on")
    olu.look("contracts-admin-home")
    olu.follows(LINK)
    olu.heading("Contracts of those who act for Community Safety")
    olu.reads("Barnet Recovery Service", "In force", "Runs out in")
    olu.look("contracts")
    olu.follows("Record a period for Barnet Bridges")
    olu.presses("Record it")
    olu.reads("There is a problem", "Say what you call the contract")
    olu.look("contract-form")
    first = day_at(now_micros()) + timedelta(days=40)
    olu.fills("What do you call the contract?", "Mentoring and resettlement, renewed")
    for name, when in (("starts", first), ("ends", first + timedelta(days=300))):
        for part, number in (("", when.day), ("-month", when.month), ("-year", when.year)):
            olu.page.locator(f"#{name}{part}").fill(str(number))
    olu.presses("Record it")
    olu.reads("Recorded for Barnet Bridges", "Mentoring and resettlement, renewed", "To come")

    rosie.signs_in("penhaligon")
    _acts_as_administrator(rosie)
    rosie.follows(LINK)
    rosie.heading("Contracts of Bridges")
    rosie.reads("Mentoring and resettlement, renewed", "The administrator of Community Safety records it")
    rosie.does_not_read("End it early", "Record a period")
    rosie.look("contracts-own")

    olu.page.get_by_role("link", name=re.compile("^End it early.*renewed$")).first.click()
    olu.look("contract-end")
    olu.presses("End it now")
    olu.reads("There is a problem", "Say why it ends")
    olu.fills("Why does it end early?", "Recorded for the wrong year.")
    olu.presses("End it now")
    olu.reads("Ended early on", "Recorded for the wrong year.")
    olu.look("contracts-ended")


def _acts_as_administrator(person: Person) -> None:
    person.page.get_by_role("radio", name=re.compile("^Agency administrator")).check()
    person.presses("Continue")
