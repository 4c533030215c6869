"""Verify the whole log for an officer: in a thread of its own, the result kept as an entry of the log itself.

The entry is what every process and every later page reads; this process only knows how far a check has come.
"""

import logging
import threading
import time
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from portal.audit import checking, overview, pinned, reading, sequencer
from portal.audit.note import NoteInvalid, Verifier
from portal.audit.reading import Filters, Row
from portal.audit.report import Report
from portal.auth.actor import Actor
from portal.db import MINUTE, now_micros, to_micros
from portal.errors import LogUnavailable, Misconfigured
from portal.sharing.doors import Doors
from portal.sharing.logbook import keeping
from portal.sharing.logbook.scope import record, scope_of

OPERATION = "log-verified"
PATIENCE = 30 * MINUTE  # after which a check without a result counts as broken off


@dataclass(frozen=True, slots=True)
class Verified:
    """The result of a check: the sentence is for anyone; the rest says what it rests on."""

    whole: bool
    sentence: str
    entries: int
    checkpoints: int
    covered: int
    waiting: int
    erased: int
    index: int | None
    reference: str | None
    seconds: int
    at: datetime
    by: uuid.UUID | None
    recorded: str


@dataclass(slots=True)
class _Run:
    """One check under way in this process."""

    began: int
    done: int = 0
    total: int = 0
    failed: bool = False
    finished: threading.Event = field(default_factory=threading.Event)

    def progress(self, done: int, total: int) -> None:
        self.done, self.total = done, total


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A check that has no result yet: entries done, of how many (0 while not known)."""

    done: int
    total: int


_runs: dict[str, _Run] = {}
_lock = threading.Lock()


def start(session: Session, doors: Doors, actor: Actor, use: str, patience: float = 2.0) -> int:
    """Begin a check, unless this process is at one already; wait `patience` seconds for it, as most logs need less.

    Answers the time (microseconds) to give to `outcome`. Raises `Refused` for who may not read the log.
    """
    scope_of(session, doors, actor)
    engine = session.get_bind()
    assert isinstance(engine, Engine)
    session.rollback()  # nothing of this request's snapshot may keep the other thread waiting
    with _lock:
        run = _runs.get(doors.settings.database_url)
        if run is None or run.finished.is_set():
            run = _runs[doors.settings.database_url] = _Run(now_micros())
            work = threading.Thread(target=_work, args=(run, engine, doors, actor, use), name="log-check", daemon=True)
            work.start()
    run.finished.wait(patience)
    return run.began


def outcome(session: Session, doors: Doors, began: int) -> Verified | UnderWay | None:
    """The result of the check begun then, how far it has come, or None where it was broken off.

    Raises `LogUnavailable` where the result could not be recorded: then it may not be shown either.
    """
    run = _runs.get(doors.settings.database_url)
    if run is not None and run.began == began and run.finished.is_set() and run.failed:
        raise LogUnavailable("the check of the access log failed")
    found = last(session, doors)
    if found is not None and to_micros(found.at) >= began:
        return found
    if run is not None and not run.finished.is_set():
        return UnderWay(run.done, run.total)
    return UnderWay(0, 0) if 0 <= now_micros() - began < PATIENCE else None


def last(session: Session, doors: Doors) -> Verified | None:
    """The result of the last check of the log by any officer, from the entry that recorded it."""
    vault = doors.log.vault(session)
    for row in reading.page(session, vault, Filters(operation=OPERATION), size=1).rows:
        details = overview.about(session, vault, [row], 1)[row.entry_id].details
        return _read(row, next((d.detail for d in details), {}))
    return None


def _read(row: Row, detail: Mapping[str, Any]) -> Verified:
    told: Mapping[str, Any] = detail.get("report", {})
    numbers = {name: int(told.get(name, 0)) for name in ("entries", "checkpoints", "covered", "waiting", "erased")}
    return Verified(
        whole=row.outcome == "permitted",
        sentence=str(told.get("sentence", "")),
        **numbers,
        index=told.get("index"),
        reference=told.get("reference"),
        seconds=int(detail.get("seconds", 0)),
        at=row.at,
        by=row.actor,
        recorded=row.reference,
    )


def _work(run: _Run, engine: Engine, doors: Doors, actor: Actor, use: str) -> None:
    started = time.monotonic()
    try:
        with Session(engine) as session:
            report = _examined(session, doors, run)
            told = {k: v for k, v in asdict(report).items() if isinstance(v, int | str)}
            detail = {"report": told, "seconds": round(time.monotonic() - started)}
            how = "permitted" if report.whole else "failed"
            record(session, doors, actor, use, detail, operation=OPERATION, outcome=how)
    except Exception as error:  # whatever it is, whoever waits must be told that there is no result
        run.failed = True
        logging.getLogger(__name__).error("the check of the access log failed: %s", type(error).__name__)
    finally:
        run.finished.set()


def _examined(session: Session, doors: Doors, run: _Run) -> Report:
    """The report; a replaced key or a forged checkpoint beside the database is a finding too."""
    settings = doors.settings
    signer = doors.signer(session)
    try:
        key: Verifier = pinned.pinned(settings.keys_dir, signer.verifier, *signer.verifiers[:-1])
        with suppress(LogUnavailable):  # a damaged head stops the sequencer; the check below says what is wrong
            doors.stop().check()
            sequencer.drain(session, signer, now_micros)
        held, former = pinned.held(settings.keys_dir), doors.former(session)
        report = checking.check(session, key, held, run.progress, former, keeping.periods(doors.book))
    except (Misconfigured, NoteInvalid) as error:
        return Report(False, f"The access log is not whole: {error}.")
    if report.whole:
        pinned.hold(session, settings.keys_dir)
    return report
