"""What came of an action, said twice, said in nothing that can be seen, or taken by two at once."""

import uuid

import pytest

from portal.casework import actions, closing, today
from portal.errors import Conflict
from portal.sharing.fields import Invalid
from portal.sharing.tables import ActionRow
from tests.installation import World
from tests.portal.casework.doing import Partners
from tests.portal.casework.test_referrals import at_once

UNSEEN = "\u200b \u2060"


@pytest.fixture
def people(either: World) -> Partners:
    return Partners(either)


@pytest.fixture
def here(world: World) -> Partners:
    return Partners(world)


def test_what_cannot_be_seen_is_neither_a_task_nor_an_outcome(here: Partners) -> None:
    with pytest.raises(Invalid) as wrong:
        here.gives(here.jo, task=UNSEEN)
    assert set(wrong.value.problems) == {"task"}
    for who, made in ((here.jo, here.gives(here.jo)), (here.housing, here.gives(here.police, "barnet_housing"))):
        with pytest.raises(Invalid) as wrong:
            here.closes(who, made, text=UNSEEN)
        assert set(wrong.value.problems) == {"text"}
        assert here.row(made).state == "open"


@pytest.mark.parametrize("text", [UNSEEN, "Paid \u202e005 pounds"])
def test_nor_is_it_one_from_home(here: Partners, text: str) -> None:
    made = here.gives(here.jo)
    with pytest.raises(Invalid) as wrong:
        today.done(here.world.session, here.world.doors, here.jo, [made], text)
    assert set(wrong.value.problems) == {"text"}


@pytest.mark.parametrize("way", ["own", "told"])
def test_an_answer_that_came_twice_is_one_and_another_is_told(people: Partners, way: str) -> None:
    """A double click, or a page that was lost on the way back, is no quarrel with anybody."""
    at, who = people.world, people.housing
    made = people.gives(people.police, "barnet_housing") if way == "told" else people.gives(who, label="housing")
    visit, once = people.visit(who), uuid.uuid4()

    def close(text: str, state: str = "done") -> uuid.UUID:
        return closing.close(at.session, at.doors, who, visit, made, 1, state, text, "", once).record

    told = close("She rang back")
    assert close("She rang back ") == told == people.row(made).told
    for text, state in (("She did not", "done"), ("She rang back", "dropped")):
        with pytest.raises(Conflict):
            close(text, state)
    assert people.row(made).state == "done"


def test_of_two_who_take_one_at_once_the_second_is_told(people: Partners) -> None:
    made = people.gives(people.police, "probation")
    visits = {who.user: people.visit(who) for who in (people.sam, people.jo)}
    people.world.session.rollback()

    def take(who):
        return lambda w: actions.give(w.session, w.doors, who, visits[who.user], made, "me", None)

    found = at_once(people.world, take(people.sam), take(people.jo))
    assert sorted(type(each).__name__ for each in found) == ["Conflict", "Receipt"]
    first = people.sam if isinstance(found[1], Conflict) else people.jo
    row: ActionRow = people.row(made)
    assert row.user == first.user
