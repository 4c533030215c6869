"""Asking for what is not shown, as pages: the link, the form, the answer, and what the asker reads."""

import re
import uuid
from datetime import timedelta

import pytest
from sqlalchemy import update

from portal.casework import asks
from portal.db import now_micros
from portal.sharing.tables import VisitRow
from tests.portal.casework.asking import NEED, UPDATE, Asking, today

VALUE = asks.value("ntmh", NEED)
WHY = {"why": "He moves on Friday", "days": "7"}


@pytest.fixture
def people(world):
    return Asking(world)


@pytest.fixture
def case(web, people):
    """The address of a visit of Pat of the police."""
    web.sign_in(people.pat)
    return opened(web, people.case)


def opened(web, case, purpose="risk"):
    return web.post(f"/case/{case}", {"purpose": purpose, "reason": ""}).location


def ticked(*fields):
    return {f"what:{asks.value('ntmh', field)}": "yes" for field in fields}


def sent(web, case, *fields, **more):
    return web.post(f"{case}/ask", {**WHY, **ticked(*fields), "once": str(uuid.uuid4()), **more})


def answering(web, people, request):
    web.sign_in(people.spoc)
    return f"/requests/{request}"


def test_the_sentence_ends_with_the_link_only_where_it_may_be_asked(web, people, case):
    page = web.get(case).text
    [need] = re.findall(
        r'<div class="app-withheld"><p><strong>Not shown:[^<]*relevant health risk[^<]*</strong>.*?</p>', page
    )
    assert f'href="{case}/ask">Ask for it' in need
    for word in ("clinical detail of health", "engagement with health"):
        others = re.findall(rf'<div class="app-withheld"><p><strong>Not shown:[^<]*{word}.*?</p>', page)
        assert not any("Ask for it" in other for other in others)
    assert "Ask for it" not in web.get(opened(web, people.case, "enforcement")).text


def test_it_is_asked_in_one_form(web, people, case):
    page = web.get(f"{case}/ask").text
    assert "North Thames" in web.text
    said = "must also have recorded its basis for sharing this"
    assert web.text.count(said) == 2, "the provider and probation have none, the trust has"
    assert f"North Thames Mental Health NHS Trust {said}" not in web.text
    assert f'name="what:{VALUE}"' in page
    answer = sent(web, case, NEED)
    assert (answer.status_code, answer.location) == (303, f"{case}#asked")
    web.get(case)
    assert "Sent. You read the answer here and on your home page." in web.text
    assert re.search(r"What you asked for Relevant health risk or need .*, asked 25 November 2026 Waiting", web.text)
    web.get("/")
    assert "What you asked for" in web.text
    assert "He moves on Friday" not in web.text
    web.get(f"{case}/ask")
    assert "(you have asked)" in web.text


@pytest.mark.parametrize(
    ("fields", "more", "words"),
    [
        ((), {}, "Tick what you ask for"),
        ((NEED,), {"why": ""}, "Say why you need it"),
        ((NEED,), {"days": "x"}, "Choose between 1 and 28 days"),
    ],
)
def test_what_is_wrong_is_said_and_keeps_what_was_typed(web, people, case, fields, more, words):
    answer = sent(web, case, *fields, **more)
    assert answer.status_code == 400
    assert words in web.text
    assert ("why" in more) or "He moves on Friday" in answer.text
    assert not fields or re.search(rf'name="what:{VALUE}"[^>]* checked', answer.text)
    assert people.rows() == []


def test_a_forged_field_is_refused_and_what_is_silent_or_elsewhere_is_missing(web, people, case, world):
    assert sent(web, case, "health.diagnosis").status_code == 403
    assert "This is not given on request." in web.text
    missing = web.get(f"/visit/{uuid.uuid4()}/ask")
    assert sent(web, case, "marac.flag").status_code == missing.status_code == 404
    assert web.post(f"{case}/ask", {**WHY, "what:police marac.flag": "yes"}).status_code == 404
    web.sign_in(world.actor("dwp", "practitioner"))
    assert web.get(f"{case}/ask").status_code == 404
    assert web.get("/requests").status_code == 404
    assert people.rows() == []


def test_a_form_that_outlives_its_visit_goes_on_after_the_purpose(web, people, case):
    change = update(VisitRow).values(ends=now_micros() - 1)
    with people.world.doors.log.transaction(people.world.session) as tx:
        tx.session.execute(change)
    answer = sent(web, case, NEED, UPDATE)
    assert answer.status_code == 409
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', answer.text))
    assert {*ticked(NEED, UPDATE), "why"} <= set(hidden)
    again = {**hidden, "purpose": "risk", "reason": ""}
    answer = web.post(f"/case/{people.case}", again)
    assert answer.status_code == 307
    assert web.post(answer.location, again).status_code == 303
    assert {r.field for r in people.rows()} == {NEED, UPDATE}


def test_the_spoc_finds_it_at_home_and_grants_one_and_refuses_another(web, people, case):
    sent(web, case, NEED, UPDATE)
    request = people.rows()[0].request
    path = answering(web, people, request)
    web.get("/")
    assert "1 request to see more waits for your answer. Read and answer" in web.text
    web.get("/requests")
    assert "Pat Police , Police" in web.text
    assert "He moves on Friday" in web.text
    page = web.get(path).text
    until = today() + timedelta(days=7)
    assert f'name="until-day" type="text" value="{until.day}"' in page
    day = {"until-day": str(until.day), "until-month": str(until.month), "until-year": str(until.year)}
    rows = {r.field: r.id.hex for r in people.rows()}
    form = {f"answer.{rows[NEED]}": "granted", f"answer.{rows[UPDATE]}": "refused", **day}
    assert web.post(path, form).status_code == 400
    assert "Say why not: whoever asked reads it" in web.text
    assert web.post(path, {**form, f"reason.{rows[UPDATE]}": "Ask his worker"}).location == "/requests"
    web.get("/requests")
    assert "Answered. Whoever asked reads it" in web.text
    assert "Granted until 2 December 2026" in web.text
    late = web.post(path, {**form, f"reason.{rows[UPDATE]}": "Typed too late"})
    assert (late.status_code, "Typed too late" in late.text) == (409, True)
    web.sign_in(people.pat)
    web.get(opened(web, people.case))
    assert "May not answer the door alone" in web.text
    assert "Seen at home on Tuesday" not in web.text
    assert "Ask his worker" in web.text
    path = answering(web, people, request)
    web.get("/")
    assert "1 request you granted still lasts." in web.text
    assert web.post(path, {"take-back": rows[NEED]}).location == "/requests"
    web.sign_in(people.pat)
    web.get(opened(web, people.case))
    assert "May not answer the door alone" not in web.text
    assert "Taken back" in web.text


def test_an_update_is_one_box_and_one_answer_unless_a_part_is_answered_by_itself(web, people, case):
    page = web.get(f"{case}/ask").text
    [box] = re.findall(rf'name="what:(ntmh {UPDATE} [^"]+)"', page)
    whole = box.split(" ")[1:]
    assert len(whole) > 2
    assert not any(f'"what:ntmh {part}' in page for part in whole[1:])
    answer = web.post(f"{case}/ask", {**WHY, f"what:{box}": "yes", "once": str(uuid.uuid4())})
    assert answer.status_code == 303
    rows = {r.field: r.id.hex for r in people.rows()}
    assert set(rows) == set(whole)
    path = answering(web, people, people.rows()[0].request)
    page = web.get(path).text
    alike = dict(re.findall(r'name="(as\.[^"]+)" value="([^"]+)"', page))
    assert alike == {f"as.{rows[part]}": rows[UPDATE] for part in whole[1:]}
    assert "one by one" in page
    until = today() + timedelta(days=7)
    day = {"until-day": str(until.day), "until-month": str(until.month), "until-year": str(until.year)}
    others = {f"answer.{rows[part]}": "" for part in whole[1:]}
    apart = {**others, f"answer.{rows[whole[1]]}": "refused"}
    given = {f"answer.{rows[UPDATE]}": "granted", **alike, **day}
    assert web.post(path, {**given, **apart}).status_code == 400
    assert '<details class="govuk-details" open>' in web.last.text
    meant = {**given, **others, f"reason.{rows[whole[1]]}": "Names his sister"}
    assert web.post(path, meant).status_code == 400, "why not, of a part that would be granted with the whole"
    assert "Choose an answer" in web.text
    assert "Names his sister" in web.text
    assert web.post(path, {**given, **apart, f"reason.{rows[whole[1]]}": "Names his sister"}).status_code == 303
    states = {r.field: r.state for r in people.rows()}
    assert states == {part: "refused" if part == whole[1] else "granted" for part in whole}


def test_nobody_else_sees_any_of_it(web, people, case):
    sent(web, case, NEED)
    request = people.rows()[0].request
    for actor in (people.kim, people.nurse):
        web.sign_in(actor)
        web.get("/")
        assert "asked for" not in web.text
        assert "request" not in web.text
        assert web.get(f"/requests/{request}").status_code == 404
        assert web.post(f"/requests/{request}", {}).status_code == 404
    people.grants(request)
    web.sign_in(people.kim)
    page = web.get(opened(web, people.case)).text
    assert "May not answer the door alone" not in page
    assert "What you asked for" not in page
