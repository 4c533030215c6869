"""The SPOC of Probation has a colleague's cases covered, both read it at home, and the cover ends early."""

import re
from collections.abc import Callable
from datetime import timedelta

from playwright.sync_api import expect

from portal.db import now_micros
from portal.sharing.days import day_at
from tests.journeys.conftest import EVERY_KIND, Kind
from tests.journeys.person import Person

AWAY = {"desktop": ("Kieran Malik", "Patience Obeng", "malik"), "phone": ("Joanna Ellery", "Kojo Danso", "ellery")}
AWAY["plain"] = ("Ruth Achterberg", "Daniel Feeney", "feeney")
"""Who is away in the journey of each kind of browser, who covers, and whose home is read afterwards."""


def _day(person: Person, name: str, days: int) -> None:
    day = day_at(now_micros()) + timedelta(days=days)
    for part, text in (("", day.day), ("-month", day.month), ("-year", day.year)):
        person.page.locator(f"#{name}{part}").fill(str(text))


def _spoc(someone: Callable[[], Person]) -> Person:
    ruth = someone()
    ruth.signs_in("achterberg")
    ruth.heading("In which role are you working now?")
    ruth.chooses("Agency SPOC, Probation")
    ruth.presses("Continue")
    ruth.heading("Cases of Probation")
    return ruth


@EVERY_KIND
def test_a_colleague_s_cases_are_covered_and_come_back(someone: Callable[[], Person], kind: Kind) -> None:
    away, covers, reader = AWAY[kind.name]
    ruth = _spoc(someone)
    ruth.follows("Who works on what")
    ruth.heading("Who works on what at Probation")
    ruth.reads(away, covers)
    ruth.look("team")
    ruth.follows(away)
    ruth.heading(f"Cases of {away}")
    ruth.look("team-one")
    ruth.presses("Arrange cover")
    ruth.reads("There is a problem", "Choose a colleague", "Say why")
    ruth.look("team-one-problem")
    ruth.chooses(covers)
    _day(ruth, "until", 9)
    ruth.fills("Why?", "Annual leave")
    ruth.presses("Arrange cover")
    ruth.heading("Who works on what at Probation")
    expect(ruth.page.locator(".app-alert--done")).to_contain_text(re.compile(r"cases? (is|are) covered until"))
    ruth.reads(f"Covered by {covers} until")
    ruth.look("team-done")

    other = someone()
    other.signs_in(reader)
    if other.page.get_by_role("heading", level=1).inner_text().startswith("In which role"):
        other.page.get_by_role("radio").first.check()
        other.presses("Continue")
    other.reads(f"Cover for {away} until")
    other.look("home-cover")

    ruth.follows(away)
    ruth.reads("Cover that is arranged")
    ruth.look("team-one-covered")
    ruth.page.get_by_role("button", name=re.compile(f"^End the cover by {covers} for {away}")).click()
    ruth.reads("Cover ended on")
    other.goes_to("/")
    other.does_not_read(f"Cover for {away} until")


def test_who_works_on_one_case(someone: Callable[[], Person]) -> None:
    ruth = _spoc(someone)
    ruth.follows(re.compile("Hylton"))
    ruth.chooses("Managing the risk this person poses")
    ruth.presses("Open the case")
    ruth.follows("Change who works on it")
    ruth.heading("Who works on this case at Probation")
    ruth.look("team-case")
    ruth.follows(re.compile("^End the assignment of Ruth Achterberg"))
    ruth.heading("Should Ruth Achterberg stop working on this case?")
    ruth.reads("Nobody else at Probation works on this case.")
    ruth.look("team-case-end")
    ruth.follows("Cancel")
    ruth.heading("Who works on this case at Probation")
