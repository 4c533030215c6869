"""What an attacker with the database owner's rights, and the log's key, can do – and that each of it is caught.

First the statement is shown to work on a twin without triggers, then to be refused. Where the owner drops the
triggers, verification names the entry.
"""

import itertools
import json

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from portal.audit import checking, holds, note, triggers
from portal.audit.entry import Entry, canonical, read_leaf, reference_of
from portal.audit.holds import Asked
from portal.audit.tables import (
    APPEND_ONLY,
    CHECKPOINT,
    DETAIL,
    ENTRY,
    HEAD,
    HOLD,
    HOLD_LIFT,
    HOLD_SUBJECT,
    OUTCOME,
    OUTCOME_FIELD,
    PENDING,
    SEQUENCE,
)
from portal.audit.tree import CompactRange, leaf_hash
from portal.db import begin_write
from portal.errors import Misconfigured
from tests.portal.audit.conftest import ORIGIN, view

BOTH = [
    "UPDATE audit_entry SET agency = 'x' WHERE n = 1",
    "DELETE FROM audit_entry WHERE n = 1",
    "UPDATE audit_sequence SET leaf_hash = entry_id",
    "DELETE FROM audit_sequence",
    "UPDATE audit_checkpoint SET at = 0",
    "DELETE FROM audit_checkpoint",
    "UPDATE audit_outcome SET content = digest",
    "DELETE FROM audit_outcome",
    "DELETE FROM audit_outcome_field",
    "INSERT INTO audit_checkpoint (size, at, note) VALUES (3, 0, '') ON CONFLICT (size) DO UPDATE SET note = ''",
]
COLUMNS = "leaf, at, operation, outcome, writer, n, reference"
SQLITE = [
    f"INSERT OR REPLACE INTO audit_entry (entry_id, {COLUMNS}) SELECT entry_id, x'00', at, operation, outcome, "
    "randomblob(16), n, reference FROM audit_entry WHERE n = 1",
    f"INSERT OR REPLACE INTO audit_entry (entry_id, {COLUMNS}) SELECT randomblob(16), x'00', at, operation, outcome, "
    "writer, n, reference FROM audit_entry WHERE n = 1",
    f"INSERT OR REPLACE INTO audit_entry (rowid, entry_id, {COLUMNS}) SELECT rowid, randomblob(16), x'00', at, "
    "operation, outcome, randomblob(16), n, reference FROM audit_entry WHERE n = 1",
    'REPLACE INTO audit_sequence ("index", entry_id, leaf_hash) SELECT "index", randomblob(16), leaf_hash '
    'FROM audit_sequence WHERE "index" = 1',
    'REPLACE INTO audit_sequence ("index", entry_id, leaf_hash) SELECT 99, entry_id, leaf_hash '
    'FROM audit_sequence WHERE "index" = 1',
    "REPLACE INTO audit_checkpoint (size, at, note) VALUES (3, 0, 'forged')",
    "UPDATE OR REPLACE audit_checkpoint SET at = 1",
]
POSTGRESQL = [
    "TRUNCATE audit_entry",
    "TRUNCATE audit_checkpoint, audit_sequence",
    "SET LOCAL session_replication_role = replica; UPDATE audit_entry SET agency = 'x' WHERE n = 1",
    "SET LOCAL session_replication_role = replica; TRUNCATE audit_outcome_field",
]


def contents(connection):
    return [sorted(map(repr, connection.execute(select(table)))) for table in APPEND_ONLY]


def try_each(world, statements):
    """Which of the statements change the log; each is tried in a transaction that is rolled back."""
    world.append(view(), view(), view())
    world.drain()
    worked, refused = [], []
    for statement in statements:
        with world.engine.connect() as connection:
            before = contents(connection)
            try:
                for part in statement.split("; "):
                    connection.execute(text(part))
            except DBAPIError as error:
                refused.append(statement if "append-only" in str(error) else f"{statement}: {error}")
            else:
                if contents(connection) != before:
                    worked.append(statement)
            connection.rollback()
    return worked, refused


@pytest.mark.parametrize(("kind", "statements"), [("sqlite", BOTH + SQLITE), ("postgresql", BOTH + POSTGRESQL)])
def test_triggers_refuse_what_works_without_them(build, kind, statements):
    assert try_each(build(kind, protected=False), statements) == (statements, [])
    assert try_each(build(kind), statements) == ([], statements)


@pytest.fixture
def three(world):
    """A log whose three checkpoints cover 2, 4 and 6 entries of one writer."""
    for _ in range(3):
        world.append(view(), view())
        world.drain()
    assert world.check().whole
    return world


def entry_at(world, index):
    with world.session() as session:
        query = select(ENTRY).join(SEQUENCE, SEQUENCE.c.entry_id == ENTRY.c.entry_id).where(SEQUENCE.c.index == index)
        return session.connection().execute(query).one()


def assert_named(world, index, words, held=()):
    report = world.check(held)
    assert not report.whole
    assert report.index == index
    assert words in report.sentence
    assert f"entry {index:,}" in report.sentence or f"entries {index:,} to" in report.sentence
    return report


def put(world, table, key, **values):
    with world.session() as session, begin_write(session):
        session.execute(table.update().where(key).values(**values))


def unprotect(world):
    world.sql(*triggers.drop_statements(world.engine.dialect.name))


def protect(world):
    with world.engine.begin() as connection:
        triggers.install(connection)


def test_one_byte_of_one_entry(three):
    victim = entry_at(three, 3)
    for at in (0, len(victim.leaf) // 2, len(victim.leaf) - 1):
        changed = victim.leaf[:at] + bytes([victim.leaf[at] ^ 1]) + victim.leaf[at + 1 :]
        unprotect(three)
        put(three, ENTRY, ENTRY.c.entry_id == victim.entry_id, leaf=changed)
        protect(three)
        report = assert_named(three, 3, "changed")
        assert report.reference == victim.reference
        assert victim.reference in report.sentence


def forge(world, index, **members):
    """Write another story into an entry, with its columns and its leaf hash; answers the entry as it was."""
    victim = entry_at(world, index)
    leaf = canonical(read_leaf(victim.leaf) | members)
    columns = {name: value for name, value in members.items() if name in ENTRY.c}
    put(world, ENTRY, ENTRY.c.entry_id == victim.entry_id, leaf=leaf, **columns)
    put(world, SEQUENCE, SEQUENCE.c.index == index, leaf_hash=leaf_hash(leaf))
    return victim


@pytest.mark.parametrize("index", [0, 3])
def test_a_forged_entry_with_a_forged_leaf_hash(three, index):
    unprotect(three)
    victim = forge(three, index, agency="health")
    protect(three)
    report = assert_named(three, index, "changed")
    assert report.reference == victim.reference


def test_the_last_entry_forged_is_narrowed_to_its_checkpoint(three):
    unprotect(three)
    forge(three, 5, agency="health")
    protect(three)
    assert_named(three, 4, "do not lead to the signed checkpoint of 6")


COLUMN_VALUES = {"actor": "NULL", "at": "7"} | dict.fromkeys(
    ["agency", "operation", "purpose", "outcome", "session", "reference"], "'x'"
)


def test_a_column_that_tells_another_story(three):
    for column, value in COLUMN_VALUES.items():
        was = getattr(entry_at(three, 2), column)
        three.attack(f"UPDATE audit_entry SET {column} = {value} WHERE n = 2")
        assert_named(three, 2, "changed")
        unprotect(three)
        put(three, ENTRY, ENTRY.c.n == 2, **{column: was})
        protect(three)
    assert three.check().whole


def test_a_deleted_entry(three):
    victim = entry_at(three, 2)
    three.attack("DELETE FROM audit_entry WHERE n = 2")
    assert assert_named(three, 2, "deleted").reference == victim.reference


def test_a_deleted_entry_with_its_place(three):
    three.attack("DELETE FROM audit_entry WHERE n = 2", 'DELETE FROM audit_sequence WHERE "index" = 2')
    assert_named(three, 2, "missing")


def test_a_deleted_entry_and_the_gap_closed(three):
    three.attack(
        "DELETE FROM audit_entry WHERE n = 2",
        'DELETE FROM audit_sequence WHERE "index" = 2',
        'UPDATE audit_sequence SET "index" = "index" - 101 WHERE "index" > 2',
        'UPDATE audit_sequence SET "index" = "index" + 100 WHERE "index" < 0',
        "UPDATE audit_head SET size = 5",
    )
    assert_named(three, 2, "entry 2 of its writer is missing")


def test_two_entries_swapped(three):
    first, second = entry_at(three, 1), entry_at(three, 4)
    unprotect(three)
    put(three, ENTRY, ENTRY.c.entry_id == first.entry_id, leaf=second.leaf)
    put(three, ENTRY, ENTRY.c.entry_id == second.entry_id, leaf=first.leaf)
    protect(three)
    assert_named(three, 1, "is missing")


def test_two_places_swapped(three):
    three.attack(
        'UPDATE audit_sequence SET "index" = -1 WHERE "index" = 1',
        'UPDATE audit_sequence SET "index" = 1 WHERE "index" = 4',
        'UPDATE audit_sequence SET "index" = 4 WHERE "index" = -1',
    )
    assert_named(three, 1, "is missing")


def test_an_entry_put_beside_the_log(three):
    three.append(view())
    three.attack("DELETE FROM audit_pending")
    assert_named(three, 6, "outside the log")


def test_an_entry_put_beside_the_log_while_others_wait(three):
    three.append(view(), view(), view())
    assert three.check().whole
    three.attack("DELETE FROM audit_pending WHERE n = 7")
    assert_named(three, 7, "outside the log")


def test_an_entry_deleted_before_it_got_its_place(three):
    three.append(view())
    three.attack("DELETE FROM audit_entry WHERE n = 6")
    assert_named(three, 6, "deleted before it got its place")


def test_an_entry_deleted_with_its_waiting_place_leaves_a_hole(three):
    three.append(view(), view())
    three.attack("DELETE FROM audit_entry WHERE n = 6", "DELETE FROM audit_pending WHERE n = 6")
    assert_named(three, 6, "entry 6 of its writer is missing")
    three.drain()
    assert_named(three, 6, "entry 6 of its writer is missing")


def cut_tail(world):
    world.attack(
        'DELETE FROM audit_entry WHERE entry_id IN (SELECT entry_id FROM audit_sequence WHERE "index" >= 4)',
        'DELETE FROM audit_sequence WHERE "index" >= 4',
        "DELETE FROM audit_checkpoint WHERE size > 4",
    )
    edge = CompactRange()
    with world.session() as session:
        for value in session.execute(select(SEQUENCE.c.leaf_hash).order_by(SEQUENCE.c.index)).scalars():
            edge.append(value)
    put(world, HEAD, HEAD.c.id == 1, size=4, edge=b"".join(edge.hashes))


def held_note(world, size):
    with world.session() as session:
        return session.execute(select(CHECKPOINT.c.note).where(CHECKPOINT.c.size == size)).scalar_one()


def test_a_tail_cut_off(three):
    three.attack('DELETE FROM audit_sequence WHERE "index" >= 4')
    assert_named(three, 4, "more than there are")


def test_a_tail_cut_off_with_everything_that_knew_of_it(three):
    held = held_note(three, 6)
    cut_tail(three)
    assert three.check().whole  # the attack works on whoever holds no checkpoint
    assert_named(three, 4, "more than there are", [held])


def rebuild(world):
    """The owner with the log's key: chains, hashes, head and every checkpoint made anew from the forged entries."""
    signer, edge, prev = world.signer(), CompactRange(), None
    with world.session() as session, begin_write(session):
        sizes = session.execute(select(CHECKPOINT.c.size)).scalars().all()
        session.execute(CHECKPOINT.delete())
        for index in range(session.execute(select(HEAD.c.size)).scalar_one()):
            query = select(ENTRY.c.leaf, ENTRY.c.entry_id).join(SEQUENCE, SEQUENCE.c.entry_id == ENTRY.c.entry_id)
            row = session.execute(query.where(SEQUENCE.c.index == index)).one()
            leaf = canonical(json.loads(row.leaf) | {"prev": prev})
            prev = leaf_hash(leaf).hex()
            session.execute(ENTRY.update().where(ENTRY.c.entry_id == row.entry_id).values(leaf=leaf))
            session.execute(SEQUENCE.update().where(SEQUENCE.c.index == index).values(leaf_hash=leaf_hash(leaf)))
            edge.append(leaf_hash(leaf))
            if edge.size in sizes:
                body = note.Checkpoint(ORIGIN, edge.size, edge.root()).body()
                session.execute(CHECKPOINT.insert().values(size=edge.size, at=1, note=signer.sign(body)))
        session.execute(HEAD.update().values(edge=b"".join(edge.hashes)))


def test_edited_and_rebuilt_with_the_logs_own_key(three):
    held = held_note(three, 4)
    unprotect(three)
    forge(three, 1, agency="health")
    rebuild(three)
    protect(three)
    assert three.check().whole  # the attack works on whoever holds no checkpoint
    assert_named(three, 2, "do not lead to the signed checkpoint of 4", [held])


def test_a_checkpoint_signed_with_another_key(three):
    body = note.Checkpoint.parse(note.split_note(held_note(three, 4))[0]).body()
    unprotect(three)
    put(three, CHECKPOINT, CHECKPOINT.c.size == 4, note=note.Signer(ORIGIN, b"\x09" * 32).sign(body))
    protect(three)
    assert "is not genuine" in three.check().sentence
    with pytest.raises(note.NoteInvalid):
        three.check([note.Signer(ORIGIN, b"\x09" * 32).sign(body)])


DETAILS = [
    "UPDATE audit_detail SET digest = subject_tag WHERE entry_id = :victim",
    "UPDATE audit_detail SET sealed = silent WHERE entry_id = :victim",
    "UPDATE audit_detail SET silent = NULL WHERE entry_id = :victim",
    "UPDATE audit_detail SET position = 1 WHERE entry_id = :victim",
    "DELETE FROM audit_detail WHERE entry_id = :victim",
]


def test_sealed_details_tampered_with(three):
    victim = entry_at(three, 3).entry_id
    mine = DETAIL.c.entry_id == victim
    with three.session() as session:
        was = session.execute(select(DETAIL).where(mine)).one()._asdict()
    for statement in DETAILS:
        with pytest.raises(DBAPIError, match="append-only"):
            three.sql(statement, victim=victim.bytes)
        three.attack(statement, victim=victim.bytes)
        assert_named(three, 3, "sealed detail")
        unprotect(three)
        with three.session() as session, begin_write(session):
            session.execute(DETAIL.delete().where(mine))
            session.execute(DETAIL.insert(), was)
        protect(three)
    assert three.check().whole
    more = "SELECT entry_id, 1, digest FROM audit_detail WHERE entry_id = :victim"
    three.sql(f"INSERT INTO audit_detail (entry_id, position, digest) {more}", victim=victim.bytes)
    assert_named(three, 3, "sealed detail")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_outcome SET content = digest",
        "DELETE FROM audit_outcome",
        "DELETE FROM audit_outcome_field WHERE owner = 'health'",
        "UPDATE audit_outcome_field SET permitted = NOT permitted",
    ],
)
def test_outcomes_tampered_with(three, statement):
    three.attack(statement)
    report = three.check()
    assert not report.whole
    assert "outcome by field was" in report.sentence


def hold(world, ended):
    """A hold on one person's details, ended or not."""
    asked = Asked("review", "police", "barnet-iom", 2026, 2026, "A", "B", b"\x07" * 16)
    with world.session() as session, world.log.transaction(session) as tx:
        made, _ = holds.place(tx, asked, Entry("details-held"))
        if ended:
            holds.lift(tx, made, Entry("details-released"))


STRANGE = ["'x'", "x'00'", "1.5", "-1", "zeroblob(32)", "9223372036854775807"]
WITHOUT_EFFECT = {
    ("audit_outcome_field", "permitted"),  # 1.5 and -1 are as true as 1
    ("audit_checkpoint", "at"),
    ("audit_detail", "subject_tag"),
    ("audit_pending", "at"),
}


def test_whatever_a_column_holds_verification_answers(build):
    """SQLite takes any type in any column: each is tried, and what is not right is never called whole."""
    world = build("sqlite")
    world.append(view(), view())
    world.drain()
    world.append(view())
    for ended in (True, False):
        hold(world, ended)
    unprotect(world)
    key = world.signer().verifier
    tables = (ENTRY, SEQUENCE, CHECKPOINT, OUTCOME, OUTCOME_FIELD, DETAIL, HEAD, PENDING, HOLD, HOLD_LIFT, HOLD_SUBJECT)
    columns = [column for table in tables for column in table.columns]
    unnoticed = set()
    with world.session() as session:
        connection = session.connection()
        for column, value in itertools.product(columns, STRANGE):
            name = column.table.name
            connection.exec_driver_sql("SAVEPOINT before")
            try:
                keys = ", ".join(f'"{key.name}"' for key in column.table.primary_key)
                first = f"({keys}) IN (SELECT {keys} FROM {name} ORDER BY {keys} LIMIT 1)"
                connection.exec_driver_sql(f'UPDATE {name} SET "{column.name}" = {value} WHERE {first}')
            except IntegrityError:  # a row id takes whole numbers only, even there
                continue
            report = checking.examine(connection, key)
            assert not report.whole
            if "trigger" in report.sentence:  # they are off here; this comes last, so nothing else was noticed
                unnoticed.add((name, column.name))
            connection.exec_driver_sql("ROLLBACK TO before")
    assert unnoticed <= WITHOUT_EFFECT


def test_an_entry_that_waits_though_it_has_its_place(three):
    victim = entry_at(three, 2)
    three.sql(
        "INSERT INTO audit_pending (writer, n, entry_id, at, leaf_hash) SELECT e.writer, e.n, e.entry_id, e.at, "
        "s.leaf_hash FROM audit_entry e JOIN audit_sequence s ON s.entry_id = e.entry_id WHERE e.n = 2"
    )
    assert assert_named(three, 2, "though it has one").reference == victim.reference


def test_a_head_that_says_otherwise(three):
    three.sql("UPDATE audit_head SET size = 7")
    assert_named(three, 6, "cut off or added to")


def test_a_dropped_trigger_is_named(world):
    with world.session() as session:
        triggers.require(session)
    table = "audit_entry" if not world.sqlite else ""
    name = "audit_entry_no_delete" if world.sqlite else "audit_entry_no_change"
    world.sql(f"DROP TRIGGER {name}" + (f" ON {table}" if table else ""))
    assert name in world.check().sentence
    with world.session() as session, pytest.raises(Misconfigured, match=name):
        triggers.require(session)


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE audit_entry DISABLE TRIGGER audit_entry_no_change",
        "ALTER TABLE audit_entry ENABLE TRIGGER audit_entry_no_change",
        "CREATE OR REPLACE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NULL; END$$",
    ],
)
def test_a_weakened_trigger_is_named_on_postgresql(build, statement):
    world = build("postgresql")
    with world.engine.begin() as connection:
        connection.execute(text(statement))
    assert "is missing, changed or switched off" in world.check().sentence


def test_a_weakened_trigger_is_named_on_sqlite(build):
    world = build("sqlite")
    body = "BEGIN SELECT 1; END"
    world.sql(
        "DROP TRIGGER audit_entry_no_update",
        f"CREATE TRIGGER audit_entry_no_update BEFORE UPDATE ON audit_entry {body}",
    )
    assert "audit_entry_no_update" in world.check().sentence


def test_triggers_can_be_taken_away_and_put_back(world):
    unprotect(world)
    with world.engine.connect() as connection:
        assert len(triggers.missing(connection)) >= 1
    protect(world)
    with world.engine.connect() as connection:
        assert triggers.missing(connection) == []


def test_a_file_edited_directly(build, tmp_path):
    world = build("sqlite")
    (receipt,) = world.append(view(agency="canary-agency-1"))
    world.append(view())
    world.drain()
    world.sql("PRAGMA user_version")
    world.engine.dispose()
    path = tmp_path / "log0.sqlite3"
    data = path.read_bytes()
    assert b"canary-agency-1" in data
    path.write_bytes(data.replace(b'"agency":"canary-agency-1"', b'"agency":"canary-agency-2"'))
    report = assert_named(world, 0, "changed")
    assert report.reference == reference_of(receipt.entry_id)
