"""Tokens of the demonstration provider, signed with a key that exists only while it runs."""

import secrets
import time
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from portal.demo.provider.directory import Member
from portal.demo.provider.memory import SignedIn

CHOSEN = "urn:accord:signed-in"
CONFIRMED = "urn:accord:step-up"
"""Authentication context of a sign-in that was confirmed on a page of its own: what step-up asks for."""
LASTS = 300  # seconds
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"


class Mint:
    """Signs for every issuer of the demonstration."""

    def __init__(self) -> None:
        self._key = RSAKey.generate_key(2048, parameters={"kid": secrets.token_hex(8), "use": "sig", "alg": "RS256"})

    def public(self) -> dict[str, Any]:
        """The key set to publish."""
        return {"keys": [self._key.as_dict(private=False)]}

    def id_token(self, issuer: str, client_id: str, nonce: str, member: Member, signed_in: SignedIn) -> str:
        """An ID token (OpenID Connect Core 1.0 section 2)."""
        return self._sign(
            "JWT",
            {
                **_common(issuer, client_id, signed_in),
                "nonce": nonce,
                "auth_time": signed_in.auth_time,
                "acr": CONFIRMED if signed_in.confirmed else CHOSEN,
                "name": member.name,
                "email": member.email,
                "email_verified": True,
                "roles": list(member.roles),
            },
        )

    def logout_token(self, issuer: str, client_id: str, signed_in: SignedIn) -> str:
        """A logout token (OpenID Connect Back-Channel Logout 1.0 section 2.4)."""
        event = {"jti": secrets.token_urlsafe(16), "events": {LOGOUT_EVENT: {}}}
        claims = _common(issuer, client_id, signed_in) | event
        return self._sign("logout+jwt", claims)

    def session_of_hint(self, token: str, issuer: str) -> str | None:
        """The session id of an ID token that this mint signed, however old; None of any other."""
        try:
            claims = jwt.decode(token, self._key, algorithms=["RS256"]).claims
        except (JoseError, ValueError):
            return None
        return str(claims["sid"]) if claims.get("iss") == issuer and "nonce" in claims else None

    def _sign(self, kind: str, claims: dict[str, Any]) -> str:
        return jwt.encode({"alg": "RS256", "kid": self._key.kid, "typ": kind}, claims, self._key)


def _common(issuer: str, client_id: str, signed_in: SignedIn) -> dict[str, Any]:
    now = int(time.time())
    return {
        "iss": issuer,
        "aud": client_id,
        "sub": signed_in.subject,
        "sid": signed_in.sid,
        "iat": now,
        "exp": now + LASTS,
    }
