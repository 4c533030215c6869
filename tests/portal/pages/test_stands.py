"""Where a case stands, as pages: what is offered, what was typed, the refusal in words, the second of two."""

import re
import uuid

import pytest
from sqlalchemy import update

from portal.auth.tables import LoginSession
from portal.db import MINUTE, now_micros
from portal.sharing.tables import VisitRow
from tests.installation import World
from tests.portal.pages.web import Web

WHY = "Arrested on Friday, refused bail."


@pytest.fixture
def case(world: World) -> uuid.UUID:
    staff = [world.actor("probation", "practitioner", "Jo Smith"), world.actor("police", "practitioner", "Pat Police")]
    return world.case(assigned=staff)


def opened(web: Web, case: uuid.UUID, party: str, role: str = "practitioner") -> str:
    """The address of a visit of somebody of a party."""
    names = {"probation": "Jo Smith", "police": "Pat Police"}
    web.sign_in(web.world.actor(party, role, names.get(party, "Cora Keeper")))
    return str(web.post(f"/case/{case}", {"purpose": "risk", "reason": ""}).location)


def hidden(page: str) -> dict[str, str]:
    found = dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page))
    return {name: found[name] for name in ("once", "seen")}


def since(day: str = "20") -> dict[str, str]:
    return {"move.since-day": day, "move.since-month": "11", "move.since-year": "2026"}


def test_it_is_recorded_from_the_case_and_stands_at_its_head(web: Web, case: uuid.UUID) -> None:
    visit = opened(web, case, "probation")
    assert f'href="{visit}/stands"' in web.get(visit).text
    page = web.get(f"{visit}/stands").text
    assert re.findall(rf'href="{visit}/stands/([a-z]+)"', page) == [
        *("remand", "sentence", "recall", "statutory", "reset", "voluntary")
    ]
    assert "Back in the community" not in page, "nothing that cannot follow is offered"
    form = web.get(f"{visit}/stands/remand").text
    assert "Police" in form
    assert "(clause 5.80)" in form, "who will read it is said before"
    sent = {**hidden(form), **since(), "move.where": "HMP Pentonville", "move.reason": WHY}
    assert web.post(f"{visit}/stands/remand", sent).location == visit
    web.get(visit)
    assert "On remand at HMP Pentonville since 20 November 2026, no release date" in web.text
    assert "In custody" in web.text
    assert "Recorded. Those who work on the case" in web.text
    standing = web.get(f"{visit}/stands").text
    assert WHY in standing
    assert re.findall(rf'href="{visit}/stands/([a-z]+)"', standing)[:3] == ["sentence", "recall", "community"]
    assert f'href="{visit}/add/move' not in web.get(visit).text


def test_what_was_typed_stays_where_something_is_to_be_corrected(web: Web, case: uuid.UUID) -> None:
    visit = opened(web, case, "probation")
    form = web.get(f"{visit}/stands/recall").text
    answer = web.post(f"{visit}/stands/recall", {**hidden(form), **since("31"), "move.where": "HMP Highpoint"})
    assert answer.status_code == 400
    assert 'value="HMP Highpoint"' in answer.text
    assert 'value="31"' in answer.text
    answer = web.post(f"{visit}/stands/recall", {**hidden(form), **since(), "move.where": "HMP Highpoint"})
    assert 'href="#move.reason"' in answer.text
    assert "Say why, and how you know" in web.text
    answer = web.post(f"{visit}/stands/community", {**hidden(form), **since(), "move.reason": WHY})
    assert answer.status_code == 400
    assert "They are in the community already" in web.text
    assert WHY in answer.text


def test_the_second_of_two_reads_so_and_loses_nothing(web: Web, case: uuid.UUID) -> None:
    visit = opened(web, case, "probation")
    form = web.get(f"{visit}/stands/remand").text
    second = Web(web.app, web.world)
    theirs = opened(second, case, "barnet_safety", "coordinator")
    other = second.get(f"{theirs}/stands/remand").text
    sent = {**since(), "move.reason": "The court rang."}
    assert second.post(f"{theirs}/stands/remand", {**hidden(other), **sent}).status_code == 303
    answer = web.post(f"{visit}/stands/remand", {**hidden(form), **since(), "move.reason": WHY})
    assert answer.status_code == 409
    assert "Somebody recorded another change meanwhile" in web.text
    assert WHY in answer.text
    again = web.post(f"{visit}/stands/remand", {**hidden(answer.text), **since(), "move.reason": WHY})
    assert again.status_code == 400
    assert "Already recorded" in web.text


def test_a_form_that_outlives_its_visit_or_its_session_is_not_lost(web: Web, case: uuid.UUID) -> None:
    visit = opened(web, case, "probation")
    sent = {**hidden(web.get(f"{visit}/stands/remand").text), **since(), "move.reason": WHY}
    with web.world.doors.log.transaction(web.world.session) as tx:
        tx.session.execute(update(VisitRow).values(ends=now_micros() - 1))
    answer = web.post(f"{visit}/stands/remand", sent)
    assert (answer.status_code, WHY in answer.text) == (409, True)
    again = {**sent, "then": "stands/remand", "purpose": "risk", "reason": ""}
    answer = web.post(f"/case/{case}", again)
    assert answer.status_code == 307
    assert web.post(answer.location, again).status_code == 303
    visit = answer.location.partition("/stands")[0]
    sent = {**hidden(web.get(f"{visit}/stands/community").text), **since("21"), "move.reason": "Bailed by the judge."}
    with web.world.doors.log.transaction(web.world.session) as tx:
        tx.session.execute(update(LoginSession).values(last_seen=now_micros() - 20 * MINUTE))
    web.post(f"{visit}/stands/community", sent)
    web.sign_in(web.world.actor("probation", "practitioner", "Jo Smith"))
    waits = dict(re.findall(r'<input type="hidden" name="(case|then)" value="([^"]*)">', web.get("/kept").text))
    answer = web.post("/kept", {**waits, "purpose": "risk", "reason": ""})
    assert "Bailed by the judge." in web.get(answer.location).text


@pytest.mark.parametrize("code", ["remand", "suspended", "nothing"])
def test_who_may_not_record_it_is_offered_no_page(web: Web, case: uuid.UUID, code: str) -> None:
    visit = opened(web, case, "police")
    assert "/stands" not in web.get(visit).text
    for path in (f"{visit}/stands", f"{visit}/stands/{code}"):
        assert web.get(path).status_code == 404
    assert web.post(f"{visit}/stands/{code}", {**since(), "move.reason": WHY}).status_code == 404


def test_housing_reads_of_an_adult_and_not_of_somebody_under_18(web: Web, world: World) -> None:
    hal = world.actor("barnet_housing", "practitioner", "Hal Housing")
    for youth, told in ((False, True), (True, False)):
        person = {"surname": "Marlowe", "forename": "Dean", "date_of_birth": "2010-03-27" if youth else "1991-03-27"}
        records = {"probation person": person, "barnet_safety case": {"status": "Active"}}
        case = world.case(records, assigned=[hal, world.actor("probation", "practitioner", "Jo Smith")], minor=youth)
        visit = opened(web, case, "probation")
        form = web.get(f"{visit}/stands/remand").text
        sent = {**hidden(form), **since(), "move.where": "Feltham", "move.reason": WHY}
        assert web.post(f"{visit}/stands/remand", sent).status_code == 303
        web.sign_in(hal)
        page = web.get(str(web.post(f"/case/{case}", {"purpose": "pathways", "reason": ""}).location)).text
        assert ("Feltham" in page, WHY in page) == (told, told)
