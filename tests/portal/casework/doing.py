"""People who give each other things to do on a case, for the tests of actions."""

import uuid
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from portal.auth.actor import Actor
from portal.casework import actions, closing
from portal.db import now_micros
from portal.sharing import acts, visits
from portal.sharing.days import day_at
from portal.sharing.disclosure import Disclosure
from portal.sharing.reading import case as case_reading
from portal.sharing.tables import ActionRow, RecordRow
from tests.installation import World


class Partners:
    """Probation with a SPOC, the police, and housing; one case on which all of them work."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.jo = world.actor("probation", "practitioner", "Jo Smith")
        self.sam = world.actor("probation", "practitioner", "Sam Okafor")
        self.spoc = world.actor("probation", "spoc", "Ruth Spoc")
        self.police = world.actor("police", "practitioner", "Pat Police")
        self.housing = world.actor("barnet_housing", "practitioner", "Hal Housing")
        self.case = world.case(assigned=[self.jo, self.sam, self.police, self.housing])

    def visit(self, actor: Actor, case: uuid.UUID | None = None, purpose: str = "risk") -> uuid.UUID:
        at = self.world
        return visits.begin(at.session, at.doors, actor, case or self.case, purpose, "", now_micros())

    def reads(self, actor: Actor, case: uuid.UUID | None = None, purpose: str = "risk") -> Disclosure:
        at = self.world
        return case_reading.case(at.session, at.doors, actor, self.visit(actor, case, purpose))

    def gives(
        self,
        actor: Actor,
        whom: str = "me",
        label: str = "behaviour",
        days: int = 7,
        task: str = "Ring his mother",
        case: uuid.UUID | None = None,
        **more: Any,
    ) -> uuid.UUID:
        """An action, given; days before today are reached by moving its row and record as the demo does."""
        at, due = self.world, day_at(now_micros()) + timedelta(days=max(days, 0))
        made = actions.add(
            at.session, at.doors, actor, self.visit(actor, case), label, task, whom, due, more.get("once")
        )
        if days < 0:
            self.backdate(made.record, days)
        return made.record

    def backdate(self, record: uuid.UUID, days: int) -> None:
        """Time has passed: it was due that many days ago."""
        on = day_at(now_micros()) + timedelta(days=days)
        with self.world.doors.log.transaction(self.world.session):
            acts.follow(self.world.session, record, {"action.due_on@": on.isoformat()})

    def closes(self, actor: Actor, record: uuid.UUID, state: str = "done", text: str = "She rang back", **more: Any):
        at = self.world
        version = more.pop("version", None) or self.record(record).version
        return closing.close(at.session, at.doors, actor, self.visit(actor), record, version, state, text, **more)

    def record(self, record: uuid.UUID) -> RecordRow:
        self.world.session.rollback()
        return self.world.session.scalars(select(RecordRow).where(RecordRow.id == record)).one()

    def row(self, record: uuid.UUID) -> ActionRow:
        self.world.session.rollback()
        return self.world.session.scalars(select(ActionRow).where(ActionRow.record == record)).one()

    def rows(self) -> int:
        self.world.session.rollback()
        return len(self.world.session.scalars(select(ActionRow)).all())


def today() -> date:
    return day_at(now_micros())
