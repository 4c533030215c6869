"""Who acts: one person, for one party, in one role. Everything that decides or logs takes an `Actor`."""

import uuid
from dataclasses import dataclass, field
from typing import NamedTuple


class Induction(NamedTuple):
    """Until when each of the facts of a person holds at a party, in microseconds; None: nobody has recorded it.

    The names are those of the agreement's facts.
    """

    trained: int | None = None
    use_accepted: int | None = None
    vetted: int | None = None

    def facts(self, now: int) -> dict[str, bool]:
        """The facts that are known at an instant."""
        return {name: now < until for name, until in zip(self._fields, self, strict=True) if until is not None}


UNKNOWN = Induction()

Contracts = frozenset[tuple[str, str, bool]]
"""Of every party with a contract recorded (clause 9.36): the party, whom it acts for, and whether a recorded period
covers the instant that was asked of. What is not in it is unknown."""


@dataclass(frozen=True, slots=True)
class Actor:
    """One person acting in one capacity. `session` is the public session id, never the cookie.

    `induction` is what their party has recorded of them, and `contracts` what is recorded of parties that act for
    others, both read with the session at each request: unknown unless given.
    `source` is the keyed digest of the address a request came from (`AccessLog.source_of`), set by the gate.
    """

    user: uuid.UUID
    party: str
    role: str
    session: str
    capacity: uuid.UUID
    stepped_up: bool
    induction: Induction = UNKNOWN
    contracts: Contracts = field(default=frozenset(), repr=False)
    source: bytes | None = field(default=None, repr=False)
