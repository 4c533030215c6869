"""The rows of a run as they are kept: each sealed under the key of its run, stored in short transactions."""

import base64
import json
import uuid
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from portal.auth.actor import Actor
from portal.db import new_id
from portal.keys.deks import chunks
from portal.keys.sealing import Dek, seal
from portal.sharing.doors import Doors
from portal.sharing.importing.accepted import Accepted, Checked, Note
from portal.sharing.importing.judging import REFUSED, UNCHANGED, Judged, agreement_of
from portal.sharing.importing.runs import Hold, Overtaken
from portal.sharing.importing.sheet import Sheet
from portal.sharing.reading import staged
from portal.sharing.tables import ImportRow, ImportRun

WAITING = "waiting"
"""State of a row that was checked and not yet compared with what is known."""
MOST = 200
"""Rows stored in one write transaction."""
RETURNS = "Comes back: a new case"
FILE = "file"
"""What a sealed run holds until its rows are stored: the file itself."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A row about to be stored: what stands in the clear, and what is sealed."""

    number: int
    agreement: str
    state: str
    doubtful: bool
    case: uuid.UUID | None
    content: Mapping[str, Any] = field(repr=False)
    id: uuid.UUID = field(default_factory=new_id)


def packed(data: bytes, asked_by: str) -> dict[str, Any]:
    """What is sealed of a file that nobody has read yet."""
    return {FILE: base64.b64encode(zlib.compress(data, 1)).decode(), "asked_by": asked_by}


def unpacked(about: Mapping[str, Any]) -> bytes:
    """The file of `packed`."""
    return zlib.decompress(base64.b64decode(about[FILE]))


def of_sheet(doors: Doors, sheet: Sheet, checked: Checked) -> list[Draft]:
    """Every row of a checked file: refused, saying what another says, or waiting to be compared."""
    cells = {row.number: row.cells for row in sheet.rows}
    problems: dict[int, list[tuple[str, str, str]]] = {}
    for problem in checked.problems:
        problems.setdefault(problem.row, []).append((problem.column or "", problem.message, problem.remedy))
    notes: dict[int, list[str]] = {}
    for note in checked.notes:
        if note.row is not None:
            notes.setdefault(note.row, []).append(_told(note))
    drafts = [
        Draft(number, "", REFUSED, False, None, {"cells": cells[number], "problems": told})
        for number, told in problems.items()
    ]
    drafts += [
        Draft(each.row, "", UNCHANGED, False, None, {"notes": [f"Says what row {each.first} says."]})
        for each in checked.repeated
    ]
    for row in checked.accepted:
        content = {"accepted": asdict(row), "cells": cells[row.row], "notes": notes.get(row.row, [])}
        drafts.append(Draft(row.row, agreement_of(doors, row), WAITING, False, None, content))
    return sorted(drafts, key=lambda draft: draft.number)


def _told(note: Note) -> str:
    """A note with its column, unless it begins with that anyway: “RoSH: not assessed.”"""
    named = note.column is None or note.column.startswith(note.message.split()[0].rstrip(":"))
    return note.message if named else f"{note.column}: {note.message}"


def of_judged(one: Judged, row: ImportRow, content: Mapping[str, Any]) -> Draft:
    """A stored row with what became of it."""
    more = {
        "problems": one.problems,
        "person": one.match.person.hex if one.match.person else None,
        "base": one.base,
        "add": one.plan.add,
        "edit": [(e.record.hex, e.base, e.values, e.whole) for e in one.plan.edit],
        "words": (RETURNS, *one.plan.words) if one.match.before else one.plan.words,
        "left_out": one.plan.left_out,
    }
    doubtful, case = one.doubt is not None, one.match.case
    return Draft(one.row, one.agreement, one.state, doubtful, case, {**content, **more}, row.id)


def accepted_of(content: Mapping[str, Any]) -> Accepted:
    """The checked row that a stored one was made of."""
    kept = dict(content["accepted"])
    return Accepted(**kept | {"scores": tuple(kept["scores"]), "bands": tuple(kept["bands"])})


def opened(session: Session, doors: Doors, row: ImportRun) -> list[tuple[ImportRow, Any]]:
    """All rows of a run with what they say, in order. The caller has logged it."""
    rows = list(session.scalars(select(ImportRow).where(ImportRow.run == row.id).order_by(ImportRow.number)))
    session.expunge_all()
    contents = staged.opened(session, doors, staged.ROW, row.id, row.party, [(r.id, r.sealed) for r in rows])
    return list(zip(rows, contents, strict=True))


def store(
    session: Session, doors: Doors, actor: Actor, hold: Hold, drafts: Sequence[Draft], done: bool = False
) -> None:
    """Seal outside the write lock, store in short transactions. `done`: these rows need nothing more."""
    dek = key_of(session, doors, actor, hold.run)
    for some in chunks(drafts, MOST):
        rows = [_row(dek, hold.run, actor.party, draft) for draft in some]
        with doors.log.transaction(session):
            session.execute(delete(ImportRow).where(ImportRow.id.in_([draft.id for draft in some])))
            session.connection().execute(insert(ImportRow), rows)
            hold.keep(session, doors, **({"done": ImportRun.done + len(some)} if done else {}))


def sealed_run(dek: Dek, actor: Actor, run: uuid.UUID, content: Mapping[str, Any]) -> bytes:
    """What is to be kept of the run itself, under the key of the run."""
    return _sealed(dek, staged.RUN, run, run, actor.party, content)


def key_of(session: Session, doors: Doors, actor: Actor, run: uuid.UUID) -> Dek:
    """The key of a run. Raises `Overtaken` where it was destroyed with what it opened."""
    dek = doors.keys.find(session, run, actor.party, staged.SEAL_CLASS)
    if dek is None:
        raise Overtaken(run)
    return dek


def forget_rows(session: Session, run: uuid.UUID) -> None:
    """Delete what was stored of a file that is to be read anew. Inside a write transaction."""
    session.execute(delete(ImportRow).where(ImportRow.run == run))


def wait_again(session: Session, run: uuid.UUID) -> None:
    """Let every row of a run be compared anew; a doubt that was settled stays so. Inside a write transaction."""
    of = (ImportRow.run == run, ImportRow.agreement != "")
    session.execute(update(ImportRow).where(*of, ImportRow.state == REFUSED).values(doubtful=False))
    session.execute(update(ImportRow).where(*of).values(state=WAITING))


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
