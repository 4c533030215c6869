"""Meetings, on both databases: planned with what is due, opened by one declaration, ended as a whole by closing."""

import uuid
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from portal.audit import tables as audit_tables
from portal.auth import sessions
from portal.auth.actor import Actor
from portal.auth.sessions import Limits, SignedInBy
from portal.auth.tables import LoginSession
from portal.casework import arranging, attending, deciding, meetings, minuting
from portal.casework.deciding import DESELECT, LATER, SELECT, STAY, Decided, Told
from portal.db import DAY, HOUR, MINUTE, now_micros
from portal.errors import Conflict, NotFound, Refused
from portal.sharing import visits
from portal.sharing.days import day_at
from portal.sharing.fields import Invalid
from portal.sharing.reading import case as case_reading
from portal.sharing.tables import CaseFile
from tests.installation import World

BARNET = "barnet-iom"
REASON = "Two years without an offence, in work, and the panel is unanimous."


class Panel:
    """A coordinator, a chair from the police, a nurse's colleague who attends, and three cases due for review."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.coordinator = world.actor("barnet_safety", "coordinator", "Nadia Rahman")
        self.chair = world.actor("police", "chair", "Carl Chair")
        self.guest = world.actor("barnet_adults", "attendee", "Gwen Guest")
        now = now_micros()
        self.cases = [world.case(review_due=now - (3 - n) * DAY) for n in range(3)]
        self.later = world.case(review_due=now + 40 * DAY)

    def plan(self, ahead: int = 0) -> uuid.UUID:
        at = self.world
        return arranging.plan(at.session, at.doors, self.coordinator, BARNET, self.today() + timedelta(days=ahead))

    def today(self) -> date:
        return day_at(self.world.doors.clock())

    def see(self, who: Actor, meeting: uuid.UUID) -> meetings.View:
        return meetings.see(self.world.session, self.world.doors, who, meeting)

    def join(self, who: Actor, meeting: uuid.UUID) -> None:
        attending.join(self.world.session, self.world.doors, who, meeting)

    def close(self, who: Actor, meeting: uuid.UUID) -> bool:
        return attending.close(self.world.session, self.world.doors, who, meeting)

    def decide(self, meeting: uuid.UUID, case: uuid.UUID, told: Told, who: Actor | None = None) -> None:
        at, actor = self.world, who or self.coordinator
        desk = deciding.desk(at.session, at.doors, actor, meeting, case)
        if desk.standing and not told.base:
            told = replace(told, record=desk.standing.id, base=desk.standing.version)
        deciding.decide(at.session, at.doors, actor, meeting, case, told)

    def opens(self, who: Actor, case: uuid.UUID, purpose: str = "selection") -> bool:
        at = self.world
        visit = visits.begin(at.session, at.doors, who, case, purpose, "", at.doors.clock())
        try:
            case_reading.case(at.session, at.doors, who, visit)
        except NotFound:
            return False
        return True

    def operations(self) -> list[tuple[str, str]]:
        self.world.session.rollback()
        e = audit_tables.ENTRY
        rows = self.world.session.execute(select(e.c.operation, e.c.outcome).order_by(e.c.at, e.c.n)).all()
        return [tuple(r) for r in rows]

    def file(self, case: uuid.UUID) -> CaseFile:
        self.world.session.rollback()
        found = self.world.session.get(CaseFile, case, populate_existing=True)
        assert found is not None
        return found


@pytest.fixture
def panel(either: World) -> Panel:
    return Panel(either)


def told(outcome: str, review: int | None = 90, **more: str) -> Told:
    on = (date.today() + timedelta(days=review)).isoformat() if review else ""
    return Told(outcome=outcome, reason=REASON, review_on=on, **more)  # type: ignore[arg-type]


def test_a_meeting_is_planned_with_what_is_due_and_who_may_attend(panel: Panel) -> None:
    view = panel.see(panel.coordinator, panel.plan())
    chosen = [i.line.case for i in view.items if i.chosen]
    assert chosen == panel.cases, "the longest due first, and not the one that is due in weeks"
    assert panel.later not in chosen
    assert [(p.name, p.chosen) for p in view.people] == [("Gwen Guest", True)]
    assert ("meeting-arranged", "permitted") in panel.operations()


def test_the_agenda_is_changed_until_the_meeting_begins(panel: Panel) -> None:
    at, meeting = panel.world, panel.plan()
    reference = panel.file(panel.later).reference
    kept = [panel.cases[2], panel.cases[0]]
    arranging.arrange(at.session, at.doors, panel.coordinator, meeting, kept, [], reference.lower())
    view = panel.see(panel.coordinator, meeting)
    assert [i.line.case for i in view.items if i.chosen] == [*kept, panel.later]
    assert not any(p.chosen for p in view.people)
    with pytest.raises(Invalid) as unknown:
        arranging.arrange(at.session, at.doors, panel.coordinator, meeting, kept, [], "BN-1999-0001")
    assert "reference" in unknown.value.problems
    panel.join(panel.coordinator, meeting)
    with pytest.raises(Invalid):
        arranging.arrange(at.session, at.doors, panel.coordinator, meeting, [], [])


def test_a_guest_sees_the_agenda_while_it_is_open_and_nothing_before_or_after(panel: Panel) -> None:
    meeting = panel.plan()
    assert not panel.opens(panel.guest, panel.cases[0])
    assert not panel.see(panel.guest, meeting).items
    with pytest.raises(Invalid):
        panel.join(panel.guest, meeting)
    panel.join(panel.coordinator, meeting)
    assert not panel.opens(panel.guest, panel.cases[0]), "asked, and not there yet"
    panel.join(panel.guest, meeting)
    assert [i.line.name for i in panel.see(panel.guest, meeting).items] == ["Dean Marlowe"] * 3
    assert panel.opens(panel.guest, panel.cases[0])
    assert not panel.opens(panel.guest, panel.later), "not on the agenda"
    assert not panel.opens(panel.guest, panel.cases[0], "enforcement"), "clause 5.67 names other purposes"
    assert panel.close(panel.coordinator, meeting)
    assert not panel.opens(panel.guest, panel.cases[0])
    assert not panel.see(panel.guest, meeting).items


def test_one_declaration_opens_every_case_and_closing_ends_every_visit(panel: Panel) -> None:
    at, meeting = panel.world, panel.plan()
    panel.join(panel.coordinator, meeting)
    declared = [o for o in panel.operations() if o[0] == "purpose-chosen"]
    assert len(declared) == 1
    now = at.doors.clock()
    begun = [visits.current(at.session, at.doors, panel.coordinator, c, now) for c in panel.cases]
    assert all(begun)
    panel.join(panel.coordinator, meeting)
    assert [visits.current(at.session, at.doors, panel.coordinator, c, now) for c in panel.cases] == begun
    assert panel.close(panel.chair, meeting), "a chair may close what a coordinator opened"
    assert not any(visits.current(at.session, at.doors, panel.coordinator, c, now) for c in panel.cases)
    assert not panel.close(panel.coordinator, meeting), "the second of two finds it closed"
    assert [o for o, _ in panel.operations()].count("meeting-closed") == 1


def test_a_meeting_nobody_closes_ends_by_itself(panel: Panel) -> None:
    at, meeting = panel.world, panel.plan()
    panel.join(panel.coordinator, meeting)
    panel.join(panel.guest, meeting)
    over = replace(at.doors, clock=lambda: now_micros() + attending.LONGEST + MINUTE)
    at.doors = over
    assert not panel.opens(panel.guest, panel.cases[0])
    assert not panel.see(panel.guest, meeting).items
    assert not panel.close(panel.coordinator, meeting)


@pytest.mark.parametrize("ahead", [1, 30])
def test_it_is_opened_on_its_day_only(panel: Panel, ahead: int) -> None:
    meeting = panel.plan(ahead)
    with pytest.raises(Invalid):
        panel.join(panel.coordinator, meeting)
    assert not any(o == "meeting-opened" for o, _ in panel.operations())


def test_who_is_not_asked_meets_what_a_missing_meeting_looks_like(panel: Panel) -> None:
    at, meeting = panel.world, panel.plan()
    uninvited = at.actor("barnet_housing", "attendee", "Una Uninvited")
    officer = at.actor("police", "practitioner", "Pat Police")
    elsewhere = at.actor("brent_safety", "coordinator", "Bea Brent")
    panel.join(panel.coordinator, meeting)
    for who in (uninvited, officer, elsewhere):
        for wanted in (meeting, uuid.uuid4()):
            with pytest.raises(NotFound):
                panel.see(who, wanted)
            with pytest.raises(NotFound):
                panel.join(who, wanted)
            with pytest.raises(NotFound):
                panel.close(who, wanted)
    with pytest.raises(NotFound):
        panel.close(panel.guest, meeting)
    assert not meetings.coming(at.session, at.doors, uninvited)


def test_nobody_who_attends_is_signed_out_for_being_idle(panel: Panel) -> None:
    at, now = panel.world, now_micros()
    limits = Limits(15 * MINUTE, 10 * HOUR, 5 * MINUTE)
    who = panel.coordinator
    with at.doors.log.transaction(at.session) as tx:
        by = SignedInBy("bench", b"i" * 32, None, now // 1_000_000, "")
        fresh = sessions.create(tx.session, who.user, by, who.capacity, now + 9 * HOUR, now)
    panel.coordinator = who = replace(who, session=fresh.session)
    meeting, much_later = panel.plan(), now + 3 * HOUR
    assert sessions.resolve(at.session, fresh.cookie, limits, much_later) is None, "outside a meeting it ends"
    panel.join(who, meeting)
    assert sessions.resolve(at.session, fresh.cookie, limits, much_later)
    assert sessions.resolve(at.session, fresh.cookie, limits, now + 9 * HOUR + 1) is None, "the absolute limit stands"
    assert panel.close(who, meeting)
    assert sessions.resolve(at.session, fresh.cookie, limits, now + 10 * MINUTE)
    assert sessions.resolve(at.session, fresh.cookie, limits, much_later) is None
    assert at.session.get(LoginSession, fresh.session, populate_existing=True).held_until is None


def test_a_decision_is_a_record_and_changes_the_case_with_it(panel: Panel) -> None:
    meeting, case = panel.plan(), panel.cases[0]
    panel.join(panel.coordinator, meeting)
    panel.join(panel.guest, meeting)
    panel.decide(meeting, case, told(SELECT, rag="Red", rag_reason="Three burglaries.", cohort="Fixed"))
    desk = deciding.desk(panel.world.session, panel.world.doors, panel.coordinator, meeting, case)
    d = desk.disclosure
    assert desk.decided
    assert (d.first("decision", "outcome"), d.first("decision", "reason")) == (SELECT, REASON)
    assert "Nadia Rahman" in d.first("decision", "decided_by")
    assert "Adult" in d.first("decision", "decided_by")
    assert [d.first("case", n) for n in ("status", "rag", "rag_reason", "cohort")] == [
        *("Selected", "Red", "Three burglaries.", "Fixed")
    ]
    due = panel.file(case).review_due
    assert due is not None
    assert day_at(due) == date.today() + timedelta(days=90)
    assert deciding.following(panel.world.session, meeting, case) == panel.cases[1]


def test_deselection_closes_the_case_at_the_next_request(panel: Panel) -> None:
    at = panel.world
    worker = at.actor("police", "practitioner", "Pat Police")
    with at.doors.log.transaction(at.session):
        at.assign(panel.cases[0], worker)
    assert panel.opens(worker, panel.cases[0], "risk")
    visit = visits.begin(at.session, at.doors, worker, panel.cases[0], "risk", "", at.doors.clock())
    meeting = panel.plan()
    panel.join(panel.coordinator, meeting)
    panel.decide(meeting, panel.cases[0], told(DESELECT, None))
    assert (panel.file(panel.cases[0]).state, panel.file(panel.cases[0]).review_due) == ("deselected", None)
    with pytest.raises(NotFound):
        case_reading.case(at.session, at.doors, worker, visit)
    assert panel.opens(panel.coordinator, panel.cases[0], "deselection"), "for review it may still be read"
    made = minuting.minutes(at.session, at.doors, panel.coordinator, meeting)
    assert [m.decision.text("outcome") if m.decision else "" for m in made.minutes.items] == [DESELECT, "", ""]
    assert [m.name for m in made.minutes.items] == ["Dean Marlowe"] * 3


def test_decide_later_changes_nothing_of_the_case(panel: Panel) -> None:
    meeting, case = panel.plan(), panel.cases[0]
    before = panel.file(case).review_due
    panel.join(panel.coordinator, meeting)
    panel.decide(meeting, case, told(LATER, None))
    assert (panel.file(case).state, panel.file(case).review_due) == ("open", before)


def test_two_people_record_one_decision_and_the_first_stands(panel: Panel) -> None:
    at, meeting, case = panel.world, panel.plan(), panel.cases[0]
    second = at.actor("barnet_safety", "chair", "Second Hand")
    panel.join(panel.coordinator, meeting)
    panel.join(second, meeting)
    desk = deciding.desk(at.session, at.doors, second, meeting, case)
    assert desk.standing
    stale = replace(told(DESELECT, None), record=desk.standing.id, base=desk.standing.version)
    panel.decide(meeting, case, told(LATER, None))
    with pytest.raises(Decided):
        deciding.decide(at.session, at.doors, second, meeting, case, stale)
    d = deciding.desk(at.session, at.doors, panel.coordinator, meeting, case).disclosure
    assert [r.text("outcome") for r in d.records("decision")] == [LATER]
    assert panel.file(case).state == "open"


def test_a_status_changed_meanwhile_is_said_and_nothing_is_kept(panel: Panel) -> None:
    at, meeting, case = panel.world, panel.plan(), panel.cases[0]
    panel.join(panel.coordinator, meeting)
    desk = deciding.desk(at.session, at.doors, panel.coordinator, meeting, case)
    assert desk.standing
    with pytest.raises(Conflict):
        panel.decide(meeting, case, replace(told(STAY), record=desk.standing.id, base=desk.standing.version + 1))
    assert not deciding.desk(at.session, at.doors, panel.coordinator, meeting, case).decided


def test_what_lacks_is_named_by_its_part(panel: Panel) -> None:
    meeting = panel.plan()
    panel.join(panel.coordinator, meeting)
    for given, lacking in (
        (Told(), {"outcome", "reason"}),
        (Told(outcome=STAY, reason="Going well"), {"review_on"}),
        (Told(outcome="Anything", reason="x"), {"outcome"}),
    ):
        with pytest.raises(Invalid) as wrong:
            panel.decide(meeting, panel.cases[0], given)
        assert set(wrong.value.problems) == lacking


def test_a_chair_of_another_agency_leads_and_does_not_write(panel: Panel) -> None:
    at, meeting, case = panel.world, panel.plan(), panel.cases[0]
    panel.join(panel.chair, meeting)
    assert not deciding.desk(at.session, at.doors, panel.chair, meeting, case).may_decide
    with pytest.raises(Refused) as refused:
        panel.decide(meeting, case, told(LATER, None), panel.chair)
    assert refused.value.clause == "1.4"
    panel.join(panel.guest, meeting)
    with pytest.raises(NotFound):
        panel.decide(meeting, case, told(LATER, None), panel.guest)


def test_a_record_of_another_kind_is_no_case_record(panel: Panel) -> None:
    at, meeting, case = panel.world, panel.plan(), panel.cases[0]
    panel.join(panel.coordinator, meeting)
    visit = visits.current(at.session, at.doors, panel.coordinator, case, at.doors.clock())
    assert visit
    found = case_reading.case(at.session, at.doors, panel.coordinator, visit)
    other = next(r for s in found.sections for r in s.records if r.kind != "case")
    with pytest.raises((NotFound, Refused)):
        panel.decide(meeting, case, replace(told(STAY), record=other.id, base=other.version))


def test_many_planned_ahead_do_not_hide_the_one_of_today(either: World) -> None:
    """A year of weekly meetings is more than a list holds: the nearest stay, then the latest that are over."""
    panel = Panel(either)
    days = [0, *range(7, 7 * (meetings.LATEST + 2), 7)]
    for ahead in days:
        panel.plan(ahead)
    for who in (panel.coordinator, panel.guest):
        told = [s.day - panel.today() for s in meetings.coming(either.session, either.doors, who)]
        assert told == [timedelta(days=n) for n in reversed(days[: meetings.LATEST])], who.role
    nobody = either.actor("barnet_housing", "attendee", "Una Uninvited")
    assert meetings.coming(either.session, either.doors, nobody) == ()
