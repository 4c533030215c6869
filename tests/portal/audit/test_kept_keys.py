"""Each key is asked for once, and the first detail that lost its own is named, whatever is known already."""

import uuid
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.audit import kept_keys
from portal.audit.erasures import due
from portal.audit.kept_keys import KeptKeys
from portal.audit.run import LogBroken
from portal.keys.sealing import MAGIC

TAGS = [bytes([n]) * 16 for n in range(3)]
NEW_YEAR = due(2026, 0)
TIMES = [NEW_YEAR - 1, NEW_YEAR, NEW_YEAR + 1, due(2027, 0)]
tags, keys = st.sampled_from([*TAGS, None]), st.sampled_from([b"k" * 8, b"l" * 8])
sealed = st.none() | st.just(b"") | st.just(MAGIC + b"k") | keys.map(lambda key: MAGIC + key + b"rest")
entries = st.lists(
    st.tuples(st.sampled_from(TIMES), st.lists(st.tuples(tags, sealed), max_size=3)), min_size=1, max_size=12
)
tables = st.sets(st.tuples(st.sampled_from(TAGS), st.sampled_from([2026, 2027, 2028]), keys), min_size=12)


class Table:
    """The keys that are there, as the query would find them."""

    def __init__(self, rows):
        self.rows = rows

    def all(self, _, tags, year):
        return [(tag, key) for tag, of, key in self.rows if tag in tags and of == year]


def year(at):
    return 2026 + (at >= NEW_YEAR) + (at >= TIMES[-1])


@given(entries, tables, st.integers(1, 5), st.sampled_from([0, 2, 100]))
@settings(max_examples=300, deadline=None)
def test_the_first_detail_that_lost_its_key_is_named(told, there, batch, most):
    rows = [(index, uuid.UUID(int=index).bytes, None, None, at) for index, (at, _) in enumerate(told)]
    details = [
        (index, position, b"", blob, b"", None, tag)
        for index, (_, some) in enumerate(told)
        for position, (tag, blob) in enumerate(some)
    ]
    named = slice(len(MAGIC), len(MAGIC) + 8)
    lost = [
        raw[0] for raw in details if raw[3] is not None and (raw[6], year(rows[raw[0]][4]), raw[3][named]) not in there
    ]
    found = None
    with patch.object(kept_keys, "_KEPT", Table(there)), patch.object(kept_keys, "MOST", most):
        kept = KeptKeys(None)  # type: ignore[arg-type]
        try:
            for start in range(0, len(rows), batch):
                some = rows[start : start + batch]
                kept.require(some, [raw for raw in details if start <= raw[0] < start + batch])
        except LogBroken as error:
            found = error.index
    assert found == min(lost, default=None)


@pytest.mark.parametrize("years", [(2026, 2027), (2027, 2026)])
def test_a_key_that_is_known_for_one_year_is_none_for_another(years):
    """Also where both are looked at together, after batches of the first year alone."""
    at = {2026: TIMES[0], 2027: TIMES[1]}
    rows = [(n, uuid.UUID(int=n).bytes, None, None, at[year]) for n, year in enumerate((years[0], *years))]
    details = [(n, 0, b"", MAGIC + b"k" * 8, b"", None, TAGS[0]) for n in range(3)]
    with patch.object(kept_keys, "_KEPT", Table({(TAGS[0], years[0], b"k" * 8)})):
        kept = KeptKeys(None)  # type: ignore[arg-type]
        kept.require(rows[:1], details[:1])
        with pytest.raises(LogBroken) as raised:
            kept.require(rows[1:], details[1:])
    assert raised.value.index == 2
