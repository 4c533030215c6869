"""Actions on a case, on both databases: who may be given one, who may close it, and the row in step with the record."""

import uuid
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit.reading import entry as full_entry
from portal.auth import capacities
from portal.auth.actor import Actor
from portal.casework import actions, closing, cover, team
from portal.casework.cover import Order
from portal.db import now_micros
from portal.errors import Conflict, NotFound, Refused
from portal.sharing import acts, storing, writing
from portal.sharing.disclosure import Action
from portal.sharing.doors import open_doors
from portal.sharing.fields import Invalid
from portal.sharing.tables import CaseFile, RecordRow
from tests.installation import World
from tests.portal.casework.doing import Partners, today
from tests.portal.casework.test_cover import alterations


@pytest.fixture
def people(either: World) -> Partners:
    return Partners(either)


@pytest.fixture
def here(world: World) -> Partners:
    """On SQLite alone, for what no database changes."""
    return Partners(world)


def only(people: Partners, actor: Actor) -> Action:
    [found] = people.reads(actor).actions
    return found


def test_an_action_is_a_record_and_a_row_in_step(people: Partners) -> None:
    made = people.gives(people.police, "barnet_housing", days=3)
    row, record = people.row(made), people.record(made)
    assert (row.party, row.user, row.state, row.case) == ("barnet_housing", None, "open", people.case)
    assert (record.kind, record.label, record.owner) == ("action", "behaviour", "police")
    seen = only(people, people.housing)
    assert (seen.record.text("task"), seen.record.text("given_to")) == ("Ring his mother", "Housing")
    assert seen.record.text("due_on") == seen.due.isoformat() == (today() + timedelta(days=3)).isoformat()
    assert (seen.open, seen.holder, seen.may_close) == (True, "nobody", True)


def test_whom_one_may_be_given_to_is_who_works_on_the_case(people: Partners) -> None:
    at = people.world
    form = actions.blank(at.session, at.doors, people.jo, people.visit(people.jo))
    words = [(w.value if len(w.value) < 32 else "colleague", w.words) for w in form.whom]
    assert words == [
        ("me", "Jo Smith, Probation"),
        ("colleague", "Sam Okafor, Probation"),
        ("barnet_housing", "Housing"),
        ("police", "Police"),
    ]
    with pytest.raises(Invalid) as wrong:
        people.gives(people.jo, "prisons")
    assert wrong.value.problems == {"whom": "Choose who is to do it"}


def test_the_lead_professional_of_another_agency_may_be_named(people: Partners) -> None:
    lead = people.world.actor("probation", "lead", "Lee Lead")
    with people.world.doors.log.transaction(people.world.session):
        people.world.assign(people.case, lead)
    made = people.gives(people.police, "lead.probation")
    assert (people.row(made).party, people.row(made).user) == ("probation", lead.user)
    assert only(people, lead).holder == "you"
    assert only(people, people.jo).holder == "colleague"
    assert only(people, people.police).record.text("given_to") == "The lead professional, Probation"


LABELS = {  # label → (who writes it, a party that may read it and one that may not, with the clause that is named)
    "behaviour": ("police", "barnet_housing", None, ""),
    "sentence": ("police", "probation", "barnet_housing", "5.22"),
    "housing": ("barnet_housing", "police", None, ""),
    "children": ("barnet_children", "police", "barnet_housing", "5.53"),
    "victims": ("police", "probation", "barnet_housing", "6.1"),
    "substance_engagement": ("probation", "barnet_children", "barnet_bridges", ""),
}


@pytest.mark.parametrize("label", LABELS)
def test_only_a_party_that_may_read_the_category_is_given_one(world: World, label: str) -> None:
    writer, reader, other, clause = LABELS[label]
    people = Partners(world)
    names = {writer, reader, other} - {None, "police", "probation", "barnet_housing"}
    others = [world.actor(party, "practitioner") for party in sorted(str(n) for n in names)]
    with world.doors.log.transaction(world.session):
        for one in others:
            world.assign(people.case, one)
    by = {"police": people.police, "probation": people.jo, "barnet_housing": people.housing}
    actor = by.get(writer) or world.actor(writer, "practitioner")
    if label == "substance_engagement":  # in confidence: nobody else reads it before a basis is recorded
        with pytest.raises(Invalid) as wrong:
            people.gives(actor, reader, label)
        assert "cannot be given this" in wrong.value.problems["whom"]
        return
    made = people.gives(actor, reader, label)
    theirs = by.get(reader) or world.actor(reader, "practitioner")
    purpose = "safeguarding" if label == "children" else "risk"
    assert [a.record.id for a in people.reads(theirs, purpose=purpose).actions] == [made]
    if other:
        before = people.rows()
        with pytest.raises(Invalid) as wrong:
            people.gives(actor, other, label)
        assert wrong.value.problems["whom"].startswith("Housing cannot be given this. ")
        assert clause in wrong.value.problems["whom"]
        assert people.rows() == before
        assert people.reads(people.housing).actions == ()


def test_a_category_that_may_not_be_written_is_refused_with_its_clause(here: Partners) -> None:
    with pytest.raises(Refused) as refused:
        here.gives(here.housing, label="sentence")
    assert refused.value.clause == "1.4"
    assert here.rows() == 0


def test_a_silent_category_leaves_no_trace(here: Partners) -> None:
    here.gives(here.police, "probation", "victims", task="Ring the victim liaison officer")
    found = here.reads(here.housing)
    assert found.actions == ()
    assert all(r.label != "victims" for s in found.sections for r in s.records)
    assert not any(
        "to be done" in field and s.id == "victims" for s in found.sections for g in s.withheld for field in g.fields
    )


def test_the_writer_s_party_closes_it_in_the_record(people: Partners) -> None:
    made = people.gives(people.jo, "barnet_housing")
    people.closes(people.sam, made, text="Keys on Friday")
    row = people.row(made)
    assert (row.state, row.told) == ("done", made)
    for actor in (people.jo, people.housing):
        seen = only(people, actor)
        assert (seen.open, seen.result, seen.outcome) == (False, "Done", "Keys on Friday")
        assert seen.record.text("result") == "Done"


def test_the_party_that_was_given_it_tells_in_an_update_of_its_own(people: Partners) -> None:
    made = people.gives(people.police, "barnet_housing")
    told = people.closes(people.housing, made, text="Room at the hostel from Friday")
    assert people.record(made).version == 1
    assert (people.row(made).state, people.row(made).told) == ("done", told.record)
    seen = people.reads(people.police)
    assert seen.timeline[0].text("text") == "Action done. Room at the hostel from Friday"
    assert seen.timeline[0].owner == "barnet_housing"
    assert (seen.actions[0].result, seen.actions[0].outcome, seen.actions[0].in_update) == ("Done", "", True)


def test_who_may_not_read_the_answer_learns_that_it_is_closed_and_no_more(people: Partners) -> None:
    made = people.gives(people.jo, "police", "behaviour")
    people.closes(people.police, made, "dropped", "A note of the officer", label="behaviour")
    under = select(RecordRow).where(RecordRow.kind == "update")
    with people.world.doors.log.transaction(people.world.session) as tx:
        tx.session.scalars(under).one().label = "victims"
    assert only(people, people.jo).result == "No longer needed"
    seen = only(people, people.housing)
    assert (seen.open, seen.result, seen.outcome, seen.closed_on) == (False, "", "", None)


def test_an_answer_goes_under_another_category_where_the_party_does_not_write_that_one(here: Partners) -> None:
    made = here.gives(here.housing, "police", "housing")
    at = here.world
    one = actions.one(at.session, at.doors, here.police, here.visit(here.police), made)
    assert one.way == "told"
    assert "housing" not in {c.label for c in one.choices}
    with pytest.raises(Invalid) as wrong:
        here.closes(here.police, made)
    assert set(wrong.value.problems) == {"label"}
    told = here.closes(here.police, made, label="behaviour")
    assert here.record(told.record).label == "behaviour"


def test_a_third_party_neither_closes_nor_takes_it(here: Partners) -> None:
    made = here.gives(here.jo, "barnet_housing")
    assert not only(here, here.police).may_close
    with pytest.raises(NotFound):
        here.closes(here.police, made)
    at = here.world
    with pytest.raises(NotFound):
        actions.give(at.session, at.doors, here.police, here.visit(here.police), made, "me", None)
    assert here.row(made).state == "open"


def test_of_two_people_who_close_one_the_second_is_told(people: Partners) -> None:
    made = people.gives(people.police, "barnet_housing")
    with Session(people.world.engine, expire_on_commit=False) as session:
        other = Partners(
            World(
                people.world.settings,
                people.world.engine,
                session,
                open_doors(people.world.settings, session),
                people.world.users,
            )
        )
        visit = people.visit(people.police)
        found = actions.find(session, other.world.doors, people.police, visit, made)
        session.rollback()
        people.closes(people.housing, made, text="First")
        with patch.object(actions, "find", return_value=found), pytest.raises(Conflict):
            closing.close(session, other.world.doors, people.police, visit, made, 1, "done", "Second")
    assert people.record(made).version == 1
    with pytest.raises(Conflict):
        people.closes(people.police, made, version=1, text="Third")


def test_the_same_form_twice_is_one_action_and_one_answer(people: Partners) -> None:
    once = uuid.uuid4()
    made = {people.gives(people.police, "barnet_housing", once=once) for _ in range(2)}
    assert len(made) == people.rows() == 1
    people.closes(people.housing, made.pop(), once=once)


@pytest.mark.parametrize("at", ["add", "close", "close own"])
def test_nothing_is_half_done(people: Partners, at: str) -> None:
    made = people.gives(people.police, "barnet_housing") if at != "add" else None
    who = people.police if at != "close" else people.housing
    visit, doors, session = people.visit(who), people.world.doors, people.world.session
    records = len(session.scalars(select(RecordRow.id)).all())
    session.rollback()
    stored: Any = storing.change if at == "close own" else storing.store
    patcher = patch("portal.sharing.writing.said.entry", side_effect=RuntimeError("killed"))

    def after(*args: Any, **more: Any) -> Any:
        patcher.start()
        return stored(*args, **more)

    def attempt() -> None:
        if made is None:
            actions.add(session, doors, who, visit, "behaviour", "Ring", "barnet_housing", today())
        else:
            closing.close(session, doors, who, visit, made, 1, "done", "Rang")

    with patch.object(writing, stored.__name__, after), pytest.raises(RuntimeError):
        attempt()
    patcher.stop()
    session.rollback()
    assert len(session.scalars(select(RecordRow.id)).all()) == records
    assert people.rows() == (0 if made is None else 1)
    assert made is None or (people.row(made).state, people.record(made).version) == ("open", 1)


def test_a_correction_of_the_day_is_one_of_the_row_and_nothing_else_is_corrected(people: Partners) -> None:
    made = people.gives(people.jo, "barnet_housing")
    at, on = people.world, today() + timedelta(days=20)
    typed = {"due_on": on.isoformat(), "given_to": "Nobody", "result": "Done", "task": "Ring his sister"}
    values = {acts.field(name, "behaviour"): text for name, text in typed.items()}
    writing.edit(at.session, at.doors, people.jo, people.visit(people.jo), made, 1, values)
    seen = only(people, people.jo)
    assert (seen.due, seen.record.text("due_on")) == (on, on.isoformat())
    assert (seen.record.text("task"), seen.record.text("given_to"), seen.open) == ("Ring his sister", "Housing", True)
    with pytest.raises(Invalid):
        writing.edit(at.session, at.doors, people.jo, people.visit(people.jo), made, 2, {"action.due_on@behaviour": ""})


def test_no_action_is_made_without_its_row(here: Partners) -> None:
    at, visit = here.world, here.visit(here.jo)
    with pytest.raises(NotFound):
        writing.create(at.session, at.doors, here.jo, visit, "action", "behaviour", {"action.task@behaviour": "x"})


def test_a_colleague_takes_it_and_it_is_logged(people: Partners) -> None:
    made = people.gives(people.police, "probation")
    at = people.world
    receipt = actions.give(at.session, at.doors, people.sam, people.visit(people.sam), made, "me", None)
    assert people.row(made).user == people.sam.user
    assert only(people, people.sam).holder == "you"
    [entry] = alterations(at)
    told = full_entry(at.session, at.doors.log.vault(at.session), entry.entry_id)
    assert {d.detail.get("staff") for d in told.details} == {None, True}
    assert receipt.reference
    actions.give(at.session, at.doors, people.sam, people.visit(people.sam), made, people.jo.user.hex, people.sam.user)
    assert people.row(made).user == people.jo.user
    for wrong in ("", "x", people.police.user.hex):
        with pytest.raises(Invalid):
            actions.give(at.session, at.doors, people.sam, people.visit(people.sam), made, wrong, people.jo.user)
    people.closes(people.jo, made)
    with pytest.raises(Conflict):
        actions.give(at.session, at.doors, people.sam, people.visit(people.sam), made, "me", people.jo.user)


def test_what_is_handed_over_for_good_takes_its_actions_along(people: Partners) -> None:
    made, other = people.gives(people.jo), people.gives(people.police, "probation")
    lines = team.desk(people.world.session, people.world.doors, people.spoc, people.jo.user).lines
    kit = people.world.actor("probation", "practitioner", "Kit Third")
    order = Order(people.jo.user, kit.user, {line.case: line.stamp for line in lines}, now_micros(), None, "Moves")
    cover.move(people.world.session, people.world.doors, people.spoc, order)
    assert (people.row(made).user, people.row(other).user) == (kit.user, None)


@pytest.mark.parametrize(
    ("more", "problem"),
    [({"task": " "}, "task"), ({"label": "nonsense"}, "label"), ({"whom": ""}, "whom")],
)
def test_what_is_wrong_is_said_by_part(here: Partners, more: dict[str, str], problem: str) -> None:
    with pytest.raises(Invalid) as wrong:
        here.gives(here.jo, **more)  # type: ignore[arg-type]
    assert set(wrong.value.problems) == {problem}
    at = here.world
    for due in (None, today() - timedelta(days=1), today().replace(year=2101)):
        with pytest.raises(Invalid) as wrong:
            actions.add(at.session, at.doors, here.jo, here.visit(here.jo), "behaviour", "Ring", "me", due)
        assert set(wrong.value.problems) == {"due"}


def test_a_closed_case_gives_nothing_to_do(here: Partners) -> None:
    made = here.gives(here.jo)
    with here.world.doors.log.transaction(here.world.session) as tx:
        tx.session.get_one(CaseFile, here.case).state = "deselected"
    with pytest.raises(NotFound):
        here.closes(here.jo, made)


def test_whose_capacity_ended_a_moment_ago_takes_nothing(here: Partners) -> None:
    made = here.gives(here.police, "probation")
    at = here.world
    with patch.object(capacities, "require", side_effect=NotFound), pytest.raises(NotFound):
        actions.give(at.session, at.doors, here.sam, here.visit(here.sam), made, "me", None)
    assert here.row(made).user is None
