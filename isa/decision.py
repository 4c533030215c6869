"""Decides, one field at a time, what one capacity may do for one purpose at one instant.

Deny by default; a prohibition overrides every grant; what is unknown never helps. A fact counts only when it is
known to be true: it fulfils a grant's `when` or a gateway's `needs`, or lifts a prohibition by `unless`; false and
unknown decide alike, so one mask of the true facts is all that a decision depends on.

Which clause is cited never depends on the order of clauses: of several permitting grants the ordinary one before the
emergency one, then the one with the fewest obligations, then the lowest number; of several prohibitions the lowest
number; the nearest grant is the one with the least lacking, in the order of `_gap`.

Compiled lazily: the few clauses that touch (action, field, owner) for a capacity are worked out once; decisions are
kept by (capacity, purpose, true facts), so that deciding again is one look-up in a dictionary. Most decide alike, so
equal decisions are one object: what is kept for one more set of facts is little more than that dictionary.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from isa.agreement import DISCLOSING, Agreement, Capacity, Clause, Obligation, leaves_part3
from isa.rules import Key, Rulebook, Rules, among

__all__ = ["Capacity", "Decision", "Engine", "View"]

_KEPT = 640  # how many (capacity, purpose, facts) keep their decisions before all are let go


@dataclass(frozen=True, slots=True)
class Decision:
    """Permit or not, and why.

    `clause` permits, forbids, or is the silence clause; `near` is the grant that nearly permitted and `would_need`
    what it lacks: "owner", "party", "gateway:ID", "role", "emergency", "purpose", "fact:ID" (for a prohibition: the
    facts that would lift it; for "not_signed": "signature:PARTY"). `reason` is one of granted, prohibited, ungranted,
    not_owner, silent_export, not_signed, not_in_force, no_content, unknown. `silent`: a denial must leave no trace.
    """

    permit: bool
    action: str
    field: str
    owner: str
    clause: str
    near: str | None
    reason: str
    gateways: tuple[str, ...] = ()
    obligations: tuple[Obligation, ...] = ()
    would_need: tuple[str, ...] = ()
    silent: bool = False
    regime_change: bool = False
    condition: str | None = None


class View:
    """One capacity, one purpose, one instant and one set of facts, frozen by `Engine.open`."""

    __slots__ = ("_at", "_decided", "_engine", "_mask", "capacity", "purpose")

    def __init__(
        self, engine: "Engine", capacity: Capacity, purpose: str, mask: int, at: bool, decided: dict[Key, Decision]
    ) -> None:
        self._engine = engine
        self._mask = mask
        self._at = at
        self._decided = decided
        self.capacity = capacity
        self.purpose = purpose

    def decide(self, action: str, field: str, owner: str) -> Decision:
        """The decision on one `field` ("person.surname", "update.text@housing") of a record that `owner` owns.

        Never raises: whatever the agreement does not know is refused.
        """
        key = (action, field, owner)
        decided = self._decided.get(key)
        if decided is None:
            decided = self._engine._decide(self.capacity, self.purpose, self._mask, self._at, key)
            if decided.reason != "unknown":
                key, decided = self._engine._share(key, decided)
                self._decided[key] = decided
        return decided

    @property
    def reference(self) -> str:
        """The agreement that decides, as the access log names it."""
        return self._engine.reference


class Engine:
    """The compiled agreement. `signed`: the parties that have signed this digest (None: all of them).

    Safe to share between threads: what it keeps is only ever replaced by an equal value.
    """

    def __init__(self, agreement: Agreement, signed: frozenset[str] | None = None) -> None:
        self.agreement = agreement
        self.signed = signed
        self.reference = agreement.reference
        self._book = Rulebook(agreement)
        self._views: dict[tuple[str, str, str, int, bool], dict[Key, Decision]] = {}
        self._shared: dict[Decision, tuple[Key, Decision]] = {}

    def open(self, capacity: Capacity, facts: Mapping[str, bool], purpose: str, now: datetime) -> View:
        """Freeze one instant, one capacity, one purpose and the facts: "assigned", or where a fact is asked for each
        owner and category "confidence_met:ntmh:health_engagement".

        A fact counts only if its value is exactly True and the agreement declares it. `now` must carry its zone,
        else nothing is in force.
        """
        mask = self._book.mask(facts)
        at = self.agreement.in_force(now)
        key = (capacity.party, capacity.role, purpose, mask, at)
        decided = self._views.get(key)
        if decided is None:
            if len(self._views) >= _KEPT:
                self._views, self._shared = {}, {}
            decided = self._views[key] = {}
        return View(self, capacity, purpose, mask, at, decided)

    def rules(self, capacity: Capacity, action: str, field: str, owner: str) -> Rules:
        """The clauses that can matter, whatever the purpose and the facts. Empty where the capacity, field or owner
        is unknown, or where the house rules (own records, silent export, no content) refuse in any case."""
        key = (action, field, owner)
        return Rules((), ()) if self._book.barred(capacity, key)[0] else self._book.rules(capacity, key)

    def _share(self, key: Key, decided: Decision) -> tuple[Key, Decision]:
        return self._shared.setdefault(decided, (key, decided))

    def _decide(self, capacity: Capacity, purpose: str, mask: int, at: bool, key: Key) -> Decision:
        reason, would_need = self._book.barred(capacity, key)
        if reason != "unknown" and purpose not in self.agreement.purposes:
            reason, would_need = "unknown", ()
        if not reason and not at:
            reason = "not_in_force"
        if not reason and self.signed is not None:
            unsigned = sorted({key[2], capacity.party} - self.signed)
            if unsigned:
                reason, would_need = "not_signed", tuple(f"signature:{party}" for party in unsigned)
        if reason:
            near = self._book.nearest(capacity, purpose, mask, key)[0] if reason == "not_owner" else None
            return self._deny(key, self.agreement.silence, reason, near, would_need)
        rules = self._book.rules(capacity, key)
        for rule in rules.prohibitions:
            lifted = rule.facts and rule.facts & mask == rule.facts
            if among(purpose, rule.purposes) and not lifted:
                lifters = tuple(f"fact:{name}" for name in rule.names)
                return self._deny(key, rule.clause.number, "prohibited", None, lifters)
        for rule in rules.grants:
            if among(purpose, rule.purposes) and rule.facts & mask == rule.facts:
                return self._permit(capacity, key, rule.clause)
        near, lacking = self._book.nearest(capacity, purpose, mask, key)
        return self._deny(key, self.agreement.silence, "ungranted", near, lacking)

    def _deny(self, key: Key, clause: str, reason: str, near: str | None, would_need: tuple[str, ...]) -> Decision:
        field = self.agreement.fields.get(key[1])
        silent = field is not None and self.agreement.categories[field.category].silent
        return Decision(False, *key, clause, near, reason, would_need=would_need, silent=silent)

    def _permit(self, capacity: Capacity, key: Key, clause: Clause) -> Decision:
        agreement, (action, name, owner) = self.agreement, key
        field = agreement.fields[name]
        across = owner != capacity.party
        return Decision(
            True,
            *key,
            clause.number,
            None,
            "granted",
            gateways=clause.gateways if across else (),
            obligations=clause.obligations,
            silent=agreement.categories[field.category].silent,
            regime_change=across and action in DISCLOSING and leaves_part3(agreement, owner, capacity.party),
            condition=clause.condition,
        )
