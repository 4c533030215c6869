"""Actions as pages: add, close, take; home with what needs me today; a stale form keeps every word."""

import re
import uuid

import pytest
from sqlalchemy import update

from portal.auth.tables import LoginSession
from portal.db import MINUTE, now_micros
from portal.sharing.tables import VisitRow
from tests.portal.casework.doing import Partners

TASK = {"task": "Ring the hostel", "kind": "behaviour", "to": "me", "by": "0"}
PRESSED = {"do": "done", "text": "A bed from Friday"}


@pytest.fixture
def people(world):
    return Partners(world)


@pytest.fixture
def case(web, people):
    """The address of a visit of Pat of the police."""
    web.sign_in(people.police)
    return opened(web, people.case)


def opened(web, case):
    return web.post(f"/case/{case}", {"purpose": "risk", "reason": ""}).location


def one_of(web, case):
    """The address of the only action of the case."""
    [found] = set(re.findall(rf'href="({case}/action/[0-9a-f-]+)"', web.get(case).text))
    return found


def version(web, path):
    return {"version": re.search(r'name="version" value="(\d+)"', web.get(path).text)[1], "once": str(uuid.uuid4())}


def test_a_case_without_actions_says_what_would_be_here(web, case):
    web.get(case)
    assert "Nothing is open that you may see. What somebody is to do on this case" in web.text


def test_an_action_is_added_in_one_form_and_stands_near_the_top(web, case):
    page = web.get(f"{case}/action").text
    assert page.count(" checked") == 3, "what it is about, me, and in a week"
    answer = web.post(f"{case}/action", {**TASK, "once": str(uuid.uuid4())})
    assert (answer.status_code, answer.location) == (303, f"{case}#todo")
    page = web.get(case).text
    assert "Added. Whoever is to do it finds it on the case now" in web.text
    assert page.index("Ring the hostel") < page.index('id="happened"')
    assert page.count("Ring the hostel") == 1, "not again in the section of its category"
    assert "Due 25 November 2026, today · Yours" in web.text


def test_a_closed_action_is_opened_again_by_another_day(web, people, case):
    record = people.gives(people.police)
    people.closes(people.police, record, text="A bed from Friday")
    assert "Open again" in web.get(case).text
    path = f"{case}/action/{record}"
    found = re.search(r'name="version" value="(\d+)"', web.get(path).text)[1]
    assert web.post(path, {"do": "reopen", "version": found}).status_code == 400
    assert "Choose the day it is due, or type a real date" in web.text
    assert 'href="#by"' in web.last.text
    assert web.post(path, {"do": "reopen", "version": found, "by": "14"}).location == f"{case}#todo"
    web.get(case)
    assert "Open again. Whoever has it finds it" in web.text
    assert "Due 9 December 2026" in web.text
    assert web.post(path, {"do": "reopen", "version": found, "by": "14"}).status_code == 303, "the same form"
    assert web.post(path, {"do": "reopen", "version": found, "by": "7"}).status_code == 400
    assert "It is open already, due on the day below." in web.text


def test_overdue_is_said_in_words(web, people, case):
    people.gives(people.police, days=-4)
    web.get(case)
    assert "Overdue: it was due 21 November 2026, 4 days ago" in web.text
    web.get("/")
    assert "What needs you today 1 overdue" in web.text


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"task": ""}, "Say what is to be done"),
        ({"kind": ""}, "Choose what it is about"),
        ({"to": "prisons"}, "Choose who is to do it"),
        ({"by": "3"}, "Choose the day it is due"),
        ({"due-day": "31", "due-month": "2", "due-year": "2027"}, "Choose the day it is due, or type a real date"),
        ({"due-day": "1", "due-month": "2", "due-year": "2020"}, "must be today or later"),
        ({"kind": "sentence", "to": "barnet_housing"}, "Housing cannot be given this."),
    ],
)
def test_what_is_wrong_is_said_and_keeps_what_was_typed(web, people, case, changed, words):
    answer = web.post(f"{case}/action", {**TASK, **changed})
    assert answer.status_code == 400
    assert words in web.text
    assert ("task" in changed) or "Ring the hostel" in answer.text
    assert people.rows() == 0


def test_a_day_that_is_typed_counts(web, people, case):
    web.post(f"{case}/action", {**TASK, "due-day": "3", "due-month": "12", "due-year": "2026"})
    web.get(case)
    assert "Due 3 December 2026" in web.text


def test_the_other_party_says_what_came_of_it_and_the_asker_reads_it(web, people, case):
    web.post(f"{case}/action", {**TASK, "to": "barnet_housing"})
    web.sign_in(people.housing)
    visit = opened(web, people.case)
    path = one_of(web, visit)
    sent = version(web, path)
    assert "Who can read your answer" in web.text
    assert web.post(path, {**sent, "do": "done", "text": " "}).status_code == 400
    assert "Say what came of it" in web.text
    assert web.post(path, {**sent, **PRESSED}).location == f"{visit}#todo"
    web.get(visit)
    assert "Done. Whoever may see the action reads that it is closed." in web.text
    assert "Copy it for" in web.text
    web.sign_in(people.police)
    web.get(opened(web, people.case))
    assert "Action done. A bed from Friday" in web.text
    assert "1 action closed" in web.text


def test_an_action_of_the_party_that_nobody_has_is_taken_with_one_click(web, people, case):
    people.gives(people.jo, "police")
    web.get(case)
    assert "nobody has taken it yet" in web.text
    path = re.search(rf'action="({case}/action/[0-9a-f-]+)"', web.last.text)[1]
    assert web.post(path, {"do": "give", "to": "me"}).status_code == 303
    web.get(case)
    assert "They have it now." in web.text
    assert "Yours" in web.text
    assert web.post(path, {"do": "give", "to": "nobody"}).status_code == 400


def test_a_button_pressed_after_a_colleague_s_takes_nothing_from_them(web, people, case):
    made = people.gives(people.police, "probation")
    web.sign_in(people.sam)
    assert web.post(f"{opened(web, people.case)}/action/{made}", {"do": "give", "to": "me"}).status_code == 303
    web.sign_in(people.jo)
    assert web.post(f"{opened(web, people.case)}/action/{made}", {"do": "give", "to": "me"}).status_code == 409
    assert "Someone closed or changed this action meanwhile" in web.text
    assert people.row(made).user == people.sam.user


def test_a_form_that_is_stale_is_told_and_keeps_every_word(web, people, case):
    made = people.gives(people.police)
    path = f"{case}/action/{made}"
    sent = version(web, path)
    people.closes(people.police, made, text="First")
    answer = web.post(path, {**sent, **PRESSED})
    assert answer.status_code == 409
    assert "Someone closed or changed this action meanwhile" in web.text
    assert "A bed from Friday" in web.text
    assert "First" in web.text
    assert web.post(path, {**sent, "do": "nothing"}).status_code == 404


def test_a_form_that_outlives_its_visit_goes_on_after_the_purpose(web, people, case):
    with people.world.doors.log.transaction(people.world.session) as tx:
        tx.session.execute(update(VisitRow).values(ends=now_micros() - 1))
    answer = web.post(f"{case}/action", TASK)
    assert answer.status_code == 409
    assert 'value="Ring the hostel"' in answer.text
    sent = {**TASK, "then": "action", "purpose": "risk", "reason": ""}
    answer = web.post(f"/case/{people.case}", sent)
    assert answer.status_code == 307
    assert web.post(answer.location, sent).status_code == 303
    assert people.rows() == 1


def test_a_form_sent_after_the_session_waits_for_its_author(web, people, case):
    with people.world.doors.log.transaction(people.world.session) as tx:
        tx.session.execute(update(LoginSession).values(last_seen=now_micros() - 20 * MINUTE))
    web.post(f"{case}/action", TASK)
    web.sign_in(people.police)
    page = web.get("/kept").text
    hidden = dict(re.findall(r'<input type="hidden" name="(case|then)" value="([^"]*)">', page))
    answer = web.post("/kept", {**hidden, "purpose": "risk", "reason": ""})
    assert "Ring the hostel" in web.get(answer.location).text


def test_the_general_form_makes_no_action(web, case):
    assert web.get(f"{case}/add/action/behaviour").status_code == 404
    assert f"{case}/add/action" not in web.get(case).text


def test_paper_says_that_an_action_is_closed(web, people, case):
    made = people.gives(people.police, "barnet_housing")
    people.closes(people.housing, made, text="A bed from Friday")
    web.post(f"{case}/print", {"reason": "Panel"})
    assert re.search(r"Ring his mother .* State Done on 25 November 2026", web.text)
    web.sign_in(people.police)
    exported = web.post(f"{opened(web, people.case)}/export", {"reason": "Panel"})
    assert "State,Done on 25 November 2026" in exported.text


def test_home_closes_what_is_ticked_with_one_outcome(web, people):
    mine = [people.gives(people.police, days=0, task=f"Ring {n}") for n in range(3)]
    web.sign_in(people.police)
    page = web.get("/").text
    assert page.count('name="record"') == 3
    answer = web.post("/", {"record": [str(r) for r in mine[:2]], "text": ""})
    assert answer.status_code == 422
    assert answer.text.count(" checked>") == 2
    assert "Say what came of it" in web.text
    answer = web.post("/", {"record": [], "text": "All answered"})
    assert "All answered" in answer.text
    assert "Tick at least one action" in web.text
    people.closes(people.police, mine[0], text="First")
    assert web.post("/", {"record": [str(r) for r in mine[:2]], "text": "All answered"}).location == "/"
    web.get("/")
    assert "Done: 1 action. 1 other had been closed or changed by someone meanwhile." in web.text
    assert "Ring 2" in web.text
    assert "Ring 1" not in web.text
    answer = web.post("/", {"record": [str(mine[1]), "x"], "text": "Too late"})
    assert (answer.status_code, "Too late" in answer.text) == (422, True)


def test_sixty_are_folded_and_nothing_is_lost(web, people):
    for n in range(60):
        people.gives(people.police, days=0, task=f"Task {n:03}")
    web.sign_in(people.police)
    page = web.get("/").text
    assert page.count('name="record"') == 60
    assert "Show 50 more that fall due later" in web.text


def test_who_has_nothing_to_do_is_told_what_comes_here_and_who_sees_no_case_sees_no_section(web, people, world):
    web.sign_in(people.police)
    web.get("/")
    assert "No action of yours is overdue or due in the next seven days" in web.text
    for party, role in (("police", "chair"), ("barnet_safety", "analyst"), ("barnet_housing", "admin")):
        web.sign_in(world.actor(party, role))
        assert ("What needs you today" in web.get("/").text) == (role == "chair")
    web.sign_in(world.actor("brent_housing", "practitioner"))
    assert "What needs you today" not in web.get("/").text


def test_home_says_which_reviews_are_due_to_whom_they_are_told(web, people, world):
    world.case(assigned=[people.police], review_due=now_micros())
    web.sign_in(people.police)
    web.get("/")
    assert "Reviews due" in web.text
    web.sign_in(people.housing)
    assert "Reviews due" not in web.get("/").text
