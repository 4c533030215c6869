"""The officer's pages: through HTTP, as officers of several agencies, and as those who are none."""

import re
from html import escape, unescape

import pytest

from portal.audit import reading, sequencer
from portal.audit.reading import Filters
from portal.db import now_micros
from portal.sharing import emergency, visits
from portal.sharing.reading import case as case_reading
from tests import clock
from tests.portal.pages.web import Web

RECORDS = {
    "probation person": {"surname": "Marlowe", "forename": "Dean", "date_of_birth": "1991-03-27"},
    "police identifiers": {"pnc": "2009/1234567G"},
}
BORN = {"born-day": "27", "born-month": "3", "born-year": "1991"}


@pytest.fixture
def ada(world):
    return world.actor("police", "practitioner", "Ada Okafor")


@pytest.fixture
def viewed(world, ada):
    """The receipt of a view of BN-2026-0001 by a police practitioner."""
    case = world.case(RECORDS, assigned=[ada])
    visit = visits.begin(world.session, world.doors, ada, case, "risk", "Home visit", now_micros())
    return case_reading.case(world.session, world.doors, ada, visit).receipt


@pytest.fixture
def officer(world):
    return world.actor("police", "dpo", "Dana Poe")


@pytest.fixture
def reader(web, officer):
    """A browser of the police officer who has said what for."""
    web.sign_in(officer)
    web.post("/log/use", {"use": "s62-lawfulness", "next": "/log"})
    return web


def purposes(world):
    world.session.rollback()
    vault = world.doors.log.vault(world.session)
    return [row.purpose for row in reading.page(world.session, vault, Filters(operation="log-read")).rows]


def test_the_use_is_asked_once_and_stands_in_every_reading(web, world, officer, viewed):
    web.sign_in(officer)
    asked = web.get("/log")
    assert asked.status_code == 303
    assert asked.location == "/log/use?next=/log"
    assert purposes(world) == []
    assert web.post("/log/use", {"next": "/log"}).status_code == 422
    assert "Select what you need the log for" in web.text
    answer = web.post("/log/use", {"use": "s62-proceedings", "next": "/log"})
    assert answer.location == "/log"
    assert web.get("/log").status_code == 200
    assert web.get(f"/log/{viewed.reference}").status_code == 200
    assert purposes(world) == ["s62-proceedings"] * 2
    web.sign_in(officer)
    assert web.get("/log").status_code == 303


@pytest.mark.parametrize("away", ["https://example.org/", "//example.org", "/log//example.org", "/case/1", "/log\\x"])
def test_the_question_leads_to_no_other_place(web, officer, away):
    web.sign_in(officer)
    assert web.post("/log/use", {"use": "s62-lawfulness", "next": away}).location == "/log"


def test_an_officer_confirms_once_from_home_on_and_sees_nothing_before(web, world):
    web.sign_in(world.actor("police", "dpo", "Not Fresh", stepped_up=False))
    assert web.get("/").location == "/log/home"
    before = web.logged()
    assert web.get("/log/home").location == "/confirm?next=/log/home"
    web.get("/confirm?next=/log/home")
    assert "The access log needs fresh proof of who you are" in web.text
    assert 'href="/agreement/mine">Cancel' in web.last.text  # not a way back into the same question
    assert web.logged() == before  # not even the home was read
    web.sign_in(world.actor("police", "dpo", "Fresh"))
    for path in ("/log/home", "/log/use", "/log/verify"):
        assert web.get(path).status_code == 200


def test_only_officers_are_let_in(web, world, ada):
    web.sign_in(ada)
    for path in ("/log/home", "/log", "/log/use", "/log/verify"):
        assert web.get(path).status_code == 403


def test_a_line_says_who_as_what_did_what_to_which_case_and_nothing_of_it(reader, viewed):
    page = reader.get("/log")
    assert viewed.reference in page.text
    for words in ("Ada Okafor", "practitioner, Police", "Looked at what is held about a person", "BN-2026-0001"):
        assert words in reader.text
    assert "Marlowe" not in page.text
    assert "OFFICIAL-SENSITIVE" in reader.text


def test_filters_stand_in_no_address_and_are_read_out(reader, viewed, ada):
    answer = reader.post("/log", {"case": "BN-2026-0001", "actor": ada.user.hex, "operation": "consultation"})
    assert answer.status_code == 303
    assert not re.search(f"BN-2026|{ada.user.hex}|{ada.user}|consultation", answer.location)
    page = reader.get(answer.location)
    assert "Narrowed to case BN-2026-0001, practitioner Ada Okafor and what was done Looked" in reader.text
    assert "1 entry" in reader.text
    assert f'value="{ada.user.hex}" selected' in page.text


def test_an_entry_leads_back_to_the_list_it_was_chosen_from(reader, viewed):
    address = reader.post("/log", {"agency": "police"}).location
    (entry,) = set(re.findall(f'href="(/log/{viewed.reference}[^"]*)"', reader.get(address).text))
    assert f'href="{escape(address)}" class="govuk-back-link">The entries</a>' in reader.get(unescape(entry)).text


def test_a_wrong_date_keeps_what_was_typed(reader, viewed):
    answer = reader.post("/log", {"case": "BN-2026-0001", "since-day": "31", "since-month": "2", "since-year": "2026"})
    assert answer.status_code == 422
    assert "From must be a real date" in reader.text
    assert 'value="31"' in answer.text
    assert 'value="BN-2026-0001"' in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/log?q=forged",
        "/log?after=forged",
        f"/log?after={2**63}.{'0' * 32}",
        "/log/person?found=forged",
        "/log/K7QF-2M?entry=x",
    ],
)
def test_a_forged_address_is_not_found(reader, path):
    assert reader.get(path).status_code == 404


def test_an_address_dies_with_its_session(reader, officer, viewed):
    address = reader.post("/log", {"agency": "police"}).location
    assert reader.get(address).status_code == 200
    reader.sign_in(officer)
    reader.post("/log/use", {"use": "s62-lawfulness"})
    assert reader.get(address).status_code == 404


def test_a_look_up_leads_to_the_entries_about_the_person(reader, viewed):
    answer = reader.post("/log/person", {"surname": "Marlowe", **BORN})
    assert "Marlowe" not in answer.location
    assert answer.status_code == 303
    reader.get(answer.location)
    assert "Narrowed to case BN-2026-0001" in reader.text
    assert "Marlowe" not in reader.text


def test_a_look_up_that_finds_nobody_or_is_wrong_says_so(reader, viewed):
    reader.get(reader.post("/log/person", {"number": "2009/1234568H"}).location)
    assert "No entry that you may read is about a person with exactly these details" in reader.text
    wrong = reader.post("/log/person", {"surname": "Marlowe"})
    assert wrong.status_code == 422
    assert 'value="Marlowe"' in wrong.text


def test_one_entry_for_a_judge(reader, world, viewed):
    sequencer.drain(world.session, world.doors.log.signer(world.session, world.settings.log_origin))
    page = reader.get(f"/log/{viewed.reference}")
    assert "Ada Okafor, practitioner of Police, looked at what is held about a person: BN-2026-0001" in reader.text
    assert "Barnet Integrated Offender Management Information Sharing Agreement, version" in reader.text
    assert "5.1, Who this is" in reader.text
    assert "What was withheld" in reader.text
    assert "It stands in the log as it was written" in reader.text
    assert "Marlowe" not in page.text


def test_another_agency_finds_the_same_as_nothing(web, world, viewed):
    web.sign_in(world.actor("barnet_housing", "dpo"))
    web.post("/log/use", {"use": "s62-lawfulness"})
    with clock.still():
        theirs = web.get(f"/log/{viewed.reference}")
        missing = web.get("/log/2222-22")
    assert (theirs.status_code, missing.status_code) == (404, 404)
    # Each answer has the reference of its own entry, and a token of its own second.
    own = r"[2-9A-Z]{4}-[2-9A-Z]{2}|name=\"csrf_token\" value=\"[^\"]+\""
    assert re.sub(own, "", theirs.text) == re.sub(own, "", missing.text)


class TestEmergencies:
    @pytest.fixture
    def declared(self, world):
        nurse = world.actor("police", "practitioner", "Nell Night")
        case = world.case(RECORDS)
        return emergency.declare(world.session, world.doors, nurse, case, "He said he would jump tonight")

    def test_wait_until_reviewed_and_a_second_finding_changes_nothing(self, reader, world, declared):
        reader.get("/log/home")
        assert "1 emergency access to review" in reader.text
        page = reader.get("/log/emergencies")
        for words in (
            "Nell Night, practitioner, Police",
            "BN-2026-0001",
            "He said he would jump tonight",
            "What it opened",
        ):
            assert words in reader.text
        action = unescape(re.findall(r'action="(/log/emergencies/[^"]+)"', page.text)[0])
        assert reader.post(action, {"outcome": "nonsense", "note": "Spoke to her"}).status_code == 422
        assert "Spoke to her" in reader.text
        assert reader.post(action, {"outcome": "justified", "note": "Spoke to her"}).status_code == 303
        reader.get("/log/emergencies")
        assert "None waits for review" in reader.text
        assert "Police (you): justified on" in reader.text
        answer = reader.post(action, {"outcome": "escalated", "note": ""})
        reader.get(answer.location)
        assert "Your finding was recorded." not in reader.text
        assert "yours was not recorded" in reader.text
        assert "Police (you): justified on" in reader.text
        assert reader.logged().count(("emergency-reviewed", "permitted")) == 1

    def test_a_query_waits_for_its_answer(self, reader, declared):
        reader.post(f"/log/emergencies/{declared}", {"outcome": "questioned", "note": "Why not ring?"})
        reader.get("/log/emergencies")
        assert "Police (you): query sent on" in reader.text
        reader.post(f"/log/emergencies/{declared}", {"outcome": "escalated", "note": ""})
        reader.get("/log/emergencies")
        assert "Police (you): escalated on" in reader.text

    def test_the_declarers_finding_leaves_the_owners_query_open(self, reader, web, world, declared):
        """Each agency told finds for itself, and sees what the others found."""
        trust = Web(web.app, world)
        trust.sign_in(world.actor("ntmh", "dpo"))
        trust.post("/log/use", {"use": "s62-self-monitoring"})
        trust.post(f"/log/emergencies/{declared}", {"outcome": "questioned", "note": "Why not ring?"})
        reader.post(f"/log/emergencies/{declared}", {"outcome": "justified", "note": ""})
        trust.get("/log/emergencies")
        assert "North Thames Mental Health NHS Trust (you): query sent on" in trust.text
        assert "Police: justified on" in trust.text
        assert "None waits for review" not in trust.text
        reader.get("/log/emergencies")
        assert "None waits for review" in reader.text
        assert "North Thames Mental Health NHS Trust: query sent on" in reader.text
        trust.post(f"/log/emergencies/{declared}", {"outcome": "justified", "note": "They rang"})
        trust.get("/log/emergencies")
        assert "None waits for review" in trust.text

    def test_who_reads_all_sees_who_has_still_to_find_and_finds_for_nobody(self, reader, web, world, declared):
        reader.post(f"/log/emergencies/{declared}", {"outcome": "justified", "note": ""})
        whole = Web(web.app, world)
        whole.sign_in(world.actor("barnet_safety", "partnership_dpo"))
        whole.post("/log/use", {"use": "s62-self-monitoring"})
        page = whole.get("/log/emergencies")
        assert "Police: justified on" in whole.text
        assert re.search("Not reviewed yet by .*North Thames Mental Health NHS Trust", whole.text)
        assert "/log/emergencies/" not in page.text
        assert whole.post(f"/log/emergencies/{declared}", {"outcome": "justified", "note": ""}).status_code == 404

    def test_are_not_for_an_agency_that_was_not_told(self, web, world, declared):
        web.sign_in(world.actor("brent_housing", "dpo"))
        web.post("/log/use", {"use": "s62-self-monitoring"})
        assert "Nell Night" not in web.get("/log/emergencies").text
        assert web.post(f"/log/emergencies/{declared}", {"outcome": "justified", "note": ""}).status_code == 404


def test_verify_says_in_plain_words_that_the_log_is_whole(reader, viewed):
    answer = reader.post("/log/verify")
    assert answer.status_code == 303
    reader.get(answer.location)
    assert "Yes. Nothing has been changed, removed or reordered" in reader.text
    assert re.search(r"All \d+ entries are whole and in order, checked on", reader.text)
    assert ("log-verified", "permitted") in reader.logged()
    reader.get("/log/home")
    assert "The log is whole" in reader.text
