"""A connection lost at any commit of any save: what was typed comes back, and sent again it is kept once, not twice."""

import re
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape

import pytest
from flask import Flask

from portal.db import DAY, db, now_micros
from tests import clock
from tests.installation import World
from tests.portal.pages.visitor import Visitor

TODAY = clock.FIRST.date()
DAYS = {"day": str(TODAY.day), "month": str(TODAY.month), "year": str(TODAY.year)}
WORDS = "CANARY Rang the hostel twice, no answer. Will call round on Friday."
MOST = 8
"""More commits than any request makes."""
BEFORE, AFTER = "nothing was committed", "all was committed, and nobody knows"


@dataclass
class Save:
    """A form with what is typed into it, by whom, where; and where its words must stand once afterwards."""

    who: tuple[str, str]
    form: Callable[[World, Visitor], str]
    typed: dict[str, str]
    shown: Callable[[Visitor, str], str]
    kept: str = WORDS
    times: int = 1


def _case(world: World, browser: Visitor) -> str:
    return browser.open(world.case(assigned=[browser.actor]), "risk")


def _form(path: str) -> Callable[[World, Visitor], str]:
    def opened(world: World, browser: Visitor) -> str:
        visit = _case(world, browser)
        browser.get(visit + path)
        return visit + path

    return opened


def _edit(world: World, browser: Visitor) -> str:
    visit = _case(world, browser)
    browser.get(visit)
    found = re.search(rf'href="({visit}/record/[0-9a-f-]+/edit)"', browser.page)
    assert found
    browser.get(found[1])
    return found[1]


def _refer(world: World, browser: Visitor) -> str:
    browser.get("/refer/barnet-iom")
    return "/refer/barnet-iom"


def _plan(world: World, browser: Visitor) -> str:
    world.case(review_due=now_micros() - DAY)
    browser.get("/meetings")
    return "/meetings"


def _decide(world: World, browser: Visitor) -> str:
    browser.get(_plan(world, browser))
    browser.send("/meetings", {f"day-{part}": text for part, text in DAYS.items()})
    meeting = browser.path
    browser.send(f"{meeting}/join", {})
    browser.get(meeting)
    found = re.search(r'class="govuk-button" href="([^"]+)"', browser.page)
    assert found
    browser.get(found[1])
    return found[1]


def _visit_of(browser: Visitor, path: str) -> str:
    return browser.get("/".join(path.split("/")[:3]))


SAVES = {
    "an update": Save(
        ("police", "practitioner"),
        _form("/update"),
        {"text": WORDS, "kind": "behaviour", "nature": "Fact"},
        _visit_of,
    ),
    "a record": Save(
        ("police", "practitioner"),
        _form("/add/safety"),
        {"safety.warning": WORDS, "safety.advice": "Ring first."},
        _visit_of,
        times=2,  # above everything else, and in its section
    ),
    "a change": Save(("barnet_safety", "coordinator"), _edit, {"case.rag_reason": WORDS}, _visit_of),
    "an action": Save(
        ("police", "practitioner"),
        _form("/action"),
        {"task": WORDS, "kind": "behaviour", "to": "me", "by": "7"},
        _visit_of,
    ),
    "a referral": Save(
        ("barnet_housing", "practitioner"),
        _refer,
        {
            "person.surname": "Tollemache",
            "person.forename": "Jerome",
            "referral.reason": WORDS,
            "referral.priority_crime": "Burglary",
            "referral.source": "Estate office",
        },
        lambda browser, path: browser.get("/referrals"),
        "Jerome Tollemache",
    ),
    "a meeting": Save(
        ("barnet_safety", "coordinator"),
        _plan,
        {f"day-{part}": text for part, text in DAYS.items()},
        lambda browser, path: browser.get("/meetings").partition("Plan a meeting")[0],
        "Barnet panel, 25 November 2026",
    ),
    "a decision": Save(
        ("barnet_safety", "coordinator"),
        _decide,
        {
            "outcome": "Stay on IOM",
            "reason": WORDS,
            "rag": "Amber",
            **{f"review_on-{part}": text for part, text in DAYS.items()},
        },
        lambda browser, path: browser.get(path),
    ),
}


@contextmanager
def _losing(app: Flask, which: int, how: str) -> Iterator[list[int]]:
    """The connection is lost at the commit of this number."""
    met: list[int] = []
    here = threading.get_ident()  # the sequencer commits in a thread of its own
    with app.app_context():
        dialect = db.engine.dialect
    commit = dialect.do_commit

    def lost(connection: object) -> None:
        met.extend([1] if threading.get_ident() == here else [])
        if len(met) == which and threading.get_ident() == here:
            if how == AFTER:
                commit(connection)  # type: ignore[arg-type]
            raise sqlite3.OperationalError("the connection is lost")
        commit(connection)  # type: ignore[arg-type]

    dialect.do_commit = lost  # type: ignore[method-assign, assignment]
    try:
        yield met
    finally:
        del dialect.do_commit


@pytest.mark.parametrize("how", [BEFORE, AFTER])
@pytest.mark.parametrize("name", SAVES)
def test_what_was_typed_comes_back_and_is_kept_once(world: World, name: str, how: str) -> None:
    save = SAVES[name]
    browser = Visitor(world, world.actor(*save.who))
    failed = 0
    for which in range(1, MOST):
        path = save.form(world, browser)
        form = {**browser.hidden(), **save.typed}
        with _losing(browser.app, which, how) as met:
            answer = browser.client.post(path, data=form)
        if len(met) < which:
            break
        failed += 1
        assert answer.status_code == 503, (which, answer.status, answer.text[:3000])
        for text in save.typed.values():
            assert text in unescape(answer.text), (which, text)
        again = browser.client.post(path, data=form)
        assert again.status_code in (303, 409), (which, again.status, again.text[:3000])
        shown = save.shown(browser, path)
        assert shown.count(save.kept) == save.times, (which, shown)
    assert failed
    assert which < MOST - 1
