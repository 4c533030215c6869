"""Asking for a role after signing in without one, and the answer of a SPOC or an administrator (clause 9.20).

What the asker wrote, and why it was refused, are sealed like their name.
"""

import uuid
from dataclasses import dataclass
from dataclasses import field as part
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from isa.agreement import Capacity
from portal.audit.entry import Entry, Subject
from portal.auth import capacities, induction
from portal.auth.actor import Actor
from portal.auth.errors import CapacityRefused
from portal.auth.recording import Transaction
from portal.auth.tables import AccessRequest, UserAccount
from portal.db import as_read, from_micros, new_id, put
from portal.errors import Conflict, NotFound
from portal.keys.sealing import seal
from portal.sharing import joining, roster, said
from portal.sharing.disclosure import Receipt
from portal.sharing.doors import Doors
from portal.sharing.fields import LIMITS
from portal.sharing.reading import staff as opening
from portal.sharing.roster import Offered
from portal.sharing.staff import STAFF, place
from portal.sharing.tables import StaffValue

WAITING, APPROVED, REFUSED, WITHDRAWN = "waiting", "approved", "refused", "withdrawn"
MANAGER, WHY, REASON = "ask-manager", "ask-why", "ask-reason"
MOST = LIMITS["longtext"]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request. `role` in words; texts are "" where the reader is not shown them; `gives`: the reader may give it."""

    id: uuid.UUID
    user: uuid.UUID
    name: str
    role: str
    role_id: str
    state: str
    at: datetime
    manager: str = ""
    why: str = ""
    reason: str = ""
    gives: bool = False


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of a request. `state`: approved, refused, withdrawn; `by` "" where no colleague answered it."""

    name: str = part(repr=False)
    role: str
    state: str
    by: str = part(repr=False)
    mine: bool
    at: datetime
    reason: str = part(repr=False)
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class Looked:
    """Requests that wait, the longest first, and the receipt of having looked."""

    requests: tuple[Asked, ...]
    receipt: Receipt | None


def of(session: Session, doors: Doors, user: uuid.UUID, party: str) -> Asked | None:
    """Somebody's own last request to a party, with the reason of a refusal. Their own words, so nothing is logged."""
    row = session.scalars(
        select(AccessRequest)
        .where(AccessRequest.user == user, AccessRequest.party == party)
        .order_by(AccessRequest.asked_at.desc())
        .limit(1)
    ).first()
    if row is None:
        return None
    reason = opening.names(session, doors, [user], REASON)[user] if row.state == REFUSED else ""
    role = doors.book.role_name(row.party, row.role)
    return Asked(row.id, user, "", role, row.role, row.state, from_micros(row.asked_at), reason=reason)


def ask(
    session: Session, doors: Doors, user: uuid.UUID, party: str, sign_in: str, role: str, manager: str, why: str
) -> None:
    """Ask for a role at one's own party; a request that waits already is replaced by this one. `sign_in` is the
    public id of the session. Raises `CapacityRefused` for a role the party cannot give, `LogUnavailable`."""
    if role not in {o.id for o in roster.offered(doors, party)}:
        raise CapacityRefused("Choose one of the roles your organisation may give.")
    now = doors.clock()
    with doors.log.transaction(session) as tx:
        account = select(UserAccount).where(UserAccount.id == user, UserAccount.ended_at.is_(None))
        if session.scalar(account.with_for_update(key_share=True)) is None:
            raise NotFound
        same = AccessRequest.user == user, AccessRequest.party == party, AccessRequest.state == WAITING
        row = session.scalars(select(AccessRequest).where(*same)).first()
        if row is None:
            row = AccessRequest(id=new_id(), user=user, party=party, state=WAITING, asked_at=now)
            session.add(row)
        row.role, row.asked_at = role, now
        session.flush()
        # what is written below is for this party: no request to one they belonged to before may show it
        elsewhere = AccessRequest.user == user, AccessRequest.party != party, AccessRequest.state == WAITING
        session.execute(update(AccessRequest).where(*elsewhere).values(state=WITHDRAWN, answered_at=now))
        _seal(session, doors, user, party, {MANAGER: manager, WHY: why})
        subject = Subject(user, {"staff": "true", "asked": role})
        tx.append(Entry("collection", actor=user, agency=party, session=sign_in, subjects=[subject]))


def waiting(session: Session, doors: Doors, actor: Actor) -> Looked:
    """Who asks at the actor's party. Raises `NotFound` for whoever does not look after its people."""
    _require(session, doors, actor)
    waits = induction.requests_of(actor.party)
    rows = session.scalars(select(AccessRequest).where(waits).order_by(AccessRequest.asked_at)).all()
    return _looked(session, doors, actor, list(rows), "list")


def one(session: Session, doors: Doors, actor: Actor, request: uuid.UUID) -> tuple[Asked, Receipt]:
    """One request with what was written. Raises `NotFound` for one of another party or that waits no longer."""
    _require(session, doors, actor)
    waits = AccessRequest.id == request, induction.requests_of(actor.party)
    row = session.scalars(select(AccessRequest).where(*waits)).first()
    if row is None:
        raise NotFound
    found = _looked(session, doors, actor, [row], "consultation")
    assert found.receipt is not None
    return found.requests[0], found.receipt


def answered(session: Session, doors: Doors, actor: Actor, request: uuid.UUID) -> Answered:
    """How a request was answered, and by whom, for whoever answers it second. Raises `NotFound` for one that nobody has
    answered, or of another party."""
    _require(session, doors, actor)
    row = session.get(AccessRequest, request, populate_existing=True)
    if row is None or row.party != actor.party or row.answered_at is None:
        raise NotFound
    at = row.answered_at
    [row] = as_read(session, [row])
    hands = [row.user] if row.answered_by is None else [row.user, row.answered_by]
    with doors.log.transaction(session) as tx:
        subjects = [Subject(user, {"staff": True}) for user in dict.fromkeys(hands)]
        receipt = tx.append(said.entry("consultation", actor, subjects=subjects))
    names = opening.names(session, doors, hands)
    return Answered(
        name=names[row.user],
        role=doors.book.role_name(row.party, row.role),
        state=row.state,
        by=names[row.answered_by] if row.answered_by else "",
        mine=row.answered_by == actor.user,
        at=from_micros(at),
        reason=opening.names(session, doors, [row.user], REASON)[row.user] if row.state == REFUSED else "",
        receipt=said.receipt(receipt),
    )


def giveable(doors: Doors, actor: Actor) -> tuple[Offered, ...]:
    """The roles that this actor may give: every one for the administrator, for a SPOC those on assigned cases."""
    roles = roster.offered(doors, actor.party)
    if actor.role == capacities.ADMINISTRATOR:
        return roles
    return tuple(r for r in roles if r.content and doors.book.role(Capacity(actor.party, r.id))[0] == "assigned")


def approve(
    session: Session, doors: Doors, actor: Actor, request: uuid.UUID, role: str, starts: int, ends: int
) -> None:
    """Give a role to whoever asked. Raises `NotFound`, `CapacityRefused`, `Conflict` where somebody was quicker."""
    _require(session, doors, actor)
    if role not in {o.id for o in giveable(doors, actor)}:
        raise CapacityRefused("You cannot give that role. Ask the administrator.")
    now = doors.clock()
    with doors.log.transaction(session) as tx:
        row = _still(tx, actor, request)
        row.state, row.answered_at, row.answered_by = APPROVED, now, actor.user
        capacities.approve(tx, actor, row.user, role, starts, ends, now, actor.source)


def refuse(session: Session, doors: Doors, actor: Actor, request: uuid.UUID, reason: str) -> None:
    """Refuse it, with a reason that the asker reads. Raises as `approve`."""
    _require(session, doors, actor)
    now = doors.clock()
    with doors.log.transaction(session) as tx:
        capacities.require(session, actor, now)
        row = _still(tx, actor, request)
        if row.user == actor.user:
            raise CapacityRefused("You cannot answer your own request. Ask another administrator.")
        row.state, row.answered_at, row.answered_by = REFUSED, now, actor.user
        _seal(session, doors, row.user, row.party, {REASON: reason})
        session.flush()
        subject = Subject(row.user, {"staff": "true", "asked": row.role, "answer": REFUSED})
        tx.append(said.entry("alteration", actor, subjects=[subject]))


def _still(tx: Transaction, actor: Actor, request: uuid.UUID) -> AccessRequest:
    row = tx.session.scalar(select(AccessRequest).where(AccessRequest.id == request).with_for_update())
    if row is None or row.party != actor.party:
        raise NotFound
    if row.state != WAITING:
        raise Conflict(str(row.id), 0)
    return row


def _seal(session: Session, doors: Doors, user: uuid.UUID, party: str, texts: dict[str, str]) -> None:
    dek = doors.keys.ensure(session, user, STAFF, STAFF)
    for field, text in texts.items():
        sealed = seal(dek, place(user, field, 1), text.encode())
        put(session, StaffValue, {"user": user, "field": field}, {"version": 1, "party": party, "sealed": sealed})


def _looked(session: Session, doors: Doors, actor: Actor, rows: list[AccessRequest], operation: str) -> Looked:
    if not rows:
        return Looked((), None)
    users = [row.user for row in rows]
    kept = [(row.id, row.user, row.role, row.state, row.asked_at) for row in rows]  # the entry ends the transaction
    with doors.log.transaction(session) as tx:
        receipt = tx.append(said.entry(operation, actor, subjects=[Subject(user, {"staff": True}) for user in users]))
    names, managers, whys = (opening.names(session, doors, users, field) for field in ("name", MANAGER, WHY))
    may = {o.id for o in giveable(doors, actor)}
    found = tuple(
        Asked(
            identity,
            user,
            names[user],
            doors.book.role_name(actor.party, role),
            role,
            state,
            from_micros(at),
            managers[user],
            whys[user],
            gives=role in may,
        )
        for identity, user, role, state, at in kept
    )
    return Looked(found, said.receipt(receipt))


def _require(session: Session, doors: Doors, actor: Actor) -> None:
    capacities.require(session, actor, doors.clock())
    if not joining.looks_after(doors, actor):
        raise NotFound
