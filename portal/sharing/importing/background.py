"""Work on a run behind a progress page: in a thread, with a session of its own."""

import logging
import threading
import traceback
from collections.abc import Callable

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from portal.errors import PortalError

log = logging.getLogger(__name__)


def start(engine: Engine, name: str, work: Callable[[Session], object]) -> threading.Thread:
    """Begin the work; the run's row tells how it goes.

    Of a failure the log of the process says where it was, never what was in hand: the text of an exception may quote
    a cell, and the hook of a thread would write it out.
    """

    def carefully() -> None:
        with Session(engine, expire_on_commit=False) as session:
            try:
                work(session)
            except PortalError as error:
                log.info("%s: %s", name, type(error).__name__)
            except Exception as error:
                at = traceback.extract_tb(error.__traceback__)[-1]
                log.error("%s failed: %s in %s:%s", name, type(error).__name__, at.name, at.lineno)

    thread = threading.Thread(target=carefully, name=name, daemon=True)
    thread.start()
    return thread
