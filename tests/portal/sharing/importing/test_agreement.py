"""The rows fit the shipped agreements: fields are declared, choices offered, and the feed account may write them."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from isa.agreement import Agreement
from isa.decision import Capacity, Engine
from isa.loading import load
from portal.sharing.importing.words import BANDS, ROSH, priority
from tests.portal.sharing.importing.making import BOROUGHS, cells, outcome

FILES = sorted((Path(__file__).parents[4] / "isa" / "agreements").glob("*.toml"))
PLACED = {"assignment"}
"""Kinds the monthly-file clause does not give to the feed account yet."""


@pytest.fixture(scope="module", params=FILES, ids=lambda path: path.stem)
def agreement(request: pytest.FixtureRequest) -> Agreement:
    found: Agreement = load(request.param)
    return found


def test_every_borough_of_the_tests_has_an_agreement() -> None:
    assert {load(path).borough for path in FILES} == set(BOROUGHS)


def test_every_field_is_declared_and_may_be_written_by_the_feed_account(agreement: Agreement) -> None:
    now = datetime(2026, 11, 2, 12, tzinfo=UTC)
    view = Engine(agreement).open(Capacity("probation", "feed"), {}, "selection", now)
    refused = set()
    row = outcome(cells(MAPPA="1", CARE="Y")).accepted[0]
    for kind, values in row.records():
        for name in values:
            assert f"{kind}.{name}" in agreement.fields
            if not view.decide("create", f"{kind}.{name}", "probation").permit:
                refused.add(kind)
    assert refused <= PLACED


def test_every_choice_is_offered(agreement: Agreement) -> None:
    offences = ["burglary", "robbery", "bladed", "PWITS", "vehicle", "GBH", "coercive", "Shoplifting"]
    crimes = {priority(offence, False) for offence in offences}
    assert len(crimes) == len(offences)
    assert crimes <= set(agreement.fields["referral.priority_crime"].choices)
    assert {"OVP", "OGRS3", "RoSH"} <= set(agreement.fields["score.predictor"].choices)
    bands = {words for steps in BANDS.values() for _, words in steps} | set(ROSH.values())
    assert bands <= set(agreement.fields["score_band.band"].choices)
    assert "Waiting" in agreement.fields["referral.outcome"].choices
