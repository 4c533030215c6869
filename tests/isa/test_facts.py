"""What is known and what is not: a fact opens what it speaks of, and nothing else."""

from itertools import cycle, product
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from isa.agreement import Capacity
from isa.decision import Engine
from isa.loading import load
from isa.reach import comes_first, opened_by
from isa.truth import table
from tests.isa.universe import HAND_WRITTEN, NOW, OWNED, PARTIES, PURPOSES, ROLES, agreement, agreements, keys

AGREEMENTS = Path(__file__).parents[2] / "isa" / "agreements"

# The sisters differ in a few clauses alone (test_shipped says which), so what takes seconds is asked of Barnet daily.
BARNET_DAILY = pytest.mark.parametrize(
    "borough", ["barnet", *(pytest.param(name, marks=pytest.mark.long) for name in ("brent", "harrow"))]
)


@pytest.mark.parametrize("value", [1, "true", None, object()])
def test_only_an_exact_true_counts(value):
    view = Engine(agreement(HAND_WRITTEN)).open(Capacity("police", "worker"), {"assigned": value}, "risk", NOW)
    assert not view.decide("read", "person.name", "police").permit


@pytest.mark.parametrize("said", ["confidence_met", "confidence_met:health", "confidence_met:police:health"])
def test_a_fact_of_one_owner_or_of_all_says_nothing_of_another(said):
    view = Engine(agreement(HAND_WRITTEN)).open(Capacity("police", "worker"), {said: True}, "care", NOW)
    decision = view.decide("read", "health.note", "health")
    assert not decision.permit
    assert decision.would_need == ("fact:confidence_met:health:health",)


def outcomes(engine: Engine, known: dict[str, bool]) -> dict[tuple[str, ...], bool]:
    return {
        (party, role, purpose, *key): engine.open(Capacity(party, role), known, purpose, NOW).decide(*key).permit
        for party, role, purpose in product(PARTIES, ROLES, PURPOSES)
        for key in keys(("read", "search", "edit"))
    }


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(agreements(), st.sampled_from(OWNED), st.booleans())
def test_a_fact_of_one_category_moves_decisions_on_that_category_alone(made, owned, assigned):
    """Neither another owner's records nor another category of the same owner are opened by it."""
    engine, ordinary = Engine(made), {"assigned": assigned, "emergency": True}
    without, met = outcomes(engine, ordinary), outcomes(engine, {**ordinary, f"confidence_met:{owned}": True})
    moved = {(request[5], made.fields[request[4]].category) for request in met if met[request] != without[request]}
    assert moved <= {tuple(owned.split(":"))}


@BARNET_DAILY
def test_a_basis_opens_the_categories_that_some_rule_asks_it_for(borough):
    made = load(AGREEMENTS / f"{borough}.toml")
    engine, fact = Engine(made), made.facts["confidence_met"]
    capacities = [Capacity(party, role) for party in made.parties for role in made.roles]
    for owner in ("probation", "dwp", "police", *made.party_groups["care_providing"]):
        asked = {
            field.category
            for field in made.fields.values()
            if owner in field.owners
            for who in capacities
            if who.party != owner
            for rule in engine.rules(who, "read", field.key, owner).grants
            if fact.of(owner, field) in rule.names
        }
        assert opened_by(made, fact.id, owner) == asked, owner


@pytest.mark.parametrize("granted", ["health_need.need", "update.text@health_need"])
def test_a_request_granted_for_one_field_opens_that_field_of_that_owner_alone(granted):
    made = load(AGREEMENTS / "barnet.toml")
    engine, every = Engine(made), [(f.key, owner) for f in made.fields.values() for owner in f.owners]
    based = {made.facts["confidence_met"].of(owner, made.fields[key]): True for key, owner in every}

    def opened(*more):
        known = {**made.inducted, **based, "assigned": True, "case_open": True, **dict.fromkeys(more, True)}
        view = engine.open(Capacity("police", "practitioner"), known, "risk", NOW)
        return {(key, owner) for key, owner in every if view.decide("read", key, owner).permit}

    assert opened(f"request_granted:ntmh:{granted}") - opened() == {(granted, "ntmh")}
    assert opened("request_granted", "request_granted:ntmh:health_need", "request_granted:ntmh") == opened()


@pytest.mark.parametrize("borough", ["barnet", "brent", "harrow"])
def test_training_and_acceptance_come_before_everything_for_each_role_with_content(borough):
    made = load(AGREEMENTS / f"{borough}.toml")
    assert made.inducted == {"trained": True, "use_accepted": True, "vetted": True}
    for role in made.roles.values():
        asked = role.content and role.id != "feed"  # the monthly file is no person
        assert comes_first(made, role.id) == ({"trained": "6.40", "use_accepted": "6.41"} if asked else {})


@BARNET_DAILY
@pytest.mark.parametrize("lacking", ["trained", "use_accepted"])
@pytest.mark.parametrize("value", [False, None])
def test_without_them_no_role_gets_anything_whatever_else_is_true(borough, lacking, value):
    """Unknown shuts as false does, in an emergency too."""
    made = load(AGREEMENTS / f"{borough}.toml")
    engine = Engine(made)
    every = {fact.of(o, f): True for fact in made.facts.values() for f in made.fields.values() for o in f.owners}
    known = {**every, lacking: value}
    everyone = cycle(product(("police", "probation"), ("practitioner", "spoc", "attendee")))
    for purpose, (party, role) in zip([*made.purposes] * 2, everyone, strict=False):  # each of the six, thrice
        view = engine.open(Capacity(party, role), known, purpose, NOW)
        for field in made.fields.values():
            for action, owner in product(("read", "create", "search"), field.owners):
                assert not view.decide(action, field.key, owner).permit, (role, action, field.key)


def test_the_truth_table_says_once_what_is_asked_of_a_person():
    rows = table(load(AGREEMENTS / "barnet.toml"))
    personal = {"trained", "use_accepted", "vetted"}
    assert [row[-1] for row in rows if personal & set(row[-2].split("|"))] == ["6.40", "6.41", "6.42"]
