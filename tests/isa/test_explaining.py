"""Explanations say which clause in plain words, never see a value, and keep silent what is silent."""

import inspect
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path

import pytest

from isa import explaining
from isa.decision import Capacity, Decision, Engine, View
from isa.explaining import reason, telling, text_for_dpo, text_for_user, withheld_groups
from isa.loading import load
from isa.wording import high, listed, low, names, sentence
from tests.isa.universe import NOW

MADE = load(Path(__file__).parent / "small.toml")
ENGINE = Engine(MADE)
CASE = {"assigned": True, "case_open": True}


def view(
    party: str = "police", role: str = "practitioner", facts: Mapping[str, bool] = CASE, purpose: str = "risk"
) -> View:
    return ENGINE.open(Capacity(party, role), facts, purpose, NOW)


def everything(opened: View) -> list[Decision]:
    return [opened.decide("read", f.key, owner) for f in MADE.fields.values() for owner in sorted(f.owners)]


def test_a_withheld_category_is_explained_like_the_design_says():
    met = {**CASE, "confidence_met:health:health_engagement": True}
    groups = {g.near: g for g in withheld_groups(MADE, everything(view(facts=met)))}
    group = groups["5.3"]
    assert group.sentence == "Not shown: health. Clause 5.3 gives this to Mental health trust only."
    assert (group.clause, group.fields, group.category) == ("1.4", ("health",), "health")
    assert group.can_see == ("health engagement",)
    assert group.ask == "the trust's liaison nurse"


def test_one_sentence_a_reason():
    groups = withheld_groups(MADE, everything(view()))
    assert len({g.sentence for g in groups}) == len({(g.clause, g.near) for g in groups}) == len(groups) == 2


@pytest.mark.parametrize("party", ["council", "health", "bridges"])
def test_silent_data_leave_no_trace(party):
    opened = view(party)
    hidden = opened.decide("read", "update.text@intelligence", "police")
    assert (hidden.permit, hidden.silent, hidden.clause) == (False, True, "6.1")
    assert text_for_user(MADE, hidden) == ""
    assert "intelligence" not in str(withheld_groups(MADE, everything(opened)))
    without = [d for d in everything(opened) if "intelligence" not in d.field]
    assert withheld_groups(MADE, everything(opened)) == withheld_groups(MADE, without)
    assert "silent" in text_for_dpo(MADE, hidden)


def test_it_says_whose_records_are_meant_where_others_may_be_seen():
    groups = {g.near: g for g in withheld_groups(MADE, everything(view("bridges", facts={**CASE, "contracted": True})))}
    assert groups["5.1"].sentence.startswith(
        "Not shown: what Mental health trust recorded under surname and update (identity and contact). "
        "Clause 5.1 gives "
    )
    assert groups["5.1"].ask == "the trust's liaison nurse"


def test_what_nobody_is_given_is_one_sentence_across_categories():
    short = Engine(replace(MADE, clauses={n: c for n, c in MADE.clauses.items() if n == "1.4"}))
    (group,) = withheld_groups(MADE, everything(short.open(Capacity("police", "lead"), CASE, "risk", NOW)))
    assert group.sentence == (
        "Not shown: identity and contact; health; health engagement. No clause gives this to anyone (clause 1.4)."
    )
    assert group.ask == "the council coordinator"  # several owners: the one who knows them all


def test_a_field_of_any_owner_is_refused_in_words_true_of_each():
    own = replace(
        MADE.clauses["5.1"], gateways=("own",), purposes=frozenset({"safeguarding"}), to=frozenset(MADE.parties)
    )
    gateway = replace(MADE.gateways["cda115"], id="own", not_to=frozenset(MADE.parties))
    made = replace(
        MADE,
        clauses={"1.4": MADE.clauses["1.4"], "5.1": own},
        gateways={**MADE.gateways, "own": gateway},
    )
    opened = Engine(made).open(Capacity("police", "lead"), CASE, "risk", NOW)
    decisions = [opened.decide("read", "person.surname", owner) for owner in sorted(MADE.parties)]
    for order in (decisions, decisions[::-1]):
        (group,) = withheld_groups(made, order)
        assert group.sentence.endswith(
            ". It stays with the agency that recorded it, to which clause 5.1 gives it only for safeguarding."
        )
    granted = Engine(made).open(Capacity("police", "lead"), CASE, "safeguarding", NOW)
    other = granted.decide("read", "person.surname", "council")
    assert reason(made, other) == "It stays with the agency that recorded it (clause 5.1)."


def test_the_denial_that_tells_most():
    base = view("bridges").decide("read", "health.diagnosis", "health")
    lacks = {
        "facts": replace(base, would_need=("fact:assigned", "fact:case_open")),
        "purpose": replace(base, would_need=("purpose",)),
        "party": replace(base, would_need=("party",)),
        "gateway": replace(base, would_need=("gateway:cda115", "fact:assigned")),
        "forbidden": replace(base, reason="prohibited", would_need=()),
    }
    for best in ("facts", "purpose", "party", "gateway", "forbidden"):
        assert telling(lacks.values()) == lacks[best] == telling(list(lacks.values())[::-1])
        del lacks[best]


def test_explanations_cannot_see_values():
    """Property 11: identical for empty and filled fields, because no value is ever handed in."""
    assert {f.name for f in fields(Decision)} & {"value", "values", "text", "content"} == set()
    for function in (text_for_user, text_for_dpo, withheld_groups, reason):
        given = list(inspect.signature(function).parameters)
        assert given in (["agreement", "decision"], ["agreement", "decisions"], ["agreement", "decision", "agency"])
    assert "sharing" not in inspect.getsource(explaining)


@pytest.mark.parametrize(
    ("opened", "key", "words"),
    [
        (view(), ("read", "person.surname", "council"), "You see this under clause 5.1: who this is."),
        (
            view(facts={}),
            ("read", "person.surname", "council"),
            "Clause 5.1 gives this only when the case is assigned to you and the case is open.",
        ),
        (view(role="coordinator"), ("read", "person.surname", "council"), "The agreement does not know this"),
        (view(role="dpo"), ("read", "person.surname", "council"), "Your role sees no case content (clause 1.4)"),
        (view(), ("edit", "person.surname", "council"), "You may not edit surname. Only the agency that owns"),
        (view(), ("read", "person.height", "council"), "Not shown: this."),
        (view("bridges", facts={}), ("read", "person.rag", "council"), "(clause 6.2), unless the case is open"),
        (
            view(purpose="safeguarding", facts=CASE),
            ("read", "health.engaging", "health"),
            "Clause 5.10 gives this only for risk management and only when the duty of confidence is met.",
        ),
        (
            view(purpose="safeguarding", facts={"emergency": True}),
            ("read", "health.engaging", "health"),
            "You give a reason, the data-protection officer is told and it is reviewed.",
        ),
        (view("council", "coordinator"), ("read", "health.engaging", "health"), "practitioner or lead professional"),
    ],
)
def test_each_reason_has_its_words(opened, key, words):
    decision = opened.decide(*key)
    assert words in text_for_user(MADE, decision)
    assert MADE.digest in text_for_dpo(MADE, decision)


def test_who_has_not_signed_is_said_in_words():
    decision = Engine(MADE, frozenset({"police"})).open(Capacity("police", "lead"), CASE, "risk", NOW)
    text = text_for_user(MADE, decision.decide("read", "person.surname", "council"))
    assert text.endswith(
        ". Council community safety has not signed version 2 (in force since 2 March 2026). "
        "Until then it gives nothing between you."
    )


def test_prose_is_filled_from_the_rule():
    assert sentence(MADE, MADE.clauses["5.10"]) == (
        "Police and Community safety, acting as practitioner or lead professional, may read “health engagement” of "
        "Mental health trust for risk management while the case is assigned to them and the case is open."
    )
    assert "may read, search, print or export “identity and contact”" in sentence(MADE, MADE.clauses["5.1"])
    assert not [c.number for c in MADE.clauses.values() if "{" in sentence(MADE, c)]


def test_names_of_fields_are_few():
    every = list(MADE.fields)
    assert names(MADE, [f for f in every if MADE.fields[f].category == "health_engagement"]) == ("health engagement",)
    assert names(MADE, ["update.text@health_engagement", "update.source@health_engagement"]) == (
        "update (health engagement)",
    )
    assert names(MADE, ["person.surname", "update.source@identity"]) == ("surname",)
    assert names(MADE, ["update.source@identity"]) == ("source (identity and contact)",)


def test_words():
    assert (listed([]), listed(["a"]), listed(["a", "b", "c"], "or")) == ("", "a", "a, b or c")
    assert (low("MARAC flag"), low("Surname"), low("A level"), high("the")) == (
        "MARAC flag",
        "surname",
        "A level",
        "The",
    )
