"""Comments as pages: the link, the form, what stands under the update, and the line on the home of whoever is asked."""

import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from portal.db import now_micros
from portal.sharing.tables import VisitRow
from tests.installation import World
from tests.portal.casework.talking import Talking, worlds
from tests.portal.pages.web import Web


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, template: Path) -> Iterator[World]:
    with worlds(template, tmp_path_factory.mktemp("comment") / "home") as made:
        yield made


@pytest.fixture(scope="module")
def app(world):
    return world.app()


@pytest.fixture
def web(app, world):
    return Web(app, world)


@pytest.fixture
def people(world):
    return Talking(world)


def opened(web, people, who, purpose="risk"):
    web.sign_in(who)
    return web.post(f"/case/{people.case}", {"purpose": purpose, "reason": ""}).location


def box(who):
    return f"whom:{who.party}.{who.user.hex}"


def sent(web, case, on, **more):
    return web.post(
        f"{case}/record/{on}/comment", {"once": str(uuid.uuid4()), "label": "behaviour", "text": "Seen since?", **more}
    )


def test_it_takes_one_form_and_stands_under_the_update(web, people):
    on = people.shares(people.jo)
    case = opened(web, people, people.pat)
    assert f"{case}/record/{on}/comment" in web.get(case).text
    page = web.get(f"{case}/record/{on}/comment")
    assert page.status_code == 200
    assert "Missed Tuesday" in web.text
    assert "Will see it" in web.text
    assert "Jo Smith, Probation" in web.text
    answer = sent(web, case, on)
    assert (answer.status_code, answer.location) == (303, f"{case}#happened")
    web.get(case)
    assert "Your comment is shared." in web.text
    assert re.search(r"Missed Tuesday .*Pat Police , Police 25 November 2026 at .* Seen since\?", web.text)
    [edit] = re.findall(
        rf'href="({case}/record/[0-9a-f-]+/edit)">Change<span class="govuk-visually-hidden"> comment',
        web.get(case).text,
    )
    said = edit.split("/")[-2]
    assert web.post(edit, {"version": "1", "comment.text": "Seen since then?"}).status_code == 303
    web.get(case)
    assert "(edited)" in web.text
    assert "Seen since then?" in web.text
    assert web.get(f"{case}/record/{said}/history").status_code == 200


def test_who_may_not_read_the_update_finds_neither_comment_nor_count_nor_form(web, people):
    on = people.shares(people.jo, "Licence varied", "sentence")
    people.says(people.jo, on, "Tag until March", label="sentence")
    case = opened(web, people, people.hal)
    page = web.get(case).text
    assert "Tag until March" not in page
    assert "app-comments" not in page
    missing = web.get(f"{case}/record/{uuid.uuid4()}/comment")
    assert web.get(f"{case}/record/{on}/comment").status_code == missing.status_code == 404
    assert sent(web, case, on).status_code == 404


@pytest.mark.parametrize(("more", "words"), [({"text": ""}, "Write something"), ({"label": "marac"}, "Choose what")])
def test_what_is_wrong_is_said_and_keeps_what_was_typed(web, people, more, words):
    on = people.shares(people.jo)
    case = opened(web, people, people.pat)
    answer = sent(web, case, on, **{box(people.jo): "yes"}, **more)
    assert answer.status_code == 400
    assert words in web.text
    assert re.search(rf'name="{re.escape(box(people.jo))}"[^>]* checked', answer.text)
    assert "text" in more or "Seen since?" in answer.text


def test_whoever_is_asked_finds_a_line_without_a_word_of_it_until_they_open_the_case(web, people):
    on = people.shares(people.jo)
    assert sent(web, opened(web, people, people.jo), on, **{box(people.kim): "yes"}).status_code == 303
    web.get("/")
    assert "asks you about a case you hold" not in web.text
    web.sign_in(people.kim)
    page = web.get("/").text
    assert "Jo Smith asks you about a case you hold" in web.text
    part = page.split('id="turn"')[1].split("</section>")[0]
    assert "Seen since" not in part
    assert "Marlowe" not in part
    case = opened(web, people, people.kim)
    web.get(case)
    assert "Asks you" in web.text
    web.get("/")
    assert "asks you about a case you hold" not in web.text


def test_the_line_on_home_leads_to_the_words_however_old_they_are(web, people):
    on = people.shares(people.jo, "An old word")
    people.later(people.shares(people.jo, "More"), 25)
    people.says(people.jo, on, "Do you know the aunt?", people.kim)
    web.sign_in(people.kim)
    [path] = re.findall(rf'href="(/case/{people.case}[^"]*)">Jo Smith asks you', web.get("/").text)
    question = web.get(path)
    action = re.search(r'<form method="post" action="([^"]+)"', question.text).group(1)
    place = web.post(action, {"purpose": "risk", "reason": ""}).location
    case, _, anchor = place.partition("#")
    assert f'id="{anchor}"' in web.get(case).text
    assert "An old word" in web.text
    assert "Do you know the aunt?" in web.text
    assert "Older, and here because you are asked:" in web.text
    assert web.get(path).location == place, "the visit goes on"


def test_a_forged_form_asks_nobody_else(web, people):
    on = people.shares(people.jo)
    case = opened(web, people, people.jo)
    assert sent(web, case, on, **{box(people.nat): "yes"}).status_code == 400
    assert "does not work on this case any more" in web.text
    assert "Nat Nurse" not in web.text


def test_the_general_form_makes_no_comment(web, people):
    case = opened(web, people, people.jo)
    assert web.get(f"{case}/add/comment/behaviour").status_code == 404
    assert web.post(f"{case}/add/comment/behaviour", {"comment.text": "Loose"}).status_code == 404
    assert "add/comment" not in web.get(case).text


def test_a_form_that_outlives_its_visit_goes_on_after_the_purpose(web, people, world):
    on = people.shares(people.jo)
    case = opened(web, people, people.pat)
    with world.doors.log.transaction(world.session) as tx:
        tx.session.execute(update(VisitRow).values(ends=now_micros() - 1))
    answer = sent(web, case, on, **{box(people.kim): "yes"})
    assert answer.status_code == 409
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', answer.text))
    again = {**hidden, "purpose": "risk", "reason": ""}
    answer = web.post(f"/case/{people.case}", again)
    assert answer.status_code == 307
    assert web.post(answer.location, again).status_code == 303
    assert people.texts(people.jo, on) == ["Seen since?"]
    assert people.calls(people.kim) == ["Pat Police"]
