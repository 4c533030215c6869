"""Who will see it and who will not, by name of agency and clause: shown before anything is shared. Opens nothing."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Protocol

from sqlalchemy.orm import Session

from isa.agreement import Agreement
from isa.decision import Engine
from isa.explaining import reason
from isa.reach import Reader, readers
from portal.auth import capacities
from portal.auth.actor import Actor, Contracts, Induction
from portal.db import from_micros
from portal.sharing.asks import GRANTED_FACT
from portal.sharing.doors import Doors
from portal.sharing.facts import CONTRACTED, DELIVERS, MEETING_OPEN, CaseFacts, contracted
from portal.sharing.reading import case as case_reading
from portal.sharing.reading.age import minor_now
from portal.sharing.sight import Shape, Sight, youth


class Known(Protocol):
    """A case with the decisions for it: of a visit (`reading.case.Found`), or of many cases at once."""

    @property
    def engine(self) -> Engine:
        """The engine of its agreement."""

    @property
    def sight(self) -> Sight:
        """What whoever looks may do at it."""

    @property
    def facts(self) -> CaseFacts:
        """Who works on it, and what is known of it."""

    @property
    def now(self) -> int:
        """The instant of the look."""


@dataclass(frozen=True, slots=True)
class Audience:
    """One party and whether it will see the update. `now`: somebody of it works on every case of the agreement today,
    or on this one, as far as the writer may be told that."""

    party: str
    name: str
    sees: bool
    clause: str
    words: str
    now: bool


def audience(
    session: Session, doors: Doors, actor: Actor, visit: uuid.UUID, kind: str, label: str
) -> tuple[Audience, ...]:
    """Every other party of the agreement, those that will see it first. Raises `NotFound` as a view does."""
    found = case_reading.find(session, doors, actor, visit)
    minor = minor_now(session, doors, actor, found)
    return of_shape(found, Shape(kind, label, actor.party, minor), everywhere(session, found))


def everywhere(session: Session, found: Known) -> frozenset[tuple[str, str]]:
    """(party, role) of everybody who reaches each case of the agreement: coordinators, and chairs where one is."""
    roles = {role.id for role in found.engine.agreement.roles.values() if role.reach == "agreement"}
    return capacities.held(session, roles, found.now)


def of_shape(
    found: Known, shape: Shape, present: Collection[tuple[str, str]], in_log: bool = False
) -> tuple[Audience, ...]:
    """As `audience`, for a case that was found already and a record of this shape; `present` as `everywhere` says.

    `in_log`: for the sealed part of the entry, which names also those of whom the writer is not told.
    """
    known = {k: v for k, v in found.facts.known.items() if k.partition(":")[0] not in PERSONAL}
    if shape.made_as_youth is not None:
        known |= youth(shape.made_as_youth)
    hour = from_micros(found.now).replace(minute=0, second=0, microsecond=0)  # as in `sight`
    given = _readers(found.engine, shape, frozenset(known.items()), found.facts.delivers, found.facts.contracts, hour)
    agreement = found.engine.agreement
    parties = {p for p in found.facts.parties if in_log or found.sight.may_name(p)}
    rows = [
        _audience(agreement, r, r.party in parties or any((r.party, role) in present for role in r.roles))
        for r in given
        if r.party != shape.owner
    ]
    return tuple(sorted(rows, key=lambda row: (not row.sees, not row.now, row.name)))


def recipients(session: Session, found: Known, shape: Shape) -> tuple[str, ...]:
    """The parties that such a record is disclosed to: those that may read it and are there today."""
    return recipients_among(found, shape, everywhere(session, found))


def recipients_among(found: Known, shape: Shape, present: Collection[tuple[str, str]]) -> tuple[str, ...]:
    """As `recipients`, for many cases of one agreement: `present` as `everywhere` says, asked once."""
    return tuple(a.party for a in of_shape(found, shape, present, in_log=True) if a.sees and a.now)


PERSONAL = frozenset(
    {"assigned", CONTRACTED, "emergency", MEETING_OPEN, GRANTED_FACT, *DELIVERS.values(), *Induction._fields}
)
"""Facts of whoever looks, which are not those of the case."""


@lru_cache(maxsize=1024)
def _readers(
    engine: Engine,
    shape: Shape,
    known: frozenset[tuple[str, bool]],
    delivers: frozenset[tuple[str, str]],
    contracts: Contracts,
    hour: datetime,
) -> tuple[Reader, ...]:
    agreement = engine.agreement
    field = agreement.fields_of(shape.kind, shape.label or None)[0]
    of_party = {
        p.id: contracted(agreement, p.id, contracts) | {fact: (p.id, fact) in delivers for fact in DELIVERS.values()}
        for p in agreement.parties.values()
    }
    return readers(engine, field.key, shape.owner, hour, dict(known), of_party)


def _audience(agreement: Agreement, reader: Reader, now: bool) -> Audience:
    party, decision = agreement.parties[reader.party], reader.decision
    if decision.permit:
        heading = agreement.clauses[decision.clause].heading
        words = f"{heading} (clause {decision.clause})"
        return Audience(party.id, party.short, True, decision.clause, words, now)
    clause = decision.near or decision.clause
    return Audience(party.id, party.short, False, clause, reason(agreement, decision, party.short), now)
