"""What one capacity can see of cases assigned to it, and why: worked out from the agreement, of no case in particular.

Nothing here is read from a record, so nothing is logged.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from isa.agreement import Agreement, Capacity
from isa.decision import Decision, Engine
from isa.explaining import withheld_groups
from isa.wording import high, listed, low
from portal.sharing.sight import READ, Sight, sight

WORKING: Mapping[str, bool] = {"assigned": True, "case_open": True}
"""The facts of an ordinary day: the case is open and assigned to the reader, who is trained and vetted besides. Records
are those made about an adult."""


@dataclass(frozen=True, slots=True)
class Line:
    """Fields alike: `fields` in words, `answer`, the sentence `words`, the `clause` to read, and what `needs` be."""

    fields: str
    answer: Literal["yes", "some", "no"]
    words: str
    clause: str
    needs: str


@dataclass(frozen=True, slots=True)
class Section:
    """One category of the agreement."""

    title: str
    lines: tuple[Line, ...]


def outlook(engine: Engine, capacity: Capacity, purpose: str, now: datetime) -> tuple[Section, ...]:
    """By category: what this capacity can see for this purpose, under which clause, for which other purposes too, and
    what the rest would need. What is withheld silently is left out; an unknown purpose gives nothing."""
    agreement = engine.agreement
    known = {**WORKING, **agreement.inducted}
    sights = {p: sight(engine, capacity, known, p, now) for p in agreement.purposes}
    if purpose not in sights:
        return ()
    found = []
    for category in agreement.categories.values():
        keys = [f.key for f in agreement.fields.values() if f.category == category.id]
        decisions = [sights[purpose].decide(READ, key, o) for key in keys for o in _owners(agreement, key)]
        lines = (*_given(agreement, decisions, sights, purpose), *_withheld(agreement, decisions))
        if lines:
            found.append(Section(category.name, lines))
    return tuple(found)


def _owners(agreement: Agreement, key: str) -> list[str]:
    return [party for party in agreement.parties if party in agreement.fields[key].owners]


def _given(
    agreement: Agreement, decisions: Iterable[Decision], sights: Mapping[str, Sight], purpose: str
) -> Iterable[Line]:
    """One line for each clause that gives something."""
    groups: dict[str, list[Decision]] = {}
    for decision in decisions:
        if decision.permit:
            groups.setdefault(decision.clause, []).append(decision)
    for clause, members in groups.items():
        keys = dict.fromkeys(d.field for d in members)
        owners = dict.fromkeys(d.owner for d in members)
        also = [
            low(agreement.purposes[p].name)
            for p, seen in sights.items()
            if p != purpose and all(seen.decide(READ, d.field, d.owner).permit for d in members)
        ]
        needs = f"Also for {listed(also)}." if also else "For this purpose only."
        yield Line(
            _fields(agreement, keys) + _whose(agreement, keys, owners),
            "yes",
            f"{agreement.clauses[clause].heading}.",
            clause,
            needs,
        )


def _withheld(agreement: Agreement, decisions: list[Decision]) -> Iterable[Line]:
    """One line for each clause that withholds something. "some": another purpose or circumstance would open it."""
    for group in withheld_groups(agreement, decisions):
        clause = group.near or group.clause
        members = [d for d in decisions if not d.permit and (d.clause, d.near) == (group.clause, group.near)]
        what, _, why = group.sentence.removeprefix("Not shown: ").partition(". ")
        answer: Literal["some", "no"] = "some" if any(_openable(d) for d in members) else "no"
        yield Line(high(what), answer, why, clause, "")


def _openable(decision: Decision) -> bool:
    """Whether all that lacks may come about for this very capacity: a purpose, a fact, an emergency."""
    return bool(decision.would_need) and all(
        w in ("purpose", "emergency") or w[:5] == "fact:" for w in decision.would_need
    )


def _fields(agreement: Agreement, keys: Collection[str]) -> str:
    """The fields in words; a whole category by its name, under which they stand anyway."""
    category = agreement.categories[agreement.fields[next(iter(keys))].category]
    if {f.key for f in agreement.fields.values() if f.category == category.id} <= set(keys):
        return "All of it"
    return high(listed(dict.fromkeys(low(agreement.fields[key].name) for key in keys)))


def _whose(agreement: Agreement, keys: Iterable[str], owners: Collection[str]) -> str:
    """Whose records, where not everyone's: those who recorded them, or those left out if these are fewer."""
    everyone = {o for key in keys for o in agreement.fields[key].owners}
    others = [party for party in agreement.parties if party in everyone and party not in owners]
    if not others:
        return ""
    if len(others) < len(owners):
        return f", recorded by anyone but {_names(agreement, others, 'or')}"
    return f", recorded by {_names(agreement, owners)}"


def _names(agreement: Agreement, parties: Iterable[str], last: str = "and") -> str:
    return listed((agreement.parties[p].short for p in parties), last)
