"""Fixtures of the portal's own tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import installation
from tests.installation import World


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built installation on SQLite, made once a run and only ever copied."""
    home = tmp_path_factory.mktemp("template") / "home"
    installation.build(home)
    return home


@pytest.fixture
def world(template: Path, tmp_path: Path) -> Iterator[World]:
    """An installation of this test's own."""
    given = installation.copy(template, tmp_path / "home")
    with installation.opened(given) as opened:
        yield opened
