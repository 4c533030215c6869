"""Keyed tags, so that the database never says which account at which provider a row stands for."""

import hashlib
import hmac
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Tags:
    """HMAC-SHA256 tags of identities and provider session ids, under a 32-byte named secret."""

    secret: bytes = field(repr=False)

    def identity(self, issuer: str, subject: str) -> bytes:
        """Tag of an account: issuer and subject together are unique and never reassigned (OIDC Core section 2)."""
        return self._tag("identity", issuer, subject)

    def provider_session(self, issuer: str, sid: str) -> bytes:
        """Tag of a provider's session id (`sid`), by which its sign-out signal finds ours."""
        return self._tag("sid", issuer, sid)

    def token(self, issuer: str, jti: str) -> bytes:
        """Tag of a logout token's id, to notice a replay."""
        return self._tag("jti", issuer, jti)

    def _tag(self, *parts: str) -> bytes:
        # each part is preceded by its length, so that no two lists of parts give the same bytes
        message = b"".join(len(raw).to_bytes(4, "big") + raw for raw in (part.encode() for part in parts))
        return hmac.digest(self.secret, message, hashlib.sha256)
