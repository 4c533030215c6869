"""Zones and contact, how to work with somebody, and who turns 18: shown to whom a clause gives them, and never more."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, func, select

from portal.audit.details import Vault
from portal.audit.tables import ENTRY
from portal.auth.actor import Actor
from portal.casework import today as casework
from portal.db import now_micros
from portal.sharing.days import day_at
from portal.sharing.looks import logged
from portal.sharing.tables import KeptForm, RecordRow, SealedValue
from tests import clock, installation
from tests.installation import IDENTITY, World
from tests.portal.pages.web import Web

VICTIM = "Quenby Larkspur"
ZONE = "Must not go into the area bounded by Bridge Lane, the A41 and Finchley Road."
RING = "999, then the offender manager on 020 7946 0991"
RESTRICTION = {
    "restriction.sort": "Exclusion zone",
    "restriction.instruction": ZONE,
    "restriction.starts_on-day": "2",
    "restriction.starts_on-month": "3",
    "restriction.starts_on-year": "2026",
    "restriction.if_broken": RING,
    "restriction.source": "Restraining order",
}
HEAD = "What this person must not do"
NEEDS = "How to work with this person"
ADD = "add/restriction"
ONE_OFF = re.compile(
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|BN-\d+-\d+|\b[A-Z0-9]{4}-[A-Z0-9]{2}\b|\d\d:\d\d|value=\"[^\"]{40,}"
)
"""What differs from one page to the next anyway: ids, references, times, tokens."""


@dataclass
class Team:
    """Probation, police, housing, a mentor, the trust and a work coach, at one application."""

    world: World
    app: Flask
    sealed: list[str]
    browsers: dict[str, Web] = field(default_factory=dict)

    def actor(self, party: str) -> Actor:
        return self.world.actor(party, "practitioner", party.title())

    def all(self) -> tuple[Actor, ...]:
        return tuple(self.actor(p) for p in PARTIES)

    def case(self, records: Mapping[str, Mapping[str, str]] | None = None, **more: object) -> Any:
        return self.world.case({**IDENTITY, **(records or {})}, assigned=self.all(), **more)  # type: ignore[arg-type]

    def at(self, party: str) -> Web:
        if party not in self.browsers:
            self.browsers[party] = Web(self.app, self.world)
            self.browsers[party].sign_in(self.actor(party))
        return self.browsers[party]

    def opens(self, party: str, case: object, purpose: str = "risk") -> str:
        """The case as somebody of this party sees it: the address of their visit, its page read."""
        web = self.at(party)
        begun = web.get(f"/case/{case}").location
        path = begun or web.post(f"/case/{case}", {"purpose": purpose, "reason": ""}).location
        assert web.get(path).status_code == 200
        return str(path)

    def count(self, table: type) -> int:
        self.world.session.rollback()
        return int(self.world.session.scalar(select(func.count()).select_from(table)) or 0)


PARTIES = ("probation", "police", "prisons", "barnet_housing", "barnet_bridges", "ntmh", "dwp")


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory, template: Path) -> Iterator[Team]:
    given = installation.copy(template, tmp_path_factory.mktemp("restrictions") / "home")
    sealed: list[str] = []
    seal = Vault.seal

    def heard(vault: Vault, key: Any, entry: Any, position: int, subject: Any, decision: Any) -> Any:
        sealed.append(f"{subject.detail} {subject.silent}")
        return seal(vault, key, entry, position, subject, decision)

    with pytest.MonkeyPatch.context() as patch, clock.ticking(), installation.opened(given) as world:
        patch.setattr(Vault, "seal", heard)
        yield Team(world, world.app(), sealed)


def day() -> date:
    return day_at(now_micros())


def restriction(**more: str) -> dict[str, str]:
    return {"sort": "Exclusion zone", "instruction": ZONE, "if_broken": RING, "source": "Restraining order", **more}


def head(web: Web) -> str:
    """What stands above the sections of a case."""
    return web.text.partition("RAG and status")[0]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (f"No contact with {VICTIM}", "Leave out the name."),
        (f"The victim is {VICTIM}.", "Leave out any word for who was harmed."),
        (f"Heard at MARAC about {VICTIM}", "Leave out MARAC"),
    ],
)
def test_a_text_that_gives_the_victim_away_goes_back_to_its_writer_and_nowhere_else(
    team: Team, words: str, reason: str
) -> None:
    case = team.case()
    path = team.opens("probation", case)
    web = team.at("probation")
    web.get(f"{path}/{ADD}")
    assert "Never the name, the address or the work of whom it protects" in web.text
    before = (team.count(RecordRow), team.count(SealedValue))
    from_here = len(team.sealed)
    answer = web.post(f"{path}/{ADD}", {**RESTRICTION, "restriction.instruction": words})
    assert answer.status_code == 400
    assert reason in web.text
    assert words in web.text, "a form keeps what was typed, for its writer"
    assert RING in web.text
    assert (team.count(RecordRow), team.count(SealedValue)) == before
    assert team.count(KeptForm) == 0
    assert not [told for told in team.sealed[from_here:] if "Larkspur" in told]
    for party in ("police", "barnet_housing"):
        team.opens(party, case)
        assert "Larkspur" not in team.at(party).text
    web.get(f"{path}/{ADD}")
    assert "Larkspur" not in web.text, "nor in the next form"


def test_the_same_words_in_a_box_without_the_check_reach_others(team: Team) -> None:
    """The twin: what is kept is read by colleagues, and what is searched for is told to the log. So the eyes see."""
    case = team.case()
    path = team.opens("probation", case)
    form = {"text": f"No contact with {VICTIM}", "kind": "behaviour", "nature": "Fact"}
    assert team.at("probation").post(f"{path}/update", form).status_code == 303
    team.opens("barnet_housing", team.case())
    team.opens("police", case)
    assert VICTIM in team.at("police").text
    from_here = len(team.sealed)
    name = {"by": "name", "surname": "Larkspur", "born-day": "1", "born-month": "1", "born-year": "1990"}
    assert team.at("police").post("/search", name).status_code in (200, 303)
    assert "Larkspur" in " ".join(team.sealed[from_here:])


def test_a_zone_is_an_instruction_to_those_who_need_it(team: Team) -> None:
    case = team.case()
    path = team.opens("probation", case)
    sent = {**RESTRICTION, "once": "6b1f0b34-7c3a-4b7e-9a3c-2d9a5f0c1e11"}
    for _ in range(2):  # the same form sent twice counts once
        assert team.at("probation").post(f"{path}/{ADD}", sent).status_code == 303
    for party, source in (("probation", True), ("police", True), ("barnet_housing", False), ("barnet_bridges", False)):
        team.opens(party, case)
        told = head(team.at(party))
        assert told.count(f"Exclusion zone: {ZONE}") == 1, party
        assert "Since 2 March 2026, no last day recorded" in told
        assert f"If it is broken, ring: {RING}" in told
        assert ("Restraining order" in team.at(party).text) is source, party
    assert "licence or order it stands in" in team.at("barnet_housing").text, "withheld, with its clause"
    housing = team.opens("barnet_housing", case)
    team.at("barnet_housing").post(f"{housing}/print", {"reason": "Viewing of a flat"})
    assert ZONE in team.at("barnet_housing").text


@pytest.mark.parametrize("party", ["ntmh", "dwp"])
def test_without_the_grant_there_is_neither_the_zone_nor_that_there_is_one(team: Team, party: str) -> None:
    pages = []
    for records in ({}, {"probation restriction": restriction()}):
        team.opens(party, team.case(records))
        web = team.at(party)
        assert "Bridge Lane" not in web.text
        assert "Restraining order" not in web.text
        assert HEAD not in web.text
        pages.append(ONE_OFF.sub("", web.last.text))
    assert pages[0] == pages[1], "a case without one looks the same"
    notice = web.text.partition("Sentence and licence Not shown")[2].partition("Risk scores")[0]
    assert notice.startswith(": sentence and licence;"), "the notice is of the category"
    assert "Read clause 5.22" in notice


def test_what_is_over_is_hidden_from_all_but_whoever_can_correct_it(team: Team) -> None:
    yesterday, to_day = (day() - timedelta(1)).isoformat(), day().isoformat()
    over = team.case({"probation restriction": restriction(ends_on=yesterday)})
    still = team.case({"probation restriction": restriction(ends_on=to_day)})
    for party in ("barnet_housing", "police"):
        team.opens(party, still)
        assert ZONE in head(team.at(party)), "on its last day it holds"
        path = team.opens(party, over)
        assert "Bridge Lane" not in team.at(party).text
        for leaving in ("print", "export"):
            answer = team.at(party).post(f"{path}/{leaving}", {"reason": "Viewing of a flat"})
            assert answer.status_code == 200
            assert "Marlowe" in answer.text
            assert "Bridge Lane" not in answer.text, (party, leaving)
    path = team.opens("probation", over)
    web = team.at("probation")
    assert "Bridge Lane" not in head(web)
    assert "over, and shown to you alone to correct it" in web.text
    found = re.search(rf'{path}/record/([0-9a-f-]+)/edit"[^>]*>Change<span[^>]*> Zone', web.last.text)
    assert found
    assert "Bridge Lane" not in web.post(f"{path}/print", {"reason": "File"}).text
    for party, status in (("barnet_housing", 404), ("police", 404), ("probation", 200)):
        history = f"{team.opens(party, over)}/record/{found[1]}/history"
        assert team.at(party).get(history).status_code == status, party
        assert ("Bridge Lane" in team.at(party).text) == (status == 200), party


def test_one_that_begins_later_says_so(team: Team) -> None:
    case = team.case({"police restriction": restriction(starts_on=(day() + timedelta(7)).isoformat())})
    team.opens("barnet_housing", case)
    assert "Begins 2 December 2026, no last day recorded · Police" in head(team.at("barnet_housing"))


def test_a_change_cannot_bring_a_name_in_either(team: Team) -> None:
    case = team.case({"probation restriction": restriction()})
    path = team.opens("probation", case)
    web = team.at("probation")
    found = re.search(rf'{path}/record/([0-9a-f-]+)/edit"[^>]*>Change<span[^>]*> Zone', web.last.text)
    assert found
    edit = f"{path}/record/{found[1]}/edit"
    typed = {**RESTRICTION, "version": "1", "restriction.instruction": f"No contact with {VICTIM}"}
    assert web.post(edit, typed).status_code == 400
    assert web.post(edit, {**typed, "restriction.instruction": ""}).status_code == 400
    merged = {**typed, "restriction.instruction": f"{ZONE} Nor Fortune Green.", "take-restriction.sort": "theirs"}
    assert web.post(edit, merged).status_code == 303, "what stands already is not missing"
    web.get(f"{path}/record/{found[1]}/history")
    assert "Nor Fortune Green" in web.text
    assert "Larkspur" not in web.text


def test_how_to_work_with_somebody_stands_at_the_head_for_whoever_may_read_it(team: Team) -> None:
    case = team.case({"barnet_housing needs": {"interpreter": "British Sign Language", "care_leaver": "Yes"}})
    path = team.opens("police", case)
    web = team.at("police")
    form = {"needs.communication": "Say it, do not only send it.", "needs.care_leaver": "No", "needs.gender": ""}
    assert web.post(f"{path}/add/needs", form).status_code == 303
    for party in ("police", "barnet_housing", "ntmh", "barnet_bridges"):
        team.opens(party, case)
        told = head(team.at(party)).partition(NEEDS)[2]
        assert "Interpreter (language): British Sign Language Housing" in told, party
        assert "Communication and access: Say it, do not only send it. Police" in told, party
        assert told.count("Care leaver") == 1, party
    team.opens("dwp", case)
    told = head(team.at("dwp")).partition(NEEDS)[2]
    assert "British Sign Language" in told, "what the Council wrote (clause 8.63)"
    assert "Say it" not in team.at("dwp").text, "what the police wrote is not given"
    team.opens("police", team.case())
    assert NEEDS not in head(team.at("police")), "nothing to say, no heading"


def born(years: int, days: int) -> str:
    on = day() + timedelta(days)
    return on.replace(year=on.year - years).isoformat()


def young(team: Team, forename: str, days: int, **more: object) -> Any:
    who = {"surname": "Okafor", "forename": forename, "date_of_birth": born(18, days)}
    return team.case({"probation person": who}, **{"minor": True, **more})


def test_home_and_case_tell_ninety_days_ahead_who_turns_18(team: Team) -> None:
    case = young(team, "Near", 30)
    for forename, days in (("Far", 91), ("Grown", 0)):
        young(team, forename, days)
    young(team, "Gone", 20, state="deselected")
    for party in ("probation", "barnet_housing"):
        web = team.at(party)
        web.get("/")
        told = web.text.partition("Turning 18 in the next 90 days")[2].partition("All cases")[0]
        assert "Near Okafor Turns 18 on 25 December 2026 , in 4 weeks" in told, party
        assert not [name for name in ("Far", "Grown", "Gone") if name in told], party
        team.opens(party, case)
        assert "Turns 18 on 25 December 2026 , in 4 weeks: the agreement’s rules for adults" in head(web), party
    stranger = Web(team.app, team.world)
    stranger.sign_in(team.world.actor("police", "practitioner", "Not On It"))
    assert "Turning 18" not in stranger.get("/").text


def test_whose_birthdays_are_looked_at_is_logged_and_costs_the_same_for_many(team: Team) -> None:
    world, actor = team.world, team.world.actor("police", "practitioner", "PC Youth")
    heard: list[str] = []
    event.listen(world.engine, "before_cursor_execute", lambda *args: heard.append(args[2]))
    counts = []
    for more in (2, 8):
        for _ in range(more):
            who = {"surname": "Okafor", "forename": "A", "date_of_birth": born(18, 10)}
            world.case({"probation person": who}, assigned=[actor], minor=True)
        logged(world.session, world.doors, casework.turning(world.session, world.doors, actor))
        heard.clear()
        found = logged(world.session, world.doors, casework.turning(world.session, world.doors, actor))
        counts.append((len(found.lines), len(heard)))
        assert found.receipt is not None
    assert [lines for lines, _ in counts] == [2, 10]
    assert counts[0][1] == counts[1][1]
    world.session.rollback()
    last = world.session.execute(select(ENTRY.c.operation).order_by(ENTRY.c.at.desc()).limit(1)).scalar_one()
    assert last == "list"
