"""Seal classes follow the text alone: no fact, role, purpose or emergency moves them."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings

from isa.agreement import Capacity
from isa.classes import class_id, classes, seal_class, served
from isa.decision import Engine
from isa.loading import load
from isa.reach import Reader, readers
from tests.isa.universe import NOW, PARTIES, PURPOSES, ROLES, agreements, facts, keys

MADE = load(Path(__file__).parent / "small.toml")
ENGINE = Engine(MADE)
READY = {"case_open": True, "confidence_met:health:health_engagement": True}


def test_a_class_is_the_parties_that_may_be_served():
    assert served(MADE, "health", "health.diagnosis") == {"health"}
    assert served(MADE, "health", "health.engaging") == {"health", "police", "council"}
    assert served(MADE, "health", "person.surname") == {
        "health",
        "police",
        "council",
    }  # the charity's gateway excludes it
    assert served(MADE, "council", "person.surname") == {"health", "police", "council", "bridges"}


def test_the_id_is_stable_and_short():
    expected = hashlib.sha256(b"council\nhealth\npolice").hexdigest()[:8]
    assert seal_class(MADE, "health", "health.engaging") == expected
    assert classes(MADE)[expected] == {"health", "police", "council"}


def test_an_emergency_does_not_move_a_class():
    without = replace(MADE, clauses={n: c for n, c in MADE.clauses.items() if not c.emergency})
    assert classes(without) == classes(MADE)


def test_nothing_is_sealed_under_a_class_that_means_nothing():
    with pytest.raises(KeyError):
        seal_class(MADE, "nobody", "person.surname")
    with pytest.raises(KeyError):
        seal_class(MADE, "health", "person.height")


@settings(max_examples=20, deadline=None)
@given(agreements())
def test_no_ordinary_permit_reaches_beyond_the_class(made):
    engine = Engine(made)
    for known in list(facts())[::6]:
        for party in PARTIES:
            for role in ROLES:
                for purpose in PURPOSES:
                    view = engine.open(Capacity(party, role), known, purpose, NOW)
                    for key in keys(("read", "export", "search")):
                        decision = view.decide(*key)
                        if decision.permit and not made.clauses[decision.clause].emergency:
                            assert party in served(made, key[2], key[1])


def test_readers_lists_every_party_with_its_clause():
    found = {r.party: r for r in readers(ENGINE, "health.engaging", "health", NOW, READY)}
    assert list(found) == list(MADE.parties)
    assert {p for p, r in found.items() if r.decision.permit} == {"police", "council", "health"}
    assert (found["police"].decision.clause, found["police"].roles) == ("5.10", ("practitioner", "lead"))
    assert found["health"].purposes == ("risk", "safeguarding")
    assert (found["bridges"].roles, found["bridges"].decision.near) == ((), "5.3")


def test_readers_takes_facts_of_one_party():
    def bridges(of_party: dict[str, dict[str, bool]] | None) -> Reader:
        return next(
            r for r in readers(ENGINE, "person.surname", "council", NOW, READY, of_party) if r.party == "bridges"
        )

    assert bridges({"bridges": {"contracted": True}}).decision.permit
    assert not bridges({"police": {"contracted": True}}).decision.permit
    assert not bridges(None).decision.permit


def test_readers_cites_a_prohibition_that_holds_for_every_purpose():
    found = {r.party: r for r in readers(ENGINE, "update.text@intelligence", "police", NOW, READY)}
    assert found["council"].decision.clause == "6.1"
    assert class_id(frozenset({"police"})) == seal_class(MADE, "police", "update.text@intelligence")


def test_readers_does_not_cite_what_is_forbidden_for_one_purpose_only():
    ban = replace(
        MADE.clauses["6.2"], number="6.3", to=None, what=None, purposes=frozenset({"safeguarding"}), unless=()
    )
    engine = Engine(replace(MADE, clauses={**MADE.clauses, "6.3": ban}))
    found = {r.party: r for r in readers(engine, "health.diagnosis", "health", NOW, READY)}
    assert (found["police"].decision.clause, found["police"].decision.near) == ("1.4", "5.3")
    assert found["health"].purposes == ("risk",)


def test_readers_tells_what_refuses_on_a_working_day():
    """A prohibition for every purpose is not told in the words of one for evaluation alone."""
    barnet = load(Path(__file__).parents[2] / "isa" / "agreements" / "barnet.toml")
    found = {r.party: r for r in readers(Engine(barnet), "health.diagnosis", "ntmh", NOW, READY)}
    assert {r.decision.clause for r in found.values()} == {"5.17", "6.10"}
