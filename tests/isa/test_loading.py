"""The loader finds every error at once, each with its path and its line."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isa.digest import digest
from isa.document import json_schema
from isa.errors import AgreementInvalid, Problem
from isa.loading import load, loads
from isa.positions import line_of as nearest
from isa.positions import positions

SMALL = Path(__file__).parent / "small.toml"
TEXT = SMALL.read_text(encoding="utf-8")
SHIPPED = sorted((Path(__file__).parents[2] / "isa" / "agreements").glob("*.toml"))


def line_of(text: str, part: str, after: str = "") -> int:
    """The line of the first `part` that stands after `after`."""
    return text[: text.index(part, text.index(after))].count("\n") + 1


def problems(text: str) -> tuple[Problem, ...]:
    with pytest.raises(AgreementInvalid) as caught:
        loads(text, "test")
    return caught.value.problems


def changed(old: str, new: str, after: str = "") -> str:
    """The small agreement with the first `old` that stands after `after` replaced."""
    at = TEXT.index(old, TEXT.index(after))
    return TEXT[:at] + new + TEXT[at + len(old) :]


def test_the_small_agreement_loads_whole():
    made = load(SMALL)
    assert made.fields["update.text@health_engagement"].owners == {"health"}
    assert made.fields["person.rag"].owners == {"council"}
    assert made.clauses["5.1"].to == frozenset({"police", "council", "health"})
    assert made.clauses["6.1"].can is None
    assert made.clauses["5.10"].line == line_of(TEXT, "[[clause]]", "the trust; engagement")
    assert [f.local for f in made.fields_of("update", "intelligence")] == ["text", "source"]


def test_all_errors_are_reported_at_once_with_path_and_line():
    text = changed('gateway = ["cda115"]', 'gateway = ["cda115", "oma14"]', 'no = "5.1"')
    text = text.replace('acting = ["@case_workers"]', 'acting = ["@workers"]', 1)
    text = text.replace('controller = "trust"', 'controller = "trustt"')
    text = text.replace('sensitivity = "official"\n', 'sensitivity = "secret"\n', 1)
    text = text.replace('short = "Bridges"', 'short = "Bridges"\ncolour = "green"')
    found = {(p.path, p.line) for p in problems(text)}
    assert found >= {
        ("clause[5.1].gateway[1]", line_of(text, "gateway = [", 'no = "5.1"')),
        ("clause[5.2].acting[0]", line_of(text, "acting", 'no = "5.2"')),
        ("party.health.controller", line_of(text, '"trustt"')),
        ("category.identity.sensitivity", line_of(text, '"secret"')),
        ("party.bridges.colour", line_of(text, "colour")),
    }
    assert [p.line for p in problems(text)] == sorted(p.line for p in problems(text))


@pytest.mark.parametrize(
    ("old", "new", "after", "path", "words"),
    [
        ('["assigned", "case_open"]', '["assigned", "vetted"]', 'no = "5.1"', "clause[5.1].when[1]", "vetted"),
        ('["risk", "safeguarding"]', '["fun"]', 'no = "5.1"', "clause[5.1].for[0]", "fun"),
        ('["category:identity"]', '["identity"]', 'no = "5.1"', "clause[5.1].what[0]", "category:"),
        ('["category:identity"]', '["field:update.text"]', 'no = "5.1"', "clause[5.1].what[0]", "labelled"),
        ('["category:identity"]', '["field:update.text@health"]', 'no = "5.1"', "clause[5.1].what[0]", "no label"),
        ('["@authorities"]', '["*"]', 'no = "5.1"', "clause[5.1].to", "prohibitions"),
        ('"read", "search"', '"read", "browse"', 'no = "5.1"', "clause[5.1].can[1]", "browse"),
        ('no = "5.2"', 'no = "5.1"', "", "clause[5.1].no", "twice"),
        ('"justify" }', '"sing" }', 'no = "7.1"', "clause[7.1].then[0].do", "justify"),
        ('unless = ["case_open"]', 'when = ["case_open"]', 'no = "6.2"', "clause[6.2].when", "unless"),
        ('prose = "{to}, acting', 'prose = "{whom}, acting', 'no = "5.1"', "clause[5.1].prose", "slot"),
        ('needs = ["confidence_met"]', 'needs = ["met"]', "", "gateway.confidence.needs[0]", "met"),
        ('silence = "1.4"', 'silence = "1.5"', "", "silence", "1.5"),
        ('expires = "2028-03-01"', 'expires = "2026-02-30"', "", "expires", "day"),
        ('expires = "2028-03-01"', 'expires = "2026-03-02"', "", "expires", "end after"),
        ("version = 2", "version = 2.0", "", "version", "integer"),
        ('kinds = ["council"]', 'kinds = ["coucil"]', "", "role.coordinator.kinds[0]", "coucil"),
        ('[fact.emergency]\nname = "an emergency is declared"\n', "", "", "fact", "emergency"),
        ('category = "identity"', 'category = "identitty"', "", "field.person.surname.category", "identitty"),
        ('type = "choice"\nchoices = ["Red", "Amber", "Green"]', 'type = "choice"', "", "field.person.rag", "choices"),
        ('expect = "permit 5.1"', 'expect = "permit 5.2"', "", "example[0]", "5.1"),
        ('expect = "deny 1.4 near 5.3"', 'expect = "deny 1.4 near 5.1"', "", "example[1]", "near 5.3"),
        ('who = "police.practitioner"', 'who = "polce.practitioner"', "", "example[0]", "polce"),
        ('expect = "permit 7.1 justify notify review"', 'expect = "permit 7.1"', "", "example[3]", "notify"),
        ('title = "Small agreement"', 'title = "Cafe\u0301"', "", "title", "NFC"),
    ],
)
def test_each_error_is_named(old, new, after, path, words):
    found = problems(changed(old, new, after))
    assert [p for p in found if p.path == path and words in p.message], [str(p) for p in found]


def test_what_is_not_toml_names_its_line():
    (problem,) = problems(TEXT.replace('borough = "Small"', 'borough = Small"'))
    assert problem.line == line_of(TEXT, "borough")


def test_a_file_that_is_not_utf8_is_refused(tmp_path):
    path = tmp_path / "latin.toml"
    path.write_bytes("title = 'Café'".encode("latin-1"))
    with pytest.raises(AgreementInvalid, match="UTF-8"):
        load(path)


@pytest.mark.parametrize("path", [SMALL, *SHIPPED], ids=lambda path: path.stem)
def test_every_key_of_the_file_has_its_own_line(path):
    text = path.read_text(encoding="utf-8")
    lines, raw = positions(text), tomllib.loads(text)
    rows = text.split("\n")
    for section, body in raw.items():
        if not isinstance(body, dict | list):
            assert rows[lines[(section,)] - 1].startswith(section)
            continue
        parts = enumerate(body) if isinstance(body, list) else body.items()
        for key, part in parts:
            assert (section, key) in lines
            for name in part if isinstance(part, dict) else ():
                assert name in rows[nearest((section, key, name), lines) - 1]  # an inline table is one line


def test_positions_are_not_fooled_by_strings_comments_and_brackets():
    text = '# [no]\na = """\nb = 1\n[c]\n"""\nd = [ # ]\n  "x, [", # e = 2\n  { f = "]" },\n]\n["g.h".i]\nj.k = 1\n'
    found = positions(text)
    assert found[("a",)] == 2
    assert (found[("d", 0)], found[("d", 1)]) == (7, 8)
    assert found[("g.h", "i", "j", "k")] == 11
    assert not {("b",), ("c",), ("e",), ("f",)} & set(found)


def test_the_digest_ignores_comments_and_the_order_of_keys():
    head, _, rest = TEXT.partition('title = "Small agreement"\n')
    moved = head + rest.replace('borough = "Small"', 'borough = "Small" # a comment\ntitle = "Small agreement"')
    assert loads(moved).digest == loads(TEXT).digest == digest(tomllib.loads(TEXT))


def leaves(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    return [path] if items is None else [leaf for key, inner in items for leaf in leaves(inner, (*path, key))]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_edited_value_changes_the_digest(data):
    document = tomllib.loads(TEXT)
    before = digest(document)
    *path, last = data.draw(st.sampled_from(leaves(document)))
    holder = document
    for step in path:
        holder = holder[step]
    old = holder[last]
    holder[last] = (not old) if isinstance(old, bool) else old + 1 if isinstance(old, int) else f"{old} "
    assert digest(document) != before


def test_what_json_cannot_say_has_no_digest():
    with pytest.raises(ValueError, match="canonical"):
        digest({"when": 2**60})
    with pytest.raises(ValueError, match="normalisation"):
        digest({"cafe\u0301": 1})


def test_the_digest_is_a_worked_vector():
    """SHA-256 of the bytes {"a":"é","b":[1,true]}, by hand with sha256sum."""
    assert digest({"b": [1, True], "a": "é"}) == "4cfe375505341a795919ae919b0f726bc2f6d3a426822a940384413dc1c22bc1"


def test_the_vector_of_the_specification_holds():
    page = (Path(__file__).parents[2] / "docs" / "formats" / "agreement.md").read_text(encoding="utf-8")
    assert digest(tomllib.loads('b = [true]\na = "é"')) in page


def test_the_schema_of_the_file_is_exported():
    schema = json_schema()
    assert schema["$schema"].endswith("2020-12/schema")
    assert {"clause", "party", "field"} <= set(schema["properties"])
    assert "from" in schema["$defs"]["ClauseRow"]["properties"]
    assert schema["$defs"]["ClauseRow"]["additionalProperties"] is False
