"""Rows that fit each other and still say what was never written: verification names them, and nothing acts on them."""

import pytest
from sqlalchemy import text

from portal.audit import checking, erasing
from portal.audit.tables import PENDING, SEQUENCE
from portal.errors import LogUnavailable
from tests.portal.audit.conftest import view
from tests.portal.audit.test_erasing import ANN, KEPT, at, check, erase, hold, lift, who, years  # noqa: F401


def subject(world):
    return world.sql("SELECT hold, salt, subject_tag FROM audit_hold_subject")[0]


def put_subject(world, salt, tag):
    world.sql("UPDATE audit_hold_subject SET salt = :salt, subject_tag = :tag", salt=salt, tag=tag)


def forged(row):
    """The same bytes parted elsewhere have the same digest; another tag has another."""
    salt, tag = bytes(row.salt), bytes(row.subject_tag)
    return [(salt + tag[:8], tag[8:]), (salt[:8], salt[8:] + tag), (salt, bytes(16))]


@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_hold_whose_subject_was_changed_is_named_and_stops_all_erasing(years, which):  # noqa: F811
    hold(years, ANN)
    years.drain()
    put_subject(years, *forged(subject(years))[which])
    assert "whose details it keeps was changed or removed" in check(years).sentence
    at(years, 2033)
    with years.session() as session, pytest.raises(LogUnavailable, match="verify the log"):
        erasing.announce(session, years.log, KEPT, 2026)
    assert who(years, years.receipts)[0] == ANN


def test_an_end_of_a_hold_that_no_entry_tells_of_stops_all_erasing(years):  # noqa: F811
    """No trigger refuses it, and the role that serves may write both rows: so whoever erases looks for the entry."""
    held = hold(years, ANN)
    years.drain()
    years.sql(
        "INSERT INTO audit_hold_lift (hold, entry_id, at) VALUES (:hold, :entry, 1)",
        "DELETE FROM audit_hold_subject",
        hold=held.bytes,
        entry=years.receipts[0].entry_id.bytes,
    )
    assert not check(years).whole
    with pytest.raises(LogUnavailable, match="verify the log"):
        erase(years, 2033)
    assert who(years, years.receipts)[0] == ANN


def test_a_hold_made_up_beside_the_end_of_another_is_named(years):  # noqa: F811
    lift(years, hold(years))
    years.drain()
    assert check(years).whole
    columns = "at, kind, party, agreement, subject, first_year, last_year, asked_by, matter"
    years.attack(
        f"INSERT INTO audit_hold (id, entry_id, {columns}) SELECT :new, l.entry_id, h.{columns.replace(', ', ', h.')}"
        " FROM audit_hold h JOIN audit_hold_lift l ON l.hold = h.id",
        new=b"\7" * 16,
    )
    assert "kept longer" in check(years).sentence


def test_a_detail_that_lost_whom_it_is_about_is_named(years):  # noqa: F811
    years.attack("UPDATE audit_detail SET subject_tag = NULL WHERE entry_id = :x", x=years.receipts[1].entry_id.bytes)
    assert "the key of a sealed detail of it is gone" in check(years).sentence


def test_a_detail_under_the_tag_of_somebody_else_is_named(years):  # noqa: F811
    """Of somebody who has a key of that year too, so that no key seems to be missing."""
    ann, ben = (receipt.entry_id.bytes for receipt in years.receipts[:2])
    tag = years.sql("SELECT subject_tag FROM audit_detail WHERE entry_id = :x", x=ann)[0].subject_tag
    years.attack("UPDATE audit_detail SET subject_tag = :tag WHERE entry_id = :x", tag=tag, x=ben)
    report = check(years)
    assert (report.index, "the key of a sealed detail of it is gone" in report.sentence) == (1, True)


def test_the_key_of_a_detail_that_a_hold_keeps_after_the_announcement_is_missed(years):  # noqa: F811
    """The triggers let it go, for an entry says that it is erased: but the detail is there, and a hold keeps it."""
    at(years, 2033)
    with years.session() as session:
        erasing.announce(session, years.log, KEPT, 2026)
        years.drain()
        hold(years, ANN)
        years.drain()
        assert erasing.destroy(session, years.log).waiting == 1
    assert check(years).whole
    years.sql(
        "DELETE FROM audit_person_key WHERE year = 2026 AND subject_tag IN (SELECT subject_tag FROM audit_detail"
        " WHERE erasure IS NOT NULL)"
    )
    report = check(years)
    assert (report.index, "the key of a sealed detail of it is gone" in report.sentence) == (0, True)


def test_an_entry_with_a_place_before_the_first_is_named(world):
    world.append(view(), view())
    world.drain()
    world.append(view())
    world.attack(
        'INSERT INTO audit_sequence ("index", entry_id, leaf_hash) SELECT -1, entry_id, leaf_hash FROM audit_pending',
        "DELETE FROM audit_pending",
    )
    assert not world.check().whole
    assert world.sql(f"SELECT count(*) FROM {SEQUENCE.name}") == [(3,)]


def test_an_entry_that_waits_for_two_places_is_named(world):
    world.append(view())
    world.attack(
        f"INSERT INTO {PENDING.name} (writer, n, entry_id, at, leaf_hash)"
        " SELECT writer, n + 1, entry_id, at, leaf_hash FROM audit_pending"
    )
    assert not world.check().whole


NARROWED = (
    "CREATE TRIGGER audit_entry_no_change BEFORE UPDATE OF n OR DELETE ON audit_entry FOR EACH STATEMENT"
    " EXECUTE FUNCTION audit_append_only()",
    "CREATE TRIGGER audit_detail_erase BEFORE UPDATE OF position OR DELETE ON audit_detail FOR EACH ROW"
    " EXECUTE FUNCTION audit_detail_guard()",
    "CREATE TRIGGER audit_detail_erase BEFORE UPDATE OR DELETE ON audit_person_key FOR EACH ROW"
    " EXECUTE FUNCTION audit_detail_guard()",
)
"""Triggers of the same name, function and kind that watch over one column only, or over another table."""


@pytest.mark.parametrize("narrowed", NARROWED)
def test_a_trigger_that_looks_the_same_and_guards_less_is_named(build, narrowed):
    world = build("postgresql")
    name, table = narrowed.split()[2], "audit_entry" if "audit_entry" in narrowed else "audit_detail"
    with world.engine.begin() as connection:
        connection.execute(text(f"DROP TRIGGER {name} ON {table}"))
        connection.execute(text(narrowed))
        connection.execute(text(f"ALTER TABLE {narrowed.split(' ON ')[1].split()[0]} ENABLE ALWAYS TRIGGER {name}"))
    assert f"trigger {name} is missing, changed or switched off" in world.check().sentence


@pytest.mark.parametrize("function", ["audit_append_only", "audit_detail_guard", "audit_person_key_guard"])
@pytest.mark.parametrize("change", ["SET search_path = elsewhere", "SECURITY DEFINER"])
def test_a_function_that_reads_the_same_and_runs_otherwise_is_named(build, function, change):
    """With a search path of its own a guard looks for the entries in a table that somebody made up."""
    world = build("postgresql")
    assert world.check().whole
    world.sql(f"ALTER FUNCTION {function}() {change}")
    assert f"trigger {function} is missing, changed or switched off" in world.check().sentence


def test_a_time_of_a_checkpoint_that_no_calendar_has_is_named(world):
    world.append(view())
    world.drain()
    world.attack("UPDATE audit_checkpoint SET at = 9000000000000000000")
    assert "a row there cannot be read" in world.check().sentence


def test_an_answer_by_field_that_is_neither_yes_nor_no_is_named(build):
    """A filter for what was permitted would not find it."""
    world = build("sqlite")
    world.append(view())
    world.drain()
    world.attack("UPDATE audit_outcome_field SET permitted = 2 WHERE permitted = 1")
    assert "a stored outcome by field was changed" in world.check().sentence


def test_details_that_come_in_another_order_are_all_there():
    """A database that answers out of order hides none of them."""
    rows = [(1, 0), (2, 0), (1, 1), (3, 0), (2, 1)]
    found = checking._by_place(rows)
    assert {place: list(each) for place, each in found.items()} == {1: rows[:3:2], 2: rows[1::3], 3: rows[3:4]}
    assert {place: list(each) for place, each in checking._by_place(rows[:2]).items()} == {1: rows[:1], 2: rows[1:2]}
