"""Seals what a run will publish, ahead of the one transaction that publishes it.

New records wait under a case file whose agreement is none that is served (`runs.hidden`): without an agreement
nothing is given to anybody, so nobody meets them. Publishing then only has to name the agreement.
"""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from isa.agreement import Agreement
from portal.audit.entry import Outcome, Subject
from portal.audit.log import Transaction
from portal.auth.actor import Actor
from portal.db import new_id
from portal.keys.deks import Place
from portal.keys.sealing import Dek
from portal.sharing import cases, said
from portal.sharing.doors import Doors
from portal.sharing.importing import runs
from portal.sharing.importing.matching import PURPOSE, new_sight, number_tags, sights
from portal.sharing.importing.runs import Hold
from portal.sharing.reading.age import is_minor
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
    base: tuple[int, int]
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
    base: tuple[int, int]
    added: tuple[uuid.UUID, ...]
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
    record to be changed is no longer what the row was compared with.
    """
    run = hold.run
    decided = _sights(session, doors, actor, rows, now)
    drafts = [_draft(doors, actor, row, content, decided, now) for row, content in rows]
    heads = _heads(session, [record.id for draft in drafts for record, _, _ in draft.edit])
    if any(heads[record.id].version != base for draft in drafts for record, base, _ in draft.edit):
        raise Moved
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
    return [_ready(draft) for draft in drafts]


def _ready(draft: Draft) -> Ready:
    added = tuple(record.id for record in draft.add)
    return Ready(
        draft.agreement, draft.person, draft.known_person, draft.case, draft.hidden, draft.base, added, draft.tags
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
        base=(content["base"][0], content["base"][1]),
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
