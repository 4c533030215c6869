"""What the demo says in the terminal."""

from pathlib import Path

import pytest

from isa import loading
from portal.cli.demo import SHOWN, welcome
from portal.demo import configuring
from portal.demo.people import staff
from portal.sharing.book import Book

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
