"""How one thing of the day of release stands, by what readable records say and what might be withheld."""

from collections.abc import Collection, Mapping

import pytest

from isa.loading import load
from portal.pages.pathways import NAMES, PATHWAYS, STATES
from portal.sharing import release
from portal.sharing.release import KINDS, THINGS, judged
from tests.isa.test_hand_table import FOLDER


@pytest.mark.parametrize(
    ("stated", "complete", "state"),
    [
        ({"a": []}, True, "nobody"),
        ({"a": []}, False, "unknown"),
        ({"a": ["Arranged"]}, False, "arranged"),
        ({"a": ["Not arranged", "Arranged"]}, True, "arranged"),
        ({"a": ["Not arranged"], "b": ["Arranged"]}, True, "open"),
        ({"a": [""]}, False, "open"),
        ({"a": ["Not needed"]}, False, "not_needed"),
        ({"a": ["Not needed"], "b": ["Arranged"]}, False, "arranged"),
        ({"a": ["Not needed", "Not arranged"]}, True, "open"),
    ],
)
def test_how_a_thing_stands(stated: Mapping[str, Collection[str]], complete: bool, state: str) -> None:
    assert judged(stated, complete) == state


@pytest.mark.parametrize("borough", ["barnet", "brent", "harrow"])
def test_the_words_of_the_code_are_those_of_the_agreement(borough: str) -> None:
    agreement = load(FOLDER / f"{borough}.toml")
    assert tuple(PATHWAYS) == agreement.fields["plan.pathway@housing"].choices
    assert set(PATHWAYS.values()) == set(agreement.kinds["plan"].labelled)
    told = (release.ARRANGED, release.NOT_ARRANGED, release.NOT_NEEDED)
    assert {agreement.fields[f"{kind}.state"].choices for kind in KINDS} == {told}
    assert set(NAMES) == set(THINGS)
    assert set(STATES) > release.GAPS
