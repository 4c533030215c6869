"""The database: engines that refuse unsafe settings, and the one way to begin a write.

Only this module imports Flask-SQLAlchemy. Tables use `Base`; services take a `Session`.
"""

import fcntl
import logging
import os
import sqlite3
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, TypeVar, cast

from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as FlaskSession
from sqlalchemy import BigInteger, Engine, LargeBinary, MetaData, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Dialect, make_url
from sqlalchemy.exc import DBAPIError, InvalidRequestError, SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, Session, SessionTransaction
from sqlalchemy.types import TypeDecorator

from portal.errors import Misconfigured

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Base of every table; constraints get predictable names so that migrations can name them."""

    metadata = MetaData(naming_convention=NAMES)


Row = TypeVar("Row", bound=Base)


@lru_cache(maxsize=32_768)
def id_of(raw: bytes) -> uuid.UUID:
    """The id that a stored 16 bytes are. Ids come back many times a request: finding one costs less than making it."""
    return uuid.UUID(bytes=raw)


class Id(TypeDecorator[uuid.UUID]):
    """A UUID as 16 bytes. Made in Python before the insert, because sealing needs it (UUIDv7, see `new_id`)."""

    impl = LargeBinary(16)
    cache_ok = True

    def process_bind_param(self, value: uuid.UUID | None, dialect: Dialect) -> bytes | None:
        return None if value is None else value.bytes

    def process_result_value(self, value: Any, dialect: Dialect) -> uuid.UUID | None:
        return None if value is None else id_of(bytes(value))


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Micros = BigInteger  # a time: integer microseconds since 1970-01-01T00:00:00Z
SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def now_micros() -> int:
    """The present, in microseconds UTC."""
    return to_micros(datetime.now(UTC))


def to_micros(moment: datetime) -> int:
    """Microseconds since the epoch of an aware datetime."""
    whole = int(moment.timestamp())
    return whole * SECOND + moment.microsecond


def from_micros(micros: int) -> datetime:
    """The aware UTC datetime of a stored time."""
    return _EPOCH + timedelta(microseconds=micros)


def new_id() -> uuid.UUID:
    """A UUIDv7 (RFC 9562 section 5.7): 48 bits of milliseconds, then 74 random bits."""
    millis = now_micros() // 1000
    random = int.from_bytes(os.urandom(10), "big")
    value = (millis & (2**48 - 1)) << 80 | 7 << 76 | (random >> 68 & 0xFFF) << 64 | 2 << 62 | random & (2**62 - 1)
    return uuid.UUID(int=value)


def open_engine(url: str) -> Engine:
    """An engine for SQLite or PostgreSQL that makes every commit durable.

    Raises `Misconfigured` for another database, or where the server would acknowledge commits it may lose
    (SQLite `synchronous` below FULL; PostgreSQL `fsync` or `synchronous_commit` off).
    """
    backend = make_url(url).get_backend_name()
    if backend not in ("sqlite", "postgresql"):
        raise Misconfigured(f"PORTAL_DATABASE_URL: {backend} is not supported; use sqlite or postgresql+psycopg")
    engine = create_engine(url, **engine_options(url))
    prepare(engine)
    return engine


def engine_options(url: str) -> dict[str, Any]:
    """Keyword arguments for `create_engine` (Flask-SQLAlchemy takes them as SQLALCHEMY_ENGINE_OPTIONS)."""
    quiet = {"hide_parameters": True}  # what a statement carried never stands in an error text or a log
    if make_url(url).get_backend_name() == "sqlite":
        return {**quiet, "connect_args": {"timeout": 30, "check_same_thread": False}}
    return {**quiet, "pool_pre_ping": True, "pool_size": 8}


def prepare(engine: Engine) -> None:
    """Attach the connection rules to an engine; each new connection is checked."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "connect", _check_postgresql)


UNSETTLED = 20_000
"""Pages in SQLite's write-ahead log at which a commit carries them over itself, and keeps all writers waiting for it.
`settle` does so much earlier where a sequencer runs."""


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver begins nothing by itself: `_begin_sqlite` does
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "secure_delete=ON",
        "trusted_schema=OFF",
        f"wal_autocheckpoint={UNSETTLED}",
    ):
        connection.execute(f"PRAGMA {pragma}")
    if connection.execute("PRAGMA synchronous").fetchone()[0] < 2:
        raise Misconfigured("SQLite does not keep synchronous=FULL: commits could be lost")


def _begin_sqlite(connection: Connection) -> None:
    _begin(connection, "BEGIN")


def _begin(connection: Connection, statement: str) -> None:
    driver: Any = connection.connection
    try:
        driver.execute(statement)
    except connection.dialect.loaded_dbapi.Error as error:
        raise failed(connection, statement, error) from error


def _check_postgresql(connection: Any, _record: Any) -> None:
    with connection.cursor() as cursor:
        for name in ("fsync", "synchronous_commit"):
            cursor.execute(f"SHOW {name}")
            if cursor.fetchone()[0] == "off":
                raise Misconfigured(f"PostgreSQL {name} is off: commits could be lost")
    connection.rollback()


def failed(connection: Connection, text: str, error: Any) -> DBAPIError:
    """What SQLAlchemy would have raised for an error of the driver itself (`loaded_dbapi.Error`), without the values
    that the statement carried; a connection that is gone is given up."""
    dialect = connection.dialect
    gone = not connection.invalidated and dialect.is_disconnect(error, connection.connection.dbapi_connection, None)
    if gone:
        connection.invalidate(error)
    raised = DBAPIError.instance(
        text,
        None,
        error,
        dialect.loaded_dbapi.Error,
        hide_parameters=True,
        connection_invalidated=gone,
        dialect=dialect,
    )
    return cast(DBAPIError, raised)


def put(session: Session, table: type[Base], key: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Insert a row, or update its values where the key is there already. Inside a write transaction only."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table).values(**key, **values)
    session.execute(statement.on_conflict_do_update(index_elements=list(key), set_=dict(values)))


def as_read(session: Session, rows: Iterable[Row]) -> list[Row]:
    """These rows as they were read, out of the session: what a log entry was written about is what is shown, although
    the entry ends the transaction and somebody else may change or remove them then. To read alone."""
    kept = list(rows)
    for row in kept:
        session.expunge(row)
    return kept


@contextmanager
def begin_write(session: Session) -> Iterator[None]:
    """Run the block in one write transaction: commit at its end, roll back if it raises.

    What was read before is let go first (a read snapshot cannot be upgraded safely). On SQLite a file lock beside
    the database is taken before BEGIN IMMEDIATE, because SQLite's own retry starves some of many writers.
    """
    engine = session.get_bind()
    assert isinstance(engine, Engine)
    if session.identity_map or session.new or session.deleted:
        session.rollback()
    try:
        connection = session.connection()  # goes on in a new transaction of the database: cheaper than a new connection
        try:
            connection.connection.rollback()
        except connection.dialect.loaded_dbapi.Error as error:
            raise failed(connection, "ROLLBACK", error) from error
    except BaseException:
        session.rollback()
        raise
    with _write_lock(engine):
        try:
            if engine.dialect.name == "sqlite":
                _begin(connection, "BEGIN IMMEDIATE")
            yield
            session.flush()
            _stands(connection)
            session.commit()
        except BaseException:
            session.rollback()
            raise


def _stands(connection: Connection) -> None:
    """Raise `InvalidRequestError` where the write that began here is no more: whoever was told of an error and went on,
    or rolled back, would be told that it was committed (PostgreSQL answers such a COMMIT with a ROLLBACK)."""
    driver: Any = None if connection.closed or connection.invalidated else connection.connection.dbapi_connection
    if driver is not None and connection.dialect.name == "sqlite":
        ended = not driver.in_transaction
    else:
        ended = driver is None or driver.pgconn.transaction_status == _IN_ERROR
    if ended:
        raise InvalidRequestError("the transaction of this write has ended: nothing of it was committed")


_IN_ERROR = 3  # PQTRANS_INERROR


@contextmanager
def _write_lock(engine: Engine) -> Iterator[None]:
    if engine.dialect.name != "sqlite" or not engine.url.database or engine.url.database == ":memory:":
        yield
        return
    handle = os.open(engine.url.database + ".write-lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def settle(engine: Engine) -> None:
    """Carry what has been committed from SQLite's write-ahead log into the database, while others read and write.

    Nothing depends on it but time: who commits is spared it. So a failure is only logged. Does nothing on PostgreSQL,
    which does it by itself.
    """
    if engine.dialect.name == "sqlite":
        try:
            with closing(engine.raw_connection()) as connection:
                connection.cursor().execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        except (sqlite3.Error, SQLAlchemyError) as error:
            logging.getLogger(__name__).warning("the write-ahead log was not settled: %s", type(error).__name__)


class OneEngine(FlaskSession):
    """A session of an application with one database, whose engine is looked up once, and whose connection once a
    transaction: SQLAlchemy's own way to it is dearer than most statements."""

    _had: tuple[SessionTransaction, Connection] | None = None

    def connection(self, *given: Any, **more: Any) -> Connection:
        """As SQLAlchemy's."""
        now = self.get_transaction()
        had = self._had
        if given or more or self.in_nested_transaction():  # a savepoint is made when it first asks for its connection
            return super().connection(*given, **more)
        if had is not None and had[0] is now and now.is_active:
            return had[1]
        found = super().connection()
        now = self.get_transaction()
        self._had = (now, found) if now is not None else None
        return found

    def commit(self) -> None:
        """As SQLAlchemy's. Where no row is held as an object the connection goes on in a new transaction of the
        database, as at the beginning of a write: a page reads on after its entry has committed."""
        now, had = self.get_transaction(), self._had
        if now is None or had is None or had[0] is not now or had[1].dispatch.commit or self.in_nested_transaction():
            return super().commit()
        self.flush()
        if self.identity_map or now._deleted or not now.is_active:  # or rolled back: SQLAlchemy refuses to commit that
            return super().commit()
        connection = had[1]
        try:
            connection.dialect.do_commit(connection.connection)
        except connection.dialect.loaded_dbapi.Error as error:
            raise failed(connection, "COMMIT", error) from error
        if connection.dialect.name == "sqlite":
            _begin_sqlite(connection)
        return None

    def get_bind(self, *_: Any, bind: Any = None, **__: Any) -> Any:
        """That engine, or the connection a caller insists on."""
        if bind is not None:
            return bind
        engine = self.__dict__.get("_engine")
        if engine is None:
            engine = self.__dict__["_engine"] = super().get_bind()
        return engine


db = SQLAlchemy(model_class=Base, session_options={"class_": OneEngine})
