"""Time away: somebody's capacities at a party rest from one instant to another, and come back by themselves.

No reason is kept: it may be about health, and nobody here needs it. It counts from the next request on, because the
statement that finds a session asks for it (`lasting.away`).
"""

import uuid
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.auth import capacities, recording
from portal.auth.actor import Actor
from portal.auth.errors import CapacityRefused
from portal.auth.recording import Transaction
from portal.auth.tables import TimeAway, UserAccount
from portal.db import DAY, HOUR, new_id
from portal.errors import NotFound

LONGEST = 366 * DAY + HOUR  # as `induction.YEAR`


def record(tx: Transaction, actor: Actor, user: uuid.UUID, starts: int, ends: int, now: int) -> uuid.UUID:
    """Record that a person is away from `starts` until (not including) `ends`, microseconds; the same again is the
    same. Whether this actor may, the caller has decided. Raises `NotFound`, `CapacityRefused`."""
    capacities.require(tx.session, actor, now)
    if user == actor.user:
        raise CapacityRefused("You cannot record this for yourself. Ask another SPOC or the administrator.")
    if not now < ends or not starts < ends <= starts + LONGEST:
        raise CapacityRefused("The last day must be after the first day, at most a year after it, and not in the past.")
    account = select(UserAccount.id).where(UserAccount.id == user, UserAccount.ended_at.is_(None))
    if tx.session.scalar(account.with_for_update(key_share=True)) is None:
        raise NotFound
    for other in of_person(tx.session, user, actor.party):
        if other.ended_at is None and other.starts < ends and starts < other.ends:
            if (other.starts, other.ends, other.set_by) == (starts, ends, actor.user):
                return other.id
            raise CapacityRefused("Time away is recorded for some of these days already. End that first.")
    made = TimeAway(id=new_id(), user=user, party=actor.party, starts=starts, ends=ends, set_at=now, set_by=actor.user)
    tx.session.add(made)
    tx.session.flush()
    recording.about(tx, "alteration", actor, user, actor.party, {"staff": "true", "away": "recorded"}, actor.source)
    return made.id


def end(tx: Transaction, actor: Actor, user: uuid.UUID, away: uuid.UUID, now: int) -> None:
    """End it now: the capacities are back at the next request. Raises `NotFound` for one that is over."""
    capacities.require(tx.session, actor, now)
    row = tx.session.get(TimeAway, away, populate_existing=True)
    if row is None or (row.user, row.party) != (user, actor.party) or row.ended_at is not None or row.ends <= now:
        raise NotFound
    if user == actor.user:
        raise CapacityRefused("You cannot end this for yourself. Ask another SPOC or the administrator.")
    row.ended_at, row.ended_by = now, actor.user
    recording.about(tx, "alteration", actor, user, actor.party, {"staff": "true", "away": "ended"}, actor.source)


def of_person(session: Session, user: uuid.UUID, party: str) -> Sequence[TimeAway]:
    """Every time away of a person at a party, the latest first."""
    mine = TimeAway.user == user, TimeAway.party == party
    return session.scalars(select(TimeAway).where(*mine).order_by(TimeAway.starts.desc(), TimeAway.id.desc())).all()


def until(session: Session, user: uuid.UUID, now: int) -> int | None:
    """The instant somebody who is away somewhere now is back first, None for who is not."""
    here = TimeAway.user == user, TimeAway.starts <= now, TimeAway.ends > now, TimeAway.ended_at.is_(None)
    return session.scalar(select(TimeAway.ends).where(*here).order_by(TimeAway.ends).limit(1))


def everyone(session: Session, now: int) -> frozenset[tuple[uuid.UUID, str]]:
    """(person, party) of everybody who is away now."""
    here = TimeAway.starts <= now, TimeAway.ends > now, TimeAway.ended_at.is_(None)
    return frozenset((row[0], row[1]) for row in session.execute(select(TimeAway.user, TimeAway.party).where(*here)))


def of_party(session: Session, party: str, at: int) -> dict[uuid.UUID, int]:
    """Who of a party is away at an instant → when that ends."""
    then = TimeAway.party == party, TimeAway.starts <= at, TimeAway.ends > at, TimeAway.ended_at.is_(None)
    return {row[0]: row[1] for row in session.execute(select(TimeAway.user, TimeAway.ends).where(*then))}
