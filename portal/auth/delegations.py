"""Delegation: who holds a role of their own lets a colleague stand in for a time (clause 9.34).

One step deep, never to oneself, with a last day; it dies with the role that it came from, at the next request.
"""

import uuid
from collections.abc import Sequence
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.auth import capacities, recording
from portal.auth.actor import Actor
from portal.auth.capacities import Capacity
from portal.auth.errors import CapacityRefused
from portal.auth.recording import Transaction
from portal.auth.tables import CapacityGrant, UserAccount
from portal.db import DAY
from portal.errors import NotFound

DELEGATED: Final = frozenset({"dpo", "partnership_dpo", "spoc"})
"""The roles that may be delegated: those of which a party often has one person only."""
LONGEST: Final = 92 * DAY
NOT_ON = "You stand in for somebody yourself. Only they can name another."
NOT_SELF = "You cannot stand in for yourself."
NOT_THEIRS = "Choose somebody of your own organisation who has signed in before."


def of_capacity(session: Session, capacity: uuid.UUID) -> Sequence[CapacityGrant]:
    """Every delegation of a capacity, the latest first."""
    query = select(CapacityGrant).where(CapacityGrant.delegated_from == capacity)
    return session.scalars(query.order_by(CapacityGrant.granted_at.desc(), CapacityGrant.id)).all()


def source_of(session: Session, capacity: uuid.UUID) -> CapacityGrant | None:
    """The capacity that this one was delegated from, if it was."""
    row = session.get(CapacityGrant, capacity)
    return session.get(CapacityGrant, row.delegated_from) if row is not None and row.delegated_from else None


def delegate(tx: Transaction, actor: Actor, user: uuid.UUID, starts: int, ends: int, now: int) -> Capacity:
    """Let a colleague act in the actor's own role too, from `starts` until (not including) `ends`, microseconds.

    Raises `NotFound` for a role that is not delegated, or is the actor's no more; `CapacityRefused`.
    """
    base = _own(tx.session, actor, now)
    account = tx.session.get(UserAccount, user)
    if base.delegated_from is not None:
        raise CapacityRefused(NOT_ON)
    if user == actor.user:
        raise CapacityRefused(NOT_SELF)
    if account is None or account.home_party != actor.party or account.ended_at is not None:
        raise CapacityRefused(NOT_THEIRS)
    if not now < ends or not starts < ends <= starts + LONGEST:
        raise CapacityRefused("The last day must be after the first day, at most three months after it.")
    if base.ends is not None and ends > base.ends:
        raise CapacityRefused("Your own role ends before that day. Choose one not later than its last day.")
    made = capacities.install_delegated(tx.session, base, user, starts, ends, now)
    detail = {"capacity": str(made.id), "party": made.party, "role": made.role, "delegated": str(base.id)}
    recording.about(tx, "capacity-granted", actor, user, actor.party, detail, actor.source)
    return made


def end(tx: Transaction, actor: Actor, id: uuid.UUID, now: int) -> None:
    """End one before its last day. Raises `NotFound` for what the actor did not delegate, or what is over."""
    base = _own(tx.session, actor, now)
    row = tx.session.get(CapacityGrant, id, populate_existing=True)
    if row is None or row.delegated_from != base.id or row.ended_at is not None or (row.ends or now) <= now:
        raise NotFound
    capacities.end_rows(tx, [row], actor, now, actor.source)


def _own(session: Session, actor: Actor, now: int) -> CapacityGrant:
    """The actor's own grant, held: whoever ends it at the same time waits, and then ends what came from it too."""
    if actor.role not in DELEGATED:
        raise NotFound
    held = select(CapacityGrant).where(CapacityGrant.id == actor.capacity).with_for_update()
    row = session.scalar(held.execution_options(populate_existing=True))
    capacities.require(session, actor, now)
    if row is None:
        raise NotFound
    return row
