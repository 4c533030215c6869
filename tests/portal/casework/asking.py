"""A police officer who asks a mental-health trust for what it does not show, and those who must not profit from it."""

import uuid
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from portal.auth.actor import Actor
from portal.casework import asks
from portal.db import new_id, now_micros
from portal.sharing import visits
from portal.sharing.ask_tables import AskRow
from portal.sharing.asks import GRANTED, REFUSED
from portal.sharing.days import day_at
from portal.sharing.granting import Answer
from portal.sharing.reading import case as case_reading
from tests.installation import IDENTITY, World

NEED, UPDATE, HAPPENED = "health_need.need", "update.text@health_need", "update.happened_on@health_need"
RECORDS = {
    **IDENTITY,
    "ntmh health_need": {"need": "May not answer the door alone"},
    "ntmh update@health_need": {"text": "Seen at home on Tuesday", "happened_on": "2026-11-03"},
    "ntmh health": {"diagnosis": "Not for anybody else"},
    "ntmh basis@health_need": {"ground": "Consent", "given_on": "2026-11-01"},
}


class Asking:
    """Pat and Kim of the police, the trust's SPOC, its lead on the case and a nurse; one case on which all work."""

    def __init__(self, world: World, records: dict[str, dict[str, str]] | None = None) -> None:
        self.world = world
        self.pat = world.actor("police", "practitioner", "Pat Police")
        self.kim = world.actor("police", "practitioner", "Kim Colleague")
        self.spoc = world.actor("ntmh", "spoc", "Ann Spoc")
        self.lead = world.actor("ntmh", "lead", "Lou Lead")
        self.nurse = world.actor("ntmh", "practitioner", "Nat Nurse")
        self.staff = [self.pat, self.kim, self.lead, self.nurse]
        self.case = world.case(records or RECORDS, assigned=self.staff)

    def visit(self, actor: Actor, case: uuid.UUID | None = None, purpose: str = "risk") -> uuid.UUID:
        at = self.world
        return visits.begin(at.session, at.doors, actor, case or self.case, purpose, "", now_micros())

    def sees(self, actor: Actor, case: uuid.UUID | None = None, purpose: str = "risk") -> set[str]:
        """The keys of the health fields that this person reads."""
        at = self.world
        shown = case_reading.case(at.session, at.doors, actor, self.visit(actor, case, purpose))
        records = [*shown.timeline, *(r for s in shown.sections for r in s.records)]
        return {v.key for r in records for v in r.values if "health" in v.key and r.kind != "basis"}

    def asks(self, actor: Actor | None = None, *fields: str, **more: Any) -> uuid.UUID:
        """A request of the trust for these fields, for the need if none are named; its id."""
        at, who = self.world, actor or self.pat
        ticked = {asks.value(more.get("owner", "ntmh"), field) for field in fields or (NEED,)}
        why, days = more.get("why", "A visit on Friday"), more.get("days", 7)
        visit = self.visit(who, more.get("case"), more.get("purpose", "risk"))
        asks.ask(at.session, at.doors, who, visit, ticked, why, days, more.get("once") or new_id())
        return self.rows()[-1].request

    def rows(self) -> list[AskRow]:
        self.world.session.rollback()
        found = self.world.session.scalars(select(AskRow).order_by(AskRow.asked_at, AskRow.id))
        return list(found.unique())

    def row(self, request: uuid.UUID, field: str = NEED) -> AskRow:
        return next(r for r in self.rows() if (r.request, r.field) == (request, field))

    def grants(self, request: uuid.UUID, *fields: str, by: Actor | None = None, days: int = 7) -> None:
        until = today() + timedelta(days=days)
        self.answers(request, dict.fromkeys(fields or (NEED,), Answer(GRANTED, until)), by)

    def refuses(self, request: uuid.UUID, field: str = NEED, reason: str = "Ask his worker", by: Actor | None = None):
        self.answers(request, {field: Answer(REFUSED, None, reason)}, by)

    def answers(self, request: uuid.UUID, given: dict[str, Answer], by: Actor | None = None) -> None:
        at = self.world
        named = {self.row(request, field).id: answer for field, answer in given.items()}
        asks.answer(at.session, at.doors, by or self.spoc, request, named)

    def takes_back(self, request: uuid.UUID, field: str = NEED, by: Actor | None = None) -> None:
        at = self.world
        asks.take_back(at.session, at.doors, by or self.spoc, request, self.row(request, field).id)

    def told(self, actor: Actor) -> list[tuple[str, str, str]]:
        """(field, state, why not) of what somebody asked for, as their home page tells them."""
        found = asks.mine(self.world.session, self.world.doors, actor)
        return [(p.field, p.state, p.because) for line in found.lines for p in line.parts]


def today() -> date:
    return day_at(now_micros())
