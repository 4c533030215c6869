"""A form sent after its session ended waits for its author, for nobody else, and not for ever."""

import dataclasses
import re
import uuid

import pytest
from sqlalchemy import select, update

from portal.auth import capacities, people
from portal.auth.tables import CapacityGrant, LoginSession, UserAccount
from portal.db import MINUTE, now_micros
from portal.sharing import kept
from portal.sharing.tables import Assignment, CaseFile, KeptForm, VisitRow
from tests.installation import IDENTITY
from tests.portal.pages.web import Web

WROTE = "Called at the flat twice, canary-7731 has not been seen."
FORM = {"text": WROTE, "kind": "contact", "nature": "Fact", "source": "visit", "once": str(uuid.uuid4())}
HEADING = "You were writing something when your session ended"


@pytest.fixture
def officer(web, world):
    found = world.actor("police", "practitioner", "Ada Okafor")
    found_case = world.case(assigned=[found])
    web.case, web.session = found_case, web.sign_in(found)
    return found


def open_case(web, case=None) -> str:
    """A visit of the present session; its address."""
    return web.post(f"/case/{case or web.case}", {"purpose": "risk", "reason": ""}).location


def change(world, row, **values):
    with world.doors.log.transaction(world.session) as tx:
        tx.session.execute(update(row).values(**values))


def idle(world, minutes=20):
    """Time passes: every session was last used that long ago."""
    change(world, LoginSession, last_seen=now_micros() - minutes * MINUTE)


def rows(world) -> list[KeptForm]:
    world.session.rollback()
    return list(world.session.scalars(select(KeptForm)))


def lose(web, form=None, path="update"):
    """Write on a form, be idle too long, send it."""
    visit = open_case(web)
    kind = re.search(r'name="kind" id="kind" value="([^"]+)"', web.get(f"{visit}/update").text)
    assert kind is not None
    idle(web.world)
    return web.post(f"{visit}/{path}", form or FORM | {"kind": kind[1]})


def waits(web) -> dict[str, str]:
    """The hidden inputs of the page that offers to go on."""
    web.get("/kept")
    assert HEADING in web.text
    return dict(re.findall(r'name="(case|then)" value="([^"]+)"', web.last.text))


def go_on(web) -> str:
    answer = web.post("/kept", waits(web) | {"purpose": "risk", "reason": ""})
    assert answer.status_code == 303
    return answer.location


def test_what_was_typed_is_kept_found_again_sent_and_gone(web, world, officer):
    assert lose(web).status_code == 401
    assert "What you wrote is not lost" in web.text
    assert WROTE not in web.text
    web.sign_in(officer)
    hidden = waits(web)
    assert WROTE not in web.text
    path = go_on(web)
    assert WROTE not in path
    page = web.get(path).text
    assert WROTE in page
    assert 'value="Fact" checked' in page
    sent = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))
    assert sent["once"] == FORM["once"]
    kind = re.search(r'value="([^"]+)" checked', page)
    days = dict(re.findall(r'name="(happened-\w+)" type="text" value="(\d+)"', page))
    form = FORM | days | {"kind": kind[1]}
    assert web.post(path.partition("?")[0], form).status_code == 303
    assert rows(world) == []
    assert hidden["then"] == "update"
    assert web.get("/kept").location == "/"
    assert HEADING not in web.get("/").text


def test_opening_it_again_is_a_consultation_that_stands_before_it_is_shown(web, world, officer, monkeypatch):
    lose(web)
    web.sign_in(officer)
    path, before = go_on(web), len(web.logged())
    web.get(path)
    assert [operation for operation, _ in web.logged()[before:]] == ["consultation", "consultation"]
    assert WROTE in web.text
    monkeypatch.setattr("portal.sharing.reading.kept.open_with", lambda *a: pytest.fail("opened before it was logged"))
    monkeypatch.setattr("portal.sharing.reading.kept._note", lambda *a: (_ for _ in ()).throw(KeyError))
    assert web.get(path).status_code == 500


def test_keeping_it_writes_no_entry_and_no_plaintext(web, world, officer):
    visit = open_case(web)
    idle(world)
    before = len(web.logged())
    assert web.post(f"{visit}/update", FORM).status_code == 401
    assert len(web.logged()) == before
    [row] = rows(world)
    assert row.sealed.startswith(b"\xe1\x01\x01")
    home = world.settings.home
    assert not [p for p in home.rglob("*") if p.is_file() and b"canary-7731" in p.read_bytes()]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("No contact with Quenby Larkspur", "Leave out the name."),
        ("Not where the vic\u200btim works", "Leave out any word for who was harmed."),
    ],
)
def test_a_zone_that_says_whom_it_protects_is_not_kept_and_its_writer_is_told_why(web, world, words, why):
    officer = world.actor("probation", "practitioner", "Jo Smith")
    web.case, web.session = world.case(assigned=[officer]), web.sign_in(officer)
    zone = {"restriction.sort": "Exclusion zone", "restriction.instruction": words, "once": str(uuid.uuid4())}
    visit = open_case(web)
    idle(world)
    assert web.post(f"{visit}/add/restriction", zone).status_code == 401
    assert rows(world) == []
    assert "was not kept, for a zone or condition must not say whom it protects (clause 8.60). " + why in web.text
    assert "What you had typed" in web.text
    web.sign_in(officer)
    visit, twin = open_case(web), {**zone, "restriction.instruction": "Not into the area bounded by Bridge Lane"}
    idle(world)
    assert web.post(f"{visit}/add/restriction", twin).status_code == 401
    assert [row.then for row in rows(world)] == ["add/restriction"], "the twin that gives nobody away"
    assert "What you wrote is not lost" in web.text


def test_it_can_be_thrown_away_or_left_for_later(web, world, officer):
    lose(web)
    web.sign_in(officer)
    hidden = waits(web)
    web.get("/")
    assert HEADING in web.text
    assert web.post("/kept/discard", hidden | {"next": "/search"}).location == "/search"
    assert rows(world) == []
    assert HEADING not in web.get("/").text


def test_a_purpose_must_be_chosen_and_the_form_must_name_what_waits(web, world, officer):
    lose(web)
    web.sign_in(officer)
    hidden = waits(web)
    assert web.post("/kept", hidden).status_code == 400
    for wrong in ({"case": str(uuid.uuid4())}, {"then": "add/plan"}, {"case": "x"}):
        assert web.post("/kept", hidden | wrong | {"purpose": "risk"}).status_code == 404
        assert web.post("/kept/discard", hidden | wrong).status_code == 404
    assert len(rows(world)) == 1


@pytest.mark.parametrize(("party", "role", "name"), [("police", "practitioner", "Sam Price"), ("police", "spoc", "Me")])
def test_nobody_else_and_no_other_capacity_finds_or_opens_it(web, world, officer, party, role, name):
    lose(web)
    if role == "spoc":
        with world.doors.log.transaction(world.session) as tx:
            made = capacities.install(tx, officer.user, party, role, now_micros(), None, now_micros())
        other = dataclasses.replace(officer, role=role, capacity=made.id)
    else:
        other = world.actor(party, role, name)
        with world.doors.log.transaction(world.session):
            world.assign(web.case, other)
    thief = Web(web.app, world)
    thief.sign_in(other)
    assert thief.get("/kept").location == "/"
    visit = open_case(thief, web.case)
    assert WROTE not in thief.get(f"{visit}/update?kept=1").text
    assert thief.last.status_code == 200
    assert thief.post("/kept/discard", {"case": str(web.case), "then": "update"}).status_code == 404
    assert len(rows(world)) == 1


def test_a_row_given_to_somebody_else_does_not_open_and_is_logged(web, world, officer):
    lose(web)
    other = world.actor("police", "practitioner", "Sam Price")
    with world.doors.log.transaction(world.session):
        world.assign(web.case, other)
    change(world, KeptForm, user=other.user, capacity=other.capacity)
    web.sign_in(other)
    path = go_on(web)
    assert WROTE not in web.get(path).text
    assert web.last.status_code == 200
    assert ("open-failed", "failed") in web.logged()


@pytest.mark.parametrize("tampering", ["bit", "case", "page", "moment"])
def test_a_tampered_row_does_not_open(web, world, officer, tampering):
    other = world.case(assigned=[officer])
    lose(web)
    sealed = bytearray(rows(world)[0].sealed)
    sealed[-1] ^= 1
    values = {"bit": {"sealed": bytes(sealed)}, "case": {"case": other}, "page": {"then": "add/contact_details"}}
    change(world, KeptForm, **values.get(tampering, {"kept_at": now_micros()}))
    web.sign_in(officer)
    web.case = other if tampering == "case" else web.case
    [row] = rows(world)
    visit = open_case(web)
    answer = web.get(f"{visit}/{row.then}?kept=1")
    assert WROTE not in answer.text
    if tampering != "page":
        assert ("open-failed", "failed") in web.logged()


@pytest.mark.parametrize("how", ["signed out", "administrator", "leaver", "capacity", "long ago", "no capacity"])
def test_only_the_clock_may_have_ended_the_session(web, world, officer, how):
    visit = open_case(web)
    idle(world, 26 * 60 if how == "long ago" else 20)
    admin = world.actor("police", "admin", "An Administrator")
    now = now_micros()
    with world.doors.log.transaction(world.session) as tx:
        if how == "signed out":
            tx.session.execute(update(LoginSession).values(ended_at=now, ended_why="signed-out"))
        elif how == "administrator":
            people.end_sessions(tx, admin, officer.user, now)
        elif how == "leaver":
            tx.session.execute(update(UserAccount).where(UserAccount.id == officer.user).values(ended_at=now))
        elif how == "capacity":
            tx.session.execute(update(CapacityGrant).where(CapacityGrant.id == officer.capacity).values(ends=now))
        elif how == "no capacity":
            tx.session.execute(update(LoginSession).values(capacity=None))
    assert web.post(f"{visit}/update", FORM).status_code == 401
    assert WROTE in web.text  # shown back, to be copied
    assert "It was not saved" in web.text
    assert rows(world) == []


def test_a_session_over_by_its_absolute_limit_keeps_too(web, world, officer):
    visit = open_case(web)
    change(world, LoginSession, ends=now_micros() - MINUTE)
    web.post(f"{visit}/update", FORM)
    assert len(rows(world)) == 1


@pytest.mark.parametrize("how", ["token", "stranger", "another visit", "emergency", "refused case", "another page"])
def test_what_is_not_ones_own_form_is_not_kept(web, world, officer, how):
    visit = open_case(web)
    web.case = world.case() if how == "refused case" else web.case
    visit = open_case(web) if how == "refused case" else visit
    if how == "another visit":
        other = world.actor("police", "practitioner", "Sam Price")
        with world.doors.log.transaction(world.session):
            world.assign(web.case, other)
        theirs = Web(web.app, world)
        theirs.sign_in(other)
        visit = open_case(theirs, web.case)
    if how == "emergency":
        change(world, VisitRow, emergency=True)
    if how == "stranger":
        web.client.set_cookie("session-demo", "x" * 43, domain="127.0.0.1")
    idle(world)
    path = f"{visit}/print" if how == "another page" else f"{visit}/update"
    status = web.post(path, FORM, token=how != "token").status_code
    assert status == (400 if how == "token" else 401)
    assert rows(world) == []


def test_the_button_of_a_letter_was_nothing_written(web, world, officer):
    visit = open_case(web)
    idle(world)
    assert web.post(f"{visit}/document/letter-deselected", {}).status_code == 401
    assert rows(world) == []


def test_a_table_cannot_be_filled(web, world, officer):
    visit = open_case(web)
    idle(world)
    assert web.post(f"{visit}/update", FORM | {"text": "x" * kept.LARGEST}).status_code == 401
    assert rows(world) == []
    for _ in range(3):
        web.post(f"{visit}/update", FORM)
    assert len(rows(world)) == 1
    for n in range(8):
        web.post(f"{visit}/record/{uuid.UUID(int=n)}/edit", FORM)
    assert len(rows(world)) == kept.MOST
    assert WROTE in web.text  # the last was shown back


def test_after_a_day_it_is_neither_offered_nor_there(web, world, officer):
    lose(web)
    change(world, KeptForm, ends=now_micros() - 1)
    web.sign_in(officer)
    assert web.get("/kept").location == "/"
    visit = open_case(web)
    assert WROTE not in web.get(f"{visit}/update?kept=1").text
    assert not kept.any_for(world.session, world.doors, officer.user, officer.capacity)
    assert rows(world) == []


def test_a_case_one_no_longer_works_with_gives_nothing_back(web, world, officer):
    lose(web)
    change(world, Assignment, ends=now_micros() - 1)
    web.sign_in(officer)
    assert web.get("/kept").location == "/"


def test_a_case_whose_agreement_is_no_longer_served_keeps_nobody_from_signing_in(web, world, officer):
    lose(web)
    change(world, CaseFile, agreement="another-iom")
    web.sign_in(officer)
    assert web.get("/kept?next=/search").location == "/search"


def test_a_change_goes_on_from_the_version_it_began_with(web, world, officer):
    warning = {"warning": "A dog in the yard.", "advice": "Ring first.", "recorded_on": "2026-03-02"}
    web.case = world.case({**IDENTITY, "police safety": warning}, assigned=[officer])
    visit = open_case(web)
    paths = re.findall(r'href="([^"]+/record/[^"]+/edit)"', web.get(visit).text)
    path = next(p for p in paths if "A dog in the yard." in web.get(p).text)
    day = {f"safety.recorded_on-{part}": n for part, n in (("day", "2"), ("month", "3"), ("year", "2026"))}
    form = {"safety.warning": WROTE, "safety.advice": "Ring first.", "version": "1", **day}
    idle(world)
    web.post(path, form)
    web.sign_in(officer)
    again = f"{open_case(web)}/{path.partition('/record/')[1]}{path.partition('/record/')[2]}".replace("//", "/")
    assert web.post(again, form | {"safety.warning": "Dog gone."}).status_code == 303
    page = web.get(go_on(web)).text
    assert WROTE in page
    assert 'name="version" value="1"' in page
    assert web.post(again, form).status_code == 409
    assert "Dog gone." in web.text
