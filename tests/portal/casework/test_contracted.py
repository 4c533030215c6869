"""What is decided for others asks for the contract as a page does: mails, who is asked, who is told of an answer."""

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select, update

from portal.auth import contracts
from portal.auth.actor import Actor
from portal.auth.tables import ContractPeriod
from portal.casework import comments, confirming, inbox, notifying
from portal.casework.confirming import EVERYONE
from portal.db import now_micros
from portal.sharing import answering, facts, referring
from portal.sharing.reading import referrals
from portal.sharing.reading.reach import working
from portal.sharing.sight import READ
from portal.sharing.tables import RecordRow
from tests.installation import World
from tests.portal.casework.talking import Talking
from tests.portal.casework.test_at_once import Urgent
from tests.portal.casework.test_notifying import Post

BRIDGES, COUNCIL, MENTOR = "barnet_bridges", "barnet_safety", "mo@bridges.example"


@pytest.fixture(params=[True, False], ids=["runs", "over"])
def runs(request: pytest.FixtureRequest) -> bool:
    """Whether a contract runs at the moment of the decision."""
    return bool(request.param)


def ends(world: World) -> None:
    """Every contract ends now."""
    with world.doors.log.transaction(world.session) as tx:
        tx.session.execute(update(ContractPeriod).values(ended_at=now_micros()))


def anew(world: World, actor: Actor) -> Actor:
    """Somebody at their next request."""
    world.session.rollback()
    return replace(actor, contracts=contracts.recorded(world.session, now_micros()))


@pytest.mark.parametrize("made", [Post, Urgent], ids=["morning", "at once"])
def test_nobody_is_mailed_of_what_a_contract_gave_that_is_over(
    world: World, made: Callable[[World], Post], runs: bool
) -> None:
    post = made(world)
    mentor = post.enrol(BRIDGES, "practitioner", "Mo Mentor", MENTOR)
    with world.doors.log.transaction(world.session):
        world.assign(post.case, mentor)
    if isinstance(post, Urgent):
        notifying.wish(world.session, world.doors, mentor.user, True, at_once=True)
    post.share()
    if isinstance(post, Urgent):
        _asks_the_mentor(post, mentor)
    if not runs:
        ends(world)
    if isinstance(post, Urgent):
        post.once()
    else:
        post.tell()
    assert (MENTOR in post.box) is runs


def _asks_the_mentor(urgent: Urgent, mentor: Actor) -> None:
    """A colleague of the mentor asks them by name."""
    world = urgent.world
    other = world.actor(BRIDGES, "practitioner", "Mia Mentor")
    with world.doors.log.transaction(world.session):
        world.assign(urgent.case, other)
    on = world.session.scalars(select(RecordRow.id).where(RecordRow.kind == "update")).one()
    whom = {comments.value(BRIDGES, mentor.user)}
    comments.add(world.session, world.doors, other, urgent.begins(other), on, "behaviour", "Seen since?", whom)


def test_whoever_reads_nothing_any_more_is_asked_nothing_by_others(world: World, runs: bool) -> None:
    here = Talking(world)
    mentor = world.actor(BRIDGES, "practitioner", "Mo Mentor")
    here.assigns(mentor, "Mo Mentor")
    record = here.shares(here.jo, "Missed Tuesday", "behaviour", EVERYONE)
    if not runs:
        ends(world)
    jo = anew(world, here.jo)
    form = comments.blank(world.session, world.doors, jo, here.visit(jo), record)
    assert ("Mo Mentor" in {w.name for w in form.whom}) is runs
    found = confirming.readers(world.session, world.doors, jo, here.visit(jo), record)
    assert ("Mo Mentor" in {r.name for r in found.readers}) is runs
    assert record in here.waits(mentor) if runs else here.waits(anew(world, mentor)) == []


def test_a_referrer_is_told_and_asked_for_more_while_its_contract_runs(world: World, runs: bool) -> None:
    if not runs:
        ends(world)
    now, keeper = now_micros(), anew(world, world.actor(COUNCIL, "coordinator", "Cora Coordinator"))
    engine = world.doors.book.engine("barnet-iom")
    item: Any = SimpleNamespace(party=BRIDGES, case=SimpleNamespace(minor=False, agreement="barnet-iom"))
    assert referrals.told(engine, item, COUNCIL, now, keeper.contracts) is runs
    assert not referrals.told(engine, item, COUNCIL, now), "what is recorded is not looked up by itself"
    assert ("asked" in inbox.answers(world.doors, keeper, item)) is runs
    at = referring.newcomer(world.session, world.doors, keeper, "barnet-iom", now)
    assert answering._referrer(at, item) == ({BRIDGES} if runs else set())


def test_a_list_is_made_of_what_the_contract_gives_today(world: World, runs: bool) -> None:
    mentor = world.actor(BRIDGES, "practitioner", "Mo Mentor")
    if not runs:
        ends(world)
    [seen] = working(world.doors, anew(world, mentor), "pathways", now_micros())
    assert seen.decide(READ, "update.text@behaviour", "probation").permit is runs


def test_a_contract_with_another_party_is_none_with_whom_it_acts_for(world: World) -> None:
    agreement = world.doors.book.engine("barnet-iom").agreement
    assert facts.contracted(agreement, BRIDGES, frozenset({(BRIDGES, "police", True)})) == {}
    told = frozenset({(BRIDGES, "police", True), (BRIDGES, COUNCIL, False)})
    assert facts.contracted(agreement, BRIDGES, told) == {"contracted": False}
    assert facts.contracted(agreement, "police", told) == {"contracted": False}
