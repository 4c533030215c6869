"""Which sealed details have lost the key of their subject and year: it goes in one transaction with what it sealed.

A sealed part names its key in front, where nobody needs a secret to read it: so a detail that lost whom it is about, or
was put under somebody else's tag, has lost its key too.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import bindparam, select
from sqlalchemy.engine import Connection

from portal.audit.columns import Raw
from portal.audit.entry import reference_of
from portal.audit.erasures import due, year_of
from portal.audit.run import LogBroken
from portal.audit.tables import PERSON_KEY
from portal.db import id_of
from portal.keys.sealing import HEADER, MAGIC
from portal.query import Query

MOST: Final = 100_000
"""How many keys are remembered as being there, of those met last."""
_KEPT: Final = Query(
    select(PERSON_KEY.c.subject_tag, PERSON_KEY.c.key_id).where(
        PERSON_KEY.c.subject_tag.in_(bindparam("tags", expanding=True)), PERSON_KEY.c.year == bindparam("year")
    ),
    raw=True,
)
_NAMED: Final = slice(len(MAGIC), HEADER)
"""Where a sealed part names its key."""
_AT, _SEALED, _TAG, _KEY = itemgetter(4), itemgetter(3), itemgetter(6), itemgetter(_NAMED)
"""Of an entry's row; of a detail's, twice; of a sealed part."""
_Key = tuple[int, Any, bytes]  # year, subject tag, id


class KeptKeys:
    """Asks for each key once, not once for each detail that it sealed."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: dict[int, dict[bytes, Any]] = defaultdict(dict)  # year → id of a key → whose it is
        self._year, self._from, self._to = 0, 0, 0

    def require(self, rows: Sequence[Raw], details: Sequence[Raw]) -> None:
        """Raise `LogBroken` for the first of these entries (rows of `columns.PLACES`, checked) with a sealed detail
        (of `columns.DETAILS`) that is there and has lost its key."""
        if not details:
            return
        times = list(map(_AT, rows))
        if self._from <= min(times) and max(times) < self._to:  # nearly always: of one year, by keys that are known
            with suppress(TypeError, KeyError):  # some part is gone, some key not met yet
                keys = map(_KEY, map(_SEALED, details))
                if list(map(self._known[self._year].__getitem__, keys)) == list(map(_TAG, details)):
                    return
        missing: dict[_Key, tuple[Raw, Raw]] = {}
        of = {row[0]: row for row in rows}
        for detail in details:
            row, sealed = of[detail[0]], detail[3]
            if sealed is not None:
                if not self._from <= row[4] < self._to:
                    self._turn(row[4])
                tag, key = detail[6], sealed[_NAMED]
                if tag is None or self._known[self._year].get(key) != tag:
                    missing.setdefault((self._year, tag, key), (row, detail))
        if missing:
            self._ask(missing)

    def _turn(self, at: int) -> None:
        self._year = year_of(at)
        self._from, self._to = due(self._year - 1, 0), due(self._year, 0)

    def _ask(self, missing: Mapping[_Key, tuple[Raw, Raw]]) -> None:
        if sum(map(len, self._known.values())) > MOST:
            self._known.clear()
        there: set[_Key] = set()
        for year in {year for year, _, _ in missing}:
            tags = list({bytes(tag) for of, tag, _ in missing if of == year and tag is not None})
            for start in range(0, len(tags), 512):
                found = _KEPT.all(self._connection, tags=tags[start : start + 512], year=year)
                there.update((year, bytes(tag), bytes(key)) for tag, key in found)
                self._known[year].update((bytes(key), bytes(tag)) for tag, key in found)
        gone = [told for key, told in missing.items() if key not in there]
        if gone:
            row, detail = min(gone, key=lambda told: int(told[0][0]))
            said = (
                "no entry says that it was erased" if detail[5] is None else "the detail itself was not erased with it"
            )
            what = f"the key of a sealed detail of it is gone, and {said}"
            raise LogBroken(what, row[0], reference_of(id_of(bytes(row[1]))))
