"""One entry into its tables, in as few statements as the database can take it: each to PostgreSQL is a wait."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Table, bindparam, insert
from sqlalchemy.engine import Connection

from portal.audit.tables import DETAIL, ENTRY, PENDING
from portal.query import Write, insert_rows

Row = tuple[Any, ...]


def store(connection: Connection, entry: Row, pending: Row, details: Sequence[Row]) -> None:
    """Insert the rows of one entry, each in the order of its table's columns. Inside a write transaction only."""
    if connection.dialect.name == "sqlite":  # in this process: a statement of its own costs nothing but itself
        insert_rows(connection, ENTRY, [entry])
        insert_rows(connection, PENDING, [pending])
        insert_rows(connection, DETAIL, details)
        return
    _TOGETHER[len(details) > 0].run(connection, [entry + pending + (details[0] if details else ())])
    insert_rows(connection, DETAIL, details[1:])


def _together(*tables: Table) -> Write:
    """A row into each table, as one statement: either all are there or none, as it is within a transaction anyhow."""
    *first, last = (
        insert(table).values({column: bindparam(f"{table.name}_{column.key}") for column in table.c})
        for table in tables
    )
    names = [f"{table.name}_{column.key}" for table in tables for column in table.c]
    return Write(last.add_cte(*(each.cte(f"into_{number}") for number, each in enumerate(first))), names)


_TOGETHER: Final = (_together(ENTRY, PENDING), _together(ENTRY, PENDING, DETAIL))
"""For an entry about nobody, and for one with a first subject."""
