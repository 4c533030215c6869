"""Fixtures of the portal's own tests.

What every installation of a run has in common is made once: the engine of an agreement and who signed it, and a
template's code. Both depend on nothing else, and the portal too makes them once a process.
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import pytest
from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

from isa.agreement import Agreement
from isa.decision import Engine
from portal.sharing import book
from tests import clock, installation
from tests.installation import World
from tests.portal.land import laid_out, land  # noqa: F401
from tests.postgres import postgres, server  # noqa: F401

_engines: dict[tuple[int, frozenset[str] | None], Engine] = {}


def engine(agreement: Agreement, signed: frozenset[str] | None = None) -> Engine:
    """The one engine of this very agreement with these signatures."""
    key = (id(agreement), signed)
    if key not in _engines:
        _engines[key] = Engine(agreement, signed)  # it keeps the agreement, so that no other gets its id
    return _engines[key]


class Compiled(BytecodeCache):
    """The code of templates met so far, by name and source."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = bucket.bytecode_to_string()


patch.object(book, "Engine", engine).start()
Flask.jinja_options = {"bytecode_cache": Compiled()}


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built installation on SQLite, made once a run and only ever copied."""
    home = tmp_path_factory.mktemp("template") / "home"
    with clock.ticking(clock.FIRST - timedelta(hours=1)):
        installation.build(home)
    return home


@pytest.fixture(scope="session")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The same on PostgreSQL: its folder and the address of its database."""
    home = tmp_path_factory.mktemp("elsewhere") / "home"
    address = server().database()
    with clock.ticking(clock.FIRST - timedelta(hours=1)):
        installation.build(home, database_url=address)
    return home, address


@pytest.fixture
def day() -> Iterator[None]:
    """When the test takes place. A module whose installation another process shares puts the present in its place."""
    with clock.ticking():
        yield


@pytest.fixture
def world(template: Path, tmp_path: Path, day: None) -> Iterator[World]:
    """An installation of this test's own."""
    given = installation.copy(template, tmp_path / "home")
    with installation.opened(given) as opened:
        yield opened


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, tmp_path: Path, day: None) -> Iterator[World]:
    """An installation of this test's own, on SQLite and on PostgreSQL."""
    home = tmp_path / "either"
    if request.param == "sqlite":
        given = installation.copy(request.getfixturevalue("template"), home)
    else:
        folder, address = request.getfixturevalue("elsewhere")
        given = installation.copy(folder, home, database_url=server().database(like=address))
    with installation.opened(given) as opened:
        yield opened
