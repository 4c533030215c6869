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

PNC_LETTERS = "ZABCDEFGHJKLMNPQRTUVWXY"
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


class BadNumber(ValueError):
    """A PNC ID or CRN that cannot be one. Never holds the number itself, so that it may be shown or logged anywhere.

    `kind`: format, impossible or check letter; `fault` follows what was typed in a sentence; `remedy` is one.
    """

    def __init__(self, kind: str, fault: str, remedy: str) -> None:
        super().__init__(f"this {fault}. {remedy}")
        self.kind = kind
        self.fault = fault
        self.remedy = remedy


def check_letter(year: int, serial: int) -> str:
    """The check letter of a PNC ID: the one at (two-digit year followed by the seven-digit serial) mod 23."""
    return PNC_LETTERS[(year % 100 * 10_000_000 + serial) % 23]


def canonical_pnc(text: str, year: int | None = None) -> str:
    """A Police National Computer identifier as YYYY/NNNNNNNL, from the long or short form, with or without the slash.

    A two-digit year is of this century up to `year` (default: this year), else of the last. Raises `BadNumber`. The
    letter a number *would* need is not told: the mistyped character may be any of the others, and a letter made to
    fit could be another person's.
    """
    now = datetime.now(UTC).year if year is None else year
    found = _PNC.fullmatch(re.sub(r"\s", "", text).upper())
    if found is None:
        raise BadNumber("format", "is not a PNC ID", "A PNC ID looks like 2015/6033943L.")
    stated, slashed, plain, letter = found.groups()
    serial = (slashed or plain).zfill(7)
    full = int(stated) if len(stated) == 4 else int(stated) + (2000 if int(stated) <= now % 100 else 1900)
    if not 1900 <= full <= now:
        raise BadNumber("impossible", f"has the year {full}", "Correct the year of the PNC ID.")
    if check_letter(full, int(serial)) != letter:
        remedy = "A figure or the letter is mistyped: look the PNC ID up again."
        raise BadNumber("check letter", f"does not agree with its check letter {letter}", remedy)
    return f"{full}/{serial}{letter}"


def canonical_crn(text: str) -> str:
    """A probation case reference number: one letter, six digits, such as X123456. Raises `BadNumber`."""
    found = re.sub(r"\s", "", text).upper()
    if not _CRN.fullmatch(found):
        raise BadNumber("format", "is not a CRN", "A CRN is one letter and six figures: X123456.")
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
