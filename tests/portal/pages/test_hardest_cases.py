"""The cases that a careless system gets wrong, as people meet them: what opens, what stays shut, in what words."""

import re
from datetime import timedelta

from sqlalchemy import select

from portal.audit.tables import ENTRY
from portal.auth import capacities, induction
from portal.auth.actor import Actor
from portal.db import now_micros, to_micros
from portal.sharing import cases
from portal.sharing.tables import VisitRow
from tests import clock
from tests.installation import IDENTITY, INDUCTED, World
from tests.portal.pages.visitor import Visitor

CHILD = {"barnet_children update@children": {"text": "CANARY-CHILD", "nature": "Fact"}}
HOUSED = {"barnet_housing update@housing": {"text": "CANARY-HOUSED", "nature": "Fact"}}
INTELLIGENCE = {"police intelligence": {"text": "CANARY-INTELLIGENCE"}}
NEED = {"ntmh health_need": {"need": "CANARY-NEED"}, "ntmh health": {"diagnosis": "CANARY-DIAGNOSIS"}}
SEVENTEEN = {"probation person": {"surname": "Marlowe", "forename": "Dean", "date_of_birth": "2008-11-26"}}
"""Eighteen on the day after the tests' first."""
NOT_YOURS = "Either there is no such page, or the agreement does not give it to you"

WITHHELD = "Not shown: other agencies' records from before the person was known to be 18."
WHY = "What was written about someone under 18 does not follow them: housing (clause 6.7), unless"


def share(browser: Visitor, visit: str, text: str, kind: str = "behaviour") -> None:
    browser.get(f"{visit}/update")
    browser.send(f"{visit}/update", {"text": text, "kind": kind, "nature": "Fact"})


def test_1_two_capacities_are_never_added_up(world: World) -> None:
    council = world.actor("barnet_safety", "practitioner", "Ada Okafor")
    with world.doors.log.transaction(world.session) as tx:
        held = capacities.install(tx, council.user, "barnet_youth", "practitioner", now_micros(), None, now_micros())
        induction.install(tx, council.user, "barnet_youth", INDUCTED, now_micros())
    youth = Actor(council.user, "barnet_youth", "practitioner", "", held.id, stepped_up=False)
    case = world.case({**IDENTITY, **CHILD, **HOUSED}, assigned=[council, youth])
    browser = Visitor(world, council)
    visit = browser.open(case, "safeguarding")
    text = browser.get(visit)
    assert "acting as practitioner, Community Safety" in text
    assert "CANARY-CHILD" not in text
    text = browser.get("/capacity")
    assert "Changing role closes the cases you have open in the other one." in text
    browser.send("/capacity", {"capacity": held.id.hex if held.id.hex in browser.page else str(held.id)})
    assert "Ada Okafor , acting as practitioner, Youth Justice" in browser.get("/")
    assert NOT_YOURS in browser.get(visit, 404), "the visit of the other capacity is over"
    text = browser.get(browser.open(case, "safeguarding"))
    assert "CANARY-CHILD" in text
    assert "CANARY-HOUSED" not in text
    assert [row.capacity for row in _visits(world)] == [council.capacity, youth.capacity]


def _visits(world: World) -> list[VisitRow]:
    world.session.rollback()
    return list(world.session.scalars(select(VisitRow).order_by(VisitRow.id)))


def test_3_at_midnight_a_form_that_is_open_is_decided_again(world: World) -> None:
    """The cover of a case ends with the day: what was typed before is refused after, not stored, and given back."""
    jo, other = world.actor("police", "practitioner"), world.actor("police", "practitioner", "Sam Ward")
    case = world.case(assigned=[other])
    midnight = (clock.FIRST + timedelta(days=1)).replace(hour=0)  # in November London has no summer time
    with world.doors.log.transaction(world.session):
        begins = to_micros(clock.FIRST - timedelta(days=1))
        cases.assign(world.session, case, jo.user, "police", "practitioner", begins, to_micros(midnight), None)
    form = {"text": "CANARY-LATE", "kind": "behaviour", "nature": "Fact"}
    with clock.ticking(midnight - timedelta(minutes=5)):
        browser = Visitor(world, jo)
        visit = browser.open(case)
        browser.get(f"{visit}/update")
    with clock.ticking(midnight + timedelta(minutes=1)):
        text = browser.send(f"{visit}/update", form, 404)
        assert NOT_YOURS in text
        assert "CANARY-LATE" in text, "to be copied by whoever typed it"
        reader = Visitor(world, other)
        assert "CANARY-LATE" not in reader.get(reader.open(case))
    with clock.ticking(midnight - timedelta(minutes=1)):
        browser.get(f"{visit}/update")
        browser.send(f"{visit}/update", form)
        assert "CANARY-LATE" in browser.get(visit), "a minute before it was still allowed"


def test_4_who_is_seconded_acts_for_the_party_they_work_for_until_the_day_is_over(world: World) -> None:
    """Neither the account nor where one signs in counts: a police officer at Youth Justice is not the police."""
    officer = world.actor("police", "practitioner", "Ada Okafor")
    friday = (clock.FIRST + timedelta(days=3)).replace(hour=0)
    with world.doors.log.transaction(world.session) as tx:
        held = capacities.install(
            tx, officer.user, "barnet_youth", "practitioner", now_micros(), to_micros(friday), now_micros()
        )
        induction.install(tx, officer.user, "barnet_youth", INDUCTED, now_micros())
    seconded = Actor(officer.user, "barnet_youth", "practitioner", "", held.id, stepped_up=False)
    case = world.case({**IDENTITY, **CHILD, **INTELLIGENCE}, assigned=[officer, seconded])
    browser = Visitor(world, seconded)
    visit = browser.open(case, "safeguarding")
    text = browser.get(visit)
    assert "CANARY-CHILD" in text
    assert "CANARY-INTELLIGENCE" not in text
    entry = world.session.execute(select(ENTRY.c.agency, ENTRY.c.role).where(ENTRY.c.operation == "consultation"))
    assert set(entry.all()) == {("barnet_youth", "practitioner")}
    browser.get("/capacity")
    assert "Until 27 November 2026" in browser.get("/capacity")
    with clock.ticking(friday + timedelta(minutes=1)):
        after = Visitor(world, officer)
        assert "Youth Justice" not in after.get("/capacity")
        gone = browser.client.get(visit, follow_redirects=True)
        assert "CANARY" not in gone.text
        assert "Sign in" in gone.text


def test_5_turning_18_opens_what_is_new_and_leaves_what_was_written_before(world: World) -> None:
    police, housing = world.actor("police", "practitioner"), world.actor("barnet_housing", "practitioner")
    case = world.case({**IDENTITY, **SEVENTEEN}, assigned=[police, housing], minor=True)
    officer = Visitor(world, police)
    visit = officer.open(case)
    assert "Housing What was written about someone under 18 does not follow them" in officer.get(f"{visit}/update")
    share(officer, visit, "CANARY-SEVENTEEN")
    with clock.ticking(clock.FIRST + timedelta(days=1)):
        officer = Visitor(world, police)
        visit = officer.open(case)
        share(officer, visit, "CANARY-EIGHTEEN")
        text = officer.get(visit)
        assert text.index("CANARY-EIGHTEEN") < text.index("Youth record") < text.index("CANARY-SEVENTEEN")
        reader = Visitor(world, housing)
        text = reader.get(reader.open(case))
        assert "CANARY-EIGHTEEN" in text
        assert "CANARY-SEVENTEEN" not in text
        assert f"{WITHHELD} {WHY}" in text


def test_5_who_has_no_date_of_birth_counts_as_young(world: World) -> None:
    housing, police = world.actor("barnet_housing", "practitioner"), world.actor("police", "practitioner")
    unknown = {"probation person": {"surname": "Marlowe", "forename": "Dean"}}
    case = world.case({**IDENTITY, **unknown}, assigned=[housing, police], minor=None)
    officer = Visitor(world, police)
    share(officer, officer.open(case), "CANARY-AGELESS")
    reader = Visitor(world, housing)
    assert "CANARY-AGELESS" not in reader.get(reader.open(case))
    assert f"{WITHHELD} {WHY}" in reader.get(reader.path)


def test_6_a_deselected_case_closes_save_for_the_purpose_that_reviews_it(world: World) -> None:
    police, keeper = world.actor("police", "practitioner"), world.actor("barnet_safety", "coordinator")
    case = world.case(assigned=[police])
    officer, coordinator = Visitor(world, police), Visitor(world, keeper)
    visit = officer.open(case)
    assert "Dean Marlowe" in officer.get("/")
    desk = coordinator.open(case)
    coordinator.get(desk)
    found = re.search(rf'href="({desk}/record/[0-9a-f-]+/edit)"', coordinator.page)
    assert found
    assert "Status" in coordinator.get(found[1])
    text = coordinator.send(found[1], {"case.status": "De-selected", "case.rag": "Amber"})
    assert "Kept. The case is closed now (clause 6.8)" in text
    assert NOT_YOURS in officer.get(visit, 404)
    assert "Marlowe" not in officer.get("/")
    officer.get(f"/case/{case}")
    assert NOT_YOURS in officer.send(f"/case/{case}", {"purpose": "risk", "reason": ""}, 404)
    officer.get(f"/case/{case}")
    text = officer.send(f"/case/{case}", {"purpose": "deselection", "reason": ""})
    assert "Your purpose De-selection and review" in text


def test_7_a_third_party_in_free_text_goes_by_the_strictest_label_and_unlabelled_text_nowhere(world: World) -> None:
    police, housing = world.actor("police", "practitioner"), world.actor("barnet_housing", "practitioner")
    case = world.case(assigned=[police, housing])
    officer, reader = Visitor(world, police), Visitor(world, housing)
    visit = officer.open(case)
    officer.get(f"{visit}/update")
    unlabelled = {"text": "CANARY-HER-ADDRESS", "kind": "", "nature": "Fact"}
    assert "CANARY-HER-ADDRESS" in officer.send(f"{visit}/update", unlabelled, 403), "nothing typed is lost"
    assert "CANARY" not in officer.get(visit)
    share(officer, visit, "CANARY-HER-ADDRESS", "victims")
    assert "CANARY-HER-ADDRESS" in officer.get(visit)
    before = Visitor(world, housing)
    plain = before.get(before.open(world.case(assigned=[housing])))
    text = reader.get(reader.open(case))
    assert "CANARY" not in text
    assert text.count("Nothing has been shared here") == plain.count("Nothing has been shared here") == 1


def test_8_a_search_says_nothing_of_whom_the_asker_may_not_find(world: World) -> None:
    """The same page, to the letter, whether he is there and not the asker's to find, or is not there at all."""
    asker = world.actor("barnet_children", "practitioner")
    told = []
    for there in (False, True):
        if there:
            world.case({"probation person": IDENTITY["probation person"]}, agreement="harrow-iom")
        browser = Visitor(world, asker)
        browser.get("/search")
        born = {"born-day": "27", "born-month": "3", "born-year": "1991"}
        told.append(browser.send("/search", {"by": "name", "surname": "Marlowe", **born}))
    [nobody, somebody] = [page.partition("This was recorded")[0].partition("recorded at")[0] for page in told]
    assert nobody == somebody
    assert "Nobody whom you may find has exactly these details." in nobody
    assert "This does not mean that no agency knows the person." in nobody


def test_9_an_emergency_is_narrow_ends_by_itself_and_lifts_no_prohibition(world: World) -> None:
    browser = Visitor(world, world.actor("police", "practitioner"))
    case = world.case({**IDENTITY, **NEED})
    browser.get(f"/case/{case}/emergency")
    text = browser.send(f"/case/{case}/emergency", {"reason": "His sister rang: he is on the roof of the car park."})
    visit = browser.path
    assert "Emergency access is open until" in text
    assert "CANARY-NEED" in text
    assert "CANARY-DIAGNOSIS" not in text
    assert "Clinical detail stays with the mental health trust" in text
    with clock.ticking(clock.FIRST + timedelta(hours=5)):
        again = Visitor(world, browser.actor)
        assert NOT_YOURS in again.get(visit, 404)


def test_10_what_one_purpose_opens_another_does_not(world: World) -> None:
    me = world.actor("police", "practitioner")
    case = world.case({**IDENTITY, **INTELLIGENCE}, assigned=[me])
    browser = Visitor(world, me)
    visit = browser.open(case, "risk")
    assert "CANARY-INTELLIGENCE" in browser.get(visit)
    browser.get(f"{visit}/purpose")
    text = browser.send(f"{visit}/purpose", {"purpose": "pathways", "reason": ""})
    assert "Your purpose Rehabilitation pathways" in text
    assert "CANARY" not in text
    assert "ntelligence" not in text.partition("What happened Nothing")[2], "a silent category leaves no trace"
