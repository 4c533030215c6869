"""Statements by the driver: what Core would answer, on both databases, with failures that look the same."""

import uuid
from collections.abc import Iterator
from contextlib import nullcontext
from typing import NamedTuple

import pytest
from sqlalchemy import (
    Boolean,
    Column,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    bindparam,
    delete,
    event,
    func,
    null,
    select,
    update,
)
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, ProgrammingError, SQLAlchemyError
from sqlalchemy.orm import Session

from portal.db import Id, begin_write, open_engine
from portal.query import MANY, Query, Write, insert_rows, run
from tests.postgres import Server, postgres  # noqa: F401

THING = Table(
    "thing",
    MetaData(),
    Column("id", Id, primary_key=True),
    Column("name", String(20), nullable=False),
    Column("open", Boolean),
    Column("size", Integer),
    Column("seal", LargeBinary),
)
IDS = [uuid.uuid4() for _ in range(5)]
ROWS = [(IDS[n].bytes, f"n{n}", (True, False, None)[n % 3], n, bytes([n])) for n in range(5)]
_ALL = select(THING).order_by(THING.c.size)


class Named(NamedTuple):
    name: str
    size: int


@pytest.fixture(params=["sqlite", "postgresql"])
def session(request, tmp_path, postgres: Server) -> Iterator[Session]:  # noqa: F811
    url = f"sqlite:///{tmp_path}/q.db" if request.param == "sqlite" else postgres.schema()
    engine = open_engine(url)
    THING.metadata.create_all(engine)
    with Session(engine) as session:
        with begin_write(session):
            insert_rows(session.connection(), THING, ROWS)
        yield session
    engine.dispose()


def test_rows_are_those_of_core(session: Session) -> None:
    by_core = session.connection().execute(_ALL).all()
    assert [tuple(row) for row in Query(_ALL).all(session)] == [tuple(row) for row in by_core]
    first = Query(_ALL).first(session)
    assert (first.id, first.open, first.seal) == (IDS[0], True, b"\x00")
    assert Query(_ALL).all(session.connection())[2].open is None


@pytest.mark.parametrize("count", range(6))
def test_lists_of_any_length_find_their_rows_once(session: Session, count: int) -> None:
    wanted = Query(_ALL.where(THING.c.id.in_(bindparam("ids", expanding=True)), THING.c.size >= bindparam("least")))
    assert [row.id for row in wanted.all(session, ids=IDS[:count], least=1)] == IDS[1:count]


def test_a_row_is_made_as_asked(session: Session) -> None:
    query = Query(select(THING.c.name, THING.c.size).where(THING.c.id == bindparam("id")), Named._make)
    assert query.first(session, id=IDS[3]) == Named("n3", 3)
    assert query.first(session, id=uuid.uuid4()) is None
    assert Query(select(THING.c.id).where(THING.c.size == 1), raw=True).all(session) == [(IDS[1].bytes,)]


def test_a_value_is_bound_and_never_read_as_sql(session: Session) -> None:
    query = Query(select(THING.c.id).where(THING.c.name == bindparam("name")))
    assert query.all(session, name="' OR 1=1 --") == []
    assert Query(_ALL).all(session)


def test_who_listens_to_the_engine_hears_these_statements_too(session: Session) -> None:
    heard = []
    event.listen(session.get_bind(), "before_cursor_execute", lambda *args: heard.append(args[2]))
    with begin_write(session):
        insert_rows(session.connection(), THING, [(uuid.uuid4().bytes, "n9", None, 9, None)])
    found = Query(_ALL.where(THING.c.size == bindparam("size"))).first(session, size=9)
    assert (found.name, found.open) == ("n9", None)
    assert [text.split()[0] for text in heard] == ["INSERT", "SELECT"]


def test_a_failure_is_sqlalchemys_own_and_tells_no_value(session: Session) -> None:
    with pytest.raises(IntegrityError) as twice, begin_write(session):
        insert_rows(session.connection(), THING, [(IDS[0].bytes, "SECRET", None, 0, None)])
    assert "SECRET" not in str(twice.value)
    with pytest.raises((OperationalError, ProgrammingError)):
        run(session.connection(), "SELECT nothing FROM nowhere", ())
    session.rollback()
    assert len(Query(_ALL).all(session)) == 5


def test_many_rows_at_once(session: Session) -> None:
    grow = update(THING).where(THING.c.name == bindparam("named")).values(size=bindparam("to"))
    with begin_write(session):
        Write(grow, ("to", "named")).run(session.connection(), [(10 + n, f"n{n}") for n in range(5)])
    assert [row.size for row in Query(_ALL).all(session)] == [10, 11, 12, 13, 14]


AWKWARD = ("NULL", '{"', "a,b", "\\", "'", "", "é\u2028", "%(to)s :x")


def test_hundreds_of_rows_are_treated_as_few_are(session: Session) -> None:
    """PostgreSQL gets them as arrays: nulls, quotes and bytes come through, and what is met is counted."""
    fresh = [
        (uuid.uuid4().bytes, AWKWARD[n % 8] + str(n), (True, False, None)[n % 3], 100 + n, bytes([n % 256, 0, 92, 255]))
        for n in range(3 * MANY)
    ]
    grow = Write(
        update(THING)
        .where(THING.c.id == bindparam("of"), THING.c.size == bindparam("base"))
        .values(size=bindparam("to"), seal=null()),
        ("to", "of", "base"),
    )
    gone = Write(delete(THING).where(THING.c.name == bindparam("of")), ("of",))
    with begin_write(session):
        connection = session.connection()
        assert insert_rows(connection, THING, fresh) == 3 * MANY
        found = Query(_ALL.where(THING.c.size >= 100), raw=True).all(session)
        assert [
            (bytes(i), name, None if o is None else bool(o), size, bytes(seal)) for i, name, o, size, seal in found
        ] == [(i, name, o, size, seal) for i, name, o, size, seal in fresh]
        of = [(1000 + n, row[0], row[3] + (n % 2)) for n, row in enumerate(fresh)]  # every second one has moved on
        assert grow.run(connection, of) == 3 * MANY // 2
        assert len(Query(_ALL.where(THING.c.size >= 1000)).all(session)) == 3 * MANY // 2
        assert gone.run(connection, [(row[1],) for row in fresh]) == 3 * MANY
    assert [row.size for row in Query(_ALL).all(session)] == [0, 1, 2, 3, 4]


def test_of_hundreds_of_rows_too_none_is_cut_to_fit(session: Session) -> None:
    rows = [(uuid.uuid4().bytes, "n" * 30, None, n, b"") for n in range(MANY)]
    refused = session.get_bind().dialect.name == "postgresql"  # SQLite knows no length
    with pytest.raises(DBAPIError) if refused else nullcontext(), begin_write(session):
        insert_rows(session.connection(), THING, rows)
    session.rollback()
    assert {row.name for row in Query(_ALL).all(session) if len(row.name) > 2} == (set() if refused else {"n" * 30})


def test_no_row_does_nothing_and_one_is_enough(session: Session) -> None:
    gone = Write(delete(THING).where(THING.c.size == bindparam("of")), ("of",))
    with begin_write(session):
        gone.run(session.connection(), [])
        gone.run(session.connection(), [(0,)])
    assert [row.size for row in Query(_ALL).all(session)] == [1, 2, 3, 4]


def test_names_in_another_order_than_the_statement_has_are_noticed() -> None:
    grow = update(THING).where(THING.c.name == bindparam("named")).values(size=bindparam("to"))
    with pytest.raises(AssertionError):
        Write(grow, ("named", "to"))


def test_a_write_begins_anew_and_sees_what_others_committed_since(session: Session) -> None:
    engine = session.get_bind()
    assert isinstance(engine, Engine)
    assert len(Query(_ALL).all(session)) == 5
    with Session(engine) as other, begin_write(other):
        insert_rows(other.connection(), THING, [(uuid.uuid4().bytes, "late", None, 99, None)])
    with begin_write(session):
        assert len(Query(_ALL).all(session)) == 6


def test_one_list_may_stand_twice_in_a_statement(session: Session) -> None:
    ids = bindparam("ids", expanding=True)
    twice = Query(_ALL.where(THING.c.id.in_(ids), THING.c.size > bindparam("least"), THING.c.id.in_(ids)))
    assert [row.size for row in twice.all(session, ids=IDS[:3], least=0)] == [1, 2]


@pytest.fixture
def cut_off(postgres: Server) -> Iterator[Session]:  # noqa: F811
    """A session in the middle of reading whose connection the server has ended."""
    engine = open_engine(postgres.schema())
    THING.metadata.create_all(engine)
    with Session(engine) as session:
        Query(_ALL).all(session)
        backend = session.connection().connection.dbapi_connection.info.backend_pid
        with engine.connect() as other:
            other.execute(select(func.pg_terminate_backend(backend)))
        yield session
    engine.dispose()


def test_a_lost_connection_is_sqlalchemys_error_at_every_step(cut_off: Session) -> None:
    with pytest.raises(OperationalError) as lost:
        Query(_ALL).all(cut_off)
    assert lost.value.connection_invalidated
    with pytest.raises(SQLAlchemyError):
        Query(_ALL).all(cut_off)
    with pytest.raises(SQLAlchemyError), begin_write(cut_off):
        raise AssertionError("a write began on a connection that is gone")
    cut_off.rollback()
    assert Query(_ALL).all(cut_off) == []


def test_a_connection_lost_while_reading_ends_a_write_before_it_begins(cut_off: Session) -> None:
    with pytest.raises(DBAPIError), begin_write(cut_off):
        raise AssertionError("a write began on a connection that is gone")
    with begin_write(cut_off):
        insert_rows(cut_off.connection(), THING, ROWS)
    assert len(Query(_ALL).all(cut_off)) == 5
