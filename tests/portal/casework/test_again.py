"""Somebody who was de-selected comes back: a case of its own, access from then on, who is told of the earlier one."""

import uuid

import pytest
from sqlalchemy import select

from portal.audit import tables as audit_tables
from portal.auth.actor import Actor
from portal.casework import moving
from portal.db import DAY, now_micros
from portal.errors import NotFound
from portal.sharing import cases, visits
from portal.sharing.reading import case as case_reading
from portal.sharing.reading.earlier import Earlier, earlier
from portal.sharing.tables import CaseFile
from tests.installation import World
from tests.portal.casework.test_referrals import DEAN, KNOWN, PNC, WHY, People
from tests.portal.pages.web import Web

DEAN_AGAIN = {**DEAN, "identifiers.pnc": PNC, **WHY}


class Back(People):
    """Dean was de-selected last month; police, housing and the mentor worked on him; police refer him again."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.mentor = world.actor("barnet_bridges", "practitioner", "Moe Mentor")
        self.old = world.case(KNOWN, assigned=[self.police, self.housing, self.mentor])
        with world.doors.log.transaction(world.session) as tx:
            cases.steer(tx.session, self.old, {"case.status": "De-selected"}, now_micros() - DAY)
            tx.session.get_one(CaseFile, self.old).opened_at -= 90 * DAY
        self.closed_at = self.file(self.old).closed_at
        self.refer(self.police, DEAN_AGAIN)
        self.new = self.waiting().lines[0].case

    def file(self, case: uuid.UUID) -> CaseFile:
        self.world.session.rollback()
        return self.world.session.scalars(select(CaseFile).where(CaseFile.id == case)).one()

    def opens(self, actor: Actor, case: uuid.UUID, purpose: str = "risk") -> bool:
        at = self.world
        visit = visits.begin(at.session, at.doors, actor, case, purpose, "", now_micros())
        try:
            case_reading.case(at.session, at.doors, actor, visit)
        except NotFound:
            return False
        return True

    def told(self, actor: Actor) -> Earlier | None:
        return earlier(self.world.session, self.world.doors, actor, self.new)

    def assign(self, *actors: Actor) -> None:
        with self.world.doors.log.transaction(self.world.session):
            for actor in actors:
                self.world.assign(self.new, actor)


@pytest.fixture
def back(world: World) -> Back:
    return Back(world)


def test_it_is_a_new_case_of_the_same_person_and_the_old_one_keeps_its_day(back: Back) -> None:
    old, new = back.file(back.old), back.file(back.new)
    assert (new.person, new.agreement, new.state) == (old.person, old.agreement, "open")
    assert (old.state, old.closed_at) == ("deselected", back.closed_at)
    assert new.id != old.id
    assert new.opened_at > (old.closed_at or 0)


def test_who_worked_on_the_earlier_case_opens_neither_until_somebody_assigns_them(back: Back) -> None:
    for who in (back.police, back.housing, back.mentor):
        assert not back.opens(who, back.new), who.party
        assert not back.opens(who, back.old), who.party
    back.assign(back.police)  # the twin: an assignment to the new case is what opens it
    assert back.opens(back.police, back.new)
    assert not back.opens(back.police, back.old)
    assert not back.opens(back.housing, back.new)
    visit = visits.begin(back.world.session, back.world.doors, back.keeper, back.old, "risk", "", now_micros())
    with pytest.raises(NotFound):
        moving.desk(back.world.session, back.world.doors, back.keeper, visit)


def test_only_who_may_review_the_earlier_case_is_told_of_it(back: Back) -> None:
    newcomer = back.world.actor("police", "practitioner", "Nell Newcomer")
    back.assign(back.police, back.housing, newcomer)
    for who in (back.keeper, back.police):
        found = back.told(who)
        assert found is not None
        assert (found.case, found.reference) == (back.old, back.file(back.old).reference)
        assert found.until.isoformat() == "2026-11-24"
        assert back.opens(who, back.old, "deselection")
    for who in (back.housing, back.mentor, newcomer):
        assert back.told(who) is None, who.party
        assert not back.opens(who, back.old, "deselection")


def test_an_entry_stands_before_it_is_told_and_none_where_nobody_is(back: Back) -> None:
    before = len(back.logged())
    assert back.told(back.housing) is None
    assert len(back.logged()) == before
    assert back.told(back.keeper) is not None
    assert back.logged()[before:] == [("consultation", "permitted")]
    e = audit_tables.ENTRY
    last = back.world.session.execute(select(e.c.purpose).order_by(e.c.at.desc()).limit(1)).scalar_one()
    assert last == "deselection"


def test_a_case_that_is_open_beside_it_is_no_earlier_one(back: Back) -> None:
    with back.world.doors.log.transaction(back.world.session) as tx:
        tx.session.get_one(CaseFile, back.old).state = "open"
    assert back.told(back.keeper) is None


@pytest.fixture
def web(back: Back) -> Web:
    return Web(back.world.app(), back.world)


def test_the_inbox_and_the_case_say_again_since_and_housing_reads_nothing_of_it(back: Back, web: Web) -> None:
    back.assign(back.housing)
    reference = back.file(back.old).reference
    web.sign_in(back.keeper)
    [line] = back.waiting().lines
    assert reference in web.get(f"/inbox/{line.id}").text
    assert "On IOM again since 25 November 2026; before, from 27 August 2026 to 24 November 2026" in web.text
    path = web.post(f"/case/{back.new}", {"purpose": "risk", "reason": ""}).location
    assert f'href="/case/{back.old}"' in web.get(path).text
    web.sign_in(back.housing)
    path = web.post(f"/case/{back.new}", {"purpose": "risk", "reason": ""}).location
    page = web.get(path)
    assert page.status_code == 200
    assert "again since" not in page.text
    assert reference not in page.text
    assert str(back.old) not in page.text
