"""Which revision of `migrations/` a database is at, and how it gets there."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine


def migrate(engine: Engine, revision: str = "head") -> None:
    """Bring the database to a revision of `migrations/`, up or down ("base" is empty). Each step commits whole."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent.parent / "migrations"))
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        now = MigrationContext.configure(connection).get_current_revision() or ""
        down = revision == "base" or revision.startswith("-") or revision < now  # revisions are numbers of four digits
        (command.downgrade if down else command.upgrade)(config, revision)
        connection.commit()


def at_head(engine: Engine) -> bool:
    """Whether the database is at the newest revision: the portal does not start otherwise."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent.parent / "migrations"))
    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    return current == ScriptDirectory.from_config(config).get_current_head()
