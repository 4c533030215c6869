"""Who will see it and who will not: the list that is shown before an update is shared."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from isa.agreement import Capacity, Role, natural
from isa.decision import Decision, Engine
from isa.explaining import telling


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

    The case counts as assigned to that someone; `facts` are those of the case, `of_party` those that differ from
    party to party ("contracted", "delivering_housing"). What is not given is unknown. Working roles are tried first
    (those that cases are assigned to); a permit to any role of the party counts, and `roles` says to which. A denial
    is that of a working role, for the purpose that comes nearest to a permit and else for its standing purpose: what
    keeps the record from them on a working day, not what some other purpose would forbid.
    """
    return tuple(
        _reader(engine, party, field, owner, now, {**facts, "assigned": True, **(of_party or {}).get(party, {})})
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


def _workers(roles: Iterable[Role], kind: str) -> list[Role]:
    """The roles that a party of `kind` may fill and that see content; those on assigned cases first. Where there are
    none, any role at all, so that the refusal still names its clause."""
    held = [role for role in roles if role.kinds is None or kind in role.kinds]
    return sorted((role for role in held if role.content), key=lambda role: role.reach != "assigned") or held
