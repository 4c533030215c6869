"""Cells that a spreadsheet would run: kept as text inside, never written out bare.

Source: OWASP, "CSV Injection": a cell starting with = + - @, tab, carriage return or line feed (or the full-width
forms of the signs) may be taken for a formula. The usual remedy, an apostrophe in front, is made reversible here so
that a file of refused rows can be corrected and sent in again without gathering apostrophes.
"""

import re

_RUNS = re.compile(r"[\s']*[=+\-@＝＋－＠]|'*[\t\r\n]")


def safe(text: str) -> str:
    """The text as a cell no spreadsheet runs: with an apostrophe in front where it needs one."""
    return "'" + text if _RUNS.match(text) else text


def bare(text: str) -> str:
    """The inverse of `safe`: `bare(safe(text)) == text` for every text."""
    return text[1:] if text.startswith("'") and _RUNS.match(text[1:]) else text
