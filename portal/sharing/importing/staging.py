"""A monthly file from its bytes to rows that wait to be looked at. No plaintext touches a disk.

The request only takes the sealed file in. Reading, checking and comparing go on behind a progress page, row by row
kept, and whoever takes the work up after a kill begins where it stopped.
"""

import uuid
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from portal.auth.actor import Actor
from portal.db import new_id
from portal.errors import Conflict, PortalError
from portal.sharing import said
from portal.sharing.days import day_at
from portal.sharing.doors import Doors
from portal.sharing.importing import keeping, runs
from portal.sharing.importing.accepted import Checked
from portal.sharing.importing.comparing import in_words
from portal.sharing.importing.judging import judge
from portal.sharing.importing.keeping import WAITING
from portal.sharing.importing.matching import PURPOSE
from portal.sharing.importing.runs import Hold
from portal.sharing.importing.sheet import FileRefused
from portal.sharing.importing.spreadsheet import read, require_size
from portal.sharing.importing.validating import check
from portal.sharing.reading import staged
from portal.sharing.tables import ImportRun

Progress = Callable[[int, int], object]
"""Called with how many rows of how many are done."""
FILE = "import-file"


def stage(
    session: Session,
    doors: Doors,
    actor: Actor,
    data: bytes,
    asked_by: str = "",
    progress: Progress = lambda done, total: None,
) -> uuid.UUID:
    """Receive a file and do everything up to the preview; the id of its run. Raises as `receive` and `carry_out`."""
    hold = receive(session, doors, actor, data, asked_by)
    carry_out(session, doors, actor, hold, progress)
    return hold.run


def receive(session: Session, doors: Doors, actor: Actor, data: bytes, asked_by: str = "") -> Hold:
    """Take a file in, sealed, to be read by `carry_out`.

    `asked_by` names the person behind an account without one; it is sealed. Raises `Refused` for a capacity that may
    not, `FileRefused` for a file that is too large, `LogUnavailable`.
    """
    runs.require(session, doors, actor)
    require_size(data)
    runs.sweep(session, doors, actor)
    run, now = new_id(), doors.clock()
    packed = keeping.packed(data, asked_by)
    with doors.log.transaction(session) as tx:
        dek = doors.keys.ensure(session, run, actor.party, staged.SEAL_CLASS)
        session.execute(
            insert(ImportRun).values(
                id=run,
                user=actor.user,
                party=actor.party,
                capacity=actor.capacity,
                session=actor.session,
                state=runs.STAGING,
                why="",
                problem="",
                created_at=now,
                touched_at=now,
                done=0,
                new=0,
                changed=0,
                unchanged=0,
                refused=0,
                reference="",
                file_tag=doors.tags.tag(FILE, sha256(data).hexdigest()),
                sealed=keeping.sealed_run(dek, actor, run, packed),
            )
        )
        subject = runs.about(run, bytes=len(data))
        tx.append(said.entry("import", actor, purpose=PURPOSE, subjects=[subject], visit=run))
    return Hold(run, runs.STAGING, now)


def resume(session: Session, doors: Doors, actor: Actor, run: uuid.UUID) -> Hold:
    """Take up a run whose checking stopped. Raises `NotFound` for another's, `Conflict` while it shows life."""
    runs.require(session, doors, actor)
    row = runs.row_of(session, actor, run)
    if row.state != runs.STAGING or not runs.silent(row, doors.clock()):
        raise Conflict(str(run), 0)
    hold = Hold(run, runs.STAGING, row.touched_at)
    with doors.log.transaction(session) as tx:
        hold.keep(session, doors)
        subject = runs.about(run, resumed=True)
        tx.append(said.entry("import", actor, purpose=PURPOSE, subjects=[subject], visit=run))
    return hold


def again(session: Session, doors: Doors, actor: Actor, hold: Hold) -> None:
    """Compare every row of a run anew, because a case or an agreement changed since; it waits to be looked at again.

    What the sender confirmed stays confirmed.
    """
    with doors.log.transaction(session):
        keeping.wait_again(session, hold.run)
        hold.keep(session, doors, state=runs.STAGING, why=runs.AGAIN, done=0)
    carry_out(session, doors, actor, Hold(hold.run, runs.STAGING, hold.at))


def carry_out(
    session: Session,
    doors: Doors,
    actor: Actor,
    hold: Hold,
    progress: Progress = lambda done, total: None,
) -> None:
    """Read, check and compare a received file, from where it stopped. Each opening of values is logged first.

    Raises `FileRefused` for a file that cannot be read, which ends its run, and `Overtaken` once somebody else went
    on with it or gave it up. After any other failure it can be taken up by `resume` at once.
    """
    try:
        row = runs.row_of(session, actor, hold.run)
        about = staged.opened(session, doors, staged.RUN, row.id, row.party, [(row.id, row.sealed)])[0]
        if keeping.FILE in about:
            about = _read(session, doors, actor, hold, about)
        _compare(session, doors, actor, hold, row, about, progress)
    except FileRefused as refused:
        _unreadable(session, doors, actor, hold, refused)
        raise
    except BaseException:
        with suppress(PortalError):  # the first failure is what is told
            _stopped(session, doors, hold)
        raise


def _read(session: Session, doors: Doors, actor: Actor, hold: Hold, about: dict[str, Any]) -> dict[str, Any]:
    """Read and check the file, store its rows, and keep of the run what a person is told of it."""
    with doors.log.transaction(session):
        keeping.forget_rows(session, hold.run)
        hold.keep(session, doors)
    sheet = read(keeping.unpacked(about))
    boroughs = [agreement.borough for agreement in runs.require(session, doors, actor)]
    checked = check(sheet, boroughs=boroughs, today=day_at(doors.clock()))
    keeping.store(session, doors, actor, hold, keeping.of_sheet(doors, sheet, checked))
    kept = {"cells": sheet.header.cells, "read": _notes(checked), "asked_by": about["asked_by"]}
    sealed = _sealed(session, doors, actor, hold, kept)
    with doors.log.transaction(session):
        hold.keep(session, doors, sealed=sealed)
    return kept


def _compare(
    session: Session,
    doors: Doors,
    actor: Actor,
    hold: Hold,
    row: ImportRun,
    about: dict[str, Any],
    progress: Progress,
) -> None:
    """Compare the rows that wait for it, and say at the end that all of it is there."""
    served = runs.require(session, doors, actor)
    stored = {kept.number: (kept, content) for kept, content in keeping.opened(session, doors, row)}
    rows = {number: keeping.accepted_of(content) for number, (_, content) in stored.items() if "accepted" in content}
    waiting = frozenset(number for number in rows if stored[number][0].state == WAITING)
    confirmed = frozenset(number for number in waiting if stored[number][0].doubtful)
    left_out = [stored[number][1]["left_out"] for number in rows.keys() - waiting]
    done = len(rows) - len(waiting)
    progress(done, len(rows))
    for judged in judge(session, doors, actor, hold.run, list(rows.values()), waiting, confirmed):
        drafts = [keeping.of_judged(one, *stored[one.row]) for one in judged]
        keeping.store(session, doors, actor, hold, drafts, done=True)
        left_out += [one.plan.left_out for one in judged]
        done += len(judged)
        progress(done, len(rows))
    notes = [*about["read"], *in_words(left_out)]
    told = {**about, "notes": notes, "agreements": [a.digest for a in served]}
    sealed = _sealed(session, doors, actor, hold, told)
    with doors.log.transaction(session) as tx:
        counts = runs.count(session, hold.run)
        hold.keep(session, doors, state=runs.STAGED, sealed=sealed, done=0, **counts)
        subject = runs.about(hold.run, staged=counts, asked_by=about["asked_by"])
        tx.append(said.entry("import", actor, purpose=PURPOSE, subjects=[subject], visit=hold.run))


def _sealed(session: Session, doors: Doors, actor: Actor, hold: Hold, about: dict[str, Any]) -> bytes:
    return keeping.sealed_run(keeping.key_of(session, doors, actor, hold.run), actor, hold.run, about)


def _notes(checked: Checked) -> list[str]:
    """What concerns the file as a whole."""
    notes = [note.message for note in checked.notes if note.row is None]
    if any(row.assignment for row in checked.accepted):
        notes.append(f"Probation practitioner: clause {runs.CLAUSE} does not give it; it is not kept.")
    return notes


def _unreadable(session: Session, doors: Doors, actor: Actor, hold: Hold, refused: FileRefused) -> None:
    """End the run: what is wrong is told, nothing of the file is kept."""
    with doors.log.transaction(session) as tx:
        hold.keep(session, doors, state=runs.UNREADABLE, problem=f"{refused.message} {refused.remedy}")
        subject = runs.about(hold.run, unreadable=True)
        tx.append(said.entry("import", actor, outcome="failed", purpose=PURPOSE, subjects=[subject], visit=hold.run))
        runs.forget(session, doors, hold.run)


def _stopped(session: Session, doors: Doors, hold: Hold) -> None:
    """Let the run show no life from now on, so that it can be taken up without waiting for its silence."""
    with doors.log.transaction(session):
        hold.keep(session, doors, touched_at=doors.clock() - runs.SILENT - 1)
