"""Secondment: somebody of one party works for another for a time, by leave of both (clause 9.30).

The receiving party's administrator asks, the other's says whom it is and agrees. What they may see is the capacity's:
it counts at the next request, and ends with its last day by itself. Who it is nobody here names.
"""

import uuid
from collections.abc import Sequence

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from portal.auth import capacities, recording
from portal.auth.actor import Actor
from portal.auth.errors import CapacityRefused
from portal.auth.recording import Transaction
from portal.auth.tables import CapacityGrant, Secondment, UserAccount
from portal.db import DAY, HOUR, new_id
from portal.errors import Conflict, NotFound

ASKED, AGREED, REFUSED, WITHDRAWN = "asked", "agreed", "refused", "withdrawn"
LONGEST = 2 * 366 * DAY + HOUR  # as `induction.YEAR`
DAYS = "The last day must be after the first day, at most two years after it, and not in the past."


def of_party(session: Session, party: str) -> Sequence[Secondment]:
    """Every secondment to or from a party, the latest first."""
    ours = or_(Secondment.party == party, Secondment.home == party)
    return session.scalars(select(Secondment).where(ours).order_by(Secondment.asked_at.desc(), Secondment.id)).all()


def waiting(session: Session, home: str, now: int) -> int:
    """How many wait for this party's answer."""
    here = Secondment.home == home, Secondment.state == ASKED, Secondment.ends > now
    return session.scalar(select(func.count()).select_from(Secondment).where(*here)) or 0


def one(session: Session, party: str, id: uuid.UUID) -> Secondment:
    """One of a party's, whichever of the two it is. Raises `NotFound`."""
    row = session.get(Secondment, id, populate_existing=True)
    if row is None or party not in (row.party, row.home):
        raise NotFound
    return row


def grants(session: Session, user: uuid.UUID, home: str) -> list[CapacityGrant]:
    """The capacities that a person holds elsewhere by leave of a party and that were not ended."""
    lent = select(Secondment.capacity).where(Secondment.user == user, Secondment.home == home)
    query = select(CapacityGrant).where(CapacityGrant.id.in_(lent), CapacityGrant.ended_at.is_(None))
    return list(session.scalars(query))


def ask(tx: Transaction, actor: Actor, home: str, role: str, starts: int, ends: int, now: int) -> uuid.UUID:
    """Ask another party for somebody, from `starts` until (not including) `ends`, microseconds; the id. That the
    parties share an agreement and the role is one to give, the caller has decided. The caller logs it. Raises
    `NotFound`, `CapacityRefused`."""
    capacities.require_administrator(tx.session, actor, now)
    if home == actor.party or not now < ends or not starts < ends <= starts + LONGEST:
        raise CapacityRefused(DAYS)
    row = Secondment(
        id=new_id(),
        party=actor.party,
        home=home,
        role=role,
        starts=starts,
        ends=ends,
        state=ASKED,
        asked_at=now,
        asked_by=actor.user,
    )
    tx.session.add(row)
    tx.session.flush()
    return row.id


def agree(tx: Transaction, actor: Actor, id: uuid.UUID, user: uuid.UUID, now: int) -> None:
    """Agree, and say whom of the actor's party it is: their role begins with its first day, or now.

    Raises `NotFound` for what is not the actor's to agree, `Conflict` once it is answered, `CapacityRefused`, for
    somebody who is of another party or has left too: it still waits.
    """
    row = _open(tx, actor, id, now, home=True)
    account = tx.session.get(UserAccount, user)
    if account is None or account.home_party != actor.party or account.ended_at is not None:
        raise CapacityRefused("That is nobody of your organisation, or no longer. Choose somebody from the list.")
    if user == actor.user:
        raise CapacityRefused("You cannot agree to your own secondment. Ask another administrator.")
    if row.ends <= now:
        raise CapacityRefused("Its last day is over. Refuse it, and ask them to send another.")
    made = capacities.second(tx, actor, row, user, now)
    row.state, row.answered_at, row.answered_by = AGREED, now, actor.user
    row.user, row.capacity = user, made.id


def refuse(tx: Transaction, actor: Actor, id: uuid.UUID, now: int) -> None:
    """Refuse it. The caller logs it. Raises `NotFound`, `Conflict`."""
    row = _open(tx, actor, id, now, home=True)
    row.state, row.answered_at, row.answered_by = REFUSED, now, actor.user


def withdraw(tx: Transaction, actor: Actor, id: uuid.UUID, now: int) -> None:
    """Take back what nobody has answered. The caller logs it. Raises `NotFound`, `Conflict`."""
    row = _open(tx, actor, id, now, home=False)
    row.state, row.answered_at, row.answered_by = WITHDRAWN, now, actor.user


def end(tx: Transaction, actor: Actor, id: uuid.UUID, now: int) -> None:
    """End it before its last day, by either party. Raises `NotFound` for one that does not run."""
    capacities.require_administrator(tx.session, actor, now)
    row = one(tx.session, actor.party, id)
    held = tx.session.get(CapacityGrant, row.capacity) if row.capacity else None
    if held is None or held.ended_at is not None or row.ended_at is not None or row.ends <= now:
        raise NotFound
    if held.user == actor.user:
        raise CapacityRefused("You cannot end your own secondment. Ask another administrator.")
    detail = {"staff": "true", "secondment": str(row.id), "answer": "ended"}
    recording.about(tx, "alteration", actor, held.user, actor.party, detail, actor.source)
    capacities.end_rows(tx, [held], actor, now, actor.source)


def _open(tx: Transaction, actor: Actor, id: uuid.UUID, now: int, home: bool) -> Secondment:
    """One that waits for an answer, held: of two who answer at once the second is told."""
    capacities.require_administrator(tx.session, actor, now)
    query = select(Secondment).where(Secondment.id == id).with_for_update().execution_options(populate_existing=True)
    row = tx.session.scalar(query)
    if row is None or actor.party != (row.home if home else row.party):
        raise NotFound
    if row.state != ASKED:
        raise Conflict(str(id), 0)
    return row
