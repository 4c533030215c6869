"""The reviewed truth tables are those of the shipped agreements, and say what the engine decides."""

from pathlib import Path

import pytest

from isa.agreement import Capacity
from isa.decision import Engine
from isa.loading import load
from isa.truth import HEAD, difference, table, tables, write
from tests.isa.universe import NOW

HERE = Path(__file__).parent
AGREEMENTS = HERE.parents[1] / "isa" / "agreements"


@pytest.fixture(scope="module")
def fresh() -> dict[str, str]:
    return tables(AGREEMENTS)


@pytest.mark.parametrize("name", ["truth-barnet.csv", "truth-brent.csv", "truth-harrow.csv"])
def test_the_reviewed_table_is_fresh(fresh, name):
    assert (HERE / name).read_text(encoding="utf-8") == fresh[name], "stale: run `python -m isa.truth` and review"


def test_rows_of_the_small_agreement_say_what_the_engine_decides():
    made = load(HERE / "small.toml")
    rows = [dict(zip(HEAD, row, strict=True)) for row in table(made)]
    engagement = [row for row in rows if row["clause"] == "5.10"]
    assert engagement == [
        {
            "party_kinds": "council|police",
            "roles": "@case_workers",
            "actions": "read",
            "what": "category:health_engagement",
            "owners": "health",
            "purposes": "risk",
            "facts": "assigned|case_open|confidence_met",
            "clause": "5.10",
        }
    ]
    view = Engine(made).open(
        Capacity("council", "lead"),
        {"assigned": True, "case_open": True, "confidence_met:health:health_engagement": True},
        "risk",
        NOW,
    )
    assert view.decide("read", "health.engaging", "health").clause == "5.10"


def test_a_prohibition_adds_what_lifts_it():
    rows = [dict(zip(HEAD, row, strict=True)) for row in table(load(HERE / "small.toml"))]
    charity = next(row for row in rows if row["clause"] == "5.2")
    assert charity["facts"] == "assigned|case_open|contracted"  # case_open is what lifts clause 6.2
    assert not [row for row in rows if "intelligence" in row["what"] and row["party_kinds"] != "police"]


def test_difference_lists_both_sides():
    base: list[tuple[str, ...]]
    other: list[tuple[str, ...]]
    base, other = [("police", "5.1"), ("health", "5.2")], [("police", "5.1"), ("health", "5.10")]
    assert difference(base, other) == [("-", "health", "5.2"), ("+", "health", "5.10")]
    assert write([], ("change",)) == "change\n"
