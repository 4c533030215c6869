"""Addresses that carry a look at the log without saying what it is: sealed, and good in one session only.

Nothing that stands in an address tells of a person, not even by a pseudonymous id.
"""

import base64
import hmac
import json
from collections.abc import Mapping
from typing import Any

from cryptography.fernet import Fernet, InvalidToken

from portal.auth.actor import Actor
from portal.config import read_secret
from portal.errors import NotFound
from portal.sharing.doors import Doors


def seal(doors: Doors, actor: Actor, terms: Mapping[str, Any]) -> str:
    """Text for an address that only this session in this capacity can open. `terms` is JSON-like."""
    return _fernet(doors, actor).encrypt(json.dumps(dict(terms), separators=(",", ":")).encode()).decode()


def unseal(doors: Doors, actor: Actor, text: str) -> dict[str, Any]:
    """The terms of an address. Raises `NotFound` for one that is false, damaged, or of another session."""
    try:
        told: dict[str, Any] = json.loads(_fernet(doors, actor).decrypt(text.encode()))
    except (InvalidToken, ValueError) as error:
        raise NotFound from error
    return told


def _fernet(doors: Doors, actor: Actor) -> Fernet:
    """The key is the session's own, so an address dies with it."""
    bound = f"log address 1\n{actor.session}\n{actor.capacity.hex}".encode()
    return Fernet(base64.urlsafe_b64encode(hmac.digest(read_secret(doors.settings), bound, "sha256")))
