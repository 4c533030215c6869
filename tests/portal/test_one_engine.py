"""The application's session keeps its connection and its transaction, and answers as SQLAlchemy's own would: what is
told to be committed is, whatever failed before, and what was rolled back is gone."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Column, Engine, Integer, Table, bindparam, func, insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, InvalidRequestError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from portal.db import OneEngine, begin_write, db
from portal.query import Query, Write
from tests.installation import World


class Own(DeclarativeBase):
    pass


class Thing(Own):
    __tablename__ = "own_thing"
    id: Mapped[int] = mapped_column(primary_key=True)
    n: Mapped[int]


PLAIN = Table("own_plain", Own.metadata, Column("id", Integer, primary_key=True))
PUT = Write(insert(PLAIN).values(id=bindparam("of")), ("of",))
COUNT = Query(select(func.count()).select_from(PLAIN), raw=True)


def application(engine: Engine) -> Session:
    session = OneEngine(db)
    session.__dict__["_engine"] = engine
    return session


@pytest.fixture
def engine(either: World) -> Engine:
    Own.metadata.create_all(either.engine)
    with Session(either.engine) as session, begin_write(session):
        session.execute(insert(Thing), {"id": 1, "n": 1})
    return either.engine


@pytest.fixture(params=[application, Session])
def session(request: pytest.FixtureRequest, engine: Engine) -> Iterator[Session]:
    """The application's, and SQLAlchemy's own, which must not be told apart."""
    make: Callable[[Engine], Session] = request.param
    with make(engine) as made:
        yield made


def there(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(PLAIN)).scalar_one())


def put(session: Session, number: int) -> None:
    PUT.run(session.connection(), [(number,)])


def flush_another(session: Session) -> None:
    """Fails, and is not minded."""
    session.add(Thing(id=1, n=2))
    with pytest.raises(IntegrityError):
        session.flush()


def ask_nowhere(session: Session) -> None:
    """Fails, and is not minded."""
    with pytest.raises(DBAPIError):
        session.execute(text("SELECT * FROM nowhere"))


def _point(session: Session) -> None:
    session.begin_nested()


def writes(session: Session, *then: Callable[[Session], None]) -> None:
    with begin_write(session):
        put(session, 1)
        for step in then:
            step(session)


def test_it_reads_on_after_a_commit_that_stands(session: Session, engine: Engine) -> None:
    writes(session)
    session.rollback()
    assert there(engine) == 1
    assert COUNT.first(session) == (1,)


def test_what_a_failed_flush_rolled_back_is_not_called_committed(session: Session, engine: Engine) -> None:
    with pytest.raises(InvalidRequestError):
        writes(session, flush_another)
    assert there(engine) == 0


def test_a_statement_that_failed_unminded_loses_nothing_in_silence(session: Session, engine: Engine) -> None:
    """PostgreSQL answers the COMMIT of such a transaction with a ROLLBACK, and no error."""
    if engine.dialect.name == "postgresql":
        with pytest.raises(InvalidRequestError):
            writes(session, ask_nowhere)
        assert there(engine) == 0
    else:
        writes(session, ask_nowhere)
        assert there(engine) == 1


@pytest.mark.parametrize("either", ["sqlite"], indirect=True)
def test_a_write_that_the_database_ended_by_itself_is_not_called_committed(session: Session, engine: Engine) -> None:
    """As SQLite does where the disk is full or fails."""
    with pytest.raises(InvalidRequestError):
        writes(session, lambda of: of.connection().connection.cursor().execute("ROLLBACK"))
    assert there(engine) == 0


def test_a_write_rolled_back_in_its_midst_is_not_called_committed(session: Session, engine: Engine) -> None:
    with pytest.raises(InvalidRequestError):
        writes(session, Session.rollback)
    assert there(engine) == 0


def test_a_savepoint_takes_back_what_was_written_after_it(session: Session, engine: Engine) -> None:
    def tries(of: Session) -> None:
        point = of.begin_nested()
        put(of, 2)
        point.rollback()

    writes(session, tries)
    session.rollback()
    assert there(engine) == 1


def test_nothing_more_is_asked_in_a_savepoint_that_failed(session: Session, engine: Engine) -> None:
    with pytest.raises(InvalidRequestError):
        writes(session, _point, flush_another, lambda of: put(of, 2))
    assert there(engine) == 0


def test_what_was_deleted_does_not_come_back(session: Session) -> None:
    thing = session.get(Thing, 1)
    session.connection()
    session.delete(thing)
    session.commit()
    session.rollback()
    assert thing not in session


def cut_off(session: Session) -> None:
    """End the session's connection from outside, as a restart of the server does."""
    driver = session.connection().connection.dbapi_connection
    assert driver is not None
    with Session(session.get_bind()) as other:
        other.execute(select(func.pg_terminate_backend(driver.info.backend_pid)))


@pytest.mark.parametrize("either", ["postgresql"], indirect=True)
def test_a_connection_lost_before_the_commit_tells_so(session: Session, engine: Engine) -> None:
    with pytest.raises(DBAPIError):
        writes(session, cut_off)
    assert there(engine) == 0
    assert COUNT.first(session) == (0,), "and the next transaction has a new one"


@pytest.mark.parametrize("either", ["postgresql"], indirect=True)
def test_a_connection_lost_after_the_commit_shows_nothing_more(engine: Engine) -> None:
    with application(engine) as session:
        writes(session)
        cut_off(session)
        with pytest.raises(DBAPIError):
            COUNT.first(session)
        for again in (COUNT.first, Session.commit):
            with pytest.raises(InvalidRequestError):
                again(session)
        session.rollback()
        assert COUNT.first(session) == (1,)
