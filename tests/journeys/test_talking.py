"""A question on an update, by name: who is asked finds a line, answers, and everybody confirms what was shared."""

import re
from collections.abc import Callable

import pytest

from tests.journeys.conftest import DESKTOP, Kind
from tests.journeys.person import Person

RISK = "Managing the risk this person poses"


@pytest.mark.parametrize("kind", [DESKTOP], ids=lambda kind: str(kind.name), indirect=True)
def test_a_question_by_name_is_answered_and_what_was_shared_is_confirmed(
    someone: Callable[[], Person], kind: Kind
) -> None:
    tom = someone()
    tom.signs_in("walsh")
    tom.reads("You are asked", "asks you about a case you hold")
    tom.looks_at_both_widths("home-asked-by-name")
    tom.follows(re.compile("asks you about a case you hold"))
    tom.chooses(RISK)
    tom.presses("Open the case")
    tom.reads("Was one of them the cousin from Neasden?", "Asks you")
    tom.looks_at_both_widths("case-comments")
    item = tom.page.locator(".moj-timeline__item", has_text="asked him to hold a bag")
    tom.follows(re.compile("^Comment"), item)
    tom.heading("Comment on an update")
    tom.presses("Share this comment")
    tom.reads("There is a problem", "Write something before you share it")
    tom.fills("Your comment", "No. A taller man, he did not know the name.")
    tom.looks_at_both_widths("comment-form")
    tom.presses("Share this comment")
    tom.reads("Your comment is shared.", "A taller man")
    tom.follows(re.compile("^Who has read it"), item)
    tom.heading("Who has read it")
    tom.reads("Not yet")
    tom.looks_at_both_widths("who-read")
    tom.goes_to("/")
    tom.does_not_read("asks you about a case you hold")

    sam = someone()
    sam.signs_in("tetteh")
    sam.follows(re.compile("to confirm$"))
    sam.heading("Updates to confirm")
    sam.looks_at_both_widths("to-confirm")
    sam.presses("Confirm what I ticked")
    sam.reads("Tick at least one that you have read")
    sam.page.get_by_role("checkbox", name=re.compile("I have read this")).first.check()
    sam.presses("Confirm what I ticked")
    sam.reads("Confirmed: 1 update.", "Nothing waits for you to confirm")
