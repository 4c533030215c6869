"""Whole files of invented people, every number well formed."""

from portal.keys.index_tags import canonical_pnc
from portal.sharing.importing.columns import Column
from tests.portal.sharing.importing.making import GOOD, HEADINGS, csv_of

_LETTERS = "ZABCDEFGHJKLMNPQRTUVWXY"


def pnc(year: int, serial: int) -> str:
    """A PNC ID with its check letter."""
    return canonical_pnc(f"{year}/{serial:07}{_LETTERS[int(f'{year % 100:02}{serial:07}') % 23]}")


def row(number: int, **changes: str) -> list[str]:
    """A person of their own for each number; some cells changed."""
    cells = {**GOOD} | {
        Column.CRN: f"A{number:06}",
        Column.PNC: pnc(2010 + number % 10, number + 1),
        Column.SURNAME: "Fictional" + "abcdefghij"[number % 10] + "klmnopqrst"[number // 10 % 10],
        Column.BORN: f"{number % 28 + 1:02}/{number % 9 + 1:02}/{1970 + number % 20}",
        Column.AUTHORITY: ("Barnet", "Brent", "Harrow")[number % 3],
    }
    cells |= {Column[name]: value for name, value in changes.items()}
    return [cells[column] for column in Column]


def file(count: int, **changes: str) -> bytes:
    """A file of so many people, rows 2 and on."""
    return csv_of([HEADINGS, *(row(number, **changes) for number in range(count))])
