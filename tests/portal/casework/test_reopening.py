"""Opening an action again: by whoever wrote it, whoever closed it, with all that was said kept."""

from datetime import date, timedelta

import pytest
from sqlalchemy import update

from portal.auth.actor import Actor
from portal.casework import closing
from portal.db import now_micros
from portal.errors import Conflict, NotFound
from portal.sharing import acts
from portal.sharing.fields import Invalid
from portal.sharing.reading import history
from portal.sharing.tables import Assignment
from tests.installation import World
from tests.portal.casework.doing import Partners, today
from tests.portal.casework.test_cover import alterations


@pytest.fixture
def people(either: World) -> Partners:
    return Partners(either)


def reopens(people: Partners, actor: Actor, record: object, due: date | None, version: int | None = None) -> None:
    at, row = people.world, people.record(record)  # type: ignore[arg-type]
    closing.reopen(at.session, at.doors, actor, people.visit(actor), row.id, version or row.version, due)


def test_what_one_s_own_party_closed_is_open_again_and_its_answer_in_the_history(people: Partners) -> None:
    made, due = people.gives(people.jo, "me", days=3), today() + timedelta(days=9)
    people.closes(people.jo, made, text="He was not at home after all")
    before = len(alterations(people.world))
    reopens(people, people.jo, made, due)
    assert len(alterations(people.world)) == before + 1
    row = people.row(made)
    assert (row.state, row.closed_at, row.told, row.user) == ("open", None, None, people.jo.user)
    [seen] = people.reads(people.jo).actions
    assert (seen.open, seen.due, seen.result, seen.outcome) == (True, due, "", "")
    assert seen.record.text("due_on") == due.isoformat()
    at, visit = people.world, people.visit(people.jo)
    told = history.history(at.session, at.doors, people.jo, visit, made)
    assert "He was not at home after all" in str(told)


@pytest.mark.parametrize("days", [7, 12], ids=["due on the same day", "due on another"])
def test_what_another_party_closed_keeps_its_update(people: Partners, days: int) -> None:
    made = people.gives(people.police, "barnet_housing", days=7)
    told = people.closes(people.housing, made, text="A bed from Friday").record
    [seen] = people.reads(people.police).actions
    assert (seen.may_close, seen.may_reopen) == (False, True)
    before = len(alterations(people.world))
    reopens(people, people.police, made, today() + timedelta(days=days))
    assert len(alterations(people.world)) == before + 1
    [seen] = people.reads(people.housing).actions
    assert (seen.open, seen.may_close, seen.due) == (True, True, today() + timedelta(days=days))
    assert people.record(told).kind == acts.TELLS
    again = people.closes(people.housing, made, text="Now he is in").record
    assert again != told
    assert people.row(made).told == again


def test_only_the_party_that_wrote_it_opens_it_again(people: Partners) -> None:
    made = people.gives(people.police, "barnet_housing")
    people.closes(people.housing, made)
    for actor in (people.housing, people.jo):
        assert not people.reads(actor).actions[0].may_reopen
        with pytest.raises(NotFound):
            reopens(people, actor, made, today())
    assert people.row(made).state == "done"


def test_two_at_once_a_day_that_is_none_and_one_that_is_open(people: Partners) -> None:
    made = people.gives(people.police, "barnet_housing", days=7)
    with pytest.raises(Invalid) as wrong:
        reopens(people, people.police, made, today())
    assert wrong.value.problems == {"": closing.OPEN_ALREADY}
    people.closes(people.housing, made)
    for due in (None, today() - timedelta(days=1)):
        with pytest.raises(Invalid) as wrong:
            reopens(people, people.police, made, due)
        assert set(wrong.value.problems) == {"due"}
    with pytest.raises(Conflict):
        reopens(people, people.police, made, today(), 99)
    version, before = people.record(made).version, len(alterations(people.world))
    for _ in range(2):  # the same form
        reopens(people, people.police, made, today(), version)
    assert len(alterations(people.world)) == before + 1
    with pytest.raises(Invalid) as wrong:
        reopens(people, people.police, made, today() + timedelta(days=1), version)
    assert wrong.value.problems == {"": closing.OPEN_ALREADY}


def test_whoever_has_left_the_case_is_not_given_it_again(people: Partners) -> None:
    made, twin = (people.gives(people.police, "barnet_housing") for _ in range(2))
    for each in (made, twin):
        people.closes(people.housing, each)
    reopens(people, people.police, twin, today())
    with people.world.doors.log.transaction(people.world.session) as tx:
        left = update(Assignment).where(Assignment.case == people.case, Assignment.user == people.housing.user)
        tx.session.execute(left.values(ends=now_micros()))
    with pytest.raises(Invalid) as wrong:
        reopens(people, people.police, made, today())
    assert "Housing cannot be given this" in wrong.value.problems[""]
    assert people.row(made).state == "done"
