"""Who will see it and who will not, by name of agency and clause: shown before anything is shared. Opens nothing."""

import uuid
from dataclasses import dataclass

from sqlalchemy.orm import Session

from isa.agreement import Agreement
from isa.explaining import text_for_user
from isa.reach import Reader, readers
from portal.auth.actor import Actor
from portal.db import from_micros
from portal.sharing.doors import Doors
from portal.sharing.reading import case as case_reading
from portal.sharing.sight import Shape, youth


@dataclass(frozen=True, slots=True)
class Audience:
    """One party and whether it will see the update. `now`: somebody of it works on the case today."""

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
    agreement = found.engine.agreement
    shape = Shape(kind, label, actor.party, False)
    field = agreement.fields_of(kind, label or None)[0]
    case_facts = {k: v for k, v in found.facts.known.items() if k not in ("assigned", "emergency")} | youth(False)
    given = readers(found.engine, field.key, shape.owner, from_micros(found.now), case_facts, _contracts(agreement))
    parties = found.facts.parties
    rows = [_audience(agreement, r, r.party in parties) for r in given if r.party != actor.party]
    return tuple(sorted(rows, key=lambda row: (not row.sees, not row.now, row.name)))


def _contracts(agreement: Agreement) -> dict[str, dict[str, bool]]:
    return {p.id: {"contracted": p.acts_for is not None} for p in agreement.parties.values()}


def _audience(agreement: Agreement, reader: Reader, now: bool) -> Audience:
    party, decision = agreement.parties[reader.party], reader.decision
    if decision.permit:
        heading = agreement.clauses[decision.clause].heading
        words = f"{heading} (clause {decision.clause})"
        return Audience(party.id, party.short, True, decision.clause, words, now)
    _, _, why = text_for_user(agreement, decision).partition(". ")
    clause = decision.near or decision.clause
    return Audience(party.id, party.short, False, clause, why or f"Withheld (clause {clause})", now)
