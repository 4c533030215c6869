"""How often: by browser before sign-in, by account after it, and only loosely by address, which an agency shares.

Counts live where `PORTAL_LIMITS_URL` says. While that store does not answer, every worker counts for itself: limits go
on, at most as many times looser as there are workers, and the process log says so. Nothing is ever left uncounted.
"""

import hashlib
import hmac
import logging
from typing import Any

from flask import Flask, current_app, request
from flask_limiter import Limiter
from limits.storage import storage_from_string
from redis.backoff import NoBackoff
from redis.retry import Retry

from portal import gate
from portal.config import Settings
from portal.errors import Misconfigured

SIGN_IN = "20 per minute; 100 per hour"
SEARCH = "30 per minute; 300 per hour"
ADDRESS = "2000 per minute"
WAIT = 0.5  # seconds for the store of counts to connect, and to answer; asked twice at most


def by_browser() -> str:
    """The pre-session secret of a browser that has not signed in."""
    return _key("browser", gate.browser_secret())


def by_account() -> str:
    """The account of this session, wherever it is signed in from."""
    state = gate.state()
    return _key("account", state.user.hex) if state else by_browser()


def by_address() -> str:
    """The address, as far as the trusted proxies name it."""
    return _key("address", request.remote_addr or "none")


def _key(kind: str, what: str) -> str:
    """A keyed digest: the store of counts learns no address, no account, and no secret that completes a sign-in."""
    mac = hmac.digest(current_app.config["SECRET_KEY"], f"limit\0{kind}\0{what}".encode(), hashlib.sha256)
    return f"{kind}:{mac[:16].hex()}"


limiter = Limiter(
    by_address, default_limits=[], headers_enabled=False, strategy="fixed-window", in_memory_fallback_enabled=True
)


def install(app: Flask) -> None:
    """Count requests to the views that are limited, and say in the process log when the store stops answering."""
    limiter.init_app(app)
    told = logging.getLogger("flask-limiter")
    if not any(isinstance(handler, logging.StreamHandler) for handler in told.handlers):
        told.addHandler(logging.StreamHandler())


def options(url: str) -> dict[str, Any]:
    """How the store at that address is asked: patience for half a second, so that nobody's sign-in hangs on it."""
    if url.startswith("memory:"):
        return {}
    return {"socket_connect_timeout": WAIT, "socket_timeout": WAIT, "retry": Retry(NoBackoff(), 1)}


def require_store(settings: Settings) -> None:
    """Raise `Misconfigured` unless the store of counts answers: a wrong address must be noticed before it is needed."""
    url = settings.limits_url
    if not storage_from_string(url, **options(url)).check():
        raise Misconfigured("PORTAL_LIMITS_URL: nothing answers there; start the store or correct the address")
