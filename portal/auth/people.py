"""Accounts: made at the first sign-in, ended when someone leaves. No names here; the caller seals those."""

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from portal.auth import capacities, ending, recording, secondments, sessions
from portal.auth.actor import Actor
from portal.auth.errors import SignInRefused
from portal.auth.recording import Transaction
from portal.auth.tables import CapacityGrant, LoginSession, UserAccount, UserIdentity
from portal.db import new_id
from portal.errors import NotFound

ROLE = re.compile(r"[a-z][a-z_]{0,39}")


@dataclass(frozen=True, slots=True)
class Person:
    """One member of staff as an administrator's list has them. Times are microseconds."""

    user: uuid.UUID
    home_party: str
    suggested: tuple[str, ...]
    created_at: int
    ended_at: int | None
    last_signed_in: int | None


def register(session: Session, identity_tag: bytes, party: str, now: int) -> uuid.UUID:
    """The account of an identity, made if it is new. Needs a write transaction. Raises `SignInRefused` if it ended."""
    account = _find(session, identity_tag)
    if account is None:
        account = UserAccount(id=new_id(), home_party=party, suggested="", created_at=now)
        session.add(account)
        session.flush()
        session.add(UserIdentity(tag=identity_tag, user=account.id))
        session.flush()
    if account.ended_at is not None:
        raise SignInRefused("account-ended")
    return account.id


def admit(tx: Transaction, identity_tag: bytes, party: str, suggested: Sequence[str], now: int) -> uuid.UUID:
    """The account of someone whose provider has just vouched for them. Raises `SignInRefused` if it has ended.

    Someone who now belongs to another party loses what their former party granted, and what others gave by its leave:
    both were for its own staff.
    """
    user = register(tx.session, identity_tag, party, now)
    account = tx.session.get_one(UserAccount, user)
    if account.home_party != party:
        former = capacities.open_grants(tx.session, user, account.home_party)
        lent = secondments.grants(tx.session, user, account.home_party)
        capacities.end_rows(tx, [*former, *(row for row in lent if row not in former)], None, now)
        account.home_party = party
    # only words shaped like roles: a claim is somebody else's text and could hold anything
    account.suggested = " ".join(sorted({role for role in suggested if ROLE.fullmatch(role)})[:9])
    return user


def find(session: Session, identity_tag: bytes) -> uuid.UUID | None:
    """The account of an identity, if it has one."""
    account = _find(session, identity_tag)
    return account.id if account else None


def of_party(session: Session, party: str) -> tuple[Person, ...]:
    """Everyone an administrator of the party looks after: its own staff, and whoever holds a capacity of it."""
    holders = select(CapacityGrant.user).where(CapacityGrant.party == party)
    return _people(session, or_(UserAccount.home_party == party, UserAccount.id.in_(holders)))


def one_of_party(session: Session, party: str, user: uuid.UUID) -> Person:
    """One person of `of_party`. Raises `NotFound`."""
    found = [person for person in of_party(session, party) if person.user == user]
    if not found:
        raise NotFound
    return found[0]


def end_sessions(tx: Transaction, actor: Actor, user: uuid.UUID, now: int, source: bytes | None = None) -> int:
    """An administrator ends every session of a person of their party; how many. Of a guest, who signs in from another
    party, only those in a capacity of this one. Raises `NotFound`."""
    capacities.require_administrator(tx.session, actor, now)
    rows = sessions.live_of_user(tx.session, user, overseen(one_of_party(tx.session, actor.party, user), actor.party))
    return ending.end_rows(tx, rows, "by-administrator", actor, now, source)


def overseen(person: Person, party: str) -> str | None:
    """The party whose sessions an administrator of `party` looks after: any (None) for its own staff, else its own."""
    return None if person.home_party == party else party


def leaver(tx: Transaction, actor: Actor, user: uuid.UUID, now: int, source: bytes | None = None) -> None:
    """Someone has left the administrator's party: their account, capacities and sessions end together, at once.

    Only the party they sign in from can say so; another party ends the capacities it granted (`capacities.end`).
    Raises `NotFound`.
    """
    capacities.require_administrator(tx.session, actor, now)
    account = tx.session.get(UserAccount, user)
    if account is None or account.home_party != actor.party or account.ended_at is not None:
        raise NotFound
    account.ended_at = now
    recording.about(tx, "account-ended", actor, user, actor.party, {"account": "ended"}, source)
    capacities.end_rows(tx, capacities.open_grants(tx.session, user), actor, now, source)
    ending.end_all_of(tx, user, "left", actor, now, source)


def _find(session: Session, identity_tag: bytes) -> UserAccount | None:
    query = select(UserAccount).join(UserIdentity, UserIdentity.user == UserAccount.id)
    return session.scalar(query.where(UserIdentity.tag == identity_tag))


def _people(session: Session, condition: object) -> tuple[Person, ...]:
    last = (
        select(LoginSession.user, func.max(LoginSession.created_at).label("at")).group_by(LoginSession.user).subquery()
    )
    query = (
        select(UserAccount, last.c.at)
        .outerjoin(last, last.c.user == UserAccount.id)
        .where(condition)  # type: ignore[arg-type]
        .order_by(UserAccount.created_at, UserAccount.id)
    )
    return tuple(
        Person(row.id, row.home_party, tuple(row.suggested.split()), row.created_at, row.ended_at, at)
        for row, at in session.execute(query)
    )
