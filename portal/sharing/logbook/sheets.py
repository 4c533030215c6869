"""The entries an officer sees, taken out as rows of a spreadsheet: with a reason, logged before any is read."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from portal.audit import reading
from portal.auth.actor import Actor
from portal.db import from_micros
from portal.sharing.disclosure import Receipt
from portal.sharing.doors import Doors
from portal.sharing.logbook.entries import Line, Wanted, filters_of, lines, read_out
from portal.sharing.logbook.scope import clean_reason, record, scope_of

MOST = 5_000
BATCH = 250


@dataclass(frozen=True, slots=True)
class Sheet:
    """Entries newest first, up to `MOST`; `cut` where there are more. `asked`: the filters, read out."""

    lines: tuple[Line, ...]
    asked: tuple[tuple[str, str], ...]
    reason: str
    cut: bool
    receipt: Receipt


def take(session: Session, doors: Doors, actor: Actor, use: str, wanted: Wanted, reason: str) -> Sheet:
    """The entries that fit what is wanted, as they stood when this was asked.

    Raises `Invalid` (reason) without one, or one that is too long; `Refused`, `LogUnavailable`.
    """
    why = clean_reason(reason)
    scope = scope_of(session, doors, actor)
    filters, person = filters_of(session, doors, scope, wanted)
    asked = read_out(session, doors, wanted)
    detail = {"asked": dict(asked), "justification": why, "sheet": "csv", "most": MOST}
    receipt = record(session, doors, actor, use, detail, [person] if person else [], operation="export")
    before = from_micros(doors.clock()) if filters.until is None else filters.until
    filters = replace(filters, until=before)
    found = [line for rows in _batches(session, doors, filters) for line in lines(session, doors, scope, rows, most=20)]
    return Sheet(tuple(found[:MOST]), asked, why, len(found) > MOST, receipt)


def _batches(session: Session, doors: Doors, filters: reading.Filters) -> Iterator[tuple[reading.Row, ...]]:
    after, given = None, 0
    while given <= MOST:
        page = reading.page(session, doors.log.vault(session), filters, after, BATCH)
        yield tuple(page.rows)
        after, given = page.after, given + len(page.rows)
        if after is None:
            return
