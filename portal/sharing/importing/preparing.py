"""Seals what a run will publish, ahead of the one transaction that publishes it.

New records wait under a case file whose agreement is none that is served (`runs.hidden`): without an agreement
nothing is given to anybody, so nobody meets them. Publishing then only has to name the agreement.
"""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from isa.agreement import Agreement
from portal.audit.entry import Outcome, Subject
from portal.audit.log import Transaction
from portal.auth.actor import Actor
from portal.db import new_id
from portal.keys.deks import Place, chunks
from portal.keys.sealing import Dek
from portal.query import Query
from portal.sharing import cases, inbox, said
from portal.sharing.days import is_minor
from portal.sharing.doors import Doors
from portal.sharing.importing import runs
from portal.sharing.importing.comparing import KINDS
from portal.sharing.importing.matching import PURPOSE, new_sight, number_tags, sights
from portal.sharing.importing.runs import Hold
from portal.sharing.reading.rows import HEADS, Head
from portal.sharing.sight import CREATE, EDIT, SHARE, Shape, Sight
from portal.sharing.storing import Batch, Change, NewRecord, Stored, places, prepare_change, store
from portal.sharing.tables import CaseFile, ImportRow, ImportRun, RecordRow


class Moved(Exception):
    """What a row was compared with has changed since: it is to be compared again. Nothing was published."""


@dataclass(frozen=True, slots=True)
class Draft:
    """One row as it will be stored. `hidden` is the case file its new records wait under, `case` the known one."""

    agreement: Agreement
    sight: Sight
    person: uuid.UUID
    known_person: bool
    case: uuid.UUID | None
    hidden: uuid.UUID
    minor: bool
    add: tuple[NewRecord, ...]
    edit: tuple[tuple[NewRecord, int, Mapping[str, str]], ...] = field(repr=False)
    tags: tuple[bytes, ...] = field(repr=False)

    @property
    def place(self) -> uuid.UUID:
        """The case all of it will be in."""
        return self.case or self.hidden

    def outcome(self, action: str) -> Outcome:
        """What the engine says of the action on these kinds of record."""
        kinds = {record.kind for record in self.add} | {record.kind for record, _, _ in self.edit}
        return self.sight.outcome(action, {Shape(kind, "", self.sight.capacity.party, False) for kind in kinds})


Standing = tuple[tuple[str, tuple[int, int]], ...]
"""Of some kinds of record in a case: how many the party has, and the sum of their versions. Neither ever falls."""

_STANDING = Query(
    select(RecordRow.case, RecordRow.kind, func.count(), func.sum(RecordRow.version))
    .where(
        RecordRow.case.in_(bindparam("cases", expanding=True)),
        RecordRow.kind.in_(bindparam("kinds", expanding=True)),
        RecordRow.owner == bindparam("owner"),
    )
    .group_by(RecordRow.case, RecordRow.kind),
    raw=True,
)


def standing(session: Session, party: str, cases: Sequence[uuid.UUID], kinds: Sequence[str]) -> dict[bytes, Standing]:
    """How the party's records of these kinds stand in each case."""
    found: dict[bytes, list[tuple[str, tuple[int, int]]]] = {case.bytes: [] for case in cases}
    for some in chunks(cases):
        for case, kind, number, versions in _STANDING.all(session, cases=some, owner=party, kinds=kinds):
            found[bytes(case)].append((kind, (number, int(versions))))
    return {case: tuple(sorted(kept)) for case, kept in found.items()}


@dataclass(frozen=True, slots=True)
class Ready:
    """One row whose records are sealed: the new ones stored and hidden, the changed ones in the batch.

    Small on purpose: thousands of them wait for the one transaction that publishes them.
    """

    agreement: Agreement
    person: uuid.UUID
    known_person: bool
    case: uuid.UUID | None
    hidden: uuid.UUID
    depends: tuple[str, ...]
    """Kinds of record that the row was compared with and that decide what it does."""
    stood: Standing
    added: tuple[uuid.UUID, ...]
    refers: bool
    tags: tuple[bytes, ...] = field(repr=False)


def prepare(
    session: Session,
    doors: Doors,
    actor: Actor,
    hold: Hold,
    rows: Sequence[tuple[ImportRow, Mapping[str, Any]]],
    now: int,
    batch: Batch,
) -> list[Ready]:
    """Seal some rows; store what they add, hidden; put what they change into `batch`. In short write transactions.

    What is collected, and what will be shared and altered once the run is published, is logged here, before it is:
    the entry that publishes the run, or says that it failed, carries the same correlation. Raises `Moved` where a
    case is no longer what the row was compared with.
    """
    run = hold.run
    stood = _as_compared(session, actor, rows)
    decided = _sights(session, doors, actor, rows, now)
    drafts = [_draft(doors, actor, row, content, decided, now) for row, content in rows]
    heads = _heads(session, [record.id for draft in drafts for record, _, _ in draft.edit])
    if any(heads[record.id].version != base for draft in drafts for record, base, _ in draft.edit):
        raise Moved
    for draft in drafts:  # decided before the lock is taken: the first of a kind takes long
        for action in (CREATE, SHARE, EDIT):
            draft.outcome(action)
        for record in draft.add:
            places(draft.agreement, record)
    with doors.log.transaction(session) as tx:
        stored = _store(session, doors, run, drafts, now)
        wanted = {place for draft in drafts for record, _, _ in draft.edit for place in places(draft.agreement, record)}
        deks = doors.keys.ensure_many(session, wanted)
        hold.keep(session, doors, done=ImportRun.done + len(rows))
        _log_new(tx, actor, run, drafts, stored)
    changes = {draft.hidden: _changes(doors, draft, heads, deks) for draft in drafts if draft.edit}
    if changes:
        with doors.log.transaction(session) as tx:
            _log_changed(tx, actor, run, [draft for draft in drafts if draft.edit], changes)
        batch.add(change for made in changes.values() for change in made)
    return [_ready(draft, stood) for draft in drafts]


def _as_compared(
    session: Session, actor: Actor, rows: Sequence[tuple[ImportRow, Mapping[str, Any]]]
) -> Mapping[bytes, Standing]:
    """How each known case stands. Raises `Moved` where that is not how it stood when its row was compared."""
    session.rollback()  # what others have committed since is seen
    stood = standing(session, actor.party, [row.case for row, _ in rows if row.case], KINDS)
    for row, content in rows:
        kinds = [counted for _, counted in stood[row.case.bytes]] if row.case else []
        if row.case and [sum(n for n, _ in kinds), sum(v for _, v in kinds)] != list(content["base"]):
            raise Moved
    return stood


def _ready(draft: Draft, stood: Mapping[bytes, Standing]) -> Ready:
    """Whether a record is new depends on all kinds; a change only on what else there is of its own kind."""
    depends = KINDS if draft.add else tuple(sorted({record.kind for record, _, _ in draft.edit}))
    of_case = stood[draft.case.bytes] if draft.case else ()
    return Ready(
        draft.agreement,
        draft.person,
        draft.known_person,
        draft.case,
        draft.hidden,
        depends,
        tuple((kind, counted) for kind, counted in of_case if kind in depends),
        tuple(record.id for record in draft.add),
        any(record.kind == inbox.KIND for record in draft.add),
        draft.tags,
    )


def _sights(
    session: Session,
    doors: Doors,
    actor: Actor,
    rows: Sequence[tuple[ImportRow, Mapping[str, Any]]],
    now: int,
) -> dict[uuid.UUID | str, Sight]:
    """Decisions by known case, and by agreement for people who have none yet."""
    ids = [row.case for row, _ in rows if row.case]
    known = list(session.scalars(select(CaseFile).where(CaseFile.id.in_(ids))))
    session.expunge_all()
    found: dict[uuid.UUID | str, Sight] = {
        case: of.sight for case, of in sights(session, doors, actor, known, now).items()
    }
    for agreement in {row.agreement for row, _ in rows if not row.case}:
        found[agreement] = new_sight(session, doors, actor, agreement, now)
    return found


def _draft(
    doors: Doors,
    actor: Actor,
    row: ImportRow,
    content: Mapping[str, Any],
    decided: Mapping[uuid.UUID | str, Sight],
    now: int,
) -> Draft:
    person = uuid.UUID(content["person"]) if content["person"] else new_id()
    hidden, minor = new_id(), is_minor(content["accepted"]["person"]["date_of_birth"], now)

    def record(identity: uuid.UUID, kind: str, values: Mapping[str, str]) -> NewRecord:
        at = row.case or hidden
        return NewRecord(identity, at, person, kind, "", actor.party, now, actor.user, values, made_as_youth=minor)

    edits = [(uuid.UUID(hex=i), base, values, whole) for i, base, values, whole in content["edit"]]
    numbers = {f"identifiers.{name}": text for name, text in content["accepted"]["identifiers"].items()}
    sight = decided[row.case or row.agreement]
    return Draft(
        agreement=sight.agreement,
        sight=sight,
        person=person,
        known_person=content["person"] is not None,
        case=row.case,
        hidden=hidden,
        minor=minor,
        add=tuple(record(new_id(), kind, values) for kind, values in content["add"]),
        edit=tuple((record(i, _kind(values), values), base, whole) for i, base, values, whole in edits),
        tags=tuple(number_tags(doors, numbers)),
    )


def _kind(values: Mapping[str, str]) -> str:
    return next(iter(values)).partition(".")[0]


def _heads(session: Session, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Head]:
    found: Sequence[Any] = session.connection().execute(HEADS.where(RecordRow.id.in_(ids))).all() if ids else ()
    return {head.id: head for head in found}


def _store(
    session: Session, doors: Doors, run: uuid.UUID, drafts: Sequence[Draft], now: int
) -> dict[uuid.UUID, Stored]:
    by_agreement: dict[str, list[NewRecord]] = {}
    for draft in drafts:
        if draft.add:
            lead = next((p.id for p in draft.agreement.parties.values() if p.kind == "council"), draft.add[0].owner)
            reference = "~" + draft.hidden.hex[-19:]  # a real one is given when it is published
            cases.open_file(
                session, draft.person, runs.hidden(run), reference, lead, now, identity=draft.hidden, minor=draft.minor
            )
            waiting = [replace(record, case=draft.hidden) for record in draft.add]
            by_agreement.setdefault(draft.agreement.id, []).extend(waiting)
    return {
        stored.id: stored
        for agreement, records in by_agreement.items()
        for stored in store(session, doors, doors.book.engine(agreement).agreement, records)
    }


def _log_new(
    tx: Transaction, actor: Actor, run: uuid.UUID, drafts: Sequence[Draft], stored: Mapping[uuid.UUID, Stored]
) -> None:
    adding = [draft for draft in drafts if draft.add]
    digests = [stored[record.id].head for draft in adding for record in draft.add]
    for operation, action, heads in (("collection", CREATE, digests), ("disclosure", SHARE, [])):
        if adding:
            subjects = [_subject(draft, run, action, [[r.id.hex, 1] for r in draft.add]) for draft in adding]
            tx.append(said.entry(operation, actor, purpose=PURPOSE, subjects=subjects, sealed_sha256=heads, visit=run))


def _log_changed(
    tx: Transaction,
    actor: Actor,
    run: uuid.UUID,
    drafts: Sequence[Draft],
    changes: Mapping[uuid.UUID, Sequence[Change]],
) -> None:
    made = [changes[draft.hidden] for draft in drafts]
    subjects = [
        _subject(draft, run, EDIT, [[c.stored.id.hex, c.stored.version] for c in some])
        for draft, some in zip(drafts, made, strict=True)
    ]
    heads = [change.stored.head for some in made for change in some]
    tx.append(said.entry("alteration", actor, purpose=PURPOSE, subjects=subjects, sealed_sha256=heads, visit=run))


def _subject(draft: Draft, run: uuid.UUID, action: str, records: Sequence[Any]) -> Subject:
    detail: Mapping[str, Any] = {"case": draft.place.hex, "records": records, "run": run.hex}
    return Subject(draft.person, detail, decided=draft.outcome(action))


def _changes(
    doors: Doors, draft: Draft, heads: Mapping[uuid.UUID, Head], deks: Mapping[Place, Dek]
) -> tuple[Change, ...]:
    changes = []
    for record, base, whole in draft.edit:
        head = heads[record.id]
        kept = replace(record, case=head.case, state=head.state)
        changes.append(prepare_change(doors, draft.agreement, kept, base, json.loads(head.head), whole, deks))
    return tuple(changes)
