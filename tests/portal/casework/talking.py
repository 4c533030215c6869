"""People who talk on the updates of a case, for the tests of comments and of confirming."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select, update

from portal.auth.actor import Actor
from portal.casework import comments, confirming
from portal.casework.confirming import EVERYONE
from portal.db import DAY, new_id, now_micros
from portal.sharing import cases, storing, visits, writing
from portal.sharing.disclosure import Comment, Disclosure
from portal.sharing.reading import case as case_reading
from portal.sharing.storing import NewRecord
from portal.sharing.tables import Assignment, RecordRow
from tests import clock, installation
from tests.installation import World


class Talking:
    """The police, probation, housing, a treatment service and a prison; a new case on which all of them work, each
    named there by a record of their own party."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.pat = world.actor("police", "practitioner", "Pat Police")
        self.kim = world.actor("police", "practitioner", "Kim Colleague")
        self.jo = world.actor("probation", "practitioner", "Jo Smith")
        self.hal = world.actor("barnet_housing", "practitioner", "Hal Housing")
        self.ola = world.actor("prisons", "practitioner", "Ola Prisons")
        self.nat = world.actor("ntmh", "practitioner", "Nat Nurse")
        self.staff = {"Pat Police": self.pat, "Kim Colleague": self.kim, "Jo Smith": self.jo, "Hal Housing": self.hal}
        self.case = world.case()
        for name, who in {**self.staff, "Nat Nurse": self.nat, "Ola Prisons": self.ola}.items():
            self.assigns(who, name)

    def assigns(self, who: Actor, name: str, starts: int | None = None) -> None:
        """Their post on the case, with the record that names them."""
        at, record, now = self.world, new_id(), now_micros()
        agreement = at.doors.book.engine("barnet-iom").agreement
        values = {"assignment.practitioner": name, "assignment.role": "Practitioner"}
        with at.doors.log.transaction(at.session):
            person = at.session.scalars(select(RecordRow.person).where(RecordRow.case == self.case)).first()
            assert person is not None
            made = NewRecord(record, self.case, person, "assignment", "", who.party, now, who.user, values)
            storing.store(at.session, at.doors, agreement, [made])
            begin = now - DAY if starts is None else starts
            cases.assign(at.session, self.case, who.user, who.party, who.role, begin, None, None, record)

    def covers(self, who: Actor, whom: Actor) -> None:
        """A post of `who` on the case, in the place of `whom`."""
        with self.world.doors.log.transaction(self.world.session) as tx:
            post = {"role": who.role, "pathway": None, "starts": now_micros() - DAY, "ends": None, "record": None}
            place = {"id": new_id(), "case": self.case, "user": who.user, "party": who.party, "covers": whom.user}
            tx.session.execute(insert(Assignment), [{**place, **post}])

    def leaves(self, who: Actor) -> None:
        mine = (Assignment.case == self.case, Assignment.user == who.user)
        with self.world.doors.log.transaction(self.world.session) as tx:
            tx.session.execute(update(Assignment).where(*mine).values(ends=now_micros()))

    def copies(self, record: uuid.UUID, count: int) -> list[uuid.UUID]:
        """As many rows like that of a record, with no words to them."""
        at, ids = self.world, [new_id() for _ in range(count)]
        with at.doors.log.transaction(at.session) as tx:
            row = dict(tx.session.execute(select(*RecordRow.__table__.c).where(RecordRow.id == record)).one()._mapping)
            tx.session.execute(insert(RecordRow), [{**row, "id": each} for each in ids])
        return ids

    def later(self, record: uuid.UUID, count: int) -> None:
        """As many updates after a record."""
        for each in self.copies(record, count):
            with self.world.doors.log.transaction(self.world.session) as tx:
                tx.session.execute(update(RecordRow).where(RecordRow.id == each).values(created_at=now_micros()))

    def visit(self, actor: Actor, purpose: str = "risk") -> uuid.UUID:
        at = self.world
        return visits.begin(at.session, at.doors, actor, self.case, purpose, "", at.doors.clock())

    def sees(self, actor: Actor, purpose: str = "risk") -> Disclosure:
        at = self.world
        return case_reading.case(at.session, at.doors, actor, self.visit(actor, purpose))

    def shares(
        self,
        actor: Actor,
        text: str = "Missed Tuesday",
        label: str = "behaviour",
        who: str = "",
        *parties: str,
        once: uuid.UUID | None = None,
    ) -> uuid.UUID:
        """An update; `who` and `parties` are to confirm it."""
        at = self.world
        typed = {f"update.text@{label}": text, f"update.nature@{label}": "Fact"}
        visit, form = self.visit(actor, "pathways" if label == "housing" else "risk"), once or new_id()
        return confirming.share(at.session, at.doors, actor, visit, label, typed, who, parties, form).record

    def says(self, actor: Actor, on: uuid.UUID, text: str = "Seen since?", *whom: Actor, **more: Any) -> uuid.UUID:
        """A comment that asks these people."""
        at = self.world
        asked = {f"{w.party}.{w.user.hex}" for w in whom}
        visit = self.visit(actor, more.get("purpose", "risk"))
        label, once = more.get("label", "behaviour"), more.get("once") or new_id()
        return comments.add(at.session, at.doors, actor, visit, on, label, text, asked, once).record

    def under(self, actor: Actor, on: uuid.UUID, purpose: str = "risk") -> tuple[Comment, ...]:
        """What somebody reads under an update."""
        return self.sees(actor, purpose).talk.comments.get(on, ())

    def texts(self, actor: Actor, on: uuid.UUID, purpose: str = "risk") -> list[str]:
        return [c.record.text("text") for c in self.under(actor, on, purpose)]

    def calls(self, actor: Actor) -> list[str]:
        """Who asks somebody, on their home page, on this case."""
        found = comments.waiting(self.world.session, self.world.doors, actor).lines
        return [c.name for c in found if c.case == self.case]

    def waits(self, actor: Actor) -> list[uuid.UUID]:
        """What somebody is to confirm on this case."""
        found = confirming.listed(self.world.session, self.world.doors, actor)
        return [line.record for line in found.lines if line.case == self.case]

    def confirms(self, actor: Actor, record: uuid.UUID, version: int = 1) -> bool:
        at = self.world
        return confirming.confirm_one(at.session, at.doors, actor, self.visit(actor), record, version)

    def readers(self, actor: Actor, record: uuid.UUID) -> dict[str, bool]:
        """Name (or agency) → whether they have confirmed it as it is now."""
        at = self.world
        found = confirming.readers(at.session, at.doors, actor, self.visit(actor), record)
        return {r.name or r.agency: r.at is not None for r in found.readers}

    def corrects(self, actor: Actor, record: uuid.UUID, text: str, kind: str = "update") -> None:
        at = self.world
        writing.edit(at.session, at.doors, actor, self.visit(actor), record, 1, {f"{kind}.text@behaviour": text})


@contextmanager
def worlds(template: Path, home: Path) -> Iterator[World]:
    """One installation for a whole module: each test makes a case of its own in it."""
    with clock.ticking(), installation.opened(installation.copy(template, home)) as world:
        yield world


__all__ = ["EVERYONE", "Talking", "worlds"]
