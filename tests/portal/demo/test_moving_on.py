"""The transfers of the demo, as the people of both boroughs find them on the first morning."""

from sqlalchemy import func, select

from portal.audit.tables import ENTRY
from portal.auth.actor import Actor
from portal.casework import inbox, transferring
from portal.db import now_micros
from portal.demo import moving_on, seeding
from portal.demo.morning import at_work
from portal.demo.people import staff, story
from portal.demo.running import SEED
from portal.sharing import transfers, visits
from portal.sharing.days import day_at
from portal.sharing.tables import CaseFile
from portal.sharing.transfer_tables import TransferRow
from tests.installation import TAGS, World


def test_one_waits_in_brent_and_one_was_taken_on_in_barnet(world: World) -> None:
    session, doors, now = world.session, world.doors, now_micros()
    everyone = list(staff.roster())
    users = seeding.enrol(session, doors, TAGS, everyone, lambda party: f"https://{party}.example", now)
    told = list(story.story(SEED, day_at(now)))
    taken = next(n for n in told if [c.agreement for c in n.cases] == ["harrow-iom", "barnet-iom"])
    going = next(n for n in told if moving_on._may_go(n))
    seeding.tell(session, doors, [taken, going], users, {one.key: one.party for one in everyone}, now)
    entries = select(func.count()).select_from(ENTRY).where(ENTRY.c.operation.in_(("import", "disclosure")))
    before = session.connection().execute(entries).scalar_one()
    moving_on.move(session, doors, users, [taken, going])
    session.rollback()
    assert session.connection().execute(entries).scalar_one() == before + 5, "both cases of the one, three of the other"
    assert sorted(session.scalars(select(TransferRow.state))) == [transfers.OFFERED, transfers.TAKEN]
    stacey, denise = (at_work(session, doors, users[key]) for key in ("okonkwo", "fontaine"))
    [line] = inbox.waiting(session, doors, denise).lines
    assert (line.agency, line.source) == ("Probation", "Transfer from Barnet")
    assert line.words[0].reason == moving_on.GOING
    assert _word(world, stacey, going.cases[0].reference) == transfers.WAITS
    susan, nadia = (at_work(session, doors, users[key]) for key in ("thackray", "rahman"))
    assert _word(world, susan, taken.cases[0].reference) == transfers.TAKEN
    there = _desk(world, nadia, taken.cases[1].reference)
    assert [(t.came, t.record.text("reason")) for t in there.told] == [(True, moving_on.MOVED)]


def _desk(world: World, actor: Actor, reference: str) -> transferring.Desk:
    case = world.session.scalars(select(CaseFile.id).where(CaseFile.reference == reference)).one()
    visit = visits.begin(world.session, world.doors, actor, case, "selection", "", now_micros())
    return transferring.desk(world.session, world.doors, actor, visit)


def _word(world: World, actor: Actor, reference: str) -> str:
    return _desk(world, actor, reference).told[0].code
