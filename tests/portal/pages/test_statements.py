"""No page asks the database more often for many rows than for few."""

import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import event, select

from portal.audit import sequencer
from portal.auth import contracts
from portal.auth.actor import Actor
from portal.auth.recording import Transaction
from portal.db import DAY, db, new_id, now_micros
from portal.sharing import acts, confirmations, inbox, talk
from portal.sharing.acts import Act
from portal.sharing.tables import RecordRow
from tests import clock, installation
from tests.installation import IDENTITY, World
from tests.portal.pages.web import Web

FEW, MANY = 3, 24
NAME = {"by": "name", "surname": "Marlowe", "born-day": "27", "born-month": "3", "born-year": "1991"}
TODAY = clock.FIRST.date()
WRITTEN = {
    "barnet_housing referral": {"reason": "Rent unpaid since August, and he is not seen.", "source": "Estate office"},
    "probation action@behaviour": {"task": "Ring the hostel", "due_on": TODAY.isoformat(), "given_to": "Police"},
    "probation update@behaviour": {"text": "Seen at the hostel.", "nature": "Fact"},
    "probation comment@behaviour": {"text": "Do you know the warden?"},
    "probation score": {"predictor": "OVP", "value": "63", "assessed_on": "2026-03-01"},
}


@dataclass
class Team:
    """People at browsers of their own, over cases that all of them meet."""

    world: World
    app: Flask
    browsers: dict[str, Web] = field(default_factory=dict)
    actors: dict[str, Actor] = field(default_factory=dict)
    cases: list[uuid.UUID] = field(default_factory=list)

    def joins(self, key: str, party: str, role: str) -> None:
        self.actors[key] = self.world.actor(party, role, key.title())
        self.browsers[key] = Web(self.app, self.world)
        self.browsers[key].sign_in(self.actors[key])

    def grows(self, count: int) -> None:
        """Up to so many cases, referrals, actions and colleagues, and so many updates on the first case."""
        police, world = self.actors["police"], self.world
        while len(self.cases) < count:
            made = self.world.case(
                {**IDENTITY, **WRITTEN}, assigned=[police, self.actors["mentor"]], review_due=now_micros() - DAY
            )
            self.cases.append(made)
            number = len(self.cases)
            world.actor("police", "practitioner", f"Colleague {number}")
            world.actor("barnet_housing", "attendee", f"Guest {number}")
            with world.doors.log.transaction(world.session) as tx:
                inbox.put(world.session, new_id(), made, "barnet_housing", self.actors["housing"].user, now_micros())
                acts.add(world.session, self._given(made))
                self._contract(tx, number)
                self._talks(made)

    def _contract(self, tx: Transaction, number: int) -> None:
        """A period of the charity's contract, each recorded by somebody else."""
        by = self.actors[list(self.actors)[number % len(self.actors)]].user
        contracts.install(tx, "barnet_bridges", "barnet_safety", now_micros(), None, by, now_micros())

    def _given(self, case: uuid.UUID) -> Act:
        kind = select(RecordRow.id).where(RecordRow.case == case, RecordRow.kind == "action")
        record = self.world.session.execute(kind).scalar_one()
        return Act(record, case, "police", self.actors["police"].user, now_micros(), acts.OPEN, None, None)

    def _talks(self, case: uuid.UUID) -> None:
        """The officer is asked by name in a comment, and everybody is to confirm the update."""
        session, now = self.world.session, now_micros()
        rows = session.execute(select(RecordRow.kind, RecordRow.id).where(RecordRow.case == case))
        of = {row.kind: row.id for row in rows}
        talk.add(session, of["comment"], of["update"], case, [("police", self.actors["police"].user)], now)
        confirmations.put_ask(session, of["update"], case, {confirmations.EVERY}, new_id(), now)

    def meeting(self) -> str:
        """A meeting of today with every case on its agenda, joined by its keeper."""
        keeper = self.browsers["keeper"]
        day = {"day-day": TODAY.day, "day-month": TODAY.month, "day-year": TODAY.year}
        path = keeper.post("/meetings", day).location
        return str(path)

    def visit(self) -> str:
        police = self.browsers["police"]
        current = police.get(f"/case/{self.cases[0]}")
        return str(
            current.location or police.post(f"/case/{self.cases[0]}", {"purpose": "risk", "reason": "Rounds"}).location
        )


def _found(team: Team) -> str:
    return str(team.browsers["police"].post("/search", NAME).location)


def _declared(team: Team) -> str:
    team.browsers["dpo"].post("/log/use", {"use": "s62-lawfulness"})
    return "/log/home"


PAGES: dict[str, tuple[str, Callable[[Team], str]]] = {
    "home of a practitioner": ("police", lambda team: "/"),
    "updates to confirm": ("police", lambda team: "/to-confirm"),
    "home of a SPOC": ("spoc", lambda team: "/"),
    "home of the coordinator": ("keeper", lambda team: "/"),
    "home of an administrator": ("admin", lambda team: "/"),
    "home of an administrator for whom others act": ("council", lambda team: "/"),
    "contracts": ("council", lambda team: "/contracts"),
    "home of somebody who acts for another": ("mentor", lambda team: "/"),
    "home of a referrer": ("housing", lambda team: "/"),
    "who works on what": ("spoc", lambda team: "/team"),
    "the cases of a colleague": ("spoc", lambda team: f"/team/{team.actors['police'].user}"),
    "inbox": ("keeper", lambda team: "/inbox"),
    "a planned meeting": ("keeper", Team.meeting),
    "results of a search": ("police", _found),
    "a case": ("police", Team.visit),
    "meetings": ("keeper", lambda team: "/meetings"),
    "home of a data-protection officer": ("dpo", _declared),
    "the log": ("dpo", lambda team: "/log"),
}


@pytest.fixture(scope="module")
def counts(tmp_path_factory: pytest.TempPathFactory, template: Path) -> Iterator[dict[str, list[int]]]:
    """For each page, the statements it sends where there are few rows, and where there are many."""
    given = installation.copy(template, tmp_path_factory.mktemp("statements") / "home")
    with clock.ticking(), installation.opened(given) as world:
        team = Team(world, world.app())
        for key, party, role in (
            ("police", "police", "practitioner"),
            ("spoc", "police", "spoc"),
            ("admin", "police", "admin"),
            ("keeper", "barnet_safety", "coordinator"),
            ("housing", "barnet_housing", "practitioner"),
            ("council", "barnet_safety", "admin"),
            ("mentor", "barnet_bridges", "practitioner"),
            ("dpo", "police", "dpo"),
        ):
            team.joins(key, party, role)
        team.grows(FEW)
        team.meeting()  # where there is none, nothing asks how many cases it has
        found: dict[str, list[int]] = {name: [] for name in PAGES}
        for count in (FEW, MANY):
            team.grows(count)
            sequencer.drain(world.session, world.doors.signer(world.session))  # its thread comes when it comes
            for name, (who, path) in PAGES.items():
                found[name].append(_asked(team, team.browsers[who], path(team)))
        yield found


def _asked(team: Team, web: Web, path: str) -> int:
    assert web.get(path).status_code == 200, (path, web.text)  # warm: keys and names are read once
    heard, page = list[str](), threading.get_ident()

    def hear(*args: object) -> None:
        if threading.get_ident() == page:  # the sequencer's own statements come when they come
            heard.append(str(args[2]))

    with team.app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", hear)
    web.get(path)
    event.remove(engine, "before_cursor_execute", hear)
    return len(heard)


@pytest.mark.parametrize("name", PAGES)
def test_many_rows_take_as_many_statements_as_few(counts: dict[str, list[int]], name: str) -> None:
    few, many = counts[name]
    assert few > 3, "the page asked the database at all"
    assert many <= few, f"{few} statements for {FEW}, {many} for {MANY}"
