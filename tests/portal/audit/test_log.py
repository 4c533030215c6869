"""Appending: what is told is stored, sealed, chained and durable, or nothing is."""

import json
import multiprocessing
import os
import threading
import time
import uuid

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.exc import OperationalError

from portal.audit import reading
from portal.audit.entry import Entry, LeafInvalid, Outcome, Subject, read_leaf
from portal.audit.log import AccessLog
from portal.audit.tables import DETAIL, ENTRY, PENDING
from portal.db import open_engine
from portal.errors import LogUnavailable, NotFound
from tests.portal.audit.conftest import POLICE, World, view


def leaves(world):
    with world.session() as session:
        query = select(ENTRY.c.leaf).order_by(ENTRY.c.writer, ENTRY.c.n)
        return [read_leaf(leaf) for leaf in session.connection().execute(query).scalars()]


def test_an_entry_is_told_and_read_again(world):
    person = uuid.uuid4()
    subject = Subject(person, {"record": "r-9", "justification": "canary-7f"}, {"fields": ["quiet-canary"]})
    (receipt,) = world.append(view(subjects=[subject], sealed_sha256=[b"\x01" * 32], source=b"\x02" * 16))
    assert world.drain() == 1
    with world.session() as session:
        vault = world.log.vault(session)
        full = reading.entry(session, vault, receipt.entry_id)
        assert full.row.reference == receipt.reference
        assert full.row.index == 0
        assert full.covered == 1
        assert full.decided == POLICE
        assert full.details[0].person == person
        assert full.details[0].detail == subject.detail
        assert full.details[0].silent is None
        silent = reading.entry(session, vault, receipt.entry_id, allowed_silent=True).details[0].silent
        assert silent == {"fields": ["quiet-canary"]}
        assert reading.find(session, receipt.reference.lower().replace("-", "")) == [full.row]
    assert full.leaf["source"] == "02" * 16


def test_nothing_about_the_subject_stands_in_the_clear(world):
    person = uuid.uuid4()
    canaries = ["record-canary-1", "words-canary-2", "silent-canary-3", str(person), person.hex]
    subject = Subject(person, {"record": canaries[0], "why": canaries[1]}, {"fields": [canaries[2]]})
    world.append(view(subjects=[subject]))
    with world.session() as session:
        stored = repr([session.execute(table.select()).all() for table in (ENTRY, PENDING, DETAIL)])
    assert not [canary for canary in [*canaries, repr(person.bytes)[2:-1]] if canary in stored]
    assert "manage" in stored
    assert not [canary for canary in canaries if canary in repr(view(subjects=[subject]))]


def test_a_silent_part_shows_neither_in_number_nor_in_size(world):
    world.append(view(), view(subjects=[Subject(uuid.uuid4(), {"record": "r-1"}, {"fields": ["x" * 150]})]))
    with world.session() as session:
        rows = session.execute(select(DETAIL.c.sealed, DETAIL.c.silent)).all()
    assert len({(len(row.sealed), len(row.silent)) for row in rows}) == 1


def test_chains_link_every_entry_to_the_one_before(world):
    world.append(view(), view())
    world.append(view(subjects=[]))
    members = leaves(world)
    assert [m["n"] for m in members] == [0, 1, 2]
    assert len({m["writer"] for m in members}) == 1
    assert members[0]["prev"] is None
    assert members[2]["details"] is None
    world.drain()
    assert world.check().sentence.startswith("All 3 entries of the access log are whole")


def test_a_change_and_its_entry_stand_or_fall_together(world):
    world.sql("CREATE TABLE thing (n integer)")
    world.append(view())

    def change(error=None):
        with world.session() as session, world.log.transaction(session) as tx:
            session.execute(text("INSERT INTO thing VALUES (1)"))
            tx.append(view())
            if error:
                raise error

    with pytest.raises(KeyError):
        change(KeyError())
    assert world.sql("SELECT n FROM thing") == []
    change()
    assert [m["n"] for m in leaves(world)] == [0, 1]
    assert len(world.sql("SELECT n FROM thing")) == 1


def test_words_outside_the_vocabulary_are_refused(world):
    for wrong in (view(operation="peek"), view(outcome="perhaps"), view(purpose="x" * 70_000)):
        with pytest.raises(LeafInvalid):
            world.append(wrong)
    assert leaves(world) == []


@pytest.mark.parametrize("table", ["audit_entry", "audit_pending", "audit_detail"])
def test_no_table_no_entry_nothing_shown(world, table):
    world.append(view())
    world.sql("CREATE TABLE thing (n integer)", f"ALTER TABLE {table} RENAME TO gone")

    def change():
        with world.session() as session, world.log.transaction(session) as tx:
            session.execute(text("INSERT INTO thing VALUES (1)"))
            tx.append(view())

    with pytest.raises(LogUnavailable):
        change()
    assert world.sql("SELECT n FROM thing") == []
    world.sql(f"ALTER TABLE gone RENAME TO {table}")
    world.attack("SELECT 1")  # puts the triggers back: SQLite has rewritten their text
    world.append(view())
    world.drain()
    assert world.check().whole


def test_a_commit_of_unknown_fate_begins_a_new_chain(world):
    """The commit reached the disk and its answer got lost: the entry stands, the chain does not go on from a guess."""
    world.append(view())
    with world.session() as session:

        def lose(connection):
            connection.connection.dbapi_connection.commit()
            raise OperationalError("COMMIT", {}, Exception("connection lost"))

        event.listen(world.engine, "commit", lose)
        with pytest.raises(LogUnavailable), world.log.transaction(session) as tx:
            tx.append(view())
        event.remove(world.engine, "commit", lose)
    world.append(view())
    members = leaves(world)
    assert len(members) == 3
    assert sorted(m["n"] for m in members) == [0, 0, 1]
    world.drain()
    assert world.check().whole


def test_rollback_storm_leaves_one_leaf_for_each_commit(world):
    committed = []

    def work(seed):
        for turn in range(6):
            keep = (seed + turn) % 3 != 0
            try:
                with world.session() as session, world.log.transaction(session) as tx:
                    receipt = tx.append(view())
                    if not keep:
                        raise ValueError
                committed.append(receipt.entry_id)
            except ValueError:
                pass

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        world.drain()
    world.drain()
    assert {uuid.UUID(m["entry"]) for m in leaves(world)} == set(committed)
    assert len(committed) == 32
    report = world.check()
    assert report.whole, report.sentence
    assert (report.entries, report.waiting) == (32, 0)


def write_elsewhere(url, folder, count):
    from portal.keys import local_file

    log = AccessLog(local_file.LocalFile(folder))
    engine = open_engine(url)
    from sqlalchemy.orm import Session

    def work():
        for _ in range(count):
            with Session(engine) as session, log.transaction(session) as tx:
                tx.append(view())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_two_processes_of_four_threads(world, tmp_path):
    world.append(view())
    context = multiprocessing.get_context("fork")
    arguments = (world.url, tmp_path / "keys" / "log.json", 4)
    others = [context.Process(target=write_elsewhere, args=arguments) for _ in range(2)]
    for other in others:
        other.start()
    while any(other.is_alive() for other in others):
        world.drain()
        time.sleep(0.1)
    for other in others:
        other.join()
        assert other.exitcode == 0
    world.drain()
    report = world.check()
    assert report.whole, report.sentence
    assert report.entries == 1 + 2 * 4 * 4


def test_a_fork_does_not_go_on_with_its_parents_chains(build):
    world = build("sqlite")
    world.append(view())
    child = os.fork()
    if child == 0:
        code = 1
        try:
            World.append(world, view())
            code = 0
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
    world.append(view())
    assert sorted(m["n"] for m in leaves(world)) == [0, 0, 1]


def test_writers_that_end_say_so(world):
    world.append(view())
    with world.session() as session:
        world.log.close(session)
    world.append(view())
    world.drain()
    assert [m["operation"] for m in leaves(world)].count("log-closed") == 1
    assert world.check().whole


def test_a_missing_record_looks_like_a_refused_one(world):
    with world.session() as session:
        nobody = world.log.nobody(session)
    somebody = uuid.uuid4()
    for person in (nobody, somebody):
        world.append(view(person, outcome="refused"))
    world.append(view(nobody, outcome="refused"), view(somebody, outcome="refused"))
    with world.session() as session:
        rows = session.execute(select(DETAIL.c.sealed, DETAIL.c.silent, DETAIL.c.subject_tag)).all()
    assert len({(len(row.sealed), len(row.silent), len(row.subject_tag)) for row in rows}) == 1
    members = leaves(world)
    public = [{k: m[k] for k in ("operation", "outcome", "purpose", "decision")} for m in members]
    assert all(each == public[0] for each in public)


def statements_of(world, entry):
    seen = []

    def listen(connection, cursor, statement, *rest):
        seen.append(statement.split("(")[0])

    event.listen(world.engine, "before_cursor_execute", listen)
    world.append(entry)
    event.remove(world.engine, "before_cursor_execute", listen)
    return [statement for statement in seen if not statement.startswith("BEGIN")]


def test_a_warm_append_is_as_few_statements_whoever_it_is_about(world):
    """A record that does not exist takes as many as one that does; PostgreSQL takes an entry as one statement."""
    people = [uuid.uuid4() for _ in range(50)]
    with world.session() as session:
        nobody = list({world.log.nobody(session) for _ in range(5_000)})
    world.append(view(subjects=[Subject(person) for person in people + nobody]))
    with world.session() as session:
        absent = world.log.nobody(session)
    few, many = (3, 3) if world.sqlite else (1, 2)
    for entry in (view(people[0]), view(absent), view(subjects=[])):
        assert len(statements_of(world, entry)) == (few if entry.subjects or not world.sqlite else 2)
    assert len(statements_of(world, view(subjects=[Subject(person) for person in people]))) == many


def test_lists_tell_each_persons_outcome(world):
    other = Outcome(withheld=(("person.surname", "police", "9.9", "7.1"),))
    subjects = [Subject(uuid.uuid4(), decided=POLICE), Subject(uuid.uuid4(), decided=other)]
    (receipt,) = world.append(view(operation="list", decided=None, subjects=subjects))
    with world.session() as session:
        full = reading.entry(session, world.log.vault(session), receipt.entry_id)
    assert [full.outcomes[each.decision] for each in full.details] == [POLICE, other]
    assert full.decided is None


def test_filters_and_pages(world):
    person, other = uuid.uuid4(), uuid.uuid4()
    quiet = Outcome(permitted=(("plan.step", "probation", "8.1", ()),))
    world.append(view(person), view(other, agency="health"), view(person, purpose="review", outcome="refused"))
    world.append(view(other, operation="search", actor=uuid.UUID(int=8)), view(other, decided=quiet))
    with world.session() as session:
        vault = world.log.vault(session)

        def count(**given):
            return len(reading.page(session, vault, reading.Filters(**given)).rows)

        assert count() == 5
        assert count(person=person) == 2
        assert count(person=person, purpose="review") == 1
        assert count(agency="health") == count(operation="search") == count(actor=uuid.UUID(int=8)) == 1
        assert count(outcome="refused") == 1
        assert count(field="update.text@health") == count(owner="health") == 4
        assert count(field="plan.step", owner="probation") == 1
        first = reading.page(session, vault, reading.Filters()).rows[-1].at
        assert count(since=first) == 5
        assert count(until=first) == 0
        seen, after = [], None
        while True:
            page = reading.page(session, vault, reading.Filters(), after, size=2)
            seen += page.rows
            if (after := page.after) is None:
                break
        assert seen == reading.page(session, vault, reading.Filters()).rows
        assert seen == sorted(seen, key=lambda row: (row.at, row.entry_id), reverse=True)
        for wrong in ("", "x.y", "1."):
            with pytest.raises(NotFound):
                reading.page(session, vault, reading.Filters(), wrong)
        with pytest.raises(NotFound):
            reading.entry(session, vault, uuid.uuid4())


def test_an_entry_written_as_bytes_is_json_an_auditor_can_read(world):
    world.append(Entry("sign-in-failed", outcome="failed"))
    assert json.dumps(leaves(world)[0]).count("null") == 12


def test_a_full_disk_shows_nothing(build):
    world = build("sqlite")
    world.append(view())

    def fill():
        with world.session() as session, world.log.transaction(session) as tx:
            connection = session.connection()
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
            for _ in range(20):
                tx.append(view())

    with pytest.raises(LogUnavailable):
        fill()
    world.engine.dispose()
    world.append(view())
    assert [m["n"] for m in leaves(world)] == [0, 1]


def test_a_log_that_cannot_be_opened_shows_nothing(build):
    world = build("sqlite")
    world.sql("DROP TABLE key_secret")
    with pytest.raises(LogUnavailable):
        world.append(view())
    assert leaves(world) == []
