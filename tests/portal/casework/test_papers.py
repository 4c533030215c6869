"""The texts of letters: plain slots, checked at the start, filled without being read again."""

import re

import pytest

from portal.casework import papers
from portal.casework.papers import BLANK, SORTS, load
from portal.config import Settings, load_settings
from portal.errors import Misconfigured

SHIPPED = load_settings({"PORTAL_HOME": "/nowhere"}).documents_dir
ONLY = ("barnet-iom", "brent-iom")


@pytest.fixture
def folder(tmp_path):
    """A borough's own copy of the shipped texts."""
    for path in SHIPPED.glob("*.txt"):
        (tmp_path / path.name).write_text(path.read_text("utf-8"), "utf-8")
    return tmp_path


def test_what_is_shipped_is_whole():
    assert isinstance(load(SHIPPED, ONLY), papers.Papers)
    assert {path.stem for path in SHIPPED.glob("*.txt")} == SORTS.keys()
    assert Settings.__dataclass_fields__["documents_dir"]


def test_a_borough_s_own_text_stands_before_the_common_one(folder):
    (folder / "barnet-iom").mkdir()
    (folder / "barnet-iom" / "letter-selected.txt").write_text("# Welcome\n\nDear {name},\n\n{responsible}\n", "utf-8")
    found = load(folder, ONLY)
    assert found.of("barnet-iom", "letter-selected").title == "Welcome"
    assert found.of("brent-iom", "letter-selected").title.startswith("You have been chosen")


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("# T\n\nDear {surname},", 3, "{surname} is no slot of this document"),
        ("# T\n\n{{ name }}", 3, "is no slot"),
        ("# T\n\n{name.__class__}", 3, "is no slot"),
        ("# T\n\n{name!r}", 3, "is no slot"),
        ("# T\n\nDear {name", 3, "a brace that begins or ends no slot"),
        ("# T\n\nAsk {responsible} today", 3, "stands alone on its line"),
        ("# For {name}\n", 1, "a title may hold {borough} and no other slot"),
        ("Dear {name}", 1, "begins with “# ”"),
        ("# T\n\n{terms}", 3, "{terms} is no slot"),
    ],
)
def test_a_text_that_cannot_be_filled_refuses_to_start_and_says_where(folder, text, line, words):
    (folder / "letter-selected.txt").write_text(text, "utf-8")
    with pytest.raises(Misconfigured) as refused:
        load(folder, ONLY)
    assert f"letter-selected.txt, line {line}: " in str(refused.value)
    assert words in str(refused.value)


def test_every_problem_is_named_at_once(folder):
    (folder / "compact.txt").unlink()
    (folder / "letter-privacy.txt").write_text("# T\n{x}\n{y}", "utf-8")
    (folder / "camden-iom").mkdir()
    (folder / "camden-iom" / "compact.txt").write_text("# T", "utf-8")
    (folder / "leter.txt").write_text("# T", "utf-8")
    with pytest.raises(Misconfigured) as refused:
        load(folder, ONLY)
    for words in ("compact.txt: cannot be read", "line 2: {x}", "line 3: {y}", "camden-iom/compact.txt", "leter.txt"):
        assert words in str(refused.value)


def test_what_is_filled_in_names_no_slot():
    text = load(SHIPPED, ONLY).of("barnet-iom", "compact")
    filled = text.filled({"name": "{reference} {terms}", "reference": "BN-1"}, {"terms": ["{name}", "Be on time"]})
    texts = [b.text for b in filled.blocks]
    assert any("Between {reference} {terms} and" in t for t in texts)
    assert [b.text for b in filled.blocks if b.kind == "item"][:2] == ["{name}", "Be on time"]


def test_what_is_missing_is_a_line_to_write_on():
    text = load(SHIPPED, ONLY).of("barnet-iom", "letter-selected")
    filled = text.filled({}, {"responsible": []})
    assert [b.text for b in filled.blocks if b.kind == "item"] == [BLANK]
    assert f"Dear {BLANK}," in [b.text for b in filled.blocks]
    assert not any("{" in b.text for b in filled.blocks)


def test_the_slots_are_documented():
    text = (SHIPPED.parents[1] / "docs" / "casework.md").read_text("utf-8").split("## The texts a borough can edit")[1]
    named = set(re.findall(r"`([a-z_]+)`", text))
    assert {slot for sort in SORTS.values() for slot in sort.slots} <= named
