"""What a party has recorded of its people: training, acceptable use, vetting, each with its last day and its history.

Nothing is changed or taken away: a later record of the same fact takes the place of the one before. It holds for the
party that recorded it, and only there (clause 9.24).
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import BindParameter, ColumnElement, and_, bindparam, exists, func, or_, select, update
from sqlalchemy.orm import Session

from portal.auth import capacities, recording
from portal.auth.actor import Actor, Induction
from portal.auth.errors import CapacityRefused
from portal.auth.lasting import RECORD, TRAINED, USE, VETTED, WORDS, until
from portal.auth.recording import Transaction
from portal.auth.tables import AccessRequest, CapacityGrant, InductionRecord, UserAccount
from portal.db import DAY, HOUR, Micros, new_id
from portal.errors import NotFound
from portal.query import Query

LEVELS: Final[Mapping[str, str]] = {
    "recruitment": "Police recruitment vetting",
    "management": "Management vetting",
    "nppv2": "Non-police personnel vetting, level 2",
    "nppv3": "Non-police personnel vetting, level 3",
    "ctc": "Counter-terrorist check",
    "sc": "Security clearance",
}
"""The levels that clause 9.23 names."""
YEAR: Final = 366 * DAY + HOUR  # the hour that a year gains which begins in summer time and ends after it
LONGEST: Final[Mapping[str, int]] = {TRAINED: YEAR, USE: YEAR, VETTED: 10 * YEAR}
"""How long after its first day a fact may hold at most."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One record. Times are microseconds; `by` None: at the command line."""

    user: uuid.UUID
    fact: str
    level: str
    starts: int
    ends: int
    by: uuid.UUID | None
    at: int


_CURRENT = Query(
    select(RECORD.c.user, RECORD.c.fact, RECORD.c.level, RECORD.c.ends).where(
        RECORD.c.party == bindparam("party"),
        RECORD.c.user.in_(bindparam("users", expanding=True)),
        RECORD.c.current,
        or_(RECORD.c.fact != USE, RECORD.c.level == WORDS),
    )
)


def of_people(session: Session, party: str, users: list[uuid.UUID]) -> dict[uuid.UUID, Induction]:
    """What holds, or held last, of each of these people at a party. One statement."""
    found: dict[uuid.UUID, dict[str, int]] = {user: {} for user in users}
    for user, fact, _, ends in _CURRENT.all(session, party=party, users=users) if users else ():
        found[user][fact] = ends
    return {user: Induction(**ends) for user, ends in found.items()}


_GRANT = CapacityGrant.__table__


def requests_of(party: str | BindParameter[str]) -> ColumnElement[bool]:
    """The condition "waits for this party's answer". Who has left, or now signs in from another party, asks no more."""
    still = UserAccount.id == AccessRequest.user, UserAccount.home_party == party, UserAccount.ended_at.is_(None)
    return and_(AccessRequest.party == party, AccessRequest.state == "waiting", exists().where(*still))


_REQUESTS = select(func.count()).select_from(AccessRequest).where(requests_of(bindparam("party")))
_STANDING = Query(
    select(
        _GRANT.c.user,
        _GRANT.c.role,
        *(until(fact, _GRANT.c.user, _GRANT.c.party) for fact in Induction._fields),
        _REQUESTS.scalar_subquery(),
    ).where(_GRANT.c.party == bindparam("party"), capacities.in_force(bindparam("now", type_=Micros))),
    tuple,
)


def standing(session: Session, party: str, now: int) -> tuple[list[tuple[uuid.UUID, str, Induction]], int]:
    """(person, role, what holds) of every capacity of a party, and how many ask for one. One statement."""
    rows = _STANDING.all(session, party=party, now=now)
    return [(row[0], row[1], Induction(*row[2:5])) for row in rows], rows[0][5] if rows else 0


def of(session: Session, user: uuid.UUID, party: str) -> Induction:
    """As `of_people`, of one."""
    return of_people(session, party, [user])[user]


def history(session: Session, user: uuid.UUID, party: str) -> tuple[Kept, ...]:
    """Every record a party made of somebody, the latest first."""
    mine = and_(InductionRecord.user == user, InductionRecord.party == party)
    rows = session.scalars(
        select(InductionRecord).where(mine).order_by(InductionRecord.recorded_at.desc(), InductionRecord.id.desc())
    )
    return tuple(Kept(r.user, r.fact, r.level, r.starts, r.ends, r.recorded_by, r.recorded_at) for r in rows)


def record(
    tx: Transaction,
    actor: Actor,
    user: uuid.UUID,
    fact: str,
    level: str,
    starts: int,
    ends: int,
    now: int,
) -> None:
    """Record training or vetting of somebody of the actor's own party. That the actor may, the caller has decided.

    Raises `NotFound`, `CapacityRefused` for a record of oneself, for days that make no sense, for an unknown level.
    """
    capacities.require(tx.session, actor, now)
    if user == actor.user:
        raise CapacityRefused("You cannot record this for yourself. Ask another SPOC or the administrator.")
    if fact not in (TRAINED, VETTED) or (level in LEVELS) != (fact == VETTED):
        raise CapacityRefused("Choose a level of vetting.")
    if starts > now or ends < starts or ends - starts > LONGEST[fact]:
        raise CapacityRefused("The last day must be after the first, and not later than the agreement allows.")
    _kept_by(tx, actor, user, fact, level, (starts, ends), now)


def accept(tx: Transaction, actor: Actor, ends: int, now: int) -> None:
    """The actor accepts the words of acceptable use that are in force, until (not including) `ends`. Raises
    `NotFound`."""
    capacities.require(tx.session, actor, now)
    _kept_by(tx, actor, actor.user, USE, WORDS, (now, ends), now)


def install(tx: Transaction, user: uuid.UUID, party: str, given: Induction, now: int) -> None:
    """Record at the command line or by the demo, as recorded by nobody signed in. Never call it from a page."""
    known = {fact: ends for fact, ends in given._asdict().items() if ends is not None}
    for fact, ends in known.items():
        level = {USE: WORDS, VETTED: "recruitment"}.get(fact, "")
        _keep(tx, user, party, fact, level, (min(now, ends - 365 * DAY), ends), None, now)
    if known:
        recording.about(tx, "alteration", None, user, party, {"staff": "true", **dict.fromkeys(known, "recorded")})


def _kept_by(
    tx: Transaction, actor: Actor, user: uuid.UUID, fact: str, level: str, span: tuple[int, int], now: int
) -> None:
    _keep(tx, user, actor.party, fact, level, span, actor.user, now)
    detail = {"staff": "true", "fact": fact, "level": level, "until": str(span[1])}
    recording.about(tx, "alteration", actor, user, actor.party, detail, actor.source)


def _keep(
    tx: Transaction,
    user: uuid.UUID,
    party: str,
    fact: str,
    level: str,
    span: tuple[int, int],
    by: uuid.UUID | None,
    now: int,
) -> None:
    own = select(UserAccount).where(UserAccount.id == user, UserAccount.ended_at.is_(None))
    if tx.session.scalar(own.with_for_update(key_share=True)) is None:  # of two at once the second waits here
        raise NotFound
    same = (RECORD.c.user == user, RECORD.c.party == party, RECORD.c.fact == fact, RECORD.c.current)
    tx.session.execute(update(InductionRecord).where(*same).values(current=False))
    starts, ends = span
    tx.session.add(
        InductionRecord(
            id=new_id(),
            user=user,
            party=party,
            fact=fact,
            level=level,
            starts=starts,
            ends=ends,
            recorded_by=by,
            recorded_at=now,
            current=True,
        )
    )
    tx.session.flush()
