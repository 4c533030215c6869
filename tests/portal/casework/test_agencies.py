"""Agencies that the panel names work on a case from that moment: nobody else does, and the log says who."""

from dataclasses import replace
from typing import Any

import pytest

from portal.casework import agencies
from portal.casework.deciding import LATER, SELECT
from portal.sharing.fields import Invalid
from portal.sharing.reading import lists
from tests.installation import World
from tests.portal.casework.test_deciding import decide, desk, panel  # noqa: F401
from tests.portal.casework.test_meetings import told


def cases_of(world: World, actor: Any) -> set[Any]:
    return {line.case for line in lists.my_cases(world.session, world.doors, actor).lines}


def test_the_spoc_of_an_agency_has_the_case_from_the_decision_on(panel: Any) -> None:  # noqa: F811
    at, case = panel.world, panel.cases[0]
    spoc = at.actor("barnet_housing", "spoc", "Sil Housing")
    worker = at.actor("barnet_housing", "practitioner", "Hal Housing")
    standing = desk(panel, case)
    assert "barnet_housing" in [a.party for a in standing.others]
    assert case not in cases_of(at, spoc)
    here, before = standing.disclosure.records("case"), panel.operations().count(("alteration", "permitted"))
    given = replace(told(SELECT), record=here[0].id if here else None, base=here[0].version if here else 0)
    decide(panel, case, replace(given, agencies=frozenset({"barnet_housing"})))
    assert case in cases_of(at, spoc)
    assert case not in cases_of(at, worker), "the SPOC says who works on it"
    text = at.doors.book.engine("barnet-iom").agreement
    assert "barnet_housing" not in [a.party for a in agencies.others(at.session, text, case, at.doors.clock())]
    assert panel.operations().count(("alteration", "permitted")) > before


def test_what_is_decided_later_and_what_is_no_agency_let_nobody_in(panel: Any) -> None:  # noqa: F811
    at, case = panel.world, panel.cases[0]
    spoc = at.actor("barnet_housing", "spoc", "Sil Housing")
    decide(panel, case, replace(told(LATER, None), agencies=frozenset({"barnet_housing"})))
    assert case not in cases_of(at, spoc)
    other = panel.cases[1]
    here = desk(panel, other).disclosure.records("case")
    given = replace(told(SELECT), record=here[0].id if here else None, base=here[0].version if here else 0)
    for wrong in ("nobody", "dwp"):
        with pytest.raises(Invalid) as said:
            decide(panel, other, replace(given, agencies=frozenset({wrong})))
        assert set(said.value.problems) == {agencies.PART}
    assert desk(panel, other).decided is False
