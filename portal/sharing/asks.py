"""Requests to see more, as the table has them: who asked which owner for which field, and until when it is granted.

Their words are records. Ids, dates, states and names of fields: nothing here decides, opens or logs.
"""

import uuid
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, insert, or_, select, update
from sqlalchemy.orm import Session

from portal.auth import capacities
from portal.auth.actor import Actor
from portal.auth.tables import CapacityGrant, UserAccount
from portal.db import DAY, Micros
from portal.query import Query
from portal.sharing.ask_tables import AskRow
from portal.sharing.tables import Assignment, CaseFile

KIND, REPLY = "request", "reply"
"""The kinds of record that say why it is needed, and why it is not given."""
WHY, WHY_NOT = "request.reason", "reply.reason"
GRANTED_FACT, ASKED_FACT, PUT_FACT = "request_granted", "asked", "request_put"
"""Facts: that the owner granted a field, by owner and field; that one asked oneself; that one's agency is asked."""
WAITING, GRANTED, REFUSED, REVOKED, ENDED = "waiting", "granted", "refused", "revoked", "ended"
LONGEST = 28
"""Days for which something may be granted (clause 8.28)."""
LATELY = 14 * DAY
"""How long what is over stands on the pages of whoever asked."""


class Ask(NamedTuple):
    """One row, in the order of `_ASK`. `live`: whoever asked still works on the case in the same
    capacity, away or not, and it is open."""

    id: uuid.UUID
    request: uuid.UUID
    case: uuid.UUID
    owner: str
    field: str
    party: str
    user: uuid.UUID
    capacity: uuid.UUID
    days: int
    state: str
    asked_at: int
    answered_at: int | None
    ends: int | None
    reply: uuid.UUID | None
    live: bool

    def now(self, at: int) -> str:
        """The state at an instant: what ran out, or lost what it rests on, has ended."""
        over = not self.live or (self.state == GRANTED and (self.ends or 0) <= at)
        return ENDED if over and self.state in (WAITING, GRANTED) else self.state


_POST_STANDS = or_(
    AskRow.post.is_(None),
    exists().where(
        Assignment.id == AskRow.post,
        Assignment.starts <= bindparam("now"),
        or_(Assignment.ends.is_(None), Assignment.ends > bindparam("now")),
    ),
)
_CAPACITY_STANDS = exists().where(
    CapacityGrant.id == AskRow.capacity, capacities.granted(bindparam("now", type_=Micros))
)
_LIVE = and_(CaseFile.state == "open", _POST_STANDS, _CAPACITY_STANDS)
_ASK = (
    AskRow.id,
    AskRow.request,
    AskRow.case,
    AskRow.owner,
    AskRow.field,
    AskRow.party,
    AskRow.user,
    AskRow.capacity,
    AskRow.days,
    AskRow.state,
    AskRow.asked_at,
    AskRow.answered_at,
    AskRow.ends,
    AskRow.reply,
    _LIVE.label("live"),
)


def _asks(*conditions: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    joined = select(*_ASK).join(CaseFile, CaseFile.id == AskRow.case)
    return joined.where(*conditions).order_by(AskRow.asked_at, AskRow.id)


_GRANTED = Query(
    select(AskRow.case, AskRow.owner, AskRow.field)
    .join(CaseFile, CaseFile.id == AskRow.case)
    .where(
        AskRow.case.in_(bindparam("cases", expanding=True)),
        AskRow.capacity == bindparam("capacity"),
        AskRow.user == bindparam("user"),
        AskRow.state == GRANTED,
        AskRow.ends > bindparam("now"),
        _LIVE,
    ),
    tuple,
)
_GRANTED_ON = Query(
    select(AskRow.user, AskRow.capacity, AskRow.owner, AskRow.field)
    .join(CaseFile, CaseFile.id == AskRow.case)
    .where(AskRow.case == bindparam("case"), AskRow.state == GRANTED, AskRow.ends > bindparam("now"), _LIVE),
    tuple,
)
_OWN = (AskRow.user == bindparam("user"), AskRow.capacity == bindparam("capacity"))
_RECENT = or_(
    AskRow.state == WAITING,
    AskRow.answered_at > bindparam("after"),
    and_(AskRow.state == GRANTED, AskRow.ends > bindparam("after")),
)
_MINE = Query(_asks(*_OWN, _RECENT), Ask._make)
_ON_CASE = Query(_asks(*_OWN, _RECENT, AskRow.case == bindparam("case")), Ask._make)
_PUT = Query(
    _asks(
        AskRow.owner == bindparam("owner"),
        or_(AskRow.state == WAITING, and_(AskRow.state == GRANTED, AskRow.ends > bindparam("now"))),
        _LIVE,
    ),  # without a limit: what was granted long ago must not hide what waits
    Ask._make,
)
_OF_REQUEST = Query(_asks(AskRow.request == bindparam("request")), Ask._make)
_HELD = select(AskRow.id).where(AskRow.request == bindparam("request")).order_by(AskRow.id).with_for_update()


def granted(session: Session, cases: Sequence[uuid.UUID], actor: Actor, now: int) -> list[tuple[uuid.UUID, str, str]]:
    """(case, owner, field) of all that is granted now to this person in this capacity, on many cases at once."""
    if not cases:
        return []
    return _GRANTED.all(session, cases=cases, capacity=actor.capacity, user=actor.user, now=now)


def granted_on(session: Session, case: uuid.UUID, now: int) -> list[tuple[uuid.UUID, uuid.UUID, str, str]]:
    """(person, capacity, owner, field) of all that is granted now at one case."""
    return _GRANTED_ON.all(session, case=case, now=now)


def mine(session: Session, actor: Actor, now: int, case: uuid.UUID | None = None) -> list[Ask]:
    """What this person asked for in this capacity, on all cases or on one; without what was over a fortnight ago."""
    wanted = {"user": actor.user, "capacity": actor.capacity, "now": now, "after": now - LATELY}
    return _MINE.all(session, **wanted) if case is None else _ON_CASE.all(session, **wanted, case=case)


def put_to(session: Session, owner: str, now: int) -> list[Ask]:
    """What a party is asked for: what waits for its answer, and what it granted that still lasts."""
    return _PUT.all(session, owner=owner, now=now)


def of_request(session: Session, request: uuid.UUID, now: int) -> list[Ask]:
    """Every field of one request."""
    return _OF_REQUEST.all(session, request=request, now=now)


def held(session: Session, request: uuid.UUID, now: int) -> list[Ask]:
    """As `of_request`, held until this write transaction commits: nobody else answers them meanwhile."""
    session.connection().execute(_HELD, {"request": request})
    return of_request(session, request, now)  # anew: once the lock is ours


def hold(session: Session, user: uuid.UUID) -> None:
    """Of two forms that one person sends at once, the second waits here until the first has committed."""
    session.execute(select(UserAccount.id).where(UserAccount.id == user).with_for_update(key_share=True))


def post_of(session: Session, actor: Actor, case: uuid.UUID, now: int) -> uuid.UUID | None:
    """What lets this person work on a case for their party themselves: the post that lasts longest; None without."""
    wanted = (
        Assignment.case == case,
        Assignment.user == actor.user,
        Assignment.party == actor.party,
        Assignment.starts <= now,
        or_(Assignment.ends.is_(None), Assignment.ends > now),
    )
    order = (Assignment.ends.is_not(None), Assignment.ends.desc(), Assignment.id)
    return session.scalar(select(Assignment.id).where(*wanted).order_by(*order).limit(1))


def add(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows that wait. Inside the transaction that stores their request."""
    session.connection().execute(insert(AskRow), [{"state": WAITING, **row} for row in rows])


def move(session: Session, ask: uuid.UUID, base: str, to: str, **values: Any) -> bool:
    """Bring one into another state, if it is still in the state `base`."""
    statement = update(AskRow).where(AskRow.id == ask, AskRow.state == base).values(state=to, **values)
    return session.connection().execute(statement).rowcount == 1


def end_all(session: Session, cases: Collection[uuid.UUID], now: int) -> None:
    """These cases are closed: what waited or was granted there has ended, for good. Inside that transaction."""
    still = (AskRow.case.in_(list(cases)), AskRow.state.in_((WAITING, GRANTED)))
    session.connection().execute(update(AskRow).where(*still).values(state=ENDED, answered_at=now))


def fact(owner: str, field: str) -> str:
    """The fact that an owner granted this very field."""
    return f"{GRANTED_FACT}:{owner}:{field}"
