"""How often: by browser before sign-in, by account after it, and only loosely by address, which an agency shares."""

from flask import request
from flask_limiter import Limiter

from portal import gate

SIGN_IN = "20 per minute; 100 per hour"
SEARCH = "30 per minute; 300 per hour"
ADDRESS = "2000 per minute"


def by_browser() -> str:
    """The pre-session secret of a browser that has not signed in."""
    return f"browser:{gate.browser_secret()}"


def by_account() -> str:
    """The account of this session, wherever it is signed in from."""
    state = gate.state()
    return f"account:{state.user.hex}" if state else by_browser()


def by_address() -> str:
    """The address, as far as the trusted proxies name it."""
    return f"address:{request.remote_addr or 'none'}"


limiter = Limiter(by_address, default_limits=[], headers_enabled=False, strategy="fixed-window")
