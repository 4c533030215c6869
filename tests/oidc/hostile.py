"""A provider that lies: whatever a test wants in discovery, keys, tokens. For what oidc-provider refuses to make."""

import hmac
import json
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT = "portal"


class Hostile:
    """Set `discovery`, `keys` and `token` (the token endpoint's answer); `asked` counts the paths fetched."""

    def __init__(self, port: int) -> None:
        self.issuer = f"http://127.0.0.1:{port}"
        self.key = RSAKey.generate_key(2048, parameters={"kid": "one", "use": "sig"})
        self.reset()

    def reset(self) -> None:
        self.keys: list[dict[str, Any]] = [dict(self.key.as_dict(private=False))]
        self.status: dict[str, int] = {}
        self.asked: list[str] = []
        self.token: dict[str, Any] = {}
        self.discovery: dict[str, Any] = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
        }

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Good claims of an ID token with changes; a change to None leaves the claim out."""
        now = int(time.time())
        good = {"iss": self.issuer, "aud": CLIENT, "sub": "s1", "sid": "x1", "iat": now, "exp": now + 300}
        good |= {"auth_time": now, "party": "police", "name": "Secret Name"}
        return {name: value for name, value in (good | changes).items() if value is not None}

    def logout_claims(self, **changes: Any) -> dict[str, Any]:
        """Good claims of a logout token with changes; a change to None leaves the claim out."""
        events: dict[str, Any] = {"http://schemas.openid.net/event/backchannel-logout": {}}
        good = self.claims(auth_time=None, party=None, name=None) | {"events": events, "jti": "j1"}
        return {name: value for name, value in (good | changes).items() if value is not None}

    def sign(self, claims: dict[str, Any], key: RSAKey | None = None, **header: Any) -> str:
        return jwt.encode(
            {"alg": "RS256", "kid": "one"} | header, claims, key or self.key, algorithms=["RS256", "PS256"]
        )

    def sign_with_public_key(self, claims: dict[str, Any]) -> str:
        """HS256 with the public key as its secret: the classic confusion of algorithms."""
        parts = ({"alg": "HS256", "kid": "one", "typ": "JWT"}, claims)
        text = ".".join(urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts)
        mac = hmac.digest(self.key.as_pem(private=False), text.encode(), "sha256")
        return f"{text}.{urlsafe_b64encode(mac).rstrip(b'=').decode()}"


@contextmanager
def hostile() -> Iterator[Hostile]:
    """A hostile provider on a free loopback port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            documents = {"/.well-known/openid-configuration": found.discovery, "/jwks": {"keys": found.keys}}
            self._answer(documents.get(self.path, {}))

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            self._answer(found.token)

        def _answer(self, document: dict[str, Any]) -> None:
            found.asked.append(self.path)
            body = json.dumps(document).encode()
            self.send_response(found.status.get(self.path, 200))
            self.send_header("content-type", "application/json")
            self.send_header("location", f"{found.issuer}/elsewhere")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Hostile(server.server_port)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
