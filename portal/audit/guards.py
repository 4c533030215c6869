"""Triggers that let details of the log be erased one way only: an entry says so, then they are emptied, then gone.

They are defence in depth, as `triggers` are: the owner of a database can drop them, and verification says so. They know
no agreement. What they can tell is that an entry says a detail is erased, and that a whole year lies between: no
agreement may name a shorter period (`isa.document.LogRetentionRow`).
"""

from typing import Final

from sqlalchemy.engine import Connection

from portal.audit.tables import DETAIL, PERSON_KEY

OPERATION: Final = "details-erased"
WORDS: Final = "details of the access log are append-only until an entry says that they are erased"
_SAME: Final = "NEW.entry_id = OLD.entry_id AND NEW.position = OLD.position AND NEW.digest = OLD.digest"
_EMPTY: Final = "NEW.subject_tag IS NULL AND NEW.sealed IS NULL AND NEW.silent IS NULL"


def _update(same: str, year: str) -> str:
    """What an update of a detail must fulfil. `same` compares two values of which either may be null."""
    kept = " AND ".join(f"NEW.{name} {same} OLD.{name}" for name in ("subject_tag", "sealed", "silent"))
    said = (
        "EXISTS (SELECT 1 FROM audit_entry x, audit_entry e"  # noqa: S608 (names of our own tables)
        f" WHERE x.entry_id = NEW.erasure AND x.operation = '{OPERATION}'"
        f" AND e.entry_id = OLD.entry_id AND {year.format('x')} >= {year.format('e')} + 2)"
    )
    marked = f"OLD.erasure IS NULL AND NEW.erasure IS NOT NULL AND {kept} AND {said}"
    emptied = f"OLD.erasure IS NOT NULL AND NEW.erasure {same} OLD.erasure AND {_EMPTY}"
    return f"{_SAME} AND (({marked}) OR ({emptied}))"


def _unsaid(year: str) -> str:
    """Whether a key still serves a detail of which no entry says that it is erased."""
    return (
        "EXISTS (SELECT 1 FROM audit_detail d JOIN audit_entry e ON e.entry_id = d.entry_id"  # noqa: S608
        f" WHERE d.subject_tag = OLD.subject_tag AND d.erasure IS NULL AND {year.format('e')} = OLD.year)"
    )


_REWRAPPED: Final = " AND ".join(
    f"NEW.{name} = OLD.{name}" for name in ("subject_tag", "year", "key_id", "commitment", "commitment_silent")
)
"""A key may be wrapped anew, and stays the key it was."""
_SQLITE_YEAR: Final = "CAST(strftime('%Y', {}.at / 1000000, 'unixepoch') AS INTEGER)"
_ABORT: Final = f"BEGIN SELECT RAISE(ABORT, '{WORDS}'); END"
_SQLITE: Final = {
    "audit_detail_erase": f"BEFORE UPDATE ON audit_detail WHEN ({_update('IS', _SQLITE_YEAR)}) IS NOT TRUE {_ABORT}",
    "audit_detail_no_delete": f"BEFORE DELETE ON audit_detail {_ABORT}",
    "audit_detail_no_replace": (
        "BEFORE INSERT ON audit_detail WHEN NEW.erasure IS NOT NULL OR EXISTS (SELECT 1 FROM audit_detail"  # noqa: S608
        f" WHERE entry_id = NEW.entry_id AND position = NEW.position) {_ABORT}"
    ),
    "audit_person_key_erase": f"BEFORE DELETE ON audit_person_key WHEN {_unsaid(_SQLITE_YEAR)} {_ABORT}",
    "audit_person_key_no_change": f"BEFORE UPDATE ON audit_person_key WHEN ({_REWRAPPED}) IS NOT TRUE {_ABORT}",
    # two writers may make one key at once: the later is passed over, and nothing is ever replaced
    "audit_person_key_no_replace": (
        "BEFORE INSERT ON audit_person_key WHEN EXISTS (SELECT 1 FROM audit_person_key WHERE (subject_tag ="
        " NEW.subject_tag AND year = NEW.year) OR key_id = NEW.key_id OR rowid = NEW.rowid)"
        " BEGIN SELECT RAISE(IGNORE); END"
    ),
}
_PG_YEAR: Final = "extract(year FROM to_timestamp({}.at / 1000000) AT TIME ZONE 'UTC')"
_RAISE: Final = f"RAISE EXCEPTION '{WORDS}'"
_BODIES: Final = {
    "audit_detail_guard": (
        f"BEGIN IF TG_OP = 'UPDATE' AND {_update('IS NOT DISTINCT FROM', _PG_YEAR)} THEN RETURN NEW; END IF;"
        f" {_RAISE}; END"
    ),
    "audit_person_key_guard": (
        f"BEGIN IF TG_OP = 'DELETE' THEN IF NOT {_unsaid(_PG_YEAR)} THEN RETURN OLD; END IF;"
        f" ELSIF {_REWRAPPED} THEN RETURN NEW; END IF; {_RAISE}; END"
    ),
    "audit_erasable": f"BEGIN {_RAISE}; END",
}
_POSTGRESQL: Final = {
    "audit_detail_erase": ("BEFORE UPDATE OR DELETE ON audit_detail FOR EACH ROW", "audit_detail_guard", 27),
    "audit_detail_no_truncate": ("BEFORE TRUNCATE ON audit_detail FOR EACH STATEMENT", "audit_erasable", 34),
    "audit_person_key_erase": (
        *("BEFORE UPDATE OR DELETE ON audit_person_key FOR EACH ROW", "audit_person_key_guard", 27),
    ),
    "audit_person_key_no_truncate": ("BEFORE TRUNCATE ON audit_person_key FOR EACH STATEMENT", "audit_erasable", 34),
}
"""When it fires, what it runs, and how `pg_trigger.tgtype` says it."""
_ENABLED: Final = """
    SELECT t.tgname, c.relname, p.proname, t.tgtype FROM pg_trigger t
    JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
    WHERE pg_function_is_visible(p.oid) AND pg_table_is_visible(c.oid) AND t.tgenabled = 'A' AND t.tgqual IS NULL
    AND t.tgattr = ''
"""
WRITTEN: Final = """
    SELECT CASE WHEN l.lanname = 'plpgsql' AND p.proconfig IS NULL AND NOT p.prosecdef THEN p.prosrc END
    FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
    WHERE p.proname = %(name)s AND pg_function_is_visible(p.oid)
"""
"""What a function runs; NULL where it would not run as we wrote it: its own settings or search path, another's rights,
another language."""


def statements(dialect: str) -> list[str]:
    """DDL that sets them up; a migration executes each, in order. `dialect`: sqlite or postgresql."""
    if dialect == "sqlite":
        return [f"CREATE TRIGGER {name} {text}" for name, text in _SQLITE.items()]
    made = [
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $${body}$$"
        for name, body in _BODIES.items()
    ]
    for name, (when, function, _) in _POSTGRESQL.items():
        made += [f"CREATE TRIGGER {name} {when} EXECUTE FUNCTION {function}()"]
        made += [f"ALTER TABLE {_table(name)} ENABLE ALWAYS TRIGGER {name}"]
    return made


def drop_statements(dialect: str) -> list[str]:
    """DDL that takes them away again."""
    if dialect == "sqlite":
        return [f"DROP TRIGGER IF EXISTS {name}" for name in _SQLITE]
    drops = [f"DROP TRIGGER IF EXISTS {name} ON {_table(name)}" for name in _POSTGRESQL]
    return [*drops, *(f"DROP FUNCTION IF EXISTS {name}()" for name in _BODIES)]


def missing(connection: Connection) -> list[str]:
    """Names of the triggers that are absent, changed or switched off, in order; empty when all is well."""
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").all()
        present = {row.name: row.sql for row in rows}
        return [name for name, text in _SQLITE.items() if present.get(name) != f"CREATE TRIGGER {name} {text}"]
    for name, body in _BODIES.items():
        if set(connection.exec_driver_sql(WRITTEN, {"name": name}).scalars()) != {body}:
            return [name]
    enabled = {tuple(row) for row in connection.exec_driver_sql(_ENABLED)}
    due = {name: (name, _table(name), function, kind) for name, (_, function, kind) in _POSTGRESQL.items()}
    return [name for name, each in due.items() if each not in enabled]


def _table(trigger: str) -> str:
    return DETAIL.name if trigger.startswith(DETAIL.name) else PERSON_KEY.name
