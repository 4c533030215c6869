"""Another process that brings a file in and is killed just before one of its commits."""

import signal
import subprocess
import sys
import uuid
from pathlib import Path

from portal.config import Settings

ROOT = Path(__file__).parents[4]
_SCRIPT = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from portal.db import Session
from portal.sharing.importing import judging, publishing, staging
from tests import installation
from tests.portal.sharing.importing.people import file
publishing.STEP = judging.CHUNK = 5
left = int(sys.argv[4])
commit = Session.commit
def counted(session):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    commit(session)
with installation.opened(installation.settings(Path(sys.argv[2]), database_url=sys.argv[3])) as world:
    spoc = world.actor("probation", "spoc")
    Session.commit = counted
    hold = staging.receive(world.session, world.doors, spoc, file(20))
    print(hold.run, flush=True)
    staging.carry_out(world.session, world.doors, spoc, hold)
    print("checked", flush=True)
    publishing.publish(world.session, world.doors, spoc, hold.run)
"""


def killed(given: Settings, commit: int) -> tuple[uuid.UUID | None, bool]:
    """Kill it just before the so manyth commit. (the run, if it was received; whether it had been checked)"""
    arguments = [str(ROOT), str(given.home), given.database_url, str(commit)]
    command = [sys.executable, "-W", "ignore", "-c", _SCRIPT, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == -signal.SIGKILL, done.stdout + done.stderr
    told = done.stdout.split()
    return (uuid.UUID(told[0]) if told else None), "checked" in told
