"""Puts all accepted rows of a run in force, or none: sealed and stored beforehand, published in one short transaction.

Between looking and publishing others work on. What a row was compared with is looked at again under the write lock;
where it changed, nothing is published and the run waits to be looked at anew.
"""

import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress

from sqlalchemy import Engine, bindparam, delete, select, update
from sqlalchemy.orm import Session

from portal.audit.log import Transaction
from portal.auth.actor import Actor
from portal.db import settle
from portal.errors import Conflict, PortalError
from portal.keys.deks import chunks
from portal.query import Query, Write
from portal.sharing import inbox, said, tagging
from portal.sharing.cases import next_references
from portal.sharing.doors import Doors
from portal.sharing.importing import runs, staging
from portal.sharing.importing.judging import CHANGED, NEW
from portal.sharing.importing.matching import PURPOSE, now_known
from portal.sharing.importing.preparing import Moved, Ready, prepare, standing
from portal.sharing.importing.runs import Hold, Overtaken, Run
from portal.sharing.reading import staged
from portal.sharing.storing import Batch
from portal.sharing.tables import CaseFile, ImportRow, RecordRow

STEP = 20
"""Rows prepared in one write transaction: few enough that nobody waits long for the lock."""
PAUSE = 0.02
"""Seconds between two of them, in which views that wait for the lock get it: it does not queue."""
SETTLING = 10
"""Write transactions after which what they committed is carried over: at the command line no sequencer does it."""
Progress = Callable[[int, int], object]


def publish(
    session: Session,
    doors: Doors,
    actor: Actor,
    run: uuid.UUID,
    progress: Progress = lambda done, total: None,
) -> Run:
    """Publish a staged run; the run as it is then. `staged` with `again`: something had changed, look once more.

    Raises `NotFound` for another's run, `Conflict` for one that is not waiting, `Refused`, `LogUnavailable`.
    """
    return carry_out(session, doors, actor, begin(session, doors, actor, run), progress)


def begin(session: Session, doors: Doors, actor: Actor, run: uuid.UUID) -> Hold:
    """Take a staged run, or one whose publication stopped, into publishing; of two who ask at once one is refused."""
    runs.require(session, doors, actor)
    row = runs.row_of(session, actor, run)
    stopped = row.state == runs.PUBLISHING and runs.silent(row, doors.clock())
    if row.state != runs.STAGED and not stopped:
        raise Conflict(str(run), 0)
    taken = Hold(run, row.state, row.touched_at)
    with doors.log.transaction(session) as tx:
        taken.keep(session, doors, state=runs.PUBLISHING, why="", done=0)
        subject = runs.about(run, publishing=True)
        tx.append(said.entry("import", actor, purpose=PURPOSE, subjects=[subject], visit=run))
    return Hold(run, runs.PUBLISHING, taken.at)


def carry_out(
    session: Session,
    doors: Doors,
    actor: Actor,
    hold: Hold,
    progress: Progress = lambda done, total: None,
) -> Run:
    """Publish a run that `begin` took. A failure leaves it staged, with nothing of it in force.

    Raises `Overtaken` once somebody else went on with the run: then what is prepared of it is theirs.
    """
    try:
        runs.discard(session, doors, hold.run)
        try:
            _publish(session, doors, actor, hold, progress)
        except Moved:
            runs.discard(session, doors, hold.run)
            staging.again(session, doors, actor, hold)
    except Overtaken:
        raise
    except BaseException:
        with suppress(PortalError):  # the first failure is what is told; a run left so is taken up again by hand
            _put_back(session, doors, actor, hold)
        raise
    return runs.find(session, doors, actor, hold.run)


def _put_back(session: Session, doors: Doors, actor: Actor, hold: Hold) -> None:
    with doors.log.transaction(session):
        hold.keep(session, doors)
    runs.discard(session, doors, hold.run)
    with doors.log.transaction(session) as tx:
        hold.keep(session, doors, state=runs.STAGED, why=runs.FAILED, done=0)
        tx.append(said.entry("import", actor, outcome="failed", purpose=PURPOSE, subjects=[runs.about(hold.run)]))


def _publish(session: Session, doors: Doors, actor: Actor, hold: Hold, progress: Progress) -> None:
    run = hold.run
    row = runs.row_of(session, actor, run)
    about = staged.opened(session, doors, staged.RUN, run, row.party, [(run, row.sealed)])[0]
    if about["agreements"] != [a.digest for a in runs.require(session, doors, actor)]:
        raise Moved
    now = doors.clock()
    wanted = list(
        session.scalars(
            select(ImportRow)
            .where(ImportRow.run == run, ImportRow.state.in_((NEW, CHANGED)))
            .order_by(ImportRow.number)
        )
    )
    session.expunge_all()
    ready: list[Ready] = []
    batch = Batch()
    engine = session.get_bind()
    assert isinstance(engine, Engine)
    for step, some in enumerate(chunks(wanted, STEP)):
        contents = staged.opened(session, doors, staged.ROW, run, row.party, [(r.id, r.sealed) for r in some])
        ready += prepare(session, doors, actor, hold, list(zip(some, contents, strict=True)), now, batch)
        progress(len(ready), len(wanted))
        if step % SETTLING == 0:
            settle(engine)
        time.sleep(PAUSE)
    waiting = inbox.rows((row.case or row.hidden for row in ready if row.refers), actor.party, actor.user, now)
    settle(engine)  # else the one large commit would carry over what the small ones left
    with doors.log.transaction(session) as tx:
        _require_same(session, doors, actor, ready)
        _reveal(session, ready, now)
        inbox.put_all(session, waiting)
        if not batch.apply(session):
            raise Moved
        tagging.move(session.connection(), _joining(ready))  # last: whoever waits to write tags may hold a record
        _close(session, doors, tx, actor, hold)


_HOLD = Query(
    select(CaseFile.id)
    .where(CaseFile.id.in_(bindparam("cases", expanding=True)))
    .order_by(CaseFile.id)
    .with_for_update(),
    raw=True,
)


def _require_same(session: Session, doors: Doors, actor: Actor, rows: Sequence[Ready]) -> None:
    """Raise `Moved` unless what each row depends on stands as it did, and nobody new has become known meanwhile."""
    if session.get_bind().dialect.name == "postgresql":  # SQLite lets nobody else write
        for some in chunks([row.case for row in rows if row.case and row.added]):
            _HOLD.all(session, cases=some)
    by_kinds: dict[tuple[str, ...], list[Ready]] = {}
    for row in rows:
        if row.case:
            by_kinds.setdefault(row.depends, []).append(row)
    for kinds, some_rows in by_kinds.items():
        stands = standing(session, actor.party, [row.case for row in some_rows if row.case], kinds)
        if any(stands[row.case.bytes] != row.stood for row in some_rows if row.case):
            raise Moved
    unknown = [tag for row in rows if not row.known_person for tag in row.tags]
    if now_known(session, doors, actor, unknown) or _opened_meanwhile(session, rows):
        raise Moved


def _opened_meanwhile(session: Session, rows: Sequence[Ready]) -> bool:
    """Whether a person known elsewhere, or of whom only an earlier case is known, has been given an open one under the
    row's agreement since."""
    elsewhere = {(d.person, d.agreement.id) for d in rows if d.known_person and not d.case}
    return any(
        (person, agreement) in elsewhere
        for some in chunks(sorted({person for person, _ in elsewhere}))
        for person, agreement in session.execute(
            select(CaseFile.person, CaseFile.agreement).where(CaseFile.person.in_(some), CaseFile.state == "open")
        )
    )


_NAME = Write(
    update(CaseFile)
    .where(CaseFile.id == bindparam("of"))
    .values(agreement=bindparam("to"), reference=bindparam("named")),
    ("to", "named", "of"),
)
_MOVE = Write(
    update(RecordRow).where(RecordRow.id == bindparam("of")).values(case=bindparam("to")),
    ("to", "of"),
)


def _reveal(session: Session, rows: Sequence[Ready], now: int) -> None:
    """Put the hidden case files under their agreements, and the records of known persons into their cases."""
    connection = session.connection()
    fresh = [row for row in rows if row.added and not row.case]
    by_borough: dict[str, list[Ready]] = {}
    for row in fresh:
        by_borough.setdefault(row.agreement.borough, []).append(row)
    for borough, some in sorted(by_borough.items()):
        names = next_references(session, borough, now, len(some))
        _NAME.run(
            connection,
            [(row.agreement.id, name, row.hidden.bytes) for row, name in zip(some, names, strict=True)],
        )
    joining = [row for row in rows if row.added and row.case]
    _MOVE.run(connection, _joining(rows))
    for some_joining in chunks(joining):
        connection.execute(delete(CaseFile).where(CaseFile.id.in_([row.hidden for row in some_joining])))


def _joining(rows: Sequence[Ready]) -> list[tuple[bytes, bytes]]:
    """The cases of known persons, each with a record that joins it."""
    return [(row.case.bytes, record.bytes) for row in rows if row.case for record in row.added]


def _close(session: Session, doors: Doors, tx: Transaction, actor: Actor, hold: Hold) -> None:
    subject = runs.about(hold.run, published=runs.count(session, hold.run))
    receipt = tx.append(said.entry("import", actor, purpose=PURPOSE, subjects=[subject], visit=hold.run))
    hold.keep(session, doors, state=runs.PUBLISHED, reference=receipt.reference)
