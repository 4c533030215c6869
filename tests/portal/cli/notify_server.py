"""A small GOV.UK Notify for tests: a real server that checks tokens as Notify documents them, and remembers.

It shares no code with the client: the token is taken apart by hand.
"""

import base64
import hashlib
import hmac
import json
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from portal.db import SECOND, now_micros

SERVICE = "26785a09-ab16-4eb0-8407-a37497a57506"
SECRET = "3d844edf-8d35-48ac-975b-e847b4f122b0"
KEY = f"accord_live-{SERVICE}-{SECRET}"
TEMPLATE = "f33517ff-2a88-4f6e-b855-c550268ce08a"
LOST = -1  # the mail is taken, and the line breaks before the answer


class Notify:
    """What it was sent. `moods` are statuses to answer POSTs with, one each, before it answers as it should."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.mails: list[dict[str, Any]] = []
        self.tokens: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.moods: deque[int] = deque()
        self.closed = False  # whether it also answers questions with 503


def _part(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _claims(header: str) -> dict[str, Any] | None:
    """The claims of a token that this service signed within the last 30 seconds."""
    head, body, signature = header.removeprefix("Bearer ").split(".")
    made = hmac.new(SECRET.encode(), f"{head}.{body}".encode(), hashlib.sha256).digest()
    claims: dict[str, Any] = json.loads(_part(body))
    right = json.loads(_part(head)) == {"alg": "HS256", "typ": "JWT"} and hmac.compare_digest(made, _part(signature))
    fresh = abs(claims.get("iat", 0) - now_micros() // SECOND) <= 30
    return claims if right and fresh and claims.get("iss") == SERVICE else None


class _Handler(BaseHTTPRequestHandler):
    notify: Notify

    def do_GET(self) -> None:
        if not self._known():
            return
        where = urlsplit(self.path)
        assert where.path == "/v2/notifications"
        reference = parse_qs(where.query)["reference"][0]
        self.notify.asked.append(reference)
        if self.notify.closed:
            return self._say(503, {})
        found = [
            {"reference": m["reference"], "status": m.get("became", "sending")}
            for m in self.notify.mails
            if m["reference"] == reference
        ]
        self._say(200, {"notifications": found, "links": {"current": self.path}})

    def do_POST(self) -> None:
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not self._known():
            return
        assert self.path == "/v2/notifications/email"
        mood = self.notify.moods.popleft() if self.notify.moods else 201
        if mood not in (201, LOST):
            return self._fail(mood, "RateLimitError", "Exceeded rate limit for key type LIVE")
        if "@" not in sent["email_address"] or " " in sent["email_address"]:
            return self._fail(400, "ValidationError", "email_address Not a valid email address")
        if sent["template_id"] != TEMPLATE:
            return self._fail(400, "BadRequestError", "Template not found")
        self.notify.mails.append(sent)
        if mood == LOST:
            self.close_connection = True
            return None
        self._say(201, {"id": "740e5834-3a29-46b4-9a6f-16142fde533a", "reference": sent["reference"]})

    def _known(self) -> bool:
        claims = _claims(self.headers["Authorization"])
        if claims is None:
            self._fail(403, "AuthError", "Invalid token: signature, api token not found")
            return False
        self.notify.tokens.append(claims)
        return True

    def _fail(self, status: int, error: str, message: str) -> None:
        self._say(status, {"status_code": status, "errors": [{"error": error, "message": message}]})

    def _say(self, status: int, answer: dict[str, Any]) -> None:
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing on the screen of a test."""


@contextmanager
def running() -> Iterator[Notify]:
    """A server on a free port of this machine."""
    handler = type("Handler", (_Handler,), {})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        notify = handler.notify = Notify(f"http://127.0.0.1:{server.server_port}")  # type: ignore[attr-defined]
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield notify
        finally:
            server.shutdown()
            thread.join()
