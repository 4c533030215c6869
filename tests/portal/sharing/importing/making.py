"""Files to read, made in the test: one good row, changed cell by cell."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import date

import openpyxl

from portal.sharing.importing.accepted import Checked
from portal.sharing.importing.columns import Column
from portal.sharing.importing.spreadsheet import read
from portal.sharing.importing.validating import check

TODAY = date(2026, 11, 2)
BOROUGHS = ("Barnet", "Brent", "Harrow")
HEADINGS = [column.value for column in Column]
GOOD: Mapping[Column, str] = {
    Column.CRN: "V396366",
    Column.PNC: "2015/6033943L",
    Column.SURNAME: "Núñez",
    Column.FORENAME: "Zoë",
    Column.BORN: "25/04/1991",
    Column.GENDER: "F",
    Column.ETHNICITY: "W2",
    Column.ADDRESS: "Flat 34, 142 Golders Green Road",
    Column.POSTCODE: "N12 7UX",
    Column.AUTHORITY: "Barnet",
    Column.PRACTITIONER: "Stacey Patel",
    Column.SENTENCE: "Licence",
    Column.START: "06/01/2026",
    Column.END: "06/01/2028",
    Column.LICENCE_END: "06/01/2028",
    Column.OFFENCE: "Burglary dwelling",
    Column.OFFENCE_DATE: "01/12/2025",
    Column.OGRS3_1: "34",
    Column.OGRS3_2: "43",
    Column.OVP_1: "52",
    Column.OVP_2: "63",
    Column.OASYS_DATE: "14/06/2026",
    Column.ROSH: "Very high",
    Column.MAPPA: "",
    Column.DOMESTIC: "N",
    Column.CARE: "",
}


def cells(**changes: str) -> list[str]:
    """The good row with some cells changed, by the names of Column's members."""
    row = {**GOOD} | {Column[name]: value for name, value in changes.items()}
    return [row[column] for column in Column]


def csv_of(rows: Sequence[Sequence[str]], delimiter: str = ",", encoding: str = "utf-8") -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter).writerows(rows)
    return out.getvalue().encode(encoding)


def xlsx_of(rows: Sequence[Sequence[object]], title: str = "Extract") -> bytes:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = title
    for row in rows:
        sheet.append(list(row))
    return saved(book)


def saved(book: openpyxl.Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def outcome(*rows: Sequence[str]) -> Checked:
    """The outcome of a file of these rows; the first is row 2."""
    return check(read(csv_of([HEADINGS, *rows])), boroughs=BOROUGHS, today=TODAY)
