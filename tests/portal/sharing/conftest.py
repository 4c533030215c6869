"""An installation on each of the two databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import installation
from tests.installation import World
from tests.postgres import Server, postgres  # noqa: F401


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """An installation of this test's own, on SQLite and on PostgreSQL."""
    home = tmp_path / "either"
    if request.param == "sqlite":
        given = installation.copy(request.getfixturevalue("template"), home)
    else:
        server: Server = request.getfixturevalue("postgres")
        given = installation.build(home, database_url=server.database())
    with installation.opened(given) as opened:
        yield opened
