"""What needs somebody today: their own, a colleague's whom they cover, what nobody has; done several at a time."""

import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from sqlalchemy import event, select, update

from portal.audit.reading import entry as full_entry
from portal.auth import people as accounts
from portal.auth.actor import Actor
from portal.casework import cover, team, today
from portal.casework.cover import Order
from portal.db import DAY, now_micros, to_micros
from portal.errors import Conflict
from portal.sharing import acts
from portal.sharing.acts import Act
from portal.sharing.days import midnight
from portal.sharing.fields import Invalid
from portal.sharing.looks import logged
from portal.sharing.reading import due as reading
from portal.sharing.tables import ActionRow, RecordRow
from tests.installation import World
from tests.portal.casework.doing import Partners
from tests.portal.casework.doing import today as this_day
from tests.portal.casework.test_cover import alterations
from tests.portal.land import Land, capacities, raw
from tests.portal.planting import seen


@pytest.fixture
def people(either: World) -> Partners:
    return Partners(either)


@pytest.fixture
def here(world: World) -> Partners:
    return Partners(world)


def due(people: Partners, actor: Actor) -> reading.DueList:
    session, doors = people.world.session, people.world.doors
    return logged(session, doors, today.due(session, doors, actor))


def tasks(people: Partners, actor: Actor) -> list[str]:
    return [line.task for line in due(people, actor).lines]


def done(people: Partners, actor: Actor, *records: uuid.UUID, text: str = "She rang back") -> today.Closed:
    return today.done(people.world.session, people.world.doors, actor, records, text)


def test_mine_stand_from_the_longest_overdue_to_a_week_ahead(people: Partners) -> None:
    for days in (0, 9, -3, 7, 8):
        people.gives(people.jo, days=days, task=f"In {days}")
    people.gives(people.jo, people.sam.user.hex, days=0, task="Of Sam")
    assert tasks(people, people.jo) == ["In -3", "In 0", "In 7"]
    first = due(people, people.jo).lines[0]
    assert (first.name, first.due, first.who, first.closable) == ("Dean Marlowe", this_day() - timedelta(3), "", True)
    assert tasks(people, people.sam) == ["Of Sam"]
    assert tasks(people, people.police) == []


def test_the_spoc_sees_what_nobody_has_and_what_is_a_week_overdue(people: Partners) -> None:
    people.gives(people.police, "probation", days=20, task="Nobody has it")
    people.gives(people.jo, days=-7, task="A week")
    people.gives(people.jo, days=-6, task="Six days")
    found = due(people, people.spoc).lines
    assert [(line.task, line.who) for line in found] == [("A week", "Jo Smith"), ("Nobody has it", None)]
    assert tasks(people, people.sam) == []


def test_what_a_leaver_had_goes_to_the_spoc(people: Partners) -> None:
    people.gives(people.jo, days=20)
    assert tasks(people, people.spoc) == []
    admin = people.world.actor("probation", "admin")
    with people.world.doors.log.transaction(people.world.session) as tx:
        accounts.leaver(tx, admin, people.jo.user, now_micros(), None)
    assert tasks(people, people.spoc) == ["Ring his mother"]


def move(people: Partners, until: int | None, later: int = 0) -> None:
    at = people.world
    lines = team.desk(at.session, at.doors, people.spoc, people.jo.user).lines
    chosen = {line.case: line.stamp for line in lines}
    kit = at.actor("probation", "practitioner", "Kit Third")
    order = Order(people.jo.user, kit.user, chosen, now_micros() + later, until, "Leave")
    cover.move(at.session, at.doors, people.spoc, order)


def test_who_covers_for_a_colleague_has_what_they_have(people: Partners) -> None:
    people.gives(people.jo, days=1)
    move(people, to_micros(midnight(this_day() + timedelta(days=4))))
    kit = people.world.actor("probation", "practitioner", "Kit Third")
    assert [line.who for line in due(people, kit).lines] == ["Jo Smith"]
    assert tasks(people, people.jo) == ["Ring his mother"]


def test_a_hand_over_that_begins_later_takes_the_actions_along_on_its_day(people: Partners) -> None:
    people.gives(people.jo, days=3)
    move(people, None, DAY)
    kit = people.world.actor("probation", "practitioner", "Kit Third")
    assert (tasks(people, people.jo), tasks(people, kit)) == (["Ring his mother"], [])
    at = people.world
    at.doors = replace(at.doors, clock=lambda: now_micros() + 2 * DAY)
    assert (tasks(people, people.jo), tasks(people, kit)) == ([], ["Ring his mother"])
    assert (tasks(people, people.sam), tasks(people, people.spoc)) == ([], []), "nobody else's, and it is not astray"


def test_several_are_done_at_once_in_one_entry(people: Partners) -> None:
    other = people.world.case(assigned=[people.jo, people.police])
    mine = [people.gives(people.jo), people.gives(people.jo, label="sentence", case=other)]
    given = people.gives(people.police, "probation", label="victims", days=1)
    before = len(alterations(people.world))
    closed = done(people, people.jo, *mine, given)
    assert (closed.count, closed.left) == (3, 0)
    [entry] = alterations(people.world)[before:]
    at = people.world
    told = full_entry(at.session, at.doors.log.vault(at.session), entry.entry_id)
    assert sum(len(d.detail["records"]) for d in told.details) == 2, "what is silent stands apart"
    assert {tuple(d.detail.get("recipients", ())) for d in told.details if d.detail["records"]} != {()}
    for record in (*mine, given):
        assert people.row(record).state == "done"
    answer = people.record(people.row(given).told or given)
    assert (answer.kind, answer.label, answer.owner) == ("update", "victims", "probation")
    assert {a.outcome for a in people.reads(people.jo).actions} == {"She rang back", ""}
    assert people.reads(people.police).timeline[0].text("text") == "Action done. She rang back"


def test_what_was_closed_meanwhile_or_is_not_theirs_is_left(people: Partners) -> None:
    made, gone = people.gives(people.jo), people.gives(people.jo)
    people.closes(people.sam, gone, text="First")
    foreign = people.gives(people.police)
    closed = done(people, people.jo, made, gone, foreign, uuid.uuid4())
    assert (closed.count, closed.left) == (1, 3)
    assert people.row(foreign).state == "open"
    assert {a.outcome for a in people.reads(people.jo).actions if a.result} == {"First", "She rang back"}


def test_what_may_not_be_written_from_the_list_is_not_closed_from_it(here: Partners) -> None:
    made = here.gives(here.housing, "police", "housing", days=1)
    actions = here.world.session
    with here.world.doors.log.transaction(actions) as tx:
        tx.session.get_one(ActionRow, made).user = here.police.user
    [line] = due(here, here.police).lines
    assert not line.closable
    assert done(here, here.police, made).count == 0


@pytest.mark.parametrize("where", ["entry", "record"])
def test_nothing_is_half_done(people: Partners, where: str) -> None:
    mine, given = people.gives(people.jo), people.gives(people.police, "probation")
    target, effect = {
        "entry": ("portal.sharing.acting.said.entry", RuntimeError),
        "record": ("portal.sharing.acting.Batch.apply", None),
    }[where]
    with patch(target, side_effect=effect, return_value=False), pytest.raises((RuntimeError, Conflict)):
        done(people, people.jo, mine, given)
    assert (people.row(mine).state, people.record(mine).version) == ("open", 1)
    assert people.row(given).state == "open"
    updates = select(RecordRow.id).where(RecordRow.kind == "update")
    assert people.world.session.scalars(updates).all() == []
    assert done(people, people.jo, mine, given).count == 2


def test_nothing_is_opened_before_it_is_logged_and_nothing_logged_where_there_is_nothing(here: Partners) -> None:
    here.gives(here.jo)
    with (
        patch("portal.sharing.reading.due.said.entry", side_effect=RuntimeError("not logged")),
        patch.object(reading, "opened") as opened,
        pytest.raises(RuntimeError),
    ):
        due(here, here.jo)
    opened.assert_not_called()
    assert due(here, here.housing) == reading.NOTHING


@pytest.mark.parametrize(
    ("chosen", "text", "problem"), [(False, "x", "record"), (True, " ", "text"), (True, "x" * 30_000, "text")]
)
def test_what_is_wrong_is_said_by_part(here: Partners, chosen: bool, text: str, problem: str) -> None:
    made = here.gives(here.jo)
    with pytest.raises(Invalid) as wrong:
        done(here, here.jo, *([made] if chosen else []), text=text)
    assert set(wrong.value.problems) == {problem}


def test_sixty_actions_take_as_many_statements_as_five(here: Partners) -> None:
    asked: list[str] = []

    @event.listens_for(here.world.engine, "before_cursor_execute")
    def _hear(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    costs, made = {}, []
    for many in (5, 60):
        while len(made) < many:
            case = here.world.case(assigned=[here.jo, here.police])
            made.append(here.gives(here.jo, case=case, days=0))
        for actor in (here.jo, here.spoc):
            due(here, actor)
        asked.clear()
        assert len(due(here, here.jo).lines) == many
        costs[many] = len(asked)
    assert costs[60] == costs[5], costs
    asked.clear()
    assert done(here, here.jo, *made[:5]).count == 5
    five = len(asked)
    asked.clear()
    assert done(here, here.jo, *made[5:]).count == 55
    assert len(asked) <= five + 4


def test_home_shows_what_the_hand_table_gives_and_no_other_word(land: Land) -> None:
    """Every action of the land is given to each party in turn: its home shows those that it may read, silent or not."""
    ground, world = land.grounds["whole"], land.world
    planted = [p for p in ground.records if p.kind == "action"]
    every = {text for p in planted for text in p.values.values()}
    with world.doors.log.transaction(world.session):
        for p in planted:
            acts.add(world.session, Act(p.id, ground.case, "police", None, now_micros(), acts.OPEN, None, None))
    shown = {}
    for capacity in [c for c in capacities(land.agreement) if c.role == "practitioner"]:
        values = {"party": capacity.party, "user": land.actor(capacity).user}
        with world.doors.log.transaction(world.session) as tx:
            tx.session.execute(update(ActionRow).values(**values))
        may = set()
        if land.knows(ground, capacity, "risk"):
            read = [(p, land.of_record(ground, p, capacity, "risk", "read")) for p in planted]
            may = {text for p, texts in read if (text := p.values[acts.field(acts.TASK, p.label)]) in texts}
        with patch.object(reading, "MOST", 1_000):
            page = raw(land.browser(capacity).get("/"))
        assert seen(page) & every == may, capacity
        assert page.count(b'name="record"') <= len(may), capacity
        shown[capacity.party] = len(may)
    assert shown["police"] > shown["barnet_housing"] > shown["mopac"] == 0
