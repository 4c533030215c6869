"""Tokens of a provider, checked in full. Nothing here trusts a default of a library: every rule is spelt out.

Raises `SignInRefused` or `LogoutRefused`, never with the token or a claim in it.
"""

import base64
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import Key

from portal.auth.errors import LogoutRefused, SignInRefused

LEEWAY = 60  # seconds by which two honest clocks may differ
LARGEST_ID_TOKEN = 64 * 1024
LARGEST_LOGOUT_TOKEN = 8 * 1024
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
LOGOUT_TYPES = ("logout+jwt", "application/logout+jwt")


class KeySource(Protocol):
    """Where signing keys come from (`metadata.ProviderMetadata`)."""

    def key(self, kid: str | None, algorithm: str) -> Key:
        """The public key for a token header. Raises `SignInRefused`."""


@dataclass(frozen=True, slots=True)
class Expected:
    """Who may have issued a token, for whom, and how it may be signed."""

    issuer: str
    client_id: str
    algorithms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LogoutSignal:
    """A verified logout token: end the session `sid`, or every session of `subject`. `until`: its expiry, seconds."""

    jti: str = field(repr=False)
    sid: str | None = field(repr=False)
    subject: str | None = field(repr=False)
    until: int


def id_token_claims(token: object, expected: Expected, keys: KeySource, nonce: str, now: float) -> dict[str, Any]:
    """Claims of an ID token (OIDC Core section 3.1.3.7), for this client, this browser and this moment.

    `now` is seconds since the epoch. Raises `SignInRefused`.
    """
    if not isinstance(token, str) or not token or len(token) > LARGEST_ID_TOKEN:
        raise SignInRefused("token-missing")
    header, claims = _signed(token, expected, keys)
    if str(header.get("typ", "")).lower() in LOGOUT_TYPES or "events" in claims:
        raise SignInRefused("token-wrong")
    _issued_for_us(claims, expected)
    _timely(claims, now)
    given = claims.get("nonce")
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), nonce.encode()):
        raise SignInRefused("token-wrong")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= 255:
        raise SignInRefused("token-wrong")
    return claims


def logout_signal(token: str, expected: Expected, keys: KeySource, now: float) -> LogoutSignal:
    """Verify a logout token (Back-Channel Logout 1.0 section 2.6), all but replay. Raises `LogoutRefused`."""
    if not token or len(token) > LARGEST_LOGOUT_TOKEN:
        raise LogoutRefused("size")
    try:
        header, claims = _signed(token, expected, keys)
        _issued_for_us(claims, expected)
        _timely(claims, now)
    except SignInRefused as error:
        raise LogoutRefused(error.reason) from None
    if str(header.get("typ", "")).lower() not in LOGOUT_TYPES:
        raise LogoutRefused("type")
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(LOGOUT_EVENT), dict) or "nonce" in claims:
        raise LogoutRefused("not a logout token")
    jti, sid, subject = (claims.get(name) for name in ("jti", "sid", "sub"))
    if not isinstance(jti, str) or not jti:
        raise LogoutRefused("no id")
    if not (_text(sid) or _text(subject)):
        raise LogoutRefused("names no session")
    return LogoutSignal(jti, _text(sid), _text(subject), int(claims["exp"]))


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _signed(token: str, expected: Expected, keys: KeySource) -> tuple[Mapping[str, Any], dict[str, Any]]:
    header = _header(token)
    algorithm, kid = header.get("alg"), header.get("kid")
    if algorithm not in expected.algorithms or "crit" in header or not isinstance(kid, str | None):
        raise SignInRefused("token-wrong")
    key = keys.key(kid, str(algorithm))
    try:
        claims = jwt.decode(token, key, algorithms=[str(algorithm)]).claims
    except (JoseError, ValueError, TypeError, RecursionError):
        raise SignInRefused("token-wrong") from None
    return header, claims


def _header(token: str) -> dict[str, Any]:
    try:
        part = token.split(".")[0]
        header = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, RecursionError):
        header = None
    if token.count(".") != 2 or not isinstance(header, dict):
        raise SignInRefused("token-wrong")
    return header


def _issued_for_us(claims: Mapping[str, Any], expected: Expected) -> None:
    audience = claims.get("aud")
    # exactly ours: a token that others may use too proves nothing about where it was sent
    if claims.get("iss") != expected.issuer or audience not in (expected.client_id, [expected.client_id]):
        raise SignInRefused("token-wrong")
    if claims.get("azp", expected.client_id) != expected.client_id:
        raise SignInRefused("token-wrong")


def _timely(claims: Mapping[str, Any], now: float) -> None:
    expires, issued, not_before = (seconds(claims.get(name)) for name in ("exp", "iat", "nbf"))
    if expires is None or issued is None or ("nbf" in claims and not_before is None):
        raise SignInRefused("token-wrong")
    if expires <= now - LEEWAY or issued > now + LEEWAY or (not_before or 0) > now + LEEWAY:
        raise SignInRefused("token-old")


def seconds(value: object) -> float | None:
    """A NumericDate (RFC 7519 section 2), or None where the value is not one."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**40:
        return None
    return float(value)
