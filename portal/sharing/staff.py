"""Names of people who sign in: sealed under keys of their own, written here, opened by `reading.staff`."""

import uuid

from sqlalchemy.orm import Session

from portal.db import put
from portal.keys.deks import Keyring
from portal.keys.sealing import Context, seal
from portal.sharing.tables import StaffValue

STAFF = "staff"
FIELDS = ("name", "email")


def place(user: uuid.UUID, field: str, version: int) -> Context:
    """The one place a staff value belongs to."""
    return Context(STAFF, user, field, user, STAFF, STAFF, version)


def keep(session: Session, keys: Keyring, user: uuid.UUID, party: str, name: str, email: str) -> None:
    """Seal a display name and work address. Inside a write transaction that logs the sign-in or the grant."""
    dek = keys.ensure(session, user, STAFF, STAFF)
    for field, text in zip(FIELDS, (name, email), strict=True):
        if text:
            sealed = seal(dek, place(user, field, 1), text.encode())
            put(session, StaffValue, {"user": user, "field": field}, {"version": 1, "party": party, "sealed": sealed})


def write(session: Session, keys: Keyring, id: uuid.UUID, party: str, field: str, text: str) -> None:
    """Seal words that people of a party wrote about their own, under an id and a key of their own, as a name is. Inside
    a write transaction that logs it; `reading.staff.names` with this field opens them."""
    sealed = seal(keys.ensure(session, id, STAFF, STAFF), place(id, field, 1), text.encode())
    put(session, StaffValue, {"user": id, "field": field}, {"version": 1, "party": party, "sealed": sealed})
