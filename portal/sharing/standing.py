"""Where someone who has signed in stands: the capacities they may act in, or whom to ask for one."""

import uuid
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from portal.auth import away, capacities
from portal.sharing.days import day_at
from portal.sharing.doors import Doors

ADMINISTRATOR = capacities.ADMINISTRATOR


@dataclass(frozen=True, slots=True)
class Held:
    """A capacity in words. `until` is its last day, None without end."""

    id: uuid.UUID
    role: str
    agency: str
    until: date | None


@dataclass(frozen=True, slots=True)
class Standing:
    """`held` in the order they were granted; `ask` and `contact` say who gives roles; `ended` is the day the last
    one ended, None if there never was one. `away`: their last day away, None for who is not."""

    organisation: str
    held: tuple[Held, ...]
    ask: str
    contact: str
    ended: date | None
    away: date | None = None


def of(session: Session, doors: Doors, user: uuid.UUID, party: str) -> Standing:
    """The standing of someone whose provider says they belong to `party`. Names nobody."""
    now, book = doors.clock(), doors.book
    held = tuple(
        Held(c.id, book.role_name(c.party, c.role), book.party_name(c.party), last_day(c.ends))
        for c in capacities.current(session, user, now)
    )
    staffed = any(c.role == ADMINISTRATOR and c.starts <= now for c in capacities.of_party(session, party, now))
    agreements = book.of_party(party)
    name = agreements[0].parties[party].name if agreements else party
    ask = f"the administrator of {name}" if staffed else f"the people who run this service: {name} has no administrator"
    contact = agreements[0].parties[party].contact if agreements else ""
    past = [c.ended_at or c.ends or 0 for c in capacities.history_of(session, user, party)]
    over = max((at for at in past if 0 < at <= now), default=None)
    return Standing(name, held, ask, contact, day_at(over) if over else None, last_day(away.until(session, user, now)))


def last_day(ends: int | None) -> date | None:
    """The last whole day before the instant `ends`, which a capacity no longer includes."""
    return day_at(ends - 1) if ends else None
