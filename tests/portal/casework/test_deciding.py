"""A decision met by a hostile officer: a meeting that closes meanwhile, an old form, a case closed elsewhere."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from portal.casework import arranging, deciding
from portal.casework.deciding import LATER, STAY, Told
from portal.errors import Conflict, NotFound
from portal.sharing import visits, writing
from portal.sharing.fields import Invalid
from tests import clock
from tests.installation import IDENTITY, World
from tests.portal.casework.test_meetings import Panel, told


@pytest.fixture
def panel(either: World) -> Panel:
    found = Panel(either)
    found.meeting = found.plan()  # type: ignore[attr-defined]
    found.join(found.coordinator, found.meeting)  # type: ignore[attr-defined]
    return found


def decide(panel: Any, case: Any, given: Told) -> None:
    deciding.decide(panel.world.session, panel.world.doors, panel.coordinator, panel.meeting, case, given)


def desk(panel: Any, case: Any) -> deciding.Desk:
    return deciding.desk(panel.world.session, panel.world.doors, panel.coordinator, panel.meeting, case)


def test_a_meeting_that_closes_meanwhile_takes_no_decision_more(panel: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = deciding._change

    def closed_meanwhile(*given: Any) -> Any:
        found = plan(*given)
        assert panel.close(panel.chair, panel.meeting)
        return found

    monkeypatch.setattr(deciding, "_change", closed_meanwhile)
    with pytest.raises(NotFound):
        decide(panel, panel.cases[0], told(LATER, None))
    assert ("collection", "permitted") not in panel.operations()


def test_who_keeps_meetings_and_has_not_joined_decides_nothing(panel: Any) -> None:
    at, case = panel.world, panel.cases[0]
    second = at.actor("barnet_safety", "chair", "Second Hand")
    assert visits.begin(at.session, at.doors, second, case, "selection", "", at.doors.clock())
    with pytest.raises(NotFound):
        deciding.decide(at.session, at.doors, second, panel.meeting, case, told(LATER, None))


def test_a_form_from_before_there_was_a_status_makes_no_second_one(panel: Any) -> None:
    case = panel.cases[0]
    with pytest.raises(Conflict):
        decide(panel, case, told(STAY))
    assert len(desk(panel, case).disclosure.records("case")) == 1


def test_a_case_without_a_status_gets_its_first(panel: Any) -> None:
    at = panel.world
    bare = at.case({key: given for key, given in IDENTITY.items() if not key.endswith(" case")}, review_due=1)
    panel.meeting = panel.plan()
    panel.join(panel.coordinator, panel.meeting)
    decide(panel, bare, told(deciding.SELECT))
    assert desk(panel, bare).disclosure.first("case", "status") == "Selected"


def test_a_case_closed_elsewhere_is_not_the_next(panel: Any) -> None:
    at, gone = panel.world, panel.cases[1]
    visit = visits.current(at.session, at.doors, panel.coordinator, gone, at.doors.clock())
    assert visit
    standing = desk(panel, gone).standing
    assert standing
    writing.edit(
        at.session, at.doors, panel.coordinator, visit, standing.id, standing.version, {"case.status": "De-selected"}
    )
    assert deciding.following(at.session, panel.meeting, panel.cases[0]) == panel.cases[2]


def test_a_rag_that_changes_does_not_keep_the_reason_of_the_old_one(panel: Any) -> None:
    case = panel.cases[0]
    standing = desk(panel, case).standing
    assert standing
    first = replace(told(STAY, rag="Red", rag_reason="Three burglaries."), record=standing.id, base=standing.version)
    decide(panel, case, first)
    panel.close(panel.coordinator, panel.meeting)
    at = panel.world
    panel.meeting = panel.plan()
    arranging.arrange(at.session, at.doors, panel.coordinator, panel.meeting, [case], [])
    panel.join(panel.coordinator, panel.meeting)
    again = desk(panel, case).standing
    assert again
    change = replace(told(STAY, rag="Green"), record=again.id, base=again.version)
    with pytest.raises(Invalid) as wrong:
        decide(panel, case, change)
    assert set(wrong.value.problems) == {"case.rag_reason"}
    decide(panel, case, replace(change, rag_reason="In work."))


def test_the_next_review_is_not_in_the_past(panel: Any) -> None:
    with pytest.raises(Invalid) as wrong:
        decide(panel, panel.cases[0], told(STAY, -200))
    assert set(wrong.value.problems) == {"review_on"}


def test_a_decision_in_summer_has_the_day_of_its_panel_and_names_its_chair(either: World) -> None:
    with clock.ticking(datetime(2027, 7, 27, 9, tzinfo=UTC)):
        panel, at = Panel(either), either
        meeting = panel.plan()
        panel.join(panel.coordinator, meeting)
        panel.decide(meeting, panel.cases[0], told(LATER, None))
        panel.join(panel.chair, meeting)
        panel.decide(meeting, panel.cases[1], told(LATER, None))
        desks = [deciding.desk(at.session, at.doors, panel.coordinator, meeting, c) for c in panel.cases[:2]]
        words = [d.disclosure.first("decision", "decided_by") for d in desks]
    assert words == [
        "Panel of 27 July 2027, opened by Nadia Rahman; Community Safety",
        "Panel of 27 July 2027, chair Carl Chair; Community Safety, Police",
    ]
