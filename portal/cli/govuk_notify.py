"""Sending by GOV.UK Notify: one template without content; nothing goes again before our own reference was asked for.

Notify takes the same reference twice and sends twice, so the reference alone is no safeguard: we ask for it first
(GET /v2/notifications?reference=…, which knows it for seven days).
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests
from joserfc import jwt
from joserfc.jwk import OctKey

from portal.casework.notices import Letter, Outcome, Send
from portal.config import Settings, read_notify_key
from portal.db import SECOND, now_micros

PATIENCE = 30  # seconds for an answer
LARGEST = 256 * 1024
FAILED = frozenset({"permanent-failure", "temporary-failure", "technical-failure"})
LATER = frozenset({408, 425, 429})
OF_THE_ADDRESS = ("email_address", "recipient")


class NotifyRefuses(Exception):
    """GOV.UK Notify takes nothing from this installation as it is set up: a key or template is wrong."""


@contextmanager
def service(given: Settings) -> Iterator[Send]:
    """A way to GOV.UK Notify. What it sends with raises `NotifyRefuses`; `Misconfigured` where the key is none."""
    issuer, secret = read_notify_key(given)
    with requests.Session() as line:
        yield _Client(line, given, issuer, secret).send


class _Client:
    def __init__(self, line: requests.Session, given: Settings, issuer: str, secret: str) -> None:
        self._line, self._given, self._issuer = line, given, issuer
        self._key = OctKey.import_key(secret)

    def send(self, letter: Letter) -> Outcome:
        """Ask about an earlier attempt, where there may have been one, and send where there was none."""
        if letter.again:
            status, answer = self._call("GET", "/v2/notifications", params={"reference": letter.reference})
            known = [n for n in _listed(answer) if n.get("reference") == letter.reference]
            if known:
                return Outcome.REFUSED if all(n.get("status") in FAILED for n in known) else Outcome.SENT
            if status != 200 or answer is None:  # nobody knows: asking costs nothing, a second mail does
                return _judged(status, answer)
        status, answer = self._call(
            "POST",
            "/v2/notifications/email",
            json={
                "email_address": letter.address,
                "template_id": self._given.notify_template,
                "personalisation": {"link": self._given.base_url},
                "reference": letter.reference,
            },
        )
        return Outcome.SENT if status == 201 else _judged(status, answer)

    def _call(self, method: str, path: str, **more: Any) -> tuple[int, Any]:
        """Status and what was said; status 0 where there was no answer, None where it is not JSON."""
        claims = {"iss": self._issuer, "iat": now_micros() // SECOND}
        token = jwt.encode({"alg": "HS256", "typ": "JWT"}, claims, self._key)
        headers = {"Authorization": f"Bearer {token}"}
        address = self._given.notify_url.rstrip("/") + path
        try:
            # no redirects: what we call, and tell an address, is what was configured
            with self._line.request(
                method, address, headers=headers, timeout=PATIENCE, allow_redirects=False, stream=True, **more
            ) as answer:
                body = next(answer.iter_content(LARGEST), b"")
                return answer.status_code, _read(body)
        except (requests.RequestException, OSError):
            return 0, None


def _read(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _listed(answer: Any) -> list[dict[str, Any]]:
    found = answer.get("notifications") if isinstance(answer, dict) else None
    return [n for n in found if isinstance(n, dict)] if isinstance(found, list) else []


def _judged(status: int, answer: Any) -> Outcome:
    """What a refusal means: of this address, for now, or of everything. Raises `NotifyRefuses` for the last."""
    if status in LATER or not 300 <= status < 500:
        return Outcome.LATER
    said = answer.get("errors") if isinstance(answer, dict) else None
    words = " ".join(str(e.get("message", "")) for e in said if isinstance(e, dict)) if isinstance(said, list) else ""
    if status == 400 and any(name in words for name in OF_THE_ADDRESS):
        return Outcome.REFUSED
    raise NotifyRefuses(f"GOV.UK Notify answers {status}: check its key, its template and the clock of this machine")
