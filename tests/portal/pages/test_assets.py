"""Addresses of static files follow their content."""

from pathlib import Path

import pytest

from portal.errors import Misconfigured
from portal.pages.assets import NEEDED, Assets


def fill(folder: Path, text: str) -> None:
    (folder / "vendor").mkdir(exist_ok=True)
    for name in NEEDED:
        (folder / name).write_text(text, "utf-8")


def test_an_address_changes_when_the_file_does(tmp_path: Path) -> None:
    fill(tmp_path, "one")
    before = Assets(tmp_path).url("portal.css")
    assert before == Assets(tmp_path).url("portal.css")
    assert before.startswith("/static/portal.css?v=")
    fill(tmp_path, "two")
    assert Assets(tmp_path).url("portal.css") != before


def test_a_missing_file_stops_the_start_and_says_what_to_run(tmp_path: Path) -> None:
    fill(tmp_path, "one")
    (tmp_path / "vendor" / "front-end.css").unlink()
    with pytest.raises(Misconfigured, match=r"vendor/front-end\.css; run: python scripts/front_end\.py"):
        Assets(tmp_path)


def test_a_file_that_no_page_names_has_no_address(tmp_path: Path) -> None:
    fill(tmp_path, "one")
    with pytest.raises(KeyError):
        Assets(tmp_path).url("secret.txt")
