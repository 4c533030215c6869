"""Sharing and adding: who will read it stands before the button, nothing typed is lost, nothing is kept twice."""

import uuid

import pytest
from sqlalchemy import func, select

from portal.sharing.tables import RecordRow
from tests.installation import IDENTITY, World
from tests.portal.pages.test_case import end
from tests.portal.pages.visitor import Visitor

UPDATE = {"text": "Seen at home, calm.", "kind": "behaviour", "nature": "Fact", "source": "Home visit"}


@pytest.fixture
def police(world: World) -> Visitor:
    return Visitor(world, world.actor("police", "practitioner", "PC One"))


@pytest.fixture
def visit(world: World, police: Visitor) -> str:
    return police.open(world.case(assigned=[police.actor]))


def updates(world: World) -> int:
    world.session.rollback()
    return world.session.scalar(select(func.count()).select_from(RecordRow).where(RecordRow.kind == "update")) or 0


def test_an_update_takes_one_form_and_stands_first_on_the_case(police: Visitor, visit: str) -> None:
    police.get(f"{visit}/update")
    text = police.send(f"{visit}/update", UPDATE)
    assert police.path == visit
    assert "Shared." in text
    assert "Seen at home, calm." in text
    assert "source: Home visit" in text
    assert "Shared." not in police.get(visit), "said once"


def test_the_form_names_who_will_and_who_will_not_see_it(world: World, police: Visitor, visit: str) -> None:
    text = police.get(f"{visit}/update")
    assert "Dean Marlowe, BN-2026-0001" in text
    sentence = text.partition("Sentence and licence")[2].partition("Sanitised intelligence")[0]
    assert "Probation and Youth Justice (clause 5.22)" in sentence
    assert "Will not see it Adult Social Care" in sentence
    assert police.page.count("checked") == 3, "what it is about, a fact, and that nobody is to confirm it, in advance"


def test_what_an_agency_mostly_writes_about_is_chosen_in_advance(world: World) -> None:
    housing = Visitor(world, world.actor("barnet_housing", "practitioner"))
    housing.get(f"{housing.open(world.case(assigned=[housing.actor]), 'pathways')}/update")
    assert 'value="housing" checked' in housing.page


def test_an_empty_update_comes_back_with_everything_typed(world: World, police: Visitor, visit: str) -> None:
    police.get(f"{visit}/update")
    given = {**UPDATE, "text": " ", "nature": "Opinion", "happened-day": "31", "happened-month": "2"}
    text = police.send(f"{visit}/update", {**given, "happened-year": "2026"}, 400)
    assert "There is a problem" in text
    for kept in ('value="Home visit"', 'value="Opinion" checked', 'value="31"', 'value="behaviour" checked'):
        assert kept in police.page
    text = police.send(f"{visit}/update", {**given, "text": "Now with words", "happened-year": "2026"}, 400)
    assert "must be a real date" in text
    assert "Now with words" in text
    assert updates(world) == 0


def test_what_is_yet_to_come_has_not_happened(world: World, police: Visitor, visit: str) -> None:
    police.get(f"{visit}/update")
    day = {"happened-day": "3", "happened-month": "11", "happened-year": "2096"}
    text = police.send(f"{visit}/update", {**UPDATE, **day}, 400)
    assert "When it happened must be today or in the past" in text
    assert "Seen at home, calm." in text
    assert 'value="2096"' in police.page
    assert updates(world) == 0


def test_a_pnc_id_by_which_nobody_would_be_found_is_refused_and_a_right_one_finds(
    world: World, police: Visitor, visit: str
) -> None:
    police.get(f"{visit}/add/identifiers")
    text = police.send(f"{visit}/add/identifiers", {"identifiers.pnc": "2015/6033943M"}, 400)
    assert "PNC ID does not agree with its check letter M. A figure or the letter is mistyped" in text
    assert 'value="2015/6033943M"' in police.page
    police.send(f"{visit}/add/identifiers", {**police.hidden(), "identifiers.pnc": "15/6033943l"})
    assert "2015/6033943L" in police.get(visit)
    police.get("/search")
    assert "1 case found" in police.send("/search", {"by": "number", "number": "2015/6033943L"})


def test_a_form_sent_twice_is_kept_once_and_another_text_is_another_update(
    world: World, police: Visitor, visit: str
) -> None:
    police.get(f"{visit}/update")
    once = police.hidden()
    for text in ("Seen at home, calm.", "Seen at home, calm.", "Seen again later."):
        police.send(f"{visit}/update", {**UPDATE, **once, "text": text})
    assert updates(world) == 2


def test_what_may_not_be_written_is_refused_with_its_clause(world: World, police: Visitor, visit: str) -> None:
    police.get(f"{visit}/update")
    text = police.send(f"{visit}/update", {**UPDATE, "kind": "health_need"}, 403)
    assert "clause" in text
    assert "Seen at home, calm." in text, "what was typed comes back"
    for path in ("health", "plan/health_engagement", "nonsense", "update/behaviour/x"):
        police.get(f"{visit}/add/{path}", 404)
    assert updates(world) == 0


def test_a_form_that_outlives_its_visit_goes_on_to_the_next_one(world: World, police: Visitor, visit: str) -> None:
    police.get(f"{visit}/update")
    end(world)
    text = police.send(f"{visit}/update", UPDATE, 409)
    assert "What you wrote is not lost" in text
    assert updates(world) == 0
    case = police.page.partition('action="/case/')[2].partition('"')[0]
    text = police.send(f"/case/{case}", {"purpose": "risk"})
    assert "Seen at home, calm." in text
    assert police.path != visit
    assert updates(world) == 1


def test_a_carried_form_goes_nowhere_else(world: World, police: Visitor, visit: str) -> None:
    police.get(f"{visit}/update")
    end(world)
    police.send(f"{visit}/update", UPDATE, 409)
    case = police.page.partition('action="/case/')[2].partition('"')[0]
    for then in ("print", "../../people", "//example.org", "purpose"):
        police.get(f"/visit/{uuid.uuid4()}", 404)
        police.get(f"{visit}/update")
        police.send(f"/case/{case}", {**UPDATE, "purpose": "risk", "then": then})
        assert police.path.startswith("/visit/")
        assert police.path.count("/") == 2
    assert updates(world) == 0


def test_nobody_writes_in_anothers_visit(world: World, police: Visitor, visit: str) -> None:
    police.get(f"{visit}/update")
    police.sign_in(world.actor("police", "practitioner", "Another"))
    text = police.send(f"{visit}/update", UPDATE, 404)
    assert "Marlowe" not in text
    assert updates(world) == 0


def test_a_record_of_any_kind_is_added_with_its_readers_in_view(world: World, police: Visitor, visit: str) -> None:
    text = police.get(f"{visit}/add/safety")
    assert "Who can read it" in text
    police.send(f"{visit}/add/safety", {"safety.warning": "Two officers.", "safety.recorded_on-day": "x"}, 400)
    assert "Two officers." in police.page
    day = {"safety.recorded_on-day": "3", "safety.recorded_on-month": "4", "safety.recorded_on-year": "2026"}
    text = police.send(f"{visit}/add/safety", {"safety.warning": "Two officers.", **day})
    assert "Staff safety: read before you visit Two officers." in text
    assert "3 April 2026" in text


def test_nothing_written_is_nothing_kept(world: World, police: Visitor, visit: str) -> None:
    police.get(f"{visit}/add/safety")
    assert "Write something before you share it" in police.send(f"{visit}/add/safety", {}, 400)


def test_a_form_without_its_token_is_not_taken(world: World, police: Visitor, visit: str) -> None:
    police.get(f"{visit}/update")
    police.send(f"{visit}/update", {**UPDATE, "csrf_token": "stale"}, 400)
    assert "Seen at home, calm." in police.page
    assert updates(world) == 0


def test_another_agency_sees_what_the_list_promised_and_no_more(world: World) -> None:
    officer, worker = world.actor("police", "practitioner"), world.actor("barnet_housing", "practitioner")
    case = world.case(IDENTITY, assigned=[officer, worker])
    writer, reader = Visitor(world, officer), Visitor(world, worker)
    visit = writer.open(case)
    for kind in ("behaviour", "sentence"):
        text = writer.get(f"{visit}/update")
        writer.send(f"{visit}/update", {**UPDATE, "kind": kind, "text": f"CANARY-{kind}"})
        assert "Housing" in text
    seen = reader.get(reader.open(case))
    assert "CANARY-behaviour" in seen
    assert "CANARY-sentence" not in reader.page
