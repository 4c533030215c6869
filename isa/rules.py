"""Works out which clauses can matter to one capacity: who is meant, whose data, and which gateways reach.

The decision proper (purpose, facts, signatures, dates) is `isa.decision`. Everything is compiled when it is first
asked for and kept: an agreement has some hundred thousand combinations, a day at work touches a few hundred.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from isa.agreement import (
    ACTIONS,
    EMERGENCY,
    OBLIGATIONS,
    OWN_ACTIONS,
    Agreement,
    Capacity,
    Clause,
    Field,
    natural,
)

Key = tuple[str, str, str]  # action, field, owner


@dataclass(frozen=True, slots=True)
class Rule:
    """A clause as it applies to one capacity, action, field and owner. A grant needs all of `facts` (a mask) true,
    a prohibition is lifted when it has some and all are true."""

    clause: Clause
    purposes: frozenset[str] | None
    facts: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rules:
    """What a capacity's decision on (action, field, owner) can depend on; in the order in which clauses are cited."""

    prohibitions: tuple[Rule, ...]
    grants: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Near:
    """A grant that does not reach: what it lacks in any case, its purposes, the bit of the emergency that it asks for
    (0: none), and its facts with their bits (0: undeclared, never true)."""

    number: str
    lacking: tuple[str, ...]
    purposes: frozenset[str] | None
    emergency: int
    facts: tuple[tuple[str, int], ...]


class Rulebook:
    """The compiled clauses of one agreement."""

    def __init__(self, agreement: Agreement) -> None:
        self._agreement = agreement
        self._grants = _index(agreement, "grant", _citing_order)
        self._prohibitions = _index(agreement, "prohibit", lambda clause: natural(clause.number))
        self._bits = _bits(agreement)
        self._rules: dict[tuple[str, str, Key], Rules] = {}
        self._nearest: dict[tuple[str, str, Key], tuple[Near, ...]] = {}
        self._alike: dict[tuple[Near, ...], tuple[Near, ...]] = {}  # many fields lack the same: one of them is kept

    def mask(self, facts: Mapping[str, bool]) -> int:
        """The facts that are known to be true, as bits. Only an exact True of a declared fact counts."""
        mask = 0
        bits = self._bits
        for name, value in facts.items():
            if value is True:
                mask |= bits.get(name, 0)
        return mask

    def rules(self, capacity: Capacity, key: Key) -> Rules:
        """The clauses that can matter to `capacity`, whatever the purpose and the facts. Ask `barred` first."""
        kept = self._rules.get((capacity.party, capacity.role, key))
        if kept is None:
            kept = self._compile(capacity, key)
            self._rules[(capacity.party, capacity.role, key)] = kept
        return kept

    def _compile(self, capacity: Capacity, key: Key) -> Rules:
        action, name, owner = key
        field = self._agreement.fields[name]
        prohibitions = [
            self._rule(clause, clause.unless, owner, field)
            for clause in self._prohibitions.get((action, name), ())
            if among(capacity.party, clause.to) and among(capacity.role, clause.acting) and among(owner, clause.owners)
        ]
        grants = [
            self._rule(clause, self._needs(clause, capacity.party, owner), owner, field)
            for clause in self._grants.get((action, name), ())
            if among(capacity.party, clause.to)
            and among(capacity.role, clause.acting)
            and among(owner, clause.owners)
            and not self._shut(clause, field, owner, capacity.party)
        ]
        return Rules(tuple(prohibitions), tuple(grants))

    def _rule(self, clause: Clause, facts: Iterable[str], owner: str, field: Field) -> Rule:
        names = tuple(sorted({self._name(fact, owner, field) for fact in facts}))
        mask = 0
        for name in names:
            mask |= self._bits.get(name, self._bits[""])
        return Rule(clause, clause.purposes, mask, names)

    def _name(self, fact: str, owner: str, field: Field) -> str:
        declared = self._agreement.facts.get(fact)
        return fact if declared is None else declared.of(owner, field)

    def _needs(self, clause: Clause, party: str, owner: str) -> list[str]:
        """The facts that a grant asks for in this direction; gateways ask theirs only across parties."""
        needs = list(clause.when)
        if clause.emergency:
            needs.append(EMERGENCY)
        if party != owner:
            needs += [need for gateway in clause.gateways for need in self._gateway_needs(gateway)]
        return needs

    def _gateway_needs(self, gateway: str) -> tuple[str, ...]:
        declared = self._agreement.gateways.get(gateway)
        return () if declared is None else declared.needs

    def _shut(self, clause: Clause, field: Field, owner: str, party: str) -> list[str]:
        """The gateways of `clause` that do not reach from `owner` to `party`; ["none"] where it names none at all."""
        if any(obligation.do not in OBLIGATIONS for obligation in clause.obligations):
            return ["unknown-obligation"]
        if owner == party:
            return []
        shut = []
        for name in clause.gateways:
            gateway = self._agreement.gateways.get(name)
            if gateway is None or not gateway.fits(owner, party, field.category):
                shut.append(name)
        return shut if clause.gateways else ["none"]

    def barred(self, capacity: Capacity, key: Key) -> tuple[str, tuple[str, ...]]:
        """Why no clause can help, "" if one may: reason and what it would need. The first that applies is given."""
        action, name, owner = key
        agreement = self._agreement
        field = agreement.fields.get(name)
        party = agreement.parties.get(capacity.party)
        role = agreement.roles.get(capacity.role)
        if field is None or party is None or role is None or action not in ACTIONS or owner not in agreement.parties:
            return "unknown", ()
        if owner not in field.owners or (role.kinds is not None and party.kind not in role.kinds):
            return "unknown", ()
        if not role.content:
            return "no_content", ()
        if action in OWN_ACTIONS and owner != party.id:
            return "not_owner", ("owner",)
        if action == "export" and agreement.categories[field.category].silent:
            return "silent_export", ()
        return "", ()

    def nearest(self, capacity: Capacity, purpose: str, mask: int, key: Key) -> tuple[str | None, tuple[str, ...]]:
        """The grant on this action and field that lacks least, and what it lacks. Furthest is another owner's data,
        then another's right, role, emergency, purpose, facts."""
        best: tuple[tuple[bool, bool, int], Near, list[str]] | None = None
        for near in self._near(capacity, key):
            missing = [name for name, bit in near.facts if not bit & mask]
            rank = (bool(near.emergency & ~mask), not among(purpose, near.purposes), len(missing))
            if best is None or rank < best[0]:
                best = (rank, near, missing)
        if best is None:
            return None, ()
        (emergency, elsewhere, _), near, missing = best
        asked = [*(["emergency"] if emergency else []), *(["purpose"] if elsewhere else [])]
        return near.number, (*near.lacking, *asked, *(f"fact:{name}" for name in missing))

    def _near(self, capacity: Capacity, key: Key) -> tuple[Near, ...]:
        """The grants that purpose and facts bring nearest: those that lack as little else as any, in citing order."""
        where = (capacity.party, capacity.role, key)
        kept = self._nearest.get(where)
        if kept is None:
            every = [self._gap(clause, capacity, key) for clause in self._grants.get((key[0], key[1]), ())]
            least = min((_weigh(near.lacking) for near in every), default=None)
            found = tuple(near for near in every if _weigh(near.lacking) == least)
            kept = self._nearest[where] = self._alike.setdefault(found, found)
        return kept

    def _gap(self, clause: Clause, capacity: Capacity, key: Key) -> Near:
        """A grant with what it lacks whatever the purpose and the facts, as the words of `Decision.would_need`."""
        field, owner = self._agreement.fields[key[1]], key[2]
        own = owner != capacity.party and any(self._agreement.own_only(name) for name in clause.gateways)
        lacking: list[str] = []
        if own or not among(owner, clause.owners):
            lacking.append("owner")
        if not among(capacity.party, clause.to):
            lacking.append("party")
        elif not own and (shut := self._shut(clause, field, owner, capacity.party)):
            lacking += [f"gateway:{name}" for name in shut]
        if not among(capacity.role, clause.acting):
            lacking.append("role")
        names = {self._name(fact, owner, field) for fact in self._needs(clause, capacity.party, owner)}
        emergency = self._bits.get(EMERGENCY, self._bits[""]) if clause.emergency else 0
        facts = tuple((name, self._bits.get(name, 0)) for name in sorted(names - ({EMERGENCY} if emergency else set())))
        return Near(clause.number, tuple(lacking), clause.purposes, emergency, facts)


def _weigh(lacking: tuple[str, ...]) -> tuple[bool, int, bool]:
    return (
        "owner" in lacking,
        sum(word == "party" or word.startswith("gateway:") for word in lacking),
        "role" in lacking,
    )


def _citing_order(clause: Clause) -> tuple[Any, ...]:
    return (clause.emergency, len(clause.obligations), natural(clause.number))


def among(name: str, allowed: frozenset[str] | None) -> bool:
    """Whether a name is allowed; None allows every name."""
    return allowed is None or name in allowed


def _bits(agreement: Agreement) -> dict[str, int]:
    """One bit a fact; a fact asked for each category or field has one for each owner and category, or for each owner
    of each field that some clause asks it of. "" is the bit that no fact can set."""
    names = {"": None}
    for fact in agreement.facts.values():
        asked = agreement.fields.values() if fact.per != "field" else _asked_of(agreement, fact.id)
        names |= {fact.of(owner, field): None for field in asked for owner in sorted(field.owners)}
    return {name: 1 << place for place, name in enumerate(names)}


def _asked_of(agreement: Agreement, fact: str) -> list[Field]:
    """The fields that a clause, or a gateway of it, asks a fact of: a bit for every field would make masks long."""
    asking = [
        clause
        for clause in agreement.clauses.values()
        if fact in (*clause.when, *clause.unless)
        or any(fact in agreement.gateways[name].needs for name in clause.gateways if name in agreement.gateways)
    ]
    return [f for f in agreement.fields.values() if any(among(f.key, clause.what) for clause in asking)]


def _index(
    agreement: Agreement, effect: str, order: Callable[[Clause], Any]
) -> dict[tuple[str, str], tuple[Clause, ...]]:
    """The clauses of one effect by (action, field), each list in citing order."""
    index: dict[tuple[str, str], list[Clause]] = {}
    for clause in sorted((c for c in agreement.clauses.values() if c.effect == effect), key=order):
        for action in ACTIONS if clause.can is None else clause.can:
            for name in agreement.fields if clause.what is None else clause.what:
                index.setdefault((action, name), []).append(clause)
    return {key: tuple(clauses) for key, clauses in index.items()}
