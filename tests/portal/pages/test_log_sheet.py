"""Entries taken out by an officer as a spreadsheet: with a reason, logged, formula-safe, and no more than they see."""

import csv
import io

import pytest

from portal.audit import overview, reading
from portal.audit.reading import Filters
from portal.db import now_micros
from portal.sharing import visits
from portal.sharing.logbook import sheets
from portal.sharing.reading import case as case_reading
from tests.portal.pages.test_log import RECORDS

WHY = "Sample of October for the chief constable"


@pytest.fixture
def viewed(world):
    """Two views of one case, by a police practitioner whose name a spreadsheet would run, and by a probation one."""
    both = [world.actor("police", "practitioner", "=Ada Okafor"), world.actor("probation", "practitioner", "Jo Smith")]
    case = world.case(RECORDS, assigned=both)
    for actor in both:
        visit = visits.begin(world.session, world.doors, actor, case, "risk", "Home visit", now_micros())
        case_reading.case(world.session, world.doors, actor, visit)
    return case


@pytest.fixture
def reader(web, world, viewed):
    """A browser of the police officer who has said what for."""
    web.sign_in(world.actor("police", "dpo", "Dana Poe"))
    web.post("/log/use", {"use": "s62-lawfulness", "next": "/log"})
    return web


def rows(answer):
    assert answer.mimetype == "text/csv"
    assert answer.data.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))


def exports(world):
    world.session.rollback()
    vault = world.doors.log.vault(world.session)
    found = reading.page(world.session, vault, Filters(operation="export")).rows
    about = overview.about(world.session, vault, found)
    return [(row.reference, row.purpose, row.agency, about[row.entry_id].details[0].detail) for row in found]


def test_what_an_officer_sees_is_taken_out_with_a_reason_and_logged(reader, world):
    listed = reader.get("/log").text
    assert 'href="/log/sheet"' in listed
    assert "Why do you take it out?" in reader.get("/log/sheet").text
    found = rows(reader.post("/log/sheet", {"reason": WHY}))
    ((reference, purpose, agency, detail),) = exports(world)
    assert (purpose, agency) == ("s62-lawfulness", "police")
    assert (detail["justification"], detail["sheet"]) == (WHY, "csv")
    assert ["Log entry", reference] in found
    assert ["Reason", WHY] in found
    assert any("BN-2026-0001" in row for row in found)
    assert reader.last.headers["Content-Disposition"].endswith(f'access-log-{reference}-OFFICIAL-SENSITIVE.csv"')


def test_no_cell_is_one_that_a_spreadsheet_runs(reader):
    found = rows(reader.post("/log/sheet", {"reason": "=HYPERLINK(1)"}))
    assert ["Reason", "'=HYPERLINK(1)"] in found
    assert any("'=Ada Okafor" in row for row in found)
    assert not [cell for row in found for cell in row if cell[:1] in tuple("=+-@\t\r")]


def test_another_agency_s_entries_stay_out_where_the_list_keeps_them_out(reader):
    listed = reader.get("/log").text
    found = rows(reader.post("/log/sheet", {"reason": WHY}))
    assert ("Jo Smith" in listed) == any("Jo Smith" in row for row in found)


def test_what_was_narrowed_is_taken_out_narrowed(reader):
    narrowed = reader.post("/log", {"operation": "sign-in"}).location
    sheet = narrowed.replace("/log?", "/log/sheet?")
    assert "No entry" in reader.get(narrowed).text
    found = rows(reader.post(sheet, {"reason": WHY}))
    assert not any("BN-2026-0001" in row for row in found)
    assert ["Narrowed to", "what was done Signed in"] in [[c.rstrip(".") for c in row] for row in found]


@pytest.mark.parametrize(
    ("reason", "said"), [("  ", "Say why you take it out"), ("x" * 501, "500 characters or fewer")]
)
def test_without_a_reason_nothing_is_taken_out_and_nothing_typed_is_lost(reader, world, reason, said):
    answer = reader.post("/log/sheet", {"reason": reason})
    assert (answer.status_code, said in answer.text) == (422, True)
    assert reason.strip() in answer.text
    assert exports(world) == []


def test_an_address_of_another_session_is_none(reader):
    assert reader.get("/log/sheet?q=nonsense").status_code == 404
    assert reader.post("/log/sheet?q=nonsense", {"reason": WHY}).status_code == 404


def test_the_use_is_asked_first(web, world):
    web.sign_in(world.actor("police", "dpo", "Dana Poe"))
    assert web.get("/log/sheet").location.startswith("/log/use")
    assert web.post("/log/sheet", {"reason": WHY}).location.startswith("/log/use")
    assert exports(world) == []


def test_what_is_cut_says_so(reader, monkeypatch):
    monkeypatch.setattr(sheets, "MOST", 2)
    monkeypatch.setattr(sheets, "BATCH", 2)
    monkeypatch.setattr("portal.pages.log_sheet.MOST", 2)
    found = rows(reader.post("/log/sheet", {"reason": WHY}))
    assert ["Not whole", "The newest 2 entries. Narrow the dates for older ones."] in found
    header = next(i for i, row in enumerate(found) if row[:1] == ["Reference"])
    assert len(found) - header - 1 == 2
