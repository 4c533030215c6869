"""The criteria of a borough, on both databases: who keeps them, and how they stand beside what people decide."""

import threading
import uuid
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.casework import (
    assessing,
    criteria_keeping,
    criteria_preview,
    criteria_sets,
    deciding,
    inbox,
    referrals,
)
from portal.casework.criteria import ADULTS, CRIME, MET, NOT_MET, SCORE, UNKNOWN, YOUTH, Criterion, Rules
from portal.casework.criteria_tables import CriteriaSet
from portal.db import now_micros
from portal.errors import Conflict, NotFound
from portal.sharing import visits
from portal.sharing.days import day_at
from portal.sharing.disclosure import Record, Value
from portal.sharing.doors import open_doors
from portal.sharing.fields import Invalid
from portal.sharing.reading import case as case_reading
from tests.installation import World
from tests.portal.casework.test_meetings import Panel, told

BARNET = "barnet-iom"
RULES = Rules((Criterion(SCORE, True, "OVP", "60"), Criterion(CRIME, False, among=("Robbery",))), 1, 365)
DEAN = {
    "probation person": {"surname": "Marlowe", "forename": "Dean", "date_of_birth": "1991-03-27"},
    "barnet_safety case": {"status": "Active", "priority_crime": "Robbery"},
    "probation score_band": {"predictor": "OVP", "band": "High", "assessed_on": "2026-09-01"},
    "probation score": {"predictor": "OVP", "version": "legacy, 2 years", "value": "63", "assessed_on": "2026-09-01"},
}


class Keeping:
    def __init__(self, world: World) -> None:
        self.world = world
        self.keeper = world.actor("barnet_safety", "coordinator", "Cora Coordinator")

    def today(self) -> Any:
        return day_at(self.world.doors.clock())

    def save(self, base: int = 0, rules: Rules = RULES, ahead: int = 0, who: Any = None, people: str = ADULTS) -> int:
        at = self.world
        on = self.today() + timedelta(days=ahead)
        return criteria_keeping.save(at.session, at.doors, who or self.keeper, BARNET, people, base, rules, on)

    def stands(self, case: uuid.UUID, who: Any, purpose: str = "selection") -> Any:
        """How they stand on the case as somebody reads it."""
        at = self.world
        visit = visits.begin(at.session, at.doors, who, case, purpose, "", at.doors.clock())
        d = case_reading.case(at.session, at.doors, who, visit)
        return d, assessing.of_case(at.session, BARNET, d, at.doors.clock())

    def preview(self, rules: Rules = RULES, page: int = 1) -> Any:
        at = self.world
        return criteria_preview.preview(at.session, at.doors, self.keeper, BARNET, ADULTS, rules, page)


@pytest.fixture
def keeping(either: World) -> Keeping:
    return Keeping(either)


def test_versions_follow_each_other_and_the_latest_that_has_begun_is_in_force(keeping: Keeping) -> None:
    session, today = keeping.world.session, keeping.today()
    assert keeping.save() == 1
    assert keeping.save(1, replace(RULES, oldest=90), ahead=10) == 2
    every = criteria_sets.versions(session, [BARNET])
    assert [(v.number, v.rules.oldest) for v in every] == [(2, 90), (1, 365)]
    for ahead, number in ((-1, None), (0, 1), (9, 1), (10, 2)):
        found = criteria_sets.in_force(every, today + timedelta(days=ahead)).get(ADULTS)
        assert (found.number if found else None) == number
    with pytest.raises(Invalid) as wrong:
        keeping.save(2, ahead=9)
    assert "before that of the latest version" in wrong.value.problems["starts"]
    with pytest.raises(Invalid) as wrong:
        keeping.save(0, ahead=-1, people=YOUTH)
    assert "in the past" in wrong.value.problems["starts"]


@pytest.mark.parametrize(("party", "role"), [("police", "chair"), ("barnet_housing", "practitioner")])
def test_nobody_else_keeps_them(keeping: Keeping, party: str, role: str) -> None:
    with pytest.raises(NotFound):
        keeping.save(who=keeping.world.actor(party, role))
    with pytest.raises(NotFound):
        keeping.save(people="everybody")
    assert keeping.world.session.scalar(select(func.count()).select_from(CriteriaSet)) == 0


def test_whoever_is_second_is_told_and_keeps_nothing_of_the_first_away(keeping: Keeping) -> None:
    keeping.save()
    with pytest.raises(Conflict):
        keeping.save(0, replace(RULES, oldest=1))
    with pytest.raises(Conflict):
        keeping.save(7)
    [only] = criteria_sets.versions(keeping.world.session, [BARNET])
    assert only.rules == RULES


def test_two_at_the_same_moment_make_one_version(keeping: Keeping) -> None:
    outcomes: list[str] = []
    at, barrier = keeping.world, threading.Barrier(2)

    def one(oldest: int) -> None:
        with Session(at.engine) as session:
            doors = open_doors(at.settings, session)
            barrier.wait()
            try:
                rules = replace(RULES, oldest=oldest)
                criteria_keeping.save(session, doors, keeping.keeper, BARNET, ADULTS, 0, rules, keeping.today())
                outcomes.append("kept")
            except Conflict:
                outcomes.append("told")

    threads = [threading.Thread(target=one, args=(n,)) for n in (10, 20)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(outcomes) == ["kept", "told"]


def test_a_number_that_was_taken_meanwhile_is_not_written_over(keeping: Keeping) -> None:
    keeping.save()
    with patch.object(criteria_keeping, "versions", lambda *_: []), pytest.raises(Conflict):
        keeping.save(0, replace(RULES, oldest=1))
    [only] = criteria_sets.versions(keeping.world.session, [BARNET])
    assert only.rules.oldest == 365


def test_each_reader_is_told_by_what_they_may_see(keeping: Keeping) -> None:
    keeping.save(rules=replace(RULES, criteria=(Criterion(SCORE, True, "OVP", "62"), RULES.criteria[1])))
    at = keeping.world
    police = at.actor("police", "practitioner", "Pat")
    nurse = at.actor("ntmh", "practitioner", "Nan")
    case = at.case(DEAN, assigned=[police, nurse])
    _, by_police = keeping.stands(case, police)
    assert by_police.answer == MET
    assert "OVP 63, 1 September 2026" in by_police.kept(True)
    _, by_keeper = keeping.stands(case, keeping.keeper)
    assert by_keeper.answer == UNKNOWN
    assert "OVP band High, 1 September 2026 – the band alone does not tell" in by_keeper.kept(True)
    assert "63" not in by_keeper.kept(True)
    _, by_nurse = keeping.stands(case, nurse)
    assert by_nurse.stood[0].outcome.findings[0].because == "nothing recorded that you may see"
    assert "High" not in by_nurse.kept(None)


def test_without_an_age_both_sets_are_shown_and_neither_is_met(keeping: Keeping) -> None:
    keeping.save()
    keeping.save(rules=Rules((Criterion(SCORE, True, "OVP", "80"),), 0, 365), people=YOUTH)
    bare = {**DEAN, "probation person": {"surname": "Marlowe"}}
    _, found = keeping.stands(keeping.world.case(bare), keeping.keeper)
    assert found.answer == UNKNOWN
    assert [s.outcome.answer for s in found.stood] == [MET, NOT_MET]
    assert found.note.endswith("The stricter for this person is that for people under 18.")


@pytest.mark.parametrize(("born", "expected"), [("2008-11-26", 0), ("2008-11-27", 1)])
def test_on_the_eighteenth_birthday_the_set_for_adults_applies(keeping: Keeping, born: str, expected: int) -> None:
    keeping.save()
    case = keeping.world.case({**DEAN, "probation person": {"surname": "Marlowe", "date_of_birth": born}})
    at = keeping.world
    on = assessing.standing(at.session, BARNET, keeping.today())
    d, _ = keeping.stands(case, keeping.keeper)
    known = assessing.evidence((r for s in d.sections for r in s.records), d.unseen)
    found = assessing.assess(on, "Barnet", known, date(2026, 11, 26))
    assert (found is None) == bool(expected)


def test_the_one_year_figure_is_not_the_one_that_counts(keeping: Keeping) -> None:
    keeping.save()
    at = keeping.world
    police = at.actor("police", "practitioner", "Pat")
    one_year = {"predictor": "OVP", "version": "legacy, 1 year", "value": "40", "assessed_on": "2026-09-01"}
    case = at.case({**DEAN, "probation score": one_year}, assigned=[police])
    _, found = keeping.stands(case, police)
    assert "OVP band High" in found.kept(None)


def test_a_preview_counts_by_what_the_keeper_may_see_and_names_whom_it_changes(keeping: Keeping) -> None:
    at = keeping.world
    keeping.save()
    for band in ("High", "Medium", "Low"):
        at.case({**DEAN, "probation score_band": {"predictor": "OVP", "band": band, "assessed_on": "2026-09-01"}})
    young = {**DEAN, "probation person": {"surname": "Young", "date_of_birth": "2010-01-01"}}
    at.case(young)
    at.case({"probation person": {"surname": "Bare", "date_of_birth": "1990-01-01"}})
    at.case({"probation person": {"surname": "Elsewhere"}}, agreement="brent-iom")
    looser = replace(RULES, criteria=(Criterion(SCORE, True, "OVP", "30"), RULES.criteria[1]))
    found = keeping.preview(looser)
    assert found.counts == {MET: 2, NOT_MET: 1, UNKNOWN: 1}
    assert (found.others, found.total, found.last) == (1, 5, 5)
    assert [(c.name, c.before, c.after) for c in found.changes] == [("Dean Marlowe", NOT_MET, MET)]
    assert criteria_sets.versions(at.session, [BARNET])[0].number == 1
    assert keeping.preview(looser, 2).last == 50
    assert keeping.preview(looser, 2).counts == {MET: 0, NOT_MET: 0, UNKNOWN: 0}


def operations(at: World) -> list[str]:
    from portal.audit import tables as audit_tables

    at.session.rollback()
    entry = audit_tables.ENTRY
    return list(at.session.execute(select(entry.c.operation).order_by(entry.c.at, entry.c.n)).scalars())


def test_how_they_stood_is_kept_with_the_decision_of_the_panel(either: World) -> None:
    keeping, panel = Keeping(either), Panel(either)
    keeping.save()
    keeping.save(rules=replace(RULES, oldest=9), people=YOUTH)
    panel.cases.append(either.case(DEAN, review_due=now_micros()))
    meeting = panel.plan()
    panel.join(panel.coordinator, meeting)
    case = panel.cases[-1]
    panel.decide(meeting, case, told(deciding.STAY))
    panel.decide(meeting, panel.cases[0], told(deciding.DESELECT, None))
    found = deciding.desk(either.session, either.doors, panel.coordinator, meeting, case)
    [kept] = found.disclosure.records("criteria")
    assert (kept.text("kept_with"), kept.text("answer")) == ("Panel decision: Stay on IOM", "Met")
    assert "OVP band High, 1 September 2026" in kept.text("stood")
    assert "63" not in kept.text("stood")
    assert "although" not in kept.text("stood")
    assert not kept.can_edit
    assert found.assessed is not None
    assert found.assessed.answer == MET


def test_a_decision_otherwise_says_so_and_who_may_not_know_the_band_does_not_read_it(either: World) -> None:
    keeping, panel = Keeping(either), Panel(either)
    keeping.save(rules=replace(RULES, criteria=(Criterion(SCORE, True, "OVP", "80"), RULES.criteria[1])))
    housing = either.actor("barnet_housing", "practitioner", "Holly")
    case = either.case(DEAN, review_due=now_micros(), assigned=[housing])
    meeting = panel.plan()
    panel.join(panel.coordinator, meeting)
    panel.decide(meeting, case, told(deciding.STAY))
    found = deciding.desk(either.session, either.doors, panel.coordinator, meeting, case).disclosure
    assert "Decided so although the criteria are not met" in found.first("criteria", "stood")
    d, _ = keeping.stands(case, housing)
    assert d.records("decision")
    assert not d.records("criteria")
    assert any("8.51" in (g.near or g.clause) for s in d.sections for g in s.withheld)


def test_how_they_stood_is_kept_with_each_answer_to_a_referral(either: World) -> None:
    keeping = Keeping(either)
    keeping.save()
    housing = either.actor("barnet_housing", "practitioner", "Holly")
    sent = []
    for surname in ("Harkness", "Imrie"):
        typed = {"person.surname": surname, "person.date_of_birth": "1991-03-27", "referral.reason": "Robbery"}
        typed["referral.priority_crime"] = "Burglary"
        sent.append(referrals.refer(either.session, either.doors, housing, BARNET, typed, uuid.uuid4()))
    found = inbox.assessed(either.session, either.doors, keeping.keeper, sent[0])
    assert found is not None
    assert [f.answer for f in found.stood[0].outcome.findings] == [UNKNOWN, UNKNOWN]
    inbox.answer(either.session, either.doors, keeping.keeper, sent[0], 1, "refused", "Lives in Brent")
    assert inbox.accept(either.session, either.doors, keeping.keeper, {sent[1]: 1}) == (1, 0)
    assert inbox.assessed(either.session, either.doors, keeping.keeper, sent[0]) is None
    kept = []
    for referral in sent:
        line, *_ = inbox.one(either.session, either.doors, keeping.keeper, referral)
        d, _ = keeping.stands(line.case, keeping.keeper)
        kept.append(d.first("criteria", "kept_with"))
        assert d.first("criteria", "answer") == "Not known"
    assert kept == ["Answer to a referral: Refused", "Answer to a referral: Accepted"]
    told_of, _, _ = referrals.one(either.session, either.doors, housing, sent[0])
    assert "OVP" not in str(told_of)


def test_a_refusal_although_they_are_met_says_so(either: World) -> None:
    keeping = Keeping(either)
    keeping.save(rules=Rules((Criterion(CRIME, True, among=("Burglary",)),), 0, 365))
    housing = either.actor("barnet_housing", "practitioner", "Holly")
    typed = {"person.surname": "Harkness", "person.date_of_birth": "1991-03-27", "referral.reason": "Burglary"}
    typed["referral.priority_crime"] = "Burglary"
    sent = referrals.refer(either.session, either.doors, housing, BARNET, typed, uuid.uuid4())
    inbox.answer(either.session, either.doors, keeping.keeper, sent, 1, "refused", "Lives in Brent")
    line, *_ = inbox.one(either.session, either.doors, keeping.keeper, sent)
    d, _ = keeping.stands(line.case, keeping.keeper)
    assert "Decided so although the criteria are met" in d.first("criteria", "stood")


def test_where_a_borough_has_no_criteria_nothing_is_opened_or_kept(either: World) -> None:
    keeping = Keeping(either)
    housing = either.actor("barnet_housing", "practitioner", "Holly")
    typed = {"person.surname": "Harkness", "person.date_of_birth": "1991-03-27", "referral.reason": "Robbery"}
    typed["referral.priority_crime"] = "Burglary"
    sent = referrals.refer(either.session, either.doors, housing, BARNET, typed, uuid.uuid4())
    before = len(operations(either))
    assert inbox.assessed(either.session, either.doors, keeping.keeper, sent) is None
    assert len(operations(either)) == before


def test_a_change_is_logged_and_names_nobody(keeping: Keeping) -> None:
    keeping.save()
    assert operations(keeping.world)[-1] == "criteria-changed"


def test_what_was_recorded_in_the_first_hour_of_a_summer_day_is_of_that_day() -> None:
    """In UTC it is still the evening before."""
    value = Value("case.cohort", "Cohort", "Fixed", "choice", False)
    record = Record(
        id=uuid.uuid4(), kind="case", kind_name="Case", label="", label_name="", owner="barnet_safety",
        owner_name="Community Safety", at=datetime(2026, 6, 1, tzinfo=UTC), version=1,
        changed_at=datetime(2026, 6, 30, 23, 30, tzinfo=UTC), made_as_youth=False, can_edit=False, can_copy=False,
        values=(value,),
    )  # fmt: skip
    assert [c.on for c in assessing.evidence([record], frozenset()).cohorts] == [date(2026, 7, 1)]
