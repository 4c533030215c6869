"""Triggers that keep the log's tables append-only: defence in depth, checked at start and by verification.

The owner of a database can drop any trigger; what then changes is caught by the tree. SQLite: UPDATE and DELETE are
refused, and so is an INSERT of what exists, because INSERT OR REPLACE deletes without asking the DELETE trigger.
PostgreSQL: UPDATE, DELETE and TRUNCATE are refused, ENABLE ALWAYS so that session_replication_role does not help.
"""

from collections.abc import Sequence

from sqlalchemy import Table, UniqueConstraint
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session
from sqlalchemy.schema import MetaData

from portal.audit import guards
from portal.audit.tables import APPEND_ONLY
from portal.errors import Misconfigured

_FUNCTION = "audit_append_only"
_BODY = "BEGIN RAISE EXCEPTION 'the access log is append-only'; END"
_ENABLED = """
    SELECT t.tgname, c.relname FROM pg_trigger t
    JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
    WHERE p.proname = %(function)s AND pg_function_is_visible(p.oid) AND pg_table_is_visible(c.oid)
    AND t.tgenabled = 'A' AND t.tgqual IS NULL AND t.tgattr = '' AND t.tgtype IN (26, 34)
"""  # type 26: before update or delete, each statement, 34: before truncate; not of some columns only


def statements(dialect: str, tables: Sequence[Table] | None = None) -> list[str]:
    """DDL that makes the tables append-only; a migration executes each, in order. `dialect`: sqlite or postgresql.

    Without `tables`: all there are, and the guards of what is erased in time.
    """
    if tables is None:
        return [*statements(dialect, APPEND_ONLY), *guards.statements(dialect)]
    if dialect == "sqlite":
        return [text for table in tables for text in _sqlite(table).values()]
    function = f"CREATE OR REPLACE FUNCTION {_FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS $${_BODY}$$"
    return [function, *(text for table in tables for text in _postgresql(table))]


def drop_statements(dialect: str, tables: Sequence[Table] | None = None) -> list[str]:
    """DDL that takes the triggers away again, for a migration down."""
    if tables is None:
        return [*guards.drop_statements(dialect), *drop_statements(dialect, APPEND_ONLY)]
    if dialect == "sqlite":
        return [f"DROP TRIGGER IF EXISTS {name}" for table in tables for name in _sqlite(table)]
    drops = [f"DROP TRIGGER IF EXISTS {name} ON {table.name}" for table in tables for name in _names(table)]
    return [*drops, f"DROP FUNCTION IF EXISTS {_FUNCTION}()"]


def missing(connection: Connection) -> list[str]:
    """Names of the triggers that are absent, changed or switched off, in order; empty when all is well."""
    return [*_missing(connection, APPEND_ONLY), *guards.missing(connection)]


def _missing(connection: Connection, tables: Sequence[Table]) -> list[str]:
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").all()
        present = {row.name: row.sql for row in rows}
        return [name for table in tables for name, text in _sqlite(table).items() if present.get(name) != text]
    bodies = connection.exec_driver_sql(guards.WRITTEN, {"name": _FUNCTION}).scalars().all()
    if set(bodies) != {_BODY}:
        return [_FUNCTION]
    enabled = {tuple(row) for row in connection.exec_driver_sql(_ENABLED, {"function": _FUNCTION})}
    return [name for table in tables for name in _names(table) if (name, table.name) not in enabled]


def require(session: Session) -> None:
    """Raise `Misconfigured`, naming the first, unless every trigger is in place. Called when the portal starts."""
    absent = missing(session.connection())
    if absent:
        raise Misconfigured(f"the access log is not protected: trigger {absent[0]} is missing, changed or switched off")


def install(connection: Connection) -> None:
    """Execute `statements`: for tests and for embedded databases that were made without a migration."""
    for text in statements(connection.dialect.name):
        connection.exec_driver_sql(text)


def create_all(connection: Connection, metadata: MetaData) -> None:
    """Every table of `metadata`, and the log's triggers. For tests; the portal itself uses migrations."""
    metadata.create_all(connection)
    install(connection)


def _sqlite(table: Table) -> dict[str, str]:
    name = table.name
    refuse = "BEGIN SELECT RAISE(ABORT, 'the access log is append-only'); END"
    unique = [tuple(column.name for column in table.primary_key)]
    unique += [tuple(c.name for c in u.columns) for u in table.constraints if isinstance(u, UniqueConstraint)]
    unique += [(column.name,) for column in table.columns if column.unique]
    if ("index",) not in unique and ("size",) not in unique:
        unique.append(("rowid",))  # an explicit row id would replace the row that has it
    same = " OR ".join(
        "(" + " AND ".join(f'"{column}" = NEW."{column}"' for column in columns) + ")"
        for columns in dict.fromkeys(unique)
    ).replace('"rowid"', "rowid")
    exists = f"EXISTS (SELECT 1 FROM {name} WHERE {same})"  # noqa: S608 (names of our own tables)
    guard = f"CREATE TRIGGER {name}_no_replace BEFORE INSERT ON {name} WHEN {exists} {refuse}"
    return {
        f"{name}_no_update": f"CREATE TRIGGER {name}_no_update BEFORE UPDATE ON {name} {refuse}",
        f"{name}_no_delete": f"CREATE TRIGGER {name}_no_delete BEFORE DELETE ON {name} {refuse}",
        f"{name}_no_replace": guard,
    }


def _names(table: Table) -> tuple[str, str]:
    return f"{table.name}_no_change", f"{table.name}_no_truncate"


def _postgresql(table: Table) -> list[str]:
    change, truncate = _names(table)
    execute = f"EXECUTE FUNCTION {_FUNCTION}()"
    return [
        # a statement trigger fires even where no row matches: whoever tries, hears no
        f"CREATE TRIGGER {change} BEFORE UPDATE OR DELETE ON {table.name} FOR EACH STATEMENT {execute}",
        f"CREATE TRIGGER {truncate} BEFORE TRUNCATE ON {table.name} FOR EACH STATEMENT {execute}",
        f"ALTER TABLE {table.name} ENABLE ALWAYS TRIGGER {change}",
        f"ALTER TABLE {table.name} ENABLE ALWAYS TRIGGER {truncate}",
    ]
