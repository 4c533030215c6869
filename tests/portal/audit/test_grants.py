"""As which role the portal serves on PostgreSQL: it writes the log, and cannot change it, whatever it tries."""

import itertools

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from portal.audit import grants
from portal.audit.sequencer import drain
from portal.audit.tables import APPEND_ONLY, DETAIL, PERSON_KEY
from portal.errors import Misconfigured
from tests.portal.audit.conftest import ORIGIN, view

NUMBERS = itertools.count(1)
ATTACKS = (
    "UPDATE audit_entry SET agency = 'nobody'",
    "UPDATE audit_checkpoint SET note = ''",
    "DELETE FROM audit_entry",
    "DELETE FROM audit_sequence",
    "TRUNCATE audit_entry",
    "INSERT INTO audit_outcome (digest, content) SELECT digest, content FROM audit_outcome "
    "ON CONFLICT (digest) DO UPDATE SET content = ''",
    "DELETE FROM audit_head",
    "UPDATE audit_pending SET n = n + 1",
    "UPDATE audit_detail SET subject_tag = NULL, sealed = NULL, silent = NULL",
    "UPDATE audit_detail SET erasure = entry_id",
    "DELETE FROM audit_detail",
    "DELETE FROM audit_person_key",
    "UPDATE audit_person_key SET wrapped = wrapped_silent",
)
DOORS = (
    "ALTER TABLE audit_entry DISABLE TRIGGER ALL",
    "DROP TRIGGER audit_entry_no_change ON audit_entry",
    "SET session_replication_role = replica",
    "CREATE OR REPLACE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NULL; END$$",
    "CREATE TABLE elsewhere (n integer)",
    "DROP TABLE audit_entry",
    "SET ROLE owner",
)
"""What would open the way for one of those."""


@pytest.fixture
def owned(build):
    """A log of three entries on PostgreSQL, as its owner has it."""
    world = build("postgresql")
    world.append(view(), view(), view())
    world.drain()
    return world


@pytest.fixture
def role(owned):
    """The name of a role that the portal serves as; it goes with the test."""
    name = f"iom_app_{next(NUMBERS)}"
    with owned.engine.begin() as connection:
        grants.grant(connection, name)
    yield name
    owned.sql(f"DROP OWNED BY {name}", f"DROP ROLE {name}")


@pytest.fixture
def served(owned, role):
    """The same log as that role reaches it."""
    engine = create_engine(make_url(owned.url).set(username=role))
    yield engine
    engine.dispose()


def test_the_log_is_written_drained_and_verified_as_the_role(owned, role, served, monkeypatch):
    monkeypatch.setattr(owned, "engine", served)
    owned.append(view(), view())
    with owned.session() as session:
        assert drain(session, owned.log.signer(session, ORIGIN)) == 2
    report = owned.check()
    assert (report.whole, report.entries) == (True, 5)
    with owned.session() as session:
        grants.require(session)
    monkeypatch.undo()


@pytest.mark.parametrize("statement", ATTACKS)
def test_what_would_change_the_log_succeeds_for_an_owner_and_is_refused_to_the_role(build, served, statement):
    twin = build("postgresql", protected=False)
    twin.append(view(), view())
    twin.drain()
    twin.append(view())
    before = fingerprint(twin.engine)
    twin.sql(statement + (" CASCADE" if statement.startswith("TRUNCATE") else ""))
    assert fingerprint(twin.engine) != before
    with served.begin() as connection, pytest.raises(ProgrammingError, match="permission denied"):
        connection.execute(text(statement))


@pytest.mark.parametrize("statement", DOORS)
def test_nothing_that_would_open_the_way_is_given_to_the_role(owned, served, statement):
    with owned.engine.connect() as connection:
        connection.execute(text(statement))  # for the owner each of these goes through
        connection.rollback()
    with served.begin() as connection, pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
        connection.execute(text(statement))


def fingerprint(engine):
    with engine.connect() as connection:
        tables = [*(table.name for table in (*APPEND_ONLY, DETAIL, PERSON_KEY)), "audit_head", "audit_pending"]
        return [connection.execute(text(f"SELECT {name}::text FROM {name} ORDER BY 1")).all() for name in tables]


@pytest.mark.parametrize(
    "given",
    [
        "GRANT DELETE ON audit_sequence TO {role}",
        "GRANT UPDATE (agency) ON audit_entry TO {role}",
        "GRANT TRUNCATE ON audit_checkpoint TO PUBLIC",
        "GRANT TRIGGER ON audit_node TO {role}",
    ],
)
def test_a_role_that_may_do_more_is_named_by_verification_and_may_not_serve(owned, role, served, given):
    assert owned.check().whole
    owned.sql(given.format(role=role))
    try:
        sentence = owned.check().sentence
        assert "its entries are as they were written, but the role" in sentence
        assert role in sentence or "PUBLIC" in given
        with Session(served) as session, pytest.raises(Misconfigured, match="portal db roles"):
            grants.require(session)
    finally:
        owned.sql(given.format(role=role).replace("GRANT", "REVOKE").replace(" TO ", " FROM "))


def test_granting_again_takes_back_what_is_too_much(owned, role):
    owned.sql(f"GRANT ALL ON ALL TABLES IN SCHEMA {schema(owned)} TO {role}")
    with owned.engine.begin() as connection:
        assert grants.excess(connection)
        assert role in grants.renew(connection)
        assert grants.excess(connection) == []


def schema(world):
    return world.sql("SELECT current_schema()")[0][0]


def test_the_owner_may_not_serve(owned):
    with owned.session() as session, pytest.raises(Misconfigured, match="could change the access log"):
        grants.require(session)


def test_the_owner_is_no_role_to_serve_as(owned):
    with owned.engine.begin() as connection, pytest.raises(Misconfigured, match="superuser, the owner"):
        grants.grant(connection, "owner")


def test_a_role_that_makes_roles_may_not_serve(owned, role, served):
    """Before PostgreSQL 16 it could make itself a member of the owner's."""
    owned.sql(f"ALTER ROLE {role} CREATEROLE")
    with Session(served) as session, pytest.raises(Misconfigured, match="could change the access log"):
        grants.require(session)
    with owned.engine.begin() as connection, pytest.raises(Misconfigured, match="makes roles"):
        grants.grant(connection, role)


def test_sqlite_knows_no_roles(build):
    world = build("sqlite")
    with world.session() as session:
        grants.require(session)
        assert grants.renew(session.connection()) == []
        with pytest.raises(Misconfigured, match="only PostgreSQL"):
            grants.grant(session.connection(), "app")
