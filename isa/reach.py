"""Who will see it and who will not: the list that is shown before an update is shared; and what a basis opens."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from isa.agreement import Agreement, Capacity, Clause, Role, natural
from isa.decision import Decision, Engine
from isa.explaining import telling
from isa.rules import among


@dataclass(frozen=True, slots=True)
class Reader:
    """What one party gets. `roles` are those that may read it for some purpose, `purposes` the purposes of the role
    that `decision` speaks of; both empty where the party may not. `decision` cites the clause either way."""

    party: str
    decision: Decision
    roles: tuple[str, ...]
    purposes: tuple[str, ...]


def readers(
    engine: Engine,
    field: str,
    owner: str,
    now: datetime,
    facts: Mapping[str, bool],
    of_party: Mapping[str, Mapping[str, bool]] | None = None,
) -> tuple[Reader, ...]:
    """For every party of the agreement, in its order: may someone working on this case read `field` of `owner`?

    The case counts as assigned to that someone, who is trained and vetted; `facts` are those of the case, `of_party`
    those that differ from party to party ("contracted", "delivering_housing"). What is not given is unknown. Working
    roles are tried first (those that cases are assigned to); a permit to any role of the party counts, and `roles`
    says to which. A denial is that of a working role, for the purpose that comes nearest to a permit and else for its
    standing purpose: what keeps the record from them on a working day, not what some other purpose would forbid.
    """
    known = {**engine.agreement.inducted, **facts}
    return tuple(
        _reader(engine, party, field, owner, now, {**known, "assigned": True, **(of_party or {}).get(party, {})})
        for party in engine.agreement.parties
    )


def _reader(engine: Engine, party: str, field: str, owner: str, now: datetime, facts: Mapping[str, bool]) -> Reader:
    agreement = engine.agreement
    permits: list[tuple[Role, str, Decision]] = []
    denials: list[Decision] = []
    workers = _workers(agreement.roles.values(), agreement.parties[party].kind)
    for role in workers:
        for purpose in sorted(agreement.purposes, key=lambda name: name != role.standing_purpose):
            decision = engine.open(Capacity(party, role.id), facts, purpose, now).decide("read", field, owner)
            if decision.permit:
                permits.append((role, purpose, decision))
            elif role.reach == workers[0].reach:
                denials.append(decision)
    if not permits:
        return Reader(party, telling(denials), (), ())
    best = min(permits, key=lambda p: (p[0].reach != "assigned", len(p[2].obligations), natural(p[2].clause)))
    roles = tuple(dict.fromkeys(role.id for role, _, _ in permits))
    return Reader(party, best[2], roles, tuple(purpose for role, purpose, _ in permits if role is best[0]))


def comes_first(agreement: Agreement, role: str) -> Mapping[str, str]:
    """What a role needs of the person before it sees anything at all: fact → the clause that prohibits without it."""
    found: dict[str, str] = {}
    for clause in sorted(agreement.clauses.values(), key=lambda c: natural(c.number), reverse=True):
        everything = clause.effect == "prohibit" and clause.what is None and clause.purposes is None
        if everything and among(role, clause.acting):
            found.update((fact, clause.number) for fact in clause.unless if agreement.facts[fact].per == "person")
    return found


def opened_by(agreement: Agreement, fact: str, owner: str) -> frozenset[str]:
    """The categories of an owner's records that some grant gives another party only once `fact` is known of them.

    Purposes, roles and prohibitions are left aside: of any other category, `fact` never opens anything to anybody.
    """
    found: set[str] = set()
    for clause in agreement.clauses.values():
        if clause.effect == "grant" and among(owner, clause.owners) and fact in _asked(agreement, clause):
            fields = (agreement.fields[name] for name in (agreement.fields if clause.what is None else clause.what))
            categories = {field.category for field in fields if owner in field.owners}
            found |= {category for category in categories if _carried(agreement, clause, owner, category)}
    return frozenset(found)


def _asked(agreement: Agreement, clause: Clause) -> set[str]:
    return {*clause.when, *(fact for name in clause.gateways for fact in agreement.gateways[name].needs)}


def _carried(agreement: Agreement, clause: Clause, owner: str, category: str) -> bool:
    """Whether all gateways of a clause reach some other party."""
    gateways = [agreement.gateways[name] for name in clause.gateways]
    others = (party for party in agreement.parties if party != owner and among(party, clause.to))
    return bool(gateways) and any(all(g.fits(owner, party, category) for g in gateways) for party in others)


def _workers(roles: Iterable[Role], kind: str) -> list[Role]:
    """The roles that a party of `kind` may fill and that see content; those on assigned cases first. Where there are
    none, any role at all, so that the refusal still names its clause."""
    held = [role for role in roles if role.kinds is None or kind in role.kinds]
    return sorted((role for role in held if role.content), key=lambda role: role.reach != "assigned") or held
