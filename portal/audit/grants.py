"""Least privilege on PostgreSQL: what the role of the running portal may do, and whether any role may do more.

The owner of the tables migrates, and erases details of the log when their period is over. The portal itself serves as
another role, which may read and insert into the log's append-only tables, its details and their keys, and no more: not
even whoever holds the portal's own connection can change an entry, erase whom it was about, or drop the trigger that
would refuse it. SQLite knows no roles; there this module has nothing to say.
"""

from collections.abc import Iterator

from sqlalchemy import inspect, text
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from portal.audit.tables import APPEND_ONLY, DETAIL, HEAD, HOLD_SUBJECT, PENDING, PERSON_KEY
from portal.errors import Misconfigured

VERSION = "alembic_version"
WRITER_MAY = {
    HEAD.name: "SELECT, INSERT, UPDATE",
    PENDING.name: "SELECT, INSERT, DELETE",
    HOLD_SUBJECT.name: "SELECT, INSERT, DELETE",
    VERSION: "SELECT",
}
ANY = "SELECT, INSERT, UPDATE, DELETE"
_NAMES = [table.name for table in (*APPEND_ONLY, DETAIL, PERSON_KEY)]

_EXCESS = text("""
    SELECT r.rolname, c.relname FROM pg_roles r CROSS JOIN pg_class c
    WHERE c.oid IN (SELECT to_regclass(name) FROM unnest(CAST(:names AS text[])) AS name)
    AND NOT r.rolsuper AND r.rolname NOT LIKE 'pg\\_%' AND NOT pg_has_role(r.oid, c.relowner, 'MEMBER')
    AND (has_table_privilege(r.oid, c.oid, 'UPDATE, DELETE, TRUNCATE, TRIGGER')
         OR has_any_column_privilege(r.oid, c.oid, 'UPDATE'))
    ORDER BY r.rolname, c.relname
""")  # has_table_privilege counts what comes by PUBLIC or by another role too
_STRONG = text("""
    SELECT r.rolsuper OR r.rolcreaterole OR EXISTS (
        SELECT 1 FROM pg_class c WHERE c.oid IN (SELECT to_regclass(name) FROM unnest(CAST(:names AS text[])) AS name)
        AND pg_has_role(r.oid, c.relowner, 'MEMBER'))
    FROM pg_roles r WHERE r.rolname = :role
""")
_WRITERS = text("""
    SELECT r.rolname FROM pg_roles r JOIN pg_class c ON c.oid = to_regclass(:entry)
    WHERE NOT r.rolsuper AND NOT pg_has_role(r.oid, c.relowner, 'MEMBER') AND r.rolname NOT LIKE 'pg\\_%'
    AND has_table_privilege(r.oid, c.oid, 'INSERT') ORDER BY r.rolname
""")


def grant(connection: Connection, role: str) -> None:
    """Make `role` if there is none, and give it what the portal needs of each table, and no more.

    For the owner of the tables; run again after a migration (`portal migrate` does). Raises `Misconfigured` for a role
    that could undo it: a superuser, one that may act as the owner, or one that makes roles.
    """
    if connection.dialect.name != "postgresql":
        raise Misconfigured("only PostgreSQL knows roles")
    strong = connection.execute(_STRONG, {"role": role, "names": _NAMES}).scalar()
    if strong:
        raise Misconfigured(f"the role {role} is a superuser, the owner of the tables, or makes roles: choose another")
    for statement in _statements(connection, role, new=strong is None):
        connection.exec_driver_sql(statement)


def renew(connection: Connection) -> list[str]:
    """`grant` anew to each role the portal serves as, after a migration; their names. Nothing on SQLite."""
    if connection.dialect.name != "postgresql":
        return []
    roles = [*connection.execute(_WRITERS, {"entry": _NAMES[0]}).scalars()]
    for role in roles:
        grant(connection, role)
    return roles


def excess(connection: Connection) -> list[tuple[str, str]]:
    """(role, table) wherever a role besides the tables' owner and superusers may change or delete entries."""
    if connection.dialect.name != "postgresql":
        return []
    return [(row[0], row[1]) for row in connection.execute(_EXCESS, {"names": _NAMES})]


def require(session: Session) -> None:
    """Raise `Misconfigured` where this connection's role could change the log. Called where the portal serves."""
    connection = session.connection()
    if connection.dialect.name != "postgresql":
        return
    role = connection.execute(text("SELECT current_user")).scalar_one()
    strong = connection.execute(_STRONG, {"role": role, "names": _NAMES}).scalar()
    if strong or role in {each for each, _ in excess(connection)}:
        raise Misconfigured(
            f"the database role {role} could change the access log: make one that cannot with `portal db roles NAME`, "
            "and name it in PORTAL_DATABASE_URL"
        )


def _statements(connection: Connection, role: str, new: bool) -> Iterator[str]:
    quote = connection.dialect.identifier_preparer.quote
    name, schema = quote(role), quote(connection.execute(text("SELECT current_schema()")).scalar_one())
    if new:
        yield f"CREATE ROLE {name} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"
    yield f"REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC, {name}"
    yield f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM PUBLIC, {name}"
    yield f"GRANT USAGE ON SCHEMA {schema} TO {name}"
    for table in inspect(connection).get_table_names():
        may = "SELECT, INSERT" if table in _NAMES else WRITER_MAY.get(table, ANY)
        yield f"GRANT {may} ON {quote(table)} TO {name}"
