"""Contracts: one party acts for another on the days that a recorded period of its contract covers (clause 9.36).

The party that it acts for, the controller, answers for it and records each period. Nothing is changed or taken away but
that a period may be ended early. What the parties call the contract, and why it was ended, is sealed elsewhere.
"""

import uuid
from typing import NamedTuple

from sqlalchemy import and_, bindparam, case, func, or_, select
from sqlalchemy.orm import Session

from portal.auth import capacities
from portal.auth.actor import Actor, Contracts
from portal.auth.errors import CapacityRefused
from portal.auth.recording import Transaction
from portal.auth.tables import ContractPeriod
from portal.db import Micros, new_id
from portal.errors import Conflict, NotFound
from portal.query import Query


class Kept(NamedTuple):
    """One period as it was recorded. Times are microseconds; `ends` None: open; `recorded_by` None: nobody who signed
    in."""

    id: uuid.UUID
    party: str
    controller: str
    starts: int
    ends: int | None
    recorded_by: uuid.UUID | None
    recorded_at: int
    ended_by: uuid.UUID | None
    ended_at: int | None


DAYS = "The last day must not be before the first, and not in the past."

_PERIOD = ContractPeriod.__table__
_NOW = bindparam("now", type_=Micros)
_COVERS = and_(
    _PERIOD.c.starts <= _NOW, or_(_PERIOD.c.ends.is_(None), _PERIOD.c.ends > _NOW), _PERIOD.c.ended_at.is_(None)
)
_RECORDED = Query(
    select(_PERIOD.c.party, _PERIOD.c.controller, func.max(case((_COVERS, 1), else_=0))).group_by(
        _PERIOD.c.party, _PERIOD.c.controller
    ),
    tuple,
)
_LATEST = select(*(_PERIOD.c[name] for name in Kept._fields)).order_by(
    _PERIOD.c.recorded_at.desc(), _PERIOD.c.id.desc()
)
_GIVEN = Query(_LATEST.where(_PERIOD.c.controller == bindparam("controller")), Kept._make)
_TAKEN = Query(_LATEST.where(_PERIOD.c.party == bindparam("party")), Kept._make)


def recorded(session: Session, now: int) -> Contracts:
    """Of every party with a contract recorded, whether a period covers `now`. One statement, remembered nowhere: what
    is recorded or ended counts from the next request on, in every worker."""
    return frozenset((party, controller, bool(covers)) for party, controller, covers in _RECORDED.all(session, now=now))


def of_controller(session: Session, controller: str) -> list[Kept]:
    """Every period of those that act for a party, the latest recorded first."""
    return _GIVEN.all(session, controller=controller)


def of_party(session: Session, party: str) -> list[Kept]:
    """Every period in which a party acts for another, the latest recorded first."""
    return _TAKEN.all(session, party=party)


def one(session: Session, controller: str, id: uuid.UUID) -> Kept:
    """A period that a party recorded of those that act for it. Raises `NotFound`."""
    found = next((each for each in of_controller(session, controller) if each.id == id), None)
    if found is None:
        raise NotFound
    return found


def record(
    tx: Transaction,
    actor: Actor,
    party: str,
    starts: int,
    ends: int | None,
    now: int,
    id: uuid.UUID | None = None,
) -> uuid.UUID:
    """Record a period in which a party acts for the actor's, from `starts` until (not including) `ends`, microseconds,
    under `id` or a new one; the id. That it acts for them by the agreement, the caller has decided. The caller logs it.
    Raises `NotFound` unless the actor is an administrator, `CapacityRefused`."""
    capacities.require_administrator(tx.session, actor, now)
    if ends is not None and not max(starts, now) < ends:
        raise CapacityRefused(DAYS)
    return install(tx, party, actor.party, starts, ends, actor.user, now, id)


def end(tx: Transaction, actor: Actor, id: uuid.UUID, now: int) -> None:
    """End one now, whether it runs or is to come. The caller logs it. Raises `NotFound`; `Conflict` where somebody
    ended it before, or it ran out."""
    capacities.require_administrator(tx.session, actor, now)
    query = select(ContractPeriod).where(ContractPeriod.id == id).with_for_update()
    row = tx.session.scalar(query.execution_options(populate_existing=True))
    if row is None or row.controller != actor.party:
        raise NotFound
    if row.ended_at is not None or (row.ends is not None and row.ends <= now):
        raise Conflict(str(id), 0)
    row.ended_at, row.ended_by = now, actor.user
    tx.session.flush()


def install(
    tx: Transaction,
    party: str,
    controller: str,
    starts: int,
    ends: int | None,
    by: uuid.UUID | None,
    now: int,
    id: uuid.UUID | None = None,
) -> uuid.UUID:
    """Record a period, by nobody signed in where `by` is None: for the demo. A page calls `record`."""
    row = ContractPeriod(
        id=id or new_id(),
        party=party,
        controller=controller,
        starts=starts,
        ends=ends,
        recorded_by=by,
        recorded_at=now,
    )
    tx.session.add(row)
    tx.session.flush()
    return row.id
