"""What a practitioner did this morning, as the data-protection officer of the police reads it."""

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.journeys.conftest import EVERY_KIND
from tests.journeys.person import Person


@EVERY_KIND
def test_who_looked_and_is_the_log_whole(someone: Callable[[], Person]) -> None:
    walsh, marsh = someone(), someone()
    walsh.signs_in("walsh")
    walsh.opens_case("Keating", "Managing the risk this person poses")
    reference = walsh.page.locator(".app-receipt strong").inner_text()

    marsh.signs_in("marsh")
    marsh.look("dpo-confirm")
    marsh.confirms()
    marsh.heading("log")
    marsh.look("dpo-home")
    marsh.goes_to("/log")
    marsh.heading("What do you need the log for?")
    marsh.look("dpo-use")
    marsh.page.get_by_role("radio").first.check()
    marsh.presses("Continue")
    marsh.heading("Who looked at what")
    marsh.look("dpo-log")
    marsh.page.get_by_label("Person who looked").select_option("PC Siobhan Walsh")
    marsh.presses("Show these entries")
    expect(marsh.page.locator(".app-lede")).to_contain_text("PC Siobhan Walsh")
    assert "walsh" not in marsh.page.url.lower()
    rows = marsh.page.locator("tbody tr")
    assert rows.count() > 0
    assert all("Walsh" in row for row in rows.all_inner_texts())
    marsh.look("dpo-log-narrowed")
    narrowed = marsh.page.url.removeprefix(marsh.base)
    marsh.follows("Take these entries out as a spreadsheet")
    marsh.heading("Take these entries out")
    marsh.presses("Take it out")
    marsh.reads("There is a problem", "Say why you take it out")
    marsh.look("dpo-sheet")
    marsh.fills("Why do you take it out?", "Answer to the chief constable's sample")
    with marsh.page.expect_download() as taken:
        marsh.presses("Take it out")
    assert taken.value.suggested_filename.startswith("access-log-")
    marsh.goes_to(narrowed)
    marsh.follows(reference)
    marsh.heading(f"Entry {reference}")
    marsh.reads("PC Siobhan Walsh", "What was opened", "What was withheld", "Risk management and crime prevention")
    marsh.does_not_read("Keating", "Tannery Court", "Shoplifting")
    marsh.look("dpo-entry")
    with marsh.page.expect_download() as told:
        marsh.presses("Download the proof")
    assert told.value.suggested_filename == f"{reference}.tlog-proof"
    marsh.follows("Take it out with what it says")
    marsh.heading("Take this entry out with what it says")
    marsh.look("dpo-told")
    marsh.fills("Why do you take it out?", "The tribunal asked who looked at him")
    with marsh.page.expect_download() as told:
        marsh.presses("Take it out")
    assert told.value.suggested_filename == f"{reference}-OFFICIAL-SENSITIVE.json"

    marsh.goes_to(narrowed)
    marsh.follows(reference)
    marsh.follows("Ask PC Siobhan Walsh why")
    marsh.heading("Ask why")
    marsh.presses("Ask")
    marsh.reads("There is a problem", "Say what you want to know")
    marsh.look("dpo-ask")
    marsh.fills("What do you want to know?", "The visit was on your day off. What made you look?")
    marsh.presses("Ask")
    marsh.heading("Questions you asked")
    marsh.look("dpo-questions")
    walsh.goes_to("/")
    walsh.reads("Your data-protection officer asks about something you did")
    walsh.goes_to("/questions")
    walsh.look("questions-mine")
    walsh.page.get_by_role("link", name=re.compile("Asked on")).first.click()
    walsh.heading("Gillian Marsh asks you")
    walsh.look("question-mine")
    walsh.fills("Your answer", "The custody desk rang me: he had been arrested.")
    walsh.presses("Send the answer")
    marsh.goes_to("/questions")
    marsh.follows("PC Siobhan Walsh")
    marsh.reads("The custody desk rang me")
    marsh.look("dpo-answer")

    marsh.goes_to("/log/verify")
    marsh.look("dpo-verify")
    marsh.page.get_by_role("button", name=re.compile("Verify the log now|Check again")).click()
    marsh.heading("Is the log whole?")
    marsh.reads("Yes. Nothing has been changed, removed or reordered")
    marsh.look("dpo-verified")

    marsh.follows("Hold the log against a checkpoint that you kept")
    marsh.heading("Compare two checkpoints")
    kept = marsh.page.get_by_label("The newest checkpoint").input_value()
    marsh.look("dpo-compare")
    marsh.presses("Compare")
    marsh.reads("There is a problem", "Choose or paste the earlier checkpoint")
    marsh.look("dpo-compare-wrong")
    marsh.page.locator("#earlier").fill(kept)
    marsh.presses("Compare")
    marsh.reads("Yes. They belong to one log")
    marsh.look("dpo-compared")
    with marsh.page.expect_download() as told:
        marsh.presses("Download the proof")
    assert told.value.suggested_filename.startswith("consistency-")

    marsh.goes_to("/log/home")
    marsh.follows("Kept longer")
    marsh.heading("Kept longer")
    marsh.look("dpo-kept")

    marsh.goes_to("/stand-in")
    marsh.heading("Who stands in for you")
    marsh.presses("Let them stand in")
    marsh.reads("There is a problem", "Choose who stands in for you")
    marsh.look("dpo-stand-in")


@EVERY_KIND
def test_a_complaint_begins_with_a_look_up(someone: Callable[[], Person]) -> None:
    marsh = someone()
    marsh.signs_in("marsh", "/log/person")
    if "/confirm" not in marsh.page.url:
        marsh.goes_to("/log/person")
    marsh.confirms()
    marsh.page.get_by_role("radio").first.check()
    marsh.presses("Continue")
    marsh.heading("Find a person in the log")
    marsh.look("dpo-lookup")
    marsh.presses("Find")
    marsh.reads("There is a problem")
    marsh.look("dpo-lookup-wrong")
