"""Runs of the monthly file: who may bring one in, whose it is, and how one is given up without a trace."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.orm import Session

from isa.agreement import Agreement
from portal.audit.entry import Subject
from portal.auth.actor import Actor
from portal.db import DAY, MINUTE, from_micros
from portal.errors import Conflict, NotFound, Refused
from portal.keys.deks import chunks
from portal.sharing import said, tagging
from portal.sharing.doors import Doors
from portal.sharing.importing.matching import PURPOSE, new_sight
from portal.sharing.sight import CREATE, SHARE
from portal.sharing.tables import CaseFile, ImportRow, ImportRun, RecordRow, SealedValue

CLAUSE = "8.20"
"""“The monthly file” of every agreement served: to probation, acting as feed or SPOC."""
ROLES = ("spoc", "feed")
STAGING, STAGED, PUBLISHING, PUBLISHED = "staging", "staged", "publishing", "published"
ABANDONED, UNREADABLE = "abandoned", "unreadable"
AGAIN, FAILED = "again", "failed"
SILENT = MINUTE
"""How long without a sign of life until the work on a run is taken to have stopped."""


class Overtaken(Conflict):
    """Somebody else went on with a run, or gave it up."""

    def __init__(self, run: uuid.UUID) -> None:
        super().__init__(str(run), 0)


@dataclass(slots=True)
class Hold:
    """The right of one worker to go on with a run. Whoever takes the run over, or gives it up, ends it.

    `at` is the last sign of life that this worker gave: it is the same in the database as long as the right lasts.
    """

    run: uuid.UUID
    state: str
    at: int

    def keep(self, session: Session, doors: Doors, **values: object) -> None:
        """Give a sign of life, with a change of the run. Inside every write transaction. Raises `Overtaken`."""
        now = max(doors.clock(), self.at + 1)
        held = (ImportRun.id == self.run, ImportRun.state == self.state, ImportRun.touched_at == self.at)
        changed = session.connection().execute(update(ImportRun).where(*held).values({"touched_at": now, **values}))
        if changed.rowcount != 1:
            raise Overtaken(self.run)
        self.at = now


@dataclass(frozen=True, slots=True)
class Run:
    """A run as its sender sees it. Counts are rows; `done` of `total` while it is worked on (0: not known yet).

    `stopped`: it was being worked on and no longer shows life; `problem`: why the file could not be read.
    """

    id: uuid.UUID
    state: str
    why: str
    created_at: datetime
    problem: str
    done: int
    total: int
    new: int
    changed: int
    unchanged: int
    refused: int
    reference: str
    stopped: bool

    @property
    def ready(self) -> int:
        """Rows that need nobody."""
        return self.new + self.changed + self.unchanged


def require(session: Session, doors: Doors, actor: Actor) -> tuple[Agreement, ...]:
    """The agreements under which this capacity may bring the file in. Raises `Refused`, logged, where there is none."""
    now = doors.clock()
    doors.book.refresh(session)
    served = []
    for agreement in doors.book.of_party(actor.party):
        if actor.role in ROLES and agreement.parties[actor.party].kind == "probation":
            sight = new_sight(session, doors, actor, agreement.id, now)
            if all(sight.decide(action, "person.surname", actor.party).permit for action in (CREATE, SHARE)):
                served.append(agreement)
    if not served:
        with doors.log.transaction(session) as tx:
            receipt = tx.append(said.entry("import", actor, outcome="refused", purpose=PURPOSE))
        words = "The monthly file is brought in by the Probation Service's single point of contact."
        if not doors.book.of_party(actor.party):
            words = "No agreement that your agency has signed is in force here."
        raise Refused(CLAUSE, words, "Ask the SPOC of the Probation Service.", receipt.reference)
    return tuple(served)


def row_of(session: Session, actor: Actor, run: uuid.UUID) -> ImportRun:
    """The run, if this capacity brought it in. Raises `NotFound`."""
    row = session.get(ImportRun, run)
    if row is None or (row.user, row.capacity) != (actor.user, actor.capacity):
        raise NotFound
    session.expunge(row)
    return row


def find(session: Session, doors: Doors, actor: Actor, run: uuid.UUID) -> Run:
    """The run as its sender sees it; opens nothing. Raises `NotFound` for another's, `Refused` as `require`."""
    require(session, doors, actor)
    row = row_of(session, actor, run)
    left = 0
    if row.state == STAGING:
        waiting = (ImportRow.run == run, ImportRow.agreement != "")
        left = session.scalar(select(func.count()).select_from(ImportRow).where(*waiting)) or 0
    return _view(row, doors.clock(), left)


def recent(session: Session, doors: Doors, actor: Actor) -> tuple[Run, ...]:
    """The last runs of this capacity, newest first."""
    require(session, doors, actor)
    rows = session.scalars(
        select(ImportRun)
        .where(
            ImportRun.user == actor.user,
            ImportRun.capacity == actor.capacity,
            ImportRun.state.notin_((ABANDONED, UNREADABLE)),
        )
        .order_by(ImportRun.created_at.desc())
        .limit(10)
    )
    return tuple(_view(row, doors.clock()) for row in rows)


def silent(row: ImportRun, now: int) -> bool:
    """Whether whoever worked on the run seems to have stopped."""
    return now - row.touched_at > SILENT


def _view(row: ImportRun, now: int, checking: int = 0) -> Run:
    return Run(
        row.id,
        row.state,
        row.why,
        from_micros(row.created_at),
        row.problem,
        row.done,
        checking or row.new + row.changed,
        row.new,
        row.changed,
        row.unchanged,
        row.refused,
        row.reference,
        row.state in (STAGING, PUBLISHING) and silent(row, now),
    )


def about(run: uuid.UUID, **more: object) -> Subject:
    """The part of an entry about the run itself, under its own id: what was done with the file."""
    return Subject(run, {"run": run.hex, **more})


def hidden(run: uuid.UUID) -> str:
    """What stands for the agreement of a case file being prepared: none, so that nobody is given anything of it."""
    return f"import:{run.hex}"


def abandon(session: Session, doors: Doors, actor: Actor, run: uuid.UUID) -> None:
    """Give a run up: what was prepared is deleted, its key destroyed. Raises `NotFound` unless it is waiting."""
    row = row_of(session, actor, run)
    if row.state not in (STAGED, STAGING) and not _view(row, doors.clock()).stopped:
        raise NotFound
    waiting = ImportRun.state.in_((STAGED, STAGING))
    if not _give_up(session, doors, actor, run, or_(waiting, _as_seen(row.state, row.touched_at))):
        raise NotFound


def sweep(session: Session, doors: Doors, actor: Actor) -> None:
    """Abandon every run that waited for more than a day, and forget what is kept of published ones."""
    old = doors.clock() - DAY
    waiting = or_(ImportRun.state.in_((STAGING, STAGED, PUBLISHING)), ImportRun.sealed != b"")
    for run, state, at in session.execute(
        select(ImportRun.id, ImportRun.state, ImportRun.touched_at).where(waiting, ImportRun.touched_at < old)
    ).all():
        if state == PUBLISHED:
            with doors.log.transaction(session):
                forget(session, doors, run)
        else:
            _give_up(session, doors, actor, run, _as_seen(state, at))


def _as_seen(state: str, at: int) -> ColumnElement[bool]:
    """Nobody went on with the run since."""
    return and_(ImportRun.state == state, ImportRun.touched_at == at)


def _give_up(session: Session, doors: Doors, actor: Actor, run: uuid.UUID, still: ColumnElement[bool]) -> bool:
    """Whether it was given up: not where `still` holds no longer, such as once it was published."""
    with doors.log.transaction(session) as tx:
        given_up = update(ImportRun).where(ImportRun.id == run, still).values(state=ABANDONED)
        if session.connection().execute(given_up).rowcount != 1:
            return False
        tx.append(said.entry("import", actor, purpose=PURPOSE, outcome="failed", subjects=[about(run, abandoned=True)]))
    discard(session, doors, run)
    with doors.log.transaction(session):
        forget(session, doors, run)
    return True


def forget(session: Session, doors: Doors, run: uuid.UUID) -> None:
    """Delete the rows as they came and destroy the key they were sealed under. Inside a write transaction."""
    session.execute(delete(ImportRow).where(ImportRow.run == run))
    session.execute(update(ImportRun).where(ImportRun.id == run).values(sealed=b""))
    doors.keys.destroy(session, [run])


def discard(session: Session, doors: Doors, run: uuid.UUID) -> None:
    """Delete what was prepared and not published, in short transactions, with the keys of persons who have no case."""
    while prepared := session.execute(
        select(CaseFile.id, CaseFile.person).where(CaseFile.agreement == hidden(run)).limit(50)
    ).all():
        with doors.log.transaction(session):
            _delete_cases(session, [row.id for row in prepared])
            persons = {row.person for row in prepared}
            doors.keys.destroy(session, persons - _with_cases(session, persons))


def _delete_cases(session: Session, cases: Sequence[uuid.UUID]) -> None:
    records = select(RecordRow.id).where(RecordRow.case.in_(cases))
    session.execute(delete(SealedValue).where(SealedValue.record.in_(records)))
    tagging.remove(session.connection(), session.scalars(records).all())
    session.execute(delete(RecordRow).where(RecordRow.case.in_(cases)))
    session.execute(delete(CaseFile).where(CaseFile.id.in_(cases)))


def _with_cases(session: Session, persons: set[uuid.UUID]) -> set[uuid.UUID]:
    return {
        person
        for some in chunks(sorted(persons))
        for person in session.scalars(select(CaseFile.person).where(CaseFile.person.in_(some)).distinct())
    }


def count(session: Session, run: uuid.UUID) -> dict[str, int]:
    """Rows by state."""
    statement = select(ImportRow.state, func.count()).where(ImportRow.run == run).group_by(ImportRow.state)
    found = {row[0]: row[1] for row in session.execute(statement)}
    return {state: found.get(state, 0) for state in ("new", "changed", "unchanged", "refused")}
