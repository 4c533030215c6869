"""The columns of the monthly probation file, by the names areas give them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Column(StrEnum):
    """A column the portal knows; the value is the heading of the Probation Service's own extract."""

    CRN = "CRN"
    PNC = "PNC ID"
    SURNAME = "Surname"
    FORENAME = "Forename(s)"
    BORN = "Date of birth"
    GENDER = "Gender"
    ETHNICITY = "Ethnicity"
    ADDRESS = "Address"
    POSTCODE = "Postcode"
    AUTHORITY = "Local authority"
    PRACTITIONER = "Probation practitioner"
    SENTENCE = "Sentence type"
    START = "Sentence start"
    END = "Sentence end"
    LICENCE_END = "Licence end"
    OFFENCE = "Index offence"
    OFFENCE_DATE = "Offence date"
    OGRS3_1 = "OGRS3 1yr"
    OGRS3_2 = "OGRS3 2yr"
    OVP_1 = "OVP 1yr"
    OVP_2 = "OVP 2yr"
    OASYS_DATE = "OASys date"
    ROSH = "RoSH"
    MAPPA = "MAPPA level"
    DOMESTIC = "DA perpetrator"
    CARE = "Care experienced"


COMPULSORY: tuple[Column, ...] = (
    Column.CRN,
    Column.PNC,
    Column.SURNAME,
    Column.FORENAME,
    Column.BORN,
    Column.AUTHORITY,
    Column.SENTENCE,
    Column.OGRS3_2,
    Column.OVP_2,
    Column.OASYS_DATE,
    Column.ROSH,
)
"""Without these columns a file cannot become referrals: who, which agreement, which sentence, which scores and when."""

_VARIANTS: dict[Column, tuple[str, ...]] = {
    Column.CRN: ("crn number", "case reference number", "case reference", "ndelius crn"),
    Column.PNC: ("pnc", "pnc number", "pnc no", "pncid number"),
    Column.SURNAME: ("last name", "family name"),
    Column.FORENAME: ("forename", "first name", "first names", "first name(s)", "given name", "given names"),
    Column.BORN: ("dob", "d.o.b.", "birth date", "date birth"),
    Column.GENDER: ("sex",),
    Column.ETHNICITY: ("ethnicity code", "ethnic origin", "self-defined ethnicity"),
    Column.ADDRESS: ("home address", "main address", "current address"),
    Column.POSTCODE: ("post code", "address postcode"),
    Column.AUTHORITY: ("la", "borough", "local authority name", "home borough"),
    Column.PRACTITIONER: (
        "practitioner",
        "offender manager",
        "responsible officer",
        "com",
        "community offender manager",
    ),
    Column.SENTENCE: ("order type", "disposal", "sentence"),
    Column.START: ("sentence start date", "start date", "order start"),
    Column.END: ("sentence end date", "end date", "order end"),
    Column.LICENCE_END: ("licence end date", "licence expiry", "licence expiry date", "led"),
    Column.OFFENCE: ("main offence", "offence", "index offence description"),
    Column.OFFENCE_DATE: ("date of offence", "index offence date"),
    Column.OGRS3_1: ("ogrs3 1 year", "ogrs3 12 months", "ogrs 1yr", "ogrs 1 year"),
    Column.OGRS3_2: ("ogrs3 2 year", "ogrs3 2 years", "ogrs3 24 months", "ogrs 2yr", "ogrs 2 year"),
    Column.OVP_1: ("ovp 1 year", "ovp 12 months"),
    Column.OVP_2: ("ovp 2 year", "ovp 2 years", "ovp 24 months"),
    Column.OASYS_DATE: ("oasys completed", "oasys completed date", "oasys assessment date", "date of oasys"),
    Column.ROSH: ("rosh level", "risk of serious harm", "overall rosh"),
    Column.MAPPA: ("mappa",),
    Column.DOMESTIC: ("domestic abuse perpetrator", "dv perpetrator", "da flag"),
    Column.CARE: ("care leaver", "care experience"),
}

REPORT_COLUMNS = ("Row in the file", "What is wrong", "What to do")
"""Columns the portal adds to the file of refused rows; passed over when that file is corrected and sent in again."""


def _plain(heading: str) -> str:
    return re.sub(r"[^a-z0-9]", "", heading.casefold())


_KNOWN: dict[str, Column] = {_plain(column.value): column for column in Column} | {
    _plain(name): column for column, names in _VARIANTS.items() for name in names
}
_PASSED_OVER = {_plain(name) for name in REPORT_COLUMNS}


@dataclass(frozen=True)
class Header:
    """What a row of headings says. `unknown` is kept out of reprs: a file without headings puts people there."""

    positions: dict[Column, int]
    """Where each known column stands, counted from 0."""
    unknown: tuple[str, ...] = field(repr=False)
    """Headings the portal does not know; their cells are not read."""
    twice: tuple[Column, ...]
    """Known columns that occur more than once."""
    cells: tuple[str, ...] = field(repr=False)
    """The headings as written."""

    @property
    def missing(self) -> tuple[Column, ...]:
        """Every compulsory column that is not there, in the order of the Probation Service's extract."""
        return tuple(column for column in COMPULSORY if column not in self.positions)

    @property
    def absent(self) -> tuple[Column, ...]:
        """Every other known column that is not there."""
        return tuple(column for column in Column if column not in self.positions and column not in COMPULSORY)


def recognise(cells: Sequence[str]) -> Header:
    """Read a row as headings, whatever their case, spacing and punctuation. Never fails; see `Header.missing`."""
    positions: dict[Column, int] = {}
    unknown: list[str] = []
    twice: list[Column] = []
    for place, cell in enumerate(cells):
        plain = _plain(cell)
        column = _KNOWN.get(plain)
        if column is None:
            if plain and plain not in _PASSED_OVER:
                unknown.append(cell.strip())
        elif column in positions:
            twice.append(column)
        else:
            positions[column] = place
    return Header(positions, tuple(unknown), tuple(dict.fromkeys(twice)), tuple(cells))
