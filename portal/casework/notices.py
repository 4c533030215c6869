"""The queue of notices: what was begun survives a restart, and nothing is sent twice.

A notice is written down, with its first attempt, before anything goes. Whoever finds it waiting later does not know
what became of that attempt, and says so (`Letter.again`): a way that can ask, asks first; one that cannot, lets it be.
Where the other side said that it did not take it, for now, that is known, and the next attempt is as the first.
"""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import cast

from sqlalchemy import Table, and_, delete, func, or_, select, update
from sqlalchemy.orm import Session

from portal.casework.notice_tables import MorningMail, Notice
from portal.db import DAY, HOUR, MINUTE, put
from portal.keys.tables import insert_unless_there
from portal.sharing.days import day_at
from portal.sharing.doors import Doors

WAITING, PUT_OFF, SENT, ENDED = "waiting", "put off", "sent", "ended"
"""WAITING: nobody knows yet what became of the attempt; PUT_OFF: it certainly did not go."""
PAUSE, LONGEST_PAUSE = 5 * MINUTE, HOUR
KEPT = 8  # days: a day longer than GOV.UK Notify knows a reference
MOST_IN_A_ROW = 3
"""After so many that were put off one after the other, a run stops: the rest has not been begun, and loses nothing."""
UNFINISHED = (WAITING, PUT_OFF)
_TEAMS = uuid.UUID("4be09a5b-6e5f-4a0e-9a1f-3a9c6d1f6a77")


class Outcome(Enum):
    """What became of a letter. LATER: it did not go, or nobody knows; NOT_TAKEN: it did not go, for now, and that is
    certain. Both are tried again."""

    SENT = "sent"
    REFUSED = "refused"
    LATER = "later"
    NOT_TAKEN = "not taken"


@dataclass(frozen=True, slots=True)
class Letter:
    """What a way to send is given: an address and a reference, no word. `again`: an earlier attempt may have gone;
    `at_once`: somebody waits, it is not the mail of the morning."""

    address: str = field(repr=False)
    reference: str
    again: bool
    at_once: bool = False


Send = Callable[[Letter], Outcome]
"""Hands a letter on. Raises where nothing can be sent at all: the run ends, and what has not been begun waits."""


def of_person(user: uuid.UUID, day: int) -> uuid.UUID:
    """The one notice of a person on a day."""
    return uuid.uuid5(user, str(day))


def of_team(party: str, day: int) -> uuid.UUID:
    """The one notice of a party's mailbox on a day."""
    return uuid.uuid5(_TEAMS, f"{party}/{day}")


def at_once(user: uuid.UUID, until: int) -> uuid.UUID:
    """The one notice of a person that tells at once of what came until an instant."""
    return uuid.uuid5(user, f"at once/{until}")


def begin(session: Session, id: uuid.UUID, user: uuid.UUID | None, party: str, now: int, at_once: bool = False) -> None:
    """Write a notice down with its first attempt. In the transaction that claims the day, or the instant."""
    values = {"user": user, "party": party, "day": day_at(now).toordinal(), "until": now, "at_once": at_once}
    put(session, Notice, {"id": id}, {**values, "state": WAITING, "tries": 1, "due": now + PAUSE})


def first(session: Session, id: uuid.UUID, party: str, now: int) -> bool:
    """As `begin`, of a team; False where another run has begun it."""
    row = {"id": id, "user": None, "party": party, "day": day_at(now).toordinal(), "until": now}
    values = {**row, "state": WAITING, "tries": 1, "due": now + PAUSE}
    done = session.connection().execute(insert_unless_there(session, cast(Table, Notice.__table__)), values)
    return bool(done.rowcount)


def left(session: Session, now: int) -> Sequence[Notice]:
    """Those that wait for another attempt: of today, and for a day, whatever the hour, of those at once. Of days before
    they do not: the next notice tells of what they would, but no other tells an officer of an emergency."""
    fresh = or_(Notice.day == day_at(now).toordinal(), and_(Notice.at_once, Notice.until > now - DAY))
    return session.scalars(select(Notice).where(fresh, Notice.state.in_(UNFINISHED), Notice.due <= now)).all()


def lost(session: Session, now: int) -> dict[uuid.UUID | str, int]:
    """Who, a person or the party of a mailbox, may not have got what they were to be told at once, and until when it
    told of: it was refused, or broke off and cannot be asked about. What is put off is not lost within its day: it goes
    yet."""
    late = and_(Notice.state == PUT_OFF, Notice.until <= now - DAY)
    perhaps = Notice.at_once, or_(Notice.state.in_((WAITING, ENDED)), late)
    told = select(Notice.user, Notice.party, func.max(Notice.until)).where(*perhaps)
    return {user or party: until for user, party, until in session.execute(told.group_by(Notice.user, Notice.party))}


def sweep(session: Session, doors: Doors, now: int) -> None:
    """Forget what is too old to be asked about."""
    old = Notice.day < day_at(now).toordinal() - KEPT
    if session.scalar(select(Notice.id).where(old).limit(1)) is not None:
        with doors.log.transaction(session):
            session.execute(delete(Notice).where(old))


def taken(session: Session, doors: Doors, notice: uuid.UUID, tries: int, now: int) -> bool:
    """Begin another attempt; False where another run has begun one meanwhile. The next is twice as far away."""
    due = now + min(PAUSE << min(tries, 8), LONGEST_PAUSE)
    same = Notice.id == notice, Notice.state.in_(UNFINISHED), Notice.tries == tries
    with doors.log.transaction(session):
        done = session.execute(update(Notice).where(*same).values(tries=tries + 1, due=due, state=WAITING))
        return bool(done.rowcount)  # type: ignore[attr-defined]


def settle(session: Session, doors: Doors, notice: uuid.UUID, outcome: Outcome, told: Sequence[uuid.UUID]) -> None:
    """Keep what became of an attempt; who was told, is told until the instant the notice was made."""
    if outcome is Outcome.LATER:
        return
    with doors.log.transaction(session):
        row = session.get(Notice, notice, populate_existing=True)
        if row is None or row.state not in UNFINISHED:
            return
        row.state = {Outcome.SENT: SENT, Outcome.NOT_TAKEN: PUT_OFF}.get(outcome, ENDED)
        for user in told if outcome is Outcome.SENT else ():
            known = session.get(MorningMail, user, populate_existing=True)
            if known is not None and row.at_once:
                known.at_once_told = max(known.at_once_told or 0, row.until)
            elif known is not None:
                known.told_until = max(known.told_until or 0, row.until)


class Round:
    """One run with one open way to send: counts what went, and stops where everything is put off."""

    def __init__(self, session: Session, doors: Doors, send: Send) -> None:
        self._session, self._doors, self._send = session, doors, send
        self._put_off = 0
        self.count = 0

    @property
    def stopped(self) -> bool:
        """Whether to begin nothing more."""
        return self._put_off >= MOST_IN_A_ROW

    def go(
        self, notice: uuid.UUID, address: str, again: bool, told: Sequence[uuid.UUID], at_once: bool = False
    ) -> None:
        """Make the attempt that was written down, and keep what became of it."""
        outcome = self._send(Letter(address, str(notice), again, at_once))
        self._put_off = self._put_off + 1 if outcome in (Outcome.LATER, Outcome.NOT_TAKEN) else 0
        self.count += outcome is Outcome.SENT
        settle(self._session, self._doors, notice, outcome, told)
