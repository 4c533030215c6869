"""A panel over HTTP: 25 cases with one declaration and no time-out, and nothing for whom it does not concern."""

import re
import sqlite3
import time
from datetime import timedelta

import pytest

from portal.db import DAY, now_micros
from tests import clock
from tests.machine import PATIENCE
from tests.portal.pages.test_pdf import about, check, texts

TODAY = clock.FIRST.date()
REVIEW = TODAY + timedelta(days=60)
NAME = r'attachment; filename="minutes-([0-9A-Z]{4}-[0-9A-Z]{2})\.pdf"'
WHY = "Divided, then agreed: six months, with treatment first."


def form(web, path):
    """The decision form as it stands, with what was there already."""
    page = web.get(path).text
    hidden = {name: re.search(rf'name="{name}" value="([^"]*)"', page).group(1) for name in ("record", "base")}
    review = {"review_on-day": REVIEW.day, "review_on-month": REVIEW.month, "review_on-year": REVIEW.year}
    return {**hidden, **review, "rag": "Amber", "reason": WHY}


@pytest.fixture
def nadia(web, world):
    found = world.actor("barnet_safety", "coordinator", "Nadia Rahman")
    web.sign_in(found)
    return found


def plan(web):
    """Plan a meeting for today; its address."""
    today = {"day-day": TODAY.day, "day-month": TODAY.month, "day-year": TODAY.year}
    answer = web.post("/meetings", today)
    assert answer.status_code == 303
    return answer.location


def test_twenty_five_cases_with_one_declaration_and_no_time_out(web, world, nadia):
    for number in range(25):
        world.case(review_due=now_micros() - (30 - number) * DAY)
    meeting = plan(web)
    assert "25 cases" in web.get(meeting).text
    assert web.post(f"{meeting}/join").status_code == 303
    path = re.search(r'class="govuk-button" href="([^"]+)"', web.get(meeting).text).group(1)
    for number in range(25):
        late = timedelta(minutes=10 * (number + 1) + (20 if number > 12 else 0))  # half an hour for one of them
        with clock.ticking(clock.FIRST + late):
            answer = web.post(path, {**form(web, path), "outcome": "Stay on IOM"})
        assert answer.status_code == 303, answer.text
        path = answer.location
    assert path == meeting
    with clock.ticking(clock.FIRST + timedelta(hours=5)):
        assert "25 of 25 cases decided" in web.get(meeting).text
        assert [o for o, _ in web.logged()].count("purpose-chosen") == 1
        assert web.post(f"{meeting}/close").status_code == 303
        assert web.get(f"{meeting}/minutes").text.count(WHY) == 25
        check_file(web, meeting)
    with clock.ticking(clock.FIRST + timedelta(hours=5, minutes=16)):
        assert web.get(meeting).status_code == 302, "after the meeting the idle limit counts again"


def check_file(web, meeting):
    """The minutes of 25 cases as a PDF file: whole, tagged, marked, logged first, and made while people wait."""
    prints, begun = web.logged().count(("print", "permitted")), time.monotonic()
    answer = web.post(f"{meeting}/minutes")
    took = time.monotonic() - begun
    assert answer.mimetype == "application/pdf"
    assert web.logged().count(("print", "permitted")) == prints + 1
    name = re.fullmatch(
        r'attachment; filename="minutes-([0-9A-Z]{4}-[0-9A-Z]{2})\.pdf"',
        answer.headers.get_all("Content-Disposition")[0],
    )
    assert name
    assert answer.headers["Cache-Control"] == "no-store"
    pages = texts(answer.data)
    assert sum(page.count(WHY) for page in pages) == 25
    assert all(f"entry {name[1]}" in page and "Made by Nadia Rahman" in page for page in pages)
    check(answer.data, f"Minutes: Barnet panel, {clock.FIRST.day} {clock.FIRST:%B %Y}", "OFFICIAL-SENSITIVE")
    assert "Marlowe" not in about(answer.data)
    assert took < PATIENCE
    print(f"minutes of 25 cases as PDF: {took * 1000:.0f} ms")


def test_nothing_that_was_typed_is_lost(web, world, nadia):
    world.case(review_due=now_micros() - DAY)
    meeting = plan(web)
    web.post(f"{meeting}/join")
    path = re.search(r'class="govuk-button" href="([^"]+)"', web.get(meeting).text).group(1)
    given = form(web, path)
    answer = web.post(path, {**given, "outcome": ""})
    assert answer.status_code == 400
    assert WHY in answer.text
    assert "Choose what the panel decided" in web.text
    answer = web.post(path, {**given, "outcome": "Stay on IOM", "base": "7"})
    assert answer.status_code == 409
    assert WHY in answer.text
    assert "Someone changed the status or the RAG meanwhile" in web.text
    answer = web.post(path, {**given, "outcome": "Stay on IOM", "review_on-day": "31", "review_on-month": "2"})
    assert answer.status_code == 400
    assert "must be a real date" in web.text
    assert web.post(path, {**given, "outcome": "Stay on IOM"}).status_code == 303


def test_actions_are_added_as_they_are_agreed_and_lead_back_to_the_case(web, world, nadia):
    for _ in range(2):
        world.case(review_due=now_micros() - DAY)
    meeting = plan(web)
    web.post(f"{meeting}/join")
    path = re.search(r'class="govuk-button" href="([^"]+)"', web.get(meeting).text).group(1)
    answer = web.post(path, {**form(web, path), "outcome": "Stay on IOM", "then": "yes"})
    assert answer.location == path, "the next case would be another"
    page = web.get(path).text
    assert "The decision is recorded." in web.text
    add = re.search(r'href="([^"]+/action\?[^"]+)"', page).group(1).replace("&amp;", "&")
    blank = web.get(add).text
    assert f'href="{path}"' in blank
    once = re.search(r'name="once" value="([^"]+)"', blank).group(1)
    kind = re.search(r'name="kind" id="kind" value="([^"]+)"', blank).group(1)
    typed = {"once": once, "kind": kind, "to": "me", "by": "7"}
    assert web.post(add, typed).status_code == 400
    assert f'action="{add}"' in web.last.text.replace("&amp;", "&")
    assert web.post(add, {**typed, "task": "Ring the hostel about the move"}).location == path
    web.get(path)
    assert "Ring the hostel about the move" in web.text
    assert "Yours, due 2 December 2026" in web.text
    assert "Go to the next case" in web.text


def test_a_meeting_is_nobody_else_s(web, world, nadia):
    world.case(review_due=now_micros() - DAY)
    meeting = plan(web)
    web.post(f"{meeting}/join")
    path = re.search(r'class="govuk-button" href="([^"]+)"', web.get(meeting).text).group(1)
    nowhere = "/meeting/00000000-0000-4000-8000-000000000000"
    for party, role in (("police", "practitioner"), ("barnet_adults", "attendee"), ("brent_safety", "coordinator")):
        web.sign_in(world.actor(party, role, f"{party} {role}"))
        with clock.still():
            missing = web.get(nowhere)
            assert missing.status_code == 404
            expected = same(missing.text)
            for refused in (meeting, path, f"{meeting}/minutes"):
                assert same(web.get(refused).text) == expected
        for refused in (meeting, f"{meeting}/minutes", f"{meeting}/join", f"{meeting}/close", path):
            assert web.post(refused, {"outcome": "De-select", "reason": WHY}).status_code == 404


def test_a_log_that_cannot_be_written_opens_no_meeting(web, world, nadia):
    world.case(review_due=now_micros() - DAY)
    meeting = plan(web)
    assert "Dean Marlowe" in web.get(meeting).text
    world.session.rollback()
    with sqlite3.connect(world.settings.database_url.removeprefix("sqlite:///")) as database:
        database.execute("CREATE TRIGGER unwritable BEFORE INSERT ON audit_entry BEGIN SELECT RAISE(ABORT, 'no'); END")
    for answer in (web.post(f"{meeting}/join"), web.get(meeting)):
        assert answer.status_code == 503
        assert "Dean Marlowe" not in answer.text
    with sqlite3.connect(world.settings.database_url.removeprefix("sqlite:///")) as database:
        assert database.execute("SELECT opened_at FROM meeting").fetchone() == (None,)


def test_ticks_are_kept_where_a_reference_is_unknown(web, world, nadia):
    world.actor("barnet_adults", "attendee", "Gwen Guest")
    _, second = (world.case(review_due=now_micros() - DAY) for _ in range(2))
    meeting = plan(web)
    answer = web.post(meeting, {"case": [str(second)], "reference": "BN-1999-0001"})
    assert answer.status_code == 400
    ticked = re.findall(r'value="([^"]+)" checked', answer.text)
    assert ticked == [str(second)], "one case left out, nobody asked, as it was sent"
    assert 'value="BN-1999-0001"' in answer.text


def test_who_comes_second_keeps_what_they_wrote(web, world, nadia):
    world.case(review_due=now_micros() - DAY)
    meeting = plan(web)
    web.post(f"{meeting}/join")
    path = re.search(r'class="govuk-button" href="([^"]+)"', web.get(meeting).text).group(1)
    given = form(web, path)
    assert web.post(path, {**given, "outcome": "Stay on IOM", "reason": "As before."}).status_code == 303
    answer = web.post(path, {**given, "outcome": "Decide later"})
    assert answer.status_code == 409
    assert "Somebody else recorded a decision on this case" in web.text
    assert WHY in answer.text
    assert given["record"] not in re.search(r"<dl class=.app-values.*?</dl>", answer.text, re.DOTALL).group()


def test_a_form_that_names_no_record_finds_nothing(web, world, nadia):
    world.case(review_due=now_micros() - DAY)
    meeting = plan(web)
    web.post(f"{meeting}/join")
    path = re.search(r'class="govuk-button" href="([^"]+)"', web.get(meeting).text).group(1)
    answer = web.post(path, {**form(web, path), "outcome": "Stay on IOM", "record": "forged"})
    assert answer.status_code == 404


def test_a_meeting_that_was_not_held_says_so(web, world, nadia):
    world.case(review_due=now_micros() - DAY)
    meeting = plan(web)
    with clock.ticking(clock.FIRST + timedelta(days=1)):
        web.sign_in(nadia)
        assert "Not held" in web.get("/meetings").text
        assert "it was not held" in web.get(meeting).text
        answer = web.post(f"{meeting}/join")
        assert answer.status_code == 400
        assert "The day of this meeting has passed" in web.text
        assert web.get(f"{meeting}/minutes").status_code == 404


def same(page):
    """The page without what differs between any two answers."""
    return re.sub(r' aria-current="page"|name="csrf_token" value="[^"]+"', "", page)
