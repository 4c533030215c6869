"""Writers that are idle, or whose process ends, say so: their closing entry shows a hole where their last one is gone.

An entry that is cut off before it gets its place leaves no trace but in the memory of its writer. So no writer stays
silent for long: see decision 0030.
"""

import logging
import threading

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from portal.audit.log import AccessLog
from portal.audit.rounds import Rounds
from portal.errors import PortalError

IDLE = 3600.0
"""Seconds without an entry after which a writer is closed."""
EVERY = 60.0
log = logging.getLogger(__name__)


class Retiring(Rounds):
    """A thread that closes idle writers of this process, and all of them when the process ends in good order."""

    def __init__(self, engine: Engine, access_log: AccessLog, idle: float = IDLE, every: float = EVERY) -> None:
        super().__init__("log-writers", self._round, every, every, last=True)
        self._engine, self._log, self._idle = engine, access_log, idle

    def wake(self) -> None:
        """As of any round; but its own closing entries wake it not, or it would begin anew while it ends."""
        if threading.current_thread().name != self._name:
            super().wake()

    def _round(self) -> None:
        idle = 0.0 if self._stopping.is_set() else self._idle
        try:
            with Session(self._engine) as session:
                self._log.retire(session, idle)
        except (PortalError, OSError) as error:
            log.warning("a writer of the access log could not be closed: %s", type(error).__name__)
        except Exception as error:
            log.error("a writer of the access log could not be closed: %s", type(error).__name__)
