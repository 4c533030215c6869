"""What checking a file yields: rows ready to become records, rows that need someone, and things to know."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from portal.sharing.importing.cells import Kind
from portal.sharing.importing.columns import Column

Values = Mapping[str, str]


@dataclass(frozen=True)
class Accepted:
    """A row in the agreement's words. Keys are field names within their kind; a blank cell is a key left out.

    Dates are ISO days, choices exactly the agreement's. Only the row's number and borough appear in its repr.
    """

    row: int
    borough: str
    person: Values = field(repr=False)
    identifiers: Values = field(repr=False)
    equality: Values = field(repr=False)
    sentence: Values = field(repr=False)
    sentence_summary: Values = field(repr=False)
    """Type and end only, for parties that may not see the offence."""
    scores: tuple[Values, ...] = field(repr=False)
    bands: tuple[Values, ...] = field(repr=False)
    referral: Values = field(repr=False)
    assignment: Values = field(repr=False)
    mappa: Values = field(repr=False)
    unplaced: Values = field(repr=False)
    """Cells that were read but have no field in the agreement, by column: not to be kept."""

    def records(self) -> Iterator[tuple[str, Values]]:
        """Every record the row makes: the agreement's kind and its values; none for an empty part."""
        single = (
            "person",
            "identifiers",
            "equality",
            "sentence",
            "sentence_summary",
            "assignment",
            "mappa",
            "referral",
        )
        for kind in single:
            if values := getattr(self, kind):
                yield kind, values
        yield from (("score", values) for values in self.scores)
        yield from (("score_band", values) for values in self.bands)

    def fingerprint(self) -> str:
        """64 hex digits that are equal for rows of equal content, whatever the file, the row's place and the day.

        Guessable from a few known facts of a person: keep it only under a keyed tag
        (`keys.index_tags`), and never in a log.
        """
        content = [[kind, _without_day(kind, values)] for kind, values in self.records()]
        canonical = json.dumps([self.borough, content], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()


def _without_day(kind: str, values: Values) -> dict[str, str]:
    return {name: value for name, value in values.items() if (kind, name) != ("referral", "referred_on")}


@dataclass(frozen=True)
class Problem:
    """One thing wrong with one cell; its row is refused. Message and remedy may quote the cell: not in the repr."""

    row: int
    column: Column | None
    """None where the row as a whole is wrong."""
    value_kind: Kind
    message: str = field(repr=False)
    remedy: str = field(repr=False)


@dataclass(frozen=True)
class Note:
    """Something to know of an accepted row, or (without a row) of the file. Nothing is refused for it."""

    row: int | None
    column: Column | None
    message: str = field(repr=False)


@dataclass(frozen=True)
class Repeated:
    """A row that says what an earlier one says: nothing more to do for it."""

    row: int
    first: int


@dataclass(frozen=True)
class Checked:
    """The outcome of a file. Every row of the table is in exactly one of accepted, repeated, refused."""

    accepted: tuple[Accepted, ...]
    repeated: tuple[Repeated, ...]
    problems: tuple[Problem, ...]
    notes: tuple[Note, ...]

    @property
    def ready(self) -> int:
        """Rows that need nobody: accepted ones and those that repeat them."""
        return len(self.accepted) + len(self.repeated)

    @property
    def refused(self) -> tuple[int, ...]:
        """Numbers of the rows that need someone, in order."""
        return tuple(sorted({problem.row for problem in self.problems}))
