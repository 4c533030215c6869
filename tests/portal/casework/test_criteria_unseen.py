"""Criteria never say "not met" to whom what could meet them may be withheld, and are silent on whether it is."""

import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from isa.agreement import Capacity
from isa.decision import Engine
from isa.loading import load
from portal.auth.actor import Actor
from portal.casework import assessing, criteria, deciding, inbox, referrals
from portal.casework.criteria import (
    COHORT,
    CRIME,
    MET,
    NOT_MET,
    SCORE,
    UNKNOWN,
    Choice,
    Criterion,
    Evidence,
    Rules,
    Scored,
)
from portal.sharing.disclosure import Record, Value
from portal.sharing.sight import READ, Shape, Sight, sight
from portal.sharing.tables import RecordRow
from portal.sharing.unseen import TELLS, unseen
from tests.installation import World
from tests.portal.casework.test_criteria import ON, answer, known, sets
from tests.portal.casework.test_criteria_keeping import BARNET, Keeping
from tests.portal.casework.test_meetings import Panel, told

AGREEMENTS = sorted((Path(__file__).parents[3] / "isa" / "agreements").glob("*.toml"))
WORKING = dict.fromkeys(("assigned", "case_open", "trained", "use_accepted", "vetted"), True)
ROBBERY = Rules((Criterion(CRIME, True, among=("Robbery",)),), 0, 365)
FIXED = Rules((Criterion(COHORT, True, among=("Fixed",)),), 0, 365)
PERSON = {"surname": "Marlowe", "forename": "Dean", "date_of_birth": "1991-03-27"}


def bands(level: str) -> Evidence:
    return Evidence(scores=(Scored("OVP", ON - timedelta(days=9), band=level),))


def of(text: str) -> tuple[Choice, ...]:
    return (Choice(text, ON, "Police"),) if text else ()


SETS = {CRIME: ROBBERY, COHORT: FIXED, SCORE: Rules((Criterion(SCORE, True, "OVP", "60"),), 0, 365)}
FACTS: Mapping[str, Mapping[str, Evidence]] = {
    CRIME: {text: Evidence(crimes=of(text)) for text in ("", "Other", "Robbery")},
    COHORT: {text: Evidence(cohorts=of(text)) for text in ("", "Free", "Fixed")},
    SCORE: {"": Evidence(), "Low": bands("Low"), "High": bands("High")},
}


@pytest.mark.parametrize("hidden", [False, True])
@pytest.mark.parametrize(("about", "text"), [(a, text) for a, some in FACTS.items() for text in some])
def test_present_or_absent_seen_or_perhaps_not(about: str, text: str, hidden: bool) -> None:
    facts = replace(FACTS[about][text], unseen=frozenset({about} if hidden else ()))
    meets = text in ("Robbery", "Fixed", "High")
    expected = MET if meets else NOT_MET if text and not hidden else UNKNOWN
    [found] = criteria.evaluate(SETS[about], facts, ON).findings
    assert found.answer == expected
    assert (criteria.MORE in found.because) == (bool(text) and hidden and not meets)


@given(sets(), known, st.frozensets(st.sampled_from((SCORE, CRIME, COHORT))))
def test_what_may_be_withheld_turns_not_met_into_not_known_and_nothing_else(
    rules: Rules, evidence: Evidence, more: frozenset[str]
) -> None:
    less, most = replace(evidence, unseen=frozenset()), replace(evidence, unseen=more)
    for before, after in zip(
        criteria.evaluate(rules, less, ON).findings, criteria.evaluate(rules, most, ON).findings, strict=True
    ):
        assert after.answer == before.answer or (before.answer, after.answer) == (NOT_MET, UNKNOWN)
    assert (answer(rules, less) == MET) == (answer(rules, most) == MET)


def sights(path: Path, silent: str = "") -> list[Sight]:
    agreement = load(path)
    if silent:
        hushed = replace(agreement.categories[silent], silent=True)
        agreement = replace(agreement, categories={**agreement.categories, silent: hushed})
    engine, now = Engine(agreement), agreement.starts()
    return [
        sight(engine, Capacity(party, role), facts, purpose, now)
        for party in agreement.parties
        for role in agreement.roles
        for purpose in ("selection", "risk")
        for facts in (WORKING, {})
    ]


@pytest.mark.parametrize("path", AGREEMENTS, ids=lambda p: p.stem)
def test_nothing_is_left_out_of_what_may_be_withheld(path: Path) -> None:
    """By the way that pages ask: whoever lacks one owner's choice, young or grown, is told that they may."""
    some_whole = False
    for seen in sights(path):
        lacking = {
            TELLS[key]
            for key in TELLS
            if TELLS[key] != SCORE
            for owner in seen.agreement.fields[key].owners
            for young in (True, False, None)
            if key not in {f.key for f, _ in seen.permitted(READ, Shape(key.partition(".")[0], "", owner, young))}
        }
        assert unseen(seen) - {SCORE} == lacking
        some_whole = some_whole or not unseen(seen) & {COHORT, SCORE}
    assert some_whole  # else nobody would ever be told "not met"


@pytest.mark.parametrize("category", ["selection", "scores", "score_bands"])
def test_a_silent_category_is_told_of_as_any_other(category: str) -> None:
    [path] = [p for p in AGREEMENTS if p.stem == "barnet"]
    loud, quiet = sights(path), sights(path, silent=category)
    assert [unseen(s) for s in loud] == [unseen(s) for s in quiet]
    assert any(unseen(s) for s in quiet)


@pytest.fixture
def keeping(either: World) -> Keeping:
    return Keeping(either)


def stood(keeping: Keeping, case: uuid.UUID, who: Actor) -> tuple[str, str]:
    """The answer of the only criterion, and what is said of it, as this reader has it on the case."""
    _, found = keeping.stands(case, who)
    [finding] = found.stood[0].outcome.findings
    return finding.answer, finding.because


def case_with(keeping: Keeping, police: Actor, cohort: str = "", referred: str = "", of: str = "") -> uuid.UUID:
    """A case with a cohort, and with a referral of an agency: its record alone, as any is sealed."""
    records: dict[str, dict[str, str]] = {"probation person": PERSON, "barnet_safety case": {"status": "Active"}}
    if cohort:
        records["barnet_safety case"]["cohort"] = cohort
    if referred:
        records[f"{of} referral"] = {"priority_crime": referred}
    return keeping.world.case(records, assigned=[police])


def test_a_referral_that_a_reader_may_not_see_leaves_no_trace_in_the_answer(keeping: Keeping) -> None:
    """The mental health trust refers without a basis: no other agency reads it, and none learns of it so."""
    keeping.save(rules=ROBBERY)
    police = keeping.world.actor("police", "practitioner", "Pat")
    seen = {
        text: stood(keeping, case_with(keeping, police, "", text, "ntmh"), police)
        for text in ("", "Robbery", "Burglary")
    }
    assert set(seen.values()) == {(UNKNOWN, "nothing recorded that you may see")}
    theirs = {
        t: stood(keeping, case_with(keeping, police, "", t, "probation"), police)[0] for t in ("Robbery", "Burglary")
    }
    assert theirs == {"Robbery": MET, "Burglary": UNKNOWN}


def test_the_inbox_and_the_panel_are_told_alike(either: World) -> None:
    keeping, panel = Keeping(either), Panel(either)
    keeping.save(rules=ROBBERY)
    housing = either.actor("barnet_housing", "practitioner", "Holly")
    typed = {"person.surname": "Marlowe", "person.date_of_birth": "1991-03-27", "referral.reason": "Burglary"}
    sent = referrals.refer(
        either.session, either.doors, housing, BARNET, {**typed, "referral.priority_crime": "Burglary"}, uuid.uuid4()
    )
    found = inbox.assessed(either.session, either.doors, keeping.keeper, sent)
    assert found is not None
    assert found.answer == UNKNOWN
    assert criteria.MORE in found.kept(None)
    case = panel.cases[0]
    meeting = panel.plan()
    panel.join(panel.coordinator, meeting)
    desk = deciding.desk(either.session, either.doors, panel.coordinator, meeting, case)
    assert desk.assessed is None or desk.assessed.answer != NOT_MET
    panel.decide(meeting, case, told(deciding.STAY))
    assert keeping.preview(ROBBERY).counts[NOT_MET] == 0


def test_a_cohort_is_not_met_only_to_whom_no_label_of_age_could_hide_another(keeping: Keeping) -> None:
    """Housing reads nothing that was written of a child. Police read every cohort there can be."""
    keeping.save(rules=FIXED)
    at = keeping.world
    police, housing = at.actor("police", "practitioner", "Pat"), at.actor("barnet_housing", "practitioner", "Holly")
    answers: dict[str, list[Any]] = {"without": [], "with": []}
    for hidden in answers:
        case = at.case(
            {"probation person": PERSON, "barnet_safety case": {"status": "Active", "cohort": "Free"}},
            assigned=[police, housing],
        )
        answers[hidden] = [stood(keeping, case, police)[0], stood(keeping, case, housing)]
        if hidden == "with":
            extra = at.case({"probation person": PERSON, "barnet_safety case": {"cohort": "Fixed"}})
            moved = update(RecordRow).where(RecordRow.case == extra, RecordRow.kind == "case")
            with at.doors.log.transaction(at.session):
                at.session.execute(moved.values(case=case, made_as_youth=True))
            assert stood(keeping, case, police)[0] != NOT_MET
            assert stood(keeping, case, housing) == answers["without"][1]
    assert answers["with"] == answers["without"]
    assert answers["with"][0] == NOT_MET
    assert answers["with"][1][0] == UNKNOWN


def test_what_does_not_open_is_not_known(keeping: Keeping) -> None:
    value = Value("case.cohort", "Cohort", "", "choice", True)
    now = datetime(2026, 11, 1, tzinfo=UTC)
    record = Record(
        id=uuid.uuid4(), kind="case", kind_name="Case", label="", label_name="", owner="barnet_safety",
        owner_name="Community Safety", at=now, version=1, changed_at=now, made_as_youth=False, can_edit=False,
        can_copy=False, values=(value,),
    )  # fmt: skip
    told_of = assessing.evidence(
        [record, replace(record, values=(value._replace(text="Free", broken=False),))], frozenset()
    )
    assert told_of.unseen == {COHORT}
    assert answer(FIXED, told_of) == UNKNOWN
