"""Work on a run behind a progress page: in a thread, with a session of its own."""

import logging
import threading
import traceback
from collections.abc import Callable

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from portal.auth.actor import Actor
from portal.errors import PortalError
from portal.sharing.doors import Doors
from portal.sharing.importing.runs import Hold

log = logging.getLogger(__name__)


Work = Callable[[Session, Doors, Actor, Hold], object]


def start(engine: Engine, work: Work, doors: Doors, actor: Actor, hold: Hold) -> threading.Thread:
    """Begin what a run is held for, a `carry_out`; the run's row tells how it goes.

    Of a failure the log of the process says where it was, never what was in hand: the text of an exception may quote
    a cell, and the hook of a thread would write it out.
    """

    name = f"import {hold.state}"

    def carefully() -> None:
        with Session(engine, expire_on_commit=False) as session:
            try:
                work(session, doors, actor, hold)
            except PortalError as error:
                log.info("%s: %s", name, type(error).__name__)
            except Exception as error:
                at = traceback.extract_tb(error.__traceback__)[-1]
                log.error("%s failed: %s in %s:%s", name, type(error).__name__, at.name, at.lineno)

    thread = threading.Thread(target=carefully, name=name, daemon=True)
    thread.start()
    return thread
