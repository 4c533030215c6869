"""What the shipped agreements say to typical people when they withhold: short, in words, citing clauses that exist."""

import re
from collections import Counter
from pathlib import Path

import pytest

from isa.agreement import Agreement, Capacity
from isa.decision import Decision, Engine
from isa.explaining import withheld_groups
from isa.loading import load
from tests.isa.universe import NOW

SHIPPED = {
    name: load(Path(__file__).parents[2] / "isa" / "agreements" / f"{name}.toml") for name in ("barnet", "brent")
}
SHIPPED["harrow"] = load(Path(__file__).parents[2] / "isa" / "agreements" / "harrow.toml")
ENGINES = {name: Engine(made) for name, made in SHIPPED.items()}
PEOPLE = [
    *((kind, "practitioner") for kind in ("police", "probation", "housing", "health", "voluntary")),
    ("council", "coordinator"),
    ("probation", "spoc"),
]


def reads(made: Agreement, engine: Engine, kind: str, role: str, purpose: str) -> list[Decision]:
    party = next(p.id for p in made.parties.values() if p.kind == kind)
    known = {"assigned": True, "case_open": True, "made_as_adult": True, "contracted": kind == "voluntary"}
    known |= {"trained": True, "use_accepted": True, "vetted": True}
    opened = engine.open(Capacity(party, role), known, purpose, NOW)
    return [opened.decide("read", f.key, owner) for f in made.fields.values() for owner in sorted(f.owners)]


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize(("kind", "role"), PEOPLE)
@pytest.mark.parametrize("purpose", ["risk", "pathways"])
def test_refusals_are_short_and_cite_a_clause(name, kind, role, purpose):
    made = SHIPPED[name]
    decisions = reads(made, ENGINES[name], kind, role, purpose)
    groups = withheld_groups(made, decisions)
    assert len(groups) <= 24
    assert max(Counter(g.category for g in groups).values()) <= 3
    assert all(len(g.fields) <= 6 for g in groups)
    for group in groups:
        start, _, why = group.sentence.partition(". ")
        assert start.startswith("Not shown: ")
        assert len(group.sentence.split()) <= 45, group.sentence
        assert (group.near or group.clause) in re.findall(r"[Cc]lause (\d+\.\d+[A-Z]?)", why)
        assert not re.search(r"nature|source \(|happened on|recorded on", start), start
        assert group.ask.count("Ask ") == 1
        assert not any(made.categories[c].silent and made.categories[c].name.lower() in start for c in made.categories)


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize(("kind", "role"), PEOPLE)
def test_every_refusal_that_is_not_silent_is_told(name, kind, role):
    """One group speaks of it: of the field by name, or of its category or kind of record."""
    made = SHIPPED[name]
    decisions = reads(made, ENGINES[name], kind, role, "pathways")
    told = " ".join(g.sentence.partition(". ")[0] for g in withheld_groups(made, decisions)).lower()
    for d in decisions:
        if not d.permit and not d.silent:
            field = made.fields[d.field]
            words = (made.categories[field.category].name, made.kinds[field.kind].name, field.name)
            assert any(word.lower() in told for word in words), d.field
