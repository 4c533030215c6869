"""The pages of joining: asking for a role, answering, recording, accepting; a leaver is out at the next click."""

import uuid
from datetime import date, timedelta
from typing import Any

import pytest
from click.testing import CliRunner

from portal.auth import capacities, induction, people, sessions
from portal.auth.actor import Actor, Induction
from portal.auth.lasting import WORDS
from portal.auth.sessions import SignedInBy
from portal.cli import running
from portal.db import DAY, HOUR, now_micros
from portal.sharing import access_requests, staff
from tests import clock
from tests.installation import INDUCTED, TAGS, World
from tests.portal.pages.web import Web

TODAY = clock.FIRST.date()
WHY = "I join the tenancy team on Monday"
HOUSING = "barnet_housing"


def day(name: str, when: Any) -> dict[str, Any]:
    return {f"{name}-day": when.day, f"{name}-month": when.month, f"{name}-year": when.year}


@pytest.fixture
def asker(world: World) -> uuid.UUID:
    with world.doors.log.transaction(world.session) as tx:
        user = people.register(tx.session, TAGS.identity("housing", "new"), HOUSING, now_micros())
        staff.keep(tx.session, world.doors.keys, user, HOUSING, "Nina Newcomer", "")
    return user


@pytest.fixture
def spoc(world: World) -> Actor:
    return world.actor(HOUSING, "spoc", "Jo Smith")


def at_home(web: Web, world: World, user: uuid.UUID) -> Web:
    """Another browser, signed in without a capacity."""
    other = Web(web.app, world)
    by = SignedInBy("housing", b"i" * 32, None, None, "token")
    with world.doors.log.transaction(world.session) as tx:
        fresh = sessions.create(tx.session, user, by, None, now_micros() + 8 * HOUR, now_micros())
    other.client.set_cookie("session-demo", fresh.cookie, domain="127.0.0.1")
    return other


def of(web: Web, world: World, actor: Actor, known: Induction) -> Web:
    """Another browser of an actor of whom this is recorded."""
    with world.doors.log.transaction(world.session) as tx:
        induction.install(tx, actor.user, actor.party, known, now_micros())
    other = Web(web.app, world)
    other.sign_in(actor)
    return other


def test_a_starter_asks_is_approved_trained_and_in_and_as_a_leaver_out(
    web: Web, world: World, asker: uuid.UUID, spoc: Actor
) -> None:
    new = at_home(web, world, asker)
    assert new.get("/capacity").status_code == 200
    assert new.post("/ask-for-access", {"role": "practitioner", "manager": "", "why": WHY}).status_code == 422
    assert "Enter the name of your manager" in new.text
    assert WHY in new.text
    new.post("/ask-for-access", {"role": "practitioner", "manager": "Bea Boss", "why": WHY})
    new.get("/capacity")
    assert "You asked on 25 November 2026 to be practitioner." in new.text
    assert "Which role do you need?" not in new.text

    web.sign_in(spoc)
    web.get("/")
    assert "1 person asks for a role." in web.text
    web.get("/joining")
    assert "Nina Newcomer wants to be practitioner" in web.text
    asked = access_requests.of(world.session, world.doors, asker, HOUSING)
    assert asked
    path = f"/joining/requests/{asked.id}"
    web.get(path)
    assert "Bea Boss" in web.text
    assert WHY in web.text
    form = {"role": "practitioner", **day("starts", TODAY), **day("ends", TODAY + timedelta(days=100))}
    assert web.post(f"{path}/approve", form | {"ends-year": "1999"}).status_code == 422
    assert web.post(f"{path}/approve", form).status_code == 303
    assert web.post(f"{path}/approve", form).status_code == 303
    assert "That request waits no longer" in (web.get("/joining"), web.text)[1]

    world.session.rollback()
    [held] = capacities.current(world.session, asker, now_micros())
    case = world.case(assigned=[Actor(asker, HOUSING, "practitioner", "", held.id, False)])
    new.post("/capacity", {"capacity": str(held.id)})
    new.get("/")
    assert "Before you can open a case" in new.text
    assert "Jo Smith, agency SPOC" in new.text
    assert new.get(f"/case/{case}").status_code == 403
    assert "clause 6.40" in new.text

    trained = {**day("passed", TODAY), **day("trained", TODAY + timedelta(days=364))}
    assert web.post(f"/joining/{asker}/training", trained | {"passed-day": 30}).status_code == 422
    assert web.post(f"/joining/{asker}/training", trained).status_code == 303
    assert new.get(f"/case/{case}").status_code == 403
    assert "clause 6.41" in new.text
    assert new.post("/induction/acceptable-use", {"words": "other words"}).status_code == 422
    assert new.post("/induction/acceptable-use", {"words": WORDS}).status_code == 303
    assert new.get(f"/case/{case}").status_code == 200
    assert "Dean Marlowe" in (new.get("/"), new.text)[1]

    admin = Web(web.app, world)
    admin.sign_in(world.actor(HOUSING, "admin", "Ada Admin"))
    admin.post(f"/people/{asker}/leaver")
    answer = new.get(f"/case/{case}")
    assert answer.status_code == 302
    assert answer.location.startswith("/sign-in")


def test_whoever_answers_second_gets_back_what_they_typed_and_reads_who_was_quicker(
    web: Web, world: World, asker: uuid.UUID, spoc: Actor
) -> None:
    access_requests.ask(world.session, world.doors, asker, HOUSING, "s", "practitioner", "Bea Boss", WHY)
    asked = access_requests.of(world.session, world.doors, asker, HOUSING)
    assert asked
    path = f"/joining/requests/{asked.id}"
    admin = Web(web.app, world)
    admin.sign_in(world.actor(HOUSING, "admin", "Ada Admin"))
    web.sign_in(spoc)
    web.get(path)
    assert admin.post(f"{path}/refuse", {"reason": "CANARY-FIRST: ask Barnet Homes"}).status_code == 303
    assert admin.post(f"{path}/refuse", {"reason": "CANARY-FIRST: ask Barnet Homes"}).status_code == 303, "twice is one"
    assert web.post(f"{path}/refuse", {"reason": "CANARY-SECOND: not my team"}).status_code == 409
    for words in ("Ada Admin refused this since", "CANARY-FIRST", "CANARY-SECOND: not my team", "Nina Newcomer"):
        assert words in web.text
    form = {"role": "practitioner", **day("starts", TODAY), **day("ends", TODAY + timedelta(days=100))}
    assert web.post(f"{path}/approve", form).status_code == 409
    assert "25 November 2026 to 5 March 2027" in web.text
    assert not capacities.current(world.session, asker, now_micros())
    new = at_home(web, world, asker)
    assert "CANARY-SECOND" not in (new.get("/capacity"), new.text)[1]
    assert admin.post(f"{path}/refuse", {"reason": "CANARY-THIRD"}).status_code == 409
    assert "You refused this since" in admin.text


def test_who_asked_elsewhere_meanwhile_is_said(web: Web, world: World, asker: uuid.UUID, spoc: Actor) -> None:
    access_requests.ask(world.session, world.doors, asker, HOUSING, "s", "practitioner", "Bea Boss", WHY)
    asked = access_requests.of(world.session, world.doors, asker, HOUSING)
    assert asked
    access_requests.ask(world.session, world.doors, asker, "police", "s", "practitioner", "Bea Boss", WHY)
    web.sign_in(spoc)
    assert web.post(f"/joining/requests/{asked.id}/refuse", {"reason": "CANARY-SECOND"}).status_code == 409
    assert "They have asked another organisation since" in web.text
    assert "CANARY-SECOND" in web.text
    assert web.post(f"/joining/requests/{uuid.uuid4()}/refuse", {"reason": "CANARY-SECOND"}).status_code == 303


def test_a_refusal_is_read_at_the_next_sign_in(web: Web, world: World, asker: uuid.UUID, spoc: Actor) -> None:
    access_requests.ask(world.session, world.doors, asker, HOUSING, "s", "lead", "Bea Boss", WHY)
    asked = access_requests.of(world.session, world.doors, asker, HOUSING)
    assert asked
    web.sign_in(spoc)
    path = f"/joining/requests/{asked.id}/refuse"
    assert web.post(path, {"reason": " "}).status_code == 422
    assert web.post(path, {"reason": "Wrong team, ask Barnet Homes."}).status_code == 303
    new = at_home(web, world, asker)
    new.get("/capacity")
    assert "was refused:  Wrong team, ask Barnet Homes." in new.text.replace("refused: ", "refused:  ")
    assert "Which role do you need?" in new.text


def test_whoever_lacks_something_opens_nothing_of_any_gate_and_is_told_why(web: Web, world: World, spoc: Actor) -> None:
    """The SPOC's own training ended: not even who works on what, and still the people she looks after."""
    over = of(web, world, spoc, INDUCTED._replace(trained=now_micros() - 22 * DAY))
    for path in ("/search", "/team", "/refer", f"/case/{uuid.uuid4()}", f"/case/{uuid.uuid4()}/emergency"):
        assert over.get(path).status_code == 403, path
        assert "Your training in information sharing ended on 3 November 2026." in over.text, path
    assert ("consultation", "refused") in over.logged()
    assert over.get("/joining").status_code == 200
    over.get("/")
    assert "Before you can open a case" in over.text


def test_home_says_what_ends_within_a_fortnight_and_to_the_spoc_within_thirty_days(
    web: Web, world: World, spoc: Actor
) -> None:
    officer = world.actor(HOUSING, "practitioner", "Sam Price")
    soon = of(web, world, officer, INDUCTED._replace(trained=now_micros() + 9 * DAY))
    soon.get("/")
    assert "Training in information sharing ends in 9 days" in soon.text
    later = of(web, world, officer, INDUCTED._replace(trained=now_micros() + 20 * DAY))
    assert "Training in information sharing ends" not in (later.get("/"), later.text)[1]
    web.sign_in(spoc)
    assert "1 colleague: training, acceptable use or vetting ends within 30 days." in (web.get("/"), web.text)[1]
    of(web, world, officer, INDUCTED._replace(trained=now_micros() - DAY))
    assert "1 colleague cannot open cases" in (web.get("/"), web.text)[1]
    web.get("/joining")
    assert "Sam Price" in web.text
    assert "Ended" in web.text


@pytest.mark.parametrize(("party", "role"), [(HOUSING, "practitioner"), (HOUSING, "dpo"), ("police", "spoc")])
def test_only_whoever_looks_after_them_reaches_the_people_of_a_party(
    web: Web, world: World, spoc: Actor, party: str, role: str
) -> None:
    web.sign_in(world.actor(party, role, "Olga Other"))
    expected = 404 if party == "police" else 403
    for path in (f"/joining/{spoc.user}", f"/joining/requests/{uuid.uuid4()}"):
        assert web.get(path).status_code == expected
    web.post(f"/joining/{spoc.user}/training", {**day("passed", TODAY), **day("trained", TODAY)})
    assert web.last
    assert web.last.status_code == expected


def test_vetting_is_recorded_with_a_level_and_read_with_who_recorded_it(web: Web, world: World, spoc: Actor) -> None:
    officer = world.actor(HOUSING, "practitioner", "Sam Price")
    web.sign_in(spoc)
    form = day("vetted", TODAY + timedelta(days=900))
    assert web.post(f"/joining/{officer.user}/vetting", form).status_code == 422
    assert "Choose a level of vetting" in web.text
    assert web.post(f"/joining/{officer.user}/vetting", {"level": "nppv2", **form}).status_code == 303
    other = Web(web.app, world)
    other.sign_in(officer)
    other.get("/induction")
    assert "Vetting: Non-police personnel vetting, level 2" in other.text
    assert "Recorded by Jo Smith" in other.text


def test_the_operator_records_training_where_a_party_has_nobody_else(
    world: World, asker: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.cli.installation.settings", lambda: world.settings)
    for last, code in (("2026-11-24", 1), ("2028-01-01", 1), ("2027-11-01", 0)):
        world.session.rollback()
        done = CliRunner().invoke(running.trained, [str(asker), HOUSING, last])
        assert done.exit_code == code, done.output
    known = induction.of(world.session, asker, HOUSING)
    assert known.trained
    assert known.use_accepted is None


def test_a_year_that_gains_an_hour_is_a_year(web: Web, world: World) -> None:
    """It begins in summer time and ends after it: the day that the page allows is not refused below it."""
    first = date(2027, 10, 30)
    last = first + timedelta(days=365)
    with clock.ticking(clock.FIRST.replace(year=2027, month=10, day=30)):
        officer = world.actor(HOUSING, "practitioner", "Sam Price")
        web.sign_in(world.actor(HOUSING, "admin", "Ada Admin"))
        passed = {**day("passed", first), **day("trained", last)}
        assert web.post(f"/joining/{officer.user}/training", passed).status_code == 303
        assert (
            web.post(f"/joining/{officer.user}/away", {**day("starts", first), **day("until", last)}).status_code == 303
        )
        lent = {"home": "police", "whom": "Ada", "role": "practitioner", **day("starts", first)}
        two = {**lent, **day("ends", first + timedelta(days=731))}
        assert web.post("/secondment/ask", two).status_code == 303


def test_training_that_has_ended_already_is_not_said_to_count(web: Web, world: World, spoc: Actor) -> None:
    officer = world.actor(HOUSING, "practitioner", "Sam Price")
    web.sign_in(spoc)
    for last, said in (
        (date(2026, 11, 24), "It ended on 24 November 2026: it does not count."),
        (TODAY, "It counts from"),
    ):
        form = {**day("passed", date(2026, 1, 5)), **day("trained", last)}
        assert web.post(f"/joining/{officer.user}/training", form).status_code == 303
        assert said in (web.get(f"/joining/{officer.user}"), web.text)[1]
