"""Sessions of this portal: found by the SHA-256 of a cookie, short, rotated, and ended at once by any of four hands.

The person, the provider (sign-out signals), an administrator, and the clock. A session whose account or capacity has
ended is dead at the next request, because every request looks at all three rows in one query.
"""

import hashlib
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, delete, or_, select, update
from sqlalchemy.orm import Session

from portal.auth import lasting
from portal.auth.actor import Actor, Induction
from portal.auth.hints import open_hint, seal_hint
from portal.auth.tables import CapacityGrant, LoginSession, UserAccount
from portal.config import Settings
from portal.db import DAY, HOUR, MINUTE, Micros
from portal.query import Query

MOST_SWEPT = 100


@dataclass(frozen=True, slots=True)
class Limits:
    """How long sessions and proofs last, in microseconds."""

    idle: int
    absolute: int
    step_up: int

    @classmethod
    def of(cls, settings: Settings) -> "Limits":
        """The limits of an installation."""
        return cls(settings.idle_minutes * MINUTE, settings.absolute_hours * HOUR, settings.step_up_minutes * MINUTE)


@dataclass(frozen=True, slots=True)
class SessionState:
    """A live session. `actor` is None until a capacity is chosen, and while its holder is away: show the choice, or
    whom to ask."""

    session: str
    user: uuid.UUID
    home_party: str
    provider: str
    actor: Actor | None
    ends: int
    touch_due: bool


@dataclass(frozen=True, slots=True)
class Fresh:
    """A new session: `cookie` goes to the browser and nowhere else, `session` is its public id."""

    cookie: str = field(repr=False)
    session: str


@dataclass(frozen=True, slots=True)
class SignedInBy:
    """What a new session remembers of the sign-in, as keyed tags."""

    provider: str
    identity_tag: bytes
    sid_tag: bytes | None
    auth_time: int | None
    id_token: str = field(repr=False)


# plain tables, not mapped classes: this is asked at every request, and costs half
_LOGIN, _ACCOUNT, _GRANT = LoginSession.__table__, UserAccount.__table__, CapacityGrant.__table__
_RESOLVE = Query(
    select(
        _LOGIN.c.public_id,
        _LOGIN.c.user,
        _LOGIN.c.provider,
        _LOGIN.c.last_seen,
        _LOGIN.c.ends,
        _LOGIN.c.held_until,
        _LOGIN.c.ended_at,
        _LOGIN.c.stepped_up_at,
        _LOGIN.c.capacity,
        _ACCOUNT.c.home_party,
        _ACCOUNT.c.ended_at.label("account_ended"),
        _GRANT.c.party,
        _GRANT.c.role,
        _GRANT.c.ends.label("capacity_ends"),
        _GRANT.c.ended_at.label("capacity_ended"),
        lasting.away(_LOGIN.c.user, _GRANT.c.party, bindparam("now", type_=Micros)).label("away_until"),
        *(lasting.until(fact, _LOGIN.c.user, _GRANT.c.party).label(fact) for fact in Induction._fields),
    )
    .select_from(_LOGIN)
    .join(_ACCOUNT, _ACCOUNT.c.id == _LOGIN.c.user)
    .outerjoin(_GRANT, _GRANT.c.id == _LOGIN.c.capacity)
    .where(_LOGIN.c.id_hash == bindparam("id_hash"))
)


def resolve(session: Session, cookie: str, limits: Limits, now: int) -> SessionState | None:
    """The live session of a cookie, in one query, or None. `now` in microseconds.

    Idle time counts from `last_seen`, which `touch` moves at most once a minute; so an idle session ends between
    one minute before the limit and the limit, never after it.
    """
    row = _RESOLVE.first(session, id_hash=hash_cookie(cookie), now=now)
    if row is None or not _alive(row, limits, now):
        return None
    actor = None
    if row.capacity is not None and row.away_until is None:
        fresh = row.stepped_up_at is not None and 0 <= now - row.stepped_up_at < limits.step_up
        actor = _actor(row, fresh)
    return SessionState(
        session=row.public_id,
        user=row.user,
        home_party=row.home_party,
        provider=row.provider,
        actor=actor,
        ends=row.ends,
        touch_due=now - row.last_seen >= MINUTE,
    )


def _alive(row: Any, limits: Limits, now: int) -> bool:
    if row.ended_at is not None or row.account_ended is not None or now >= row.ends:
        return False
    if now >= _idle_from(row, limits):
        return False
    return row.capacity is None or _in_force(row, now)


def _idle_from(row: Any, limits: Limits) -> int:
    """When it ends for being idle. Somebody who sits in a meeting and listens is not away."""
    return int(max(row.last_seen + limits.idle, row.held_until or 0))


def _in_force(row: Any, now: int) -> bool:
    return row.capacity_ended is None and (row.capacity_ends is None or now < row.capacity_ends)


def lapsed(session: Session, cookie: str, limits: Limits, now: int, within: int) -> Actor | None:
    """Who acted in the session of this cookie, if nothing but the clock ended it, at most `within` microseconds ago.

    Only good to keep something for that person. None for a session that was signed out, revoked or replaced, and for
    one whose account or capacity has ended since.
    """
    row = _RESOLVE.first(session, id_hash=hash_cookie(cookie), now=now)
    if row is None or row.ended_at is not None or row.account_ended is not None or row.capacity is None:
        return None
    ended = min(row.ends, _idle_from(row, limits))
    if not ended <= now < ended + within or not _in_force(row, now):
        return None
    return _actor(row, stepped_up=False)


def _actor(row: Any, stepped_up: bool) -> Actor:
    known = Induction(row.trained, row.use_accepted, row.vetted)
    return Actor(row.user, row.party, row.role, row.public_id, row.capacity, stepped_up, known)


def touch(session: Session, public_id: str, now: int) -> None:
    """Note that the session is in use. Call when `touch_due`, in any write transaction."""
    session.execute(
        update(LoginSession)
        .where(LoginSession.public_id == public_id, LoginSession.ended_at.is_(None), LoginSession.last_seen < now)
        .values(last_seen=now)
    )


def hold(session: Session, public_ids: Sequence[str], until: int | None, now: int) -> None:
    """Keep sessions from ending for being idle until an instant, or no longer (None): what is left of the idle time
    then counts from `now`. The absolute limit, sign-out and whoever may end them end them as ever. Needs a write
    transaction."""
    session.execute(
        update(LoginSession)
        .where(LoginSession.public_id.in_(public_ids), LoginSession.ended_at.is_(None))
        .values(held_until=until, last_seen=now)
    )


def create(session: Session, user: uuid.UUID, by: SignedInBy, capacity: uuid.UUID | None, ends: int, now: int) -> Fresh:
    """A new session after a sign-in. What that person left behind a day ago or earlier goes: the log tells of it, and
    the new row when they were last here. Needs a write transaction."""
    _sweep(session, user, now - DAY)
    fresh = _fresh()
    session.add(
        LoginSession(
            public_id=fresh.session,
            id_hash=hash_cookie(fresh.cookie),
            user=user,
            provider=by.provider,
            identity_tag=by.identity_tag,
            sid_tag=by.sid_tag,
            capacity=capacity,
            auth_time=by.auth_time,
            created_at=now,
            last_seen=now,
            ends=ends,
            sealed_hint=seal_hint(fresh.cookie, by.id_token),
        )
    )
    session.flush()
    return fresh


def _sweep(session: Session, user: uuid.UUID, before: int) -> None:
    over = or_(LoginSession.ended_at <= before, LoginSession.ends <= before)
    some = select(LoginSession.public_id).where(LoginSession.user == user, over).limit(MOST_SWEPT)
    gone = delete(LoginSession).where(LoginSession.public_id.in_(some))
    session.execute(gone, execution_options={"synchronize_session": False})


def rotate(session: Session, cookie: str, capacity: uuid.UUID, now: int) -> Fresh | None:
    """Go on in another capacity: a new cookie and public id; the old ones are dead. None if the session is not live.

    A new public id ends whatever was bound to the old one (visits, open forms). Needs a write transaction.
    """
    old = session.scalar(_live(LoginSession.id_hash == hash_cookie(cookie)).with_for_update())
    if old is None:
        return None
    fresh = _fresh()
    hint = open_hint(cookie, old.sealed_hint)
    session.add(
        LoginSession(
            public_id=fresh.session,
            id_hash=hash_cookie(fresh.cookie),
            user=old.user,
            provider=old.provider,
            identity_tag=old.identity_tag,
            sid_tag=old.sid_tag,
            capacity=capacity,
            auth_time=old.auth_time,
            stepped_up_at=old.stepped_up_at,
            created_at=old.created_at,
            last_seen=now,
            ends=old.ends,
            sealed_hint=None if hint is None else seal_hint(fresh.cookie, hint),
        )
    )
    end(session, [old], "capacity-changed", now)
    return fresh


def step_up(
    session: Session, cookie: str, public_id: str, identity_tag: bytes, now: int, auth_time: int | None = None
) -> Fresh | None:
    """Note a fresh proof of identity and give the session a new cookie; its public id, and so its visits, stay.

    `auth_time`, microseconds: when the provider says it was given. None unless the cookie's session is live, is
    `public_id`, and belongs to that identity.
    """
    old = session.scalar(_live(LoginSession.id_hash == hash_cookie(cookie)).with_for_update())
    if old is None or old.public_id != public_id or old.identity_tag != identity_tag:
        return None
    fresh = Fresh(secrets.token_urlsafe(32), old.public_id)
    hint = open_hint(cookie, old.sealed_hint)
    old.id_hash = hash_cookie(fresh.cookie)
    old.sealed_hint = None if hint is None else seal_hint(fresh.cookie, hint)
    old.stepped_up_at = old.last_seen = now
    old.auth_time = auth_time or old.auth_time
    session.flush()
    return fresh


def live_by_cookie(session: Session, cookie: str) -> LoginSession | None:
    """The session row of a cookie, if it was not ended. For sign-out, which an idle session may still do."""
    return session.scalar(_live(LoginSession.id_hash == hash_cookie(cookie)))


def live_by_tags(session: Session, sid_tag: bytes | None, identity_tag: bytes | None) -> Sequence[LoginSession]:
    """Sessions a provider's signal means: by its session id where it gives one, else every one of the identity."""
    if sid_tag is not None:
        query = _live(LoginSession.sid_tag == sid_tag)
        if identity_tag is not None:
            query = query.where(LoginSession.identity_tag == identity_tag)
    elif identity_tag is not None:
        query = _live(LoginSession.identity_tag == identity_tag)
    else:
        return ()
    return session.scalars(query).all()


def live_of_user(session: Session, user: uuid.UUID, party: str | None = None) -> Sequence[LoginSession]:
    """Every session of a person that was not ended (some may be idle or out of time); only those in a capacity of
    `party`, where one is given."""
    query = _live(LoginSession.user == user).order_by(LoginSession.created_at)
    if party is not None:
        query = query.join(CapacityGrant, CapacityGrant.id == LoginSession.capacity).where(CapacityGrant.party == party)
    return session.scalars(query).all()


def live_of_capacity(session: Session, capacity: uuid.UUID) -> Sequence[LoginSession]:
    """Sessions in use under one capacity."""
    return session.scalars(_live(LoginSession.capacity == capacity)).all()


def end(session: Session, rows: Sequence[LoginSession], why: str, now: int) -> None:
    """End sessions and forget what was kept for their sign-out. Needs a write transaction."""
    for row in rows:
        row.ended_at, row.ended_why, row.sealed_hint = now, why, None
    session.flush()


def hash_cookie(cookie: str) -> bytes:
    """What the database knows of a cookie. 256 random bits need no slow hash."""
    return hashlib.sha256(cookie.encode()).digest()


def _live(condition: ColumnElement[bool]) -> Select[LoginSession]:
    return select(LoginSession).where(condition, LoginSession.ended_at.is_(None))


def _fresh() -> Fresh:
    return Fresh(secrets.token_urlsafe(32), secrets.token_urlsafe(12))
