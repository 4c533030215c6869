"""Which agencies work on a case: the panel says so, and their agency SPOCs have it from that moment (clause 9.25).

Without this nobody at an agency could open a case that is new to it, so nobody there could be given it.
"""

import uuid
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from isa.agreement import Agreement, Role
from portal.audit.log import Transaction
from portal.auth import capacities
from portal.auth.actor import Actor
from portal.casework import team
from portal.query import Query
from portal.sharing import cases, said
from portal.sharing.assigning import At
from portal.sharing.disclosure import Receipt
from portal.sharing.doors import Doors
from portal.sharing.fields import Invalid
from portal.sharing.tables import Assignment

PART = "agencies"
"""Part of the form of a decision."""
_ON = Query(
    select(Assignment.party).where(
        Assignment.case == bindparam("case"),
        Assignment.starts <= bindparam("now"),
        or_(Assignment.ends.is_(None), Assignment.ends > bindparam("now")),
    )
)


@dataclass(frozen=True, slots=True)
class Agency:
    """An agency that does not work on the case yet, and has an agency SPOC who could take it."""

    party: str
    name: str


def others(session: Session, agreement: Agreement, case: uuid.UUID, now: int) -> tuple[Agency, ...]:
    """The agencies that may be asked to work on a case, in the agreement's order. Names nobody and opens nothing."""
    spocs = [role.id for role in agreement.roles.values() if _is_spoc(role)]
    able = {party for party, _ in capacities.held(session, spocs, now)}
    on = {row[0] for row in _ON.all(session, case=case, now=now)}
    return tuple(Agency(p.id, p.name) for p in agreement.parties.values() if p.id in able - on)


def join(tx: Transaction, doors: Doors, actor: Actor, at: At, purpose: str, parties: Collection[str]) -> Receipt | None:
    """Let the agency SPOCs of these parties work on the case from now on, in the transaction that decides so, and log
    whom. A party that has come to work on it meanwhile stays as it is.

    Raises `Invalid` (part `PART`) for one that has no agency SPOC, or is none.
    """
    agreement, session = at.engine.agreement, tx.session
    on = {row[0] for row in _ON.all(session, case=at.case.id, now=at.now)}
    wanted = [party for party in agreement.parties if party in parties and party not in on]
    if not set(parties) <= set(agreement.parties):
        raise Invalid({PART: "Choose among the agencies that are offered"})
    staff = []
    for party in wanted:
        held = [c for all_ in team.may_take(session, doors, party, at.now).values() for c in all_]
        spocs = {c.user: c.role for c in held if _is_spoc(agreement.roles[c.role])}
        if not spocs:
            name = agreement.parties[party].name
            raise Invalid({PART: f"{name} has no agency SPOC: their administrator grants the role first"})
        for user, role in sorted(spocs.items()):
            cases.assign(session, at.case.id, user, party, role, at.now)
            staff.append(user)
    if not staff:
        return None
    entry = said.entry(
        "alteration",
        actor,
        purpose=purpose,
        agreement=at.sight.reference,
        subjects=[said.about(at.case.person, at.case.id, recipients=wanted), *team.named(staff)],
    )
    return said.receipt(tx.append(entry))


def _is_spoc(role: Role) -> bool:
    return role.content and role.reach == "party"
