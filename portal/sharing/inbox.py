"""The inbox of the panel's list, as the table has it. Ids, parties, dates and states: nothing here decides or opens."""

import uuid
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, or_, select, update
from sqlalchemy.orm import Session

from portal.db import new_id
from portal.query import Query, insert_rows
from portal.sharing.tables import CaseFile, Referral
from portal.sharing.visits import CASE, Case

KIND = "referral"
WAITING, ASKED, ACCEPTED, REFUSED = "waiting", "asked", "accepted", "refused"
WITHDRAWN = "withdrawn"
"""Taken back by whoever referred (clause 8.90): it is in no inbox and gets no answer."""
LAPSED = "lapsed"
"""An offer that ended with the case that it came from (clause 8.91): as `WITHDRAWN`."""
GONE = (WITHDRAWN, LAPSED)
OUTCOMES = {WAITING: "Waiting", ASKED: "More asked", ACCEPTED: "Accepted", REFUSED: "Refused"}
"""State → what a record says of it, of the choices of `referral.outcome`."""
PAGE = 50


class Item(NamedTuple):
    """One referral, in the order of `_ITEM`. `answer`: the record that holds it; `since`: in this state."""

    id: uuid.UUID
    party: str
    user: uuid.UUID
    answer: uuid.UUID | None
    state: str
    version: int
    sent_at: int
    since: int
    known: bool
    case: Case


def _item(cells: Sequence[Any]) -> Item:
    return Item._make((*cells[:9], Case._make(cells[9:])))


def _items(*conditions: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    given = (Referral.id, Referral.party, Referral.user, Referral.answer, Referral.state, Referral.version)
    known = CaseFile.opened_at < Referral.sent_at  # the person had a case before they were referred
    columns = (*given, Referral.sent_at, Referral.since, known.label("known"), *CASE)
    return select(*columns).join(CaseFile, CaseFile.id == Referral.case).where(*conditions)


_SERVED = CaseFile.agreement.in_(bindparam("agreements", expanding=True))
_OPEN = CaseFile.state == "open"
_OLDEST = (Referral.sent_at, Referral.id)
_WAITING = Query(
    _items(_SERVED, _OPEN, Referral.state == WAITING).order_by(*_OLDEST).offset(bindparam("first")).limit(PAGE), _item
)
_SINCE = Query(
    _items(_SERVED, _OPEN, Referral.state == WAITING, Referral.since > bindparam("after"))
    .order_by(Referral.since.desc(), Referral.id)
    .limit(PAGE),
    _item,
)
_SOME = Query(_items(Referral.id.in_(bindparam("referrals", expanding=True))).order_by(*_OLDEST), _item)


def _referred_by(*conditions: ColumnElement[bool]) -> Query[Item]:
    """What was asked first, then the latest."""
    of_party = (_SERVED, Referral.party == bindparam("party"), *conditions)
    unanswered = and_(Referral.state.in_((WAITING, ASKED)), or_(_OPEN, CaseFile.closed_at > bindparam("after")))
    lately = or_(unanswered, Referral.since > bindparam("after"))
    order = (Referral.state != ASKED, Referral.since.desc(), Referral.id)
    ordered = _items(*of_party, lately).order_by(*order)
    return Query(ordered.offset(bindparam("first")).limit(bindparam("most")), _item)


_OURS = _referred_by()
_MINE = _referred_by(Referral.user == bindparam("user"))
_COUNTED = Query(
    select(Referral.state, func.count())
    .join(CaseFile, CaseFile.id == Referral.case)
    .where(_SERVED, _OPEN, Referral.state.in_((WAITING, ASKED)))
    .group_by(Referral.state),
    tuple,
)

_SENT = Query(
    select(Referral.case, Referral.party, Referral.sent_at).where(
        Referral.case.in_(bindparam("cases", expanding=True))
    ),
    tuple,
)


def waiting(session: Session, agreements: Sequence[str], first: int = 0) -> list[Item]:
    """What waits under these agreements, the longest first; a page of 50, from the one after `first`."""
    return _WAITING.all(session, agreements=agreements, first=first)


def since(session: Session, agreements: Sequence[str], after: int) -> list[Item]:
    """What began to wait under these agreements after an instant, or waits again; the latest 50."""
    return _SINCE.all(session, agreements=agreements, after=after)


def counted(session: Session, agreements: Sequence[str]) -> dict[str, int]:
    """How many wait for an answer, and how many for what was asked."""
    return dict(_COUNTED.all(session, agreements=agreements))


def sent(session: Session, cases: Sequence[uuid.UUID]) -> frozenset[tuple[uuid.UUID, str, int]]:
    """(case, party, when) of every referral of these cases: what tells the words of one from those of another."""
    return frozenset(_SENT.all(session, cases=cases))


def some(session: Session, referrals: Sequence[uuid.UUID]) -> list[Item]:
    """These referrals, as far as there are any."""
    return _SOME.all(session, referrals=referrals)


def referred(
    session: Session,
    agreements: Sequence[str],
    party: str,
    user: uuid.UUID | None,
    after: int = 0,
    first: int = 0,
    most: int = PAGE,
) -> list[Item]:
    """What a person of a party referred, or all of it (`user` None), without what was answered before `after`."""
    of = {"agreements": agreements, "party": party, "after": after, "first": first, "most": most}
    return _OURS.all(session, **of) if user is None else _MINE.all(session, **of, user=user)


def stands(session: Session, party: str, cases: Sequence[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Case → the state of what a party referred there last."""
    wanted = select(Referral.case, Referral.state).where(Referral.party == party, Referral.case.in_(cases))
    return {row.case: row.state for row in session.execute(wanted.order_by(*_OLDEST))}


def sent_since(session: Session, party: str, cases: Sequence[uuid.UUID], since: int) -> list[uuid.UUID]:
    """Those of these cases to which a party has sent a referral since an instant."""
    wanted = Referral.party == party, Referral.case.in_(cases), Referral.sent_at >= since
    return list(session.scalars(select(Referral.case).where(*wanted).distinct()))


def put(session: Session, referral: uuid.UUID, case: uuid.UUID, party: str, user: uuid.UUID, now: int) -> None:
    """A new referral waits. Inside a write transaction whose entry says so."""
    put_all(session, [_row(referral, case, party, user, now)])


def rows(cases: Iterable[uuid.UUID], party: str, user: uuid.UUID, now: int) -> list[tuple[Any, ...]]:
    """A referral that waits for each of these cases, as the database's driver takes it: for `put_all`."""
    return [_row(new_id(), case, party, user, now) for case in cases]


def put_all(session: Session, waiting: Sequence[tuple[Any, ...]]) -> None:
    """Those of a file wait. Inside its write transaction."""
    insert_rows(session.connection(), Referral.__table__, waiting)


def _row(referral: uuid.UUID, case: uuid.UUID, party: str, user: uuid.UUID, now: int) -> tuple[Any, ...]:
    return (referral.bytes, case.bytes, party, user.bytes, None, WAITING, 1, now, now)


def move(session: Session, item: Item, base: int, to: str, now: int) -> bool:
    """Bring a referral into another state, if it still is at version `base` and in the state of `item`."""
    if base != item.version:  # and a number that was made up never reaches the database
        return False
    still = (Referral.id == item.id, Referral.version == base, Referral.state == item.state)
    values = {"state": to, "version": base + 1, "since": now}
    return session.connection().execute(update(Referral).where(*still).values(values)).rowcount == 1


def answered(session: Session, referral: uuid.UUID, record: uuid.UUID) -> None:
    """The answer to a referral is in this record."""
    session.connection().execute(update(Referral).where(Referral.id == referral).values(answer=record))
