"""A case: the purpose asked once, what the agreement gives, what it withholds, and nothing for anybody else."""

import re
import uuid

from sqlalchemy import update

from portal.sharing.tables import VisitRow
from tests import clock
from tests.installation import IDENTITY, World
from tests.portal.pages.visitor import Visitor

SAFETY = {"police safety": {"warning": "Two officers. A dog in the yard.", "advice": "Ring first."}}
CLINICAL = {"ntmh health": {"diagnosis": "CANARY-DIAGNOSIS"}}
VICTIM = {"probation victim": {"relation": "CANARY-VICTIM"}}


def test_the_purpose_is_asked_once_and_remembered_for_the_visit(world: World) -> None:
    actor = world.actor("police", "practitioner")
    case = world.case(assigned=[actor])
    browser = Visitor(world, actor)
    text = browser.get(f"/case/{case}")
    assert "Why do you need to see this?" in text
    assert "Marlowe" not in text
    visit = browser.open(case)
    assert visit.startswith("/visit/")
    assert "Dean Marlowe" in browser.get(f"/case/{case}")
    assert browser.path == visit


def test_the_question_is_the_same_for_a_case_that_does_not_exist(world: World) -> None:
    actor = world.actor("police", "practitioner")
    case, nowhere = world.case(), uuid.uuid4()
    browser = Visitor(world, actor)
    told, pages = [], []
    with clock.still():
        for one in (case, nowhere):
            told.append(browser.get(f"/case/{one}"))
            pages.append(browser.send(f"/case/{one}", {"purpose": "risk"}, 404).partition("This was recorded")[0])
    assert told[0] == told[1]
    assert pages[0] == pages[1]


def test_no_purpose_or_an_invented_one_opens_nothing_and_keeps_the_reason(world: World) -> None:
    actor = world.actor("police", "practitioner")
    case = world.case(assigned=[actor])
    browser = Visitor(world, actor)
    browser.get(f"/case/{case}")
    for purpose in ("", "curiosity"):
        text = browser.send(f"/case/{case}", {"purpose": purpose, "reason": "asked by his officer"}, 400)
        assert "Select why you need to see this" in text
        assert 'value="asked by his officer"' in browser.page


def test_a_very_long_reason_opens_nothing_and_stays(world: World) -> None:
    me = world.actor("police", "practitioner")
    case = world.case(assigned=[me])
    browser = Visitor(world, me)
    browser.get(f"/case/{case}")
    text = browser.send(f"/case/{case}", {"purpose": "risk", "reason": "q" * 2_001}, 400)
    assert "What you add must be 2,000 characters or fewer" in text
    assert "q" * 2_001 in browser.page
    browser.send(f"/case/{case}", {"purpose": "risk", "reason": "q" * 2_000})
    assert browser.path.startswith("/visit/")


def test_only_purposes_that_give_this_role_something_are_offered(world: World) -> None:
    browser = Visitor(world, world.actor("barnet_housing", "practitioner"))
    browser.get(f"/case/{uuid.uuid4()}")
    assert 'value="pathways"' in browser.page
    assert 'value="evaluation"' not in browser.page


def test_the_safety_warning_comes_before_everything_else(world: World) -> None:
    actor = world.actor("police", "practitioner")
    case = world.case({**IDENTITY, **SAFETY}, assigned=[actor])
    browser = Visitor(world, actor)
    browser.open(case)
    page = browser.page
    order = [page.index(words) for words in ("Two officers. A dog in the yard.", "RAG and status", "What happened")]
    assert order == sorted(order)


def test_what_is_withheld_names_its_clause_and_shows_nothing(world: World) -> None:
    actor = world.actor("police", "practitioner")
    case = world.case({**IDENTITY, **CLINICAL}, assigned=[actor])
    browser = Visitor(world, actor)
    text = browser.get(browser.open(case))
    assert "Not shown: clinical detail on health. Clinical detail stays with the mental health trust" in text
    assert "(clause 6.10)" in text
    assert "CANARY" not in browser.page


def test_a_silent_category_leaves_no_trace(world: World) -> None:
    actor = world.actor("barnet_housing", "practitioner")
    with_it = world.case({**IDENTITY, **VICTIM}, assigned=[actor])
    without = world.case(assigned=[actor])
    browser = Visitor(world, actor)
    browser.get(browser.open(with_it))
    loud = browser.page
    browser.get(browser.open(without))
    assert "CANARY" not in loud
    assert "ictim" not in loud
    assert loud.count("app-section") == browser.page.count("app-section")


def test_a_visit_is_of_its_session_alone(world: World) -> None:
    actor, other = world.actor("police", "practitioner"), world.actor("police", "practitioner", "Another")
    case = world.case(assigned=[actor, other])
    browser = Visitor(world, actor)
    visit = browser.open(case)
    browser.sign_in(other)
    assert "Marlowe" not in browser.get(visit, 404)


def test_a_visit_that_is_over_asks_again(world: World) -> None:
    actor = world.actor("police", "practitioner")
    case = world.case(assigned=[actor])
    browser = Visitor(world, actor)
    visit = browser.open(case)
    end(world)
    assert "Why do you need to see this?" in browser.get(visit)
    assert browser.path == f"/case/{case}"


def test_changing_the_purpose_ends_the_visit_and_asks_again(world: World) -> None:
    actor = world.actor("police", "practitioner")
    case = world.case(assigned=[actor])
    browser = Visitor(world, actor)
    visit = browser.open(case)
    browser.get(f"{visit}/purpose")
    assert "Dean Marlowe" in browser.get(visit), "asking alone ends nothing"
    browser.get(f"{visit}/purpose")
    assert "safeguarding" in browser.send(f"{visit}/purpose", {"purpose": "safeguarding"}).lower()
    assert browser.path not in (visit, f"{visit}/purpose")
    after = browser.path
    browser.get(visit)
    assert browser.path == after, "the old address leads to the visit that took its place"


def test_a_long_timeline_is_paged_and_nothing_is_lost(world: World) -> None:
    actor = world.actor("police", "practitioner")
    case = world.case(assigned=[actor])
    told = [f"Note number {n:02}." for n in range(25)]
    browser = Visitor(world, actor)
    visit = browser.open(case)
    for text in told:
        browser.get(f"{visit}/update")
        browser.send(f"{visit}/update", {"text": text, "kind": "behaviour", "nature": "Fact"}, 303, follow=False)
    first = browser.get(visit)
    older = browser.page.partition("?older=")[2].partition("#")[0]
    second = browser.get(f"{visit}?older={older}")
    assert [t for t in told if t in first] == told[5:]
    assert [t for t in told if t in second] == told[:5]


def end(world: World) -> None:
    """Let every visit be over."""
    with world.doors.log.transaction(world.session):
        world.session.execute(update(VisitRow).values(ends=1))


def test_a_visit_to_a_refused_case_behaves_as_one_to_no_case(world: World) -> None:
    browser = Visitor(world, world.actor("police", "practitioner"))
    seen = []
    for case in (world.case(), uuid.uuid4()):
        browser.get(f"/case/{case}")
        begun = browser.client.post(f"/case/{case}", data={**browser.hidden(), "purpose": "risk"}).headers["Location"]
        paths = [f"/case/{case}", begun, f"{begun}/purpose", f"{begun}/print", f"{begun}/export", f"{begun}/update"]
        answers = [browser.client.get(path).status_code for path in paths]
        with world.doors.log.transaction(world.session):
            world.session.execute(update(VisitRow).values(ends=1))
        answers += [browser.client.get(path).status_code for path in paths]
        seen.append(answers)
    assert seen[0] == seen[1] == [200, 404, 404, 404, 404, 404] * 2


def test_each_clause_that_withholds_something_opens_from_the_page_that_names_it(world: World) -> None:
    officer = world.actor("police", "practitioner")
    browser = Visitor(world, officer)
    visit = browser.open(world.case({**IDENTITY, **CLINICAL}, assigned=[officer]))
    for part in ("", "/plan", "/release", "/document/letter-selected"):
        browser.get(f"{visit}{part}")
        links = set(re.findall(r'href="([^"]*/clause/[^"]*)"', browser.page))
        assert links, part
        for link in links:
            assert browser.client.get(link, follow_redirects=True).status_code == 200, (part, link)
    browser.get(f"{visit}/print")
    browser.send(f"{visit}/print", {"reason": "For the file"})
    for link in set(re.findall(r'href="([^"]*/clause/[^"]*)"', browser.page)):
        assert browser.client.get(link, follow_redirects=True).status_code == 200, link
