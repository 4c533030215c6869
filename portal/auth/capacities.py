"""Capacities: who may act in which role for which party, granted and ended by that party's administrator, with dates.

Claims of a provider suggest; they grant nothing. Every function that changes something checks again, inside the write
transaction, that the administrator's own capacity is in force: `actor` was read before it.
"""

import uuid
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import BindParameter, ColumnElement, and_, bindparam, or_, select, update
from sqlalchemy.orm import Session

from portal.auth import ending, lasting, recording
from portal.auth.actor import Actor
from portal.auth.errors import CapacityRefused
from portal.auth.recording import Transaction
from portal.auth.tables import AccessRequest, CapacityGrant, Secondment, UserAccount
from portal.db import Micros, new_id
from portal.errors import NotFound
from portal.query import Query

ADMINISTRATOR = "admin"
NOT_YOURS = (
    "This person belongs to another organisation. Ask it for a secondment: that gives the role, and its last day."
)


@dataclass(frozen=True, slots=True)
class Capacity:
    """One grant. Times are microseconds; `ends` and `ended_at` None: open-ended, not ended."""

    id: uuid.UUID
    user: uuid.UUID
    party: str
    role: str
    starts: int
    ends: int | None
    granted_at: int
    granted_by: uuid.UUID | None
    suggested_by_claim: bool
    ended_at: int | None


def current(session: Session, user: uuid.UUID, now: int) -> tuple[Capacity, ...]:
    """The capacities a person may choose now."""
    return _read(session, and_(CapacityGrant.user == user, in_force(now)))


def of_party(session: Session, party: str, now: int) -> tuple[Capacity, ...]:
    """A party's capacities that are in force or yet to start."""
    open_ended = or_(CapacityGrant.ends.is_(None), CapacityGrant.ends > now)
    return _read(session, and_(CapacityGrant.party == party, CapacityGrant.ended_at.is_(None), open_ended))


def history_of(session: Session, user: uuid.UUID, party: str) -> tuple[Capacity, ...]:
    """Everything one party ever granted one person, for its administrator."""
    return _read(session, and_(CapacityGrant.user == user, CapacityGrant.party == party))


def held(session: Session, roles: Collection[str], now: int) -> frozenset[tuple[str, str]]:
    """Which (party, role) of these roles somebody holds now: what a preview of who will read something needs."""
    return frozenset(_HELD.all(session, roles=sorted(roles), now=now))


def in_force(now: int | BindParameter[int]) -> ColumnElement[bool]:
    """The condition "in force at `now`": started, not past its end, not ended, and its holder is not away."""
    grant = CapacityGrant.__table__
    return and_(granted(now), lasting.away(grant.c.user, grant.c.party, now).is_(None))


def granted(now: int | BindParameter[int]) -> ColumnElement[bool]:
    """As `in_force`, whether or not its holder is away."""
    return and_(
        CapacityGrant.starts <= now,
        or_(CapacityGrant.ends.is_(None), CapacityGrant.ends > now),
        CapacityGrant.ended_at.is_(None),
    )


_HELD = Query(
    select(CapacityGrant.party, CapacityGrant.role)
    .where(CapacityGrant.role.in_(bindparam("roles", expanding=True)), in_force(bindparam("now", type_=Micros)))
    .distinct(),
    tuple,
)


def require_administrator(session: Session, actor: Actor, now: int) -> None:
    """Raise `NotFound` unless the actor's capacity is in force, theirs, and that of an administrator."""
    require(session, actor, now)
    if actor.role != ADMINISTRATOR:
        raise NotFound


def require(session: Session, actor: Actor, now: int) -> None:
    """Raise `NotFound` unless the actor's capacity is theirs and in force."""
    held = session.scalar(
        select(CapacityGrant.id).where(
            CapacityGrant.id == actor.capacity,
            CapacityGrant.user == actor.user,
            CapacityGrant.party == actor.party,
            CapacityGrant.role == actor.role,
            in_force(now),
        )
    )
    if held is None:
        raise NotFound


def grant(
    tx: Transaction,
    actor: Actor,
    user: uuid.UUID,
    role: str,
    starts: int,
    ends: int | None,
    now: int,
    source: bytes | None = None,
) -> Capacity:
    """Let a person act in a role for the administrator's own party. Whether the party may hold the role at all is
    the agreement's business: the page offers only those, and the engine refuses any other.

    Raises `NotFound` for an actor who is no administrator or an account that has ended; `CapacityRefused` for a grant
    to oneself, dates that make no sense, or one that is already there.
    """
    require_administrator(tx.session, actor, now)
    return approve(tx, actor, user, role, starts, ends, now, source)


def approve(
    tx: Transaction,
    actor: Actor,
    user: uuid.UUID,
    role: str,
    starts: int,
    ends: int | None,
    now: int,
    source: bytes | None = None,
) -> Capacity:
    """As `grant`, by somebody who need not be the administrator: that this actor may give this role, the caller has
    decided (an agency SPOC gives some, clause 9.20). Whoever asked for a role at the party waits no longer."""
    require(tx.session, actor, now)
    if user == actor.user:
        raise CapacityRefused("You cannot give yourself a role. Ask another administrator.")
    account = tx.session.get(UserAccount, user)
    if account is not None and account.home_party != actor.party:
        raise CapacityRefused(NOT_YOURS)  # else a role here would outlive what their own party agreed to
    made = _insert(tx.session, user, actor.party, role, starts, ends, now, actor.user)
    asked = (AccessRequest.user == user, AccessRequest.party == actor.party, AccessRequest.state == "waiting")
    answered = {"state": "approved", "answered_at": now, "answered_by": actor.user}
    tx.session.execute(update(AccessRequest).where(*asked).values(answered))
    detail = {"capacity": str(made.id), "party": made.party, "role": made.role}
    recording.about(tx, "capacity-granted", actor, user, actor.party, detail, source)
    return made


def install(
    tx: Transaction, user: uuid.UUID, party: str, role: str, starts: int, ends: int | None, now: int
) -> Capacity:
    """Grant at the command line, when a party is set up and has no administrator yet, or by the demo. Logged as
    granted by nobody signed in. Never call it from a page. Raises as `grant`."""
    made = _insert(tx.session, user, party, role, starts, ends, now, None)
    detail = {"capacity": str(made.id), "party": party, "role": role}
    recording.about(tx, "capacity-granted", None, user, party, detail)
    return made


def second(tx: Transaction, by: Actor, agreed: Secondment, user: uuid.UUID, now: int) -> CapacityGrant:
    """Give the role that two parties agreed on, until the last day of it. That `by` may agree, the caller has decided.
    Granted by who asked for it. Raises `NotFound`, `CapacityRefused`."""
    starts = max(agreed.starts, now)
    made = _insert(tx.session, user, agreed.party, agreed.role, starts, agreed.ends, now, agreed.asked_by)
    detail = {"capacity": str(made.id), "party": made.party, "role": made.role, "secondment": str(agreed.id)}
    recording.about(tx, "capacity-granted", by, user, agreed.party, detail, by.source)
    return tx.session.get_one(CapacityGrant, made.id)


def install_delegated(
    session: Session, base: CapacityGrant, user: uuid.UUID, starts: int, ends: int, now: int
) -> Capacity:
    """The role of `base` for a colleague, until `ends` at the latest. For `delegations.delegate`, which decides and
    logs it. Raises `NotFound`, `CapacityRefused`."""
    made = _insert(session, user, base.party, base.role, starts, ends, now, base.user)
    session.get_one(CapacityGrant, made.id).delegated_from = base.id
    session.flush()
    return made


def end(tx: Transaction, actor: Actor, capacity: uuid.UUID, now: int, source: bytes | None = None) -> None:
    """End a capacity of the administrator's own party, and the sessions in use under it. Raises `NotFound`."""
    require_administrator(tx.session, actor, now)
    row = tx.session.get(CapacityGrant, capacity)
    if row is None or row.party != actor.party or row.ended_at is not None:
        raise NotFound
    end_rows(tx, [row], actor, now, source)


def end_rows(
    tx: Transaction, rows: list[CapacityGrant], by: Actor | None, now: int, source: bytes | None = None
) -> None:
    """End grants and their sessions, each with its entry, and what was delegated from them. For `end`, for leavers and
    for people who move."""
    for row in rows:
        row.ended_at, row.ended_by = now, by.user if by else None
        seconded = Secondment.capacity == row.id, Secondment.ended_at.is_(None)
        tx.session.execute(update(Secondment).where(*seconded).values(ended_at=now, ended_by=row.ended_by))
        detail = {"capacity": str(row.id), "party": row.party, "role": row.role}
        recording.about(tx, "capacity-ended", by, row.user, row.party, detail, source)
        ending.end_of_capacity(tx, row.id, by, now, source)
        query = select(CapacityGrant).where(CapacityGrant.delegated_from == row.id, CapacityGrant.ended_at.is_(None))
        end_rows(tx, list(tx.session.scalars(query)), by, now, source)


def open_grants(session: Session, user: uuid.UUID, party: str | None = None) -> list[CapacityGrant]:
    """Grants of a person that were not ended, of one party or of all."""
    query = select(CapacityGrant).where(CapacityGrant.user == user, CapacityGrant.ended_at.is_(None))
    return list(session.scalars(query if party is None else query.where(CapacityGrant.party == party)))


def _insert(
    session: Session,
    user: uuid.UUID,
    party: str,
    role: str,
    starts: int,
    ends: int | None,
    now: int,
    by: uuid.UUID | None,
) -> Capacity:
    account = session.get(UserAccount, user)
    if account is None or account.ended_at is not None:
        raise NotFound
    if ends is not None and (ends <= starts or ends <= now):
        raise CapacityRefused("The last day must be after the first day, and not in the past.")
    same = [row for row in open_grants(session, user, party) if row.role == role and (row.ends or now + 1) > now]
    if same:
        raise CapacityRefused("This person already has that role. End it first to change its dates.")
    row = CapacityGrant(
        id=new_id(),
        user=user,
        party=party,
        role=role,
        starts=starts,
        ends=ends,
        granted_at=now,
        granted_by=by,
        suggested_by_claim=role in account.suggested.split(),
    )
    session.add(row)
    session.flush()
    return _capacity(row)


def _read(session: Session, condition: ColumnElement[bool]) -> tuple[Capacity, ...]:
    rows = session.scalars(select(CapacityGrant).where(condition).order_by(CapacityGrant.granted_at, CapacityGrant.id))
    return tuple(_capacity(row) for row in rows)


def _capacity(row: CapacityGrant) -> Capacity:
    return Capacity(
        id=row.id,
        user=row.user,
        party=row.party,
        role=row.role,
        starts=row.starts,
        ends=row.ends,
        granted_at=row.granted_at,
        granted_by=row.granted_by,
        suggested_by_claim=row.suggested_by_claim,
        ended_at=row.ended_at,
    )
