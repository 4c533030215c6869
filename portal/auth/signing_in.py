"""Signing in, proving it afresh, choosing a capacity: what the sign-in pages call.

The provider is asked between two short transactions, never inside one: a slow provider must not hold the write lock.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from portal.auth import auth_requests, capacities, ending, people, recording, sessions
from portal.auth.actor import Actor
from portal.auth.auth_requests import Begun
from portal.auth.errors import CapacityRefused, SignInRefused
from portal.auth.oidc import Identity, RelyingParty
from portal.auth.recording import Log, Transaction
from portal.auth.sessions import Fresh, Limits, SessionState, SignedInBy
from portal.auth.tags import Tags
from portal.db import HOUR, SECOND


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What the callback page needs: set `cookie`, go to `next_path`.

    `capacity` is None where the person holds none or several: the home page then shows whom to ask, or the choice.
    """

    cookie: str = field(repr=False)
    session: str
    user: uuid.UUID
    provider: str
    party: str
    capacity: uuid.UUID | None
    next_path: str
    stepped_up: bool
    receipt: Any


KeepName = Callable[[Transaction, uuid.UUID, str, str], None]
"""Seals a display name and e-mail address for an account, in the transaction of the sign-in."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything signing in needs, built once by the application."""

    log: Log
    relying: RelyingParty
    tags: Tags
    limits: Limits
    keep_name: KeepName | None = None

    def begin(self, db: Session, provider_id: str, browser: str, next_path: str, now: int) -> str:
        """The provider's address to send the browser to. `browser` is the secret of the pre-session cookie, `now`
        microseconds. Raises `SignInRefused`."""
        return self._begin(db, provider_id, browser, next_path, None, now)

    def begin_step_up(self, db: Session, state: SessionState, browser: str, next_path: str, now: int) -> str:
        """As `begin`, to prove afresh who is signed in. Raises `SignInRefused`."""
        return self._begin(db, state.provider, browser, next_path, state.session, now)

    def complete(
        self,
        db: Session,
        provider_id: str,
        browser: str,
        cookie: str | None,
        answer: Mapping[str, str],
        now: int,
        source: bytes | None = None,
    ) -> SignedIn:
        """Finish what `begin` began, from the query of the callback. `cookie` is the session cookie, if there is one.

        Whatever goes wrong is logged and raised as `SignInRefused` with the reference of the entry.
        """
        with self.log.transaction(db) as tx:
            begun = auth_requests.take(tx.session, provider_id, browser, answer.get("state", ""), now)
        step_up, person = False, None
        try:
            if isinstance(begun, SignInRefused):
                raise begun
            step_up = begun.step_up_of is not None
            provider = self.relying.catalogue.provider(provider_id)
            identity = self.relying.complete(provider, begun.attempt, answer, now / SECOND)
            person = people.find(db, self.tags.identity(identity.issuer, identity.subject))
            with self.log.transaction(db) as tx:
                if begun.step_up_of is not None:
                    return self._step_up(tx, begun, begun.step_up_of, cookie, identity, now, source)
                return self._sign_in(tx, begun, cookie, identity, now, source)
        except SignInRefused as refused:
            tried_by = person or self.log.nobody(db)
            with self.log.transaction(db) as tx:
                receipt = recording.failed(tx, tried_by, provider_id, refused.reason, step_up, source)
            raise SignInRefused(refused.reason, receipt.reference) from None

    def choose_capacity(
        self, db: Session, cookie: str, capacity: uuid.UUID, now: int, source: bytes | None = None
    ) -> Fresh:
        """Act in this capacity from now on, under a new cookie; the old cookie and its visits are dead.

        Raises `CapacityRefused` if the session has ended or the capacity is not this person's and in force.
        """
        with self.log.transaction(db) as tx:
            state = sessions.resolve(tx.session, cookie, self.limits, now)
            held = () if state is None else capacities.current(tx.session, state.user, now)
            chosen = next((held_one for held_one in held if held_one.id == capacity), None)
            fresh = None if chosen is None else sessions.rotate(tx.session, cookie, capacity, now)
            if state is None or chosen is None or fresh is None:
                raise CapacityRefused("You no longer hold that role. Choose another, or sign in again.")
            actor = Actor(state.user, chosen.party, chosen.role, fresh.session, chosen.id, False)
            recording.own(tx, "capacity-chosen", actor, state.user, state.home_party, fresh.session, source)
        return fresh

    def _begin(
        self, db: Session, provider_id: str, browser: str, next_path: str, step_up_of: str | None, now: int
    ) -> str:
        provider = self.relying.catalogue.provider(provider_id)
        self.relying.metadata(provider)  # asked before the transaction, and cached
        with self.log.transaction(db) as tx:
            attempt = auth_requests.begin(tx.session, provider_id, browser, next_path, step_up_of, now)
        return self.relying.authorization_url(provider, attempt)

    def _sign_in(
        self, tx: Transaction, begun: Begun, cookie: str | None, who: Identity, now: int, source: bytes | None
    ) -> SignedIn:
        provider = self.relying.catalogue.provider(who.provider)
        tag = self.tags.identity(who.issuer, who.subject)
        user = people.admit(tx, tag, who.party, who.suggested_roles, now)
        if self.keep_name is not None:
            self.keep_name(tx, user, who.display_name, who.email)
        self._end_former(tx, cookie, now, source)
        held = capacities.current(tx.session, user, now)
        chosen = held[0] if len(held) == 1 else None  # the only one is chosen: one click less
        lasts = min(self.limits.absolute, (provider.session_hours or 24 * 365) * HOUR)
        by = SignedInBy(
            provider=who.provider,
            identity_tag=tag,
            sid_tag=None if who.sid is None else self.tags.provider_session(who.issuer, who.sid),
            auth_time=None if who.auth_time is None else who.auth_time * SECOND,
            id_token=who.id_token,
        )
        fresh = sessions.create(tx.session, user, by, chosen.id if chosen else None, now + lasts, now)
        actor = Actor(user, chosen.party, chosen.role, fresh.session, chosen.id, False) if chosen else None
        receipt = recording.own(tx, "sign-in", actor, user, who.party, fresh.session, source)
        return self._done(fresh, user, who, chosen.id if chosen else None, begun, False, receipt)

    def _step_up(
        self,
        tx: Transaction,
        begun: Begun,
        public_id: str,
        cookie: str | None,
        who: Identity,
        now: int,
        source: bytes | None,
    ) -> SignedIn:
        state = sessions.resolve(tx.session, cookie or "", self.limits, now)
        tag = self.tags.identity(who.issuer, who.subject)
        auth_time = None if who.auth_time is None else who.auth_time * SECOND
        _require_newer(tx.session, cookie or "", auth_time, begun)
        fresh = None if state is None else sessions.step_up(tx.session, cookie or "", public_id, tag, now, auth_time)
        if state is None or fresh is None:
            raise SignInRefused("someone-else")
        receipt = recording.own(tx, "step-up", state.actor, state.user, state.home_party, fresh.session, source)
        capacity = state.actor.capacity if state.actor else None
        return self._done(fresh, state.user, who, capacity, begun, True, receipt)

    def _end_former(self, tx: Transaction, cookie: str | None, now: int, source: bytes | None) -> None:
        former = sessions.live_by_cookie(tx.session, cookie) if cookie else None
        if former is not None:
            ending.end_rows(tx, [former], "signed-in-again", None, now, source)

    @staticmethod
    def _done(
        fresh: Fresh,
        user: uuid.UUID,
        who: Identity,
        capacity: uuid.UUID | None,
        begun: Begun,
        stepped_up: bool,
        receipt: Any,
    ) -> SignedIn:
        return SignedIn(
            fresh.cookie,
            fresh.session,
            user,
            who.provider,
            who.party,
            capacity,
            begun.next_path,
            stepped_up,
            receipt,
        )


def _require_newer(session: Session, cookie: str, auth_time: int | None, begun: Begun) -> None:
    """Raise `SignInRefused` for a proof no newer than the one this session has already, unless given after this one
    was asked for: within the leeway of clocks, a provider that was not made to ask again would repeat the former."""
    row = sessions.live_by_cookie(session, cookie)
    known = row.auth_time if row else None
    asked = int(begun.attempt.started) * SECOND
    if known is not None and auth_time is not None and auth_time <= known and auth_time < asked:
        raise SignInRefused("step-up-missing")
