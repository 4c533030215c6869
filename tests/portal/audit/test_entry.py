"""The leaf: only canonical bytes of a known format are read back."""

import json
import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.audit import operations
from portal.audit.entry import (
    Entry,
    LeafInvalid,
    Outcome,
    Place,
    canonical,
    make_leaf,
    parsed_leaf,
    read_leaf,
    reference_of,
)

PLACE = Place(uuid.UUID(int=5), 1_790_000_000_000_000, uuid.UUID(int=6), 0, None, bytes(16))
LEAF = make_leaf(Entry("sign-in"), PLACE, decision=None, details=None, sealed=None, software="1")


def changed(**members):
    return canonical(json.loads(LEAF) | members)


def test_a_leaf_is_read_back():
    assert read_leaf(LEAF)["operation"] == "sign-in"


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        b"\xff",
        b"[]",
        b"[" * 100_000,
        LEAF[:-1],
        LEAF + b" ",
        LEAF.replace(b",", b", ", 1),
        LEAF.replace(b'"sign-in"', b'"sign\\u002din"'),
        LEAF.replace(b'"n":0', b'"n":0.0'),
        LEAF.replace(b'"n":0', b'"n":false'),
        LEAF.replace(b'"n":0', b'"n":0,"n":0'),
        changed(v=2),
        changed(n=-1),
        changed(time=2**53),
        changed(extra=1),
        changed(purpose=7),
        changed(salt=None),
        canonical({name: value for name, value in json.loads(LEAF).items() if name != "prev"}),
    ],
)
def test_anything_else_is_refused(wrong):
    with pytest.raises(LeafInvalid):
        read_leaf(wrong)


def read_by(reader, leaf):
    try:
        return list(reader(leaf).items())
    except LeafInvalid as error:
        return str(error)


values = st.one_of(
    st.none(), st.text(max_size=8), st.sampled_from([0, 1, 2, -1, 1.0, True, 2**53 - 1, 2**53, 10**16, [], "\x7f", "é"])
)


@given(st.dictionaries(st.sampled_from(sorted(json.loads(LEAF))), values, max_size=4))
@settings(max_examples=300, deadline=None)
def test_the_pattern_reads_what_the_parser_reads(members):
    leaf = changed(**members)
    assert read_by(read_leaf, leaf) == read_by(parsed_leaf, leaf)


@given(st.integers(0, len(LEAF)), st.binary(max_size=3), st.integers(0, 3))
@settings(max_examples=500, deadline=None)
def test_the_pattern_lets_nothing_pass_that_the_parser_refuses(at, put, taken):
    leaf = LEAF[:at] + put + LEAF[at + taken :]
    assert read_by(read_leaf, leaf) == read_by(parsed_leaf, leaf)


def test_half_a_surrogate_pair_is_refused():
    entry = Entry("sign-in", purpose="\ud800")
    with pytest.raises(LeafInvalid):
        make_leaf(entry, PLACE, decision=None, details=None, sealed=None, software="1")


def test_outcomes_are_one_whatever_their_order_and_spelling():
    rows = [("a", "police", "1", ["y", "x"]), ("b", "police", "1", ())]
    withheld = [("c", "health", "2", "1"), ("c", "health", "2", None)]
    first, second = Outcome(rows, withheld), Outcome(tuple(reversed(rows)), tuple(reversed(withheld)))
    assert first.content() == second.content()
    assert Outcome(tuple(rows[:1])).content() != Outcome(tuple(rows)).content()


def test_references_can_be_read_out():
    references = {reference_of(uuid.uuid4()) for _ in range(500)}
    assert len(references) > 490
    assert not set("01IO") & set("".join(references))
    assert all(len(each) == 7 and each[4] == "-" for each in references)


def test_every_operation_has_a_sentence_and_the_act_is_covered():
    assert operations.OPERATIONS.keys() >= operations.STATUTORY
    for sentence in [*operations.OPERATIONS.values(), *operations.OUTCOMES.values()]:
        assert sentence[0].isupper()
        assert sentence.endswith(".")
    assert max(map(len, operations.OPERATIONS)) <= 32
