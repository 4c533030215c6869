"""The plan by pathways, the day of release, the head of the case, home and paper: as pages, decided and logged."""

import re
import uuid
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import event, select

from portal.audit.tables import ENTRY
from portal.casework import notifying, today
from portal.db import now_micros
from portal.pages import pathways
from portal.sharing import visits, writing
from portal.sharing.days import day_at
from portal.sharing.looks import logged
from portal.sharing.reading import lists
from portal.sharing.tables import CaseFile
from tests import clock
from tests.installation import IDENTITY, World

RELEASE = {"state": "Arranged", "who": "Hal", "detail": "Elm Lodge from noon"}


class Team:
    """Probation, prison, housing, the trust and the police, on one case."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.jo = world.actor("probation", "practitioner", "Jo Smith")
        self.gov = world.actor("prisons", "practitioner", "Carl Gate")
        self.hal = world.actor("barnet_housing", "practitioner", "Hal Housing")
        self.nurse = world.actor("ntmh", "practitioner", "Nia Nurse")
        self.drugs = world.actor("barnet_recovery", "practitioner", "Dee Worker")
        self.nadia = world.actor("barnet_safety", "coordinator", "Nadia Keeper")
        self.all = (self.jo, self.gov, self.hal, self.nurse, self.drugs)
        self.case = world.case(assigned=self.all)

    def writes(self, actor, kind, label="", case=None, purpose="risk", **values):
        at = self.world
        visit = visits.begin(at.session, at.doors, actor, case or self.case, purpose, "", now_micros())
        suffix = f"@{label}" if label else ""
        typed = {f"{kind}.{name}{suffix}": text for name, text in values.items()}
        return writing.create(at.session, at.doors, actor, visit, kind, label, typed).record

    def held(self, days=8, actor=None, case=None, **more):
        on = (this_day() + timedelta(days=days)).isoformat()
        held = {"prison": "HMP Highpoint", "held_as": "Sentence", "since": "2026-06-02", "release_on": on, **more}
        return self.writes(actor or self.gov, "custody", case=case, **held)

    def bases(self):
        self.writes(self.nurse, "basis", "health_engagement", ground="Consent", given_on="2026-10-01")
        self.writes(self.drugs, "basis", "substance_engagement", ground="Consent", given_on="2026-10-01")
        self.writes(self.jo, "basis", "substance_engagement", ground="Consent", given_on="2026-10-01")


def this_day() -> date:
    return day_at(now_micros())


def opened(web, case, purpose="risk"):
    return web.post(f"/case/{case}", {"purpose": purpose, "reason": ""}).location


def last(world):
    world.session.rollback()
    return world.session.execute(select(ENTRY.c.operation).order_by(ENTRY.c.at.desc()).limit(1)).scalar_one()


def part_of(text, name, until):
    """The words of one section of a page."""
    return text.partition(name)[2].partition(until)[0]


@pytest.fixture
def team(world):
    return Team(world)


@pytest.fixture
def visit(web, team):
    """The address of a visit of Jo of probation."""
    web.sign_in(team.jo)
    return opened(web, team.case)


def test_the_eight_pathways_stand_in_order_and_an_empty_one_is_filled_with_one_click(web, team, visit):
    page = web.get(f"{visit}/plan").text
    names = re.findall(r"<section class=\"app-section\"[^>]*><h2>([^<]+)</h2>", page)
    assert names == [
        "Accommodation", "Alcohol", "Attitudes, thinking and behaviour", "Children and family", "Drugs",
        "Education, training and employment", "Finance", "Mental and physical health",
    ]  # fmt: skip
    assert "No goal that you may see." in part_of(web.text, "Accommodation", "Alcohol")
    assert "No goal that you may see." in part_of(web.text, "Attitudes, thinking and behaviour", "Children")
    [add] = re.findall(rf'href="({visit}/add/plan/behaviour\?pathway=attitudes-thinking-and-behaviour)"', page)
    form = web.get(add)
    assert re.search(r'value="Attitudes, thinking and behaviour" selected', form.text)
    sent = {
        "plan.pathway": "Attitudes, thinking and behaviour",
        "plan.goal": "Eight of ten sessions",
        "plan.spoc": "Jo",
    }
    answer = web.post(add, {**sent, "plan.status": "Under way", "once": str(uuid.uuid4())})
    assert answer.location == f"{visit}/plan"
    web.get(f"{visit}/plan")
    assert "Eight of ten sessions" in part_of(web.text, "Attitudes, thinking and behaviour", "Children and family")
    assert "Shared." in web.text or "shared" in web.text


def test_a_goal_says_who_how_far_and_what_is_late(web, team, visit):
    team.writes(
        team.hal, "plan", "housing", purpose="pathways", pathway="Accommodation", need="Nowhere to go", goal="A room",
        spoc="Hal Housing", due_on=(this_day() - timedelta(3)).isoformat(), status="Under way",
    )  # fmt: skip
    team.writes(team.hal, "plan", "housing", purpose="pathways", pathway="Accommodation", goal="Old", status="Stopped")
    web.get(f"{visit}/plan")
    words = part_of(web.text, "Accommodation", "Alcohol")
    assert words.index("A room") < words.index("Old"), "what is still to be reached comes first"
    assert "Overdue: 22 November 2026, 3 days ago" in words
    assert "Hal Housing, Housing" in words
    assert "last changed 25 November 2026" in words


def test_what_is_withheld_on_a_pathway_names_its_clause_and_shows_nothing(web, team):
    team.writes(team.nurse, "plan", "health_engagement", pathway="Mental and physical health", goal="Canary goal")
    web.sign_in(team.hal)
    web.get(f"{opened(web, team.case)}/plan")
    words = web.text.partition("Mental and physical health")[2]
    assert "Canary goal" not in web.text
    assert "No goal that you may see." in words
    assert "Read clause 5.42" in words
    web.sign_in(team.nurse)
    web.get(f"{opened(web, team.case)}/plan")
    assert "Canary goal" in web.text


def test_an_action_stands_on_the_pathway_it_is_about(web, team, visit):
    sent = {"task": "Ring Elm Lodge", "kind": "behaviour", "to": "me", "by": "7", "once": str(uuid.uuid4())}
    web.post(f"{visit}/action", sent)
    web.get(f"{visit}/plan")
    assert "Ring Elm Lodge" in part_of(web.text, "Attitudes, thinking and behaviour", "Children and family")


def test_the_plan_is_logged_before_it_is_shown_and_a_stranger_sees_none(web, team, visit, world):
    web.get(f"{visit}/plan")
    assert last(world) == "consultation"
    web.sign_in(world.actor("police", "practitioner", "Not On It"))
    for page in ("plan", "release", "plan/print"):
        assert web.get(f"{visit}/{page}").status_code == 404
        assert "Marlowe" not in web.text


def test_who_holds_somebody_and_when_they_come_out_stands_at_the_head(web, team, visit):
    web.get(visit)
    assert f'href="{visit}/release"' not in web.last.text
    team.held()
    page = web.get(visit).text
    assert "In custody at HMP Highpoint since 2 June 2026, release 3 December 2026 (in 8 days)" in web.text
    assert f'href="{visit}/release"' in page
    team.held(held_as="Recall", release_on="")
    web.get(visit)
    assert "Recalled, in custody at HMP Highpoint since 2 June 2026, no release date" in web.text
    team.held(released_on=this_day().isoformat())
    web.get(visit)
    assert "Released 25 November 2026 (today)" in web.text


def test_gaps_are_red_once_nothing_can_be_withheld(web, team, visit):
    team.held()
    team.writes(team.hal, "release_address", **RELEASE | {"state": "Not arranged"})
    web.get(f"{visit}/release")
    assert "Address for the first night Not arranged" in web.text
    assert "First appointment Nobody yet" in web.text
    assert "Prescription Not shown to you" in web.text, "without a basis nobody may say that there is none"
    assert "Read clause 5.42" in web.text
    assert "Still missing: address for the first night, first appointment and journey from the gate." in web.text
    team.bases()
    web.get(f"{visit}/release")
    assert "Prescription Nobody yet" in web.text


def test_whether_a_prescription_is_arranged_is_told_and_never_which(web, team, visit):
    team.held()
    told = {"state": "Arranged", "who": "Nia Nurse", "detail": "Canary 15 mg"}
    team.writes(team.nurse, "release_medicine", **told)
    for purpose in ("risk", "pathways"):
        web.get(f"{opened(web, team.case, purpose)}/release")
        assert "Nia Nurse" not in web.text
    team.bases()
    web.get(f"{visit}/release")
    words = part_of(web.text, "Prescription", "Journey from the gate")
    assert "Arranged" in words
    assert "Nia Nurse" in words
    assert "Canary" not in web.text
    assert "Read clause 6.10" in words
    web.sign_in(team.nurse)
    web.get(f"{opened(web, team.case)}/release")
    assert "Canary 15 mg" in web.text


def test_one_thing_is_filled_from_the_page_and_leads_back_to_it(web, team, visit):
    team.held()
    page = web.get(f"{visit}/release").text
    [add] = re.findall(rf'href="({visit}/add/release_travel)"', page)
    web.get(add)
    sent = {"release_travel.state": "Arranged", "release_travel.detail": "Met by Jo", "once": str(uuid.uuid4())}
    assert web.post(add, sent).location == f"{visit}/release"
    page = web.get(f"{visit}/release").text
    assert "Met by Jo" in page
    assert add not in page, "their record is changed, not written twice"
    [edit] = re.findall(rf'href="({visit}/record/[0-9a-f-]+/edit)"', page)
    web.get(edit)
    version = re.search(r'name="version" value="(\d+)"', web.last.text)[1]
    sent = {"release_travel.state": "Not arranged", "release_travel.detail": "Jo is off", "version": version}
    assert web.post(edit, sent).location == f"{visit}/release"
    web.get(f"{visit}/release")
    assert "Journey from the gate Not arranged" in web.text


def test_two_dates_are_named(web, team, visit):
    team.held()
    team.writes(team.jo, "sentence", release_on="2026-12-05")
    web.get(f"{visit}/release")
    assert "The sentence record says 5 December 2026. Ask probation which date holds." in web.text


def test_a_release_before_this_time_in_custody_is_no_other_date_for_it(web, team, visit):
    team.held()
    team.writes(team.jo, "sentence", release_on="2026-06-01")
    assert "Ask probation which date holds" not in web.get(f"{visit}/release").text


def test_home_tells_the_next_release_with_what_is_missing_first(web, team):
    team.held()
    team.writes(team.hal, "release_address", **RELEASE)
    for actor in (team.jo, team.hal, team.nadia):
        web.sign_in(actor)
        web.get("/")
        words = part_of(web.text, "Releases in the next 14 days", "All cases")
        assert "Dean Marlowe · 3 December 2026 , in 8 days · HMP Highpoint" in words, actor.party
        assert "First appointment: nobody is arranging it, and 1 more" in words, actor.party
    web.sign_in(team.world.actor("police", "practitioner", "Not On It"))
    assert "Releases in the next" not in web.get("/").text


def test_home_tells_no_release_that_no_clause_gives(web, team):
    """The date lies in the sentence alone, which housing does not read: the operating date tells it nothing."""
    team.writes(team.jo, "sentence", release_on=(this_day() + timedelta(5)).isoformat())
    web.sign_in(team.jo)
    assert "Releases in the next 14 days" in web.get("/").text
    web.sign_in(team.hal)
    assert "Releases in the next" not in web.get("/").text
    assert "30 November 2026" not in web.text


@pytest.mark.parametrize(("days", "told"), [(-1, False), (0, True), (14, True), (15, False)])
def test_home_looks_a_fortnight_ahead(web, team, days, told):
    team.held(days)
    web.sign_in(team.jo)
    assert ("Releases in the next 14 days" in web.get("/").text) == told


def test_a_release_that_has_happened_or_was_taken_back_is_no_longer_coming(team, world):
    team.held(3)
    world.session.rollback()
    assert world.session.scalars(select(CaseFile.release_due)).one() is not None
    team.held(3, released_on=this_day().isoformat())
    world.session.rollback()
    assert world.session.scalars(select(CaseFile.release_due)).one() is None


def test_twenty_releases_take_as_many_statements_as_two(team, world):
    def more(count):
        for _ in range(count):
            team.held(case=world.case(assigned=team.all))

    def asked():
        logged(world.session, world.doors, today.releases(world.session, world.doors, team.jo))
        heard.clear()
        found = logged(world.session, world.doors, today.releases(world.session, world.doors, team.jo))
        return len(found.lines), len(heard)

    heard: list[str] = []
    event.listen(world.engine, "before_cursor_execute", lambda *args: heard.append(args[2]))
    more(2)
    lines, few = asked()
    assert (lines, few > 0) == (2, True)
    more(18)
    assert asked() == (20, few)


def test_a_rag_says_since_when_it_is_to_be_reviewed(web, world):
    jo = world.actor("probation", "practitioner", "Jo Smith")
    rated = {"status": "Active", "rag": "Amber", "rag_reason": "Quiet", "rag_review_on": "2026-11-03"}
    case = world.case({**IDENTITY, "barnet_safety case": rated}, assigned=[jo])
    web.sign_in(jo)
    visit = opened(web, case)
    web.get(visit)
    assert "Amber, to be reviewed since 3 November 2026" in web.text
    web.get(f"{visit}/plan")
    assert "to be reviewed since 3 November 2026" in web.text
    web.post(f"{visit}/print", {"reason": "Panel"})
    assert "Rated Amber, to be reviewed since 3 November 2026." in web.text
    holds = world.case({**IDENTITY, "barnet_safety case": {**rated, "rag_review_on": "2026-11-25"}}, assigned=[jo])
    web.get(opened(web, holds))
    assert "to be reviewed since" not in web.text


def test_another_rag_is_news_to_the_people_on_the_case_and_another_status_is_not(web, team, world):
    def rated(actor):
        """How much is new to them, and what of it is told."""
        found = lists.my_cases(world.session, world.doors, actor)
        return sum(line.new for line in found.lines), [s.label_name for s in found.shared][:1]

    web.sign_in(team.jo)
    web.get(opened(web, team.case))
    team.writes(team.nadia, "case", purpose="selection", status="Active")
    assert rated(team.jo)[0] == 0
    with clock.ticking(clock.FIRST + timedelta(minutes=5)):
        team.writes(team.nadia, "case", purpose="selection", rag="Red", rag_reason="Recalled")
        assert rated(team.jo) == (1, ["Selection and RAG"])
        assert rated(team.hal)[1] == ["Selection and RAG"]
        assert rated(team.nadia) == (0, []), "whoever wrote it knows"
        bridges = world.actor("barnet_bridges", "practitioner", "Mentor")
        with world.doors.log.transaction(world.session):
            world.assign(team.case, bridges)
        assert rated(bridges) == (0, []), "the voluntary sector is given the status only"
        assert notifying._news(world.session, world.doors, team.jo, now_micros() - 10**9, now_micros())
        web.get("/")
        assert "Selection and RAG" in web.text
        web.get(opened(web, team.case))
        assert "Changed since your last visit" in web.text


def test_the_plan_on_paper_carries_marking_reason_and_gaps(web, team, visit, world):
    team.held()
    team.writes(team.hal, "plan", "housing", purpose="pathways", pathway="Accommodation", goal="A room", status="Met")
    web.get(f"{visit}/plan/print")
    assert "What do you need it for?" in web.text
    assert web.post(f"{visit}/plan/print", {"reason": " "}).status_code == 400
    web.post(f"{visit}/plan/print", {"reason": "Panel on Thursday"})
    assert "OFFICIAL-SENSITIVE" in web.text
    assert "Panel on Thursday" in web.text
    assert "A room" in web.text
    assert "Still missing: address for the first night" in web.text
    assert "/edit" not in web.last.text
    assert last(world) == "print"


def test_no_pathway_is_said_to_be_empty_while_a_goal_on_it_may_be_withheld(web, team):
    """A goal on one pathway may stand under the category of another, and be withheld with that."""
    team.writes(team.drugs, "plan", "behaviour", pathway="Accommodation", goal="Canary goal")
    web.sign_in(team.jo)
    visit = opened(web, team.case)
    for page in (web.get(f"{visit}/plan"), web.post(f"{visit}/plan/print", {"reason": "Panel"})):
        assert page.status_code == 200
        assert "Canary goal" not in web.text
        words = part_of(web.text, "Accommodation", "Alcohol")
        assert "No goal has been set" not in words
        assert "No goal that you may" in words


def test_a_pathway_is_empty_for_whoever_reads_every_goal_there_could_be():
    none = dict.fromkeys((("plan", label) for label in pathways.PATHWAYS.values()), ())
    part: Any = SimpleNamespace(of=lambda *_: (), writable=(), actions=(), withheld=none)
    assert all(p.whole for p in pathways.plan(part, this_day()))
    part.withheld = {**none, ("plan", "behaviour"): ("a group",)}
    assert not any(p.whole for p in pathways.plan(part, this_day()))


def test_nothing_is_missing_for_a_release_that_nobody_knows_of(web, team, visit):
    web.get(f"{visit}/release")
    assert "No custody or release date that you may see." in web.text
    assert "Still missing" not in web.text
    assert "app-late" not in web.last.text
    assert "govuk-tag--red" not in web.last.text
    assert "Say how it stands" in web.text
    team.held()
    web.get(f"{visit}/release")
    assert "Still missing" in web.text
    assert "govuk-tag--red" in web.last.text
