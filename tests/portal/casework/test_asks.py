"""Asking an owner to see more: one person, one case, one field, until a day; and nobody and nothing else."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest.mock import patch

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from portal.audit import reading as log_reading
from portal.audit.reading import Filters
from portal.auth import people
from portal.auth.tables import CapacityGrant
from portal.casework import asks
from portal.db import DAY, new_id, now_micros
from portal.errors import Conflict, NotFound, Refused
from portal.sharing import absences, asking, cases, granting, writing
from portal.sharing import asks as rows
from portal.sharing.ask_tables import AskRow
from portal.sharing.asks import ENDED, GRANTED, REFUSED, REVOKED, WAITING
from portal.sharing.doors import open_doors
from portal.sharing.fields import Invalid
from portal.sharing.granting import Answer
from portal.sharing.logbook import words
from portal.sharing.reading import asks as reading
from portal.sharing.reading import case as case_reading
from portal.sharing.reading import lists
from portal.sharing.tables import Assignment, RecordRow
from tests.installation import World
from tests.portal.casework.asking import HAPPENED, NEED, RECORDS, UPDATE, Asking, today


@pytest.fixture
def here(world: World) -> Asking:
    return Asking(world)


def change(here: Asking, statement) -> None:
    with here.world.doors.log.transaction(here.world.session) as tx:
        tx.session.execute(statement)


# ---- What is granted, and what is not


def test_a_field_is_seen_once_it_is_granted_and_not_before(here: Asking) -> None:
    assert here.sees(here.pat) == set()
    request = here.asks()
    assert here.sees(here.pat) == set(), "asking opens nothing"
    here.grants(request)
    assert here.sees(here.pat) == {NEED}


def test_other_fields_of_the_same_record_do_not_open(here: Asking) -> None:
    here.grants(here.asks(here.pat, UPDATE, HAPPENED), UPDATE)
    assert here.sees(here.pat) == {UPDATE}


def test_a_colleague_sees_nothing_of_it(here: Asking) -> None:
    here.grants(here.asks())
    assert here.sees(here.kim) == set()
    assert here.told(here.kim) == []


def test_the_same_person_in_another_capacity_sees_nothing_of_it(here: Asking) -> None:
    request = here.asks()
    here.grants(request)
    change(here, update(AskRow).values(capacity=here.kim.capacity))
    assert here.sees(here.pat) == set()
    assert here.sees(here.kim) == set(), "a capacity without its person is nobody"


def test_another_case_does_not_open(here: Asking) -> None:
    other = here.world.case(RECORDS, assigned=here.staff)
    here.grants(here.asks())
    assert here.sees(here.pat, other) == set()


def test_another_purpose_does_not_open(here: Asking) -> None:
    here.grants(here.asks())
    assert here.sees(here.pat, purpose="pathways") == {NEED}
    assert here.sees(here.pat, purpose="enforcement") == set(), "no clause gives it for that"


def test_without_a_basis_a_grant_shows_nothing_yet(world: World) -> None:
    here = Asking(world, {k: v for k, v in RECORDS.items() if "basis" not in k})
    request = here.asks()
    here.grants(request)
    assert here.sees(here.pat) == set()
    [part] = asks.put(world.session, world.doors, here.spoc).lines[0].parts
    assert (part.based, part.readable) == (False, True)


def test_it_ends_with_its_last_day(here: Asking) -> None:
    request = here.asks()
    here.grants(request, days=0)
    assert here.sees(here.pat) == {NEED}
    change(here, update(AskRow).values(ends=now_micros()))
    assert here.sees(here.pat) == set()
    assert here.told(here.pat) == [("Relevant health risk or need", ENDED, "")]


def test_it_ends_at_once_when_it_is_taken_back(here: Asking) -> None:
    request = here.asks()
    here.grants(request)
    here.takes_back(request)
    assert here.sees(here.pat) == set()
    assert here.told(here.pat)[0][1] == REVOKED
    with pytest.raises(Conflict):
        here.takes_back(request)


def test_it_ends_with_leaving_the_case_and_does_not_come_back(here: Asking) -> None:
    here.grants(here.asks())
    change(here, update(Assignment).where(Assignment.user == here.pat.user).values(ends=now_micros()))
    with here.world.doors.log.transaction(here.world.session):
        here.world.assign(here.case, here.pat)
    assert here.sees(here.pat) == set()
    assert here.told(here.pat)[0][1] == ENDED


def test_it_ends_with_the_case_and_does_not_come_back(here: Asking) -> None:
    granted, waiting = here.asks(), here.asks(here.kim)
    here.grants(granted)
    for status in ("De-selected", "Active"):
        with here.world.doors.log.transaction(here.world.session):
            cases.steer(here.world.session, here.case, {"case.status": status}, now_micros())
    assert here.sees(here.pat) == set()
    assert {r.state for r in here.rows()} == {ENDED}
    with pytest.raises(Conflict):
        here.grants(waiting)


def test_a_request_whose_asker_left_is_not_answered(here: Asking) -> None:
    request = here.asks()
    change(here, update(Assignment).where(Assignment.user == here.pat.user).values(ends=now_micros()))
    assert asks.waiting(here.world.session, here.world.doors, here.spoc) == (0, 0)
    with pytest.raises(Conflict):
        here.grants(request)


def test_a_request_of_a_leaver_waits_for_nobody_and_one_of_somebody_away_does(either: World) -> None:
    here, at = Asking(either), either
    granted, waiting = here.asks(), here.asks(here.kim)
    here.grants(granted)
    admin, now = at.actor("police", "admin", "Al Admin"), now_micros()
    absences.record(at.session, at.doors, admin, here.kim.user, now, now + DAY)
    assert asks.waiting(at.session, at.doors, here.spoc) == (1, 1)
    for who in (here.pat, here.kim):
        with at.doors.log.transaction(at.session) as tx:
            people.leaver(tx, admin, who.user, now_micros())
    assert asks.waiting(at.session, at.doors, here.spoc) == (0, 0)
    assert rows.granted_on(at.session, here.case, now_micros()) == [], "nor does a preview name them"
    with pytest.raises(Conflict):
        here.grants(waiting)


def test_of_two_forms_at_once_one_asks(either: World) -> None:
    """Else both are granted, and the one that nobody takes back goes on showing it."""
    here, at = Asking(either), either
    visit, together = here.visit(here.pat), threading.Barrier(2, timeout=60)
    at.session.rollback()
    real = asking.reason_of

    def checked(*given):
        together.wait()
        return real(*given)

    def send(_: int) -> str:
        with Session(at.engine, expire_on_commit=False) as session:
            doors = open_doors(at.settings, session)
            try:
                asks.ask(session, doors, here.pat, visit, {asks.value("ntmh", NEED)}, "Friday", 7, new_id())
            except Invalid as wrong:
                return wrong.problems["what"]
        return "sent"

    with patch.object(asking, "reason_of", checked), ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(send, range(2))) == [asking.ALREADY, "sent"]
    assert len(here.rows()) == 1


def test_what_was_granted_long_ago_hides_nothing_that_waits(here: Asking) -> None:
    here.grants(here.asks(here.kim))
    row = {c.name: getattr(here.rows()[0], c.name) for c in AskRow.__table__.columns}
    change(here, insert(AskRow).values([{**row, "id": new_id()} for _ in range(250)]))
    here.asks(here.pat)
    assert asks.waiting(here.world.session, here.world.doors, here.spoc)[0] == 1
    assert asks.put(here.world.session, here.world.doors, here.spoc).lines[0].asker == "Pat Police"


def test_a_capacity_that_was_ended_asks_nothing(here: Asking) -> None:
    visit = here.visit(here.pat)
    change(here, update(CapacityGrant).where(CapacityGrant.id == here.pat.capacity).values(ended_at=now_micros()))
    at = here.world
    with pytest.raises(NotFound):
        asks.ask(at.session, at.doors, here.pat, visit, {asks.value("ntmh", NEED)}, "Why", 7, new_id())


# ---- Asking


@pytest.mark.parametrize("field", ["health.diagnosis", "health_engagement.engaging", "basis.note@health_need"])
def test_what_no_clause_gives_on_request_is_refused_with_the_clause(here: Asking, field: str) -> None:
    with pytest.raises(Refused) as refused:
        here.asks(here.pat, field)
    assert "not given on request" in refused.value.words
    assert here.rows() == []


@pytest.mark.parametrize(
    ("owner", "field"),
    [
        ("police", "marac.flag"),
        ("police", "intelligence.text"),
        ("probation", "victim.note"),
        ("ntmh", "reply.reason"),
        ("ntmh", "no.such"),
        ("police", NEED),
        ("x", NEED),
    ],
)
def test_what_is_silent_or_none_looks_missing(here: Asking, owner: str, field: str) -> None:
    """Silent, whether one may read it or not; no field of that owner; no owner at all."""
    with pytest.raises(NotFound):
        here.asks(here.pat, field, owner=owner)
    assert here.rows() == []


def test_nobody_asks_on_a_case_that_they_may_not_open(here: Asking) -> None:
    other = here.world.case(RECORDS, assigned=[here.kim])
    with pytest.raises(NotFound):
        here.asks(case=other)


@pytest.mark.parametrize("party", ["dwp", "prisons", "barnet_bridges", "barnet_recovery"])
def test_whoever_may_write_no_request_is_offered_none(here: Asking, party: str) -> None:
    actor = here.world.actor(party, "practitioner")
    case = here.world.case(RECORDS, assigned=[actor])
    shown = case_reading.case(here.world.session, here.world.doors, actor, here.visit(actor, case))
    assert not any(g.may_ask for s in shown.sections for g in s.withheld)
    with pytest.raises((NotFound, Refused)):
        here.asks(actor, case=case)


def test_the_page_offers_it_where_only_a_request_or_a_basis_lacks(here: Asking) -> None:
    def offered(purpose: str) -> set[str]:
        at = here.world
        shown = case_reading.case(at.session, at.doors, here.pat, here.visit(here.pat, purpose=purpose))
        return {s.id for s in shown.sections for g in s.withheld if g.may_ask}

    assert offered("risk") == {"health_need", "substance_need"}
    assert offered("enforcement") == set(), "another purpose lacks too"


@pytest.mark.parametrize(
    ("more", "part"),
    [
        ({"why": " "}, "why"),
        ({"why": "x" * 20_001}, "why"),
        ({"days": 0}, "days"),
        ({"days": 29}, "days"),
    ],
)
def test_what_is_wrong_is_named(here: Asking, more: dict[str, Any], part: str) -> None:
    with pytest.raises(Invalid) as wrong:
        here.asks(**more)
    assert set(wrong.value.problems) == {part}
    assert here.rows() == []


def test_the_same_form_twice_is_one_request_and_asking_again_is_told(here: Asking) -> None:
    once = new_id()
    here.asks(once=once)
    with pytest.raises(Invalid):
        here.asks(once=once)
    with pytest.raises(Invalid):
        here.asks()
    assert len(here.rows()) == 1
    here.refuses(here.rows()[0].request)
    here.asks()
    assert len(here.rows()) == 2, "after a refusal one may ask again"


def test_the_general_form_makes_no_request(here: Asking) -> None:
    at = here.world
    with pytest.raises(NotFound):
        writing.create(at.session, at.doors, here.pat, here.visit(here.pat), "request", "", {"request.reason": "x"})


# ---- Answering


def test_whoever_answers_reads_why_and_whoever_does_not_answer_finds_nothing(here: Asking) -> None:
    request, at = here.asks(why="He is moving on Friday"), here.world
    for actor in (here.spoc, here.lead):
        assert asks.waiting(at.session, at.doors, actor) == (1, 0)
        line, _ = asks.one(at.session, at.doors, actor, request)
        assert (line.why, line.asker, line.agency, line.days) == ("He is moving on Friday", "Pat Police", "Police", 7)
    others = (here.nurse, here.kim, here.pat, at.actor("probation", "spoc"), at.actor("barnet_recovery", "spoc"))
    for actor in others:
        assert asks.waiting(at.session, at.doors, actor) == (0, 0)
        for call in (
            lambda who=actor: asks.one(at.session, at.doors, who, request),
            lambda who=actor: here.grants(request, by=who),
            lambda who=actor: here.takes_back(request, by=who),
        ):
            with pytest.raises(NotFound):
                call()
    assert here.row(request).state == WAITING


def test_a_spoc_whose_agency_does_not_work_on_the_case_answers_nothing(world: World) -> None:
    here = Asking(world)
    request = here.asks()
    for actor in (here.lead, here.nurse):
        change(here, update(Assignment).where(Assignment.user == actor.user).values(ends=now_micros()))
    assert asks.waiting(world.session, world.doors, here.spoc) == (0, 0)
    with pytest.raises(NotFound):
        here.grants(request)


def test_why_is_nowhere_else_on_the_case(here: Asking) -> None:
    here.refuses(here.asks(why="Canary of a reason"), reason="Canary of a reply")
    at = here.world
    for actor in (*here.staff, here.spoc):
        shown = case_reading.case(at.session, at.doors, actor, here.visit(actor))
        assert "Canary" not in repr(shown)
        assert not any(s.id == "request" for s in shown.sections)


def test_a_refusal_is_read_by_the_asker_alone(here: Asking) -> None:
    request = here.asks(here.pat, NEED, UPDATE)
    here.answers(request, {NEED: Answer(GRANTED, today()), UPDATE: Answer(REFUSED, None, "It is about his mother")})
    assert {t[1:] for t in here.told(here.pat)} == {(GRANTED, ""), (REFUSED, "It is about his mother")}
    assert here.told(here.kim) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {NEED: Answer(REFUSED, None, " ")},
        {NEED: Answer(GRANTED, None)},
        {NEED: Answer(GRANTED, None, "")},
        {NEED: Answer("open", None)},
    ],
)
def test_an_answer_that_is_not_whole_is_told(here: Asking, wrong: dict[str, Answer]) -> None:
    request = here.asks()
    with pytest.raises(Invalid):
        here.answers(request, wrong)
    assert here.row(request).state == WAITING


@pytest.mark.parametrize("days", [-1, 29])
def test_no_longer_than_the_agreement_says(here: Asking, days: int) -> None:
    request = here.asks()
    with pytest.raises(Invalid):
        here.grants(request, days=days)
    here.grants(request, days=28)


def test_whoever_may_not_read_a_field_does_not_answer_for_it(here: Asking) -> None:
    request, at = here.asks(), here.world
    row = rows.of_request(at.session, request, now_micros())
    for purpose, reads in (("risk", True), ("evaluation", False)):
        [found] = reading.at_cases(at.session, at.doors, here.spoc, row, purpose, now_micros(), rows.PUT_FACT).values()
        given = {row[0].id: Answer(GRANTED, today())}
        if reads:
            granting.answer(at.session, at.doors, here.spoc, found, purpose, request, given)
            change(here, update(AskRow).values(state=WAITING))
        else:
            with pytest.raises(Refused):
                granting.answer(at.session, at.doors, here.spoc, found, purpose, request, given)
    assert here.row(request).state == WAITING


def test_of_two_who_answer_the_first_counts(here: Asking) -> None:
    request = here.asks()
    here.refuses(request, by=here.lead)
    with pytest.raises(Conflict):
        here.grants(request)
    assert here.told(here.pat)[0][1] == REFUSED
    other = here.asks(here.pat, NEED, UPDATE)
    here.grants(other, UPDATE)
    with pytest.raises(Conflict):
        here.answers(other, {NEED: Answer(GRANTED, today()), UPDATE: Answer(REFUSED, None, "Too late")})
    assert here.row(other).state == WAITING, "nothing of a late answer is done"


def test_rows_of_another_request_are_not_answered_through_this_one(here: Asking) -> None:
    mine, theirs, at = here.asks(), here.asks(here.kim), here.world
    with pytest.raises(NotFound):
        asks.answer(at.session, at.doors, here.spoc, mine, {here.row(theirs).id: Answer(GRANTED, today())})
    with pytest.raises(NotFound):
        asks.answer(at.session, at.doors, here.spoc, uuid.uuid4(), {here.row(theirs).id: Answer(GRANTED, today())})


# ---- What is written down


def test_each_step_is_in_the_log_by_field_person_asker_and_day_and_the_words_nowhere(here: Asking) -> None:
    request = here.asks(here.pat, NEED, UPDATE, why="Canary of a reason")
    here.answers(request, {NEED: Answer(GRANTED, today()), UPDATE: Answer(REFUSED, None, "Canary of a reply")})
    here.takes_back(request)
    here.told(here.pat)
    at = here.world
    at.session.rollback()
    vault = at.doors.log.vault(at.session)
    told = {}
    for row in log_reading.page(at.session, vault, Filters()).rows:
        full = log_reading.entry(at.session, vault, row.entry_id)
        assert "Canary" not in repr(full)
        for each in full.details:
            for key in ("requested", "granted", "declined", "taken_back"):
                if key in each.detail:
                    told[key, row.operation] = (each.detail, {d.person for d in full.details})
    assert told["requested", "disclosure"][0]["recipients"] == ["ntmh"]
    granted, named = told["granted", "disclosure"]
    assert (granted["granted"], granted["until"]) == ([[NEED, "ntmh"]], today().isoformat())
    assert (granted["recipients"], here.pat.user in named) == (["police"], True)
    agreement = at.doors.book.engine("barnet-iom").agreement
    said = dict(words.said_of(at.doors.book, agreement, granted))
    assert said["Granted on request"] == "Relevant health risk or need: relevant risk or need"
    assert (said["Shared with"], said["Last day"]) == ("Police", today().isoformat())
    assert told["declined", "disclosure"][0]["declined"] == [[UPDATE, "ntmh"]]
    assert told["taken_back", "alteration"][0]["taken_back"] == [[NEED, "ntmh"]]
    assert ("requested", "collection") in told


def test_the_table_holds_no_words(here: Asking) -> None:
    here.refuses(here.asks(why="Canary of a reason"), reason="Canary of a reply")
    assert "Canary" not in repr([list(vars(r).values()) for r in here.rows()])
    kinds = here.world.session.scalars(select(RecordRow.kind).where(RecordRow.kind.in_(("request", "reply")))).all()
    assert sorted(kinds) == ["reply", "request"]


def test_many_cases_cost_one_statement_more_than_one(here: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = list[int]()
    real = rows.granted

    def counted(session, cases, actor, now):
        calls.append(len(cases))
        return real(session, cases, actor, now)

    monkeypatch.setattr(rows, "granted", counted)
    more = [here.world.case(RECORDS, assigned=here.staff) for _ in range(4)]
    lists.my_cases(here.world.session, here.world.doors, here.pat)
    assert calls == [1 + len(more)]


def test_on_postgresql_too(either: World) -> None:
    here = Asking(either)
    request = here.asks(here.pat, NEED, UPDATE)
    here.grants(request)
    assert here.sees(here.pat) == {NEED}
    assert asks.waiting(either.session, either.doors, here.spoc) == (1, 0)
    here.refuses(request, UPDATE)
    here.takes_back(request)
    assert here.sees(here.pat) == set()
    assert {t[1] for t in here.told(here.pat)} == {REVOKED, REFUSED}


def test_the_morning_mail_goes_to_whoever_answers_and_to_whoever_is_answered(here: Asking) -> None:
    at, before = here.world, now_micros()

    def waits() -> set[str]:
        people = {"pat": here.pat, "kim": here.kim, "spoc": here.spoc, "nurse": here.nurse}
        now = now_micros()
        return {name for name, who in people.items() if asks.fresh(at.session, at.doors, who, before, now)}

    assert waits() == set()
    request = here.asks()
    assert waits() == {"spoc"}
    here.refuses(request)
    assert waits() == {"pat"}
