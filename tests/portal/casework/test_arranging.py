"""What stands on an agenda by itself: accepted referrals until they are decided, then what is due for review."""

import uuid
from dataclasses import replace

import pytest

from portal.auth.actor import Actor
from portal.casework import arranging, attending, deciding, inbox, meetings, referrals
from portal.casework.deciding import LATER, SELECT, Told
from portal.db import DAY, now_micros
from portal.sharing.days import day_at
from tests.installation import World

BARNET = "barnet-iom"
REFERRED = {
    "person.surname": "Harkness",
    "person.forename": "Dean",
    "person.date_of_birth": "1991-03-27",
    "referral.reason": "Three burglaries in Fenwick Rise since August",
    "referral.priority_crime": "Burglary",
    "referral.source": "Neighbourhood team",
}


@pytest.fixture
def coordinator(either: World) -> Actor:
    return either.actor("barnet_safety", "coordinator", "Nadia Rahman")


@pytest.fixture
def accepted(either: World, coordinator: Actor) -> uuid.UUID:
    """Somebody whom the police referred, and whose referral was accepted; the case."""
    officer = either.actor("police", "practitioner", "Pat Police")
    referrals.refer(either.session, either.doors, officer, BARNET, REFERRED, uuid.uuid4())
    [line] = inbox.waiting(either.session, either.doors, coordinator).lines
    inbox.answer(either.session, either.doors, coordinator, line.id, line.version, "accepted", "")
    view = meetings.see(either.session, either.doors, coordinator, plan(either, coordinator))
    return view.items[0].line.case


def plan(world: World, coordinator: Actor) -> uuid.UUID:
    return arranging.plan(world.session, world.doors, coordinator, BARNET, day_at(world.doors.clock()))


def agenda(world: World, coordinator: Actor) -> list[tuple[str, str]]:
    view = meetings.see(world.session, world.doors, coordinator, plan(world, coordinator))
    return [(i.line.name, i.why) for i in view.items if i.chosen]


def decide(world: World, coordinator: Actor, case: uuid.UUID, outcome: str) -> None:
    meeting = plan(world, coordinator)
    attending.join(world.session, world.doors, coordinator, meeting)
    desk = deciding.desk(world.session, world.doors, coordinator, meeting, case)
    told = Told(outcome=outcome, reason="Agreed", review_on=day_at(now_micros() + 90 * DAY).isoformat())
    if desk.standing:
        told = replace(told, record=desk.standing.id, base=desk.standing.version)
    deciding.decide(world.session, world.doors, coordinator, meeting, case, told)
    attending.close(world.session, world.doors, coordinator, meeting)


def test_accepted_referrals_come_first(either: World, coordinator: Actor, accepted: uuid.UUID) -> None:
    either.case(review_due=now_micros() - DAY)
    assert agenda(either, coordinator) == [("Dean Harkness", "referral"), ("Dean Marlowe", "review")]


@pytest.mark.parametrize("outcome", [SELECT, LATER])
def test_once_decided_it_comes_back_only_when_it_is_due(
    either: World, coordinator: Actor, accepted: uuid.UUID, outcome: str
) -> None:
    decide(either, coordinator, accepted, outcome)
    left = agenda(either, coordinator)
    assert left == ([] if outcome == SELECT else [("Dean Harkness", "referral")])


def test_what_waits_in_the_inbox_is_not_on_an_agenda(either: World, coordinator: Actor) -> None:
    officer = either.actor("police", "practitioner", "Pat Police")
    referrals.refer(either.session, either.doors, officer, BARNET, REFERRED, uuid.uuid4())
    assert agenda(either, coordinator) == []
