"""Read and acknowledged, as pages: asking for it, the button, several at once, and who has."""

import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from portal.casework.confirming import EVERYONE
from portal.sharing.talk_tables import Confirmation
from tests.installation import World
from tests.portal.casework.talking import Talking, worlds
from tests.portal.pages.test_comment import opened
from tests.portal.pages.web import Web

UPDATE = {"text": "Do not visit alone", "kind": "behaviour", "nature": "Fact"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, template: Path) -> Iterator[World]:
    with worlds(template, tmp_path_factory.mktemp("confirming-pages") / "home") as made:
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


def share(web, case, **more):
    return web.post(f"{case}/update", {**UPDATE, "once": str(uuid.uuid4()), **more})


def confirmations(people, record):
    people.world.session.rollback()
    return people.world.session.scalars(select(Confirmation).where(Confirmation.record == record)).all()


def stamps(page):
    return re.findall(r'name="shown"[^>]* value="([^"]+)"', page)


def test_it_is_asked_for_with_the_update_confirmed_at_it_and_seen_by_its_party(web, people):
    case = opened(web, people, people.jo)
    web.get(f"{case}/update")
    assert "Should anybody confirm that they have read it?" in web.text
    assert "Only people of these agencies Probation " in web.text
    assert "North Thames" not in web.text.split("Only people of these agencies")[1], (
        "that it works here is confidential"
    )
    assert share(web, case, confirm="everyone").status_code == 303
    page = web.get(case).text
    [who] = re.findall(rf'href="({case}/record/[0-9a-f-]+/read)">Who has read it', page)
    record = uuid.UUID(who.split("/")[-2])
    assert "I have read this" not in page
    theirs = opened(web, people, people.pat)
    page = web.get(theirs).text
    assert "Who has read it" not in page
    [stamp] = stamps(page)
    assert web.post(f"{theirs}/record/{record}/read", {"shown": stamp}).location == f"{theirs}#happened"
    web.get(theirs)
    assert "You confirmed on 25 November 2026" in web.text
    case = opened(web, people, people.jo)
    web.get(f"{case}/record/{record}/read")
    assert "1 of 4 have confirmed it." in web.text
    assert re.search(r"Pat Police Police 25 November 2026 at", web.text)
    assert "Hal Housing Housing Not yet" in web.text


def test_an_agency_that_cannot_read_it_is_named_with_its_clause_and_nothing_typed_is_lost(web, people):
    case = opened(web, people, people.jo)
    more = {"kind": "sentence", "confirm": "some", "confirm:barnet_housing": "yes"}
    answer = share(web, case, **more)
    assert answer.status_code == 400
    assert re.search(r"Housing cannot be asked\. .*[Cc]lause", web.text)
    assert re.search(r'name="confirm:barnet_housing"[^>]* checked', answer.text)
    assert "Do not visit alone" in answer.text


def test_ticks_that_no_sets_aside_are_not_lost_without_a_word(web, people):
    case = opened(web, people, people.jo)
    share(web, case, confirm="", **{"confirm:police": "yes"})
    web.get(case)
    assert "Nobody is asked to confirm it: you had ticked agencies, but chose “No”." in web.text
    share(web, case, confirm="some", **{"confirm:police": "yes"})
    web.get(case)
    assert "Nobody is asked" not in web.text


def test_nothing_is_confirmed_that_was_not_shown(web, people):
    on, other = (people.shares(people.jo, text, "behaviour", EVERYONE) for text in ("One", "Two"))
    case = opened(web, people, people.kim)
    theirs = next(s for s in stamps(web.get(case).text) if s.startswith(on.hex))
    case = opened(web, people, people.pat)
    forged = [f"{on.hex}.1.{'0' * 32}", f"{on.hex}.1", theirs, str(on)]
    for stamp in forged:
        web.post(f"{case}/record/{on}/read", {"shown": stamp})
        assert web.post("/to-confirm", {"shown": stamp}).status_code == 400
    own = next(s for s in stamps(web.get(case).text) if s.startswith(on.hex))
    web.post(f"{case}/record/{other}/read", {"shown": own})
    assert confirmations(people, on) == confirmations(people, other) == []
    web.post(f"{case}/record/{on}/read", {"shown": own})
    assert [c.user for c in confirmations(people, on)] == [people.pat.user]


def test_several_are_confirmed_from_home_after_each_was_shown(web, people):
    ids = [people.shares(people.jo, text, "behaviour", EVERYONE) for text in ("Read one", "Read two", "Read three")]
    web.sign_in(people.ola)
    web.get("/")
    count = int(re.search(r"(\d+) updates? to confirm", web.text).group(1))
    assert count >= 3
    page = web.get("/to-confirm").text
    assert "Read one" in page
    assert "Dean Marlowe" in page
    assert not re.search(r'name="shown"[^>]*checked', page), "each is ticked by its reader"
    assert web.post("/to-confirm", {}).status_code == 400
    assert "Tick at least one that you have read" in web.text
    ours = [s for s in stamps(page) if uuid.UUID(s.partition(".")[0]) in ids]
    people.corrects(people.jo, ids[2], "Read three anew")
    assert web.post("/to-confirm", {"shown": ours}).status_code == 303
    web.get("/to-confirm")
    assert "Confirmed: 2 updates. 1 other had been corrected or taken back meanwhile." in web.text
    assert "Read three anew" in web.text
    assert "Corrected" in web.text
    assert "Read one" not in web.text
    assert [len(confirmations(people, of)) for of in ids] == [1, 1, 0]


def test_only_the_party_that_shared_it_sees_who_has_read_it(web, people):
    on = people.shares(people.jo, "Read this", "behaviour", EVERYONE)
    case = opened(web, people, people.pat)
    assert web.get(f"{case}/record/{on}/read").status_code == 404
    case = opened(web, people, people.hal)
    assert web.get(f"{case}/record/{uuid.uuid4()}/read").status_code == 404


def test_without_cases_there_is_nothing_to_confirm(web, world):
    web.sign_in(world.actor("police", "practitioner", "Nobody Yet"))
    assert web.get("/to-confirm").status_code == 200
    assert "Nothing waits for you to confirm" in web.text
