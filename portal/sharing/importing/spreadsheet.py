"""From the bytes of a file to a table: CSV as areas export it, and XLSX. In memory: no temporary file is written."""

import csv
import io
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from portal.sharing.importing.columns import COMPULSORY
from portal.sharing.importing.escaping import bare
from portal.sharing.importing.sheet import FileRefused, Row, Sheet, header_of, table

MAX_BYTES = 10 * 1024 * 1024
"""Size of the file as sent."""
MAX_UNPACKED = 80 * 1024 * 1024
"""Size of everything inside an XLSX file once unpacked: 20,000 full rows come to a third of it."""
MAX_MEMBERS = 500
"""Parts inside an XLSX file; an ordinary one has about a dozen."""
MAX_WIDTH = 100
"""Columns looked at."""

_DELIMITERS = (",", ";", "\t", "|")
_OLD_EXCEL = bytes.fromhex("d0cf11e0a1b11ae1")
_SAVE_AGAIN = "Open it in a spreadsheet and save it as .xlsx or as CSV UTF-8."
_NO_HEADINGS = (
    "No row of headings was found near the top of the file.",
    "The first rows must hold the columns: " + ", ".join(COMPULSORY) + ".",
)


def read(data: bytes) -> Sheet:
    """The table in a probation file, XLSX or CSV.

    CSV in UTF-8, UTF-16 with its mark or Windows-1252; parted by comma, semicolon, tab or bar.
    Raises FileRefused, with a remedy, for anything else; no other exception, whatever the bytes.
    """
    require_size(data)
    if not data.strip():
        raise FileRefused("The file is empty.", "Check that the extract was complete.")
    if data.startswith(_OLD_EXCEL):
        raise FileRefused("The file is an old Excel file (.xls) or has a password.", _SAVE_AGAIN)
    if data.startswith(b"PK"):
        return _read_xlsx(data)
    return _read_csv(_decode(data))


def require_size(data: bytes) -> None:
    """Raise FileRefused for a file that is too large to be looked at."""
    if len(data) > MAX_BYTES:
        raise FileRefused(
            f"The file is larger than {MAX_BYTES // 2**20} MB.", "Send it in parts, each with the headings."
        )


def _decode(data: bytes) -> str:
    """Text of a CSV file. UTF-8 first, because Windows-1252 accepts nearly anything."""
    encodings = ["utf-16"] if data.startswith((b"\xff\xfe", b"\xfe\xff")) else ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise FileRefused("The file is neither a spreadsheet nor text.", _SAVE_AGAIN)


def _read_csv(text: str) -> Sheet:
    """Try each delimiter on the first rows and take the one that shows most of the headings."""
    found = []
    for delimiter in _DELIMITERS:
        head = header_of(_until_broken(_csv_rows(text, delimiter)))
        if head:
            found.append((len(head.filled), delimiter, head))
    if not found:
        raise FileRefused(*_NO_HEADINGS)
    _, delimiter, head = max(found, key=lambda each: each[0])
    return table(_csv_rows(text, delimiter), head)


def _until_broken(rows: Iterator[Row]) -> Iterator[Row]:
    """The rows before the first that cannot be parted: under a wrong delimiter quotation marks stand out of place."""
    with suppress(FileRefused):
        yield from rows


def _csv_rows(text: str, delimiter: str) -> Iterator[Row]:
    """Rows numbered as a spreadsheet numbers them: a line break inside quotes does not start a row."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 0
    while True:
        number += 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            raise FileRefused(
                f"Row {number} has a quotation mark out of place, or one that is never closed.",
                "Correct it, or save the file again from a spreadsheet.",
            ) from None
        yield Row(number, tuple(map(bare, cells)))


def _read_xlsx(data: bytes) -> Sheet:
    """The first visible sheet with the headings."""
    _check_package(data)
    try:
        # A warning of openpyxl may quote a cell ("the serial value … is outside the limits") into the server's log.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _first_table(data)
    except FileRefused:
        raise
    except Exception:
        # openpyxl raises whatever its parsing meets; none of it tells a person anything, and it may quote a cell.
        raise FileRefused("The file is damaged or is not an Excel workbook.", _SAVE_AGAIN) from None


def _check_package(data: bytes) -> None:
    """Refuse a package that would unpack to too much, or that declares XML entities (which Excel never does).

    Sizes are checked before anything is unpacked, and `zipfile` never yields more than the declared size.
    """
    bomb = FileRefused(
        "The file unpacks to more than a spreadsheet of this kind can hold.", "Delete empty rows and pictures."
    )
    damaged = FileRefused("The file is damaged or is not an Excel workbook.", _SAVE_AGAIN)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            members = package.infolist()
            if len(members) > MAX_MEMBERS or sum(member.file_size for member in members) > MAX_UNPACKED:
                raise bomb
            for member in members:
                if _declares_entities(package.read(member)):
                    raise damaged
    except FileRefused:
        raise
    except Exception:
        # Besides BadZipFile: zlib.error, struct.error, RuntimeError for a password, NotImplementedError, …
        raise damaged from None


def _declares_entities(content: bytes) -> bool:
    return b"<!DOCTYPE" in content.replace(b"\0", b"")


def _first_table(data: bytes) -> Sheet:
    from openpyxl import load_workbook  # slow to import, and only this function needs it

    # data_only=False shows formulas as such; with True one that was never worked out would look like an empty cell.
    book = load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
    visible = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    for sheet in visible:
        head = header_of(_xlsx_rows(sheet))
        if head:
            others = [other.title for other in visible if other is not sheet]
            notes = (f"Only the sheet “{sheet.title}” was read, not: {', '.join(others)}.",) if others else ()
            return table(_xlsx_rows(sheet), head, notes)
    raise FileRefused(*_NO_HEADINGS)


def _xlsx_rows(sheet: Any) -> Iterator[Row]:
    sheet.reset_dimensions()  # some exporters state them wrongly, and openpyxl would stop there
    for number, cells in enumerate(sheet.iter_rows(min_row=1, max_col=MAX_WIDTH), start=1):
        yield _xlsx_row(number, cells)


def _xlsx_row(number: int, cells: Sequence[Any]) -> Row:
    formulas = frozenset(place for place, cell in enumerate(cells) if cell.value is not None and cell.data_type == "f")
    texts = [_text(cell.value) for cell in cells]
    while texts and not texts[-1]:
        texts.pop()
    return Row(number, tuple(texts), formulas)


def _text(value: object) -> str:
    """A cell as text: dates as ISO days, whole numbers without a decimal point, a formula as it stands."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return bare(value) if isinstance(value, str) else str(value)
