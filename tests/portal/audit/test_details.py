"""Sealed details: they open in their own place only, under keys of their own."""

import uuid

import pytest
from sqlalchemy import select

from portal.audit import details as details_module
from portal.audit import reading, triggers
from portal.audit.entry import Subject
from portal.audit.tables import DETAIL, PERSON_KEY
from portal.errors import SealBroken
from tests.portal.audit.conftest import view


def rows(world, table):
    with world.session() as session:
        return session.connection().execute(select(table)).all()


def read(world, receipt, allowed_silent=True):
    with world.session() as session:
        return reading.entry(session, world.log.vault(session), receipt.entry_id, allowed_silent=allowed_silent)


def put(world, table, key, **values):
    """As the owner, with the guards off and on again."""
    owner(world, table.update().where(key).values(**values))


def owner(world, statement):
    with world.engine.begin() as connection:
        for drop in triggers.drop_statements(connection.dialect.name):
            connection.exec_driver_sql(drop)
        connection.execute(statement)
        triggers.install(connection)


@pytest.fixture
def pair(world):
    """Two entries about one person, each with a silent part."""
    person = uuid.uuid4()
    subject = Subject(person, {"record": "r"}, {"fields": ["quiet"]})
    return world.append(view(subjects=[subject]), view(subjects=[subject]))


def test_one_key_for_a_person_and_year(world, pair):
    assert len(rows(world, PERSON_KEY)) == 1
    world.log.clock = lambda: 1_900_000_000_000_000
    person = read(world, pair[0]).details[0].person
    (later,) = world.append(view(person))
    assert len(rows(world, PERSON_KEY)) == 2
    assert read(world, later).details[0].person == person


def test_blobs_moved_between_entries_and_parts_do_not_open(world, pair):
    first, second = (each.entry_id for each in pair)
    stored = {row.entry_id: row for row in rows(world, DETAIL)}
    for values in (
        {"sealed": stored[second].sealed},
        {"silent": stored[second].silent},
        {"sealed": stored[first].silent},
        {"silent": stored[first].sealed},
        {"sealed": stored[first].sealed[:-1] + bytes([stored[first].sealed[-1] ^ 1])},
    ):
        put(world, DETAIL, DETAIL.c.entry_id == first, **values)
        with pytest.raises(SealBroken):
            read(world, pair[0])
        put(world, DETAIL, DETAIL.c.entry_id == first, sealed=stored[first].sealed, silent=stored[first].silent)
    assert read(world, pair[0]).details[0].silent == {"fields": ["quiet"]}


def test_keys_moved_between_persons_or_parts_do_not_open(world, pair):
    world.append(view())
    mine, other = sorted(rows(world, PERSON_KEY), key=lambda row: row.subject_tag != rows(world, DETAIL)[0].subject_tag)
    for values in (
        {"wrapped": other.wrapped, "commitment": other.commitment},
        {"wrapped": mine.wrapped_silent, "commitment": mine.commitment_silent},
        {"commitment": other.commitment},
        {"commitment_silent": mine.commitment},
    ):
        put(world, PERSON_KEY, PERSON_KEY.c.subject_tag == mine.subject_tag, **values)
        with pytest.raises(SealBroken):
            read(world, pair[0])
        back = {name: getattr(mine, name) for name in ("wrapped", "commitment", "wrapped_silent", "commitment_silent")}
        put(world, PERSON_KEY, PERSON_KEY.c.subject_tag == mine.subject_tag, **back)
    assert not read(world, pair[0]).details[0].erased


def test_without_its_key_a_detail_is_erased(world, pair):
    owner(world, PERSON_KEY.delete())
    full = read(world, pair[0])
    assert full.details[0].erased
    assert full.leaf["operation"] == "consultation"


def test_keys_of_a_rolled_back_transaction_are_not_remembered(world):
    person = uuid.uuid4()

    def fail():
        with world.session() as session, world.log.transaction(session) as tx:
            tx.append(view(person))
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    (receipt,) = world.append(view(person))
    assert read(world, receipt).details[0].person == person


def test_sizes_come_in_steps(world):
    lengths = {}
    for size in (0, 100, 200, 400, 900):
        world.append(view(subjects=[Subject(uuid.uuid4(), {"why": "x" * size})]))
    for row in rows(world, DETAIL):
        lengths.setdefault(len(row.sealed) - 39, 0)
    assert sorted(lengths) == [256, 512, 1024]


def test_a_subject_has_one_tag_and_stand_ins_are_few(world):
    with world.session() as session:
        vault = world.log.vault(session)
    person = uuid.uuid4()
    assert vault.tag(person) == vault.tag(person) != vault.tag(uuid.uuid4())
    stand_ins = {vault.nobody() for _ in range(3_000)}
    assert 200 < len(stand_ins) <= details_module.NOBODIES
    assert all(each.version == 4 for each in stand_ins)


def test_keys_are_forgotten_after_a_minute_and_never_shown(world):
    with world.session() as session:
        vault = world.log.vault(session)
    now = [0.0]
    vault._clock = lambda: now[0]
    person = uuid.uuid4()
    world.append(view(person))
    put(world, PERSON_KEY, PERSON_KEY.c.subject_tag == vault.tag(person), commitment=b"\x00" * 32)
    world.append(view(person))
    now[0] = details_module.SECONDS + 1
    with pytest.raises(SealBroken):
        world.append(view(person))
    ((key, _),) = [each for place, each in vault._cache.items() if place[0] == vault.tag(person)]
    assert key.open.hex() not in repr(key)
    assert repr(key.open) not in repr(key)
