"""The Probation Service's example file, fault by fault (must be shown 5)."""

from datetime import date
from pathlib import Path

import openpyxl
import pytest

from portal.sharing.importing.accepted import Checked, Repeated
from portal.sharing.importing.spreadsheet import read
from portal.sharing.importing.validating import check
from tests.portal.sharing.importing.making import BOROUGHS, TODAY, saved

EXAMPLE = Path(__file__).parents[4] / ".." / "shared" / "examples" / "probation-monthly-2026-10.csv"

REFUSED = [
    (11, "Address", "Rows 11 and 183 give the same CRN but differ in: Address."),
    (13, "Date of birth", "31/02/1990 is not a day."),
    (25, "PNC ID", "2007/5199104A does not agree with its check letter A."),
    (54, "Surname", "There is no name."),
    (68, "OGRS3 1yr", "140 is not between 0 and 100."),
    (183, "Address", "Rows 11 and 183 give the same CRN but differ in: Address."),
]
TOLD = [
    (39, "OVP 2yr", "OVP: not scored. No OVP band is kept; criteria that ask for it are not known."),
    (82, "PNC ID", "The PNC ID is kept in full as 2005/3963669L."),
    (None, None, "Care experienced: the agreement has no field for this; it is not kept."),
]


@pytest.fixture(scope="module")
def example() -> bytes:
    if not EXAMPLE.exists():
        pytest.skip("the example probation file is not beside this checkout (../shared/examples)")
    return EXAMPLE.read_bytes()


def checked(data: bytes, today: date = TODAY) -> Checked:
    return check(read(data), boroughs=BOROUGHS, today=today)


def test_176_rows_are_ready_and_6_need_someone(example: bytes) -> None:
    found = checked(example)
    assert (found.ready, len(found.accepted), len(found.refused)) == (176, 175, 6)
    assert found.repeated == (Repeated(182, 7),)
    assert [(each.row, each.column, each.message) for each in found.problems] == REFUSED
    assert sorted(((each.row, each.column, each.message) for each in found.notes), key=str) == TOLD


def test_each_row_goes_to_its_borough(example: bytes) -> None:
    found = checked(example)
    counts = {borough: sum(each.borough == borough for each in found.accepted) for borough in BOROUGHS}
    assert counts == {"Barnet": 140, "Brent": 17, "Harrow": 18}


def test_the_same_file_in_other_dress_has_the_same_outcome(example: bytes) -> None:
    expected = checked(example)
    lines = [row.cells for row in read(example).rows]
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for cells in (read(example).header.cells, *lines):
        sheet.append([int(cell) if cell.isdigit() else cell for cell in cells])
    windows = example.decode().encode("cp1252")
    marked = b"\xef\xbb\xbf" + example + b"Total,182\r\n"
    for other in (checked(saved(book)), checked(windows), checked(marked)):
        assert [each.fingerprint() for each in other.accepted] == [each.fingerprint() for each in expected.accepted]
        assert (other.problems, other.repeated) == (expected.problems, expected.repeated)


def test_read_before_the_month_is_over_its_future_dates_are_refused(example: bytes) -> None:
    early = {each.row for each in checked(example, date(2026, 10, 28)).problems}
    assert early - {each.row for each in checked(example).problems} == {101}
