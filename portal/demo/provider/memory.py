"""What the demonstration provider remembers while it runs: who is signed in, what was asked, which codes are out."""

import secrets
import threading
import time
from dataclasses import dataclass, field, replace
from typing import TypeVar

CODE_LASTS = 60.0  # seconds
ASKED_LASTS = 900.0
MOST = 10_000
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Asked:
    """One checked authorization request."""

    party: str
    state: str = field(repr=False)
    nonce: str = field(repr=False)
    challenge: str = field(repr=False)
    confirm: bool  # the portal asks for a fresh proof (step-up)
    at: float


@dataclass(frozen=True, slots=True)
class SignedIn:
    """One person signed in at the provider, in one browser."""

    party: str
    subject: str
    sid: str
    auth_time: int
    confirmed: bool


@dataclass(frozen=True, slots=True)
class Code:
    """An authorization code that was sent to the portal."""

    asked: Asked
    signed_in: SignedIn
    at: float


class Memory:
    """Safe between threads, gone when the process ends."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked: dict[str, Asked] = {}
        self._sessions: dict[str, SignedIn] = {}
        self._codes: dict[str, Code] = {}

    def ask(self, asked: Asked) -> str:
        """Keep a request while its page is open; gives its id."""
        return self._keep(self._asked, asked)

    def asked(self, request_id: str) -> Asked | None:
        """A request whose page is open."""
        found = self._asked.get(request_id)
        return found if found and time.time() - found.at < ASKED_LASTS else None

    def sign_in(self, party: str, subject: str, cookie: str | None, confirmed: bool) -> tuple[str, SignedIn]:
        """Sign someone in; the same person in the same browser keeps their session id. Gives the new cookie."""
        with self._lock:
            former = self._sessions.pop(cookie, None) if cookie else None
        now = int(time.time())
        if former is not None and (former.party, former.subject) == (party, subject):
            made = replace(former, auth_time=now, confirmed=confirmed)
        else:
            made = SignedIn(party, subject, secrets.token_urlsafe(16), now, confirmed)
        return self._keep(self._sessions, made), made

    def session(self, cookie: str | None, party: str) -> SignedIn | None:
        """Who is signed in in a browser, at one party's issuer."""
        found = self._sessions.get(cookie) if cookie else None
        return found if found and found.party == party else None

    def sign_out(self, cookie: str) -> SignedIn | None:
        """Sign out; gives who it was."""
        with self._lock:
            return self._sessions.pop(cookie, None)

    def issue(self, asked: Asked, signed_in: SignedIn) -> str:
        """A code for one request and one person."""
        return self._keep(self._codes, Code(asked, signed_in, time.time()))

    def redeem(self, code: str) -> Code | None:
        """Use a code up."""
        with self._lock:
            found = self._codes.pop(code, None)
        return found if found and time.time() - found.at < CODE_LASTS else None

    def _keep(self, place: dict[str, T], value: T) -> str:
        key = secrets.token_urlsafe(32)
        with self._lock:
            place[key] = value
            while len(place) > MOST:
                del place[next(iter(place))]
        return key
