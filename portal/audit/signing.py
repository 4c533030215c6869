"""The log's signing keys: one for each origin, and two of the present one while a new key takes the old one's place.

They are named secrets, wrapped under the root of the log, and each version of one is a key. Which there are is asked
at each use, so that a replacement in one process is known to all of them.
"""

from sqlalchemy import select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from portal.audit.note import Signer
from portal.errors import LogUnavailable
from portal.keys import secrets
from portal.keys.provider import KeyProvider
from portal.keys.tables import SECRET


def name_of(number: int) -> str:
    """The name of the secret behind the log's origin of that number."""
    return "log-signer" if number == 1 else f"log-signer-{number}"


class Signers:
    """The signers of one process, each unwrapped once for as long as its keys stay the same."""

    def __init__(self, provider: KeyProvider) -> None:
        self.provider = provider
        self._kept: dict[str, Signer] = {}

    def of(self, session: Session, origin: str, number: int) -> Signer:
        """What signs under the name `origin`, the log's of that number. Raises `LogUnavailable` without a key."""
        kept, name = self._kept.get(origin), name_of(number)
        if kept is None or kept.ids != secrets.ids(session, name):
            found = secrets.every(session, self.provider, name)
            if not found:
                raise LogUnavailable("the log's signing key is gone")
            kept = self._kept[origin] = Signer(origin, *found.values(), ids=tuple(found))
        return kept


def current(connection: Connection, signer: Signer) -> bool:
    """Whether the log's keys are still those of `signer`. One that was not read from the database always is."""
    if not signer.ids:
        return True
    name = select(SECRET.c.name).where(SECRET.c.id == signer.ids[-1]).scalar_subquery()
    there = select(SECRET.c.id).where(SECRET.c.name == name).order_by(SECRET.c.version)
    return tuple(connection.execute(there).scalars()) == signer.ids
