"""Every migration goes up and down, on both databases, with rows in it; and the head equals the tables."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, insert, inspect, select, text
from sqlalchemy.orm import Session

import portal.audit.tables
import portal.auth.tables
import portal.casework.criteria_tables
import portal.casework.notice_tables
import portal.keys.tables
import portal.sharing.ask_tables
import portal.sharing.mailbox_tables
import portal.sharing.meeting_tables
import portal.sharing.same_tables
import portal.sharing.tables  # noqa: F401
from portal.audit import triggers
from portal.db import Base, new_id, open_engine
from portal.schema import at_head, migrate
from portal.sharing.tables import RecordRow, SearchTag
from portal.sharing.talk_tables import Confirmation
from tests import installation
from tests.postgres import Server, postgres  # noqa: F401


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'm.sqlite3'}"
    server: Server = request.getfixturevalue("postgres")
    return server.database()


@pytest.fixture
def engine(url: str):
    engine = open_engine(url)
    yield engine
    engine.dispose()


def test_the_head_is_exactly_the_tables(engine: Engine) -> None:
    migrate(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, Base.metadata) == []
        assert triggers.missing(connection) == []
    assert at_head(engine)


def test_up_down_up_with_rows_in_it(url: str, engine: Engine, tmp_path: Path) -> None:
    given = installation.build(tmp_path / "home", database_url=url)
    with installation.opened(given) as world:
        world.case(assigned=[world.actor("police", "practitioner")])
    with Session(engine) as session:
        assert session.execute(text("SELECT count(*) FROM sealed_value")).scalar() == 6
    migrate(engine, "base")
    with engine.connect() as connection:
        assert set(inspect(connection).get_table_names()) == {"alembic_version"}
    assert not at_head(engine)
    migrate(engine)
    assert at_head(engine)


def test_tags_that_two_cases_have_are_marked_where_there_were_rows(url: str, engine: Engine, tmp_path: Path) -> None:
    given = installation.build(tmp_path / "home", database_url=url)
    with installation.opened(given) as world:
        for number in ("N346668", "N346668", "N346669"):
            world.case({"probation identifiers": {"crn": number}})
        shared = world.session.scalars(select(SearchTag.shared)).all()
    migrate(engine, "0020")
    migrate(engine)
    with Session(engine) as session:
        assert sorted(session.scalars(select(SearchTag.shared))) == sorted(shared) == [False, True, True]


def test_what_somebody_confirmed_for_two_parties_is_confirmed_once_by_the_version_before(
    url: str, engine: Engine, tmp_path: Path
) -> None:
    given = installation.build(tmp_path / "home", database_url=url)
    with installation.opened(given) as world:
        case, user = world.case(), new_id()
        with world.doors.log.transaction(world.session) as tx:
            record = tx.session.scalars(select(RecordRow.id).where(RecordRow.case == case)).first()
            row = {"record": record, "user": user, "version": 1, "confirmed_at": 1}
            tx.session.execute(insert(Confirmation), [{**row, "party": party} for party in ("police", "probation")])
    migrate(engine, "0012")
    with engine.connect() as connection:
        assert connection.execute(text("SELECT party FROM confirmation")).scalars().all() == ["police"]
    migrate(engine)
