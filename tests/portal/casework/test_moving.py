"""Where a case stands: custody, recall, suspension, supervision; what makes no sense, two at once, who is told."""

import uuid
from typing import Any

import pytest
from sqlalchemy import select, update

from portal.auth.actor import Actor
from portal.casework import moving, notifying
from portal.db import new_id, now_micros
from portal.errors import Conflict, NotFound, Refused
from portal.pages.face import Face, face
from portal.sharing import cases, moves, visits, writing
from portal.sharing.days import day_at
from portal.sharing.fields import Invalid
from portal.sharing.reading import case as case_reading
from portal.sharing.reading import fresh, lists
from portal.sharing.reading.reach import within_reach
from portal.sharing.tables import CaseFile, RecordRow
from tests.installation import IDENTITY, World

SINCE, WHY = "2026-11-20", "Arrested on Friday, refused bail."


class Team:
    """Probation, the prison, police, housing and the coordinator, on one case."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.jo = world.actor("probation", "practitioner", "Jo Smith")
        self.gov = world.actor("prisons", "practitioner", "Carl Gate")
        self.pat = world.actor("police", "practitioner", "Pat Police")
        self.hal = world.actor("barnet_housing", "practitioner", "Hal Housing")
        self.mentor = world.actor("barnet_bridges", "practitioner", "Moe Mentor")
        self.nadia = world.actor("barnet_safety", "coordinator", "Nadia Keeper")
        self.case = world.case(assigned=[self.jo, self.gov, self.pat, self.hal, self.mentor])

    def visit(self, actor: Actor, purpose: str = "risk", case: uuid.UUID | None = None) -> uuid.UUID:
        at = self.world
        return visits.begin(at.session, at.doors, actor, case or self.case, purpose, "", now_micros())

    def desk(self, actor: Actor) -> moving.Desk:
        return moving.desk(self.world.session, self.world.doors, actor, self.visit(actor))

    def moves(self, actor: Actor, code: str, since: str = SINCE, seen: str | None = None, **more: Any):
        at, once = self.world, more.pop("once", None)
        typed = {"since": since, "reason": WHY, **more}
        stamp = self.desk(actor).seen if seen is None else seen
        return moving.move(at.session, at.doors, actor, self.visit(actor), code, typed, stamp, once)

    def face(self, actor: Actor, purpose: str = "risk") -> Face:
        at = self.world
        shown = case_reading.case(at.session, at.doors, actor, self.visit(actor, purpose))
        return face(shown, day_at(now_micros()))

    def records(self, kind: str) -> list[RecordRow]:
        self.world.session.rollback()
        of_case = (RecordRow.case == self.case, RecordRow.kind == kind)
        return list(self.world.session.scalars(select(RecordRow).where(*of_case)))

    def file(self) -> CaseFile:
        self.world.session.rollback()
        return self.world.session.scalars(select(CaseFile).where(CaseFile.id == self.case)).one()

    def status(self, actor: Actor) -> str:
        found = lists.my_cases(self.world.session, self.world.doors, actor)
        return next(line.status for line in found.lines if line.case == self.case)


@pytest.fixture
def team(world: World) -> Team:
    return Team(world)


def wrong(team: Team, *given: Any, **more: Any) -> dict[str, str]:
    before = len(team.records("move"))
    with pytest.raises(Invalid) as found:
        team.moves(*given, **more)
    assert len(team.records("move")) == before
    return dict(found.value.problems)


def test_from_remand_to_the_community_and_back_on_recall(team: Team) -> None:
    team.moves(team.jo, "remand", where="HMP Pentonville", release_on="2026-12-03")
    assert (team.face(team.pat).status, team.status(team.pat)) == ("In custody", "In custody")
    assert team.face(team.pat).custody.startswith("On remand at HMP Pentonville since 20 November 2026, release 3 Dec")
    assert len(team.records("custody")) == 1, "probation's own record of custody is in step"
    assert team.file().release_due is not None, "home awaits the day of release"
    team.moves(team.jo, "sentence", "2026-11-22", where="HMP Highpoint")
    assert team.face(team.pat).custody.startswith("In custody at HMP Highpoint since 22 November 2026")
    team.moves(team.jo, "community", "2026-11-23")
    assert (team.face(team.pat).status, team.status(team.pat)) == ("Active", "Active")
    assert team.face(team.pat).custody == "Back in the community since 23 November 2026 (2 days ago)"
    assert (team.file().release_due, len(team.records("custody"))) == (None, 1)
    team.moves(team.gov, "recall", "2026-11-24", review_on="2026-12-08")
    assert team.face(team.pat).custody.startswith("Recalled, in custody since 24 November 2026, no release date")
    assert ("Review of the recall", "2026-12-08") in [
        (n.label, n.on.isoformat()) for n in team.face(team.pat).next_dates
    ]
    assert day_at(team.file().review_due or 0).isoformat() == "2026-12-08", "the panel's agenda has it by then"
    assert len(team.records("custody")) == 2, "the prison begins a record of its own"


def test_what_makes_no_sense_is_refused_in_words(team: Team) -> None:
    assert "community already" in wrong(team, team.jo, "community")[""]
    assert "not suspended" in wrong(team, team.nadia, "resumed")[""]
    assert set(wrong(team, team.jo, "remand", since="", reason=" ")) == {"since", "reason"}
    assert "future" in wrong(team, team.jo, "remand", since="2026-11-26")["since"]
    assert "past" in wrong(team, team.jo, "recall", review_on="2026-11-01")["review_on"]
    team.moves(team.jo, "sentence")
    assert "serving a sentence" in wrong(team, team.jo, "remand")[""]
    assert "cannot be recalled" in wrong(team, team.jo, "recall")[""]
    assert "Already recorded" in wrong(team, team.gov, "sentence")[""]
    assert "Probation Reset" in wrong(team, team.jo, "reset", then="The partnership goes on")[""]
    assert "before 20 November 2026" in wrong(team, team.jo, "community", since="2026-11-19")["since"]


def test_nobody_is_suspended_who_was_not_taken_on(team: Team) -> None:
    for status, works in (("Referred", False), ("Selected", True)):
        team.case = team.world.case({**IDENTITY, "barnet_safety case": {"status": status}})
        if works:
            team.moves(team.nadia, "suspended")
        else:
            assert "taken on" in wrong(team, team.nadia, "suspended")[""]


def test_only_who_keeps_the_list_suspends_and_the_status_follows(team: Team) -> None:
    for who in (team.jo, team.gov):
        assert moves.SUSPENDED not in {s.code for s, _ in team.desk(who).steps}
        with pytest.raises(NotFound):
            team.moves(who, "suspended")
    team.moves(team.nadia, "suspended", review_on="2026-12-20")
    assert (team.face(team.hal).status, team.face(team.mentor, "pathways").status) == ("Suspended", "Suspended")
    team.moves(team.jo, "remand", "2026-11-21")
    assert team.face(team.jo).status == "In custody"
    assert team.face(team.jo).more == ("Suspended since 20 November 2026",)
    team.moves(team.nadia, "resumed", "2026-11-22")
    assert (team.face(team.jo).status, team.file().state) == ("In custody", "open")


@pytest.mark.parametrize(("then", "asked"), [("The panel is asked", True), ("The partnership goes on", False)])
def test_probation_reset_says_what_then_and_asks_the_panel(team: Team, then: str, asked: bool) -> None:
    assert "what then" in wrong(team, team.jo, "reset")["then"]
    with pytest.raises(NotFound):
        team.moves(team.gov, "reset", then=then)
    team.moves(team.jo, "reset", then=then)
    assert team.face(team.pat).more == ("Probation Reset since 20 November 2026",)
    due = team.file().review_due
    assert (due is not None and day_at(due) == day_at(now_micros())) == asked
    team.moves(team.jo, "voluntary", "2026-11-24")
    assert team.face(team.pat).more == ("Voluntary, without supervision since 24 November 2026",)


@pytest.mark.parametrize("who", ["hal", "mentor", "pat"])
def test_who_owns_no_such_record_changes_nothing(team: Team, who: str) -> None:
    with pytest.raises(NotFound):
        team.desk(getattr(team, who))
    with pytest.raises((NotFound, Refused)):
        team.moves(getattr(team, who), "remand", seen="0")
    assert team.records("move") == []


def test_with_anothers_visit_nothing_is_changed_and_the_attempt_is_logged(team: Team) -> None:
    """The twin: with a visit of their own the same form is kept."""
    at, typed = team.world, {"since": SINCE, "reason": WHY}
    theirs, stamp = team.visit(team.jo), team.desk(team.gov).seen
    with pytest.raises(NotFound) as refused:
        moving.move(at.session, at.doors, team.gov, theirs, "remand", typed, stamp)
    assert refused.value.reference, "the entry that was logged"
    assert team.records("move") == []
    moving.move(at.session, at.doors, team.gov, team.visit(team.gov), "remand", typed, stamp)
    assert len(team.records("move")) == 1


def test_the_general_form_makes_no_change_and_corrects_the_reason_alone(team: Team) -> None:
    at, made = team.world, team.moves(team.jo, "remand").record
    typed = {"move.to@release": "Back in the community", "move.since@release": SINCE}
    with pytest.raises(NotFound):
        writing.create(at.session, at.doors, team.jo, team.visit(team.jo), "move", "release", typed)
    typed = {"move.to@release": "Back in the community", "move.reason@release": "Bail refused twice."}
    writing.edit(at.session, at.doors, team.jo, team.visit(team.jo), made, 1, typed)
    found = team.desk(team.jo)
    assert (found.stand.place.code, found.told[0].text("reason")) == ("remand", "Bail refused twice.")
    [own] = team.records("case")
    with pytest.raises(Invalid) as refused:
        writing.edit(
            at.session, at.doors, team.nadia, team.visit(team.nadia), own.id, own.version, {"case.status": "Suspended"}
        )
    assert "Change where the case stands" in refused.value.problems["case.status"]


def test_of_two_at_once_the_second_is_told_and_the_same_form_twice_is_one(team: Team, monkeypatch: Any) -> None:
    once, stamp = new_id(), team.desk(team.jo).seen
    first = team.moves(team.jo, "remand", seen=stamp, once=once)
    again = team.moves(team.jo, "remand", seen=stamp, once=once)
    assert (again.record, again.receipt) == (first.record, None)
    with pytest.raises(Conflict):
        team.moves(team.gov, "recall", seen=stamp)
    plan = moving._in_step

    def meanwhile(*given: Any) -> Any:
        found = plan(*given)
        monkeypatch.setattr(moving, "_in_step", plan)
        team.moves(team.gov, "community", "2026-11-21")
        return found

    monkeypatch.setattr(moving, "_in_step", meanwhile)
    with pytest.raises(Conflict):
        team.moves(team.jo, "sentence", "2026-11-22")
    assert [len(team.records("move")), team.desk(team.jo).stand.place.code] == [2, "community"]


def test_those_on_the_case_are_told_that_something_changed_and_nobody_what(team: Team) -> None:
    at = team.world
    before = now_micros()
    team.moves(team.jo, "remand", where="HMP Pentonville")
    found = lists.my_cases(at.session, at.doors, team.pat)
    assert [(s.label_name, s.owner_name) for s in found.shared] == [("Custody and the day of release", "Probation")]
    told = {}
    for who in (team.pat, team.mentor, team.jo):
        seen = lists.sights_at(
            at.session, at.doors, who, within_reach(at.session, at.doors, who, before), "risk", before
        )
        told[who.party] = len(fresh.updates(at.session, who, seen, list(seen), before - 1))
    assert told == {"police": 1, "barnet_bridges": told["barnet_bridges"], "probation": 0}
    assert notifying._for(at.session, at.doors, team.pat, before, now_micros())
    assert not notifying._for(at.session, at.doors, team.jo, before, now_micros())


def test_a_change_is_logged_with_who_may_read_it_and_stays_after_deselection(team: Team) -> None:
    team.moves(team.nadia, "suspended")
    at = team.world
    with at.doors.log.transaction(at.session):
        at.session.execute(update(CaseFile).where(CaseFile.id == team.case).values(state="deselected"))
    shown = case_reading.case(at.session, at.doors, team.pat, team.visit(team.pat, "deselection"))
    assert [r.text("to") for r in shown.records("move")] == ["Suspended"]
    for purpose in ("risk", "deselection"):
        with pytest.raises(NotFound):
            moving.desk(at.session, at.doors, team.nadia, team.visit(team.nadia, purpose))


def test_a_later_record_of_custody_counts_and_an_older_one_does_not(team: Team) -> None:
    """The prison corrects a release date after probation recorded that somebody is out: they stay out."""
    at = team.world
    typed = {"custody.held_as": "Remand", "custody.since": "2026-11-01", "custody.prison": "HMP Pentonville"}
    visit = team.visit(team.gov)
    made = writing.create(at.session, at.doors, team.gov, visit, "custody", "", typed)
    assert team.desk(team.jo).stand.place.code == "remand"
    team.moves(team.jo, "community", "2026-11-20")
    writing.edit(at.session, at.doors, team.gov, visit, made.record, 1, {"custody.release_on": "2026-12-24"})
    assert team.desk(team.jo).stand.place.code == "community"


def typed_by_hand(team: Team, who: Actor, **more: str) -> uuid.UUID:
    at, typed = team.world, {f"custody.{name}": text for name, text in more.items()}
    return writing.create(at.session, at.doors, who, team.visit(who), "custody", "", typed).record


def test_custody_typed_by_hand_is_in_lists_as_it_is_on_the_case(team: Team) -> None:
    assert team.status(team.pat) == team.face(team.pat).status == "Active"
    made = typed_by_hand(team, team.gov, held_as="Remand", since="2026-11-01")
    assert team.status(team.pat) == team.face(team.pat).status == "In custody"
    at = team.world
    typed = {"custody.released_on": "2026-11-20"}
    writing.edit(at.session, at.doors, team.gov, team.visit(team.gov), made, 1, typed)
    assert team.status(team.pat) == team.face(team.pat).status == "Active"


def test_a_recall_says_since_when_where_a_record_of_custody_was_left_open(team: Team) -> None:
    at = team.world
    made = typed_by_hand(team, team.jo, held_as="Sentence", since="2026-01-10")
    team.moves(team.gov, "community", "2026-11-01")
    team.moves(team.jo, "recall", "2026-11-20")
    shown = case_reading.case(at.session, at.doors, team.jo, team.visit(team.jo))
    [own] = [r for r in shown.records("custody") if r.id == made]
    assert (own.text("held_as"), own.text("since")) == ("Recall", "2026-11-20")
    team.moves(team.jo, "sentence", "2026-11-22")
    shown = case_reading.case(at.session, at.doors, team.jo, team.visit(team.jo))
    assert [r.text("since") for r in shown.records("custody") if r.id == made] == ["2026-11-20"], "held all the while"


def test_the_record_of_a_release_corrected_on_the_day_of_recall_does_not_win_over_it(team: Team) -> None:
    at = team.world
    made = typed_by_hand(team, team.gov, held_as="Sentence", since="2026-01-10", released_on="2026-11-20")
    team.moves(team.jo, "recall", "2026-11-20")
    writing.edit(at.session, at.doors, team.gov, team.visit(team.gov), made, 1, {"custody.prison": "HMP Highpoint"})
    assert team.desk(team.jo).stand.place.code == "recall"
    assert team.status(team.pat) == "In custody"
    team.moves(team.jo, "community", "2026-11-20")
    assert team.desk(team.jo).stand.place.code == "community", "out again on the same day"


def test_neither_another_box_nor_an_empty_reason_goes_round_a_change(team: Team) -> None:
    at, made = team.world, team.moves(team.jo, "remand").record
    [own], visit = team.records("case"), team.visit(team.nadia)
    with pytest.raises(Invalid):
        writing.create(at.session, at.doors, team.nadia, visit, "case", "", {"case.status": "Suspended"})
    with pytest.raises(Invalid):
        writing.edit(at.session, at.doors, team.nadia, visit, own.id, own.version, {"case.status": "Suspended "})
    with pytest.raises(Invalid) as empty:
        writing.edit(at.session, at.doors, team.jo, team.visit(team.jo), made, 1, {"move.reason@release": " "})
    assert "without its reason" in empty.value.problems["move.reason@release"]
    assert len(team.records("case")) == 1


def test_nobody_is_out_or_in_from_a_day_to_come(team: Team) -> None:
    at, visit = team.world, team.visit(team.gov)
    for typed in ({"custody.since": "2026-11-26"}, {"custody.since": SINCE, "custody.released_on": "2026-12-03"}):
        with pytest.raises(Invalid) as refused:
            writing.create(at.session, at.doors, team.gov, visit, "custody", "", {"custody.held_as": "Remand", **typed})
        assert "today or in the past" in str(list(refused.value.problems.values()))
    planned = {"custody.held_as": "Remand", "custody.since": SINCE, "custody.release_on": "2026-12-03"}
    writing.create(at.session, at.doors, team.gov, visit, "custody", "", planned)
    assert team.desk(team.jo).stand.place.code == "remand"


def test_a_case_that_is_deselected_meanwhile_takes_no_change(team: Team, monkeypatch: Any) -> None:
    at, plan = team.world, moving._in_step

    def meanwhile(*given: Any) -> Any:
        found = plan(*given)
        with at.doors.log.transaction(at.session) as tx:
            cases.steer(tx.session, team.case, {"case.status": "De-selected"}, now_micros())
        return found

    monkeypatch.setattr(moving, "_in_step", meanwhile)
    with pytest.raises(NotFound):
        team.moves(team.jo, "recall", review_on="2026-12-08")
    assert (team.records("move"), team.file().review_due) == ([], None)
