"""Sign-ins under way: at most ten minutes, one use, and only in the browser that began them."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlalchemy import delete
from sqlalchemy.orm import Session

from portal.auth.errors import SignInRefused
from portal.auth.oidc import Attempt
from portal.auth.tables import AuthRequest
from portal.db import MINUTE, SECOND

LASTS = 10 * MINUTE
SHORTEST_SECRET = 32  # characters of the pre-session cookie


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in or step-up that came back, taken from the database and usable once."""

    attempt: Attempt
    provider: str
    step_up_of: str | None
    next_path: str


def local_path(path: str) -> str:
    """The path if it stays on this portal, else "/": an open redirect would lend our name to a fraud."""
    parts = urlsplit(path)
    odd = any(not 0x20 < ord(c) < 0x7F or c == "\\" for c in path)
    if odd or parts.scheme or parts.netloc or not path.startswith("/") or path.startswith("//") or len(path) > 500:
        return "/"
    return path


def begin(session: Session, provider: str, browser: str, next_path: str, step_up_of: str | None, now: int) -> Attempt:
    """Note a sign-in under way and clear those that were never finished. Needs a write transaction.

    `browser` is the secret of the pre-session cookie, `now` microseconds. Raises `SignInRefused` where it is too short.
    """
    if len(browser) < SHORTEST_SECRET:
        raise SignInRefused("other-browser")
    state = secrets.token_urlsafe(32)
    session.execute(delete(AuthRequest).where(AuthRequest.ends <= now))
    session.add(
        AuthRequest(
            state_hash=_hash(state),
            browser_hash=_hash(browser),
            provider=provider,
            step_up_of=step_up_of,
            next_path=local_path(next_path),
            started_at=now,
            ends=now + LASTS,
        )
    )
    session.flush()
    return Attempt(state, browser, step_up_of is not None, now / SECOND)


def take(session: Session, provider: str, browser: str, state: str, now: int) -> Begun | SignInRefused:
    """Use up the sign-in of that state. Needs a write transaction.

    The refusal is returned, not raised, so that the caller commits: even a refused answer uses the state up.
    """
    taken = session.execute(
        delete(AuthRequest)
        .where(AuthRequest.state_hash == _hash(state))
        .returning(
            AuthRequest.browser_hash,
            AuthRequest.provider,
            AuthRequest.step_up_of,
            AuthRequest.next_path,
            AuthRequest.started_at,
            AuthRequest.ends,
        )
    ).one_or_none()
    if taken is None or taken.ends <= now:
        return SignInRefused("state-unknown")
    if not hmac.compare_digest(taken.browser_hash, _hash(browser)):
        return SignInRefused("other-browser")
    if taken.provider != provider:
        return SignInRefused("mixed-up")
    attempt = Attempt(state, browser, taken.step_up_of is not None, taken.started_at / SECOND)
    return Begun(attempt, taken.provider, taken.step_up_of, taken.next_path)


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
