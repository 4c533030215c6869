"""Which sealed details have lost the key of their subject and year. A key is kept for each until an entry erases it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import bindparam, select
from sqlalchemy.engine import Connection

from portal.audit.columns import Raw
from portal.audit.entry import reference_of
from portal.audit.erasures import due, year_of
from portal.audit.run import LogBroken
from portal.audit.tables import PERSON_KEY
from portal.db import id_of
from portal.query import Query

MOST: Final = 100_000
"""How many keys are remembered as being there, of those met last."""
_KEPT: Final = Query(
    select(PERSON_KEY.c.subject_tag).where(
        PERSON_KEY.c.subject_tag.in_(bindparam("tags", expanding=True)), PERSON_KEY.c.year == bindparam("year")
    ),
    raw=True,
)


class KeptKeys:
    """Asks for each key once, not once for each detail that it sealed."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: set[tuple[bytes, int]] = set()
        self._year, self._from, self._to = 0, 0, 0

    def require(self, rows: Sequence[Raw], details: Mapping[int, Iterable[Raw]]) -> None:
        """Raise `LogBroken` for the first of these entries (rows of `columns.PLACES`, checked) with a sealed detail
        (of `columns.DETAILS`) that is not erased and has lost its key, or whose subject was removed."""
        missing: dict[tuple[bytes, int], Raw] = {}
        for row in rows:
            at = row[4]
            if not self._from <= at < self._to:
                self._turn(at)
            for detail in details.get(row[0], ()):
                if detail[5] is None and (detail[6], self._year) not in self._known:
                    missing.setdefault((detail[6], self._year), row)
        if missing:
            self._ask(missing)

    def _turn(self, at: int) -> None:
        self._year = year_of(at)
        self._from, self._to = due(self._year - 1, 0), due(self._year, 0)

    def _ask(self, missing: Mapping[tuple[Any, int], Raw]) -> None:
        if len(self._known) > MOST:
            self._known.clear()
        for year in {year for _, year in missing}:
            tags = [bytes(tag) for tag, of in missing if of == year and tag is not None]
            for start in range(0, len(tags), 512):
                found = _KEPT.all(self._connection, tags=tags[start : start + 512], year=year)
                self._known.update((bytes(tag), year) for (tag,) in found)
        gone = [row for place, row in missing.items() if place not in self._known]
        if gone:
            first = min(gone, key=lambda row: int(row[0]))
            what = "the key of a sealed detail of it is gone, and no entry says that it was erased"
            raise LogBroken(what, first[0], reference_of(id_of(bytes(first[1]))))
