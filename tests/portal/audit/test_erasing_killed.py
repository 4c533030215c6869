"""Erasing that is killed at each of its steps: the log says what is so, and the next run ends what the last began."""

import multiprocessing
import os
import signal
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from portal.audit import erasing
from portal.audit.log import AccessLog
from portal.audit.sequencer import drain
from portal.db import open_engine
from portal.keys.local_file import LocalFile
from tests.portal.audit.conftest import ORIGIN
from tests.portal.audit.test_erasing import ANN, BEN, CAT, KEPT, at, check, erase, said, who
from tests.portal.audit.test_erasing import years as years

STEPS = ("marked", "announced", "drained", "keys deleted", "first destroyed")


def dies(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)


def begin(url: str, keys: Path, now: int, step: str) -> None:
    """In a process of its own: erase, one key at a time, and die at the step."""
    engine = open_engine(url)
    log = AccessLog(LocalFile(keys), clock=lambda: now)
    erasing.SUBJECTS = 1
    mark, destroy, calls = erasing._mark, erasing._destroy, []
    if step == "marked":
        erasing._mark = lambda *given: (mark(*given), dies())[0]

    def counted(*given):
        calls.append(1)
        if step == "first destroyed" and len(calls) > 1:
            dies()
        destroy(*given)
        if step == "keys deleted":
            dies()

    erasing._destroy = counted
    with Session(engine) as session:
        erasing.announce(session, log, KEPT, 2026)
        if step == "announced":
            dies()
        drain(session, log.signer(session, ORIGIN))
        if step == "drained":
            dies()
        erasing.destroy(session, log)


@pytest.mark.parametrize("step", STEPS)
def test_what_a_kill_cut_short_is_whole_and_taken_up(years, tmp_path, step):
    now = at(years, 2033)
    years.engine.dispose()
    child = multiprocessing.get_context("fork").Process(
        target=begin, args=(years.url, tmp_path / "keys" / "log.json", now, step)
    )
    child.start()
    child.join(60)
    assert child.exitcode == -signal.SIGKILL
    report = check(years)
    assert report.whole, report.sentence
    left = {"first destroyed": 1}.get(step, 2)
    assert len({person for person in who(years, years.receipts[:3]) if person}) == left
    assert erase(years, 2033).keys == left
    assert who(years, years.receipts) == [None, None, None, CAT, ANN]
    assert len(said(years)) == 1, "however often it is begun, one entry says it"
    report = check(years)
    assert report.whole, report.sentence
    assert "3 sealed details were erased" in report.sentence
    assert BEN not in who(years, years.receipts)
