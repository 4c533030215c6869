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


def test_a_list_that_follows_words_without_an_empty_line_is_filled_all_the_same(folder):
    """An editor's likeliest slip: it passed the check, and left a line to write on where the people stand."""
    (folder / "letter-selected.txt").write_text("# T\n\nAsk one of them:\n{responsible}\nThey will help.\n", "utf-8")
    text = load(folder, ONLY).of("barnet-iom", "letter-selected")
    filled = text.filled({}, {"responsible": ["Siân Price", "Hal Housing"]})
    assert [(b.kind, b.text) for b in filled.blocks] == [
        ("text", "Ask one of them:"),
        ("item", "Siân Price"),
        ("item", "Hal Housing"),
        ("text", "They will help."),
    ]


@pytest.mark.parametrize(
    ("name", "named"),
    [
        ("barnet-iom/compact.md", "barnet-iom/compact.md: names no"),
        ("barnet-iom/Compact.TXT", "barnet-iom/Compact.TXT: names no"),
        ("barnet-iom/old/compact.txt", "barnet-iom/old: names no"),
        ("x.docx", "x.docx: is no sort of document"),
    ],
)
def test_a_file_that_would_not_be_read_is_named_and_not_passed_over(folder, name, named):
    """Else a borough believes its own words are sent while the common ones are."""
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("# T", "utf-8")
    with pytest.raises(Misconfigured, match=re.escape(named)):
        load(folder, ONLY)


def test_a_folder_of_no_agreement_is_named_even_while_it_is_empty(folder):
    (folder / "barnet").mkdir()
    with pytest.raises(Misconfigured, match="barnet: names no agreement"):
        load(folder, ONLY)


def test_what_a_desk_leaves_behind_stops_nothing(folder):
    (folder / ".DS_Store").write_bytes(b"\0")
    (folder / "compact.txt~").write_text("# Before", "utf-8")
    load(folder, ONLY)


def test_a_text_saved_with_a_mark_at_its_head_is_a_text_like_any(folder):
    """Notepad on Windows writes a byte-order mark, which nobody sees."""
    (folder / "compact.txt").write_text("# Our compact\r\n\r\n{terms}\r\n", "utf-8-sig", newline="")
    assert load(folder, ONLY).of("barnet-iom", "compact").title == "Our compact"


def test_a_character_that_no_page_can_show_is_named(folder):
    (folder / "compact.txt").write_text("# T\n\nBe on time\x00\x07 always\n", "utf-8")
    with pytest.raises(Misconfigured, match=r"compact\.txt, line 3: .*cannot be seen"):
        load(folder, ONLY)
