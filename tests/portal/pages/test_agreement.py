"""The agreement's pages: the text, the paper, and what it gives to the person who asks."""

import base64
import hashlib
import re

import pytest
from sqlalchemy import update

from isa.agreement import Capacity
from portal.db import from_micros
from portal.sharing.outlook import WORKING, outlook
from portal.sharing.sight import youth
from portal.sharing.tables import Adoption


@pytest.fixture
def officer(web, world):
    found = world.actor("police", "practitioner", "Ada Okafor")
    web.sign_in(found)
    return found


def test_ones_own_agreements_are_named_and_no_others(web, world, officer):
    assert web.get("/agreement").location == "/agreement/barnet-iom"
    web.get("/agreement/barnet-iom")
    assert "Brent" in web.text
    assert "/agreement/brent-iom" in web.last.text
    web.sign_in(world.actor("brent_housing", "practitioner"))
    assert web.get("/agreement").location == "/agreement/brent-iom"
    web.get("/agreement/brent-iom")
    assert "/agreement/barnet-iom" not in web.last.text
    for path in (
        "/agreement/barnet-iom",
        "/agreement/barnet-iom/part-5",
        "/agreement/barnet-iom/print",
        "/agreement/mine?agreement=barnet-iom",
    ):
        assert web.get(path).status_code == 404


def test_every_part_has_a_page_with_ones_own_clauses_marked(web, world, officer):
    html = web.get("/agreement/barnet-iom").text
    agreement = world.doors.book.engine("barnet-iom").agreement
    assert "Who has signed (13 of 13)" in web.text
    paths = re.findall(r'href="(/agreement/barnet-iom/[a-z]+(?:-\d+)?)"', html[html.index("Contents") :])
    paths.remove("/agreement/barnet-iom/print")
    assert len(paths) == len(set(paths)) == 8 + 11
    pages = [web.get(path).text for path in paths]
    assert all(page.count("<h1") == 1 for page in pages)
    whole = "".join(pages)
    assert {whole.count(f'id="clause-{number}"') for number in agreement.clauses} == {1}
    assert whole.count("isa-mine-clause") > 5
    assert agreement.digest in pages[-1]
    assert [f'rel="next" href="{path}"' in page for page, path in zip(pages, paths[1:], strict=False)] == [True] * 18
    assert 'rel="next"' not in pages[-1]
    assert web.get("/agreement/barnet-iom/part-99").status_code == 404


def test_a_clause_is_reached_by_its_number(web, world, officer):
    for path in ("/agreement/clause/5.3", "/agreement/barnet-iom/clause/5.3"):
        assert web.get(path).location == "/agreement/barnet-iom/part-5#clause-5.3"
    assert web.get("/agreement/brent-iom/clause/7.1").location == "/agreement/brent-iom/part-7#clause-7.1"
    for path in ("/agreement/clause/99.9", "/agreement/barnet-iom/clause/nonsense"):
        assert web.get(path).status_code == 404
    web.sign_in(world.actor("brent_housing", "practitioner"))
    assert web.get("/agreement/barnet-iom/clause/5.3").status_code == 404


def test_a_party_that_has_not_signed_is_named(web, world, officer):
    with world.doors.log.transaction(world.session) as tx:
        tx.session.execute(update(Adoption).where(Adoption.party == "barnet_housing").values(ended_at=1))
    web.get("/agreement/barnet-iom")
    assert "Barnet Council, Housing: not signed" in web.text
    assert "Who has signed (12 of 13)" in web.text


def test_the_paper_lets_its_one_style_through_and_nothing_else(web, officer):
    answer = web.get("/agreement/barnet-iom/print")
    style = re.search(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_what_can_i_see_follows_role_and_purpose(web, world, officer):
    web.get("/agreement/mine")
    assert "As practitioner, Police, for risk management" in web.text
    before = web.text
    web.get("/agreement/mine?purpose=evaluation")
    assert "for evaluation" in web.text
    assert web.text.count(" Yes ") < before.count(" Yes ")
    assert web.get("/agreement/mine?purpose=nonsense").status_code == 200
    assert "for risk management" in web.text


def test_a_role_without_content_is_told_so(web, world):
    web.sign_in(world.actor("police", "dpo"))
    web.get("/agreement/mine")
    assert "Your role sees no case content" in web.text
    assert "<table" not in web.last.text


@pytest.mark.parametrize(
    ("party", "role"), [("police", "practitioner"), ("barnet_bridges", "practitioner"), ("ntmh", "spoc")]
)
def test_the_table_says_what_the_engine_decides_and_is_silent_where_it_is(world, party, role):
    engine, now = world.doors.book.engine("barnet-iom"), from_micros(world.doors.clock())
    agreement, capacity = engine.agreement, Capacity(party, role)
    view = engine.open(capacity, {**agreement.inducted, **WORKING, **youth(False)}, "risk", now)
    titles = {s.title: s for s in outlook(engine, capacity, "risk", now)}
    for category in agreement.categories.values():
        decisions = [
            view.decide("read", f.key, owner)
            for f in agreement.fields.values()
            if f.category == category.id
            for owner in f.owners
        ]
        told = [d for d in decisions if d.permit or not d.silent]
        assert (category.name in titles) == bool(told)
        if told:
            lines = titles[category.name].lines
            assert any(line.answer == "yes" for line in lines) == any(d.permit for d in decisions)
            given = {d.clause for d in decisions if d.permit}
            assert {line.clause for line in lines if line.answer == "yes"} == given
            refused = {d.near or d.clause for d in told if not d.permit}
            assert {line.clause for line in lines if line.answer != "yes"} <= refused
            withheld = {d.field for d in told} - {d.field for d in told if d.permit}
            assert any(line.answer != "yes" for line in lines) or not withheld


def test_a_purpose_the_agreement_does_not_know_gives_nothing(world):
    engine, now = world.doors.book.engine("barnet-iom"), from_micros(world.doors.clock())
    assert outlook(engine, Capacity("police", "practitioner"), "curiosity", now) == ()


def test_who_has_not_chosen_a_capacity_does_not_get_here(web, world):
    web.sign_in(world.actor("police", "practitioner"), capacity=False)
    assert web.get("/agreement").location == "/capacity"
