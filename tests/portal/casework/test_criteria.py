"""Criteria met, not met and not known: exact at every bound, and nothing unknown ever counts as met or as not met."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.casework import criteria
from portal.casework.criteria import (
    BANDS,
    COHORT,
    CRIME,
    MET,
    NOT_MET,
    SCORE,
    UNKNOWN,
    VIOLENCE,
    Choice,
    Criterion,
    Evidence,
    Rules,
    Scored,
)
from portal.sharing.importing import words
from portal.sharing.typed import LEVELS

ON = date(2026, 11, 26)
CRIMES = ("Burglary", "Robbery", "Knife carrying")
FIGURED = ("OVP", "OGRS3", "CSRP", "OGP")
days = st.integers(0, 800).map(lambda back: ON - timedelta(days=back))
figures = st.decimals(0, 100, places=1).map(lambda d: str(d.normalize()) if d % 1 else str(int(d)))


def band_of(predictor, figure):
    return LEVELS[sum(Decimal(figure) >= bound for bound in BANDS[predictor]) - 1]


scores = st.builds(
    Scored,
    st.sampled_from(FIGURED),
    st.none() | days,
    st.just("") | figures,
    st.sampled_from(("", *LEVELS)),
)
choices = st.builds(Choice, st.sampled_from((*CRIMES, "Other")), days, st.just("Police"))
cohorts = st.builds(Choice, st.sampled_from(("Fixed", "Flex", "Free")), days, st.just("Community Safety"))
known = st.builds(
    Evidence,
    scores=st.lists(scores, max_size=4).map(tuple),
    crimes=st.lists(choices, max_size=3).map(tuple),
    cohorts=st.lists(cohorts, max_size=2).map(tuple),
    unseen=st.frozensets(st.sampled_from((SCORE, CRIME, COHORT))),
)
asked = st.one_of(
    st.builds(Criterion, st.just(SCORE), st.booleans(), st.sampled_from(FIGURED), figures),
    st.builds(
        lambda about, always, among: Criterion(about, always, among=tuple(among)),
        st.sampled_from((CRIME, VIOLENCE)),
        st.booleans(),
        st.sets(st.sampled_from(CRIMES), min_size=1),
    ),
    st.builds(Criterion, st.just(COHORT), st.booleans(), among=st.just(("Fixed",))),
)


@st.composite
def sets(draw):
    some = tuple(draw(st.lists(asked, min_size=1, max_size=5)))
    counted = sum(not c.always for c in some)
    return Rules(some, draw(st.integers(1, counted)) if counted else 0, draw(st.integers(1, 730)))


def answer(rules, evidence):
    return criteria.evaluate(rules, evidence, ON).answer


def one(least="60", predictor="OVP", oldest=365):
    return Rules((Criterion(SCORE, True, predictor, least),), 0, oldest)


def ovp(value="", band="", back=30):
    return Evidence(scores=(Scored("OVP", ON - timedelta(days=back), value, band),))


@given(sets(), known)
def test_nothing_known_never_meets_a_set(rules, evidence):
    """Taking away what is known of one thing never makes a set met that was not."""
    for gone in (replace(evidence, crimes=()), replace(evidence, cohorts=())):
        if answer(rules, evidence) != MET:
            assert answer(rules, gone) != MET
    assert answer(rules, Evidence()) == UNKNOWN


@given(sets(), known, st.sampled_from(FIGURED))
def test_a_score_that_is_withheld_never_meets_what_was_not_met(rules, evidence, predictor):
    hidden = replace(evidence, scores=tuple(s for s in evidence.scores if s.predictor != predictor))
    if answer(rules, evidence) != MET:
        assert answer(rules, hidden) != MET
    if answer(rules, evidence) == MET:
        assert answer(rules, hidden) != NOT_MET


@given(sets(), known, choices)
def test_more_evidence_of_a_crime_never_takes_away(rules, evidence, more):
    after = replace(evidence, crimes=(*evidence.crimes, more))
    if answer(rules, evidence) == MET:
        assert answer(rules, after) == MET


@given(sets(), known, scores)
def test_a_further_score_turns_met_into_not_met_only_where_it_says_so(rules, evidence, more):
    if answer(rules, evidence) != MET:
        return
    after = criteria.evaluate(rules, replace(evidence, scores=(*evidence.scores, more)), ON)
    if after.answer == NOT_MET:
        fallen = [f for f in after.findings if f.answer == NOT_MET and f.criterion.predictor == more.predictor]
        assert fallen
        assert more.on is not None
        assert all(criteria.day(more.on) in f.because for f in fallen)


@given(st.sampled_from(("OVP", "OGRS3", "CSRP", "ARP", "VRP")), figures, figures)
def test_a_band_says_nothing_that_the_figure_denies(predictor, figure, least):
    told = criteria.band_tells(predictor, band_of(predictor, figure), Decimal(least))
    assert told in (UNKNOWN, MET if Decimal(figure) >= Decimal(least) else NOT_MET)


@given(st.sampled_from(("OVP", "OGRS3", "CSRP")), figures, st.integers(1, 3))
def test_where_a_band_begins_the_band_tells_as_much_as_the_figure(predictor, figure, place):
    least = BANDS[predictor][place]
    expected = MET if Decimal(figure) >= least else NOT_MET
    assert criteria.band_tells(predictor, band_of(predictor, figure), least) == expected


@given(sets())
def test_rules_are_read_back_as_they_were_written(rules):
    assert criteria.read(rules.written()) == rules
    assert criteria.read(rules.written()).written() == rules.written()


@pytest.mark.parametrize(
    ("given_", "expected", "said"),
    [
        (ovp("60"), MET, "OVP 60, 27 October 2026"),
        (ovp("59.9"), NOT_MET, "OVP 59.9, 27 October 2026"),
        (ovp(band="High"), MET, "OVP band High, 27 October 2026"),
        (ovp(band="Medium"), NOT_MET, "OVP band Medium, 27 October 2026"),
        (ovp("60", back=365), MET, "OVP 60"),
        (ovp("60", back=366), UNKNOWN, "OVP from 25 November 2025, too old"),
        (ovp(), UNKNOWN, "OVP that you may not see"),
        (ovp("high"), UNKNOWN, "“high” is no figure"),
        (ovp("60", back=-1), UNKNOWN, "without a date that can be used"),
        (Evidence(scores=(Scored("OVP", None, "60"),)), UNKNOWN, "without a date that can be used"),
        (Evidence(scores=(Scored("OGRS3", ON, "90"),)), UNKNOWN, "nothing recorded that you may see"),
        (Evidence(), UNKNOWN, "nothing recorded that you may see"),
    ],
)
def test_a_score_at_its_bounds(given_, expected, said):
    [found] = criteria.evaluate(one(), given_, ON).findings
    assert found.answer == expected
    assert said in found.because


@pytest.mark.parametrize(("least", "expected"), [("30", MET), ("31", UNKNOWN), ("59", UNKNOWN), ("60", NOT_MET)])
def test_a_band_alone_tells_only_where_all_of_it_lies_on_one_side(least, expected):
    [found] = criteria.evaluate(one(least), ovp(band="Medium"), ON).findings
    assert found.answer == expected
    assert ("the band alone does not tell" in found.because) == (expected == UNKNOWN)


def test_the_latest_assessment_counts_and_its_figure_before_its_band():
    older, later = Scored("OVP", date(2026, 3, 1), "80"), Scored("OVP", date(2026, 9, 1), band="Medium")
    assert answer(one(), Evidence(scores=(older, later))) == NOT_MET
    assert answer(one("45"), Evidence(scores=(older, later))) == UNKNOWN
    assert answer(one("45"), Evidence(scores=(later, Scored("OVP", date(2026, 9, 1), "50")))) == MET


def test_two_scores_of_one_day_that_disagree_say_nothing():
    both = Evidence(scores=tuple(Scored("OVP", date(2026, 9, 1), value) for value in ("59", "61")))
    [found] = criteria.evaluate(one(), both, ON).findings
    assert found.answer == UNKNOWN
    assert "they do not agree" in found.because


@pytest.mark.parametrize(("level", "expected"), [("Medium", NOT_MET), ("High", MET), ("Very high", MET)])
def test_the_level_of_rosh_is_compared_as_a_level(level, expected):
    evidence = Evidence(scores=(Scored("RoSH", ON, band=level),))
    assert answer(one("High", "RoSH"), evidence) == expected
    assert answer(one("High", "RoSH"), Evidence(scores=(Scored("RoSH", ON, level),))) == expected


def test_a_predictor_without_bands_is_told_by_its_figure_alone():
    assert answer(one("34", "OGP"), Evidence(scores=(Scored("OGP", ON, band="Very high"),))) == UNKNOWN
    assert answer(one("34", "OGP"), Evidence(scores=(Scored("OGP", ON, "34"),))) == MET


def crime(text):
    return Choice(text, date(2026, 11, 1), "Housing")


def test_some_of_what_counts_is_enough_and_what_is_always_needed_is():
    robbery = Criterion(CRIME, False, among=("Robbery",))
    rules = Rules((Criterion(SCORE, True, "OVP", "60"), robbery, Criterion(COHORT, False, among=("Fixed",))), 1, 365)
    assert answer(rules, replace(ovp("60"), crimes=(crime("Robbery"),))) == MET
    assert answer(rules, replace(ovp("59"), crimes=(crime("Robbery"),))) == NOT_MET
    assert answer(rules, replace(ovp("60"), crimes=(crime("Other"),))) == UNKNOWN
    assert answer(replace(rules, needed=2), replace(ovp("60"), crimes=(crime("Other"),))) == NOT_MET


def test_the_bands_are_those_of_the_monthly_file():
    for predictor, bands in words.BANDS.items():
        assert [(int(least), level) for least, level in zip(BANDS[predictor], LEVELS, strict=True)] == [
            *reversed(bands)
        ]


CHOICES = {"predictor": ("OVP", "RoSH"), CRIME: CRIMES, COHORT: ("Fixed",)}


@pytest.mark.parametrize(
    ("rules", "parts"),
    [
        (Rules((), 0, 365), {""}),
        (one("x"), {"least_OVP"}),
        (one("101"), {"least_OVP"}),
        (one("NaN"), {"least_OVP"}),
        (one("60", "RoSH"), {"least_RoSH"}),
        (one("60", "OGRS3"), {"least_OGRS3"}),
        (one(oldest=0), {"oldest"}),
        (Rules((Criterion(CRIME, True, among=()),), 0, 365), {"crime"}),
        (Rules((Criterion(CRIME, True, among=("Arson",)),), 0, 365), {"crime"}),
        (Rules((Criterion(CRIME, False, among=CRIMES),), 0, 365), {"needed"}),
        (Rules((Criterion(CRIME, False, among=CRIMES),), 2, 365), {"needed"}),
        (Rules((Criterion(CRIME, False, among=CRIMES),), 1, 365), set()),
        (one("High", "RoSH"), set()),
    ],
)
def test_what_no_set_may_ask(rules, parts):
    assert set(criteria.problems(rules, CHOICES)) == parts


def test_a_set_reads_as_people_say_it():
    rules = Rules((Criterion(SCORE, True, "OVP", "60"), Criterion(CRIME, False, among=CRIMES)), 1, 365)
    assert criteria.in_sentences(rules) == (
        ("Risk of violent reoffending, OVP: 60 or more. Always needed.", ()),
        ("Priority crime: Burglary, Robbery or Knife carrying. Needed.", ()),
    )
    kept = criteria.kept_words("Criteria of Barnet", criteria.evaluate(rules, ovp(band="High"), ON))
    assert kept.splitlines()[0] == "Criteria of Barnet: not known."
    assert "met (OVP band High, 27 October 2026)" in kept
