"""Explanations say which clause in plain words, never see a value, and keep silent what is silent."""

import inspect
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path

import pytest

from isa import explaining
from isa.decision import Capacity, Decision, Engine, View
from isa.explaining import text_for_dpo, text_for_user, withheld_groups
from isa.loading import load
from isa.wording import high, listed, low, sentence
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


def test_a_withheld_field_is_explained_like_the_design_says():
    met = {**CASE, "confidence_met:health": True}
    (group,) = withheld_groups(MADE, everything(view(facts=met)))
    assert group.sentence == (
        "Not shown: diagnosis. Clinical detail stays with the trust (clause 5.3: Mental health trust only)."
    )
    assert (group.clause, group.near, group.fields) == ("1.4", "5.3", ("diagnosis",))
    assert group.can_see == ("engaging", "text (health engagement)", "source (health engagement)")
    assert group.ask == "the trust's liaison nurse"


def test_one_sentence_a_clause():
    groups = withheld_groups(MADE, everything(view()))
    assert len({(g.clause, g.near) for g in groups}) == len(groups) == 2


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


def test_many_fields_are_said_by_category_and_whose_they_are():
    groups = {g.near: g for g in withheld_groups(MADE, everything(view("bridges", facts={**CASE, "contracted": True})))}
    assert groups["5.1"].sentence.startswith(
        "Not shown: surname, text (identity and contact) and source (identity and contact), recorded by Mental health "
        "trust. Who this is (clause 5.1: "
    )
    short = Engine(replace(MADE, clauses={n: c for n, c in MADE.clauses.items() if n == "1.4"}))
    (group,) = withheld_groups(MADE, everything(short.open(Capacity("police", "lead"), CASE, "risk", NOW)))
    assert group.fields == ("identity and contact", "diagnosis", *(f for f in group.fields[2:]))
    assert group.sentence.endswith("No clause gives it to anyone (clause 1.4).")


def test_explanations_cannot_see_values():
    """Property 11: identical for empty and filled fields, because no value is ever handed in."""
    assert {f.name for f in fields(Decision)} & {"value", "values", "text", "content"} == set()
    for function in (text_for_user, text_for_dpo, withheld_groups):
        assert list(inspect.signature(function).parameters) in (["agreement", "decision"], ["agreement", "decisions"])
    assert "sharing" not in inspect.getsource(explaining)


@pytest.mark.parametrize(
    ("opened", "key", "words"),
    [
        (view(), ("read", "person.surname", "council"), "You see this under clause 5.1: who this is."),
        (
            view(facts={}),
            ("read", "person.surname", "council"),
            "while the case is assigned to them and the case is open",
        ),
        (view(role="coordinator"), ("read", "person.surname", "council"), "The agreement does not know this"),
        (view(role="dpo"), ("read", "person.surname", "council"), "Your role sees no case content (clause 1.4)"),
        (view(), ("edit", "person.surname", "council"), "You may not edit surname. Only the agency that owns"),
        (view(), ("read", "person.height", "council"), "Not shown: this."),
        (view("bridges", facts={}), ("read", "person.rag", "council"), "(clause 6.2), unless the case is open"),
        (
            view(purpose="safeguarding", facts=CASE),
            ("read", "health.engaging", "health"),
            "given only for risk management and while the duty of confidence is met (clause 5.10)",
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
    assert "Council community safety has not signed version 2." in text


def test_prose_is_filled_from_the_rule():
    assert sentence(MADE, MADE.clauses["5.10"]) == (
        "Police and Community safety, acting as practitioner or lead professional, may read health engagement of "
        "Mental health trust for risk management while the case is assigned to them and the case is open."
    )
    assert "may read, search, print or export identity" in sentence(MADE, MADE.clauses["5.1"])
    assert not [c.number for c in MADE.clauses.values() if "{" in sentence(MADE, c)]


def test_words():
    assert (listed([]), listed(["a"]), listed(["a", "b", "c"], "or")) == ("", "a", "a, b or c")
    assert (low("MARAC flag"), low("Surname"), low("A level"), high("the")) == (
        "MARAC flag",
        "surname",
        "A level",
        "The",
    )
