"""Emergency accesses as their reviewers see them: who, why, what it opened, until when. No case content."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from portal.audit import overview, reading
from portal.audit.reading import Filters, Row, Scope
from portal.auth.actor import Actor
from portal.errors import NotFound
from portal.sharing import emergency
from portal.sharing.disclosure import Receipt
from portal.sharing.doors import Doors
from portal.sharing.emergency import OUTCOMES, Declared
from portal.sharing.logbook.entries import Line, lines
from portal.sharing.logbook.scope import DPO, record, scope_of

QUESTIONED = OUTCOMES["questioned"]


@dataclass(frozen=True, slots=True)
class Access:
    """One emergency access. `opens` in words, () where the entry does not say; `outcome` "" until it is reviewed.

    `open`: it waits for a finding, or for the answer to a query that was sent.
    """

    visit: uuid.UUID
    line: Line
    reason: str
    opens: tuple[str, ...]
    ends: datetime
    due: datetime
    reviewed_at: datetime | None
    outcome: str

    @property
    def open(self) -> bool:
        return self.reviewed_at is None or self.outcome == QUESTIONED


@dataclass(frozen=True, slots=True)
class Accesses:
    """Those that wait, the first due first; those that are done, the last reviewed first."""

    waiting: tuple[Access, ...]
    done: tuple[Access, ...]
    receipt: Receipt


def accesses(session: Session, doors: Doors, actor: Actor, use: str) -> Accesses:
    """The emergency accesses this officer was told of, or all under their agreements; logged. Raises `Refused`."""
    scope = _scope(session, doors, actor)
    declared = _declared(session, actor)
    rows = _rows(session, doors, scope, declared)
    asked = {"asked": {"what": "emergency accesses"}, "entries": [entry.hex for entry in rows]}
    receipt = record(session, doors, actor, use, asked)
    about = overview.about(session, doors.log.vault(session), list(rows.values()), 1)
    told = {line.entry: line for line in lines(session, doors, scope, list(rows.values()), 1)}
    found = []
    for each in declared:
        if each.entry in rows:
            details = about[each.entry].details
            found.append(_access(each, told[each.entry], details[0].detail if details else {}))
    waiting = sorted((a for a in found if a.open), key=lambda a: a.due)
    done = sorted((a for a in found if not a.open), key=lambda a: a.reviewed_at or a.due, reverse=True)
    return Accesses(tuple(waiting), tuple(done), receipt)


def review(session: Session, doors: Doors, actor: Actor, visit: uuid.UUID, outcome: str, note: str) -> None:
    """Record the finding on an access that still waits for one. A second finding changes nothing.

    Raises `Invalid`, `NotFound` for an access that is not this officer's, `LogUnavailable`.
    """
    scope = _scope(session, doors, actor)
    declared = tuple(each for each in _declared(session, actor) if each.visit == visit)
    if not declared or not _rows(session, doors, scope, declared):
        raise NotFound
    if declared[0].reviewed_at is None or declared[0].outcome == QUESTIONED:
        emergency.review(session, doors, actor, visit, outcome, note)


def waiting(session: Session, doors: Doors, actor: Actor) -> tuple[int, int]:
    """(how many wait for a first finding, how many of them are past their day). Says nothing else, so is not logged."""
    rows = _rows(session, doors, _scope(session, doors, actor), declared := _declared(session, actor))
    open_ones = [d for d in declared if d.entry in rows and d.reviewed_at is None]
    now = doors.clock()
    return len(open_ones), sum(1 for d in open_ones if d.review_due.timestamp() * 1_000_000 < now)


def _scope(session: Session, doors: Doors, actor: Actor) -> Scope:
    """Of the officer's scope, what they were told of whoever declared it: here the notices decide, not the agency."""
    everyone = frozenset(party for a in doors.book.of_party(actor.party) for party in a.parties)
    return replace(scope_of(session, doors, actor), agencies=everyone)


def _declared(session: Session, actor: Actor) -> tuple[Declared, ...]:
    return emergency.awaiting(session, actor.party if actor.role == DPO else None, reviewed=True)


def _rows(session: Session, doors: Doors, scope: Scope, declared: tuple[Declared, ...]) -> dict[uuid.UUID, Row]:
    filters = Filters(ids=frozenset(each.entry for each in declared), scope=scope)
    page = reading.page(session, doors.log.vault(session), filters, size=len(declared) + 1)
    return {row.entry_id: row for row in page.rows}


def _access(declared: Declared, line: Line, detail: Mapping[str, object]) -> Access:
    opens = detail.get("opens")
    return Access(
        visit=declared.visit,
        line=line,
        reason=str(detail.get("justification", "")),
        opens=tuple(str(word) for word in opens) if isinstance(opens, list) else (),
        ends=declared.ends,
        due=declared.review_due,
        reviewed_at=declared.reviewed_at,
        outcome=declared.outcome,
    )
