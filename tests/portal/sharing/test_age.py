"""What a case knows of its person's age follows each date of birth at once, on both databases."""

import uuid
from typing import Any

import pytest
from sqlalchemy import select

from portal.db import new_id
from portal.sharing import storing, visits, writing
from portal.sharing.reading import age
from portal.sharing.reading.rows import heads
from portal.sharing.storing import Batch, Change, NewRecord
from portal.sharing.tables import CaseFile, RecordRow
from tests.installation import World

CHILD, GROWN = "2010-03-27", "1991-03-27"
BORN = "person.date_of_birth"


class Someone:
    """A person with a date of birth by probation, and an officer who may correct it."""

    def __init__(self, world: World, born: str, minor: bool | None, more: Any = None) -> None:
        self.world = world
        self.jo = world.actor("probation", "practitioner", "Jo Smith")
        self.pat = world.actor("police", "practitioner", "Pat Police")
        who = {"surname": "Marlowe", "forename": "Dean"}
        records = {"probation person": {**who, "date_of_birth": born}}
        if more:
            records["police person"] = {**who, "date_of_birth": more}
        self.case = world.case(records, assigned=[self.jo, self.pat], minor=minor)

    def visit(self, actor: Any) -> uuid.UUID:
        at = self.world
        return visits.begin(at.session, at.doors, actor, self.case, "risk", "", at.doors.clock())

    def record(self, owner: str = "probation") -> RecordRow:
        self.world.session.rollback()
        mine = (RecordRow.case == self.case, RecordRow.kind == "person", RecordRow.owner == owner)
        return self.world.session.scalars(select(RecordRow).where(*mine)).one()

    def corrects(self, born: str) -> None:
        at, row = self.world, self.record()
        writing.edit(at.session, at.doors, self.jo, self.visit(self.jo), row.id, row.version, {BORN: born})

    @property
    def minor(self) -> bool | None:
        self.world.session.rollback()
        return self.world.session.scalars(select(CaseFile.minor).where(CaseFile.id == self.case)).one()


@pytest.mark.parametrize(
    ("before", "after", "other", "known"),
    [
        (GROWN, CHILD, None, True),
        (CHILD, GROWN, None, False),
        (CHILD, GROWN, GROWN, False),
        (CHILD, GROWN, CHILD, True),
        (GROWN, "", None, None),
    ],
)
def test_a_corrected_date_is_known_at_once(
    either: World, before: str, after: str, other: str | None, known: bool | None
) -> None:
    someone = Someone(either, before, CHILD in (before, other), other)
    someone.corrects(after)
    assert someone.minor is known
    someone.corrects(GROWN)
    assert someone.minor is (other == CHILD)


def test_a_date_that_another_party_adds_is_known_at_once(either: World) -> None:
    someone, at = Someone(either, GROWN, False), either
    typed = {"person.surname": "Marlowe", BORN: CHILD}
    writing.create(at.session, at.doors, someone.pat, someone.visit(someone.pat), "person", "", typed, new_id())
    assert someone.minor is True


@pytest.mark.parametrize(("born", "other", "known"), [(CHILD, None, True), (GROWN, None, False), (GROWN, CHILD, True)])
def test_a_date_from_a_file_is_known_in_its_own_transaction(
    either: World, born: str, other: str | None, known: bool
) -> None:
    someone = Someone(either, CHILD if born == GROWN else GROWN, born == GROWN, other)
    row, batch = someone.record(), Batch()
    place = (row.id, row.case, row.person, "person", "", row.owner, either.doors.clock(), someone.jo.user)
    with either.doors.log.transaction(either.session) as tx:
        batch.add([Change(NewRecord(*place, {BORN: born}), row.version, row.head, (), ())])
        assert batch.apply(tx.session)
    assert someone.minor is known


def test_what_was_worked_out_from_a_date_that_was_corrected_meanwhile_is_not_kept(either: World) -> None:
    someone = Someone(either, CHILD, True)
    seen = heads(either.session, [someone.case], ["person"])
    someone.corrects(GROWN)
    age._keep(either.session, either.doors, someone.case, True, seen)
    assert someone.minor is False
    age._keep(either.session, either.doors, someone.case, True, heads(either.session, [someone.case], ["person"]))
    assert someone.minor is True, "the twin that was not overtaken"


def test_many_at_once_are_known_as_one_is(either: World) -> None:
    """From a hundred rows on PostgreSQL takes them as one statement."""
    alone, two = Someone(either, GROWN, True), Someone(either, GROWN, True, CHILD)
    batch = Batch(reborn=[(storing._GROWN, of.case.bytes) for of in (alone, two)] * 60)
    with either.doors.log.transaction(either.session) as tx:
        assert batch.apply(tx.session)
    assert (alone.minor, two.minor) == (False, True)
