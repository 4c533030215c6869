"""Accounts, capacities and sessions. Pseudonymous: ids and keyed tags, no name, no e-mail, no token."""

import uuid

from sqlalchemy import Boolean, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Id, Micros


class UserAccount(Base):
    """One member of staff. `home_party` is what the provider's claims said at the last sign-in."""

    __tablename__ = "user_account"

    id: Mapped[uuid.UUID] = mapped_column(Id, primary_key=True)
    home_party: Mapped[str] = mapped_column(String(40), index=True)
    suggested: Mapped[str] = mapped_column(String(400), default="")  # roles a claim suggests, separated by spaces
    created_at: Mapped[int] = mapped_column(Micros)
    ended_at: Mapped[int | None] = mapped_column(Micros)


class UserIdentity(Base):
    """An identity at a provider: HMAC-SHA256 of issuer and subject under a named secret, see `tags`."""

    __tablename__ = "user_identity"

    tag: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    user: Mapped[uuid.UUID] = mapped_column(Id, ForeignKey("user_account.id"), index=True)


class CapacityGrant(Base):
    """One person may act in one role for one party, from `starts` until (not including) `ends`. `delegated_from`: the
    capacity of whom they stand in for, and with which it ends."""

    __tablename__ = "capacity_grant"

    id: Mapped[uuid.UUID] = mapped_column(Id, primary_key=True)
    user: Mapped[uuid.UUID] = mapped_column(Id, ForeignKey("user_account.id"), index=True)
    party: Mapped[str] = mapped_column(String(40), index=True)
    role: Mapped[str] = mapped_column(String(40))
    starts: Mapped[int] = mapped_column(Micros)
    ends: Mapped[int | None] = mapped_column(Micros)
    granted_at: Mapped[int] = mapped_column(Micros)
    granted_by: Mapped[uuid.UUID | None] = mapped_column(Id)  # None: at the command line, when a party is set up
    suggested_by_claim: Mapped[bool] = mapped_column(Boolean)
    ended_at: Mapped[int | None] = mapped_column(Micros)
    ended_by: Mapped[uuid.UUID | None] = mapped_column(Id)
    delegated_from: Mapped[uuid.UUID | None] = mapped_column(Id, ForeignKey("capacity_grant.id"), index=True)


class TimeAway(Base):
    """Somebody is away from a party: capacities there rest from `starts` until (not including) `ends`. Why is not
    kept anywhere."""

    __tablename__ = "time_away"

    id: Mapped[uuid.UUID] = mapped_column(Id, primary_key=True)
    user: Mapped[uuid.UUID] = mapped_column(Id, ForeignKey("user_account.id"))
    party: Mapped[str] = mapped_column(String(40))
    starts: Mapped[int] = mapped_column(Micros)
    ends: Mapped[int] = mapped_column(Micros)
    set_at: Mapped[int] = mapped_column(Micros)
    set_by: Mapped[uuid.UUID] = mapped_column(Id)
    ended_at: Mapped[int | None] = mapped_column(Micros)
    ended_by: Mapped[uuid.UUID | None] = mapped_column(Id)

    __table_args__ = (Index("ix_time_away_user_party", "user", "party"),)


class Secondment(Base):
    """Somebody of one party (`home`) works for another for a time: asked for by the one, agreed by the other. What they
    may see then is the capacity's. Whom the asking party means, and why it was refused, are sealed elsewhere."""

    __tablename__ = "secondment"

    id: Mapped[uuid.UUID] = mapped_column(Id, primary_key=True)
    party: Mapped[str] = mapped_column(String(40), index=True)
    home: Mapped[str] = mapped_column(String(40), index=True)
    role: Mapped[str] = mapped_column(String(40))
    starts: Mapped[int] = mapped_column(Micros)
    ends: Mapped[int] = mapped_column(Micros)
    state: Mapped[str] = mapped_column(String(20))  # asked, agreed, refused, withdrawn
    asked_at: Mapped[int] = mapped_column(Micros)
    asked_by: Mapped[uuid.UUID] = mapped_column(Id)
    answered_at: Mapped[int | None] = mapped_column(Micros)
    answered_by: Mapped[uuid.UUID | None] = mapped_column(Id)
    user: Mapped[uuid.UUID | None] = mapped_column(Id, ForeignKey("user_account.id"), index=True)
    capacity: Mapped[uuid.UUID | None] = mapped_column(Id, ForeignKey("capacity_grant.id"))
    ended_at: Mapped[int | None] = mapped_column(Micros)  # before its last day
    ended_by: Mapped[uuid.UUID | None] = mapped_column(Id)


class InductionRecord(Base):
    """That somebody was trained, vetted or accepted the rules at a party, until (not including) `ends`. Never changed:
    a later record of the same fact takes its place, and `current` is the last."""

    __tablename__ = "induction_record"

    id: Mapped[uuid.UUID] = mapped_column(Id, primary_key=True)
    user: Mapped[uuid.UUID] = mapped_column(Id, ForeignKey("user_account.id"))
    party: Mapped[str] = mapped_column(String(40))
    fact: Mapped[str] = mapped_column(String(20))
    level: Mapped[str] = mapped_column(String(20))  # of vetting; of acceptable use, which words; else ""
    starts: Mapped[int] = mapped_column(Micros)
    ends: Mapped[int] = mapped_column(Micros)
    recorded_by: Mapped[uuid.UUID | None] = mapped_column(Id)  # None: at the command line, or by the demo
    recorded_at: Mapped[int] = mapped_column(Micros)
    current: Mapped[bool] = mapped_column(Boolean)

    __table_args__ = (Index("ix_induction_record_user_party", "user", "party"),)


class ContractPeriod(Base):
    """That a party acts for another (`controller`) under a contract, until (not including) `ends`, None: open. Never
    changed but to end it early. What the parties call the contract, and why it was ended, are sealed elsewhere."""

    __tablename__ = "contract_period"

    id: Mapped[uuid.UUID] = mapped_column(Id, primary_key=True)
    party: Mapped[str] = mapped_column(String(40), index=True)
    controller: Mapped[str] = mapped_column(String(40), index=True)
    starts: Mapped[int] = mapped_column(Micros)
    ends: Mapped[int | None] = mapped_column(Micros)
    recorded_by: Mapped[uuid.UUID | None] = mapped_column(Id)  # None: by the demo or a test
    recorded_at: Mapped[int] = mapped_column(Micros)
    ended_by: Mapped[uuid.UUID | None] = mapped_column(Id)
    ended_at: Mapped[int | None] = mapped_column(Micros)


class AccessRequest(Base):
    """Somebody who signed in and asked for a role. What they wrote, and why it was refused, are sealed elsewhere."""

    __tablename__ = "access_request"

    id: Mapped[uuid.UUID] = mapped_column(Id, primary_key=True)
    user: Mapped[uuid.UUID] = mapped_column(Id, ForeignKey("user_account.id"), index=True)
    party: Mapped[str] = mapped_column(String(40))
    role: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(20))  # waiting, approved, refused
    asked_at: Mapped[int] = mapped_column(Micros)
    answered_at: Mapped[int | None] = mapped_column(Micros)
    answered_by: Mapped[uuid.UUID | None] = mapped_column(Id)

    __table_args__ = (Index("ix_access_request_party_state", "party", "state"),)


class LoginSession(Base):
    """One signed-in browser. The cookie's value is not here, only its SHA-256."""

    __tablename__ = "login_session"

    public_id: Mapped[str] = mapped_column(String(22), primary_key=True)
    id_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    user: Mapped[uuid.UUID] = mapped_column(Id, ForeignKey("user_account.id"), index=True)
    provider: Mapped[str] = mapped_column(String(40))
    identity_tag: Mapped[bytes] = mapped_column(LargeBinary(32))
    sid_tag: Mapped[bytes | None] = mapped_column(LargeBinary(32), index=True)
    capacity: Mapped[uuid.UUID | None] = mapped_column(Id, ForeignKey("capacity_grant.id"), index=True)
    auth_time: Mapped[int | None] = mapped_column(Micros)
    stepped_up_at: Mapped[int | None] = mapped_column(Micros)
    created_at: Mapped[int] = mapped_column(Micros)
    last_seen: Mapped[int] = mapped_column(Micros)
    ends: Mapped[int] = mapped_column(Micros)
    held_until: Mapped[int | None] = mapped_column(Micros)  # in a meeting: until then it does not end for being idle
    sealed_hint: Mapped[bytes | None] = mapped_column(LargeBinary)  # id_token under a key made from the cookie
    ended_at: Mapped[int | None] = mapped_column(Micros)
    ended_why: Mapped[str | None] = mapped_column(String(20))


class AuthRequest(Base):
    """A sign-in under way. Nonce and PKCE verifier are derived from the browser's own secret and are not kept."""

    __tablename__ = "auth_request"

    state_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    browser_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    provider: Mapped[str] = mapped_column(String(40))
    step_up_of: Mapped[str | None] = mapped_column(String(22))  # public session id; None: a sign-in
    next_path: Mapped[str] = mapped_column(String(500))
    started_at: Mapped[int] = mapped_column(Micros)
    ends: Mapped[int] = mapped_column(Micros, index=True)


class LogoutTokenSeen(Base):
    """A back-channel logout token that was used; kept until it would have expired anyway."""

    __tablename__ = "logout_token_seen"

    jti_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    until: Mapped[int] = mapped_column(Micros)
