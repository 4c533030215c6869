"""Who will see it and who will not: the list that is shown before an update is shared."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from isa.agreement import Capacity, Role, natural
from isa.decision import Decision, Engine


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
    (those that cases are assigned to); a permit to any role of the party counts, and `roles` says to which.
    """
    return tuple(
        _reader(engine, party, field, owner, now, {**facts, "assigned": True, **(of_party or {}).get(party, {})})
        for party in engine.agreement.parties
    )


def _reader(engine: Engine, party: str, field: str, owner: str, now: datetime, facts: Mapping[str, bool]) -> Reader:
    agreement = engine.agreement
    permits: list[tuple[Role, str, Decision]] = []
    denials: list[Decision] = []
    for role in _workers(agreement.roles.values(), agreement.parties[party].kind):
        for purpose in agreement.purposes:
            decision = engine.open(Capacity(party, role.id), facts, purpose, now).decide("read", field, owner)
            if decision.permit:
                permits.append((role, purpose, decision))
            else:
                denials.append(decision)
    if not permits:
        return Reader(party, _telling(denials), (), ())
    best = min(permits, key=lambda p: (p[0].reach != "assigned", len(p[2].obligations), natural(p[2].clause)))
    roles = tuple(dict.fromkeys(role.id for role, _, _ in permits))
    return Reader(party, best[2], roles, tuple(purpose for role, purpose, _ in permits if role is best[0]))


def _workers(roles: Iterable[Role], kind: str) -> list[Role]:
    """The roles that a party of `kind` may fill and that see content; those on assigned cases first. Where there are
    none, any role at all, so that the refusal still names its clause."""
    held = [role for role in roles if role.kinds is None or kind in role.kinds]
    return sorted((role for role in held if role.content), key=lambda role: role.reach != "assigned") or held


def _telling(denials: list[Decision]) -> Decision:
    """The denial that tells most: a prohibition only where it holds for every purpose, else what lacks least."""
    open_to_grants = [d for d in denials if d.reason != "prohibited"]
    return min(
        open_to_grants or denials,
        key=lambda d: (d.near is None, len(d.would_need), natural(d.near or d.clause), d.would_need),
    )
