import io
import zipfile
from datetime import date, datetime

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.sharing.importing import sheet as sheets
from portal.sharing.importing import spreadsheet
from portal.sharing.importing.columns import COMPULSORY, Column
from portal.sharing.importing.sheet import FileRefused
from portal.sharing.importing.spreadsheet import read
from tests.portal.sharing.importing.making import HEADINGS, cells, csv_of, saved, xlsx_of

PLAIN = csv_of([HEADINGS, cells()])
XLSX = xlsx_of([HEADINGS, cells()])


def refusal(data: bytes) -> str:
    with pytest.raises(FileRefused) as caught:
        read(data)
    assert caught.value.remedy
    return caught.value.message


def read_or_refused(data: bytes) -> str | tuple[object, ...]:
    """The rows, or the remedy of a refusal; any other exception fails the test."""
    try:
        return read(data).rows
    except FileRefused as refused:
        return refused.remedy


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_csv_in_any_usual_encoding_and_delimiter(encoding: str, delimiter: str) -> None:
    row = cells(SURNAME="O’Núñez")
    sheet = read(csv_of([HEADINGS, row], delimiter, encoding))
    assert [each.cells for each in sheet.rows] == [tuple(row)]
    assert (sheet.rows[0].number, sheet.notes, sheet.aside) == (2, (), ())


def test_rows_are_numbered_as_the_spreadsheet_shows_them() -> None:
    lead = [["OFFICIAL-SENSITIVE"], [], ["Monthly extract", "October 2026"]]
    broken = cells(ADDRESS="Flat 3\n12 High Road")
    for data in (csv_of([*lead, HEADINGS, broken, [], cells()]), xlsx_of([*lead, HEADINGS, broken, [], cells()])):
        assert [row.number for row in read(data).rows] == [5, 7]


def test_carriage_returns_alone_end_lines() -> None:
    assert read(PLAIN.replace(b"\r\n", b"\r")).rows[0].cells == tuple(cells())


def test_headings_by_other_names_and_columns_in_another_order() -> None:
    renamed = {
        "CRN": "crn number",
        "Date of birth": "D.O.B.",
        "Forename(s)": "FIRST NAME",
        "Local authority": "Borough",
    }
    headings = [renamed.get(name, name) for name in HEADINGS]
    sheet = read(csv_of([headings[::-1], cells()[::-1]]))
    assert set(sheet.header.positions) == set(Column)
    assert sheet.rows[0].cells[sheet.header.positions[Column.BORN]] == "25/04/1991"


def test_missing_compulsory_columns_are_named_all_at_once() -> None:
    kept = [place for place, column in enumerate(Column) if column not in (Column.BORN, Column.ROSH)]
    data = csv_of([[row[place] for place in kept] for row in (HEADINGS, cells())])
    assert refusal(data) == "These columns are missing: Date of birth, RoSH."


def test_a_column_twice_is_refused_and_unknown_or_absent_ones_are_told() -> None:
    assert refusal(csv_of([[*HEADINGS, "Surname"], [*cells(), "Other"]])) == "These columns occur twice: Surname."
    sheet = read(csv_of([[*HEADINGS[:-1], "Shoe size"], [*cells()[:-1], "9"]]))
    assert sheet.notes == (
        "These columns are not known and were not read: Shoe size.",
        "These columns are not in the file: Care experienced.",
    )


def test_totals_and_footers_are_set_aside_and_told() -> None:
    average = ["Average"] + [""] * 16 + ["40", "50", "30", "40"]
    data = csv_of(
        [HEADINGS, cells(), HEADINGS, cells(CRN="V396367"), [], ["Total", "3"], average, ["Made by London PS"]]
    )
    sheet = read(data)
    assert [row.number for row in sheet.rows] == [2, 4]
    assert [row.number for row in sheet.aside] == [3, 6, 7, 8]
    assert sheet.notes == (
        "Set aside as totals, footers or repeated headings, not as people: rows 3, 6, 7 and 8.",
        "Row 6 says 3 rows, but 2 were found. Check that the file is complete.",
    )


def test_a_sparse_row_among_people_is_not_taken_for_a_footer() -> None:
    sheet = read(csv_of([HEADINGS, ["Total", "1"], cells()]))
    assert [row.number for row in sheet.rows] == [2, 3]


def test_a_row_of_a_person_without_numbers_is_never_a_footer() -> None:
    assert read(csv_of([HEADINGS, cells(CRN="", PNC="", SURNAME="Page")])).aside == ()
    assert read(csv_of([HEADINGS, ["V396366", "", "Khan"]])).aside == ()
    assert read(csv_of([HEADINGS, ["", "", "Khan", "Nicole", "25/04/1991"]])).aside == ()


def test_xlsx_with_real_dates_numbers_and_formulas() -> None:
    row: list[object] = list(cells())
    row[4], row[12] = date(1991, 4, 25), datetime(2026, 1, 6, 14, 30)
    row[17], row[18], row[19] = 34, 43.0, 0.52
    row[2] = "=1+1"
    read_row = read(xlsx_of([HEADINGS, row])).rows[0]
    assert (read_row.cells[4], read_row.cells[12]) == ("1991-04-25", "2026-01-06")
    assert read_row.cells[17:20] == ("34", "43", "0.52")
    assert read_row.formulas == {2}


def test_a_day_number_out_of_range_is_a_spreadsheet_error_and_is_not_warned_about(
    recwarn: pytest.WarningsRecorder,
) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(HEADINGS)
    sheet.append(cells())
    sheet["E2"].value, sheet["E2"].number_format = 99_999_999_999, "dd/mm/yyyy"
    assert read(saved(book)).rows[0].cells[4] == "#VALUE!"
    assert not recwarn.list


def test_a_string_that_looks_like_a_formula_is_text() -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(HEADINGS)
    sheet.append(cells())
    sheet["C2"].value, sheet["C2"].data_type = "=cmd", "s"
    row = read(saved(book)).rows[0]
    assert (row.cells[2], row.formulas) == ("=cmd", frozenset())


def test_the_first_visible_sheet_with_the_headings_is_read() -> None:
    book = openpyxl.Workbook()
    for title, surname, state in (
        ("Old", "Hidden", "hidden"),
        ("Data", "Right", "visible"),
        ("Later", "No", "visible"),
    ):
        sheet = book.create_sheet(title)
        sheet.sheet_state = state
        sheet.append(HEADINGS)
        sheet.append(cells(SURNAME=surname))
    sheet = read(saved(book))
    assert sheet.rows[0].cells[2] == "Right"
    assert sheet.notes == ("Only the sheet “Data” was read, not: Sheet, Later.",)


def rewritten(data: bytes, old: bytes, new: bytes) -> bytes:
    """The workbook with some bytes of its sheet replaced."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(out, "w") as after:
        for name in before.namelist():
            content = before.read(name)
            assert old in content or "sheet1" not in name
            after.writestr(name, content.replace(old, new) if "sheet1" in name else content)
    return out.getvalue()


def test_dimensions_stated_wrongly_do_not_cut_the_sheet() -> None:
    assert read(rewritten(XLSX, b'ref="A1:Z2"', b'ref="A1:A1"')).rows[0].cells[0] == "V396366"


def test_whole_numbers_however_the_workbook_writes_them() -> None:
    row: list[object] = list(cells())
    row[4] = 33353
    data = rewritten(xlsx_of([HEADINGS, row]), b"<v>33353</v>", b"<v>3.3353E4</v>")
    assert read(data).rows[0].cells[4] == "33353"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "The file is empty."),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", "The file is an old Excel file (.xls) or has a password."),
        (b"PK\x03\x04nonsense", "The file is damaged or is not an Excel workbook."),
        (b"%PDF-1.7\x00\x01", "The file is neither a spreadsheet nor text."),
        (b"a,b\r\n1,2\r\n", "No row of headings was found near the top of the file."),
        (csv_of([HEADINGS]), "The file has headings but no rows under them."),
        (PLAIN + b'"never closed', "Row 3 has a quotation mark out of place, or one that is never closed."),
        (csv_of([HEADINGS, cells(ADDRESS="x" * 2001)]), "Row 2 has a cell of more than 2,000 characters."),
        (xlsx_of([["nothing"]]), "No row of headings was found near the top of the file."),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_a_remedy(data: bytes, message: str) -> None:
    assert refusal(data) == message


def test_no_headings_names_every_compulsory_column() -> None:
    with pytest.raises(FileRefused) as caught:
        read(b"a,b\r\n1,2\r\n")
    assert all(column in caught.value.remedy for column in COMPULSORY)


def test_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MAX_ROWS", 1)
    assert refusal(csv_of([HEADINGS, cells(), cells()])) == "The file has more than 1 rows."
    monkeypatch.setattr(sheets, "MAX_LINES", 1)
    assert refusal(PLAIN) == "The sheet goes on past row 1."
    monkeypatch.setattr(spreadsheet, "MAX_BYTES", len(PLAIN) - 1)
    assert refusal(PLAIN).startswith("The file is larger than")


def test_a_bomb_is_refused_by_its_declared_size_and_a_lie_about_it_does_not_help() -> None:
    out = io.BytesIO(XLSX)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as package:
        package.writestr("xl/media/bomb", bytes(spreadsheet.MAX_UNPACKED))
    bomb = out.getvalue()
    assert len(bomb) < 200_000
    assert refusal(bomb) == "The file unpacks to more than a spreadsheet of this kind can hold."
    lie = bomb.replace(spreadsheet.MAX_UNPACKED.to_bytes(4, "little"), (100).to_bytes(4, "little"))
    assert lie != bomb
    assert refusal(lie) == "The file is damaged or is not an Excel workbook."


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_xml_that_declares_entities_is_refused(encoding: str) -> None:
    out = io.BytesIO(XLSX)
    with zipfile.ZipFile(out, "a") as package:
        package.writestr("xl/extra.xml", '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'.encode(encoding))
    assert refusal(out.getvalue()) == "The file is damaged or is not an Excel workbook."


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for each in (data, b"PK" + data, PLAIN + data):
        assert read_or_refused(each)


@given(st.integers(0, len(XLSX) - 1), st.integers(0, 255))
def test_a_workbook_with_any_byte_changed_is_read_or_refused(place: int, byte: int) -> None:
    changed = bytearray(XLSX)
    changed[place] = byte
    assert read_or_refused(bytes(changed))


@given(st.text(max_size=200), st.sampled_from([",", ";", "\t"]))
def test_any_text_under_the_headings_is_read_or_refused(text: str, delimiter: str) -> None:
    assert read_or_refused((delimiter.join(HEADINGS) + "\r\n" + text).encode())


def test_nothing_personal_in_reprs_or_refusals() -> None:
    sheet = read(csv_of([[*HEADINGS, "Canary"], [*cells(SURNAME="Canary"), "Canary"], ["Canary"]]))
    assert "Canary" not in repr(sheet)
    with pytest.raises(FileRefused) as caught:
        read(csv_of([["Canary", "CRN"]]))
    assert "Canary" not in str(caught.value)
