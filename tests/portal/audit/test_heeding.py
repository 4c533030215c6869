"""What was erased is held to the holds over whole agreements, in the order of the log; an honest log is never named."""

import uuid

import pytest

from portal.audit import erasing, holds
from portal.errors import LogUnavailable
from tests.portal.audit.conftest import view
from tests.portal.audit.test_erasing import BEN, BRENT, KEPT, at, check, erase, hold, lift, who
from tests.portal.audit.test_erasing import years as years

NAMED = "it erased details that were to be kept longer"


@pytest.fixture
def heedless(monkeypatch):
    """An installation that erases in spite of every hold."""
    monkeypatch.setattr(holds.Covering, "keeps", lambda *_: False)


def test_an_entry_that_names_another_agreement_is_named_by_what_it_erased(years, heedless, monkeypatch):
    hold(years)
    monkeypatch.setattr(erasing, "_longest", lambda *_: KEPT["brent-iom"])
    erase(years, 2090)
    assert who(years, years.receipts)[:3] == [None] * 3
    assert NAMED in check(years).sentence


def test_details_under_no_agreement_may_be_of_any(years, heedless):
    at(years, 2026)
    years.append(view(uuid.UUID(int=9), agreement=None))
    years.drain()
    erase(years, 2034)
    assert check(years).whole
    hold(years)
    erase(years, 2090)
    assert NAMED in check(years).sentence


@pytest.mark.parametrize(("agreement", "first", "last"), [("cardiff-iom", 2020, 2026), ("barnet-iom", 2028, 2030)])
def test_a_hold_over_something_else_names_nothing(years, heedless, agreement, first, last):
    hold(years, first=first, last=last, agreement=agreement)
    erase(years, 2090)
    assert who(years, years.receipts) == [None] * 5
    assert check(years).whole


def test_the_hold_of_one_agreement_names_nothing_of_another(years):
    hold(years, agreement="brent-iom")
    erase(years, 2090)
    assert who(years, years.receipts)[:3] == [None] * 3
    assert who(years, years.receipts)[3] is not None
    assert check(years).whole


def test_years_without_number_do_not_take_their_time(years, heedless):
    hold(years, first=-(1 << 31), last=(1 << 31) - 1)
    erase(years, 2033)
    assert NAMED in check(years).sentence


def test_the_end_of_a_hold_counts_once_it_has_its_place(years):
    """Else the entry that erases could get its place before it, and an honest log would be named."""
    held = hold(years)
    years.drain()
    at(years, 2033)
    lift(years, held)
    with years.session() as session:
        assert erasing.announce(session, years.log, KEPT, 2026) == ()
        years.drain()
        assert len(erasing.announce(session, years.log, KEPT, 2026)) == 1
    assert check(years).whole
    years.drain()
    assert check(years).whole


def test_no_hold_is_placed_while_an_entry_that_erases_waits_for_its_place(years):
    at(years, 2033)
    with years.session() as session:
        erasing.announce(session, years.log, KEPT, 2026)
    with pytest.raises(LogUnavailable, match="waits for its place"):
        hold(years)
    assert check(years).whole
    years.drain()
    hold(years)
    assert check(years).whole
    years.drain()
    assert check(years).whole


def test_every_order_of_a_hold_its_end_and_other_agreements_is_right(years):
    one, other = hold(years, last=2090), hold(years, agreement="brent-iom", last=2090)
    erase(years, 2090)
    assert who(years, years.receipts).count(None) == 0
    lift(years, one)
    erase(years, 2091)
    assert who(years, years.receipts)[1] is None
    assert check(years).whole
    one = hold(years, last=2090)
    lift(years, other)
    at(years, 2026)
    (late,) = years.append(view(BEN, agreement=BRENT))
    erase(years, 2092)
    assert who(years, [years.receipts[3], late]) == [None, None]
    lift(years, one)
    hold(years, last=2090)
    years.drain()
    report = check(years)
    assert report.whole, report.sentence


def test_two_holds_that_name_one_entry_are_named(build):
    """The one that the entry fixes must not vouch for the other, whichever is read last."""
    world = build("postgresql")
    at(world, 2026)
    hold(world)
    world.drain()
    assert check(world).whole
    ((name,),) = world.sql(
        "SELECT conname FROM pg_constraint WHERE conrelid = 'audit_hold'::regclass AND contype = 'u'"
    )
    told = "at, kind, party, agreement, subject, first_year, last_year, asked_by"
    world.attack(
        f"ALTER TABLE audit_hold DROP CONSTRAINT {name}",
        f"INSERT INTO audit_hold (id, entry_id, matter, {told}) SELECT :id, entry_id, 'B/2', {told} FROM audit_hold",
        "UPDATE audit_hold SET matter = matter WHERE matter = 'A/1'",
        id=uuid.uuid4().bytes,
    )
    assert "no entry says so" in check(world).sentence
