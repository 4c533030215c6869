"""Signing out, here and at the provider, whoever asks: the person, or the provider by either of its two channels."""

from sqlalchemy import delete
from sqlalchemy.orm import Session

from portal.auth import ending, recording, sessions
from portal.auth.actor import Actor
from portal.auth.errors import LogoutRefused
from portal.auth.hints import open_hint
from portal.auth.signing_in import Desk
from portal.auth.tables import CapacityGrant, LoginSession, LogoutTokenSeen, UserAccount
from portal.auth.tokens import LEEWAY, LogoutSignal, logout_signal
from portal.db import SECOND


def sign_out(desk: Desk, db: Session, cookie: str, back_to: str, now: int, source: bytes | None = None) -> str | None:
    """End the session of this cookie; gives the provider's sign-out address to go on to, or None to stay here.

    `back_to` is our own address to come back to, as registered with the provider.
    """
    with desk.log.transaction(db) as tx:
        row = sessions.live_by_cookie(tx.session, cookie)
        if row is None:
            return None
        provider_id, id_token = row.provider, open_hint(cookie, row.sealed_hint)
        account = tx.session.get_one(UserAccount, row.user)
        actor = _actor(tx.session, row)
        recording.own(tx, "sign-out", actor, row.user, account.home_party, row.public_id, source)
        sessions.end(tx.session, [row], "signed-out", now)
    provider = desk.relying.catalogue.providers.get(provider_id)
    return None if provider is None else desk.relying.sign_out_url(provider, id_token, back_to)


def back_channel(desk: Desk, db: Session, provider_id: str, token: str, now: int) -> int:
    """Obey a provider's logout token (OpenID Connect Back-Channel Logout 1.0); how many sessions it ended.

    Answer 200 to a number, even 0, and 400 to `LogoutRefused`: a provider that does not declare this, a token that
    does not verify, is over 8 KiB, or was used before. `now` in microseconds.
    """
    provider = desk.relying.catalogue.providers.get(provider_id)
    if provider is None or not provider.back_channel_logout:
        raise LogoutRefused("not declared")
    relying = desk.relying
    signal = logout_signal(token, relying.expected(provider), relying.keys(provider), now / SECOND)
    with desk.log.transaction(db) as tx:
        _once(tx.session, desk.tags.token(provider.issuer, signal.jti), signal, now)
        sid = None if signal.sid is None else desk.tags.provider_session(provider.issuer, signal.sid)
        identity = None if signal.subject is None else desk.tags.identity(provider.issuer, signal.subject)
        rows = sessions.live_by_tags(tx.session, sid, identity)
        return ending.end_rows(tx, rows, "by-provider", None, now)


def front_channel(desk: Desk, db: Session, provider_id: str, issuer: str, sid: str, now: int) -> int:
    """Obey a front-channel sign-out (OpenID Connect Front-Channel Logout 1.0), which must name issuer and session.

    It is not signed, so it can only end the very session whose id the caller knows. Raises `LogoutRefused`.
    """
    provider = desk.relying.catalogue.providers.get(provider_id)
    if provider is None or not provider.front_channel_logout or issuer != provider.issuer or not sid:
        raise LogoutRefused("not declared")
    tag = desk.tags.provider_session(issuer, sid)
    if not sessions.live_by_tags(db, tag, None):
        return 0  # anyone may call this: a guess costs one read
    with desk.log.transaction(db) as tx:
        rows = sessions.live_by_tags(tx.session, tag, None)
        return ending.end_rows(tx, rows, "by-provider", None, now)


def _once(session: Session, jti_hash: bytes, signal: LogoutSignal, now: int) -> None:
    session.execute(delete(LogoutTokenSeen).where(LogoutTokenSeen.until <= now))
    if session.get(LogoutTokenSeen, jti_hash) is not None:
        raise LogoutRefused("used before")
    session.add(LogoutTokenSeen(jti_hash=jti_hash, until=(signal.until + LEEWAY + 1) * SECOND))
    session.flush()


def _actor(session: Session, row: LoginSession) -> Actor | None:
    grant = session.get(CapacityGrant, row.capacity) if row.capacity else None
    return None if grant is None else Actor(row.user, grant.party, grant.role, row.public_id, grant.id, False)
