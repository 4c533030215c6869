"""What stands on an agenda by itself: accepted referrals until they are decided, then what is due for review."""

import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.audit.tables import ENTRY
from portal.auth.actor import Actor
from portal.casework import arranging, attending, deciding, inbox, meetings, referrals
from portal.casework.deciding import LATER, SELECT, Told
from portal.db import DAY, now_micros
from portal.errors import NotFound
from portal.sharing.days import day_at
from portal.sharing.fields import Invalid
from portal.sharing.meeting_tables import Meeting
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


def test_a_form_sent_twice_plans_one_meeting(either: World, coordinator: Actor) -> None:
    once, day = uuid.uuid4(), day_at(either.doors.clock())
    made = [arranging.plan(either.session, either.doors, coordinator, BARNET, day, once) for _ in range(2)]
    assert made == [once, once]
    assert [s.id for s in meetings.coming(either.session, either.doors, coordinator)] == [once]
    assert logged(either) == ["meeting-arranged"]


def test_moved_it_keeps_its_agenda_and_opens_on_the_new_day_alone(either: World, coordinator: Actor) -> None:
    either.case(review_due=now_micros() - DAY)
    day = day_at(either.doors.clock())
    meeting = arranging.plan(either.session, either.doors, coordinator, BARNET, day + timedelta(days=7))
    arranging.move(either.session, either.doors, coordinator, meeting, day)
    assert logged(either) == ["meeting-arranged"] * 2
    [about] = meetings.coming(either.session, either.doors, coordinator)
    assert (about.day, about.cases) == (day, 1)
    attending.join(either.session, either.doors, coordinator, meeting)
    for change in (
        lambda: arranging.move(either.session, either.doors, coordinator, meeting, day),
        lambda: arranging.call_off(either.session, either.doors, coordinator, meeting),
    ):
        with pytest.raises(Invalid) as wrong:
            change()
        assert "has begun" in wrong.value.problems[""]
    assert meetings.summary(either.session, either.doors, coordinator, row(either, meeting)).state == meetings.OPEN


def test_called_off_it_is_not_opened_and_its_cases_wait_for_the_next(either: World, coordinator: Actor) -> None:
    either.case(review_due=now_micros() - DAY)
    day = day_at(either.doors.clock())
    meeting = arranging.plan(either.session, either.doors, coordinator, BARNET, day)
    arranging.call_off(either.session, either.doors, coordinator, meeting)
    for attempt in (
        lambda: attending.join(either.session, either.doors, coordinator, meeting),
        lambda: arranging.arrange(either.session, either.doors, coordinator, meeting, [], []),
        lambda: arranging.move(either.session, either.doors, coordinator, meeting, day),
    ):
        with pytest.raises(Invalid) as wrong:
            attempt()
        assert "called off" in wrong.value.problems[""]
    assert agenda(either, coordinator) == [("Dean Marlowe", "review")]


@pytest.mark.parametrize("days", [-1, 400])
def test_a_day_that_is_past_or_far_off_is_refused(either: World, coordinator: Actor, days: int) -> None:
    meeting, day = plan(either, coordinator), day_at(either.doors.clock())
    with pytest.raises(Invalid) as wrong:
        arranging.move(either.session, either.doors, coordinator, meeting, day + timedelta(days=days))
    assert wrong.value.problems == {"day": "The day must be today or within a year"}


def test_who_keeps_no_meetings_changes_none(either: World, coordinator: Actor) -> None:
    meeting = plan(either, coordinator)
    officer = either.actor("police", "practitioner")
    with pytest.raises(NotFound):
        arranging.call_off(either.session, either.doors, officer, meeting)
    with pytest.raises(NotFound):
        arranging.move(either.session, either.doors, officer, meeting, day_at(either.doors.clock()))


def row(world: World, meeting: uuid.UUID) -> Meeting:
    world.session.rollback()
    found = world.session.get(Meeting, meeting, populate_existing=True)
    assert found is not None
    return found


def logged(world: World) -> list[str]:
    world.session.rollback()
    written = select(ENTRY.c.operation).where(ENTRY.c.operation.startswith("meeting-"))
    return list(world.session.scalars(written))
