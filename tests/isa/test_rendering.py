"""The printed agreement is whole, accessible and safe: read back with the standard HTML parser."""

from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from isa.loading import load
from isa.rendering import fragment, part_of, parts, render

HERE = Path(__file__).parent
SMALL = HERE / "small.toml"
SHIPPED = sorted((HERE.parents[1] / "isa" / "agreements").glob("*.toml"))
VOID = {"meta", "br"}


class Page(HTMLParser):
    """Collects what the tests ask: tags with attributes, anchors, links, headings; fails on bad nesting."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    def values(self, name: str) -> list[str]:
        return [value for _, attrs in self.tags if (value := attrs.get(name)) is not None]


@pytest.mark.parametrize("path", [SMALL, *SHIPPED], ids=lambda path: path.stem)
def test_the_document_is_whole_and_well_formed(path):
    made = load(path)
    page = Page(render(made))
    names = [tag for tag, _ in page.tags]
    assert ("html", {"lang": "en-GB"}) in page.tags
    assert (names.count("title"), names.count("h1"), names.count("main"), names.count("style")) == (1, 1, 1, 1)
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    assert {f"clause-{number}" for number in made.clauses} <= set(ids)
    assert {href[1:] for href in page.values("href")} <= set(ids)
    assert made.digest in "".join(page.words[-5:])
    levels = [int(name[1]) for name in names if name in {"h1", "h2", "h3", "h4"}]
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert names.count("caption") == names.count("table")


def test_nothing_needs_a_script_or_an_inline_style():
    for text in (render(load(SMALL)), fragment(load(SMALL))):
        page = Page(text)
        assert not {"script", "img", "link", "iframe"} & {tag for tag, _ in page.tags}
        assert not [name for _, attrs in page.tags for name in attrs if name == "style" or name.startswith("on")]
    assert "<style" not in fragment(load(SMALL))
    assert "<h1" not in fragment(load(SMALL))


def test_every_text_is_escaped():
    made = load(SMALL)
    evil = '<script>alert("x")</script>&'
    parties = {key: replace(p, name=evil, short=evil, contact=evil) for key, p in made.parties.items()}
    clauses = {n: replace(c, heading=evil, note=evil) for n, c in made.clauses.items()}
    text = render(replace(made, title=evil, preamble=(evil,), parties=parties, clauses=clauses))
    assert "<script" not in text
    assert evil in "".join(Page(text).words)


def test_one_party_is_highlighted():
    plain, mine = render(load(SMALL)), render(load(SMALL), highlight="bridges")
    assert 'class="isa-mine"' not in plain
    assert mine.count('class="isa-mine"') == 1 + len(load(SMALL).categories)
    assert mine.count('class="isa-mine-clause"') == 4  # 5.2, 6.1, 6.2, 8.1
    assert render(load(SMALL), highlight="nobody") == plain


def test_what_a_power_needs_stands_beside_the_clause():
    """A reader of one clause learns that a basis must be recorded, though it is the gateway that asks for it."""
    text = fragment(load(SMALL))
    clause = text[text.index('id="clause-5.10"') :].partition("</article>")[0]
    assert "<dt>The power needs, between parties</dt><dd>The duty of confidence is met</dd>" in clause
    assert "The power needs" not in text[text.index('id="clause-5.1"') :].partition("</article>")[0]


def test_the_gateways_table_says_from_whom_to_whom():
    text = fragment(load(SHIPPED[0]))  # Barnet
    rows = text[text.index("Powers to disclose that the clauses rely on") :].partition("</table>")[0]
    assert ">To Recovery Service and Bridges; never from Jobcentre</td>" in rows
    assert "Only between Probation and Prisons on one side and Police, Probation" in rows


def test_groups_are_explained_where_clauses_name_them_and_nowhere_else():
    """Groups so small that clauses spell them out would only puzzle a reader."""
    text = fragment(load(SHIPPED[0]))
    rows = text[text.index("What the clauses call them together") :].partition("</table>")[0]
    names = ("All case-working", "All statutory", "All council", "All ordinary")
    assert rows.count("<tr>") == 1 + len(names)
    assert all(f"{name} parties" in rows for name in names)


def test_records_with_a_label_are_listed_with_what_their_writer_may_choose():
    text = fragment(load(SHIPPED[0]))
    rows = text[text.index("Records that carry the category their writer chooses") :].partition("</table>")[0]
    assert '<td data-label="Fields">ground, given on, withdrawn on and note</td>' in rows


def test_the_matrix_honours_gateways():
    text = fragment(load(SMALL), highlight="bridges")
    row = text[text.index('<th scope="row">Identity and contact</th>') :].partition("</tr>")[0]
    assert row.endswith('<td class="isa-mine">5.2</td>')
    assert "<td>5.1, 7.1 E</td>" in row


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_how_long_details_of_the_log_are_kept_is_printed_with_its_clause_and_its_reason(path):
    made = load(path)
    (page,) = [part for part in parts(made) if part.id == "retention"]
    words = " ".join(" ".join(Page(page.body).words).split())
    assert "are kept for 6 years from the end of the year in which they were written" in words
    assert "(clause 9.31)" in words
    assert made.log is not None
    assert made.log.note in words
    assert "six years" in made.clauses["9.31"].prose


@pytest.mark.parametrize("path", [SMALL, *SHIPPED], ids=lambda path: path.stem)
def test_the_parts_together_are_the_document(path):
    """Each stands alone: headings from h2, every clause in the part that is named for it, no word of its own."""
    made = load(path)
    found = parts(made, highlight="police")
    assert len({part.id for part in found}) == len(found)
    for part in found:
        page = Page(part.body)
        assert {tag for tag, _ in page.tags if tag in {"h1", "h2", "h3", "h4"}} <= {"h2"}
        assert {anchor for anchor, _ in part.clauses} <= set(page.values("id"))
    at = {anchor: part.id for part in found for anchor in Page(part.body).values("id")}
    assert {f"clause-{n}": at.get(f"clause-{n}") for n in made.clauses} == {
        f"clause-{n}": part_of(n) for n in made.clauses
    }
    whole = " ".join("".join(Page(fragment(made, highlight="police")).words).split())
    for part in found:
        for words in Page(part.body).words:
            assert " ".join(words.split()) in whole
