"""Changing a record: its version travels with the form, two people at once lose nothing, its history tells who."""

import re
import uuid

import pytest

from tests.installation import IDENTITY, World
from tests.portal.pages.test_case import end
from tests.portal.pages.visitor import Visitor

SAFETY = {"police safety": {"warning": "A dog in the yard.", "advice": "Ring first.", "recorded_on": "2026-03-02"}}
DAY = {"safety.recorded_on-day": "2", "safety.recorded_on-month": "3", "safety.recorded_on-year": "2026"}
WARNING = {"safety.warning": "A dog in the yard.", "safety.advice": "Ring first.", **DAY}


@pytest.fixture
def case(world: World) -> uuid.UUID:
    both = [world.actor("police", "practitioner", name) for name in ("PC One", "PC Two")]
    return world.case({**IDENTITY, **SAFETY}, assigned=[*both, world.actor("probation", "practitioner")])


@pytest.fixture
def one(world: World) -> Visitor:
    return Visitor(world, world.actor("police", "practitioner", "PC One"))


@pytest.fixture
def two(world: World) -> Visitor:
    return Visitor(world, world.actor("police", "practitioner", "PC Two"))


def edit_of(browser: Visitor, case: uuid.UUID) -> str:
    browser.open(case)
    for path in re.findall(r'href="([^"]+/record/[^"]+/edit)"', browser.page):
        if "A dog in the yard." in browser.get(path):
            return str(path)
    raise AssertionError("no link to change the warning")


def test_a_change_is_kept_and_the_history_says_who(world: World, one: Visitor, case: uuid.UUID) -> None:
    path = edit_of(one, case)
    text = one.send(path, {**WARNING, "safety.warning": "Two dogs in the yard."})
    assert "Your change is kept." in text
    assert "Two dogs in the yard." in text
    text = one.get(path.replace("/edit", "/history"))
    assert text.index("Two dogs in the yard.") < text.index("A dog in the yard.")
    assert "PC One" in text.partition("Two dogs in the yard.")[2]


def test_an_emptied_field_is_emptied_and_remembered(one: Visitor, case: uuid.UUID) -> None:
    path = edit_of(one, case)
    one.send(path, {**WARNING, "safety.advice": ""})
    assert "Ring first." not in one.page
    assert "(empty)" in one.get(path.replace("/edit", "/history"))


def test_two_at_once_get_both_sides_and_nothing_is_lost(one: Visitor, two: Visitor, case: uuid.UUID) -> None:
    mine, theirs = edit_of(one, case), edit_of(two, case)
    two.send(theirs, {**WARNING, "safety.warning": "Dog gone.", "safety.advice": "Ring twice."})
    text = one.send(mine, {**WARNING, "safety.warning": "Two dogs."}, 409)
    assert "PC Two changed this while you were writing" in text
    for side in ("Two dogs.", "Dog gone.", "Ring first.", "Ring twice."):
        assert side in text
    # what only the other changed stands as theirs; what both changed stands as mine, until I decide
    assert re.search(r'name="take-safety.warning"[^>]*value="mine" checked', one.page)
    assert re.search(r'name="take-safety.advice"[^>]*value="theirs" checked', one.page)
    assert "Dog gone." in two.get(two.path), "nothing is written before the choice"
    choice = {"take-safety.warning": "mine", "take-safety.advice": "theirs", "safety.advice": "Ring first."}
    text = one.send(mine, {**WARNING, **choice, "safety.warning": "Two dogs, gone by day."})
    assert "Two dogs, gone by day." in text
    assert "Ring twice." in text
    history = one.get(mine.replace("/edit", "/history"))
    for said in ("Two dogs, gone by day.", "Dog gone.", "A dog in the yard.", "Ring twice.", "Ring first."):
        assert said in history


def test_theirs_may_stand_for_everything(one: Visitor, two: Visitor, case: uuid.UUID) -> None:
    mine, theirs = edit_of(one, case), edit_of(two, case)
    two.send(theirs, {**WARNING, "safety.warning": "Dog gone."})
    one.send(mine, {**WARNING, "safety.warning": "Two dogs."}, 409)
    text = one.send(mine, {**WARNING, "safety.warning": "Two dogs.", "take-safety.warning": "theirs"})
    assert "Dog gone." in text
    assert "Two dogs." not in text


def test_a_wrong_date_comes_back_with_everything_typed(one: Visitor, case: uuid.UUID) -> None:
    path = edit_of(one, case)
    text = one.send(path, {**WARNING, "safety.warning": "Two dogs.", "safety.recorded_on-day": "32"}, 400)
    assert "must be a real date" in text
    assert "Two dogs." in text
    assert 'value="32"' in one.page
    assert one.hidden()["version"] == "1"


def test_only_what_was_changed_is_judged(world: World) -> None:
    """A name that was taken before the rule was: its holder can still correct the telephone beside it."""
    officer = Visitor(world, world.actor("police", "practitioner"))
    case = world.case({"police person": {"surname": "Unknown", "telephone": "1"}}, assigned=[officer.actor])
    officer.open(case)
    (path,) = set(re.findall(r'href="([^"]+/record/[^"]+/edit)"', officer.page))
    officer.get(path)
    assert "Your change is kept." in officer.send(path, {"person.surname": "Unknown", "person.telephone": "2"})
    officer.get(path)
    text = officer.send(path, {"person.surname": "Not known", "person.telephone": "2"}, 400)
    assert "Surname must be a name" in text
    assert 'value="Not known"' in officer.page
    text = officer.send(path, {"person.surname": "Sаm", "person.telephone": "2"})  # a Cyrillic а
    assert "Your change is kept. What it said before is in the history. Surname mixes letters" in text


def test_another_agencys_record_is_read_and_not_changed(world: World, one: Visitor, case: uuid.UUID) -> None:
    edit = edit_of(one, case).rpartition("/visit/")[2].partition("/")[2]
    officer = Visitor(world, world.actor("probation", "practitioner"))
    visit = officer.open(case)
    assert "A dog in the yard." in officer.page
    assert f"{visit}/{edit}" not in officer.page
    text = officer.get(f"{visit}/{edit}", 403)
    assert "Only the agency that owns a record changes it" in text
    officer.get(visit)
    officer.send(f"{visit}/{edit}", {"safety.warning": "Nothing to fear.", "version": "1"}, 403)
    assert "A dog in the yard." in officer.get(visit)


def test_a_record_of_another_case_is_not_found_in_this_visit(world: World, one: Visitor, case: uuid.UUID) -> None:
    tail = edit_of(one, case).rpartition("/visit/")[2].partition("/")[2]
    visit = one.open(world.case(assigned=[one.actor]))
    one.get(f"{visit}/{tail}", 404)
    one.get(f"{visit}/{tail.replace('edit', 'history')}", 404)
    one.get(f"{visit}/record/{uuid.uuid4()}/history", 404)


def test_a_change_that_outlives_its_visit_goes_on_to_the_next_one(world: World, one: Visitor, case: uuid.UUID) -> None:
    path = edit_of(one, case)
    end(world)
    one.send(path, {**WARNING, "safety.warning": "Two dogs."}, 409)
    text = one.send(f"/case/{case}", {"purpose": "risk"})
    assert "Your change is kept." in text
    assert "Two dogs." in text
