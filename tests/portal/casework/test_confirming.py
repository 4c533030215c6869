"""Confirming that an update was read: who is asked, what counts, and who is told."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from portal.audit import tables as audit_tables
from portal.auth import capacities, induction
from portal.casework import confirming
from portal.casework.confirming import EVERYONE, SOME
from portal.db import DAY, new_id, now_micros
from portal.errors import NotFound
from portal.sharing import confirmations
from portal.sharing.fields import Invalid
from portal.sharing.reading import to_read
from portal.sharing.talk_tables import Confirmation, ReadingAsk
from tests.installation import INDUCTED, World
from tests.portal.casework.asking import UPDATE, Asking
from tests.portal.casework.talking import Talking, worlds


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, template: Path) -> Iterator[World]:
    with worlds(template, tmp_path_factory.mktemp("confirming") / "home") as made:
        yield made


@pytest.fixture
def people(world):
    return Talking(world)


def rows(people, table, record):
    people.world.session.rollback()
    return people.world.session.scalars(select(table).where(table.record == record)).all()


def test_everyone_who_may_read_it_is_asked_and_the_writer_sees_who_has(people):
    on = people.shares(people.jo, "Do not visit alone", "behaviour", EVERYONE)
    plain = people.shares(people.jo, "Came on time")
    assert people.waits(people.jo) == []
    for reader in (people.pat, people.kim, people.hal, people.ola):
        assert people.waits(reader) == [on]
    assert people.sees(people.pat).talk.to_confirm == {on: None}
    assert people.readers(people.jo, on) == dict.fromkeys(
        ("Pat Police", "Kim Colleague", "Hal Housing", "Ola Prisons"), False
    )
    assert people.confirms(people.pat, on)
    assert people.waits(people.pat) == []
    assert people.sees(people.pat).talk.to_confirm[on] is not None
    assert people.readers(people.jo, on)["Pat Police"]
    with pytest.raises(NotFound):
        people.readers(people.jo, plain)
    with pytest.raises(NotFound):
        people.readers(people.pat, on)


def test_who_may_not_read_it_is_not_asked_and_a_service_is_not_named_to_the_writer(people):
    on = people.shares(people.jo, "Licence varied", "sentence", EVERYONE)
    assert people.waits(people.hal) == people.waits(people.nat) == []
    assert people.waits(people.pat) == [on], "the twin who may"
    assert not {"Hal Housing", "Nat Nurse"} & people.readers(people.jo, on).keys()
    with pytest.raises(NotFound):
        people.confirms(people.hal, on)
    assert rows(people, Confirmation, on) == []


def test_some_agencies_alone_and_one_that_cannot_read_it_is_refused_with_its_clause(people):
    on = people.shares(people.jo, "Seen with A", "behaviour", SOME, "police")
    assert people.waits(people.kim) == [on]
    assert people.waits(people.hal) == []
    with pytest.raises(NotFound):
        people.confirms(people.hal, on)
    with pytest.raises(Invalid) as wrong:
        people.shares(people.jo, "Licence varied", "sentence", SOME, "police", "barnet_housing")
    assert "cannot be asked" in wrong.value.problems["confirm"]
    assert "Clause 5.22" in wrong.value.problems["confirm"]
    with pytest.raises(Invalid, match="confirm"):
        people.shares(people.jo, "x", "behaviour", SOME)
    with pytest.raises(Invalid, match="confirm"):
        people.shares(people.jo, "x", "behaviour", SOME, "ntmh")


def test_the_same_form_that_asks_others_asks_them_too(people):
    once = new_id()
    on = people.shares(people.jo, "Seen with A", once=once)
    assert people.waits(people.kim) == []
    assert people.shares(people.jo, "Seen with A", "behaviour", SOME, "police", once=once) == on
    assert people.waits(people.kim) == [on]
    [first] = rows(people, ReadingAsk, on)
    assert people.shares(people.jo, "Seen with A", "behaviour", SOME, "police", "barnet_housing", once=once) == on
    assert people.waits(people.hal) == [on]
    assert {r.party: r.asked_at for r in rows(people, ReadingAsk, on)}["police"] == first.asked_at


def test_every_mistake_of_the_form_is_said_at_once(people):
    with pytest.raises(Invalid) as wrong:
        people.shares(people.jo, "", "behaviour", SOME)
    assert set(wrong.value.problems) == {"update.text@behaviour", "confirm"}


def test_a_corrected_update_is_confirmed_anew_and_an_old_page_confirms_nothing(people):
    on = people.shares(people.jo, "Do not visit alone", "behaviour", EVERYONE)
    people.confirms(people.pat, on)
    people.corrects(people.jo, on, "Do not visit alone or at night")
    assert people.waits(people.pat) == [on]
    assert not people.readers(people.jo, on)["Pat Police"]
    assert not people.confirms(people.pat, on, version=1)
    assert people.waits(people.pat) == [on]
    assert people.confirms(people.pat, on, version=2)
    assert people.waits(people.pat) == []
    assert people.readers(people.jo, on)["Pat Police"]
    assert {(r.user, r.version) for r in rows(people, Confirmation, on)} == {
        (people.pat.user, 1),
        (people.pat.user, 2),
    }


def test_whoever_begins_within_28_days_is_asked_and_whoever_leaves_is_not(people, world):
    early, late = (world.actor("police", "practitioner", name) for name in ("Early Bird", "Late Owl"))
    on = people.shares(people.jo, "Read this", "behaviour", EVERYONE)
    [ask] = rows(people, ReadingAsk, on)
    with world.doors.log.transaction(world.session):
        row = world.session.get(ReadingAsk, (on, ""))
        row.asked_at = ask.asked_at - 30 * DAY
    people.assigns(early, "Early Bird", now_micros() - 3 * DAY)
    people.assigns(late, "Late Owl", now_micros() - DAY)
    assert people.waits(early) == [on]
    assert people.waits(late) == []
    assert people.readers(people.jo, on).keys() == {"Early Bird"}
    people.leaves(early)
    assert people.waits(early) == []
    assert people.readers(people.jo, on) == {}


def test_what_somebody_may_not_read_hides_nothing_newer_from_them(people):
    at = people.world
    licences = people.copies(people.shares(people.jo, "Licence varied", "sentence"), 205)
    with at.doors.log.transaction(at.session) as tx:
        for each in licences:
            confirmations.put_ask(tx.session, each, people.case, {"barnet_housing"}, people.jo.user, at.doors.clock())
    on = people.shares(people.jo, "Seen with A", "behaviour", EVERYONE)
    assert people.waits(people.hal) == [on]


def test_who_works_for_two_parties_confirms_for_each(people, world):
    agency = world.actor("barnet_housing", "practitioner", "Two Hats")
    council = dataclasses.replace(world.actor("probation", "practitioner", "Two Hats too"), user=agency.user)
    with world.doors.log.transaction(world.session) as tx:
        held = capacities.install(tx, agency.user, "probation", "practitioner", now_micros(), None, now_micros())
        induction.install(tx, agency.user, "probation", INDUCTED, now_micros())
    council = dataclasses.replace(council, capacity=held.id)
    for who in (agency, council):
        people.assigns(who, "Two Hats")
    on = people.shares(people.pat, "Read this", "behaviour", EVERYONE)
    assert people.waits(agency) == people.waits(council) == [on]
    assert people.confirms(agency, on)
    assert people.waits(agency) == []
    assert people.waits(council) == [on]
    assert people.confirms(council, on)
    assert {(r.user, r.party) for r in rows(people, Confirmation, on)} == {
        (agency.user, "barnet_housing"),
        (agency.user, "probation"),
    }


def test_several_are_confirmed_at_once_in_one_entry_and_twice_is_once(people):
    first, second = (people.shares(people.jo, text, "behaviour", EVERYONE) for text in ("One", "Two"))
    stale = people.shares(people.jo, "Three", "behaviour", EVERYONE)
    mine = people.shares(people.pat, "Four", "behaviour", EVERYONE)
    people.corrects(people.jo, stale, "Three, corrected")
    at, entry = people.world, audit_tables.ENTRY
    shown = {first: 1, second: 1, stale: 1, mine: 1}
    done = confirming.confirm(at.session, at.doors, people.pat, shown)
    assert (done.count, done.left) == (2, 2)
    last = at.session.execute(select(entry.c.operation).order_by(entry.c.at.desc()).limit(1)).scalar_one()
    assert last == "alteration"
    count = len(at.session.execute(select(entry.c.at)).all())
    [before] = rows(people, Confirmation, first)
    assert confirming.confirm(at.session, at.doors, people.pat, {first: 1}).count == 1
    assert len(at.session.execute(select(entry.c.at)).all()) == count
    assert [r.confirmed_at for r in rows(people, Confirmation, first)] == [before.confirmed_at]
    assert people.waits(people.pat) == [stale]
    with pytest.raises(Invalid):
        confirming.confirm(at.session, at.doors, people.pat, {})


def test_the_mail_knows_that_something_waits_and_after_confirming_that_nothing_does(people):
    at = people.world
    on = people.shares(people.jo, "Read this", "behaviour", EVERYONE)
    since = at.doors.clock() - DAY
    assert confirming.news(at.session, at.doors, people.ola, since)
    waiting = {w.row.record: w.row.version for w in to_read.waiting(at.session, at.doors, people.ola)}
    assert on in waiting
    confirming.confirm(at.session, at.doors, people.ola, waiting)
    assert not confirming.news(at.session, at.doors, people.ola, since)


def test_what_an_owner_granted_to_one_person_is_confirmed_by_that_person_alone(world):
    asking = Asking(world)
    request = asking.asks(None, UPDATE)
    asking.grants(request, UPDATE)
    typed, visit = {UPDATE: "Do not knock after dark"}, asking.visit(asking.nurse)
    at = (world.session, world.doors)
    on = confirming.share(*at, asking.nurse, visit, "health_need", typed, EVERYONE, ()).record
    waits = {who: [w.row.record for w in to_read.waiting(*at, who)] for who in (asking.pat, asking.kim)}
    assert on in waits[asking.pat]
    assert on not in waits[asking.kim]
    told = confirming.readers(*at, asking.nurse, asking.visit(asking.nurse), on).readers
    assert [(r.name, r.agency) for r in told if r.agency == "Police"] == [("", "Police")], (
        "nobody recorded who they are"
    )
