"""Details of the log go at the end of their period, no sooner, and only where nothing keeps them; their proofs stay."""

import uuid
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from portal.audit import checking, erasing, holds
from portal.audit.entry import Entry, Subject
from portal.audit.erasing import Period
from portal.audit.erasures import due
from portal.audit.holds import Asked
from portal.audit.log import Receipt
from portal.audit.stopping import Stop
from portal.audit.tables import ENTRY, HOLD_SUBJECT, PERSON_KEY
from portal.db import begin_write
from portal.errors import LogStopped, LogUnavailable
from tests.portal.audit.conftest import view
from tests.portal.audit.test_details import read

BARNET, BRENT = "barnet-iom@4#" + "a" * 64, "brent-iom@2#" + "b" * 64
KEPT = {"barnet-iom": Period(BARNET, 6, "9.31"), "brent-iom": Period(BRENT, 8, "9.31")}
PERIODS = {BARNET: 6, BRENT: 8}
ANN, BEN, CAT = (uuid.UUID(int=n) for n in (1, 2, 3))


def at(world, year, month=6):
    moment = due(year - 1, 0) + (month - 1) * 30 * 86_400_000_000
    world.log.clock = lambda: moment
    return moment


@pytest.fixture
def years(world):
    """Entries of 2026 about Ann and Ben under one agreement and Cat under another, of 2027 about Ann; sequenced."""
    at(world, 2026)
    receipts = world.append(view(ANN), view(BEN), view(ANN), view(CAT, agreement=BRENT))
    at(world, 2027)
    receipts += world.append(view(ANN))
    world.drain()
    world.receipts = receipts
    return world


def erase(world, year, kept=KEPT):
    """As the command does: sequence, announce every year that is due, fix it under a checkpoint, destroy."""
    now = at(world, year)
    world.drain()
    with world.session() as session:
        for year in {found.year for found in erasing.survey(session, kept, now)}:
            erasing.announce(session, world.log, kept, year)
        world.drain()
        return erasing.destroy(session, world.log)


def who(world, receipts):
    """Whom entries are about, as far as the log still says."""
    return [read(world, receipt).details[0].person for receipt in receipts]


def counted(world, table):
    with world.session() as session:
        return session.connection().execute(select(func.count()).select_from(table)).scalar()


def check(world):
    with world.session() as session:
        return checking.check(session, world.signer().verifier, periods=PERIODS)


def test_nothing_goes_before_its_period_is_over(years):
    before = counted(years, ENTRY)
    assert erase(years, 2032).keys == 0  # 2026 and six years: until the end of 2032
    assert counted(years, ENTRY) == before
    assert who(years, years.receipts) == [ANN, BEN, ANN, CAT, ANN]
    assert check(years).whole


def test_what_is_due_goes_and_the_log_is_whole(years):
    done = erase(years, 2033)
    assert (done.keys, done.details, done.waiting) == (2, 3, 0)
    assert who(years, years.receipts) == [None, None, None, CAT, ANN]
    assert counted(years, PERSON_KEY) == 2 + 1  # that of the entry which says so
    report = check(years)
    assert report.whole, report.sentence
    (entry,) = said(years)
    assert f"3 sealed details were erased at the end of their period, as entry {entry.reference} of the log says" in (
        report.sentence
    )
    assert entry.agreement == BARNET
    assert erase(years, 2034).keys == 1  # Ann's of 2027
    assert erase(years, 2035).keys == 1  # Cat's of 2026: the other agreement keeps it two years longer
    assert who(years, years.receipts) == [None] * 5
    assert check(years).whole


def said(world):
    with world.session() as session:
        query = select(ENTRY).where(ENTRY.c.operation == "details-erased").order_by(ENTRY.c.at)
        return session.connection().execute(query).all()


def test_the_longest_period_counts_and_for_entries_under_none_that_of_all(years):
    at(years, 2026)
    receipts = years.append(view(BEN, agreement=BRENT), view(uuid.UUID(int=9), agreement=None))
    years.drain()
    erase(years, 2034)
    assert who(years, years.receipts)[:2] == [None, BEN]
    assert who(years, receipts) == [BEN, uuid.UUID(int=9)]
    erase(years, 2035)
    assert who(years, receipts) == [None, None]


def test_each_agreement_has_an_entry_of_its_own_for_a_year(years):
    erase(years, 2090)
    assert {entry.agreement for entry in said(years)} == {BARNET, BRENT}
    assert len(said(years)) == 3  # 2026 under both, 2027 under one
    assert who(years, years.receipts) == [None] * 5
    assert check(years).whole


def test_under_an_agreement_that_names_no_period_nothing_ever_goes(years):
    silent = {"barnet-iom": KEPT["barnet-iom"], "brent-iom": None}
    erase(years, 2090, silent)
    assert who(years, years.receipts) == [None, None, None, CAT, None]
    gone = {"barnet-iom": KEPT["barnet-iom"]}  # no longer in service
    erase(years, 2091, gone)
    assert who(years, years.receipts)[3] == CAT
    with years.session() as session:
        assert [(d.year, d.unsaid) for d in erasing.survey(session, gone, at(years, 2092))][:1] == [(2026, 1)]


def hold(world, person=None, first=2026, last=2026, agreement="barnet-iom"):
    """Have details kept: one person's, or all under an agreement."""
    with world.session() as session, world.log.transaction(session) as tx:
        tag = None if person is None else world.log.vault(session).tag(person)
        asked = Asked("inquiry", "police", agreement, first, last, "An inquiry", "A/1", tag)
        entry = Entry("details-held", subjects=[Subject(person or world.log.nobody(session), {"justification": "x"})])
        return holds.place(tx, asked, entry)[0]


def lift(world, held):
    with world.session() as session, world.log.transaction(session) as tx:
        return holds.lift(tx, held, Entry("details-released"))


def test_a_hold_keeps_one_persons_details_until_it_is_lifted(years):
    held = hold(years, ANN)
    assert erase(years, 2033).keys == 1
    assert who(years, years.receipts) == [ANN, None, ANN, CAT, ANN]
    assert check(years).whole
    at(years, 2034)
    assert lift(years, held) is not None
    assert lift(years, held) is None
    assert counted(years, HOLD_SUBJECT) == 0
    erase(years, 2034)
    assert who(years, years.receipts) == [None, None, None, CAT, ANN]  # of 2027, with the record of the hold
    assert check(years).whole


def test_a_hold_keeps_all_under_an_agreement_of_the_years_it_names(years):
    at(years, 2026)
    (unnamed,) = years.append(view(uuid.UUID(int=9), agreement=None))
    years.drain()
    hold(years, first=2020, last=2026)
    erase(years, 2090)
    assert who(years, years.receipts) == [ANN, BEN, ANN, None, None]
    assert who(years, [unnamed]) == [uuid.UUID(int=9)]  # it may be of that agreement


def test_a_hold_keeps_the_record_of_itself(years):
    at(years, 2028)
    hold(years, ANN)
    with years.session() as session:
        query = select(ENTRY.c.entry_id).where(ENTRY.c.operation == "details-held")
        entry = session.connection().execute(query).scalar_one()
    years.drain()
    erase(years, 2090)
    assert who(years, [Receipt(entry, "", datetime.now(UTC))]) == [ANN]


def test_a_hold_placed_after_the_announcement_still_keeps_what_is_there(years):
    now = at(years, 2033)
    with years.session() as session:
        erasing.announce(session, years.log, KEPT, 2026)
        years.drain()
        held = hold(years, ANN)
        done = erasing.destroy(session, years.log)
    assert (done.keys, done.waiting) == (1, 1)
    assert who(years, years.receipts) == [ANN, None, ANN, CAT, ANN]
    report = check(years)
    assert report.whole
    assert "2 more are announced as erased and still there" in report.sentence
    lift(years, held)
    years.drain()
    with years.session() as session:
        assert erasing.destroy(session, years.log).keys == 1
        assert erasing.survey(session, KEPT, now)[0].details == 0
    assert check(years).whole


def test_a_hold_that_does_not_say_whom_it_keeps_stops_all_erasing(years):
    hold(years, ANN)
    years.sql("DELETE FROM audit_hold_subject")
    assert "whose details it keeps was changed or removed" in check(years).sentence
    with pytest.raises(LogUnavailable, match="whose details"):
        erase(years, 2033)
    assert who(years, years.receipts)[0] == ANN


def test_a_hold_removed_or_changed_by_hand_is_named(years):
    hold(years, ANN)
    years.drain()
    for statement in (
        "UPDATE audit_hold SET last_year = 2025",
        "UPDATE audit_hold SET matter = 'B/2'",
        "INSERT INTO audit_hold_lift (hold, entry_id, at) SELECT id, entry_id, at FROM audit_hold",
        "DELETE FROM audit_hold",
    ):
        years.attack(statement)
        assert "kept longer" in check(years).sentence, statement
        years.attack("DELETE FROM audit_hold_lift", *(["UPDATE audit_hold SET last_year = 2026, matter = 'A/1'"]))


def test_an_entry_that_erases_what_a_whole_agreement_keeps_is_named(years, monkeypatch):
    held = hold(years, first=2020, last=2026)
    years.drain()
    with monkeypatch.context() as patched:
        patched.setattr(holds.Covering, "keeps", lambda *_: False)  # an installation that does not heed it
        erase(years, 2033)
    assert who(years, years.receipts)[:3] == [None, None, None]
    report = check(years)
    assert not report.whole
    assert "it erased details that were to be kept longer" in report.sentence
    lift(years, held)
    years.drain()
    assert not check(years).whole  # lifting it afterwards mends nothing


def test_an_entry_that_erases_before_or_after_a_hold_or_beside_it_is_right(years):
    other = hold(years, first=2027, last=2027)
    lift(years, hold(years, first=2026, last=2026))
    erase(years, 2033)
    assert check(years).whole
    lift(years, other)
    hold(years, first=2026, last=2026)
    years.drain()
    assert check(years).whole
    assert who(years, years.receipts)[:2] == [None, None]


def test_nothing_is_destroyed_before_a_checkpoint_covers_the_entry_that_says_so(years):
    at(years, 2033)
    with years.session() as session:
        erasing.announce(session, years.log, KEPT, 2026)
        assert erasing.destroy(session, years.log).waiting == 2
    assert who(years, years.receipts) == [ANN, BEN, ANN, CAT, ANN]
    assert check(years).whole


def test_a_stopped_log_erases_nothing(years, tmp_path):
    at(years, 2033)
    with years.session() as session:
        erasing.announce(session, years.log, KEPT, 2026)
        years.drain()
        years.log.stop = stop = Stop(tmp_path)
        stop.set("behind", "w", 9, 5, "log.example/test", "")
        with pytest.raises(LogStopped):
            erasing.destroy(session, years.log)
    assert who(years, years.receipts)[0] == ANN


BY_HAND = [
    "UPDATE audit_detail SET subject_tag = NULL, sealed = NULL, silent = NULL",
    "UPDATE audit_detail SET erasure = entry_id",
    "DELETE FROM audit_detail",
    "DELETE FROM audit_person_key",
    "UPDATE audit_person_key SET commitment = commitment_silent",
]


@pytest.mark.parametrize("statement", BY_HAND)
def test_what_somebody_erases_by_hand_is_refused_and_where_the_triggers_are_gone_named(years, statement):
    with pytest.raises(DBAPIError, match="append-only"):
        years.sql(statement)
    assert check(years).whole
    years.attack(statement)
    report = check(years)
    if "commitment" in statement:  # the key opens nothing: the page says so, as of any damaged detail
        return
    assert not report.whole
    assert report.index == 0
    assert "detail" in report.sentence, report.sentence


def test_more_erased_by_hand_under_a_lawful_entry_is_named(years):
    """The owner adds a detail of the same year to those an entry erased, or takes one back out of them."""
    hold(years, BEN)
    erase(years, 2033)
    (entry,) = said(years)
    ben = years.receipts[1].entry_id.bytes
    gone = "subject_tag = NULL, sealed = NULL, silent = NULL"
    years.attack(f"UPDATE audit_detail SET erasure = :x, {gone} WHERE entry_id = :ben", x=entry.entry_id.bytes, ben=ben)
    assert f"not just those that entry {entry.reference} says" in check(years).sentence
    years.attack("UPDATE audit_detail SET erasure = NULL WHERE entry_id = :ben", ben=ben)
    assert "gone, and no entry says that it was erased" in check(years).sentence


def test_an_entry_that_erases_before_the_period_is_over_is_named(years):
    """By whoever owns the database and has the log's own key: everything fits but the time."""
    early = {"barnet-iom": Period(BARNET, 3, "9.31"), "brent-iom": Period(BRENT, 8, "9.31")}
    assert erase(years, 2030, early).keys == 2
    report = check(years)
    assert not report.whole
    assert "it erased details of 2026 before their period was over" in report.sentence
    assert report.reference == said(years)[0].reference


def test_the_database_lets_no_entry_erase_what_is_younger_than_a_whole_year(years):
    none = {"barnet-iom": Period(BARNET, 0, "9.31"), "brent-iom": Period(BRENT, 0, "9.31")}
    with pytest.raises(LogUnavailable):
        erase(years, 2027, none)
    assert check(years).whole


def test_erasing_takes_turns_with_itself(years):
    at(years, 2033)
    with years.session() as session:
        assert len(erasing.announce(session, years.log, KEPT, 2026)) == 1
        assert erasing.announce(session, years.log, KEPT, 2026) == ()
        with begin_write(session):
            holds.lock(session.connection())
    assert len(said(years)) == 1
