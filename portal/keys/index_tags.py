"""Find sealed values by exact match: a keyed tag of the normal form, so that the database learns neither.

`VERSION` is bound into every tag: whoever changes a normal form raises it, writes both and queries both until the
old tags are gone.
"""

import hmac
import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, date, datetime

from portal.keys.encoding import number_part, text_part

VERSION = 1
"""Version of the normal forms below."""
PNC = "pnc"
CRN = "crn"
SURNAME_DOB = "surname+dob"

_LETTERS = "ZABCDEFGHJKLMNPQRTUVWXY"
_PNC = re.compile(r"(\d{4}|\d{2})(?:/(\d{1,7})|(\d{7}))([A-Z])", re.ASCII)
_CRN = re.compile(r"[A-Z]\d{6}", re.ASCII)
# Letters that Unicode does not take apart but people at a counter type without their stroke.
_PLAIN = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"})
_KEPT = frozenset({"Lu", "Ll", "Lt", "Lo", "Nd", "Nl", "No"})  # not Lm: ʼ and ʻ are apostrophes here
_BETWEEN = re.compile(r"[\s\-\u2010-\u2015\u2212_/.,]+")


class Tagger:
    """Makes tags under one secret of 32 bytes (of the root "index", see `secrets.named`)."""

    __slots__ = ("_secret",)

    def __init__(self, secret: bytes) -> None:
        if len(secret) < 32:
            del secret
            raise ValueError("the secret of a tagger has at least 32 bytes")
        self._secret = secret

    def __repr__(self) -> str:
        return "Tagger()"

    def tag(self, label: str, normalised: str) -> bytes:
        """16 bytes: HMAC-SHA256 over label, version of the normal forms and normal form, cut to 128 bits.

        The label (such as `PNC`) keeps equal text of two kinds apart. Never tag risk, health or yes/no fields.
        """
        text = normalised.encode()  # not through the cache of `text_part`: this is personal
        message = text_part(label) + number_part(VERSION) + len(text).to_bytes(4, "big") + text
        return hmac.digest(self._secret, message, "sha256")[:16]


def canonical_pnc(text: str, year: int | None = None) -> str:
    """A Police National Computer number as YYYY/NNNNNNNL, from the long or short form, with or without the slash.

    A two-digit year is of this century up to `year` (default: this year), else of the last. The letter must be the
    check letter: Z A B C D E F G H J K L M N P Q R T U V W X Y, at (two-digit year followed by the seven-digit
    serial) mod 23. Raises `ValueError` with what to do, never with the number.
    """
    now = datetime.now(UTC).year if year is None else year
    found = _PNC.fullmatch(re.sub(r"\s", "", text).upper())
    if found is None:
        raise ValueError("a PNC number looks like 2001/0123456K: year, slash, up to seven digits, letter")
    stated, slashed, plain, letter = found.groups()
    serial = (slashed or plain).zfill(7)
    full = int(stated) if len(stated) == 4 else int(stated) + (2000 if int(stated) <= now % 100 else 1900)
    if not 1900 <= full <= now:
        raise ValueError("the year of this PNC number has not been or is too long ago: check the first digits")
    if _LETTERS[int(f"{full % 100:02}{serial}") % 23] != letter:
        raise ValueError("the letter of this PNC number does not fit its digits: check for a mistyped digit")
    return f"{full}/{serial}{letter}"


def canonical_crn(text: str) -> str:
    """A probation case reference number: one letter, six digits, such as X123456. Raises `ValueError`."""
    found = re.sub(r"\s", "", text).upper()
    if not _CRN.fullmatch(found):
        raise ValueError("a CRN looks like X123456: one letter and six digits")
    return found


def surname_tokens(surname: str) -> tuple[str, ...]:
    """The normal forms a surname is found by: the whole, and each part of a double-barrelled or spaced one.

    NFKD, casefold, without marks, apostrophes, hyphens and spaces: O’Brien-Núñez → obriennunez, nunez, obrien.
    """
    parts = [_letters(part) for part in _BETWEEN.split(surname)]
    whole = "".join(parts)
    return (whole, *sorted({part for part in parts if part} - {whole})) if whole else ()


def surname_dob(surname: str, born: date) -> tuple[str, ...]:
    """What a person is found by under `SURNAME_DOB`: each surname token with the date of birth."""
    return tuple(f"{token}|{born.isoformat()}" for token in surname_tokens(surname))


def mixes_scripts(text: str) -> bool:
    """Whether letters of two scripts stand in one name (a Cyrillic а in Sаm): worth a person's second look."""
    return len(set(_scripts(text))) > 1


def _scripts(text: str) -> Iterable[str]:
    for letter in text:
        if letter.isalpha() and unicodedata.category(letter) != "Lm":
            yield unicodedata.name(letter, "UNKNOWN").split(" ")[0]


def _letters(text: str) -> str:
    """Letters and digits alone, folded. Folding can make new marks and marks new letters: it is done to its end."""
    folded = unicodedata.normalize("NFKD", text).casefold()
    folded = unicodedata.normalize("NFKD", folded).casefold().translate(_PLAIN)
    return "".join(letter for letter in folded if unicodedata.category(letter) in _KEPT)
