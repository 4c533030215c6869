"""Asking for a role: who sees it, who answers it with what, and what the asker reads."""

import uuid

import pytest
from sqlalchemy import select, text

from portal.auth import capacities, people
from portal.auth.actor import Actor
from portal.auth.errors import CapacityRefused
from portal.db import DAY, now_micros
from portal.errors import Conflict, NotFound
from portal.sharing import access_requests, joining, roster, staff
from portal.sharing.tables import StaffValue
from tests.installation import TAGS, World

WHY = "I join the tenancy team on Monday"


def newcomer(world: World) -> uuid.UUID:
    """Someone of Housing who has signed in and has no role."""
    with world.doors.log.transaction(world.session) as tx:
        user = people.register(tx.session, TAGS.identity("housing", "new"), "barnet_housing", now_micros())
        staff.keep(tx.session, world.doors.keys, user, "barnet_housing", "Nina Newcomer", "")
    return user


@pytest.fixture
def asker(world: World) -> uuid.UUID:
    return newcomer(world)


@pytest.fixture
def spoc(world: World) -> Actor:
    return world.actor("barnet_housing", "spoc", "Jo Smith")


def ask(world: World, user: uuid.UUID, role: str = "practitioner") -> uuid.UUID:
    access_requests.ask(world.session, world.doors, user, "barnet_housing", "signed-in", role, "Bea Boss", WHY)
    found = access_requests.of(world.session, world.doors, user, "barnet_housing")
    assert found
    return found.id


def approve(world: World, by: Actor, request: uuid.UUID, role: str = "practitioner") -> None:
    now = now_micros()
    access_requests.approve(world.session, world.doors, by, request, role, now, now + 100 * DAY)


def roles(world: World, user: uuid.UUID) -> list[str]:
    world.session.rollback()
    return [c.role for c in capacities.current(world.session, user, now_micros())]


def test_the_spoc_reads_it_and_gives_the_role(either: World) -> None:
    world, asker, spoc = either, newcomer(either), either.actor("barnet_housing", "spoc", "Jo Smith")
    request = ask(world, asker)
    looked = access_requests.waiting(world.session, world.doors, spoc)
    assert [(a.name, a.role, a.manager, a.why) for a in looked.requests] == [
        ("Nina Newcomer", "practitioner", "Bea Boss", WHY)
    ]
    approve(world, spoc, request)
    assert roles(world, asker) == ["practitioner"]
    assert access_requests.waiting(world.session, world.doors, spoc).requests == ()
    with pytest.raises(Conflict):
        approve(world, world.actor("barnet_housing", "admin", "Ada Admin"), request)
    with pytest.raises(NotFound):
        access_requests.one(world.session, world.doors, spoc, request)


def test_a_spoc_gives_the_roles_on_assigned_cases_only_and_the_administrator_every_one(
    world: World, asker: uuid.UUID, spoc: Actor
) -> None:
    request = ask(world, asker, "spoc")
    for role in ("spoc", "admin", "dpo"):
        with pytest.raises(CapacityRefused):
            approve(world, spoc, request, role)
    assert roles(world, asker) == []
    approve(world, world.actor("barnet_housing", "admin", "Ada Admin"), request, "spoc")
    assert roles(world, asker) == ["spoc"]


def test_a_refusal_has_a_reason_that_the_asker_reads_and_they_may_ask_again(
    world: World, asker: uuid.UUID, spoc: Actor
) -> None:
    access_requests.refuse(world.session, world.doors, spoc, ask(world, asker), "You are on the wrong team.")
    told = access_requests.of(world.session, world.doors, asker, "barnet_housing")
    assert told
    assert (told.state, told.reason) == (access_requests.REFUSED, "You are on the wrong team.")
    ask(world, asker)
    again = access_requests.of(world.session, world.doors, asker, "barnet_housing")
    assert again
    assert (again.state, again.reason) == (access_requests.WAITING, "")


@pytest.mark.parametrize(
    ("party", "role"), [("barnet_housing", "practitioner"), ("police", "spoc"), ("police", "admin")]
)
def test_nobody_else_sees_or_answers_it(world: World, asker: uuid.UUID, party: str, role: str) -> None:
    request, other = ask(world, asker), world.actor(party, role, "Olga Other")
    if party == "barnet_housing":
        with pytest.raises(NotFound):
            access_requests.waiting(world.session, world.doors, other)
    else:
        assert access_requests.waiting(world.session, world.doors, other).requests == ()
    for attempt in (
        lambda: access_requests.one(world.session, world.doors, other, request),
        lambda: approve(world, other, request),
        lambda: access_requests.refuse(world.session, world.doors, other, request, "No"),
    ):
        with pytest.raises(NotFound):
            attempt()
    assert roles(world, asker) == []


def test_nobody_approves_their_own(world: World, spoc: Actor) -> None:
    request = ask(world, spoc.user, "lead")
    for attempt in (
        lambda: approve(world, spoc, request, "lead"),
        lambda: access_requests.refuse(world.session, world.doors, spoc, request, "No"),
    ):
        with pytest.raises(CapacityRefused):
            attempt()


def test_what_was_written_lies_sealed_and_asking_again_replaces_it(world: World, asker: uuid.UUID) -> None:
    first = ask(world, asker)
    assert ask(world, asker, "lead") == first
    world.session.rollback()
    kept = world.session.scalars(select(StaffValue).where(StaffValue.field.like("ask-%"))).all()
    assert sorted(row.field for row in kept) == ["ask-manager", "ask-why"]
    assert not any(b"Boss" in row.sealed or b"tenancy" in row.sealed for row in kept)
    rows = world.session.execute(text("select * from access_request")).all()
    assert len(rows) == 1
    assert "Boss" not in str(rows)


def test_a_role_that_is_given_without_the_request_answers_it(world: World, asker: uuid.UUID, spoc: Actor) -> None:
    ask(world, asker)
    admin, now = world.actor("barnet_housing", "admin", "Ada Admin"), now_micros()
    roster.grant(world.session, world.doors, admin, asker, "lead", now, now + DAY)
    assert access_requests.waiting(world.session, world.doors, spoc).requests == ()


def test_a_role_that_the_party_cannot_give_is_not_asked_for(world: World, asker: uuid.UUID) -> None:
    for role in ("coordinator", "feed", "emperor"):
        with pytest.raises(CapacityRefused):
            access_requests.ask(world.session, world.doors, asker, "barnet_housing", "s", role, "Bea Boss", WHY)


def test_who_has_left_asks_no_more(either: World) -> None:
    """Nobody can approve what a leaver asked for, so it must not wait for anybody either."""
    world, asker, spoc = either, newcomer(either), either.actor("barnet_housing", "spoc", "Jo Smith")
    request, admin = ask(world, asker), world.actor("barnet_housing", "admin", "Ada Admin")
    assert joining.waits(world.session, world.doors, spoc, now_micros()).requests == 1
    with world.doors.log.transaction(world.session) as tx:
        people.leaver(tx, admin, asker, now_micros())
    assert access_requests.waiting(world.session, world.doors, spoc).requests == ()
    assert joining.waits(world.session, world.doors, spoc, now_micros()).requests == 0
    with pytest.raises(NotFound):
        access_requests.one(world.session, world.doors, spoc, request)


def test_what_is_written_to_a_new_party_is_not_read_by_the_one_before(
    world: World, asker: uuid.UUID, spoc: Actor
) -> None:
    """Somebody asks Housing, moves to the police and asks there, and comes back: Housing never reads the second."""
    ask(world, asker)
    for party in ("police", "barnet_housing"):
        with world.doors.log.transaction(world.session) as tx:
            people.admit(tx, TAGS.identity("housing", "new"), party, [], now_micros())
        if party == "police":
            access_requests.ask(world.session, world.doors, asker, party, "s", "practitioner", "Sue", "CANARY")
            read = access_requests.waiting(world.session, world.doors, world.actor("police", "spoc", "Sam Spoc"))
            assert "CANARY" in repr(read), "those whom it is for read it"
        assert access_requests.waiting(world.session, world.doors, spoc).requests == ()
