"""The engine agrees with the naive reference over every request of a small universe, and keeps its promises."""

import hashlib
import timeit
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from isa.agreement import Agreement
from isa.decision import Capacity, Engine
from isa.loading import load
from tests.isa import reference
from tests.isa.universe import HAND_WRITTEN, NOW, OWNERS, PARTIES, PURPOSES, ROLES, agreement, agreements, facts, keys

SMALL = Path(__file__).parent / "small.toml"
ALL_FACTS = list(facts())
quick = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def disagreements(
    made: Agreement, actions: tuple[str, ...], signed: frozenset[str] | None = None, now: datetime = NOW
) -> list[object]:
    """Every request of the universe on which engine and reference differ."""
    engine = Engine(made, signed)
    wrong: list[object] = []
    wanted = list(keys(actions))
    for party, role, purpose in product((*PARTIES, "nobody"), (*ROLES, "guest"), (*PURPOSES, "fun")):
        for known in ALL_FACTS:
            view = engine.open(Capacity(party, role), known, purpose, now)
            for action, field, owner in wanted:
                d = view.decide(action, field, owner)
                got = (d.permit, d.clause, d.near, frozenset(o.do for o in d.obligations))
                request = reference.Request(party, role, action, field, owner, purpose)
                expected = reference.decide(made, request, known, now, signed)
                if got != tuple(expected):
                    wrong.append((request, known, got, expected))
    return wrong


@pytest.mark.parametrize("actions", [("read", "search", "fly"), ("create", "edit"), ("share", "export")])
def test_engine_equals_reference_over_every_request(actions):
    assert not disagreements(agreement(HAND_WRITTEN), actions)[:3]


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(agreements())
def test_engine_equals_reference_for_generated_clauses(made):
    assert not disagreements(made, ("read",))[:3]
    assert not disagreements(made, ("edit",), signed=frozenset({"police", "health"}))[:3]


def test_the_comparison_can_fail():
    """A planted fault: the reference reads one clause fewer."""
    engine = Engine(agreement(HAND_WRITTEN))
    view = engine.open(Capacity("police", "worker"), {"assigned": True}, "risk", NOW)
    request = reference.Request("police", "worker", "read", "person.name", "health", "risk")
    poorer = agreement(HAND_WRITTEN[1:])
    assert view.decide("read", "person.name", "health").permit
    assert not reference.decide(poorer, request, {"assigned": True}, NOW).permit


def permits(made: Agreement, known: dict[str, bool] | None = None, signed: frozenset[str] | None = None) -> set[object]:
    """Everything that is permitted, under `known` facts or under any."""
    engine = Engine(made, signed)
    found: set[object] = set()
    for party, role, purpose in product(PARTIES, ROLES, PURPOSES):
        for state in [known] if known is not None else ALL_FACTS[::5]:
            view = engine.open(Capacity(party, role), state, purpose, NOW)
            found |= {
                (party, role, purpose, tuple(sorted(state.items())), *key) for key in keys() if view.decide(*key).permit
            }
    return found


def test_an_empty_agreement_denies():
    assert permits(agreement([])) == set()


@quick
@given(agreements(), st.data())
def test_removing_a_grant_never_widens(made, data):
    grants = [c.number for c in made.clauses.values() if c.effect == "grant"]
    if not grants:
        return
    gone = data.draw(st.sampled_from(grants))
    fewer = replace(made, clauses={n: c for n, c in made.clauses.items() if n != gone})
    assert permits(fewer) <= permits(made)


@quick
@given(agreements(), st.sampled_from(ALL_FACTS), st.data())
def test_making_a_known_fact_unknown_never_widens(made, known, data):
    if not known:
        return
    forgotten = data.draw(st.sampled_from(sorted(known)))
    less = {name: value for name, value in known.items() if name != forgotten}

    def bare(found: set[object]) -> set[object]:
        return {(*item[:3], *item[4:]) for item in found}

    assert bare(permits(made, less)) <= bare(permits(made, known))


@quick
@given(agreements(), st.randoms())
def test_clause_order_never_matters(made, random):
    order = list(made.clauses.values())
    random.shuffle(order)
    other = Engine(replace(made, clauses={clause.number: clause for clause in order}))
    engine = Engine(made)
    for party, role, purpose in product(PARTIES, ROLES, PURPOSES):
        for known in ALL_FACTS[::5]:
            one, two = (e.open(Capacity(party, role), known, purpose, NOW) for e in (engine, other))
            assert [one.decide(*key) for key in keys()] == [two.decide(*key) for key in keys()]


@quick
@given(agreements())
def test_a_cited_clause_alone_still_permits(made):
    engine = Engine(made)
    alone = {n: Engine(agreement([c])) for n, c in made.clauses.items() if c.effect == "grant"}
    for party, role, purpose in product(PARTIES, ROLES, PURPOSES):
        for known in ALL_FACTS[::5]:
            view = engine.open(Capacity(party, role), known, purpose, NOW)
            for key in keys():
                decision = view.decide(*key)
                if decision.permit:
                    again = alone[decision.clause].open(Capacity(party, role), known, purpose, NOW).decide(*key)
                    assert again == decision


@quick
@given(agreements(), st.sampled_from(PARTIES))
def test_removing_a_signature_never_widens(made, leaver):
    without = permits(made, signed=OWNERS - {leaver})
    assert without <= permits(made, signed=OWNERS)
    assert not [p for p in without if leaver in (p[0], p[-1])]


def test_who_has_not_signed_is_named():
    view = Engine(agreement(HAND_WRITTEN), frozenset({"police"})).open(
        Capacity("police", "worker"), {"assigned": True}, "risk", NOW
    )
    decision = view.decide("read", "person.name", "health")
    assert (decision.reason, decision.would_need) == ("not_signed", ("signature:health",))
    assert view.decide("read", "person.name", "police").permit


@pytest.mark.parametrize(
    ("moment", "in_force"),
    [
        ("2025-12-31T23:59:59.999999", False),
        ("2026-01-01T00:00:00", True),
        ("2026-12-31T23:59:59.999999", True),
        ("2027-01-01T00:00:00", False),
    ],
)
def test_the_agreement_lives_from_midnight_to_midnight_in_london(moment, in_force):
    now = datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo("Europe/London"))
    view = Engine(agreement(HAND_WRITTEN)).open(Capacity("police", "worker"), {"assigned": True}, "risk", now)
    decision = view.decide("read", "person.name", "police")
    assert decision.permit is in_force
    assert (decision.reason == "not_in_force") is not in_force


def test_summer_time_moves_the_instant_not_the_day():
    made = replace(agreement(HAND_WRITTEN), expires=datetime(2026, 6, 30).date())
    assert made.ends() == datetime(2026, 6, 30, 23, tzinfo=UTC)
    assert not made.in_force(datetime(2026, 6, 30, 23, tzinfo=UTC))
    assert made.in_force(datetime(2026, 6, 30, 23, tzinfo=UTC) - timedelta(microseconds=1))


def test_a_time_without_a_zone_is_never_in_force():
    view = Engine(agreement(HAND_WRITTEN)).open(
        Capacity("police", "worker"), {"assigned": True}, "risk", datetime(2026, 6, 1)
    )
    assert not view.decide("read", "person.name", "police").permit


def test_a_grant_without_a_gateway_stays_at_home():
    bare = replace(HAND_WRITTEN[0], gateways=())
    view = Engine(agreement([bare])).open(Capacity("police", "worker"), {"assigned": True}, "risk", NOW)
    assert view.decide("read", "person.name", "police").permit
    assert view.decide("read", "person.name", "health").would_need == ("gateway:none",)


def test_silent_data_are_never_exported_whatever_a_clause_says():
    view = Engine(agreement(HAND_WRITTEN)).open(Capacity("police", "worker"), {}, "risk", NOW)
    assert view.decide("read", "intelligence.text", "police").permit
    decision = view.decide("export", "intelligence.text", "police")
    assert (decision.permit, decision.silent, decision.reason) == (False, True, "silent_export")


def test_leaving_part_three_is_marked():
    view = Engine(agreement(HAND_WRITTEN)).open(Capacity("health", "worker"), {"assigned": True}, "risk", NOW)
    assert view.decide("read", "person.name", "police").regime_change
    assert not view.decide("read", "person.name", "health").regime_change


def test_forty_decisions_cost_little():
    """Aim: 40 decisions in 30 µs where hashing 300 bytes takes 0.7 µs. Asserted loosely, against hashes in this run."""
    made = load(SMALL)
    view = Engine(made).open(Capacity("police", "practitioner"), {"assigned": True, "case_open": True}, "risk", NOW)
    wanted = [("read", f.key, owner) for f in made.fields.values() for owner in sorted(f.owners)]
    wanted = (wanted * 40)[:40]

    def forty() -> None:
        for action, field, owner in wanted:
            view.decide(action, field, owner)

    block = b"x" * 300
    decide_us = min(timeit.repeat(forty, number=200, repeat=5)) / 200 * 1e6
    hash_us = min(timeit.repeat(lambda: hashlib.sha256(block).digest(), number=2000, repeat=5)) / 2000 * 1e6
    print(f"40 decisions: {decide_us:.1f} µs; hashing 300 bytes: {hash_us:.2f} µs")
    assert decide_us < 120 * hash_us
