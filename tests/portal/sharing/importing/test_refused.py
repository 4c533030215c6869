import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from portal.sharing.importing.columns import REPORT_COLUMNS, Column
from portal.sharing.importing.escaping import bare, safe
from portal.sharing.importing.refused import refused_csv
from portal.sharing.importing.spreadsheet import read
from portal.sharing.importing.validating import check
from tests.portal.sharing.importing.making import BOROUGHS, HEADINGS, TODAY, cells, csv_of

RUNS = tuple("=+-@\t\r\n")


def report(*rows: list[str]) -> tuple[bytes, list[list[str]]]:
    sheet = read(csv_of([HEADINGS, *rows]))
    data = refused_csv(sheet, check(sheet, boroughs=BOROUGHS, today=TODAY))
    return data, list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def test_refused_rows_with_their_cells_and_every_reason() -> None:
    data, lines = report(cells(PNC=""), cells(CRN="x", BORN="31/02/1990"))
    assert data.startswith(b"\xef\xbb\xbf")
    assert lines[0] == HEADINGS + list(REPORT_COLUMNS)
    assert lines[1:] == [
        [
            *cells(CRN="x", BORN="31/02/1990"),
            "3",
            "CRN: x is not a CRN.\nDate of birth: 31/02/1990 is not a day.",
            "A CRN is one letter and six figures: X123456.\nCorrect the date, or leave the row out.",
        ]
    ]


def test_a_corrected_report_is_accepted_as_it_is() -> None:
    data, _ = report(cells(BORN="31/02/1990", SURNAME="-Núñez"))
    sheet = read(data.replace(b"31/02/1990", b"25/04/1991"))
    checked = check(sheet, boroughs=BOROUGHS, today=TODAY)
    assert sheet.notes == ()
    assert checked.accepted[0].person["surname"] == "-Núñez"
    assert checked.problems == ()


def test_a_second_report_does_not_gather_columns() -> None:
    data, lines = report(cells(BORN="31/02/1990"))
    sheet = read(data)
    again = refused_csv(sheet, check(sheet, boroughs=BOROUGHS, today=TODAY))
    assert next(csv.reader(io.StringIO(again.decode("utf-8-sig"), newline=""))) == lines[0]


@given(st.sampled_from([*RUNS, " =", "'=", "＝", " \t-"]), st.text(max_size=20), st.sampled_from(list(Column)))
def test_no_cell_of_the_report_runs(start: str, rest: str, column: Column) -> None:
    changes = {"BORN": "31/02/1990", column.name: start + rest}
    # A NUL makes the whole file "not text"; nothing of it is ever written back.
    _, lines = report(cells(**{name: value.replace("\0", "") for name, value in changes.items()}))
    assert len(lines) == 2
    for cell in lines[1]:
        assert not cell.lstrip(" ").startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))
        assert not cell.startswith(RUNS)


@given(st.text(alphabet="'=+-@ \t\r\nab＝", max_size=12) | st.text())
def test_escaping_is_reversible(text: str) -> None:
    assert bare(safe(text)) == text
