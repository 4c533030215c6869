"""The whole portal, served on PostgreSQL as the role that `portal db roles` makes."""

import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import make_url, text

from portal.app import create_app
from portal.cli.main import portal
from portal.config import Settings
from portal.db import open_engine
from portal.errors import Misconfigured
from tests import installation
from tests.portal.pages.web import Web
from tests.postgres import Server

ROLE = "iom_served"


def environ(given: Settings) -> dict[str, str]:
    named = {"HOME": given.home, "DATABASE_URL": given.database_url, "LOG_ORIGIN": given.log_origin}
    return {f"PORTAL_{name}": str(value) for name, value in named.items()} | {"PORTAL_BASE_URL": "http://127.0.0.1"}


def run(given: Settings, *arguments: str) -> str:
    done = CliRunner().invoke(portal, list(arguments), env=environ(given) | {"PORTAL_DEMO": "true"})
    assert done.exit_code == 0, (done.output, done.exception)
    return done.stdout


@pytest.fixture
def owned(postgres: Server, tmp_path: Path, day: None) -> Iterator[Settings]:
    given = installation.build(tmp_path / "owned", database_url=postgres.database())
    yield given
    engine = open_engine(given.database_url)
    with engine.begin() as connection:
        if connection.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :name"), {"name": ROLE}).first():
            connection.execute(text(f"DROP OWNED BY {ROLE}"))
            connection.execute(text(f"DROP ROLE {ROLE}"))
    engine.dispose()


def as_role(given: Settings) -> Settings:
    url = make_url(given.database_url).set(username=ROLE)
    return replace(given, database_url=url.render_as_string(hide_password=False))


def test_a_case_is_seen_changed_and_logged(owned: Settings) -> None:
    assert f"{ROLE} may serve" in run(owned, "db", "roles", ROLE)
    with installation.opened(as_role(owned)) as world:
        amy = world.actor("police", "practitioner", "Amy Reed")
        case, web = world.case(assigned=[amy]), Web(world.app(), world)
        web.sign_in(amy)
        visit = web.post(f"/case/{case}", {"purpose": "risk", "reason": ""}).location
        assert web.get(visit).status_code == 200
        assert "Marlowe" in web.text
        wrote = {"text": "Seen in Brent Street, calm.", "kind": "behaviour", "nature": "Fact"}
        assert web.post(f"{visit}/update", wrote | {"once": str(uuid.uuid4())}).status_code == 303
        assert "Seen in Brent Street" in web.get(visit).text
        assert {("consultation", "permitted"), ("disclosure", "permitted")} <= set(web.logged())
    assert "whole" in run(as_role(owned), "audit", "verify").lower()


def test_a_migration_gives_the_role_what_is_new(owned: Settings) -> None:
    run(owned, "db", "roles", ROLE)
    engine = open_engine(owned.database_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE added_later (n integer)"))
    assert f"{ROLE} was given" in run(owned, "migrate")
    with engine.begin() as connection:
        asked = text("SELECT has_table_privilege(:role, 'added_later', 'UPDATE')")
        assert connection.execute(asked, {"role": ROLE}).scalar() is True
    engine.dispose()


def test_outside_the_demo_the_portal_does_not_serve_as_the_owner(owned: Settings) -> None:
    given = replace(owned, demo=False, base_url="https://portal.example")
    with pytest.raises(Misconfigured, match="could change the access log"):
        create_app(given)
