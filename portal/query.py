"""Statements of the paths that every page takes: compiled once for each database, run straight by its driver.

Running a Core statement costs several times what the database needs for it (docs/decisions/0007). Nothing else
differs: the statements are built by SQLAlchemy, values are bound and never written into the text, and a failure is
SQLAlchemy's own error.
"""

import uuid
from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any, Generic, NamedTuple, TypeVar, overload

from sqlalchemy import (
    Boolean,
    Delete,
    FromClause,
    Insert,
    LargeBinary,
    Select,
    String,
    Table,
    Update,
    bindparam,
    func,
    insert,
    select,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.orm import Session
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import BindParameter
from sqlalchemy.types import TypeEngine

from portal.db import Id, failed, id_of

Row = TypeVar("Row")
Parameters = tuple[Any, ...] | dict[str, Any]
MANY = 100
"""Rows from which PostgreSQL takes a statement for all of them at once: it costs a third."""
_BY_POSITION = DefaultDialect(paramstyle="qmark")


class _Slot(NamedTuple):
    """Where a value of the caller goes; for a list, `length` places in a row, 0 for a value of its own."""

    name: str
    length: int


class _Text(NamedTuple):
    """A statement in the driver's spelling. `names` is None where the driver binds by position."""

    text: str
    names: tuple[str, ...] | None
    sources: tuple[Any, ...]

    def bound(self, values: Mapping[str, Any]) -> Parameters:
        """The caller's values in the driver's order, ids as bytes."""
        found: list[Any] = []
        for source in self.sources:
            if type(source) is not _Slot:
                found.append(source)
                continue
            value = values[source.name]
            if source.length:
                first = [each.bytes for each in value] if isinstance(value[0], uuid.UUID) else list(value)
                found += first
                found += first[-1:] * (source.length - len(first))  # filled up with its last, which finds no more
            else:
                found.append(value.bytes if isinstance(value, uuid.UUID) else value)
        return tuple(found) if self.names is None else dict(zip(self.names, found, strict=True))


class Query(Generic[Row]):
    """A SELECT built once. `of` makes a row of its columns (a NamedTuple's `_make`); else rows have the columns' names.

    Ids come as UUIDs and yes-or-no columns as bool or None; with `raw`, rows are the driver's own tuples. A parameter
    that is a list (`bindparam(…, expanding=True)`) takes any sequence; where one is empty nothing is found.
    """

    @overload
    def __init__(self: "Query[Any]", select: Select[*tuple[Any, ...]], *, raw: bool = False) -> None: ...
    @overload
    def __init__(self, select: Select[*tuple[Any, ...]], of: Callable[[Any], Row]) -> None: ...
    def __init__(
        self, select: Select[*tuple[Any, ...]], of: Callable[[Any], Any] | None = None, *, raw: bool = False
    ) -> None:
        self._select = select
        self._of = None if raw else of or _named(select)
        self._convert = () if raw else tuple(_conversions(select))
        self._texts: dict[tuple[str, tuple[int, ...]], _Text] = {}
        self._lists = tuple(b.key for b in select.compile().bind_names if b.expanding and b.value is None)

    def all(self, session: Session | Connection, **values: Any) -> list[Row]:
        """Every row, in the statement's order."""
        lengths = []
        for name in self._lists:
            length = len(values[name])
            if not length:
                return []
            lengths.append(1 << (length - 1).bit_length())
        connection = session.connection() if isinstance(session, Session) else session
        key = (connection.dialect.name, tuple(lengths))
        text = self._texts.get(key)
        if text is None:
            text = self._texts[key] = self._compiled(connection.dialect, key[1])
        return self._made(run(connection, text.text, text.bound(values)))

    def first(self, session: Session | Connection, **values: Any) -> Row | None:
        """The first row, None where there is none."""
        found = self.all(session, **values)
        return found[0] if found else None

    def _made(self, rows: Sequence[Any]) -> list[Any]:
        make = self._of
        if make is None:
            return list(rows)
        if not self._convert:
            return [make(row) for row in rows]
        converted = []
        for row in rows:
            cells = list(row)
            for place, convert in self._convert:
                if cells[place] is not None:
                    cells[place] = convert(cells[place])
            converted.append(make(cells))
        return converted

    def _compiled(self, dialect: Dialect, lengths: tuple[int, ...]) -> _Text:
        compiled = self._select.compile(dialect=dialect)
        slots: dict[str, Any] = {b.key: _Slot(b.key, 0) for b in compiled.bind_names if b.required}
        slots |= {name: [_Slot(name, n)] * n for name, n in zip(self._lists, lengths, strict=True)}
        state = compiled.construct_expanded_state(slots)
        named = None if dialect.positional else tuple(state.parameters)
        filled = state.positional_parameters if named is None else tuple(state.parameters.values())
        sources: list[Any] = []
        left = iter(filled)
        for source in left:
            sources.append(source)
            if type(source) is _Slot and source.length:  # one slot for all the places of a list, which stand in a row
                next(islice(left, source.length - 1, source.length - 1), None)
        return _Text(state.statement, named, tuple(sources))


def _named(select: Select[*tuple[Any, ...]]) -> Callable[[Any], Any]:
    names = [str(column.key) for column in select.selected_columns]
    made: Any = namedtuple("Row", names, rename=True)  # type: ignore[misc]
    maker: Callable[[Any], Any] = made._make
    return maker


def _conversions(select: Select[*tuple[Any, ...]]) -> list[tuple[int, Callable[[Any], Any]]]:
    found: list[tuple[int, Callable[[Any], Any]]] = []
    for place, column in enumerate(select.selected_columns):
        if isinstance(column.type, Id):
            found.append((place, id_of))
        elif isinstance(column.type, Boolean):
            found.append((place, bool))
    return found


def run(connection: Connection, text: str, parameters: Parameters) -> Sequence[Any]:
    """Run a statement in the driver's spelling; the driver's rows, none for a statement that answers nothing."""
    if connection.dispatch.before_cursor_execute:  # somebody watches the statements: they go the long way
        result = connection.exec_driver_sql(text, parameters)
        return [tuple(row) for row in result] if result.returns_rows else ()
    try:
        cursor = _cursor(connection)
        try:
            cursor.execute(text, parameters)
            return cursor.fetchall() if cursor.description else ()
        finally:
            cursor.close()
    except connection.dialect.loaded_dbapi.Error as error:
        raise failed(connection, text, error) from error


class Write:
    """An INSERT, UPDATE or DELETE built once, run for any number of rows.

    A row has its values as the driver takes them (ids as bytes), in the order of `names`, which is the order in which
    the statement has its parameters: a driver that binds by position takes rows as they are. Rows must not depend on
    each other: PostgreSQL takes many of them as one statement.
    """

    def __init__(self, statement: Insert | Update | Delete, names: Sequence[str]) -> None:
        self._statement = statement
        self._names = tuple(names)
        self._texts: dict[str, str] = {}
        compiled = statement.compile(dialect=_BY_POSITION)
        assert compiled.positiontup == list(names), names
        self._types = [compiled.binds[name].type for name in names]

    def run(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> int:
        """Run it for each row, and say how many rows of the table it met; nothing happens where there is none."""
        if not rows:
            return 0
        dialect = connection.dialect
        if dialect.name == "postgresql" and len(rows) >= MANY:
            columns = dict(zip(self._names, map(list, zip(*rows, strict=True)), strict=True))
            for way in ("hashjoin", "mergejoin"):  # both read the whole table, where its key leads to each row
                run(connection, f"SET LOCAL enable_{way} = off", ())
            return _run_many(connection, self._at_once(dialect), [columns])
        text = self._texts.get(dialect.name)
        if text is None:
            text = self._texts[dialect.name] = str(self._statement.compile(dialect=dialect))
        bound = list(rows) if dialect.positional else [dict(zip(self._names, row, strict=True)) for row in rows]
        return _run_many(connection, text, bound)

    def _at_once(self, dialect: Dialect) -> str:
        """The statement for all rows at once: each parameter an array, joined as a table."""
        text = self._texts.get("at once")
        if text is None:
            arrays = [
                bindparam(name, type_=postgresql.ARRAY(_of_any_length(kind)))
                for name, kind in zip(self._names, self._types, strict=True)
            ]
            rows = func.unnest(*arrays).table_valued(*self._names, name="rows").render_derived()
            statement: Any = self._statement
            if isinstance(statement, Insert):
                statement = insert(statement.table).from_select(list(self._names), select(*rows.c))
            else:
                given: dict[Any, Any] = {name: rows.c[name] for name in self._names}

                def column(each: Any, **_: Any) -> Any:
                    return given.get(each.key) if isinstance(each, BindParameter) else None

                statement = visitors.replacement_traverse(statement, {}, column)  # type: ignore[call-overload]
            text = str(statement.compile(dialect=dialect)).replace(")s::BYTEA", ")b::BYTEA")  # bytes as they are
            self._texts["at once"] = text
        return text


def _of_any_length(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    """The type of an array's elements: one that names a length would cut what is longer, not refuse it."""
    if isinstance(kind, Id | LargeBinary):
        return LargeBinary()
    return String() if isinstance(kind, String) else kind


def insert_rows(connection: Connection, table: FromClause, rows: Sequence[tuple[Any, ...]]) -> int:
    """Insert rows, their values in the order of the table's columns and as the driver takes them (ids as bytes)."""
    return _insert(table).run(connection, rows)


@lru_cache(maxsize=64)
def _insert(table: FromClause) -> Write:
    assert isinstance(table, Table)
    return Write(insert(table), [column.key for column in table.columns])


def _cursor(connection: Connection) -> Any:
    """A cursor of the driver's own connection: the pool's way to it costs as much again at each statement. PostgreSQL
    answers in its binary format: sealed values come as they are, where text has two digits for each byte."""
    driver: Any = connection.connection.dbapi_connection
    return driver.cursor() if connection.dialect.name == "sqlite" else driver.cursor(binary=True)


def _run_many(connection: Connection, text: str, rows: list[Any]) -> int:
    if connection.dispatch.before_cursor_execute:
        return connection.exec_driver_sql(text, rows if len(rows) > 1 else rows[0]).rowcount
    try:
        cursor = _cursor(connection)
        try:
            if len(rows) == 1:
                cursor.execute(text, rows[0])
            else:
                cursor.executemany(text, rows)
            met: int = cursor.rowcount
            return met
        finally:
            cursor.close()
    except connection.dialect.loaded_dbapi.Error as error:
        raise failed(connection, text, error) from error
