"""The same person twice, as whoever keeps the list meets it: suggested, compared, linked, found, parted again."""

import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest
from flask import Flask
from sqlalchemy import select

from portal.audit import reading as log_reading
from portal.audit import tables as audit_tables
from portal.audit.reading import Filters
from portal.sharing import same
from portal.sharing.reading import same as reading
from tests import clock, installation
from tests.installation import World
from tests.portal.pages.web import Web

ONE = {
    "probation person": {"surname": "Marlowe", "forename": "Dean", "date_of_birth": "1991-03-27"},
    "police identifiers": {"pnc": "2009/1234567X"},
    "barnet_safety case": {"status": "Active", "rag": "Amber"},
}
OTHER = {
    "police person": {"surname": "Marlowe", "forename": "Dene", "date_of_birth": "1991-03-27"},
    "police identifiers": {"pnc": "2009/1234567X"},
}
NAME = {"by": "name", "surname": "Marlowe", "born-day": "27", "born-month": "3", "born-year": "1991"}
BECAUSE = "Same photograph, same left forearm"


@pytest.fixture(scope="module")
def shared(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, Flask]]:
    """One installation and one application for this module: each test brings people of its own."""
    given = installation.copy(template, tmp_path_factory.mktemp("same") / "home")
    with clock.ticking(), installation.opened(given) as world:
        yield world, world.app()


class Twice:
    """Two records that may be of one person, and browsers for whoever a test asks for."""

    def __init__(self, world: World, app: Flask, surname: str) -> None:
        self.world, self.app = world, app
        self.pat = world.actor("police", "practitioner", f"Pat {surname}")
        self.keeper = world.actor("barnet_safety", "coordinator", "Cora Coordinator")
        one, other = (
            {k: {**v, "surname": surname} if "person" in k else v for k, v in of.items() if "identifiers" not in k}
            for of in (ONE, OTHER)
        )
        self.first = world.case(one, assigned=[self.pat])
        self.second = world.case(other)
        self.path = f"/same-person/{self.first}/{self.second}"
        self.surname = surname

    def web(self, actor=None) -> Web:
        web = Web(self.app, self.world)
        web.sign_in(actor or self.keeper)
        return web

    def reference(self, case: uuid.UUID) -> str:
        self.world.session.rollback()
        return same.filed(self.world.session, [case])[case].case.reference

    def answer(self, web: Web, answer: str, why: str = BECAUSE, base: int = 0, once: str = ""):
        web.post(self.path, {"do": "open"})
        sent = {"answer": answer, "why": why, "base": str(base), "once": once or str(uuid.uuid4())}
        return web.post(self.path, sent)

    def opened(self, web: Web, case: uuid.UUID, purpose: str = "risk"):
        sent = web.post(f"/case/{case}", {"purpose": purpose, "reason": ""})
        return web.get(sent.headers["Location"])

    def found(self, web: Web) -> str:
        web.get(web.post("/search", {**NAME, "surname": self.surname}).headers["Location"])
        return web.text


@pytest.fixture
def twice(shared: tuple[World, Flask], request: pytest.FixtureRequest) -> Twice:
    letters = re.sub(r"[^a-z]", "", request.node.name)
    return Twice(*shared, "Mar" + letters)


def test_suggested_compared_linked_found_and_parted(twice: Twice) -> None:
    web, first, second = twice.web(), twice.reference(twice.first), twice.reference(twice.second)
    web.get("/")
    assert "may be on record twice." in web.text
    web.get("/same-person")
    assert first in web.text
    assert second in web.text
    assert "the same surname and date of birth" in web.text
    assert web.logged()[-1] == ("list", "permitted")

    web.get(twice.path)
    assert "Both records are opened to see" in web.text
    assert twice.surname not in web.text
    assert web.post(twice.path, {"do": "open"}).location == twice.path
    page = web.get(twice.path).text
    assert [o for o, _ in web.logged()[-4:]] == ["purpose-chosen", "purpose-chosen", "consultation", "consultation"]
    assert "Dean" in page
    assert "Dene" in page
    assert web.text.count("The same ") >= 1
    assert "Differs" in web.text
    assert web.text.count("Not shown: system identifiers. Clause 5.20") == 1, "of both alike, said once"

    assert twice.answer(web, same.SAME).status_code == 303
    web.get("/same-person")
    assert "Linked. Each case leads to the other" in web.text
    assert "Linked 25 November 2026." in web.text
    assert ("combination", "permitted") in web.logged()
    page = twice.opened(web, twice.first, "selection").text
    assert f'href="/case/{twice.second}">{second}</a>' in page
    assert "Linked: the same person as" in web.text
    assert f"{twice.path}" in page
    text = twice.found(web)
    assert text.count("Linked: the same person") == 1
    assert web.last.text.count('<article class="app-result">') == 1
    assert "1 person found, 2 cases" in text
    assert {first, second} <= set(text.replace(",", " ").split())

    page = web.get(twice.path).text
    assert "was opened later" in web.text
    assert BECAUSE in web.text
    assert "Cora Coordinator" in web.text
    assert 'type="radio"' not in page
    assert twice.answer(web, same.TWO, "Brothers: the mother says so", base=1).status_code == 303
    assert "Linked: the same person" not in twice.found(web)
    assert second not in twice.opened(web, twice.first, "risk").text
    web.post(twice.path, {"do": "open"})
    web.get(twice.path)
    assert "Brothers: the mother says so" in web.text
    assert BECAUSE in web.text, "the history stays"


def test_the_log_says_of_both_hits_that_a_search_told_of_the_link(twice: Twice) -> None:
    web = twice.web()
    twice.found(web)
    assert _told_same(twice) == set()
    assert twice.answer(web, same.SAME).status_code == 303
    twice.found(web)
    assert _told_same(twice) == {twice.first, twice.second}


def _told_same(twice: Twice) -> set[uuid.UUID]:
    """The cases of which the last entry of the log says that their link was told."""
    at = twice.world
    at.session.rollback()
    vault = at.doors.log.vault(at.session)
    last = log_reading.page(at.session, vault, Filters()).rows[0]
    details = [d.detail for d in log_reading.entry(at.session, vault, last.entry_id).details]
    assert last.operation == "search"
    assert len(details) == 2
    return {uuid.UUID(d["case"]) for d in details if d.get("told_same")}


def test_two_people_are_not_suggested_again(twice: Twice) -> None:
    web = twice.web()
    assert twice.answer(web, same.TWO, "Twins: different PNC").status_code == 303
    page = web.get("/same-person").text
    waiting, _, rest = page.partition('id="two"')
    assert str(twice.second) not in waiting
    assert str(twice.second) in rest


def test_whoever_works_on_one_alone_is_told_nothing_of_the_other(twice: Twice) -> None:
    """A link gives nobody anything: proven first on a portal that tells links to everybody."""
    second, pat = twice.reference(twice.second), twice.web(twice.pat)
    before = twice.opened(pat, twice.first).text
    assert twice.answer(twice.web(), same.SAME).status_code == 303
    with patch.object(reading, "given", lambda _: True):
        assert second in twice.opened(pat, twice.first).text, "unprotected, the link gives it away"
    after = twice.opened(pat, twice.first).text
    assert second not in after
    assert BECAUSE not in after
    assert "Linked" not in after
    assert len(re.findall(r"<section", after)) == len(re.findall(r"<section", before))
    assert twice.opened(pat, twice.second).status_code == 404
    assert pat.get(twice.path).status_code == 403
    assert pat.get("/same-person").status_code == 403
    both = twice.world.actor("police", "practitioner", f"Both {twice.surname}")
    with twice.world.doors.log.transaction(twice.world.session):
        twice.world.assign(twice.first, both)
        twice.world.assign(twice.second, both)
    colleague = twice.web(both)
    assert second in twice.opened(colleague, twice.first).text
    assert BECAUSE not in colleague.last.text
    assert colleague.logged()[-1] == ("consultation", "permitted")


def test_the_second_is_told_and_keeps_what_was_typed(twice: Twice) -> None:
    web = twice.web()
    once = str(uuid.uuid4())
    assert twice.answer(web, same.SAME, once=once).status_code == 303
    assert twice.answer(web, same.SAME, once=once).status_code == 303, "the same form twice counts once"
    late = twice.answer(twice.web(), same.TWO, "I think they are brothers", base=0)
    assert late.status_code == 409
    assert "I think they are brothers" in late.text
    assert "Somebody said something of these two" in late.text
    [word] = [w for w in same.said(twice.world.session, ["barnet-iom"]) if w.number and _of(twice, w)]
    assert (word.number, word.state) == (1, same.SAME)


def _of(twice: Twice, word: same.Word) -> bool:
    filed = same.filed(twice.world.session, [twice.first, twice.second])
    return {word.first, word.second} == {f.case.person for f in filed.values()}


def test_an_answer_without_a_reason_and_one_after_its_time_are_kept_on_the_page(twice: Twice) -> None:
    web = twice.web()
    wrong = twice.answer(web, "", "  ")
    assert wrong.status_code == 422
    assert "Say whether they are one person or two" in wrong.text
    assert "Say why. Whoever looks" in wrong.text
    again = twice.web()
    late = again.post(twice.path, {"answer": same.SAME, "why": "Typed before lunch", "base": "0"})
    assert late.status_code == 409
    assert "Typed before lunch" in late.text
    assert "Your time with these records was over" in late.text


@pytest.mark.parametrize("path", ["/same-person/{0}/{0}", "/same-person/{0}/{1}"])
def test_what_is_no_pair_is_not_found(twice: Twice, path: str) -> None:
    web = twice.web()
    assert web.get(path.format(twice.first, uuid.uuid4())).status_code == 404
    assert web.logged()[-1] == ("consultation", "refused")


def test_the_officer_reads_in_words_that_two_were_linked(twice: Twice) -> None:
    assert twice.answer(twice.web(), same.SAME).status_code == 303
    officer = twice.web(twice.world.actor("barnet_safety", "dpo", "Dora Officer"))
    officer.post("/log/use", {"use": "s62-lawfulness"})
    entry = audit_tables.ENTRY
    of = select(entry.c.reference).where(entry.c.operation == "combination").order_by(entry.c.at.desc())
    officer.get(f"/log/{twice.world.session.execute(of).scalars().first()}")
    assert "Linked or parted what is held about persons" in officer.text
    assert "Linked: said to be the same person" in officer.text
    assert {twice.reference(twice.first), twice.reference(twice.second)} <= set(re.findall(r"BN-[0-9-]+", officer.text))
    assert BECAUSE not in officer.text
