"""A minute of thirty-two writers on PostgreSQL, with rollbacks, while the sequencer is killed every few seconds."""

import os
import random
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from portal.audit.tables import CHECKPOINT, ENTRY, PENDING, SEQUENCE
from portal.db import SECOND
from tests.portal.audit.conftest import view

ROOT = Path(__file__).parents[3]
PROCESSES, THREADS, MINUTE = 4, 8, 60.0
BOUND = 10 * SECOND
"""How old an entry may get before a signed checkpoint covers it, though sequencers are killed: twice their sweep."""

SETUP = """
import random, sys, threading, time
from pathlib import Path
from sqlalchemy.orm import Session
from portal.audit.log import AccessLog
from portal.audit.sequencer import Sequencer
from portal.db import open_engine
from portal.keys.local_file import LocalFile
from tests.portal.audit.conftest import ORIGIN, view

engine = open_engine(sys.argv[1])
log = AccessLog(LocalFile(Path(sys.argv[2])))
"""
WRITERS = f"""{SETUP}
class Changed(Exception): pass

until, lock = time.monotonic() + float(sys.argv[3]), threading.Lock()

def say(kind, receipts):
    with lock:
        sys.stdout.write("".join(f"{{kind}} {{each.entry_id.hex}}\\n" for each in receipts))

def work(dice):
    while time.monotonic() < until:
        time.sleep(dice.random() / 10)  # else two cores are taken up whole, and nothing else is measured
        fails, receipts = dice.random() < 0.2, []
        try:
            with Session(engine) as session, log.transaction(session) as tx:
                receipts += [tx.append(view()) for _ in range(dice.choice((1, 1, 1, 3)))]
                if fails:
                    time.sleep(dice.random() / 50)
                    raise Changed
        except Changed:
            say("rolled-back", receipts)
        else:
            say("committed", receipts)

threads = [threading.Thread(target=work, args=(random.Random(n),)) for n in range({THREADS})]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""
SEQUENCERS = f"""{SETUP}
import os, signal
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for _ in sys.stdin:  # forked for each line, because a start of Python takes many seconds beside so many writers
    child = os.fork()
    if child == 0:
        Sequencer(engine, lambda session: log.signer(session, ORIGIN), every=0.05).start()
        threading.Event().wait()
    sys.stdout.write(f"{{child}}\\n")
    sys.stdout.flush()
"""


def started(program: str, *arguments: str, **more: Any) -> subprocess.Popen[str]:
    given: dict[str, Any] = {"stdout": subprocess.PIPE, "text": True, "cwd": ROOT} | more
    return subprocess.Popen([sys.executable, "-c", program, *arguments], **given)


@pytest.mark.long
def test_each_committed_entry_has_one_leaf_and_no_other_has(build, tmp_path):
    world = build("postgresql")
    world.append(view())
    given = (world.url, str(tmp_path / "keys" / "log.json"))
    with ExitStack() as files:
        told = [tmp_path / f"writer{number}" for number in range(PROCESSES)]
        outputs = [files.enter_context(path.open("w")) for path in told]
        writers = [started(WRITERS, *given, str(MINUTE), stdout=output) for output in outputs]
        killed = shot(given, writers)
    said = [line.split() for path in told for line in path.read_text().splitlines()]
    assert [writer.returncode for writer in writers] == [0] * PROCESSES
    committed = {uuid.UUID(hex=identity) for kind, identity in said if kind == "committed"}
    rolled_back = {uuid.UUID(hex=identity) for kind, identity in said if kind == "rolled-back"}
    assert (killed > 12, len(committed) > 1_000, len(rolled_back) > 100) == (True, True, True)
    world.drain()
    with world.engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(PENDING)).scalar() == 0
        rows = connection.execute(select(SEQUENCE.c.entry_id, SEQUENCE.c.index).order_by(SEQUENCE.c.index)).all()
        first = connection.execute(select(ENTRY.c.entry_id).order_by(ENTRY.c.at).limit(1)).scalar()
        assert oldest_uncovered(connection) < BOUND
    assert [row[1] for row in rows] == list(range(len(rows))), "dense"
    assert len({row.entry_id for row in rows}) == len(rows)
    assert {row.entry_id for row in rows} == committed | {first}
    assert not {row.entry_id for row in rows} & rolled_back
    report = world.check()
    assert report.whole, report.sentence
    assert report.covered == report.entries == len(rows)


def shot(given: tuple[str, str], writers: Sequence[subprocess.Popen[str]]) -> int:
    """While there are writers, kill one of two sequencers every few seconds, and start another in its place.

    The answer is how many were killed.
    """
    dice, killed = random.Random(7), 0
    with started(SEQUENCERS, *given, stdin=subprocess.PIPE) as nursery:
        running = [born(nursery), born(nursery)]
        while any(writer.poll() is None for writer in writers):
            time.sleep(2 + 2 * dice.random())
            os.kill(running.pop(0), signal.SIGKILL)
            running.append(born(nursery))
            killed += 1
        time.sleep(2)  # the last two finish what the writers left
        for each in running:
            os.kill(each, signal.SIGKILL)
        nursery.communicate()
    return killed


def born(nursery: subprocess.Popen[str]) -> int:
    assert nursery.stdin is not None
    assert nursery.stdout is not None
    nursery.stdin.write("go\n")
    nursery.stdin.flush()
    return int(nursery.stdout.readline())


def oldest_uncovered(connection) -> int:
    """The longest that any entry waited for the checkpoint that covers it, in microseconds."""
    checkpoints = connection.execute(select(CHECKPOINT.c.size, CHECKPOINT.c.at).order_by(CHECKPOINT.c.size)).all()
    query = select(SEQUENCE.c.index, ENTRY.c.at).join(ENTRY, ENTRY.c.entry_id == SEQUENCE.c.entry_id)
    longest, due = 0, iter(checkpoints)
    checkpoint = next(due)
    for row in connection.execute(query.order_by(SEQUENCE.c.index)):
        while checkpoint.size <= row[0]:
            checkpoint = next(due)
        longest = max(longest, checkpoint.at - row.at)
    return longest
