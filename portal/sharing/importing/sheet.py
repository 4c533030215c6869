"""The table inside a spreadsheet: its headings, its rows as people number them, and what stands around it."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from portal.errors import PortalError
from portal.sharing.importing.columns import COMPULSORY, Column, Header, recognise

MAX_ROWS = 20_000
"""Rows of the table; the longest extract of one London borough is a few thousand."""
MAX_CELL = 2_000
"""Characters of one cell. A longer one is nearly always a quotation mark that was never closed."""
LEAD_ROWS = 30
"""How far down the headings may start: extracts carry a title, a marking, the date of the run."""
MAX_LINES = 50_000
"""Rows of the whole sheet, blank ones included."""

_FOOTER = re.compile(
    r"(grand |sub-?)?(totals?|count|number|records?|rows|average|mean|sum|report|run|produced|printed|generated|"
    r"extract(ed)?|source|page|end|notes?|official|confidential|filters?)\b",
    re.IGNORECASE,
)
_CRN_LIKE = re.compile(r"[A-Za-z] ?\d{5,7}", re.ASCII)
_COUNTED = re.compile(r"\D*\b(?:totals?|count|number|records?|rows)\b\D*(\d[\d,]*)\D*", re.IGNORECASE)


class FileRefused(PortalError):
    """The file as a whole cannot be read. The words say why and what to do, and quote nothing from its cells."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(f"{message} {remedy}")
        self.message = message
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Row:
    """One row. `number` is what the spreadsheet shows beside it: the first row of the file is 1."""

    number: int
    cells: tuple[str, ...] = field(repr=False)
    formulas: frozenset[int] = frozenset()
    """Places (from 0) of cells that hold a formula: what it would come to is not known without running it."""

    @property
    def filled(self) -> tuple[str, ...]:
        """The cells that are not blank."""
        return tuple(cell for cell in self.cells if cell.strip())


@dataclass(frozen=True)
class Sheet:
    """A table ready to be checked. Nothing of the file is dropped: a row is in `rows` or in `aside`, or blank."""

    header: Header
    rows: tuple[Row, ...]
    aside: tuple[Row, ...]
    """Totals, footers and repeated headings, told to the person and not read."""
    notes: tuple[str, ...] = field(default=(), repr=False)
    """What the person should know of the file as a whole."""


def header_of(lines: Iterable[Row]) -> Row | None:
    """The row of headings among the first lines: the one with most known columns, at least half the compulsory ones."""
    best, most = None, len(COMPULSORY) // 2
    for line in islice(lines, LEAD_ROWS):
        known = len(recognise(line.cells).positions)
        if known > most:
            best, most = line, known
    return best


def table(lines: Iterable[Row], head: Row, notes: tuple[str, ...] = ()) -> Sheet:
    """The table under `head`. Lines are all rows of the sheet in order, blank ones included.

    Raises FileRefused for missing or repeated columns (all named at once), too many rows, or a cell too long.
    """
    header = recognise(head.cells)
    if header.missing or header.twice:
        raise FileRefused(*_wrong_columns(header))
    rows = list(_filled(line for line in lines if line.number > head.number))
    rows, aside = _set_aside(rows, header)
    if not rows:
        raise FileRefused("The file has headings but no rows under them.", "Check that the extract was complete.")
    return Sheet(header, tuple(rows), tuple(aside), notes + tuple(_notes(header, len(rows), aside)))


def _wrong_columns(header: Header) -> tuple[str, str]:
    parts = []
    if header.missing:
        parts.append("These columns are missing: " + ", ".join(header.missing) + ".")
    if header.twice:
        parts.append("These columns occur twice: " + ", ".join(header.twice) + ".")
    return " ".join(parts), "Ask for the extract again with each of these columns once, or correct the headings."


def _filled(lines: Iterable[Row]) -> Iterator[Row]:
    """The rows that are not blank, within the limits."""
    count = 0
    for line in lines:
        if line.number > MAX_LINES:
            raise FileRefused(f"The sheet goes on past row {MAX_LINES:,}.", "Delete the empty rows under the table.")
        if not line.filled:
            continue
        count += 1
        if count > MAX_ROWS:
            raise FileRefused(f"The file has more than {MAX_ROWS:,} rows.", "Send it in parts, each with the headings.")
        if any(len(cell) > MAX_CELL for cell in line.cells):
            raise FileRefused(
                f"Row {line.number} has a cell of more than {MAX_CELL:,} characters.",
                "Look for a quotation mark that is not closed, or shorten the cell.",
            )
        yield line


def _set_aside(rows: list[Row], header: Header) -> tuple[list[Row], list[Row]]:
    """Part the rows of people from totals and footers at the end, and from headings repeated on each printed page."""
    headings = tuple(cell for cell in header.cells if cell.strip())
    aside = [row for row in rows if row.filled == headings]
    kept = [row for row in rows if row.filled != headings]
    while kept and _is_footer(kept[-1], header):
        aside.append(kept.pop())
    return kept, sorted(aside, key=lambda row: row.number)


def _is_footer(row: Row, header: Header) -> bool:
    """A person's row has a CRN or fills most columns; a footer has a cell or two, or begins with a footer's word."""
    filled, place = row.filled, header.positions[Column.CRN]
    if _CRN_LIKE.fullmatch(row.cells[place].strip() if place < len(row.cells) else ""):
        return False
    words = _FOOTER.match(filled[0].strip()) is not None
    return len(filled) <= 2 or (words and len(filled) <= len(header.positions) // 2)


def _rows(numbers: list[int]) -> str:
    """“row 8”, “rows 8 and 9”, at most twenty of them."""
    told = [str(number) for number in numbers[:20]] + (["others"] if len(numbers) > 20 else [])
    return f"rows {', '.join(told[:-1])} and {told[-1]}" if len(told) > 1 else f"row {told[0]}"


def _notes(header: Header, rows: int, aside: list[Row]) -> Iterator[str]:
    if header.unknown:
        yield "These columns are not known and were not read: " + ", ".join(header.unknown) + "."
    if header.absent:
        yield "These columns are not in the file: " + ", ".join(header.absent) + "."
    if aside:
        yield f"Set aside as totals, footers or repeated headings, not as people: {_rows([r.number for r in aside])}."
    for row in aside:
        stated = _COUNTED.fullmatch(" ".join(row.filled)) if len(row.filled) <= 2 else None
        if stated and int(stated[1].replace(",", "")) != rows:
            yield f"Row {row.number} says {stated[1]} rows, but {rows} were found. Check that the file is complete."
