"""Emergency accesses as their reviewers see them: who, why, what it opened, until when. No case content."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from portal.audit import overview, reading
from portal.audit.reading import Filters, Row, Scope
from portal.auth.actor import Actor
from portal.db import from_micros
from portal.errors import NotFound
from portal.sharing.disclosure import Receipt
from portal.sharing.doors import Doors
from portal.sharing.logbook import findings
from portal.sharing.logbook.entries import Line, lines
from portal.sharing.logbook.findings import Declared, Finding
from portal.sharing.logbook.scope import DPO, record, scope_of
from portal.sharing.logbook.words import agency


@dataclass(frozen=True, slots=True)
class Access:
    """One emergency access. `opens` in words, () where the entry does not say; `findings` as (agency, finding).

    `own` is the finding of this officer's party; None for an officer who reads all and reviews for no party. `open`:
    for the officer of a party, it waits for theirs; else for anybody's.
    """

    visit: uuid.UUID
    line: Line
    reason: str
    opens: tuple[str, ...]
    ends: datetime
    due: datetime
    own: Finding | None
    findings: tuple[tuple[str, Finding], ...]
    open: bool

    @property
    def pending(self) -> tuple[str, ...]:
        """The agencies that have found nothing yet, in words."""
        return tuple(name for name, found in self.findings if not found.outcome)

    @property
    def settled_at(self) -> datetime:
        """When the last finding was made."""
        return max((found.at for _, found in self.findings if found.at), default=self.due)


@dataclass(frozen=True, slots=True)
class Accesses:
    """Those that wait, the first due first; those that are done, the last settled first."""

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
            detail = details[0].detail if details else {}
            found.append(_access(doors, actor, each, told[each.entry], detail))
    waiting = sorted((a for a in found if a.open), key=lambda a: a.due)
    done = sorted((a for a in found if not a.open), key=lambda a: a.settled_at, reverse=True)
    return Accesses(tuple(waiting), tuple(done), receipt)


def review(session: Session, doors: Doors, actor: Actor, visit: uuid.UUID, outcome: str, note: str) -> bool:
    """Record what this officer's party found of an access it was told of. False once that is settled: nothing changes.

    Raises `Invalid`, `NotFound` for an access that is not theirs to review, `LogUnavailable`.
    """
    scope = _scope(session, doors, actor)
    told = tuple(each for each in _declared(session, actor) if each.visit == visit and _own(actor, each))
    if not told or not _rows(session, doors, scope, told):
        raise NotFound
    return findings.record(session, doors, actor, visit, outcome, note)


def waiting(session: Session, doors: Doors, actor: Actor) -> tuple[int, int]:
    """(how many wait for a first finding, how many of them are past their day). Says nothing else, so is not logged.

    For the officer of a party those of that party; for an officer who reads all, those of any party.
    """
    rows = _rows(session, doors, _scope(session, doors, actor), declared := _declared(session, actor))
    open_ones = [d for d in declared if d.entry in rows and any(not f.outcome for f in _awaited(actor, d))]
    now = from_micros(doors.clock())
    return len(open_ones), sum(1 for d in open_ones if d.due < now)


def _scope(session: Session, doors: Doors, actor: Actor) -> Scope:
    """Of the officer's scope, what they were told of whoever declared it: here the notices decide, not the agency."""
    everyone = frozenset(party for a in doors.book.of_party(actor.party) for party in a.parties)
    return replace(scope_of(session, doors, actor), agencies=everyone)


def _declared(session: Session, actor: Actor) -> tuple[Declared, ...]:
    return findings.declared(session, actor.party if actor.role == DPO else None)


def _own(actor: Actor, declared: Declared) -> Finding | None:
    """The finding that is this officer's to make: clause 9.4 names each party's own officer, and nobody else."""
    return declared.of(actor.party) if actor.role == DPO else None


def _awaited(actor: Actor, declared: Declared) -> tuple[Finding, ...]:
    own = _own(actor, declared)
    return (own,) if own else declared.findings


def _rows(session: Session, doors: Doors, scope: Scope, declared: tuple[Declared, ...]) -> dict[uuid.UUID, Row]:
    filters = Filters(ids=frozenset(each.entry for each in declared), scope=scope)
    page = reading.page(session, doors.log.vault(session), filters, size=len(declared) + 1)
    return {row.entry_id: row for row in page.rows}


def _access(doors: Doors, actor: Actor, declared: Declared, line: Line, detail: Mapping[str, object]) -> Access:
    opens = detail.get("opens")
    named = [(agency(doors.book, found.party), found) for found in declared.findings]
    return Access(
        visit=declared.visit,
        line=line,
        reason=str(detail.get("justification", "")),
        opens=tuple(str(word) for word in opens) if isinstance(opens, list) else (),
        ends=declared.ends,
        due=declared.due,
        own=_own(actor, declared),
        findings=tuple(sorted(named, key=lambda each: each[0])),
        open=not all(found.settled for found in _awaited(actor, declared)),
    )
