"""Hand-over and cover, on both databases: who may open what from the next request on, the words, and the one entry."""

import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from portal.audit import tables as audit_tables
from portal.audit.reading import entry as full_entry
from portal.auth import capacities
from portal.auth.actor import Actor
from portal.auth.tables import CapacityGrant
from portal.casework import cover, one_case, team
from portal.casework.cover import Order
from portal.db import DAY, now_micros, to_micros
from portal.errors import NotFound
from portal.sharing import posts, visits
from portal.sharing.days import day_at, midnight
from portal.sharing.doors import open_doors
from portal.sharing.fields import Invalid
from portal.sharing.logbook import one
from portal.sharing.reading import case as case_reading
from portal.sharing.reading import lists
from portal.sharing.tables import CaseFile
from tests.installation import World

UNTIL = 9  # days ahead


class Staff:
    """Probation: its SPOC, Jo who goes on leave, Sam who covers; and an officer of the police."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.spoc = world.actor("probation", "spoc", "Ruth Spoc")
        self.jo = world.actor("probation", "practitioner", "Jo Smith")
        self.sam = world.actor("probation", "practitioner", "Sam Okafor")
        self.police = world.actor("police", "practitioner", "Pat Police")

    def opens(self, actor: Actor, case: uuid.UUID, world: World | None = None) -> bool:
        at = world or self.world
        visit = visits.begin(at.session, at.doors, actor, case, "risk", "", at.doors.clock())
        try:
            case_reading.case(at.session, at.doors, actor, visit)
        except NotFound:
            return False
        return True

    def responsible(self, case: uuid.UUID) -> list[tuple[str, str, str]]:
        at = self.world
        visit = visits.begin(at.session, at.doors, self.police, case, "risk", "", now_micros())
        found = case_reading.case(at.session, at.doors, self.police, visit)
        return sorted((r.text("practitioner"), r.text("role"), r.text("until")) for r in found.records("assignment"))

    def order(self, until: int | None = UNTIL, chosen: list[uuid.UUID] | None = None, **more: Any) -> Order:
        desk = team.desk(self.world.session, self.world.doors, self.spoc, self.jo.user)
        ticked = {line.case: line.stamp for line in desk.lines if chosen is None or line.case in chosen}
        last = None if until is None else end_of(until)
        given = Order(self.jo.user, self.sam.user, ticked, now_micros(), last, "Annual leave", "020 7946 0101")
        return replace(given, **more)

    def move(self, order: Order) -> cover.Moved:
        return cover.move(self.world.session, self.world.doors, self.spoc, order)


def end_of(days: int) -> int:
    return to_micros(midnight(day_at(now_micros()) + timedelta(days=days + 1)))


def alterations(world: World) -> list[Any]:
    world.session.rollback()
    e = audit_tables.ENTRY
    rows = world.session.execute(
        select(e.c.entry_id, e.c.actor, e.c.outcome)
        .where(e.c.operation == "alteration", e.c.actor.is_not(None))
        .order_by(e.c.at)
    )
    return list(rows)


@pytest.fixture
def people(either: World) -> Staff:
    return Staff(either)


@pytest.fixture
def cases(either: World, people: Staff) -> list[uuid.UUID]:
    return [either.case(assigned=[people.jo, people.police]) for _ in range(3)]


def test_cover_opens_the_cases_to_both_and_ends_by_itself(people: Staff, cases: list[uuid.UUID]) -> None:
    assert not people.opens(people.sam, cases[0])
    moved = people.move(people.order())
    assert (moved.count, moved.left, moved.gone) == (3, (), 0)
    assert all(people.opens(who, case) for who in (people.jo, people.sam) for case in cases)
    at = people.world
    later = replace(at, doors=replace(at.doors, clock=lambda: end_of(UNTIL) - 1))
    assert people.opens(people.sam, cases[0], later)
    over = replace(at, doors=replace(at.doors, clock=lambda: end_of(UNTIL)))
    assert not people.opens(people.sam, cases[0], over)
    assert people.opens(people.jo, cases[0], over)
    assert not lists.my_cases(at.session, over.doors, people.sam).lines


def test_a_hand_over_ends_what_the_other_held_even_on_a_visit_that_is_open(
    people: Staff, cases: list[uuid.UUID]
) -> None:
    at = people.world
    visit = visits.begin(at.session, at.doors, people.jo, cases[0], "risk", "", now_micros())
    case_reading.case(at.session, at.doors, people.jo, visit)
    assert people.move(people.order(None)).count == 3
    with pytest.raises(NotFound):
        case_reading.case(at.session, at.doors, people.jo, visit)
    assert not people.opens(people.jo, cases[1])
    assert people.opens(people.sam, cases[1])


def test_every_worker_knows_at_once(people: Staff, cases: list[uuid.UUID]) -> None:
    at = people.world
    with Session(at.engine, expire_on_commit=False) as session:
        other = World(at.settings, at.engine, session, open_doors(at.settings, session))
        assert people.opens(people.jo, cases[0], other)
        people.move(people.order(None))
        assert not people.opens(people.jo, cases[0], other)
        assert people.opens(people.sam, cases[0], other)


def test_a_hand_over_of_later_begins_later(people: Staff, cases: list[uuid.UUID]) -> None:
    at = people.world
    monday = end_of(4)
    people.move(people.order(None, starts=monday))
    assert people.opens(people.jo, cases[0])
    assert not people.opens(people.sam, cases[0])
    then = replace(at, doors=replace(at.doors, clock=lambda: monday))
    assert not people.opens(people.jo, cases[0], then)
    assert people.opens(people.sam, cases[0], then)


def test_the_words_on_the_case_keep_step(people: Staff, cases: list[uuid.UUID]) -> None:
    last = day_at(end_of(UNTIL) - 1).isoformat()
    today = day_at(now_micros()).isoformat()
    people.move(people.order())
    assert people.responsible(cases[0]) == [("Sam Okafor", "Cover for Jo Smith", last)]
    cover.end(people.world.session, people.world.doors, people.spoc, people.sam.user, people.jo.user)
    assert people.responsible(cases[0]) == [("Sam Okafor", "Cover for Jo Smith", today)]
    people.move(people.order(None))
    handed = people.responsible(cases[0])
    assert handed[0] == ("Sam Okafor", "Cover for Jo Smith", today)
    assert handed[1] == ("Sam Okafor", "Practitioner", "")
    back = people.order(None, user=people.sam.user, to=people.jo.user)
    desk = team.desk(people.world.session, people.world.doors, people.spoc, people.sam.user)
    people.move(replace(back, chosen={line.case: line.stamp for line in desk.lines}))
    assert ("Sam Okafor", "Practitioner", today) in people.responsible(cases[0])
    assert ("Jo Smith", "Practitioner", "") in people.responsible(cases[0])


def test_role_and_pathway_go_over_so_that_what_the_party_delivers_goes_on(either: World) -> None:
    people = Staff(either)
    case = either.case(assigned=[people.police])
    with either.doors.log.transaction(either.session):
        either.assign(case, people.jo, "accommodation")
    people.move(people.order(None))
    [post] = [p for p in posts.on_cases(either.session, "probation", [case], now_micros()) if p.user == people.sam.user]
    assert (post.pathway, post.ends, post.covers) == ("accommodation", None, None)
    assert ("Sam Okafor", "accommodation SPOC", "") in people.responsible(case)


def test_one_entry_names_everybody(people: Staff, cases: list[uuid.UUID]) -> None:
    moved = people.move(people.order())
    [entry] = alterations(people.world)
    assert (entry.actor, entry.outcome) == (people.spoc.user, "permitted")
    at = people.world
    told = full_entry(at.session, at.doors.log.vault(at.session), entry.entry_id)
    details = [d.detail for d in told.details]
    assert {uuid.UUID(d["case"]) for d in details if "case" in d} == set(cases)
    assert sum("staff" in d for d in details) == 2
    assert {d["justification"] for d in details} == {"Annual leave"}
    assert all("police" in d["recipients"] for d in details if "case" in d)
    begun = [d["begun"] for d in details if "case" in d]
    assert all(b[0][0] == people.sam.user.hex and b[0][2] == end_of(UNTIL) for b in begun)
    assert moved.receipt is not None


def test_the_officer_reads_the_reason_and_the_cases(people: Staff, cases: list[uuid.UUID]) -> None:
    at = people.world
    moved = people.move(people.order())
    assert moved.receipt is not None
    officer = at.actor("probation", "dpo")
    whole = one.read(at.session, at.doors, officer, "s62-lawfulness", moved.receipt.reference)
    assert isinstance(whole, one.Whole)
    assert whole.said == (("Reason given", "Annual leave"),)
    assert {len(part.about) for part in whole.parts} == {len(cases)}


def test_what_was_assigned_otherwise_meanwhile_is_named_and_left(people: Staff, cases: list[uuid.UUID]) -> None:
    at = people.world
    stale = people.order()
    kit = at.actor("probation", "practitioner", "Kit Third")
    people.move(replace(people.order(None, cases[:1]), to=kit.user))
    moved = people.move(stale)
    reference = at.session.scalars(select(CaseFile.reference).where(CaseFile.id == cases[0])).one()
    assert (moved.count, moved.left) == (2, (reference,))
    assert not people.opens(people.sam, cases[0])
    assert people.opens(people.sam, cases[1])


def test_a_hand_over_that_was_arranged_for_later_meanwhile_is_seen_too(people: Staff, cases: list[uuid.UUID]) -> None:
    stale = people.order(None)
    kit = people.world.actor("probation", "practitioner", "Kit Third")
    people.move(replace(people.order(None, cases[:1], starts=end_of(4)), to=kit.user))
    moved = people.move(stale)
    assert (moved.count, len(moved.left)) == (2, 1)
    assert people.opens(people.jo, cases[0])


def test_the_same_form_twice_is_one_cover(people: Staff, cases: list[uuid.UUID]) -> None:
    order = people.order()
    assert people.move(order).count == 3
    again = people.move(order)
    assert (again.count, len(again.left), again.receipt) == (0, 3, None)
    assert len(posts.cover(people.world.session, "probation", now_micros())) == 3


def test_the_reference_of_a_case_of_others_is_not_told(people: Staff, cases: list[uuid.UUID]) -> None:
    foreign = people.world.case(assigned=[people.police])
    moved = people.move(replace(people.order(), chosen={foreign: "x", uuid.uuid4(): "x"}))
    assert (moved.count, moved.left, moved.gone) == (0, (), 2)
    assert not people.opens(people.sam, foreign)


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"to": uuid.uuid4()}, "to"),
        ({"chosen": {}}, "case"),
        ({"reason": " "}, "reason"),
        ({"until": 1}, "until"),
    ],
)
def test_what_is_wrong_changes_nothing(world: World, more: dict[str, Any], problem: str) -> None:
    people = Staff(world)
    case = world.case(assigned=[people.jo])
    with pytest.raises(Invalid) as wrong:
        people.move(replace(people.order(), **more))
    assert set(wrong.value.problems) == {problem}
    assert not people.opens(people.sam, case)


@pytest.mark.parametrize(("part", "text"), [("telephone", "0" * 301), ("reason", "a" * 2_001)])
def test_what_is_too_long_is_kept_in_no_record_and_no_log(world: World, part: str, text: str) -> None:
    people = Staff(world)
    case = world.case(assigned=[people.jo])
    with pytest.raises(Invalid) as wrong:
        people.move(replace(people.order(), **{part: text}))  # type: ignore[arg-type]
    assert set(wrong.value.problems) == {part}
    visit = visits.begin(world.session, world.doors, people.spoc, case, "risk", "", now_micros())
    given = {"reason": "New", "telephone": "", part: text}
    with pytest.raises(Invalid) as single:
        one_case.assign(world.session, world.doors, people.spoc, visit, people.sam.user, "lead", None, **given)
    assert set(single.value.problems) == {part}
    assert not alterations(world)


@pytest.mark.parametrize("who", ["own", "police", "admin"])
def test_only_somebody_of_the_party_with_a_role_on_cases_may_take_them(world: World, who: str) -> None:
    people = Staff(world)
    world.case(assigned=[people.jo])
    to = {"own": people.jo, "police": people.police, "admin": world.actor("probation", "admin")}[who]
    with pytest.raises(Invalid) as wrong:
        people.move(replace(people.order(), to=to.user))
    assert "to" in wrong.value.problems


@pytest.mark.parametrize("role", ["practitioner", "lead", "admin", "dpo"])
def test_nobody_but_the_spoc_looks_or_moves(world: World, role: str) -> None:
    people = Staff(world)
    case = world.case(assigned=[people.jo])
    order = people.order()
    other = world.actor("probation", role, "Not Spoc")
    for attempt in (
        lambda: team.team(world.session, world.doors, other),
        lambda: team.desk(world.session, world.doors, other, people.jo.user),
        lambda: cover.move(world.session, world.doors, other, order),
        lambda: cover.end(world.session, world.doors, other, people.sam.user, people.jo.user),
    ):
        with pytest.raises(NotFound):
            attempt()
    assert not people.opens(people.sam, case)


def test_a_spoc_whose_role_ended_a_moment_ago_moves_nothing(world: World) -> None:
    people = Staff(world)
    case = world.case(assigned=[people.jo])
    order = people.order()
    gone = replace(people.spoc, capacity=uuid.uuid4())
    with pytest.raises(NotFound):
        cover.move(world.session, world.doors, gone, order)
    assert not people.opens(people.sam, case)


def test_a_spoc_of_another_party_sees_and_moves_nothing_of_it(world: World) -> None:
    people = Staff(world)
    case = world.case(assigned=[people.jo])
    order = people.order()
    other = world.actor("barnet_housing", "spoc")
    assert people.jo.user not in {m.user for m in team.team(world.session, world.doors, other).members}
    with pytest.raises(NotFound):
        team.desk(world.session, world.doors, other, people.jo.user)
    with pytest.raises(Invalid):
        cover.move(world.session, world.doors, other, order)
    assert not people.opens(people.sam, case)


def test_the_team_counts_open_cases_and_says_who_covers(people: Staff, cases: list[uuid.UUID]) -> None:
    at = people.world
    at.case(assigned=[people.jo], state="deselected")
    people.move(people.order(chosen=cases[:2]))
    found = {m.name: m for m in team.team(at.session, at.doors, people.spoc).members}
    assert {name: m.cases for name, m in found.items()} == {"Ruth Spoc": 0, "Jo Smith": 3, "Sam Okafor": 2}
    [given] = found["Sam Okafor"].covers
    assert given in found["Jo Smith"].covered
    assert (given.whom_name, given.until, given.cases) == ("Jo Smith", day_at(end_of(UNTIL) - 1), 2)
    assert [c.who_name for c in team.around(at.session, at.doors, people.jo)] == ["Sam Okafor"]
    assert team.around(at.session, at.doors, people.spoc) == ()


def test_a_party_that_has_not_signed_counts_no_case(world: World) -> None:
    people = Staff(world)
    world.case(assigned=[people.jo])
    with patch.object(team, "working", return_value=()):
        found = team.team(world.session, world.doors, people.spoc)
    assert {m.cases for m in found.members} == {0}


def test_names_are_logged_before_they_are_opened(world: World) -> None:
    people = Staff(world)
    with (
        patch.object(team, "look", side_effect=RuntimeError("not logged")),
        patch("portal.sharing.reading.staff.names") as names,
        pytest.raises(RuntimeError),
    ):
        team.team(world.session, world.doors, people.spoc)
    names.assert_not_called()


def test_nothing_is_half_done(people: Staff, cases: list[uuid.UUID]) -> None:
    order = people.order(None)
    with (
        patch("portal.sharing.assigning.said.entry", side_effect=RuntimeError("before the entry")),
        pytest.raises(RuntimeError),
    ):
        people.move(order)
    assert people.opens(people.jo, cases[0])
    assert not people.opens(people.sam, cases[0])
    assert people.responsible(cases[0]) == []
    assert people.move(order).count == 3


def test_forty_cases_take_as_many_statements_as_five(world: World) -> None:
    people = Staff(world)
    asked: list[str] = []

    @event.listens_for(world.engine, "before_cursor_execute")
    def _hear(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    def cost(first: Actor, second: Actor, many: int) -> tuple[int, int]:
        asked.clear()
        desk = team.desk(world.session, world.doors, people.spoc, first.user)
        looked = len(asked)
        chosen = {line.case: line.stamp for line in desk.lines}
        given = Order(first.user, second.user, chosen, now_micros(), None, "Moving team")
        assert people.move(given).count == many
        return looked, len(asked) - looked

    costs = {}
    for many in (5, 40):
        for _ in range(many - len(costs) * 5):
            world.case(assigned=[people.jo, people.police])
        cost(people.jo, people.sam, many)
        costs[many] = cost(people.sam, people.jo, many)  # which also ends the words that the first time wrote
    rows = {many: sum(costs[many]) for many in costs}
    assert rows[40] <= rows[5] + 8, costs


def test_who_worked_here_yesterday_and_has_no_role_any_more_is_still_handed_over(world: World) -> None:
    people = Staff(world)
    case = world.case(assigned=[people.jo])
    with world.doors.log.transaction(world.session) as tx:
        row = tx.session.get_one(CapacityGrant, people.jo.capacity)
        capacities.end_rows(tx, [row], None, now_micros() - DAY)
    found = {m.name: m for m in team.team(world.session, world.doors, people.spoc).members}
    assert (found["Jo Smith"].roles, found["Jo Smith"].cases) == ((), 1)
    assert people.move(people.order(None)).count == 1
    assert people.opens(people.sam, case)
    assert "Jo Smith" not in {m.name for m in team.team(world.session, world.doors, people.spoc).members}
