"""The counter that makes a revoked or erased key useless at once in every worker."""

from operator import itemgetter

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.keys.tables import GENERATION, insert_unless_there
from portal.query import Query

_VALUE = select(GENERATION.c.value).where(GENERATION.c.id == 1)
_READ = Query(_VALUE, itemgetter(0))


def read(session: Session) -> int:
    """The present generation; 0 before anything was ever revoked."""
    return _READ.first(session) or 0


def bump(session: Session) -> None:
    """Make every worker forget its keys before their next use. Takes effect when the caller commits."""
    hold(session, alone=True)
    session.connection().execute(update(GENERATION).values(value=GENERATION.c.value + 1))


def hold(session: Session, *, alone: bool = False) -> None:
    """Keep the roots' versions from being retired (or, `alone`, keys from being wrapped) until the caller commits.

    Whoever wraps a key holds the row shared before asking the provider; whoever retires a root's version holds it
    alone while counting what is left. So no row wrapped under the old version can appear after the count. On SQLite
    the write transaction itself does this, and the lock is a plain read.
    """
    connection = session.connection()
    lock = _VALUE.with_for_update(read=not alone)
    if connection.execute(lock).first() is None:
        connection.execute(insert_unless_there(session, GENERATION).values(id=1, value=0))
        connection.execute(lock)
