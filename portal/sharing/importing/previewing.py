"""What the sender of a file is shown before it is brought in: counts, rows that need someone, and what would change."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from portal.audit.entry import Subject
from portal.auth.actor import Actor
from portal.errors import NotFound
from portal.sharing import said
from portal.sharing.disclosure import Receipt
from portal.sharing.doors import Doors
from portal.sharing.importing import runs
from portal.sharing.importing.accepted import Checked, Problem
from portal.sharing.importing.cells import Kind
from portal.sharing.importing.columns import Column, recognise
from portal.sharing.importing.judging import CHANGED, NEW, REFUSED, UNCHANGED
from portal.sharing.importing.matching import PURPOSE
from portal.sharing.importing.refused import refused_csv
from portal.sharing.importing.runs import Overtaken, Run
from portal.sharing.importing.sheet import Row, Sheet
from portal.sharing.reading import staged
from portal.sharing.tables import CaseFile, ImportRow, ImportRun

PAGE, LAST_PAGE = 50, 1_000_000


@dataclass(frozen=True, slots=True)
class Wrong:
    """One thing wrong with one row. `doubtful`: the row is taken after all once its sender confirms who it is."""

    row: int
    column: str
    message: str = field(repr=False)
    remedy: str = field(repr=False)
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Effect:
    """What publishing would do with one row. `what` in the agreement's words, or what there is to know of the row."""

    row: int
    name: str = field(repr=False)
    state: str = ""
    what: tuple[str, ...] = field(default=(), repr=False)
    notes: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Preview:
    """A page of a staged run. `more`: there are later pages; `same_as`: when the same file was brought in before."""

    run: Run
    notes: tuple[str, ...] = field(repr=False)
    wrong: tuple[Wrong, ...] = field(repr=False)
    effects: tuple[Effect, ...] = field(repr=False)
    page: int
    pages: int
    same_as: int | None
    receipt: Receipt


def preview(session: Session, doors: Doors, actor: Actor, run: uuid.UUID, page: int = 1) -> Preview:
    """A page of what is wrong and what would change, 50 rows of each; logged with every known person it names.

    Raises `NotFound` for another's run, one that is not waiting, or a page that is not there; `SealBroken` where a
    staged row does not verify.
    """
    seen = runs.find(session, doors, actor, run)
    row = runs.row_of(session, actor, run)
    if seen.state != runs.STAGED or not 1 <= page <= LAST_PAGE:
        raise NotFound
    wrong, wrong_total = _rows(session, run, (REFUSED,), page)
    effects, effect_total = _rows(session, run, (NEW, CHANGED, UNCHANGED), page)
    pages = max(1, -(-max(wrong_total, effect_total) // PAGE))
    if page > pages:
        raise NotFound
    receipt = _log(session, doors, actor, "import", run, [*wrong, *effects])
    about = staged.opened(session, doors, staged.RUN, run, row.party, [(run, row.sealed)])[0]
    return Preview(
        run=seen,
        notes=tuple(about["notes"]),
        wrong=tuple(w for kept, said_of in _open(session, doors, row, wrong) for w in _wrong(kept, said_of)),
        effects=tuple(_effect(kept, content) for kept, content in _open(session, doors, row, effects)),
        page=page,
        pages=pages,
        same_as=_same_file(session, row),
        receipt=receipt,
    )


def confirm(session: Session, doors: Doors, actor: Actor, run: uuid.UUID, numbers: Sequence[int]) -> None:
    """Take doubtful rows after all: their sender says who they are. Rows that are not in doubt are passed over.

    Raises as `preview`, and `Overtaken` where the run is no longer waiting once they would be taken.
    """
    row = runs.row_of(session, actor, run)
    if runs.find(session, doors, actor, run).state != runs.STAGED:
        raise NotFound
    wanted = select(ImportRow).where(ImportRow.run == run, ImportRow.state == REFUSED, ImportRow.doubtful)
    kept = [each for each in session.scalars(wanted) if each.number in numbers]
    session.expunge_all()
    if not kept:
        return
    _log(session, doors, actor, "import", run, kept, confirmed=[each.number for each in kept])
    contents = _open(session, doors, row, kept)
    with doors.log.transaction(session):
        waits = update(ImportRun).where(ImportRun.id == run, ImportRun.state == runs.STAGED)
        connection = session.connection()
        if connection.execute(waits.values(touched_at=max(doors.clock(), row.touched_at + 1))).rowcount != 1:
            raise Overtaken(run)
        for each, content in contents:
            state = NEW if each.case is None else CHANGED if content["add"] or content["edit"] else UNCHANGED
            same = (ImportRow.id == each.id, ImportRow.state == REFUSED, ImportRow.sealed == each.sealed)
            connection.execute(update(ImportRow).where(*same).values(state=state))
        connection.execute(waits.values(**runs.count(session, run)))


def refused_file(session: Session, doors: Doors, actor: Actor, run: uuid.UUID) -> bytes:
    """The refused rows as a CSV that is safe to open; logged as an export. `NotFound` once they have been forgotten."""
    runs.find(session, doors, actor, run)
    row = runs.row_of(session, actor, run)
    kept = list(
        session.scalars(select(ImportRow).where(ImportRow.run == run, ImportRow.state == REFUSED).order_by(_NUMBER))
    )
    session.expunge_all()
    if not kept or not row.sealed:
        raise NotFound
    _log(session, doors, actor, "export", run, kept)
    about = staged.opened(session, doors, staged.RUN, run, row.party, [(run, row.sealed)])[0]
    contents = _open(session, doors, row, kept)
    lines = tuple(Row(each.number, tuple(content["cells"])) for each, content in contents)
    problems = tuple(_problem(w) for each, content in contents for w in _wrong(each, content))
    return refused_csv(Sheet(recognise(about["cells"]), lines, ()), Checked((), (), problems, ()))


_NUMBER = ImportRow.number


def _rows(session: Session, run: uuid.UUID, states: Sequence[str], page: int) -> tuple[list[ImportRow], int]:
    """A page of rows, those that would do something before those that would not; and how many there are."""
    of = (ImportRow.run == run, ImportRow.state.in_(states))
    total = session.scalar(select(func.count()).select_from(ImportRow).where(*of)) or 0
    order = ((ImportRow.state == UNCHANGED), _NUMBER)
    rows = list(session.scalars(select(ImportRow).where(*of).order_by(*order).offset((page - 1) * PAGE).limit(PAGE)))
    session.expunge_all()
    return rows, total


def _open(
    session: Session, doors: Doors, run: ImportRun, rows: Sequence[ImportRow]
) -> list[tuple[ImportRow, Mapping[str, Any]]]:
    contents = staged.opened(session, doors, staged.ROW, run.id, run.party, [(r.id, r.sealed) for r in rows])
    return list(zip(rows, contents, strict=True))


def _wrong(kept: ImportRow, content: Mapping[str, Any]) -> list[Wrong]:
    return [
        Wrong(kept.number, column, message, remedy, kept.doubtful) for column, message, remedy in content["problems"]
    ]


def _effect(kept: ImportRow, content: Mapping[str, Any]) -> Effect:
    person = content["accepted"]["person"] if "accepted" in content else {}
    name = f"{person.get('forename', '')} {person.get('surname', '')}".strip()
    what = ("New person",) if kept.state == NEW and not content["person"] else tuple(content.get("words", ()))
    return Effect(kept.number, name, kept.state, what, tuple(content.get("notes", ())))


def _problem(wrong: Wrong) -> Problem:
    column = Column(wrong.column) if wrong.column in {c.value for c in Column} else None
    message = wrong.message if column or not wrong.column else f"{wrong.column}: {wrong.message}"
    return Problem(wrong.row, column, Kind.CONFLICT, message, wrong.remedy)


def _same_file(session: Session, row: ImportRun) -> int | None:
    """When the very same file was published before, if it was (microseconds UTC)."""
    statement = select(func.max(ImportRun.touched_at)).where(
        ImportRun.party == row.party, ImportRun.file_tag == row.file_tag, ImportRun.state == runs.PUBLISHED
    )
    return session.scalar(statement)


def _log(
    session: Session,
    doors: Doors,
    actor: Actor,
    operation: str,
    run: uuid.UUID,
    rows: Sequence[ImportRow],
    **more: object,
) -> Receipt:
    """The entry that says which rows of which run are opened, and every known person among them."""
    cases = {row.case for row in rows if row.case}
    known = session.execute(select(CaseFile.id, CaseFile.person).where(CaseFile.id.in_(cases))).all() if cases else []
    subjects = [runs.about(run, rows=[row.number for row in rows], **more)]
    subjects += [Subject(each.person, {"case": each.id.hex, "run": run.hex}) for each in known]
    with doors.log.transaction(session) as tx:
        receipt = tx.append(said.entry(operation, actor, purpose=PURPOSE, subjects=subjects, visit=run))
    return said.receipt(receipt)
