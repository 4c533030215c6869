"""An installation with five cases full of canaries, one application over it, and a browser for each capacity.

What the hand table gives at a case is worked out here; the tests of the matrix compare pages with it.
"""

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count, product
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from isa.agreement import Agreement, Capacity
from portal.auth.actor import Actor
from tests import clock, hand, installation
from tests.installation import World
from tests.portal import planting
from tests.portal.pages.web import Web
from tests.portal.planting import Ground, Planted, seen

NAME = "person.surname"
NOTHING: frozenset[str] = frozenset()
REASON = "For the file of the test"
NOT_ASSIGNED = "not assigned"
GROUNDS: dict[str, dict[str, Any]] = {
    "whole": {},
    "no basis, not delivering": {"basis": None, "delivering": False},
    "basis withdrawn": {"basis": False},
    "de-selected": {"state": "deselected"},
    NOT_ASSIGNED: {},
}
"""The five cases, and how each differs from the first."""


@dataclass
class Land:
    """A world with its five cases, one application over it, and a browser for each capacity."""

    world: World
    agreement: Agreement
    grounds: dict[str, Ground]
    app: Flask
    browsers: dict[Capacity, Web]
    log: list[str]
    urgent: frozenset[str] = NOTHING
    turns: Iterator[int] = field(default_factory=count)

    def actor(self, capacity: Capacity) -> Actor:
        return self.world.actor(capacity.party, capacity.role)

    def browser(self, capacity: Capacity) -> Web:
        if capacity not in self.browsers:
            web = Web(self.app, self.world)
            web.sign_in(self.actor(capacity))
            self.browsers[capacity] = web
        return self.browsers[capacity]

    def permits(self, ground: Ground, capacity: Capacity, ask: tuple[str, str, str, str], youth: bool | None) -> bool:
        """Whether the table permits (action, field, owner, purpose) on a record of this ground."""
        about = (ask[2], self.agreement.fields[ask[1]].category)
        true = ground.facts(self.agreement, self.actor(capacity), about, youth)
        return hand.permits(self.agreement, capacity, ask, true | self.urgent)

    def given(self, ground: Ground, capacity: Capacity, purpose: str, action: str = "read") -> dict[str, set[str]]:
        """Record id → the canaries of it that the table gives. Nothing where the person's name is not given."""
        if not self.knows(ground, capacity, purpose):
            return {}
        return {str(p.id): self.of_record(ground, p, capacity, purpose, action) for p in ground.records}

    def of_record(self, ground: Ground, p: Planted, capacity: Capacity, purpose: str, action: str) -> set[str]:
        return {
            text
            for key, text in p.values.items()
            if self.permits(ground, capacity, (action, key, p.owner, purpose), p.youth)
        }

    def knows(self, ground: Ground, capacity: Capacity, purpose: str) -> bool:
        """A page of a case is for those to whom the name is given: to others the case does not exist."""
        owners = self.agreement.fields[NAME].owners
        return any(self.permits(ground, capacity, ("read", NAME, o, purpose), False) for o in owners)


def whole(given: dict[str, set[str]]) -> set[str]:
    return set().union(*given.values()) if given else set()


def raw(answer: TestResponse) -> bytes:
    """Everything an answer says: status, headers, body."""
    return b"\n".join([answer.status.encode(), str(answer.headers).encode(), answer.data])


class Hearing(logging.Handler):
    """Keeps what is logged, tracebacks and all."""

    def __init__(self, heard: list[str]) -> None:
        super().__init__()
        self.heard = heard

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(self.format(record))


@pytest.fixture
def land(laid_out: Land) -> Land:
    """The land, at browsers that have just been opened: none has been idle for too long."""
    laid_out.browsers.clear()
    return laid_out


@pytest.fixture(scope="module")
def laid_out(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Land]:
    """The land, made once a module."""
    given = installation.copy(template, tmp_path_factory.mktemp("matrix") / "home")
    with clock.ticking(), installation.opened(given) as world:
        text = world.doors.book.engine("barnet-iom").agreement
        working = [party for party in text.parties if text.parties[party].kind != "mopac"]
        staff = [world.actor(party, role) for party in working for role in ("practitioner", "lead", "spoc")]
        grounds = {
            name: planting.plant(world, [] if name == NOT_ASSIGNED else staff, **how) for name, how in GROUNDS.items()
        }
        heard: list[str] = []
        handler = Hearing(heard)
        logging.getLogger().addHandler(handler)
        app = world.app()
        yield Land(world, text, grounds, app, {}, heard)
        logging.getLogger().removeHandler(handler)


def capacities(agreement: Agreement) -> list[Capacity]:
    """Every capacity there can be."""
    pairs = product(agreement.parties.values(), agreement.roles.values())
    return [Capacity(p.id, r.id) for p, r in pairs if r.kinds is None or p.kind in r.kinds]


def visit(land: Land, capacity: Capacity, ground: Ground, purpose: str) -> str | None:
    """Open the case for a purpose: the address of the visit, or None where the question does not offer the purpose."""
    kind = land.agreement.parties[capacity.party].kind
    rows = hand.table("barnet").of(kind, capacity.role).may
    offered = any("read" in row.actions and purpose in row.purposes for row in rows)
    web = land.browser(capacity)
    current = web.get(f"/case/{ground.case}")
    path = current.headers.get("Location")
    answer = web.post(f"{path}/purpose" if path else f"/case/{ground.case}", {"purpose": purpose, "reason": REASON})
    assert seen(raw(current) + raw(answer)) == set()
    assert (answer.status_code == 303) == offered, (capacity, purpose, answer.status)
    return answer.headers["Location"] if offered else None


def all_of(web: Web, path: str) -> tuple[int, bytes]:
    """A case page with every older page of its timeline."""
    answer = web.get(path)
    told = raw(answer)
    while found := re.search(rb'href="([^"]+\?older=\d+)#happened"', answer.data):
        answer = web.get(found.group(1).decode())
        told += raw(answer)
    return answer.status_code, told
