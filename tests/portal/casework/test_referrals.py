"""A referral from its form to its answer, on both databases: whom it joins, who reads what, and the one transaction."""

import threading
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from isa.agreement import Capacity
from portal.audit import tables as audit_tables
from portal.audit.reading import entry as full_entry
from portal.auth.actor import Actor
from portal.casework import inbox, referrals
from portal.db import DAY, from_micros, now_micros
from portal.errors import Conflict, NotFound, Refused
from portal.sharing import cases, facts, visits
from portal.sharing.doors import open_doors
from portal.sharing.fields import Invalid
from portal.sharing.reading import case as case_reading
from portal.sharing.reading.referrals import Line
from portal.sharing.sight import READ, sight
from portal.sharing.tables import CaseFile, RecordRow, Referral
from tests.installation import IDENTITY, World

BARNET = "barnet-iom"
DEAN = {"person.surname": "Marlowe", "person.forename": "Dean", "person.date_of_birth": "1991-03-27"}
WHY = {
    "referral.reason": "Three burglaries in Fenwick Rise since August",
    "referral.priority_crime": "Burglary",
    "referral.source": "Neighbourhood team",
}
PNC = "1998/1500651H"
KNOWN = {**IDENTITY, "police identifiers": {"pnc": PNC}}
NEW = {**DEAN, "person.surname": "Harkness", **WHY}


class People:
    """Who refers, and who keeps the list of Barnet."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.housing = world.actor("barnet_housing", "practitioner", "Holly Housing")
        self.police = world.actor("police", "practitioner", "Pat Police")
        self.keeper = world.actor("barnet_safety", "coordinator", "Cora Coordinator")

    def refer(self, actor: Actor, typed: dict[str, str] | None = None, once: uuid.UUID | None = None) -> uuid.UUID:
        at = self.world
        at.session.rollback()
        return referrals.refer(at.session, at.doors, actor, BARNET, typed or NEW, once or uuid.uuid4())

    def waiting(self, actor: Actor | None = None) -> inbox.Waiting:
        at = self.world
        at.session.rollback()
        return inbox.waiting(at.session, at.doors, actor or self.keeper)

    def answer(self, line: Line, state: str, reason: str = "", actor: Actor | None = None) -> None:
        at = self.world
        at.session.rollback()
        inbox.answer(at.session, at.doors, actor or self.keeper, line.id, line.version, state, reason)

    def mine(self, actor: Actor) -> tuple[Line, ...]:
        at = self.world
        at.session.rollback()
        return referrals.mine(at.session, at.doors, actor).lines

    def add(self, actor: Actor, line: Line, text: str, once: uuid.UUID | None = None) -> None:
        at = self.world
        at.session.rollback()
        referrals.add(at.session, at.doors, actor, line.id, line.version, text, once or uuid.uuid4())

    def count(self, table: Any) -> int:
        self.world.session.rollback()
        return self.world.session.scalar(select(func.count()).select_from(table)) or 0

    def logged(self) -> list[tuple[str, str]]:
        self.world.session.rollback()
        e = audit_tables.ENTRY
        return [tuple(row) for row in self.world.session.execute(select(e.c.operation, e.c.outcome).order_by(e.c.at))]


@pytest.fixture
def people(either: World) -> People:
    return People(either)


@pytest.fixture
def here(world: World) -> People:
    return People(world)


def test_a_referral_opens_a_case_and_waits(people: People) -> None:
    before = len(people.logged())
    people.refer(people.housing)
    assert people.logged()[before:] == [("collection", "permitted"), ("disclosure", "permitted")]
    found = people.waiting()
    [line] = found.lines
    assert (line.name, line.agency, line.crime, line.known) == ("Dean Harkness", "Housing", "Burglary", False)
    assert [w.reason for w in line.words] == [WHY["referral.reason"]]
    assert (found.total, found.hidden, found.asked) == (1, 0, 0)
    assert people.logged()[-1] == ("list", "permitted")
    case = people.world.session.get_one(CaseFile, line.case)
    assert (case.state, case.agreement, case.minor) == ("open", BARNET, False)


def test_the_log_says_what_was_entered_and_to_whom_it_went(people: People) -> None:
    people.refer(people.housing)
    at, e = people.world, audit_tables.ENTRY
    row = at.session.execute(select(e.c.entry_id).where(e.c.operation == "disclosure").order_by(e.c.at.desc())).first()
    told = full_entry(at.session, at.doors.log.vault(at.session), row.entry_id)
    [detail] = [d.detail for d in told.details]
    assert "barnet_safety" in detail["recipients"]
    assert len(detail["records"]) == 2


@pytest.mark.parametrize("by", ["name", "pnc"])
def test_someone_known_is_joined_and_the_referrer_cannot_tell(people: People, by: str) -> None:
    known = people.world.case(KNOWN)
    typed = {**DEAN, **WHY} if by == "name" else {"person.surname": "Marlowe", "identifiers.pnc": PNC, **WHY}
    people.refer(people.police, typed)
    [line] = people.waiting().lines
    assert (line.case, line.known) == (known, True)
    [mine] = people.mine(people.police)
    people.refer(people.police, NEW)
    [new] = [m for m in people.mine(people.police) if m.id != mine.id]
    shown = ("state", "outcome", "because", "withheld", "version")
    assert [getattr(mine, name) for name in shown] == [getattr(new, name) for name in shown]


def test_a_hit_that_search_would_not_give_is_no_hit(people: People) -> None:
    """DWP finds only what it wrote: that the police know the name stays unknown to it."""
    known = people.world.case()
    dwp = people.world.actor("dwp", "practitioner", "Dora Dwp")
    basis = {"basis.ground@selection": "Consent", "basis.note@selection": "Signed in the office"}
    people.refer(dwp, {**DEAN, **WHY, **basis})
    cases = people.world.session.scalars(select(Referral.case)).all()
    assert known not in cases


def test_somebody_with_another_number_is_somebody_else(people: People) -> None:
    known = people.world.case(KNOWN)
    people.refer(people.police, {**DEAN, **WHY, "identifiers.pnc": "2003/0123456L"})
    assert known not in people.world.session.scalars(select(Referral.case)).all()


@pytest.mark.parametrize(("forename", "joins"), [("Darren", False), ("Dean Paul", True), ("Déan", True), ("", True)])
def test_a_twin_is_somebody_else(here: People, forename: str, joins: bool) -> None:
    known = here.world.case()
    before = len(here.logged())
    here.refer(here.police, {**DEAN, "person.forename": forename, **WHY})
    assert here.logged()[before:][:-2] == ([("search", "permitted")] if forename else [])
    [line] = here.waiting().lines
    assert (line.case == known, line.known) == (joins, joins)


def test_the_same_number_is_the_same_person_by_whatever_forename(here: People) -> None:
    known = here.world.case(KNOWN)
    here.refer(here.police, {**DEAN, "person.forename": "Darren", "identifiers.pnc": PNC, **WHY})
    assert here.waiting().lines[0].case == known


def test_who_was_deselected_gets_a_new_case_of_the_same_person(people: People) -> None:
    closed = people.world.case(state="deselected")
    people.refer(people.police, {**DEAN, **WHY})
    [line] = people.waiting().lines
    assert line.case != closed
    persons = people.world.session.scalars(select(CaseFile.person).where(CaseFile.id.in_([line.case, closed]))).all()
    assert len(set(persons)) == 1


def test_the_same_form_twice_is_one_referral(people: People) -> None:
    once = uuid.uuid4()
    first = people.refer(people.housing, once=once)
    records = people.count(RecordRow)
    assert people.refer(people.housing, once=once) == first
    assert (people.count(Referral), people.count(RecordRow)) == (1, records)


def at_once(world: World, *attempts: Callable[[World], object]) -> list[object]:
    """What each attempt gave, or how it failed; all begun together, each with a session and doors of its own."""
    found: list[object] = [None] * len(attempts)
    together = threading.Barrier(len(attempts))

    def run(number: int, attempt: Callable[[World], object]) -> None:
        with Session(world.engine, expire_on_commit=False) as session:
            other = World(world.settings, world.engine, session, open_doors(world.settings, session))
            together.wait()
            try:
                found[number] = attempt(other)
            except Conflict as late:
                found[number] = late

    threads = [threading.Thread(target=run, args=each) for each in enumerate(attempts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_two_who_refer_the_same_person_at_once_make_one_case(people: People) -> None:
    def refer(actor: Actor) -> Callable[[World], object]:
        return lambda w: referrals.refer(w.session, w.doors, actor, BARNET, NEW, uuid.uuid4())

    made = at_once(people.world, refer(people.police), refer(people.housing))
    assert all(isinstance(each, uuid.UUID) for each in made)
    assert (people.count(Referral), people.count(CaseFile)) == (2, 1)


def test_a_form_sent_twice_at_once_is_one_referral(people: People) -> None:
    once = uuid.uuid4()

    def refer(w: World) -> object:
        return referrals.refer(w.session, w.doors, people.police, BARNET, NEW, once)

    first, second = at_once(people.world, refer, refer)
    assert first == second
    assert people.count(Referral) == 1


def test_of_two_who_answer_at_once_one_is_told(people: People) -> None:
    people.refer(people.housing)
    [line] = people.waiting().lines
    people.world.session.rollback()

    def answer(state: str) -> Callable[[World], object]:
        return lambda w: inbox.answer(w.session, w.doors, people.keeper, line.id, line.version, state, "So decided")

    found = at_once(people.world, answer("accepted"), answer("refused"))
    assert sorted(type(each).__name__ for each in found) == ["Conflict", "NoneType"]
    [mine] = people.mine(people.housing)
    assert mine.outcome == ("Accepted" if found[0] is None else "Refused")


def test_nothing_is_half_done(people: People) -> None:
    before = people.count(RecordRow), people.count(CaseFile)
    with patch("portal.sharing.referring.append", side_effect=RuntimeError("lost")), pytest.raises(RuntimeError):
        people.refer(people.housing)
    assert (people.count(RecordRow), people.count(CaseFile)) == before
    assert people.count(Referral) == 0


@pytest.mark.parametrize("state", ["accepted", "refused"])
def test_an_answer_is_told_with_its_reason(people: People, state: str) -> None:
    people.refer(people.housing)
    people.answer(people.waiting().lines[0], state, "Not persistent: one offence in two years")
    assert people.waiting().lines == ()
    [mine] = people.mine(people.housing)
    assert (mine.state, mine.because, mine.withheld) == (state, "Not persistent: one offence in two years", "")
    assert mine.outcome == {"accepted": "Accepted", "refused": "Refused"}[state]


def test_who_is_accepted_gets_the_first_status_once(people: People) -> None:
    people.refer(people.housing)
    [line] = people.waiting().lines
    people.answer(line, "accepted")
    people.refer(people.police)
    people.answer(people.waiting().lines[0], "accepted")
    at = people.world
    visit = visits.begin(at.session, at.doors, people.keeper, line.case, "selection", "", now_micros())
    found = case_reading.case(at.session, at.doors, people.keeper, visit)
    assert [r.text("status") for r in found.records("case")] == ["Referred"]


def test_what_was_asked_is_added_and_waits_again_in_one_record_of_the_answer(people: People) -> None:
    people.refer(people.housing)
    people.answer(people.waiting().lines[0], "asked", "Which nights? Has he a tenancy?")
    assert (people.waiting().lines, people.waiting().asked) == ((), 1)
    [mine] = people.mine(people.housing)
    assert (mine.state, mine.because) == ("asked", "Which nights? Has he a tenancy?")
    assert [w.reason for w in mine.words] == [WHY["referral.reason"]]
    once = uuid.uuid4()
    people.add(people.housing, mine, "Fridays. He sleeps at his sister's", once)
    people.add(people.housing, mine, "Fridays. He sleeps at his sister's", once)
    [line] = people.waiting().lines
    assert [w.reason for w in line.words] == [WHY["referral.reason"], "Fridays. He sleeps at his sister's"]
    assert line.because == "Which nights? Has he a tenancy?"
    people.answer(line, "accepted")
    [mine] = people.mine(people.housing)
    assert (mine.outcome, mine.because) == ("Accepted", "")
    answers = select(func.count()).where(RecordRow.kind == "referral", RecordRow.owner == "barnet_safety")
    assert people.world.session.scalar(answers) == 1


def test_a_second_answer_on_an_old_page_changes_nothing(people: People) -> None:
    people.refer(people.housing)
    [line] = people.waiting().lines
    people.answer(line, "refused", "Not persistent")
    with pytest.raises(Conflict):
        people.answer(line, "accepted")
    assert [m.outcome for m in people.mine(people.housing)] == ["Refused"]


def deselect(people: People, case: uuid.UUID, state: str = "deselected") -> None:
    with people.world.doors.log.transaction(people.world.session) as tx:
        tx.session.get_one(CaseFile, case).state = state


def test_a_referral_whose_case_is_closed_meanwhile_ends_and_its_referrer_is_told(people: People) -> None:
    """Nobody may read it there, so nobody would answer: what is added must not be lost, and who waits must know."""
    people.refer(people.housing)
    [line] = people.waiting().lines
    people.answer(line, "asked", "Where?")
    with people.world.doors.log.transaction(people.world.session) as tx:
        cases.steer(tx.session, line.case, {"case.status": "De-selected"}, now_micros())
    [mine] = people.mine(people.housing)
    assert (mine.ended, mine.closed, mine.name, mine.born, mine.words) == (True, True, "", "", ())
    assert mine.reference
    with pytest.raises(Conflict):
        people.add(people.housing, mine, "In Finchley")
    at = people.world
    lately = referrals.lately(at.session, at.doors, people.housing).lines
    assert [m.id for m in lately] == [mine.id], "home says so for a fortnight"
    at.doors = replace(at.doors, clock=lambda: now_micros() + 15 * DAY)
    assert referrals.lately(at.session, at.doors, people.housing).lines == ()
    assert (people.waiting().total, people.waiting().asked) == (0, 0)


def test_the_words_of_a_referral_are_not_those_of_another(people: People) -> None:
    """Two of one agency refer the same man: each reads what they wrote, and the list says each once."""
    people.refer(people.housing)
    other = people.world.actor("barnet_housing", "practitioner", "Otto Other")
    people.refer(other, {**NEW, "referral.reason": "A second reason", "referral.priority_crime": "Robbery"})
    assert [[w.reason for w in m.words] for m in people.mine(people.housing)] == [[WHY["referral.reason"]]]
    lines = people.waiting().lines
    assert [(len(line.words), line.crime) for line in lines] == [(1, "Burglary"), (1, "Robbery")]
    people.answer(lines[0], "asked", "Where?")
    people.add(people.housing, people.mine(people.housing)[0], "In Finchley")
    assert [len(m.words) for m in people.mine(people.housing)] == [2]


def test_nobody_is_asked_who_cannot_be_told_the_question(here: People) -> None:
    """Of a child a landlord is told only that it was answered (clause 6.7): a question would wait for ever."""
    here.refer(here.housing, {**NEW, "person.date_of_birth": "2012-03-27"})
    [line] = here.waiting().lines
    at = here.world
    assert inbox.one(at.session, at.doors, here.keeper, line.id)[1] == ("accepted", "refused")
    with pytest.raises(Invalid) as wrong:
        here.answer(line, "asked", "Where?")
    assert wrong.value.problems == {"answer": "Whoever referred cannot be told what you ask: accept it or refuse it"}
    assert here.waiting().total == 1


def test_a_version_that_was_made_up_is_an_old_page(here: People) -> None:
    here.refer(here.housing)
    [line] = here.waiting().lines
    with pytest.raises(Conflict):
        here.answer(replace(line, version=10**30), "accepted")
    here.answer(line, "asked", "Where?")
    with pytest.raises(Conflict):
        here.add(here.housing, replace(line, version=10**30), "In Finchley")


def test_an_addition_to_what_is_no_longer_asked_changes_nothing(people: People) -> None:
    people.refer(people.housing)
    people.answer(people.waiting().lines[0], "asked", "Where?")
    [mine] = people.mine(people.housing)
    people.add(people.housing, mine, "In Finchley")
    with pytest.raises(Conflict):
        people.add(people.housing, mine, "In Hendon")
    assert [w.reason for w in people.waiting().lines[0].words][1:] == ["In Finchley"]


def test_several_are_accepted_in_one_go_and_the_late_are_left(people: People) -> None:
    for name in ("Harkness", "Imrie", "Jessop"):
        people.refer(people.housing, {**NEW, "person.surname": name})
    lines = people.waiting().lines
    people.answer(lines[0], "refused", "Not persistent")
    at = people.world
    done = inbox.accept(at.session, at.doors, people.keeper, {line.id: line.version for line in lines})
    assert done == (2, 1)
    assert sorted(m.state for m in people.mine(people.housing)) == ["accepted", "accepted", "refused"]


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ({**NEW, "person.surname": " "}, "person.surname"),
        ({**NEW, "person.surname": "\u200b"}, "person.surname"),
        ({**NEW, "referral.reason": ""}, "referral.reason"),
        ({**NEW, "referral.priority_crime": ""}, "referral.priority_crime"),
        ({**NEW, "person.date_of_birth": "1991-02-30"}, "person.date_of_birth"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_made(here: People, typed: dict[str, str], key: str) -> None:
    with pytest.raises(Invalid) as wrong:
        here.refer(here.housing, typed)
    assert set(wrong.value.problems) == {key}
    assert here.count(Referral) == 0


@pytest.mark.parametrize(("state", "problem"), [("asked", "reason"), ("refused", "reason"), ("sold", "answer")])
def test_an_answer_that_needs_a_reason_has_one(here: People, state: str, problem: str) -> None:
    here.refer(here.housing)
    with pytest.raises(Invalid) as wrong:
        here.answer(here.waiting().lines[0], state, "\u200b ")
    assert set(wrong.value.problems) == {problem}
    assert here.waiting().total == 1


@pytest.mark.parametrize(
    ("party", "role"),
    [
        ("police", "chair"),
        ("barnet_safety", "practitioner"),
        ("barnet_housing", "spoc"),
        ("brent_safety", "coordinator"),
    ],
)
def test_nobody_else_reads_or_answers_the_list_of_barnet(here: People, party: str, role: str) -> None:
    here.refer(here.housing)
    [line] = here.waiting().lines
    other = here.world.actor(party, role, "Not Keeper")
    at = here.world
    with pytest.raises(NotFound):
        here.answer(line, "accepted", actor=other)
    with pytest.raises(NotFound):
        inbox.one(at.session, at.doors, other, line.id)
    if party == "brent_safety":
        assert here.waiting(other).lines == ()
        assert inbox.accept(at.session, at.doors, other, {line.id: line.version}) == (0, 0)
    else:
        assert inbox.count(at.session, at.doors, other) == 0
    assert here.waiting().total == 1


def test_a_referral_is_told_to_its_referrer_and_the_spoc_of_their_party_alone(here: People) -> None:
    here.refer(here.housing)
    here.answer(here.waiting().lines[0], "refused", "Not persistent")
    spoc = here.world.actor("barnet_housing", "spoc", "Sam Spoc")
    colleague = here.world.actor("barnet_housing", "practitioner", "Kim Colleague")
    assert [m.because for m in here.mine(spoc)] == ["Not persistent"]
    assert here.mine(colleague) == here.mine(here.police) == ()


@pytest.mark.parametrize("whose", ["foreign", "missing"])
def test_the_referral_of_another_is_as_if_there_were_none(here: People, whose: str) -> None:
    referral = here.refer(here.housing) if whose == "foreign" else uuid.uuid4()
    at, before = here.world, len(here.logged())
    for attempt in (
        lambda: referrals.one(at.session, at.doors, here.police, referral),
        lambda: referrals.add(at.session, at.doors, here.police, referral, 1, "Let me in", uuid.uuid4()),
    ):
        with pytest.raises(NotFound) as refused:
            attempt()
        assert refused.value.reference
    assert here.logged()[before:] == [("consultation", "refused"), ("collection", "refused")]


def test_having_referred_opens_nothing_of_the_case(here: People) -> None:
    here.refer(here.housing)
    at = here.world
    [line] = here.waiting().lines
    visit = visits.begin(at.session, at.doors, here.housing, line.case, "selection", "", now_micros())
    with pytest.raises(NotFound):
        case_reading.case(at.session, at.doors, here.housing, visit)


def test_what_the_trust_refers_is_read_with_its_basis_and_not_without(here: People) -> None:
    trust = here.world.actor("ntmh", "practitioner", "Nell Nurse")
    with pytest.raises(Invalid) as wrong:
        here.refer(trust)
    assert set(wrong.value.problems) == {"basis.ground@selection"}
    here.refer(trust, {**NEW, "basis.ground@selection": "Public interest override"})
    [line] = here.waiting().lines
    assert (line.name, line.agency) == ("Dean Harkness", "Mental Health Trust")
    at, e = here.world, here.world.doors.book.engine(BARNET)
    case = visits.Case._make(at.session.execute(select(*visits.CASE).where(CaseFile.id == line.case)).one())
    known = facts.of_case(at.session, e.agreement, here.keeper, case, now_micros()).known
    assert {name for name, true in known.items() if true and name.startswith("confidence")} == {
        "confidence_met:ntmh:identity",
        "confidence_met:ntmh:selection",
    }
    with at.doors.log.transaction(at.session):
        at.session.execute(update(RecordRow).where(RecordRow.kind == "basis").values(state="withdrawn"))
    found = here.waiting()
    assert (found.lines, found.total, found.hidden) == ((), 1, 1)
    with pytest.raises(NotFound):
        inbox.one(at.session, at.doors, here.keeper, line.id)
    with pytest.raises(NotFound):
        here.answer(line, "accepted")


def test_of_a_child_housing_is_told_that_it_is_answered_and_which_clause_keeps_the_rest(here: People) -> None:
    here.refer(here.housing, {**NEW, "person.date_of_birth": "2011-03-27"})
    here.answer(here.waiting().lines[0], "refused", "For the youth panel")
    [mine] = here.mine(here.housing)
    assert (mine.outcome, mine.because) == ("", "")
    assert "6.7" in mine.withheld


def test_a_capacity_that_no_clause_lets_refer_is_refused_with_the_clause(here: People) -> None:
    attendee = here.world.actor("police", "attendee", "Al Attendee")
    assert not referrals.refers(here.world.doors, attendee)
    with pytest.raises(Refused) as refused:
        here.refer(attendee)
    assert refused.value.clause
    assert here.logged()[-1] == ("collection", "refused")


def test_the_form_is_scoped_by_the_agreement_and_names_who_will_read_it(here: People) -> None:
    at = here.world
    form = referrals.blank(at.session, at.doors, here.housing, BARNET)
    keys = [f.key for f in form.fields]
    assert {"person.surname", "referral.reason", "referral.source"} <= set(keys)
    assert not [k for k in keys if "outcome" in k or "pnc" in k or k.startswith("basis")]
    police = referrals.blank(at.session, at.doors, here.police, BARNET)
    assert "identifiers.pnc" in [f.key for f in police.fields]
    assert [a.name for a in police.audience if a.sees and a.now] == ["Community Safety"]
    assert "Housing" in [a.name for a in police.young]
    with pytest.raises(NotFound):
        referrals.blank(at.session, at.doors, here.housing, "brent-iom")


def test_who_works_in_several_boroughs_chooses_one(here: People) -> None:
    at = here.world
    assert [name for _, name in referrals.boroughs(at.session, at.doors, here.police)] == ["Barnet", "Brent", "Harrow"]
    assert [name for _, name in referrals.boroughs(at.session, at.doors, here.housing)] == ["Barnet"]


def test_a_referrer_whose_role_ended_a_moment_ago_refers_nobody(here: People) -> None:
    with pytest.raises(NotFound):
        here.refer(replace(here.housing, capacity=uuid.uuid4()))
    assert here.count(Referral) == 0


def test_the_fact_that_somebody_referred_is_no_fact_of_a_visit(here: People) -> None:
    """`referred` is asked where a referral is told of, and nowhere else: it opens no page of a case."""
    at = here.world
    here.refer(here.housing)
    case = visits.Case._make(at.session.execute(select(*visits.CASE)).one())
    engine = at.doors.book.engine(BARNET)
    known = facts.of_case(at.session, engine.agreement, here.housing, case, now_micros()).known
    assert "referred" not in known
    seen = sight(engine, Capacity("barnet_housing", "practitioner"), known, "selection", from_micros(now_micros()))
    assert not seen.decide(READ, "referral.outcome", "barnet_safety").permit
