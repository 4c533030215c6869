"""Engine and reference agree on the shipped agreements too, over a large seeded sample of requests."""

import random
from pathlib import Path

import pytest

from isa.agreement import ACTIONS, Agreement, Capacity
from isa.decision import Engine
from isa.loading import load
from tests.isa import reference
from tests.isa.universe import NOW

SHIPPED = sorted((Path(__file__).parents[2] / "isa" / "agreements").glob("*.toml"))


def some_facts(made: Agreement, dice: random.Random) -> dict[str, bool]:
    """Mostly true, so that many requests are permitted; some false, some unknown."""
    names = [
        name
        for fact in made.facts.values()
        for name in sorted({fact.of(owner, field) for field in made.fields.values() for owner in field.owners})
    ]
    known = {name: dice.random() < 0.8 for name in names if dice.random() < 0.9}
    # Without these nothing else matters, so each fifth request lacks one and the others none.
    lacking = dice.choice(("trained", "use_accepted", "vetted", *[""] * 12))
    return {**known, **{name: name != lacking for name in ("trained", "use_accepted", "vetted") if name in made.facts}}


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_engine_equals_reference_on_the_shipped_agreements(path):
    made, dice = load(path), random.Random(path.stem)
    engine, permits = Engine(made), 0
    for _ in range(1500):
        known = some_facts(made, dice)
        field = dice.choice(list(made.fields.values()))
        owner, party = dice.choice(sorted(field.owners)), dice.choice(list(made.parties))
        request = reference.Request(
            owner if dice.random() < 0.3 else party,
            dice.choice(list(made.roles)),
            dice.choice(ACTIONS),
            field.key,
            owner,
            dice.choice(list(made.purposes)),
        )
        view = engine.open(Capacity(request.party, request.role), known, request.purpose, NOW)
        d = view.decide(request.action, request.field, request.owner)
        got = (d.permit, d.clause, d.near, frozenset(o.do for o in d.obligations))
        assert got == tuple(reference.decide(made, request, known, NOW)), request
        permits += d.permit
    assert permits > 40  # the sample would prove little if all were refused
