"""Ending sessions, each with its entry in the access log."""

import uuid
from collections.abc import Sequence

from sqlalchemy.orm import Session

from portal.auth import recording, sessions
from portal.auth.actor import Actor
from portal.auth.recording import Transaction
from portal.auth.tables import LoginSession, UserAccount


def end_rows(
    tx: Transaction, rows: Sequence[LoginSession], why: str, by: Actor | None, now: int, source: bytes | None = None
) -> int:
    """End these sessions for a reason of at most twenty letters; how many there were. `by` None: provider or system."""
    for row in rows:
        detail = {"session": row.public_id, "why": why}
        recording.about(tx, "session-ended", by, row.user, _party(tx.session, row.user), detail, source)
    sessions.end(tx.session, rows, why, now)
    return len(rows)


def end_all_of(
    tx: Transaction, user: uuid.UUID, why: str, by: Actor | None, now: int, source: bytes | None = None
) -> int:
    """End every session of a person; how many there were."""
    return end_rows(tx, sessions.live_of_user(tx.session, user), why, by, now, source)


def end_of_capacity(
    tx: Transaction, capacity: uuid.UUID, by: Actor | None, now: int, source: bytes | None = None
) -> int:
    """End the sessions in use under a capacity that has ended."""
    return end_rows(tx, sessions.live_of_capacity(tx.session, capacity), "capacity-ended", by, now, source)


def _party(session: Session, user: uuid.UUID) -> str:
    account = session.get(UserAccount, user)
    return account.home_party if account else ""
