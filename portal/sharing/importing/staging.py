"""A monthly file from its bytes to staged rows, each sealed under the key of its run. No plaintext touches a disk."""

import json
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from portal.auth.actor import Actor
from portal.db import new_id
from portal.keys.deks import chunks
from portal.keys.sealing import Dek, seal
from portal.sharing import said
from portal.sharing.days import day_at
from portal.sharing.doors import Doors
from portal.sharing.importing import runs
from portal.sharing.importing.accepted import Accepted, Checked
from portal.sharing.importing.comparing import in_words
from portal.sharing.importing.judging import REFUSED, UNCHANGED, Judged, judge
from portal.sharing.importing.matching import PURPOSE
from portal.sharing.importing.sheet import Sheet
from portal.sharing.importing.spreadsheet import read
from portal.sharing.importing.validating import check
from portal.sharing.reading import staged
from portal.sharing.tables import ImportRow, ImportRun

MOST = 200
"""Rows stored in one write transaction."""
Progress = Callable[[int, int], object]
"""Called with how many rows of how many are done."""
FILE = "import-file"


@dataclass(frozen=True, slots=True)
class Draft:
    """A row about to be staged: what stands in the clear, and what is sealed."""

    number: int
    agreement: str
    state: str
    doubtful: bool
    case: uuid.UUID | None
    content: Mapping[str, Any] = field(repr=False)
    id: uuid.UUID = field(default_factory=new_id)


def stage(
    session: Session,
    doors: Doors,
    actor: Actor,
    data: bytes,
    asked_by: str = "",
    progress: Progress = lambda done, total: None,
) -> uuid.UUID:
    """Read, check, match, compare and stage a file; the id of its run.

    `asked_by` names the person behind an account without one; it is sealed. Raises `Refused` for a capacity that may
    not, `FileRefused` for a file that cannot be read, `LogUnavailable`.
    """
    served = runs.require(session, doors, actor)
    runs.sweep(session, doors, actor)
    sheet = read(data)
    now = doors.clock()
    checked = check(sheet, boroughs=[a.borough for a in served], today=day_at(now))
    run = new_id()
    total = len(checked.accepted) + len(checked.repeated) + len(checked.refused)
    _begin(session, doors, actor, run, data, total)
    done = [0]

    def tell(count: int) -> None:
        done[0] += count
        progress(done[0], total)

    judged = judge(session, doors, actor, run, checked.accepted, frozenset(), tell)
    drafts = _drafts(sheet, checked, judged)
    about = {
        "cells": sheet.header.cells,
        "notes": _notes(checked, judged),
        "asked_by": asked_by,
        "agreements": [a.digest for a in served],
    }
    _keep(session, doors, actor, run, drafts, about)
    progress(total, total)
    return run


def again(session: Session, doors: Doors, actor: Actor, run: uuid.UUID) -> None:
    """Compare every row of a run anew, because a case or an agreement changed since; it waits to be looked at again.

    What the sender confirmed stays confirmed.
    """
    served = runs.require(session, doors, actor)
    row = runs.row_of(session, actor, run)
    stored = _open(session, doors, row)
    about = staged.opened(session, doors, staged.RUN, run, row.party, [(run, row.sealed)])[0]
    about["agreements"] = [a.digest for a in served]
    rows = {kept.number: accepted_of(content) for kept, content in stored if "accepted" in content}
    confirmed = frozenset(kept.number for kept, _ in stored if kept.doubtful and kept.state != REFUSED)
    judged = {j.row: j for j in judge(session, doors, actor, run, list(rows.values()), confirmed)}
    drafts = [
        _draft(judged[kept.number], rows[kept.number], content["cells"], content["notes"], kept.id)
        for kept, content in stored
        if kept.number in judged
    ]
    _keep(session, doors, actor, run, drafts, about, why=runs.AGAIN)


def accepted_of(content: Mapping[str, Any]) -> Accepted:
    """The checked row that a staged one was made of."""
    kept = dict(content["accepted"])
    return Accepted(**kept | {"scores": tuple(kept["scores"]), "bands": tuple(kept["bands"])})


def _open(session: Session, doors: Doors, row: ImportRun) -> list[tuple[ImportRow, Any]]:
    rows = list(session.scalars(select(ImportRow).where(ImportRow.run == row.id).order_by(ImportRow.number)))
    session.expunge_all()
    contents = staged.opened(session, doors, staged.ROW, row.id, row.party, [(r.id, r.sealed) for r in rows])
    return list(zip(rows, contents, strict=True))


def _begin(session: Session, doors: Doors, actor: Actor, run: uuid.UUID, data: bytes, total: int) -> None:
    now = doors.clock()
    with doors.log.transaction(session) as tx:
        doors.keys.ensure(session, run, actor.party, staged.SEAL_CLASS)
        session.execute(
            insert(ImportRun).values(
                id=run,
                user=actor.user,
                party=actor.party,
                capacity=actor.capacity,
                session=actor.session,
                state=runs.STAGING,
                why="",
                created_at=now,
                touched_at=now,
                done=0,
                new=0,
                changed=0,
                unchanged=0,
                refused=0,
                reference="",
                file_tag=doors.tags.tag(FILE, sha256(data).hexdigest()),
                sealed=b"",
            )
        )
        tx.append(said.entry("import", actor, purpose=PURPOSE, subjects=[runs.about(run, rows=total)], visit=run))


def _drafts(sheet: Sheet, checked: Checked, judged: Sequence[Judged]) -> list[Draft]:
    cells = {row.number: row.cells for row in sheet.rows}
    problems: dict[int, list[tuple[str, str, str]]] = {}
    for problem in checked.problems:
        problems.setdefault(problem.row, []).append((problem.column or "", problem.message, problem.remedy))
    notes: dict[int, list[str]] = {}
    for note in checked.notes:
        if note.row is not None:
            notes.setdefault(note.row, []).append(f"{note.column}: {note.message}" if note.column else note.message)
    drafts = [
        Draft(number, "", REFUSED, False, None, {"cells": cells[number], "problems": told})
        for number, told in problems.items()
    ]
    drafts += [
        Draft(each.row, "", UNCHANGED, False, None, {"notes": [f"Says what row {each.first} says."]})
        for each in checked.repeated
    ]
    rows = {row.row: row for row in checked.accepted}
    drafts += [_draft(one, rows[one.row], cells[one.row], notes.get(one.row, []), new_id()) for one in judged]
    return sorted(drafts, key=lambda draft: draft.number)


def _draft(one: Judged, row: Accepted, cells: Sequence[str], notes: Sequence[str], identity: uuid.UUID) -> Draft:
    content = {
        "accepted": asdict(row),
        "cells": cells,
        "notes": notes,
        "problems": one.problems,
        "person": one.match.person.hex if one.match.person else None,
        "base": one.base,
        "add": one.plan.add,
        "edit": [(e.record.hex, e.base, e.values, e.whole) for e in one.plan.edit],
        "words": one.plan.words,
        "left_out": one.plan.left_out,
    }
    return Draft(one.row, one.agreement, one.state, one.doubt is not None, one.match.case, content, identity)


def _notes(checked: Checked, judged: Iterable[Judged]) -> list[str]:
    """What concerns the file as a whole."""
    notes = [note.message for note in checked.notes if note.row is None]
    notes += in_words([one.plan.left_out for one in judged])
    if any(row.assignment for row in checked.accepted):
        notes.append(f"Probation practitioner: clause {runs.CLAUSE} does not give it; it is not kept.")
    return notes


def _keep(
    session: Session,
    doors: Doors,
    actor: Actor,
    run: uuid.UUID,
    drafts: Sequence[Draft],
    about: Mapping[str, Any],
    why: str = "",
) -> None:
    """Seal outside the write lock, store in short transactions, and say at the end that all of it is there."""
    dek = doors.keys.find(session, run, actor.party, staged.SEAL_CLASS)
    assert dek is not None  # made with the run, destroyed with it
    for some in chunks(drafts, MOST):
        rows = [_row(dek, run, actor.party, draft) for draft in some]
        with doors.log.transaction(session):
            session.execute(delete(ImportRow).where(ImportRow.id.in_([draft.id for draft in some])))
            session.connection().execute(insert(ImportRow), rows)
            session.execute(update(ImportRun).where(ImportRun.id == run).values(touched_at=doors.clock()))
    sealed = _sealed(dek, staged.RUN, run, run, actor.party, about)
    with doors.log.transaction(session) as tx:
        counts = runs.count(session, run)
        session.execute(
            update(ImportRun)
            .where(ImportRun.id == run, ImportRun.state.in_((runs.STAGING, runs.PUBLISHING)))
            .values(state=runs.STAGED, why=why, sealed=sealed, touched_at=doors.clock(), done=0, **counts)
        )
        subject = runs.about(run, staged=counts, asked_by=about["asked_by"])
        tx.append(said.entry("import", actor, purpose=PURPOSE, subjects=[subject], visit=run))


def _row(dek: Dek, run: uuid.UUID, party: str, draft: Draft) -> dict[str, Any]:
    return {
        "id": draft.id,
        "run": run,
        "number": draft.number,
        "agreement": draft.agreement,
        "state": draft.state,
        "doubtful": draft.doubtful,
        "case": draft.case,
        "sealed": _sealed(dek, staged.ROW, draft.id, run, party, draft.content),
    }


def _sealed(dek: Dek, kind: str, record: uuid.UUID, run: uuid.UUID, party: str, content: Mapping[str, Any]) -> bytes:
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return seal(dek, staged.place(kind, record, run, party), text.encode(), 32)
