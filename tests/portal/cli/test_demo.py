"""What the demo says in the terminal, and what it says instead of starting."""

import socket
from pathlib import Path

import pytest
from click.testing import CliRunner

from isa import loading
from portal.cli.demo import SHOWN, demo, welcome
from portal.demo import configuring
from portal.demo.people import staff
from portal.errors import Misconfigured
from portal.sharing.book import Book
from tests.machine import free_port

AGREEMENTS = [loading.load(path) for path in sorted((Path(__file__).parents[3] / "isa" / "agreements").glob("*.toml"))]


def test_everyone_is_listed_under_a_name_the_sign_in_page_knows(
    capsys: pytest.CaptureFixture[str],
) -> None:
    welcome(8123, AGREEMENTS)
    told = capsys.readouterr().out
    assert "http://127.0.0.1:8123" in told
    known = [part.split('"')[1] for part in configuring.providers(Book(AGREEMENTS), 8124).split("\nname = ")[1:]]
    rows = [line for line in told.splitlines() if any(f"  {one.name} " in line for one in staff.roster())]
    assert len(rows) >= len(SHOWN)
    assert all(row.rsplit("  ", 1)[1].strip() in known for row in rows), rows


def test_a_port_that_is_taken_is_said_before_anything_is_made(tmp_path: Path) -> None:
    port = free_port(together=2)
    with socket.create_server(("127.0.0.1", port + 1)):
        done = CliRunner().invoke(demo, ["--home", str(tmp_path / "home"), "--port", str(port)])
    assert isinstance(done.exception, Misconfigured)
    assert f"port {port + 1} cannot be had" in str(done.exception)
    assert not (tmp_path / "home").exists()


def test_a_home_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = CliRunner().invoke(demo, ["--home", str(tmp_path / "file" / "home"), "--seed-only"])
    assert isinstance(done.exception, Misconfigured)
    assert "PORTAL_HOME" in str(done.exception)
