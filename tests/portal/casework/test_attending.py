"""Meetings met by a hostile officer: two at once, an old session, a party that has left, the change of the clocks."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.audit.tables import DETAIL, ENTRY
from portal.auth import capacities, sessions
from portal.auth.actor import Actor
from portal.auth.sessions import Limits, SignedInBy
from portal.auth.tables import CapacityGrant
from portal.casework import arranging, attending, deciding, meetings
from portal.db import DAY, HOUR, MINUTE, now_micros, to_micros
from portal.errors import NotFound
from portal.sharing import visits
from portal.sharing.days import midnight
from portal.sharing.tables import Adoption, CaseFile
from tests.installation import World
from tests.portal.casework.test_meetings import BARNET, Panel

LIMITS = Limits(15 * MINUTE, 10 * HOUR, 5 * MINUTE)


class Before:
    """A log before whose next transaction something happens: another person was quicker by that much."""

    def __init__(self, log: Any, act: Callable[[], None]) -> None:
        self._log, self._acts = log, [act]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)

    @contextmanager
    def transaction(self, session: Session) -> Iterator[Any]:
        if self._acts:
            self._acts.pop()()
        with self._log.transaction(session) as tx:
            yield tx


@pytest.fixture
def panel(either: World) -> Panel:
    return Panel(either)


def join_after(panel: Panel, who: Actor, meeting: Any, act: Callable[[], None]) -> None:
    doors = replace(panel.world.doors, log=Before(panel.world.doors.log, act))  # type: ignore[arg-type]
    attending.join(panel.world.session, doors, who, meeting)


def signed_in(panel: Panel, who: Actor) -> tuple[Actor, str]:
    """The same person in a session of their own that lives as sessions do; its cookie."""
    at, now = panel.world, now_micros()
    with at.doors.log.transaction(at.session) as tx:
        by = SignedInBy("bench", b"i" * 32, None, now // 1_000_000, "")
        fresh = sessions.create(tx.session, who.user, by, who.capacity, now + 9 * HOUR, now)
    return replace(who, session=fresh.session), fresh.cookie


def alive(panel: Panel, cookie: str, later: int) -> bool:
    return sessions.resolve(panel.world.session, cookie, LIMITS, now_micros() + later) is not None


def test_who_was_taken_off_the_list_at_the_last_moment_does_not_come_in(panel: Panel) -> None:
    meeting = panel.plan()

    def chair_is_quicker() -> None:
        arranging.arrange(panel.world.session, panel.world.doors, panel.coordinator, meeting, panel.cases, [])
        panel.join(panel.coordinator, meeting)

    with pytest.raises(NotFound):
        join_after(panel, panel.guest, meeting, chair_is_quicker)
    assert not panel.opens(panel.guest, panel.cases[0])


def test_closing_ends_the_visits_of_who_joined_while_another_opened(panel: Panel) -> None:
    at, meeting = panel.world, panel.plan()
    join_after(panel, panel.chair, meeting, lambda: panel.join(panel.coordinator, meeting))
    now = at.doors.clock()
    assert visits.current(at.session, at.doors, panel.chair, panel.cases[0], now)
    assert panel.close(panel.coordinator, meeting)
    assert not visits.current(at.session, at.doors, panel.chair, panel.cases[0], at.doors.clock())


def test_a_second_browser_lets_the_first_go(panel: Panel) -> None:
    at, meeting = panel.world, panel.plan()
    first, cookie = signed_in(panel, panel.coordinator)
    second, other = signed_in(panel, panel.coordinator)
    panel.join(first, meeting)
    panel.join(second, meeting)
    assert not alive(panel, cookie, HOUR), "nobody attends in it any more, so it may be idle as any"
    assert alive(panel, other, HOUR)
    assert not visits.current(at.session, at.doors, first, panel.cases[0], at.doors.clock())


def test_closing_one_meeting_leaves_the_other_as_it_is(panel: Panel) -> None:
    at, one, two = panel.world, panel.plan(), panel.plan()
    panel.coordinator, cookie = signed_in(panel, panel.coordinator)
    panel.join(panel.coordinator, one)
    panel.join(panel.coordinator, two)
    assert panel.close(panel.coordinator, one)
    assert alive(panel, cookie, HOUR), "they still sit in the other"
    assert visits.current(at.session, at.doors, panel.coordinator, panel.cases[0], at.doors.clock())
    panel.join(panel.coordinator, two)
    assert panel.close(panel.coordinator, two)
    assert not alive(panel, cookie, HOUR)


def test_a_purpose_changed_meanwhile_can_be_declared_again(panel: Panel) -> None:
    at, meeting = panel.world, panel.plan()
    panel.join(panel.coordinator, meeting)
    now = at.doors.clock()
    standing = visits.current(at.session, at.doors, panel.coordinator, panel.cases[0], now)
    visits.begin(at.session, at.doors, panel.coordinator, panel.cases[0], "risk", "", now, instead_of=standing)
    at.doors = replace(at.doors, clock=lambda: now_micros() + 2 * HOUR)
    assert not panel.see(panel.coordinator, meeting).joined, "so that the page offers to join"
    panel.join(panel.coordinator, meeting)
    assert panel.see(panel.coordinator, meeting).joined
    assert not deciding.desk(at.session, at.doors, panel.coordinator, meeting, panel.cases[0]).decided


def test_a_party_that_has_left_holds_no_meeting_and_is_asked_to_none(panel: Panel) -> None:
    at, meeting = panel.world, panel.plan()
    panel.join(panel.coordinator, meeting)
    with at.doors.log.transaction(at.session):
        gone = Adoption.party.in_(["police", "barnet_adults"])
        at.session.execute(update(Adoption).where(gone).values(ended_at=now_micros()))
    for who in (panel.chair, panel.guest):
        with pytest.raises(NotFound):
            panel.see(who, meeting)
        with pytest.raises(NotFound):
            panel.join(who, meeting)
        assert not meetings.coming(at.session, at.doors, who)
    with pytest.raises(NotFound):
        panel.close(panel.chair, meeting)
    assert not panel.see(panel.coordinator, panel.plan()).people, "nobody of a party that has left is named"


def test_whose_capacity_has_ended_is_not_named_at_planning(panel: Panel) -> None:
    at, meeting = panel.world, panel.plan()
    admin = at.actor("barnet_adults", "admin", "Ada Admin")
    with at.doors.log.transaction(at.session) as tx:
        capacities.end(tx, admin, panel.guest.capacity, now_micros())
    assert not panel.see(panel.coordinator, meeting).people


def test_a_chair_who_has_joined_is_among_those_who_are_there(panel: Panel) -> None:
    meeting = panel.plan()
    panel.join(panel.coordinator, meeting)
    panel.join(panel.chair, meeting)
    there = panel.see(panel.coordinator, meeting).people
    assert [p.name for p in there if p.joined] == ["Nadia Rahman", "Carl Chair"]


def test_the_log_names_nobody_whom_the_page_does_not_show(panel: Panel) -> None:
    at, meeting = panel.world, panel.plan()
    panel.join(panel.coordinator, meeting)

    def lists() -> int:
        at.session.rollback()
        return len(at.session.execute(select(ENTRY.c.operation).where(ENTRY.c.operation == "list")).all())

    before = lists()
    assert not panel.see(panel.chair, meeting).items, "open, and they have not joined"
    panel.close(panel.coordinator, meeting)
    assert not panel.see(panel.coordinator, meeting).items, "over: the page shows no agenda"
    assert lists() == before


def test_on_the_day_the_clocks_go_forward_the_agenda_ends_at_midnight(panel: Panel) -> None:
    spring = datetime(2027, 3, 28, tzinfo=UTC).date()
    at = panel.world
    next_day = at.case(review_due=to_micros(midnight(spring)) + 23 * HOUR)
    with at.doors.log.transaction(at.session):
        last = update(CapacityGrant).where(CapacityGrant.id == panel.guest.capacity)
        at.session.execute(last.values(ends=to_micros(midnight(spring)) + 23 * HOUR))
    meeting = arranging.plan(at.session, at.doors, panel.coordinator, BARNET, spring)
    view = panel.see(panel.coordinator, meeting)
    assert next_day not in [i.line.case for i in view.items if i.chosen], "it is due the day after"
    assert [p.chosen for p in view.people] == [True], "their role lasts until that day is over"


def test_a_day_after_it_a_meeting_that_was_not_held_is_not_to_come(panel: Panel) -> None:
    at, _ = panel.world, panel.plan()
    at.doors = replace(at.doors, clock=lambda: now_micros() + DAY)
    assert [m.state for m in meetings.coming(at.session, at.doors, panel.coordinator)] == ["not held"]


def test_the_log_says_whose_case_was_taken_off_an_agenda(panel: Panel) -> None:
    at, meeting = panel.world, panel.plan()
    arranging.arrange(at.session, at.doors, panel.coordinator, meeting, panel.cases[1:], [])
    at.session.rollback()
    gone = at.session.get(CaseFile, panel.cases[0])
    assert gone is not None
    tag = at.doors.log.vault(at.session).tag(gone.person)
    told = (
        select(ENTRY.c.operation).join(DETAIL, DETAIL.c.entry_id == ENTRY.c.entry_id).where(DETAIL.c.subject_tag == tag)
    )
    assert [row.operation for row in at.session.execute(told)].count("meeting-arranged") == 2
