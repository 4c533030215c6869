"""What one capacity may do at one case for one purpose, given the facts: every decision a page needs, made once."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any, NamedTuple, TypeVar

from isa.agreement import Agreement, Capacity, Field
from isa.decision import Decision, Engine, View
from isa.explaining import Group, reason, telling, withheld_groups
from isa.reach import opened_by
from portal.audit.entry import Outcome, Permitted
from portal.sharing.asks import GRANTED_FACT, KIND, REPLY, WHY
from portal.sharing.disclosure import Writable

BASIS, CONFIDENCE = "basis", "confidence_met"
"""The kind of record that a basis for sharing in confidence is, and the fact that it makes true of its label."""

MOST, MOST_OUTCOMES = 640, 64
"""How many sights a worker keeps, and how many outcomes each of them keeps (a page of a list has at most 50). What they
weigh stands in docs/operations.md (Memory)."""

YOUNG = "other agencies' records from before the person was known to be 18"
UPDATE = "update"
READ, CREATE, EDIT, SHARE, EXPORT, SEARCH = "read", "create", "edit", "share", "export", "search"


class Shape(NamedTuple):
    """One kind of record under one label of one owner: as fine as decisions go."""

    kind: str
    label: str
    owner: str
    made_as_youth: bool | None


class Named(NamedTuple):
    """A record of one shape in the agreement's words, and what one capacity may do with it."""

    kind: str
    label: str
    owner: str
    can_edit: bool
    can_copy: bool


Made = TypeVar("Made")


class Sight:
    """Decisions of one `View` of the engine, gathered by kind of record. Immutable once made; see `sight`."""

    def __init__(
        self, engine: Engine, capacity: Capacity, facts: Mapping[str, bool], purpose: str, now: datetime
    ) -> None:
        self.agreement: Agreement = engine.agreement
        self.reference: str = engine.reference
        self.capacity = capacity
        self.purpose = purpose
        self._views: dict[bool | None, View] = {
            None: engine.open(capacity, facts, purpose, now),
            False: engine.open(capacity, {**facts, **youth(False)}, purpose, now),
            True: engine.open(capacity, {**facts, **youth(True)}, purpose, now),
        }
        self._permitted: dict[tuple[str, Shape], tuple[tuple[Field, Decision], ...]] = {}
        self._told: dict[tuple[str, Shape], tuple[Permitted, ...]] = {}
        self._some: dict[tuple[str, Shape, frozenset[str]], tuple[Field, ...]] = {}
        self._outcomes: dict[tuple[str, frozenset[Shape]], Outcome] = {}
        self._named: dict[Shape, Named] = {}
        self._once: dict[Callable[[Sight], Any], Any] = {}

    def once(self, make: Callable[["Sight"], Made]) -> Made:
        """What a function makes of this sight, made once: for what others work out of its decisions alone."""
        if make not in self._once:
            self._once[make] = make(self)
        made: Made = self._once[make]
        return made

    def decide(self, action: str, field: str, owner: str, made_as_youth: bool | None = False) -> Decision:
        """The engine's decision on one field of a record of this owner."""
        return self._views[made_as_youth].decide(action, field, owner)

    def permitted(self, action: str, shape: Shape) -> tuple[tuple[Field, Decision], ...]:
        """The fields of such a record that the action is permitted on, in the agreement's order."""
        key = (action, shape)
        found = self._permitted.get(key)
        if found is None:
            decide = self._views[shape.made_as_youth].decide
            pairs = ((f, decide(action, f.key, shape.owner)) for f in self._fields(shape))
            found = self._permitted[key] = tuple((f, d) for f, d in pairs if d.permit)
        return found

    def some_permitted(self, action: str, shape: Shape, only: frozenset[str]) -> tuple[Field, ...]:
        """As `permitted`, the fields alone; of these keys only, where any are named."""
        key = (action, shape, only)
        found = self._some.get(key)
        if found is None:
            fields = (field for field, _ in self.permitted(action, shape))
            found = self._some[key] = tuple(f for f in fields if not only or f.key in only)
        return found

    def _fields(self, shape: Shape) -> tuple[Field, ...]:
        return self.agreement.fields_of(shape.kind, shape.label or None)

    def named(self, shape: Shape) -> "Named":
        """What a record of such a shape is called, and what may be done with it."""
        found = self._named.get(shape)
        if found is None:
            agreement, owner = self.agreement, self.agreement.parties.get(shape.owner)
            found = self._named[shape] = Named(
                agreement.kinds[shape.kind].name,
                agreement.categories[shape.label].name if shape.label else "",
                owner.short if owner else shape.owner,
                bool(self.permitted(EDIT, shape)),
                shape.owner == self.capacity.party and bool(self.permitted(EXPORT, shape)),
            )
        return found

    @cached_property
    def knows_person(self) -> bool:
        """Whether the name is given at all: without it a case looks the same as one that does not exist."""
        return self._any(READ, "person.surname")

    @cached_property
    def exports(self) -> bool:
        """Whether anything may be printed or exported, with the name or without it (of a closed case: the warnings)."""
        fields = self.agreement.fields.values()
        return any(
            self.decide(EXPORT, field.key, owner, young).permit
            for field in fields
            for owner in field.owners
            for young in self._views
        )

    @cached_property
    def knows_review(self) -> bool:
        """Whether the date of the next review is given: an operating column, but a clause decides who is told."""
        return self._any(READ, "case.review_on")

    def may_name(self, party: str) -> bool:
        """Whether it may be said that an agency works on the case: that a treatment service does is itself
        confidential."""
        asked = ((SEARCH, "person.surname"), (READ, "assignment.practitioner"))
        return any(self.decide(action, field, party).permit for action, field in asked)

    def _any(self, action: str, field: str) -> bool:
        return any(self.decide(action, field, owner).permit for owner in self.agreement.fields[field].owners)

    @cached_property
    def withheld(self) -> Mapping[str, tuple[Group, ...]]:
        """What is withheld, by the category it is told under, grouped by reason: fields that no owner's record may
        show, and those that some owners' may not. Made from the agreement alone, never from what is stored."""
        found: dict[str, list[Group]] = {}
        for group in withheld_groups(self.agreement, [d for reads in self._reads for d in reads]):
            found.setdefault(group.category, []).append(self._addressed(group))
        return {category: tuple(groups) for category, groups in found.items()}

    @cached_property
    def withheld_young(self) -> tuple[Group, ...]:
        """What only the age of the person when it was written withholds, one group for each clause that does so. Made
        from the agreement alone: a person of fifty may have such records, and whether there are any is not told."""
        found: dict[str, Group] = {}
        for each in self._reads:
            for grown in each:
                d = self.decide(READ, grown.field, grown.owner, made_as_youth=None)
                if grown.permit and not d.permit and d.clause not in found:
                    sentence = f"Not shown: {YOUNG}. {reason(self.agreement, d)}"
                    found[d.clause] = Group(d.clause, d.near, (), sentence, (), "")
        return tuple(found.values())

    def withheld_of(self, kind: str, label: str, action: str, made_as_youth: bool | None) -> tuple[Group, ...]:
        """What is withheld of one kind of record under one label, and why: no silent category, nothing of what is
        stored."""
        fields = (f for f in self.agreement.fields_of(kind, label or None))
        loud = [f for f in fields if not self.agreement.categories[f.category].silent]
        decided = [self.decide(action, f.key, owner, made_as_youth) for f in loud for owner in sorted(f.owners)]
        return tuple(self._addressed(group) for group in withheld_groups(self.agreement, decided))

    def _addressed(self, group: Group) -> Group:
        """Nobody is told to ask their own agency; whether the owner may be asked in the portal."""
        own = self.agreement.parties.get(self.capacity.party)
        if (group.near, group.category) in self.askable.values():
            return replace(group, may_ask=True)
        return replace(group, ask="") if own is not None and group.ask == own.contact else group

    @cached_property
    def askable(self) -> Mapping[tuple[str, str], tuple[str | None, str]]:
        """(owner, field) → (clause, category) of what this capacity lacks nothing to read but that its owner grants a
        request, and perhaps the owner's basis (clause 8.28). None where it may write no request. Never silent."""
        own, fields = self.capacity.party, self.agreement.fields
        if not all(self.decide(action, WHY, own).permit for action in (CREATE, SHARE)):
            return {}
        lacking = (d for reads in self._reads for d in reads if _lacks_a_request(d, fields[d.field].category))
        return {
            (d.owner, d.field): (d.near, fields[d.field].category) for d in lacking if fields[d.field].kind != BASIS
        }

    @cached_property
    def _reads(self) -> tuple[tuple[Decision, ...], ...]:
        """For each field the decision to read it in a record of each owner; silent ones left out."""
        fields = [f for f in self.agreement.fields.values() if not self.agreement.categories[f.category].silent]
        return tuple(tuple(self.decide(READ, f.key, owner) for owner in sorted(f.owners)) for f in fields)

    @cached_property
    def writable(self) -> tuple[Shape, ...]:
        """The kinds (and labels) this capacity may both create and share here, as records of its own party."""
        shapes = (
            Shape(kind.id, label, self.capacity.party, False)
            for kind in self.agreement.kinds.values()
            for label in (kind.labelled or ("",))
        )
        return tuple(s for s in shapes if self.permitted(CREATE, s) and self.permitted(SHARE, s))

    @cached_property
    def shares_updates(self) -> bool:
        """Whether an update of some kind may be shared here."""
        return any(shape.kind == UPDATE for shape in self.writable)

    @cached_property
    def addable(self) -> tuple[Writable, ...]:
        """What of `writable` is offered, in the agreement's words: no basis that would open nothing to anybody."""
        kinds, categories = self.agreement.kinds, self.agreement.categories
        opened = opened_by(self.agreement, CONFIDENCE, self.capacity.party)
        return tuple(
            Writable(s.kind, kinds[s.kind].name, s.label, categories[s.label].name if s.label else "")
            for s in self.writable
            if s.kind not in (KIND, REPLY) and (s.kind != BASIS or s.label in opened)
        )

    def outcome(self, action: str, shapes: Iterable[Shape]) -> Outcome:
        """The outcome for the log: fields permitted on records of these shapes, fields withheld by the agreement.

        Silent categories are left out of it: they go into the silent part of the entry, see `silent_outcome`.
        """
        key = (action, frozenset(shapes))
        found = self._outcomes.get(key)
        if found is None:
            if len(self._outcomes) >= MOST_OUTCOMES:
                self._outcomes = {}
            permitted = {row for shape in key[1] for row in self._told_of(action, shape)}
            found = self._outcomes[key] = Outcome(tuple(sorted(permitted)), self._withheld_names)
        return found

    def _told_of(self, action: str, shape: Shape) -> tuple[Permitted, ...]:
        """What an outcome says of one shape; the outcomes of many cases are made of the same rows."""
        found = self._told.get((action, shape))
        if found is None:
            given = ((f, d) for f, d in self.permitted(action, shape) if not d.silent)
            found = tuple((f.key, shape.owner, d.clause, d.gateways) for f, d in given)
            self._told[action, shape] = found
        return found

    @cached_property
    def _withheld_names(self) -> tuple[tuple[str, str, str, str], ...]:
        """Fields that no owner's record may show."""
        told = [telling(reads) for reads in self._reads if reads and not any(d.permit for d in reads)]
        return tuple(sorted((d.field, "", d.clause, d.near or "") for d in told))


def youth(made_as_youth: bool) -> dict[str, bool]:
    """The label of a record as the two facts a clause may ask for; without it neither is known."""
    return {"made_as_youth": made_as_youth, "made_as_adult": not made_as_youth}


def _lacks_a_request(decision: Decision, category: str) -> bool:
    asked, basis = (f"fact:{GRANTED_FACT}:{decision.owner}:{decision.field}", f"{CONFIDENCE}:{decision.owner}")
    return asked in decision.would_need and set(decision.would_need) <= {asked, f"fact:{basis}:{category}"}


def category_of(agreement: Agreement, kind: str, label: str) -> str:
    """The category a record belongs to on the page: its label, or that of its first field."""
    return label or _first_categories(agreement)[kind]


_FIRST: dict[str, dict[str, str]] = {}  # by digest, because an agreement itself cannot be hashed


def _first_categories(agreement: Agreement) -> dict[str, str]:
    found = _FIRST.get(agreement.digest)
    if found is None:
        found = {}
        for field in agreement.fields.values():
            found.setdefault(field.kind, field.category)
        _FIRST[agreement.digest] = found
    return found


@lru_cache(maxsize=MOST)
def _sight(engine: Engine, capacity: Capacity, true: frozenset[str], purpose: str, moment: datetime) -> Sight:
    return Sight(engine, capacity, dict.fromkeys(true, True), purpose, moment)


_NEVER = datetime(1, 1, 1)  # noqa: DTZ001 without a zone it is no instant, and nothing is in force then


def sight(engine: Engine, capacity: Capacity, facts: Mapping[str, bool], purpose: str, now: datetime) -> Sight:
    """The sight of a capacity, remembered while the same engine decides alike.

    Decisions depend on the facts that are true, and on `now` only through whether the agreement is in force.
    """
    true = frozenset(name for name, value in facts.items() if value is True)
    agreement = engine.agreement
    return _sight(engine, capacity, true, purpose, agreement.starts() if agreement.in_force(now) else _NEVER)
