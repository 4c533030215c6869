"""Transfer to another borough, as pages: where to, what goes by which clauses, what was typed, the second of two."""

import re

import pytest
from sqlalchemy import update

from portal.db import DAY, now_micros
from portal.sharing.tables import Adoption, VisitRow
from tests.installation import World
from tests.portal.casework.moving_away import HELD, SECRET, WHY, Boroughs
from tests.portal.pages.test_meetings import form, plan
from tests.portal.pages.web import Web

ON = {"transfer.moved_on-day": "20", "transfer.moved_on-month": "11", "transfer.moved_on-year": "2026"}
WORDS = {**ON, "transfer.reason": WHY, "referral.priority_crime": "Burglary"}


@pytest.fixture
def move(world: World) -> Boroughs:
    return Boroughs(world)


def opened(web: Web, move: Boroughs, who: str, purpose: str = "risk") -> str:
    """The address of a visit of one of them."""
    web.sign_in(getattr(move, who))
    return str(web.post(f"/case/{move.case}", {"purpose": purpose, "reason": ""}).location)


def to_form(web: Web, visit: str, agreement: str = "brent-iom") -> str:
    return str(web.post(f"{visit}/transfer", {"agreement": agreement}).location)


def inputs(page: str) -> dict[str, str]:
    """What a browser would send of a form that nobody touched."""
    hidden = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page)
    texts = re.findall(r'<input class="govuk-input[^"]*" id="[^"]*" name="([^"]*)" type="text" value="([^"]*)"', page)
    ticked = re.findall(r'type="checkbox" id="[^"]*" name="([^"]*)" value="([^"]*)" checked', page)
    return dict([*hidden, *texts, *ticked])


def test_from_the_case_to_the_offer_and_what_both_pages_say(web: Web, move: Boroughs) -> None:
    visit = opened(web, move, "jo")
    assert f'href="{visit}/transfer"' in web.get(visit).text
    assert web.post(f"{visit}/transfer", {}).status_code == 400
    assert "Choose the borough" in web.text
    path = to_form(web, visit)
    assert not path.startswith(visit), "a visit for referral and selection has taken the place of the first"
    form = web.get(path).text
    assert web.get(f"{visit}/transfer").status_code != 200
    for told in ("Community order", "clause 5.17", "clause 8.88", "and of Probation: Update", "Community Safety"):
        assert told in form, told
    for kept in (SECRET, "High Road", "Hostel", "2009/1234567G"):
        assert kept not in form, kept
    sent = web.post(path, {**inputs(form), **WORDS})
    assert sent.status_code == 303
    assert "Transfer offered to Brent" in web.get(sent.location).text
    assert "waiting for an answer" in web.text
    assert WHY in web.get(f"{sent.location}/transfer").text
    assert {r.kind for r in move.records(move.there().id)} >= {"sentence", "score", "transfer"}
    web.sign_in(move.nadia)
    theirs = str(web.post(f"/case/{move.case}", {"purpose": "selection", "reason": ""}).location)
    assert "Transfer offered to Brent" in web.get(f"{theirs}/stands").text
    web.sign_in(move.bella)
    assert "Transfer from Barnet" in web.get("/inbox").text


def test_what_was_typed_and_unticked_stays_where_something_is_to_be_corrected(web: Web, move: Boroughs) -> None:
    path = to_form(web, opened(web, move, "jo"))
    sent = inputs(web.get(path).text)
    unticked = next(name for name in sent if name.startswith("goes-"))
    del sent[unticked]
    answer = web.post(path, {**sent, "transfer.reason": WHY, "person.address": "3 Elm Road"})
    assert answer.status_code == 400
    assert "Give the day of the move" in answer.text
    assert WHY in answer.text
    assert inputs(answer.text)["person.address"] == "3 Elm Road"
    assert unticked not in inputs(answer.text)
    assert {n for n in inputs(answer.text) if n.startswith("goes-")} == {n for n in sent if n.startswith("goes-")}


def test_the_second_of_two_reads_so_and_the_same_form_twice_does_not(web: Web, move: Boroughs) -> None:
    path = to_form(web, opened(web, move, "jo"))
    sent = {**inputs(web.get(path).text), **WORDS}
    second = Web(web.app, web.world)
    theirs = to_form(second, opened(second, move, "pat"), "harrow-iom")
    other = {**inputs(second.get(theirs).text), **WORDS, "person.surname": "Marlowe", "transfer.reason": "He told me."}
    assert web.post(path, sent).status_code == 303
    assert web.post(path, sent).status_code == 303, "sent twice"
    late = second.post(theirs, other)
    assert late.status_code == 409, re.findall(r"error-message.*?</p>", late.text)
    assert "Somebody has offered this case meanwhile" in late.text
    assert "He told me." in late.text


@pytest.mark.parametrize("who", ["hal", "nadia", "mentor"])
def test_who_may_not_offer_it_is_offered_no_page(web: Web, move: Boroughs, who: str) -> None:
    visit = opened(web, move, who, "pathways" if who == "mentor" else "selection")
    assert f"{visit}/transfer" not in web.get(visit).text
    for path in ("transfer", "transfer/to/brent-iom", "transfer/back"):
        assert web.get(f"{visit}/{path}").status_code == 404, path
        assert web.post(f"{visit}/{path}", {"agreement": "brent-iom", **WORDS}).status_code == 404, path


def test_why_it_is_taken_back_outlives_the_visit_and_is_not_why_one_looks(web: Web, move: Boroughs) -> None:
    move.offers(move.jo)
    visit = opened(web, move, "jo", "selection")
    form = web.get(f"{visit}/transfer/back").text
    [field] = re.findall(r'<textarea[^>]* name="([^"]*)"', form)
    with move.world.doors.log.transaction(move.world.session) as tx:
        tx.session.execute(update(VisitRow).values(ends=now_micros() - 1))
    asked = web.post(f"{visit}/transfer/back", {**inputs(form), field: "The move fell through."})
    assert asked.status_code == 409
    again = {**inputs(asked.text), "purpose": "selection", "reason": "On the phone"}
    on = web.post(f"/case/{move.case}", again)
    assert on.status_code == 307
    assert web.post(str(on.location), again).status_code == 303
    assert [r.text("reason") for r in move.desk(move.nadia).backs] == ["The move fell through."]


def test_who_offered_reads_why_nothing_is_told_while_the_other_agreement_rests(web: Web, move: Boroughs) -> None:
    move.offers(move.jo)
    with move.world.doors.log.transaction(move.world.session) as tx:
        ended = update(Adoption).where(Adoption.agreement == "brent-iom", Adoption.party == "probation")
        tx.session.execute(ended.values(ended_at=now_micros()))
    visit = opened(web, move, "jo", "selection")
    web.get(f"{visit}/transfer")
    assert "Not told now: the agreement of Brent gives nothing between you until it is signed again" in web.text
    assert "alone is told" not in web.text
    assert "You may take it back all the same." in web.text
    form = web.get(f"{visit}/transfer/back").text
    assert "Take the transfer to Brent back" in form
    sent = web.post(f"{visit}/transfer/back", {**inputs(form), "transfer.reason": "He stays."})
    assert sent.status_code == 303
    web.get(f"{visit}/transfer")
    assert "Taken back, " in web.text
    assert "Which borough do they move to?" in web.text
    web.sign_in(move.bella)
    assert "No longer offered" in web.get("/inbox").text
    assert "the transfer from Barnet that Probation offered on 25 November 2026" in web.text
    assert "Taken back on 25 November 2026" in web.text
    assert "Marlowe" not in web.text


def test_who_answers_what_is_offered_no_longer_reads_so_and_keeps_what_they_wrote(web: Web, move: Boroughs) -> None:
    known = {k: HELD[k] for k in ("probation person", "probation identifiers")}
    theirs = {**known, "brent_safety case": {"status": "Active"}}
    move.world.case(theirs, "brent-iom", assigned=[move.jo])
    move.offers(move.jo)
    web.sign_in(move.bella)
    path = f"/inbox/{move.offer().referral}"
    form = inputs(web.get(path).text)
    move.back(move.jo)
    late = web.post(path, {**form, "answer": "refused", "reason": "No room on the cohort."})
    assert late.status_code == 409
    assert "It is offered no longer since you opened the page" in web.text
    assert "No longer offered: taken back" in web.text
    assert "No room on the cohort." in web.text
    assert web.get(path).status_code == 200


def test_the_panel_reads_that_de_selection_ends_the_offer(web: Web, world: World) -> None:
    move = Boroughs(world, review_due=now_micros() - DAY)
    move.offers(move.jo)
    web.sign_in(move.nadia)
    meeting = str(plan(web))
    assert web.post(f"{meeting}/join").status_code == 303
    page = f"{meeting}/case/{move.case}"
    answer = {**form(web, page), "outcome": "De-select"}
    ends = "Closes the case from this moment, and ends the transfer offered to Brent, which waits for an answer"
    assert ends in web.text
    sent = web.post(page, answer)
    assert sent.status_code == 303
    told = web.get(str(sent.location)).text
    assert "The decision is recorded. The case is closed." in web.text
    assert f'href="/case/{move.case}?then=document/letter-deselected"' in told
    assert move.offer().became[0] == "ended"
    web.sign_in(move.bella)
    web.get("/inbox")
    assert "The case in Barnet was closed on 25 November 2026" in web.text
    assert "Marlowe" not in web.text
