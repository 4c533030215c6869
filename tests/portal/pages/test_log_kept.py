"""Details of the log are kept beyond their period by officers, in words, and nobody keeps or ends another's."""

import re

import pytest
from sqlalchemy import text

from portal.audit import erasing, overview, reading, sequencer
from portal.audit.erasures import due, year_of
from portal.audit.reading import Filters
from portal.db import now_micros
from portal.sharing import visits
from portal.sharing.logbook import keeping
from portal.sharing.reading import case as case_reading
from tests.portal.pages.test_log import RECORDS

ASKED = {"asked_by": "Independent Office for Police Conduct", "matter": "2026/114", "reason": "Misuse is alleged"}


@pytest.fixture
def viewed(world):
    """A case, its reference, and the receipt of a practitioner's view of it."""
    ada = world.actor("police", "practitioner", "Ada Okafor")
    case = world.case(RECORDS, assigned=[ada])
    visit = visits.begin(world.session, world.doors, ada, case, "risk", "Home visit", now_micros())
    receipt = case_reading.case(world.session, world.doors, ada, visit).receipt
    query = text("SELECT reference FROM case_file WHERE id = :case")
    return world.session.execute(query, {"case": case.bytes}).scalar_one(), receipt


@pytest.fixture
def reader(web, world, viewed):
    """A browser of the police officer who has said what for."""
    return officer(web, world, "police", "dpo")


def officer(web, world, party, role):
    web.sign_in(world.actor(party, role, "Dana Poe"))
    web.post("/log/use", {"use": "s62-self-monitoring", "next": "/log"})
    return web


def form(world, **more):
    year = str(reading_year(world))
    return {"kind": "inquiry", "case": "", "agreement": "", "first_year": year, "last_year": year, **ASKED} | more


def reading_year(world):
    return year_of(world.doors.clock())


def entries(world, operation):
    world.session.rollback()
    vault = world.doors.log.vault(world.session)
    rows = reading.page(world.session, vault, Filters(operation=operation)).rows
    about = overview.about(world.session, vault, rows)
    return [(row, about[row.entry_id].details[0]) for row in rows]


def erase(world, years):
    """Erase what is due so many years from now; whom the entries are about that are still told."""
    world.session.rollback()
    now = due(reading_year(world) + years - 1, 0) + 1
    world.doors.log.clock, before = (lambda: now), world.doors.log.clock
    kept = keeping.kept(world.doors.book)
    sequencer.drain(world.session, world.doors.signer(world.session))
    for year in {found.year for found in erasing.survey(world.session, kept, now)}:
        erasing.announce(world.session, world.doors.log, kept, year)
    sequencer.drain(world.session, world.doors.signer(world.session))
    done = erasing.destroy(world.session, world.doors.log)
    world.doors.log.clock = before
    return done


def test_one_persons_details_are_kept_until_an_officer_ends_it(reader, world, viewed):
    reference, receipt = viewed
    assert "Nothing is kept longer" in reader.get("/log/kept-longer").text
    assert reader.post("/log/kept-longer", form(world, case=reference.lower())).status_code == 303
    ((row, detail),) = entries(world, "details-held")
    assert (row.agency, row.role, row.purpose) == ("police", "dpo", "s62-self-monitoring")
    assert detail.detail["justification"] == "Misuse is alleged"
    assert detail.person == entries(world, "consultation")[0][1].person
    page = reader.get("/log/kept-longer?done=kept").text
    for words in (
        "These details are kept until",
        "An inquiry",
        reference,
        ASKED["asked_by"],
        "2026/114",
        row.reference,
    ):
        assert words in page
    assert "Misuse is alleged" in reader.get(f"/log/{row.reference}").text
    assert erase(world, 7).keys > 0  # others go
    assert "Marlowe" not in reader.get(f"/log/{receipt.reference}").text
    assert reference in reader.text
    (action,) = re.findall(r'action="(/log/kept-longer/[^"]+/end)"', page)
    assert reader.post(action, {"end": " "}).status_code == 422
    assert "Give a reason" in reader.text
    assert reader.post(action, {"end": "The inquiry has closed"}).location.endswith("done=ended")
    assert reader.post(action, {"end": "Again"}).status_code == 404
    assert "No longer kept" in reader.get("/log/kept-longer").text
    assert entries(world, "details-released")[0][1].detail["justification"] == "The inquiry has closed"
    assert erase(world, 8).keys > 0
    gone = " ".join(reader.get(f"/log/{receipt.reference}").text.split())
    (said, *_) = entries(world, "details-erased")
    assert reference not in gone
    assert "at the end of the period for details of the log (clause 9.31), as entry" in gone
    assert said[0].reference in gone
    assert "There is a problem" not in gone


def test_what_is_missing_or_wrong_is_said_and_what_was_typed_stays(reader, world, viewed):
    sent = form(world, kind="x", case="XX-9999", first_year="1999", last_year="20266", asked_by="", reason="")
    answer = reader.post("/log/kept-longer", sent)
    assert answer.status_code == 422
    for words in (
        "Select what they are needed for",
        "No case under your agreements has this reference",
        "The first year must be from 2000 to",
        "The last year must be from 2000 to",
        "Say who asked",
        "Give a reason",
    ):
        assert words in reader.text
    assert 'value="XX-9999"' in answer.text
    assert 'value="2026/114"' in answer.text
    reader.post("/log/kept-longer", form(world, last_year="2001"))
    assert "The last year must not come before the first" in reader.text
    assert "Give a case reference, or select an agreement" in reader.text
    assert entries(world, "details-held") == []


def test_another_party_neither_sees_whose_details_are_kept_nor_ends_it(reader, web, world, viewed):
    reader.post("/log/kept-longer", form(world, case=viewed[0]))
    reader.post("/log/kept-longer", form(world, agreement="barnet-iom", matter="2026/115"))
    (action, *_) = re.findall(r'action="(/log/kept-longer/[^"]+/end)"', reader.get("/log/kept-longer").text)
    officer(web, world, "probation", "dpo")
    page = web.get("/log/kept-longer").text
    assert "2026/115" in page
    assert "2026/114" not in page
    assert viewed[0] not in page
    assert "/end" not in page
    assert web.post(action, {"end": "Mine"}).status_code == 404
    officer(web, world, "barnet_safety", "partnership_dpo")
    assert "2026/114" in web.get("/log/kept-longer").text
    assert web.post(action, {"end": "Agreed with the police"}).location.endswith("done=ended")
    web.sign_in(world.actor("police", "practitioner", "Ada Okafor"))
    assert web.get("/log/kept-longer").status_code == 403


def test_erasing_a_persons_case_leaves_the_logs_details(reader, world, viewed):
    """The case goes with its keys; who looked at it is still told, by keys of the log's own."""
    reference, receipt = viewed
    before = entries(world, "consultation")[0][1]
    tables = ("sealed_value", "search_tag", "key_dek")
    known = world.session.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars().all()
    with world.doors.log.transaction(world.session) as tx:
        for table in [name for name in tables if name in known]:
            tx.session.execute(text(f"DELETE FROM {table}"))
    after = entries(world, "consultation")[0][1]
    assert (after.person, after.detail) == (before.person, before.detail)
    assert after.person is not None
    assert reference in reader.get(f"/log/{receipt.reference}").text
