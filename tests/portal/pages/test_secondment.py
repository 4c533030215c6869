"""Secondment: asked by one organisation, agreed by the other, real at the next request, over by itself."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from portal.audit.tables import ENTRY
from portal.auth import capacities, induction, people, secondments
from portal.auth.actor import Actor
from portal.auth.errors import CapacityRefused
from portal.auth.tables import Secondment, UserIdentity
from portal.db import DAY, now_micros
from portal.sharing import roster
from portal.sharing.logbook import one
from tests import clock
from tests.installation import IDENTITY, INDUCTED
from tests.portal.pages.visitor import Visitor

TODAY = clock.FIRST.date()
LAST = TODAY + timedelta(days=30)
CHILD = {"barnet_children update@children": {"text": "CANARY-CHILD", "nature": "Fact"}}
SECRET = {"police update@intelligence": {"text": "CANARY-INTELLIGENCE", "nature": "Fact"}}
WHOM = "Ada Okafor, ada.okafor@police.example"


def day(name, when):
    return {f"{name}-day": when.day, f"{name}-month": when.month, f"{name}-year": when.year}


def form(first=TODAY, last=LAST, **more):
    return {"home": "police", "whom": WHOM, "role": "practitioner", **day("starts", first), **day("ends", last), **more}


@pytest.fixture
def ada(world):
    return world.actor("police", "practitioner", "Ada Okafor")


@pytest.fixture
def youth(web, world):
    """The administrator of Youth Justice, who asks."""
    web.sign_in(world.actor("barnet_youth", "admin", "Yusuf Admin"))
    return web


@pytest.fixture
def police(web, world):
    """The administrator of the police, who lends."""
    found = type(web)(web.app, world)
    found.sign_in(world.actor("police", "admin", "Paula Admin"))
    return found


def row(world):
    world.session.rollback()
    return world.session.scalars(select(Secondment)).one()


def lent(world, who, when=None):
    world.session.rollback()
    held = capacities.current(world.session, who.user, when or now_micros())
    return [c for c in held if c.party == "barnet_youth"]


def seconded(world, youth, police, ada, **more):
    """Asked and agreed: Ada as she acts for Youth Justice."""
    assert youth.post("/secondment/ask", form(**more)).status_code == 303
    assert police.post(f"/secondment/{row(world).id}/agree", {"user": str(ada.user)}).status_code == 303
    [held] = lent(world, ada)
    with world.doors.log.transaction(world.session) as tx:
        induction.install(tx, ada.user, "barnet_youth", INDUCTED, now_micros())
    return Actor(ada.user, "barnet_youth", "practitioner", "", held.id, stepped_up=False)


def test_it_is_asked_agreed_and_ends_by_itself(world, youth, police, ada):
    youth.post("/secondment/ask", form())
    assert "Asked." in (youth.get("/secondment"), youth.text)[1]
    assert lent(world, ada) == [], "nobody is lent by being asked for"
    assert "asks for one of your people on secondment" in (police.get("/"), police.text)[1]
    asked = row(world).id
    assert WHOM in (police.get(f"/secondment/{asked}"), police.text)[1]
    assert "Ada Okafor" in police.text
    assert "Yusuf Admin" in police.text
    assert police.post(f"/secondment/{asked}/agree", {"user": ""}).status_code == 422
    assert police.post(f"/secondment/{asked}/agree", {"user": str(ada.user)}).status_code == 303
    [held] = lent(world, ada)
    assert held.role == "practitioner"
    assert lent(world, ada, now_micros() + 30 * DAY) == [held]
    assert lent(world, ada, now_micros() + 31 * DAY) == []
    for reader in (youth, police):
        reader.get(f"/secondment/{asked}")
        assert "25 November 2026 to 25 December 2026" in reader.text
        assert "Paula Admin" in reader.text, "who agreed"
        assert "ends by itself" in reader.text
    assert "asks for one" not in (police.get("/"), police.text)[1]
    with clock.ticking(clock.FIRST + timedelta(days=40)):
        youth.sign_in(world.actor("barnet_youth", "admin", "Yusuf Admin"))
        assert "By itself, with its last day" in (youth.get(f"/secondment/{asked}"), youth.text)[1]


def test_the_seconded_officer_reads_as_youth_justice_and_is_out_at_the_next_request(world, youth, police, ada):
    case = world.case({**IDENTITY, **CHILD, **SECRET}, assigned=[ada])
    own = Visitor(world, ada)
    assert "CANARY-INTELLIGENCE" in own.get(own.open(case, "risk"))
    guest = seconded(world, youth, police, ada)
    with world.doors.log.transaction(world.session):
        world.assign(case, guest)
    browser = Visitor(world, guest)
    visit = browser.open(case, "safeguarding")
    assert "CANARY-CHILD" in browser.get(visit)
    assert "CANARY-INTELLIGENCE" not in browser.page
    assert police.post(f"/secondment/{row(world).id}/end").status_code == 303
    gone = browser.client.get(visit, follow_redirects=True)
    assert "CANARY" not in gone.text
    assert lent(world, ada) == []
    assert row(world).ended_at is not None
    assert "by Paula Admin" in (youth.get(f"/secondment/{row(world).id}"), youth.text)[1]


def test_nobody_gives_a_role_to_people_of_another_organisation_without_one(world, youth, police, ada):
    """A guest of before is in the administrator's list: a role given there would outlive what was agreed."""
    seconded(world, youth, police, ada)
    youth.post(f"/secondment/{row(world).id}/end")
    yusuf = world.actor("barnet_youth", "admin", "Yusuf Admin")
    now = now_micros()
    people.one_of_party(world.session, "barnet_youth", ada.user)  # she is in the list: the refusal is no accident
    with pytest.raises(CapacityRefused) as refused:
        roster.grant(world.session, world.doors, yusuf, ada.user, "practitioner", now, now + DAY)
    assert refused.value.words == capacities.NOT_YOURS
    answer = youth.post(f"/people/{ada.user}/roles/give", form())
    assert answer.status_code == 422
    assert "Ask it for a secondment" in youth.text
    assert lent(world, ada) == []


def test_a_refusal_has_a_reason_that_the_other_reads_and_what_was_answered_stays_so(world, youth, police, ada):
    youth.post("/secondment/ask", form())
    asked = row(world).id
    assert police.post(f"/secondment/{asked}/refuse", {"why": ""}).status_code == 422
    assert police.post(f"/secondment/{asked}/refuse", {"why": "She leads a team until May"}).status_code == 303
    assert "She leads a team until May" in (youth.get(f"/secondment/{asked}"), youth.text)[1]
    assert police.post(f"/secondment/{asked}/refuse", {"why": "She leads a team until May"}).status_code == 303
    assert "Somebody has answered that meanwhile" in (police.get("/secondment"), police.text)[1], "sent twice is one"
    assert police.post(f"/secondment/{asked}/agree", {"user": str(ada.user)}).status_code == 409
    assert "Paula Admin answered this since you opened the page" in police.text
    assert "Whom you chose" in police.text
    assert "Ada Okafor" in police.text
    assert lent(world, ada) == []
    youth.post("/secondment/ask", form())
    world.session.rollback()
    [again] = [s.id for s in world.session.scalars(select(Secondment)) if s.state == "asked"]
    assert youth.post(f"/secondment/{again}/withdraw").status_code == 303
    assert youth.post(f"/secondment/{again}/withdraw").status_code == 303, "sent twice is one"
    assert "That was taken back already" in (youth.get("/secondment"), youth.text)[1]
    assert police.post(f"/secondment/{again}/agree", {"user": str(ada.user)}).status_code == 409
    assert "took this back since you opened the page, so your answer was not kept" in police.text
    assert lent(world, ada) == []


def test_a_reason_that_came_second_comes_back_with_who_answered(world, youth, police, ada):
    youth.post("/secondment/ask", form())
    asked = row(world).id
    second = type(police)(police.app, world)
    second.sign_in(world.actor("police", "admin", "Second Admin"))
    assert second.post(f"/secondment/{asked}/refuse", {"why": "CANARY-FIRST: no cover"}).status_code == 303
    assert police.post(f"/secondment/{asked}/refuse", {"why": "CANARY-SECOND: she is on leave"}).status_code == 409
    for words in ("Second Admin answered this", "CANARY-FIRST: no cover", "CANARY-SECOND: she is on leave"):
        assert words in police.text
    assert "CANARY-SECOND" not in (youth.get(f"/secondment/{asked}"), youth.text)[1]
    assert youth.post(f"/secondment/{asked}/withdraw").status_code == 409
    assert "Second Admin answered this since you opened the page, so nothing was changed" in youth.text


def test_only_the_two_organisations_and_only_the_one_that_lends_answers(world, youth, police, ada):
    youth.post("/secondment/ask", form())
    asked = row(world).id
    youth.post(f"/secondment/{asked}/agree", {"user": str(ada.user)})
    assert lent(world, ada) == [], "the one that asks does not agree for the other"
    stranger = type(youth)(youth.app, world)
    stranger.sign_in(world.actor("barnet_housing", "admin", "Hanna Admin"))
    assert stranger.get(f"/secondment/{asked}").status_code == 404
    assert WHOM not in (stranger.get("/secondment"), stranger.text)[1]
    stranger.post(f"/secondment/{asked}/agree", {"user": str(ada.user)})
    stranger.post(f"/secondment/{asked}/end")
    assert lent(world, ada) == []
    stranger.sign_in(world.actor("police", "spoc", "Sam Spoc"))
    assert stranger.get("/secondment").status_code == 403
    other = world.actor("barnet_housing", "practitioner", "Hal Housing")
    paula = world.actor("police", "admin", "Paula Admin")
    for who in (other, paula):
        with pytest.raises(CapacityRefused), world.doors.log.transaction(world.session) as tx:
            secondments.agree(tx, paula, asked, who.user, now_micros())


def test_who_leaves_or_moves_to_another_organisation_is_lent_no_more(world, youth, police, ada):
    seconded(world, youth, police, ada)
    world.session.rollback()
    assert police.post(f"/people/{ada.user}/leaver").status_code == 303
    assert lent(world, ada) == []
    assert row(world).ended_at is not None


def test_what_is_wrong_is_said_and_nothing_is_lost(world, youth):
    answer = youth.post("/secondment/ask", form(first=TODAY - timedelta(days=1), whom="", home=""))
    assert answer.status_code == 422
    for words in ("Choose the organisation", "Say who it is", "The first day must be"):
        assert words in youth.text
    answer = youth.post("/secondment/ask", form(last=TODAY + timedelta(days=800)))
    assert answer.status_code == 422
    assert "at most two years" in youth.text
    assert WHOM in answer.text
    assert youth.post("/secondment/ask", form(role="admin")).status_code == 422
    assert youth.post("/secondment/ask", form(home="barnet_youth")).status_code == 422
    assert world.session.scalars(select(Secondment)).all() == []


def test_it_is_logged_and_no_table_has_a_name(world, youth, police, ada):
    before = len(youth.logged())
    guest = seconded(world, youth, police, ada)
    police.get("/secondment")
    operations = [o for o, _ in youth.logged()[before:]]
    assert "collection" in operations
    assert "capacity-granted" in operations
    assert "list" in operations
    for table in ("secondment", "staff_value"):
        assert "Okafor" not in str(world.session.execute(text(f"SELECT * FROM {table}")).all())
    assert guest.party == "barnet_youth"


def test_an_account_that_moves_to_another_party_takes_nothing_along(world, youth, police, ada):
    seconded(world, youth, police, ada)
    with world.doors.log.transaction(world.session) as tx:
        tag = tx.session.scalars(select(UserIdentity.tag).where(UserIdentity.user == ada.user)).one()
        assert people.admit(tx, tag, "barnet_housing", [], now_micros()) == ada.user
    assert lent(world, ada) == []


def test_the_officer_reads_what_became_of_it_in_the_log(world, youth, police, ada):
    """Each step as the data-protection officer of whoever took it reads its entry."""
    seconded(world, youth, police, ada)
    youth.post(f"/secondment/{row(world).id}/end")
    world.session.rollback()
    kinds = ("collection", "capacity-granted", "alteration")
    rows = world.session.execute(
        select(ENTRY.c.agency, ENTRY.c.operation, ENTRY.c.reference)
        .where(ENTRY.c.operation.in_(kinds), ENTRY.c.actor.is_not(None))
        .order_by(ENTRY.c.at)
    ).all()
    said = {}
    for agency, operation, reference in rows:
        whole = one.read(world.session, world.doors, world.actor(agency, "dpo"), "s62-lawfulness", reference)
        assert isinstance(whole, one.Whole)
        said |= {(agency, operation): dict(whole.said).get("Secondment")}
    assert said == {
        ("barnet_youth", "collection"): "Asked Police for somebody",
        ("police", "capacity-granted"): "Agreed by their own organisation",
        ("barnet_youth", "alteration"): "Ended before its last day",
    }


def test_who_has_left_since_the_page_was_opened_is_not_lent_and_it_still_waits(world, youth, police, ada):
    other = world.actor("probation", "practitioner", "Jo Smith")
    youth.post("/secondment/ask", form())
    police.post(f"/people/{ada.user}/leaver")
    for nobody in (ada.user, other.user):
        assert police.post(f"/secondment/{row(world).id}/agree", {"user": str(nobody)}).status_code == 422
        assert "nobody of your organisation, or no longer" in police.text
    assert row(world).state == secondments.ASKED
