"""What one cell may hold. Each reader returns the value as the agreement's fields want it, or raises BadCell."""

import re
import unicodedata
from datetime import date, timedelta
from enum import StrEnum


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
_UNSEEN = re.compile("[\u200b\u2060\ufeff\u00ad]")
# Directional overrides make a name read other than it is; other control characters have no place in a cell.
_FORBIDDEN = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
NOT_STATED = frozenset({"", "-", "–", "n/a", "n/k", "nk", "not known", "unknown", "tbc", "?"})
"""What people write for nothing, in small letters. Not “na” or “null”: both are surnames."""
NOT_SCORED = NOT_STATED | {"na", "not scored", "not assessed", "none", "null"}
"""The same in a column of scores."""

PNC_LETTERS = "ZABCDEFGHJKLMNPQRTUVWXY"
"""Check letter of a PNC ID: the letter at (two-digit year followed by seven-digit serial) mod 23."""


def clean(text: str) -> str:
    """The cell as written, in Unicode NFC, with runs of white space (also line breaks) as one space.

    Raises BadCell for an error value of a spreadsheet and for characters that cannot be seen.
    """
    text = unicodedata.normalize("NFC", _UNSEEN.sub("", text))
    if _FORBIDDEN.search(text):
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
    if not 1900 <= year <= 2100:
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


_CRN = re.compile(r"[A-Z]\d{6}", re.ASCII)
_PNC = (
    re.compile(r"(\d{4}|\d{2})/(\d{1,7})([A-Z])", re.ASCII),
    re.compile(r"(\d{4}|\d{2})(\d{7})([A-Z])", re.ASCII),
)
_POSTCODE = re.compile(r"([A-Z]{1,2}\d[A-Z\d]?)(\d[A-Z]{2})", re.ASCII)


def crn(text: str) -> str:
    """Probation's case reference number: one letter and six figures."""
    value = text.upper().replace(" ", "")
    if not _CRN.fullmatch(value):
        raise BadCell(Kind.FORMAT, f"{quoted(text)} is not a CRN.", "A CRN is one letter and six figures: X123456.")
    return value


def pnc(text: str, today: date) -> str:
    """A PNC ID in full: four-figure year, seven-figure serial, check letter. Short years and serials are filled in.

    A two-figure year later than this one is of the last century. The letter a number *would* need is not told:
    the mistyped character may be any of the others, and a letter made to fit could be another person's.
    """
    value = text.upper().replace(" ", "")
    match = next((match for pattern in _PNC if (match := pattern.fullmatch(value))), None)
    if match is None:
        raise BadCell(Kind.FORMAT, f"{quoted(text)} is not a PNC ID.", "A PNC ID looks like 2015/6033943L.")
    year, serial = int(match[1]), match[2].zfill(7)
    if len(match[1]) == 2:
        year += 2000 if year <= today.year % 100 else 1900
    if not 1900 <= year <= today.year:
        raise BadCell(Kind.IMPOSSIBLE, f"{quoted(text)} has the year {year}.", "Correct the year of the PNC ID.")
    if PNC_LETTERS[int(f"{year % 100:02}{serial}") % 23] != match[3]:
        raise BadCell(
            Kind.CHECK_LETTER,
            f"{quoted(text)} does not agree with its check letter {match[3]}.",
            "A figure or the letter is mistyped: look the PNC ID up again.",
        )
    return f"{year}/{serial}{match[3]}"


def postcode(text: str) -> str:
    """A postcode, in capitals with one space."""
    match = _POSTCODE.fullmatch(text.upper().replace(" ", ""))
    if not match:
        raise BadCell(Kind.FORMAT, f"{quoted(text)} is not a postcode.", "A postcode looks like N12 7UX.")
    return f"{match[1]} {match[2]}"


def name(text: str) -> str:
    """A name as written. Raises BadCell where there is none, or a word that stands for none."""
    if text.casefold() in NOT_STATED:
        raise BadCell(Kind.MISSING, "There is no name.", "Fill it in from the probation record.")
    if not any(character.isalpha() for character in text) or len(text) > 100:
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
