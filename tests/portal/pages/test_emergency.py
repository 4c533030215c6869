"""Emergency access: what it opens is said first, who is told is told, and it tells nothing of what is held."""

import uuid

import pytest
from sqlalchemy import select

from portal.audit.tables import ENTRY
from portal.errors import Refused
from portal.sharing import emergency
from portal.sharing.tables import EmergencyRow, Notice
from tests import clock
from tests.installation import IDENTITY, World
from tests.portal.pages.visitor import Visitor

NEED = {"ntmh health_need": {"need": "CANARY-NEED"}, "ntmh health": {"diagnosis": "CANARY-DIAGNOSIS"}}
PROBATION = {key: values for key, values in IDENTITY.items() if key.startswith("probation")}
REASON = {"reason": "His sister rang: he is on the roof of the car park now."}


def test_it_says_what_it_opens_when_it_ends_and_who_is_told(world: World) -> None:
    browser = Visitor(world, world.actor("police", "practitioner"))
    text = browser.get(f"/case/{world.case()}/emergency")
    assert "relevant health risk or need" in text
    assert "It ends At " in text
    assert "Mental Health Trust" in text.partition("Who is told")[2]
    assert "Marlowe" not in text


def test_the_panel_is_the_same_for_a_case_that_does_not_exist(world: World) -> None:
    browser = Visitor(world, world.actor("police", "practitioner"))
    cases = (world.case(), uuid.uuid4())
    with clock.still():
        told = [browser.get(f"/case/{case}/emergency") for case in cases]
    assert told[0] == told[1]


def test_a_case_of_an_agreement_the_party_is_not_in_looks_missing(world: World) -> None:
    browser = Visitor(world, world.actor("barnet_children", "practitioner"))
    elsewhere, nowhere = world.case(PROBATION, agreement="harrow-iom"), uuid.uuid4()
    pages = []
    with clock.still():
        for case in (elsewhere, nowhere):
            first = browser.get(f"/case/{case}/emergency")
            refused = browser.send(f"/case/{case}/emergency", REASON, 404)
            pages.append((first, refused.partition("This was recorded")[0]))
    assert pages[0] == pages[1]
    assert world.session.scalars(select(EmergencyRow.visit)).all() == []


def test_it_opens_the_case_and_the_officers_are_told(world: World) -> None:
    browser = Visitor(world, world.actor("police", "practitioner"))
    case = world.case({**IDENTITY, **NEED})
    browser.get(f"/case/{case}/emergency")
    text = browser.send(f"/case/{case}/emergency", REASON)
    assert browser.path.startswith("/visit/")
    assert "Emergency access is open until" in text
    assert "It opens identity and contact" in text
    assert "CANARY-NEED" in text
    assert "CANARY-DIAGNOSIS" not in browser.page
    assert "Print" not in text, "an emergency gives no export"
    world.session.rollback()
    assert {"ntmh", "police"} <= set(world.session.scalars(select(Notice.party)))


def test_without_a_reason_nothing_opens_and_what_was_typed_stays(world: World) -> None:
    browser = Visitor(world, world.actor("police", "practitioner"))
    case = world.case({**IDENTITY, **NEED})
    browser.get(f"/case/{case}/emergency")
    text = browser.send(f"/case/{case}/emergency", {"reason": "urgent"}, 400)
    assert "Say in a few words what the emergency is" in text
    assert ">\nurgent</textarea>" in browser.page
    world.session.rollback()
    assert world.session.scalars(select(EmergencyRow.visit)).all() == []


def test_a_role_that_no_emergency_clause_names_is_refused_and_logged(world: World) -> None:
    browser = Visitor(world, world.actor("barnet_housing", "practitioner"))
    case = world.case(assigned=[browser.actor])
    text = browser.get(f"/case/{case}/emergency", 403)
    assert "No emergency clause of the agreement opens anything to your role." in text
    assert "recorded, reference" in text
    visit = browser.open(case, "pathways")
    assert "Emergency access" not in browser.get(visit)


def test_identity_is_proved_afresh_before_the_form(world: World) -> None:
    browser = Visitor(world, world.actor("police", "practitioner", "PC Tired", stepped_up=False))
    answer = browser.client.get(f"/case/{world.case()}/emergency")
    assert answer.status_code == 302
    assert "emergency" in answer.headers["Location"]


def test_a_refusal_stands_in_the_log_alike_for_a_case_that_does_not_exist(world: World) -> None:
    housing = world.actor("barnet_housing", "practitioner")
    for case in (world.case(assigned=[housing]), uuid.uuid4()):
        with pytest.raises(Refused):
            emergency.declare(world.session, world.doors, housing, case, REASON["reason"])
    public = select(ENTRY.c.outcome, ENTRY.c.purpose, ENTRY.c.agreement).where(ENTRY.c.operation == "emergency-access")
    told = world.session.execute(public).all()
    assert len(told) == 2
    assert told[0] == told[1]


def test_a_case_that_is_closed_looks_like_one_that_does_not_exist(world: World) -> None:
    browser = Visitor(world, world.actor("police", "practitioner"))
    pages = []
    with clock.still():
        for case in (world.case(state="deselected"), uuid.uuid4()):
            pages.append(browser.get(f"/case/{case}/emergency"))
    assert pages[0] == pages[1]


def test_it_leads_back_to_the_case_only_while_ones_own_visit_lasts(world: World) -> None:
    me = world.actor("police", "practitioner")
    case, closed = world.case(PROBATION, assigned=[me]), world.case(PROBATION)
    browser = Visitor(world, me)
    for path in (case, closed):
        browser.get(f"/case/{path}/emergency")
        assert 'href="/search" class="govuk-back-link"' in browser.page
    browser.get(f"/case/{case}")
    browser.send(f"/case/{case}", {"purpose": "risk"})
    visit = browser.path
    browser.get(f"/case/{case}/emergency")
    assert f'href="{visit}" class="govuk-back-link"' in browser.page
