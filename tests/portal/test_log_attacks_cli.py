"""`portal audit verify` as an operator runs it, on whole and on damaged logs; and no page without its entry."""

import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import Connection, text

from portal.audit import triggers
from portal.audit.tables import ENTRY, SEQUENCE
from portal.cli.main import portal
from portal.config import Settings
from portal.db import open_engine
from tests import installation
from tests.installation import World
from tests.portal.pages.web import Web
from tests.postgres import Server, postgres  # noqa: F401

KINDS = ("sqlite", "postgresql")
NAME, SURNAME = "Dean", "Marlowe"  # what is typed comes back to its writer even then: so the forename is looked for
BORN = {"born-day": "27", "born-month": "3", "born-year": "1991"}


def made(kind: str, template: Path, home: Path, request: pytest.FixtureRequest) -> Settings:
    """An installation of this test's own on either database, with a few entries in its log."""
    if kind == "sqlite":
        return installation.copy(template, home)
    server: Server = request.getfixturevalue("postgres")
    return installation.build(home, database_url=server.database())


def verify(given: Settings, anew: bool = False) -> tuple[int, str]:
    """Run the command on an installation, in this process or `anew` in its own: exit code, and what it printed."""
    environ = {
        "PORTAL_HOME": str(given.home),
        "PORTAL_DATABASE_URL": given.database_url,
        "PORTAL_BASE_URL": given.base_url,
        "PORTAL_DEMO": "true",
        "PORTAL_LOG_ORIGIN": given.log_origin,
    }
    if not anew:
        ran = CliRunner().invoke(portal, ["audit", "verify"], env=environ)
        assert ran.exception is None or isinstance(ran.exception, SystemExit), ran.exception
        return ran.exit_code, ran.stdout.strip()
    environ |= {k: v for k, v in os.environ.items() if not k.startswith("PORTAL_")}
    command = [sys.executable, "-m", "portal.cli.main", "audit", "verify"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout.strip()


def attack(given: Settings, change: Callable[[Connection], str]) -> str:
    """As the database's owner: drop every trigger, change something, put the triggers back. What `change` answers."""
    engine = open_engine(given.database_url)
    try:
        with engine.begin() as connection:
            for statement in triggers.drop_statements(connection.dialect.name):
                connection.exec_driver_sql(statement)
            said = change(connection)
            triggers.install(connection)
    finally:
        engine.dispose()
    return said


def entry_at(connection: Connection, index: int) -> Any:
    query = ENTRY.join(SEQUENCE, SEQUENCE.c.entry_id == ENTRY.c.entry_id).select().where(SEQUENCE.c.index == index)
    return connection.execute(query).one()


def one_byte_changed(connection: Connection) -> str:
    row = entry_at(connection, 4)
    leaf = row.leaf[:40] + bytes([row.leaf[40] ^ 1]) + row.leaf[41:]
    connection.execute(ENTRY.update().where(ENTRY.c.entry_id == row.entry_id).values(leaf=leaf))
    return str(row.reference)


def one_deleted(connection: Connection) -> str:
    row = entry_at(connection, 4)
    connection.execute(ENTRY.delete().where(ENTRY.c.entry_id == row.entry_id))
    return str(row.reference)


def two_swapped(connection: Connection) -> str:
    """The two change places in the order of the log, each with its leaf hash."""
    first, second = entry_at(connection, 4), entry_at(connection, 5)
    rows = [connection.execute(SEQUENCE.select().where(SEQUENCE.c.index == i)).one() for i in (4, 5)]
    connection.execute(SEQUENCE.delete().where(SEQUENCE.c.index.in_([4, 5])))
    for index, row in zip((5, 4), rows, strict=True):
        values = {"index": index, "entry_id": row.entry_id, "leaf_hash": row.leaf_hash}
        connection.execute(SEQUENCE.insert().values(values))
    assert first.reference != second.reference
    return str(second.reference)


def leaves_swapped(connection: Connection) -> str:
    """The two keep their places and exchange what they say; either may be named."""
    first, second = entry_at(connection, 4), entry_at(connection, 5)
    for row, leaf in ((first, second.leaf), (second, first.leaf)):
        connection.execute(ENTRY.update().where(ENTRY.c.entry_id == row.entry_id).values(leaf=leaf))
    return f"{first.reference} {second.reference}"


@pytest.mark.parametrize("kind", KINDS)
def test_a_whole_log_is_said_to_be_whole_and_each_damage_is_named(
    kind: str, template: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    given = made(kind, template, tmp_path / "home", request)
    with installation.opened(given) as world:
        for _ in range(8):
            world.case(assigned=[world.actor("police", "practitioner")])
    code, said = verify(given, anew=True)
    assert code == 0, said
    assert verify(given)[0] == 0
    assert "entries of the access log are whole: none was changed, removed or moved" in said
    damages = (one_byte_changed, one_deleted, two_swapped, leaves_swapped)
    for damage in damages:
        undo = kept(given)
        reference = attack(given, damage)
        code, said = verify(given)
        assert code == 1, (damage.__name__, said)
        assert any(one in said for one in reference.split()), (damage.__name__, said)
        assert "entry 4" in said or "entries 4" in said, (damage.__name__, said)
        attack(given, undo)
    assert verify(given)[0] == 0, "what was put back is whole again: it was the damage that was found"


def kept(given: Settings) -> Callable[[Connection], str]:
    """What puts entries and their order back as they are now."""
    engine = open_engine(given.database_url)
    with engine.connect() as connection:
        rows = {table: [dict(r._mapping) for r in connection.execute(table.select())] for table in (ENTRY, SEQUENCE)}
    engine.dispose()

    def back(connection: Connection) -> str:
        for table, values in rows.items():
            connection.execute(table.delete())
            connection.execute(table.insert(), values)
        return ""

    return back


REFUSALS = {
    "sqlite": ("CREATE TRIGGER full BEFORE INSERT ON {} BEGIN SELECT RAISE(ABORT, 'disk full'); END",),
    "postgresql": (
        "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'disk full'; END$$",
        "CREATE TRIGGER fail BEFORE INSERT ON {} FOR EACH ROW EXECUTE FUNCTION fail()",
    ),
}


@pytest.fixture(
    params=[("sqlite", "audit_entry"), ("sqlite", "audit_pending"), ("postgresql", "audit_entry")], ids="-".join
)
def mute(
    request: pytest.FixtureRequest, template: Path, tmp_path: Path, day: None
) -> Iterator[tuple[World, Web, Callable[[], None]]]:
    """A world, a browser, and what makes the log's table refuse every entry from then on."""
    kind, table = request.param
    given = made(kind, template, tmp_path / "home", request)
    with installation.opened(given) as world:

        def refuse() -> None:
            world.session.rollback()
            with world.engine.begin() as connection:
                for statement in REFUSALS[kind]:
                    connection.execute(text(statement.format(table)))

        yield world, Web(world.app(), world), refuse


def test_with_the_log_unwritable_no_page_shows_or_changes_anything(
    mute: tuple[World, Web, Callable[[], None]],
) -> None:
    world, web, refuse = mute
    police, officer = world.actor("police", "practitioner"), world.actor("police", "dpo")
    case = world.case(assigned=[police])
    record = world.session.execute(text("SELECT id FROM record WHERE kind = 'person'")).scalar_one()
    other = Web(web.app, world)
    other.sign_in(officer)
    web.sign_in(police)
    path = web.post(f"/case/{case}", {"purpose": "risk"}).headers["Location"]
    history = f"{path}/record/{uuid.UUID(bytes=bytes(record))}/history"
    pages: dict[str, Callable[[], Any]] = {
        "case": lambda: web.get(path),
        "home": lambda: web.get("/"),
        "history": lambda: web.get(history),
        "the form of an update": lambda: web.get(f"{path}/update"),
        "print": lambda: web.post(f"{path}/print", {"reason": "Visit tomorrow"}),
        "export": lambda: web.post(f"{path}/export", {"reason": "Visit tomorrow"}),
    }
    acts: dict[str, Callable[[], Any]] = {
        "purpose": lambda: web.post(f"/case/{case}", {"purpose": "pathways"}),
        "search": lambda: web.post("/search", {"by": "name", "surname": SURNAME, **BORN}),
        "emergency": lambda: web.post(f"/case/{case}/emergency", {"reason": "He is at risk tonight"}),
        "update": lambda: web.post(f"{path}/update", {"text": "Seen", "kind": "behaviour", "nature": "Fact"}),
        "the log": lambda: other.get("/log"),
    }
    for name, look in pages.items():
        answer = look()
        assert (answer.status_code, NAME in answer.text) == (200, True), f"{name} shows the name while the log is well"
    other.post("/log/use", {"use": "s62-lawfulness"})
    assert other.get("/log").status_code == 200
    before = counts(world)
    refuse()
    for name, look in (pages | acts).items():
        answer = look()
        assert (answer.status_code, NAME in answer.text) == (503, False), (name, answer.status)
    assert counts(world) == before


def counts(world: World) -> list[int]:
    """Rows of what the acts would change."""
    world.session.rollback()
    tables = ("record", "sealed_value", "visit", "search_made", "emergency", "notice", "audit_entry")
    return [int(world.session.execute(text(f"SELECT count(*) FROM {t}")).scalar_one()) for t in tables]
