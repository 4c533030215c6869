"""Processes that are killed: what was answered stands in the log, and the log is whole."""

import signal
import subprocess
import sys
import time
from pathlib import Path

from sqlalchemy import select

from portal.audit.tables import ENTRY
from tests.portal.audit.conftest import view

CHILD = """
import sys, threading
from pathlib import Path
from sqlalchemy.orm import Session
from portal.audit.log import AccessLog
from portal.audit.sequencer import Sequencer
from portal.db import open_engine
from portal.keys.local_file import LocalFile
from tests.portal.audit.conftest import ORIGIN, view

engine = open_engine(sys.argv[1])
log = AccessLog(LocalFile(Path(sys.argv[2])))
log.woken = Sequencer(engine, lambda session: log.signer(session, ORIGIN), every=0.01).wake

def work():
    for _ in range(100):  # so that a busy machine, slow to kill, is not left with a log too long to check
        with Session(engine) as session, log.transaction(session) as tx:
            receipt = tx.append(view())
        sys.stdout.write(receipt.entry_id.hex + "\\n")
        sys.stdout.flush()

for _ in range(2):
    threading.Thread(target=work, daemon=True).start()
threading.Event().wait()
"""


def test_kill_9_of_writer_and_sequencer(world, tmp_path):
    world.append(view())
    answered = []
    for _ in range(2):
        arguments = [sys.executable, "-c", CHILD, world.url, str(tmp_path / "keys" / "log.json")]
        root = Path(__file__).parents[3]
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, cwd=root) as child:
            assert child.stdout is not None
            answered += [child.stdout.readline().strip() for _ in range(5)]
            time.sleep(0.1)  # not to be killed at the same point each time
            child.send_signal(signal.SIGKILL)
            rest = child.stdout.read().split("\n")
            answered += [line for line in rest if len(line) == 32]
    before = world.check()
    assert before.whole, before.sentence
    world.drain()
    report = world.check()
    assert report.whole, report.sentence
    assert report.waiting == 0
    assert report.covered == report.entries
    with world.session() as session:
        stored = {each.hex for each in session.connection().execute(select(ENTRY.c.entry_id)).scalars()}
    assert len(answered) >= 10
    assert set(answered) <= stored
    assert len(stored) - 1 - len(answered) <= 4  # at most what each killed thread had committed and not yet answered
