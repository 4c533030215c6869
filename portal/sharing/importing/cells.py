"""What one cell may hold. Each reader returns the value as the agreement's fields want it, or raises BadCell."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from enum import StrEnum
from functools import partial

from portal.keys import index_tags
from portal.keys.index_tags import BadNumber
from portal.sharing import typed


class Kind(StrEnum):
    """What is wrong with a value, without the value: may be counted and logged."""

    MISSING = "missing"
    FORMAT = "format"
    IMPOSSIBLE = "impossible"
    MONTH_FIRST = "month first"
    CHECK_LETTER = "check letter"
    RANGE = "range"
    CHOICE = "choice"
    FORMULA = "formula"
    CONFLICT = "conflict"


class BadCell(Exception):
    """The cell cannot be taken. `message` and `remedy` are for the person who sent the file and may quote the cell."""

    def __init__(self, kind: Kind, message: str, remedy: str) -> None:
        super().__init__(kind.value)
        self.kind = kind
        self.message = message
        self.remedy = remedy


_SPREADSHEET_ERRORS = {"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!", "########"}
NOT_SCORED = typed.NOT_STATED | {"na", "not scored", "not assessed", "none", "null"}
"""The same in a column of scores."""


def clean(text: str) -> str:
    """The cell as written, in Unicode NFC, with runs of white space (also line breaks) as one space.

    Raises BadCell for an error value of a spreadsheet and for characters that cannot be seen.
    """
    text = typed.visible(text)
    if typed.hidden(text):
        raise BadCell(Kind.FORMAT, "The cell holds characters that cannot be seen.", "Type the cell again.")
    text = " ".join(text.split())
    if text.upper() in _SPREADSHEET_ERRORS:
        raise BadCell(Kind.FORMULA, f"{text} is an error of the spreadsheet.", "Put the value itself in the cell.")
    return text


def quoted(text: str) -> str:
    """A value short enough to stand in a message."""
    return text if len(text) <= 40 else text[:39] + "…"


_SPACE_OR_TIME = r"(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?Z?)?"
_DAY_FIRST = re.compile(r"(\d{1,2})[/.\- ](\d{1,2})[/.\- ](\d{4})" + _SPACE_OR_TIME, re.ASCII)
_SHORT_YEAR = re.compile(r"(\d{1,2})[/.\- ](\d{1,2}|[A-Za-z]{3,9})[/.\- ](\d{2})", re.ASCII)
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})" + _SPACE_OR_TIME, re.ASCII)
_NAMED = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[ \-/]?([A-Za-z]{3,9})[ \-/,]*(\d{4})", re.ASCII)
_SERIAL = re.compile(r"\d{5}", re.ASCII)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAY_REMEDY = "Write the day first, with four figures for the year: 25/04/1991."


def day(text: str) -> date:
    """A day: 25/04/1991 (also with . - or spaces), 25 April 1991, 1991-04-25 or a spreadsheet's day number.

    Day numbers count from 30 December 1899, as Excel's do after February 1900. Two-figure years are refused: they
    have two readings and nothing in the cell decides.
    """
    if match := _ISO.fullmatch(text):
        return _real(text, int(match[1]), int(match[2]), int(match[3]))
    if match := _DAY_FIRST.fullmatch(text):
        return _real(text, int(match[3]), int(match[2]), int(match[1]))
    if match := _NAMED.fullmatch(text):
        month = match[2].casefold()[:3]
        if month in _MONTHS:
            return _real(text, int(match[3]), _MONTHS.index(month) + 1, int(match[1]))
    if _SERIAL.fullmatch(text) and int(text) <= 73_050:  # the last day of 2099
        return date(1899, 12, 30) + timedelta(days=int(text))
    if _SHORT_YEAR.fullmatch(text):
        raise BadCell(Kind.FORMAT, f"{quoted(text)} has a year of two figures.", _DAY_REMEDY)
    raise BadCell(Kind.FORMAT, f"{quoted(text)} is not a date.", _DAY_REMEDY)


def _real(text: str, year: int, month: int, number: int) -> date:
    if not typed.FIRST_YEAR <= year <= typed.LAST_YEAR:
        raise BadCell(Kind.IMPOSSIBLE, f"{quoted(text)} is in the year {year}.", "Correct the year.")
    try:
        return date(year, month, number)
    except ValueError:
        pass
    try:
        swapped = date(year, number, month)
    except ValueError:
        raise BadCell(
            Kind.IMPOSSIBLE, f"{quoted(text)} is not a day.", "Correct the date, or leave the row out."
        ) from None
    raise BadCell(
        Kind.MONTH_FIRST,
        f"{quoted(text)} is not a day: there is no month {month}.",
        f"If it is {swapped:%d/%m/%Y}, write it so.",
    )


_POSTCODE = re.compile(r"([A-Z]{1,2}\d[A-Z\d]?)(\d[A-Z]{2})", re.ASCII)


def crn(text: str) -> str:
    """Probation's case reference number, as `index_tags.canonical_crn`."""
    return _number(text, index_tags.canonical_crn)


def pnc(text: str, today: date) -> str:
    """A PNC ID in full, as `index_tags.canonical_pnc`: short years and serials are filled in."""
    return _number(text, partial(index_tags.canonical_pnc, year=today.year))


def _number(text: str, canonical: Callable[[str], str]) -> str:
    try:
        return canonical(text)
    except BadNumber as bad:
        raise BadCell(Kind(bad.kind), f"{quoted(text)} {bad.fault}.", bad.remedy) from None


def postcode(text: str) -> str:
    """A postcode, in capitals with one space."""
    match = _POSTCODE.fullmatch(text.upper().replace(" ", ""))
    if not match:
        raise BadCell(Kind.FORMAT, f"{quoted(text)} is not a postcode.", "A postcode looks like N12 7UX.")
    return f"{match[1]} {match[2]}"


def name(text: str) -> str:
    """A name as written. Raises BadCell where there is none, or a word that stands for none."""
    if text.casefold() in typed.NOT_STATED:
        raise BadCell(Kind.MISSING, "There is no name.", "Fill it in from the probation record.")
    if not typed.is_name(text):
        raise BadCell(Kind.FORMAT, f"{quoted(text)} is not a name.", "Check that the cells have not moved sideways.")
    return text


def score(text: str) -> int | None:
    """A percentage from 0 to 100 as a whole number, or None where the person was not scored (N/A, -, blank)."""
    if text.casefold() in NOT_SCORED:
        return None
    figures = text.removesuffix("%").strip().removesuffix(".0")
    if re.fullmatch(r"-?\d{1,9}", figures, re.ASCII) and not 0 <= int(figures) <= 100:
        raise BadCell(Kind.RANGE, f"{quoted(text)} is not between 0 and 100.", "Correct the score, or write N/A.")
    if not re.fullmatch(r"\d{1,3}", figures, re.ASCII):
        raise BadCell(Kind.FORMAT, f"{quoted(text)} is not a score.", "Write a whole number from 0 to 100, or N/A.")
    return int(figures)
