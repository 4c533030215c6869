"""Another process that brings a file in and is killed just before one of its commits."""

import multiprocessing
import os
import signal
import uuid
from multiprocessing.connection import Connection

from sqlalchemy.orm import Session

from portal.config import Settings
from portal.sharing.importing import judging, publishing, staging
from tests import installation
from tests.portal.sharing.importing.people import file

_FORK = multiprocessing.get_context("fork")
"""A copy of this process, which has read the agreements; it opens the installation for itself."""


def killed(given: Settings, commit: int) -> tuple[uuid.UUID | None, bool]:
    """Kill it just before the so manyth commit. (the run, if it was received; whether it had been checked)"""
    mine, its = _FORK.Pipe(duplex=False)
    process = _FORK.Process(target=_bring_in, args=(given, commit, its))
    process.start()
    its.close()
    process.join(timeout=300)
    assert process.exitcode == -signal.SIGKILL
    told = []
    while mine.poll():
        try:
            told.append(mine.recv())
        except EOFError:
            break
    mine.close()
    process.close()
    return (told[0] if told else None), "checked" in told


def _bring_in(given: Settings, commit: int, told: Connection) -> None:
    publishing.STEP = judging.CHUNK = 5
    with installation.opened(given) as world:
        spoc = world.actor("probation", "spoc")
        _die_before(commit)
        hold = staging.receive(world.session, world.doors, spoc, file(20))
        told.send(hold.run)
        staging.carry_out(world.session, world.doors, spoc, hold)
        told.send("checked")
        publishing.publish(world.session, world.doors, spoc, hold.run)


def _die_before(commit: int) -> None:
    real, left = Session.commit, iter(range(commit - 1, -1, -1))

    def counted(session: Session) -> None:
        if next(left) == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        real(session)

    Session.commit = counted  # type: ignore[method-assign,assignment]
