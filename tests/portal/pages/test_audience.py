"""Who will see an update and who will not: checked against the shipped agreement and its own engine."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from isa.decision import Engine
from isa.loading import load
from isa.reach import readers
from portal.pages.audience import audience

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
FACTS = {"case_open": True, "made_as_youth": False}
BARNET = load(Path(__file__).parents[3] / "isa" / "agreements" / "barnet.toml")
ENGINE = Engine(BARNET)


@pytest.mark.parametrize(
    ("field", "owner"),
    [
        ("update.text@housing", "barnet_housing"),
        ("update.text@health_need", "ntmh"),
        ("update.text@intelligence", "police"),
    ],
)
def test_every_party_stands_on_exactly_one_side(field: str, owner: str) -> None:
    found = readers(ENGINE, field, owner, NOW, FACTS)
    told = audience(BARNET, found, owner)
    for reader in found:
        name = BARNET.parties[reader.party].short
        in_will = any(name in line.agencies for line in told.will)
        in_not = any(name in line.agencies for line in told.will_not)
        assert (in_will, in_not) == (reader.decision.permit, not reader.decision.permit), name


def test_the_writer_comes_first_and_each_line_cites_a_clause() -> None:
    told = audience(BARNET, readers(ENGINE, "update.text@housing", "barnet_housing", NOW, FACTS), "barnet_housing")
    assert told.will[0].agencies.startswith("Housing (you)")
    assert all(line.clause in BARNET.clauses for line in told.will + told.will_not)
    assert all("(clause " in line.note for line in told.will_not)


def test_a_silent_refusal_has_no_sentence() -> None:
    told = audience(BARNET, readers(ENGINE, "update.text@intelligence", "police", NOW, FACTS), "police")
    assert [line.note for line in told.will_not] == [""]
