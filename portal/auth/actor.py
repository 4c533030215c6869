"""Who acts: one person, for one party, in one role. Everything that decides or logs takes an `Actor`."""

import uuid
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Actor:
    """One person acting in one capacity. `session` is the public session id, never the cookie.

    `source` is the keyed digest of the address a request came from (`AccessLog.source_of`), set by the gate.
    """

    user: uuid.UUID
    party: str
    role: str
    session: str
    capacity: uuid.UUID
    stepped_up: bool
    source: bytes | None = field(default=None, repr=False)
