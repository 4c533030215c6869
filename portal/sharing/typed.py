"""What a value may say, by whichever way it comes in: typed into a form, searched for, or brought in with a file."""

import re
import unicodedata
from datetime import date

from portal.sharing.days import age

FIRST_YEAR, LAST_YEAR = 1900, 2100
YOUNGEST, OLDEST = 10, 120
"""Ages of a nominal. Ten: criminal responsibility (Children and Young Persons Act 1933 s.50)."""
LONGEST_NAME = 100
LEVELS = ("Low", "Medium", "High", "Very high")
NOT_STATED = frozenset({"", "-", "–", "n/a", "n/k", "nk", "not known", "unknown", "tbc", "?"})
"""What people write for nothing, in small letters. Not “na” or “null”: both are surnames."""

# Zero-width characters, soft hyphens, and the marks that other programs put around pasted telephone numbers and names.
_UNSEEN = re.compile("[\u200b\u2060\ufeff\u00ad\u202a-\u202c\u2066-\u2069]")
# Directional overrides make a name read other than it is; other control characters have no place in a value.
_HIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202d\u202e\ud800-\udfff]")
_PERCENT = re.compile(r"(\d{1,3}(?:\.\d{1,2})?) ?%?", re.ASCII)


def visible(text: str) -> str:
    """Unicode NFC, without the characters that take no room and change nothing."""
    return unicodedata.normalize("NFC", _UNSEEN.sub("", text))


def hidden(text: str) -> bool:
    """Whether characters are left that cannot be seen but change what is read: control characters, overrides."""
    return _HIDDEN.search(text) is not None


def is_name(text: str) -> bool:
    """Whether this can be a name: a letter in it, not too long, and no word that stands for nothing."""
    return text.casefold() not in NOT_STATED and len(text) <= LONGEST_NAME and any(c.isalpha() for c in text)


def impossible_age(born: date, today: date) -> int | None:
    """The age that somebody born then would have, where nobody in the portal can have it."""
    years = age(born, today)
    return None if YOUNGEST <= years <= OLDEST else years


def score(text: str, predictor: str) -> str | None:
    """A score in its normal form: a level for RoSH, for others a percentage; None where it is neither.

    Without a predictor both will do.
    """
    level = next((level for level in LEVELS if level.casefold() == text.casefold()), None)
    if predictor == "RoSH" or (level and not predictor):
        return level
    found = _PERCENT.fullmatch(text)
    return found[1] if found and float(found[1]) <= 100 else None
