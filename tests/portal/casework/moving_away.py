"""A case in Barnet whose person moves to Brent, the people of both boroughs, and what tests ask of them."""

import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select

from portal.audit.tables import ENTRY
from portal.auth.actor import Actor
from portal.casework import inbox as inbox_desk
from portal.casework import transferring
from portal.db import new_id, now_micros
from portal.sharing import inbox, transfers, visits
from portal.sharing.disclosure import Disclosure
from portal.sharing.reading import case as case_reading
from portal.sharing.tables import CaseFile, RecordRow
from portal.sharing.transfers import MOVED_ON, REASON
from tests.installation import World

WHY = "His sister in Wembley has taken him in; the tenancy here ends on Friday."
SECRET = "Canary, who shouted at the desk"
HELD = {
    "probation person": {
        "surname": "Marlowe",
        "forename": "Dean",
        "date_of_birth": "1991-03-27",
        "address": "1 Old St",
    },
    "probation identifiers": {"crn": "X123456"},
    "police identifiers": {"pnc": "2009/1234567G"},
    "probation sentence": {"type": "Community order", "end": "2027-05-01"},
    "probation score": {"predictor": "OGRS3", "value": "71", "assessed_on": "2026-09-01"},
    "probation update@behaviour": {"text": SECRET, "nature": "Fact"},
    "police restriction": {"sort": "Exclusion zone", "instruction": "Not into the High Road"},
    "barnet_safety case": {"status": "Active", "rag": "Amber"},
    "barnet_housing accommodation": {"situation": "Hostel", "note": SECRET},
}
WHO = {
    "person.surname": "Marlowe",
    "person.forename": "Dean",
    "person.date_of_birth": "1991-03-27",
    "person.address": "2 New St",
    "identifiers.crn": "X123456",
    "referral.priority_crime": "Burglary",
    MOVED_ON: "2026-11-20",
    REASON: WHY,
}


class Boroughs:
    """Who works on the case in Barnet, and who keeps the list in Brent."""

    def __init__(self, world: World, records: Mapping[str, Mapping[str, str]] = HELD, **more: Any) -> None:
        self.world = world
        self.jo = world.actor("probation", "practitioner", "Jo Smith")
        self.kim = world.actor("probation", "practitioner", "Kim Colleague")
        self.pat = world.actor("police", "practitioner", "Pat Police")
        self.hal = world.actor("barnet_housing", "practitioner", "Hal Housing")
        self.mentor = world.actor("barnet_bridges", "practitioner", "Moe Mentor")
        self.nadia = world.actor("barnet_safety", "coordinator", "Nadia Keeper")
        self.bella = world.actor("brent_safety", "coordinator", "Bella Keeper")
        self.case = world.case(records, assigned=[self.jo, self.pat, self.hal, self.mentor], **more)
        self.once = uuid.uuid4()

    def visit(self, actor: Actor, purpose: str = "selection", case: uuid.UUID | None = None) -> uuid.UUID:
        at = self.world
        return visits.begin(at.session, at.doors, actor, case or self.case, purpose, "", now_micros())

    def blank(self, actor: Actor, agreement: str = "brent-iom") -> transferring.Blank:
        return transferring.blank(self.world.session, self.world.doors, actor, self.visit(actor), agreement)

    def offers(self, actor: Actor, agreement: str = "brent-iom", **more: Any) -> uuid.UUID:
        """Offer the case with all that may go, or with `chosen`; the record of it."""
        at, visit = self.world, more.pop("visit", None) or self.visit(actor)
        chosen, once = more.pop("chosen", None), more.pop("once", None)
        if chosen is None:
            chosen = {g.going.record.id for g in self.blank(actor).goes}
        typed = {**WHO, **more}
        return transferring.offer(at.session, at.doors, actor, visit, agreement, typed, chosen, once or new_id())

    def back(self, actor: Actor, reason: str = "He stays after all.", once: uuid.UUID | None = None) -> uuid.UUID:
        at = self.world
        return transferring.take_back(at.session, at.doors, actor, self.visit(actor), reason, once or new_id())

    def desk(self, actor: Actor, case: uuid.UUID | None = None) -> transferring.Desk:
        return transferring.desk(self.world.session, self.world.doors, actor, self.visit(actor, case=case))

    def word(self, actor: Actor) -> str:
        """What became of the latest offer, as this reader is told."""
        return self.desk(actor).told[0].code

    def offer(self) -> transfers.Offer:
        self.world.session.rollback()
        return transfers.of_cases(self.world.session, [self.case])[0]

    def there(self) -> CaseFile:
        """The case in Brent."""
        case = self.offer().item.case.id
        return self.world.session.scalars(select(CaseFile).where(CaseFile.id == case)).one()

    def answers(self, state: str, reason: str = "") -> None:
        item = self.offer().item
        at = self.world
        inbox_desk.answer(at.session, at.doors, self.bella, item.id, item.version, state, reason)

    def reads(self, actor: Actor, case: uuid.UUID, purpose: str = "selection") -> Disclosure:
        return case_reading.case(self.world.session, self.world.doors, actor, self.visit(actor, purpose, case))

    def records(self, case: uuid.UUID) -> list[RecordRow]:
        self.world.session.rollback()
        return list(self.world.session.scalars(select(RecordRow).where(RecordRow.case == case)))

    def entries(self) -> int:
        self.world.session.rollback()
        return int(self.world.session.connection().execute(select(func.count()).select_from(ENTRY)).scalar_one())

    def operations(self, since: int) -> list[tuple[str, str]]:
        """(operation, agreement) of the entries after the first `since`."""
        self.world.session.rollback()
        rows = select(ENTRY.c.operation, ENTRY.c.agreement).order_by(ENTRY.c.at, ENTRY.c.n).offset(since)
        return [(op, (of or "").partition("@")[0]) for op, of in self.world.session.connection().execute(rows)]


ACCEPTED, ASKED, REFUSED = inbox.ACCEPTED, inbox.ASKED, inbox.REFUSED
