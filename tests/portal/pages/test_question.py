"""An officer asks one of their people why they looked: they read it at home and answer; nobody else reads either."""

import re
import threading
import uuid
from html import unescape

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.audit.overview import about
from portal.audit.reading import Filters, page
from portal.audit.tables import ENTRY
from portal.auth import capacities, people
from portal.db import now_micros
from portal.errors import NotFound
from portal.sharing import said, visits
from portal.sharing.doors import open_doors
from portal.sharing.fields import Invalid
from portal.sharing.logbook import questions
from portal.sharing.question_tables import OfficerQuestion
from portal.sharing.reading import case as case_reading
from portal.sharing.tables import CaseFile
from tests.installation import IDENTITY
from tests.portal.pages.visitor import Visitor

WHY = "CANARY-QUESTION: you were not on duty that day. Why did you look?"
BECAUSE = "CANARY-ANSWER: the custody desk rang me at home."


@pytest.fixture
def ada(world):
    return world.actor("police", "practitioner", "Ada Okafor")


@pytest.fixture
def dana(world):
    return world.actor("police", "dpo", "Dana Poe")


@pytest.fixture
def officer(world, dana):
    browser = Visitor(world, dana)
    browser.get("/log/use")
    browser.send("/log/use", {"use": "s62-self-monitoring", "next": "/log"})
    return browser


@pytest.fixture
def looked(world, ada):
    """(reference, id) of a view of BN-2026-0001 by Ada."""
    browser = Visitor(world, ada)
    browser.get(browser.open(world.case(assigned=[ada])))
    world.session.rollback()
    newest = select(ENTRY.c.reference, ENTRY.c.entry_id).where(ENTRY.c.operation == "consultation")
    reference, entry = world.session.execute(newest.order_by(ENTRY.c.at.desc()).limit(1)).one()
    return reference, entry


def asks(officer, looked, words=WHY, status=200):
    reference, entry = looked
    officer.get(f"/log/{reference}/question?entry={entry.hex}")
    return officer.send(f"/log/{reference}/question", {"question": words}, status)


def only(world):
    world.session.rollback()
    return world.session.scalars(select(OfficerQuestion)).one()


def test_it_is_asked_read_at_home_answered_and_read_by_the_officer(world, officer, ada, looked):
    officer.get(f"/log/{looked[0]}")
    assert ">Ask Ada Okafor why</a>" in officer.page
    assert "Asked. They find it on their home page" in asks(officer, looked)
    assert "Ada Okafor" in officer.get("/questions")
    assert "Not answered yet" in officer.page
    mine = Visitor(world, ada)
    assert "Your data-protection officer asks about something you did: 1 question for you." in mine.get("/")
    assert "Waits for you" in mine.get("/questions")
    where = unescape(re.search(r'href="(/questions/[^"]+)"', mine.page)[1])
    told = mine.get(where)
    for words in ("Dana Poe asks you", WHY, "BN-2026-0001", looked[0], "Risk management and crime prevention"):
        assert words in told
    assert "Marlowe" not in told
    assert "Sent to your data-protection officer." in mine.send(where, {"answer": BECAUSE})
    assert "asks about something" not in mine.get("/")
    assert "1 answer to read" in officer.get("/log/home")
    told = officer.get(where)
    assert BECAUSE in told
    assert "answer to read" not in officer.get("/log/home")


def test_nobody_else_reads_it(world, officer, dana, ada, looked):
    asks(officer, looked)
    where = f"/questions/{only(world).id}"
    others = [("police", "practitioner"), ("police", "spoc"), ("police", "admin"), ("probation", "dpo")]
    for party, role in (*others, ("barnet_safety", "partnership_dpo")):
        browser = Visitor(world, world.actor(party, role, "Somebody Curious"))
        assert "CANARY" not in browser.get(where, 404)
        assert "Ada Okafor" not in browser.get("/questions")
    with pytest.raises(NotFound):
        questions.answer(world.session, world.doors, dana, only(world).id, "For her")
    second = Visitor(world, world.actor("police", "dpo", "Another Officer"))
    assert WHY in second.get(where), "whoever else holds the role"


def test_only_ones_own_people_are_asked_and_not_oneself(world, officer, ada, looked):
    reference, entry = looked
    jo = world.actor("probation", "dpo", "Jo Officer")
    for who in (jo, ada, world.actor("barnet_safety", "partnership_dpo")):
        asking = (world.session, world.doors, who, "s62-self-monitoring", reference, entry, WHY)
        with pytest.raises(Exception) as refused:
            questions.ask(*asking)
        assert type(refused.value).__name__ in ("NotFound", "Refused")
    officer.get("/log")
    world.session.rollback()
    own = select(ENTRY.c.reference, ENTRY.c.entry_id).where(ENTRY.c.actor == officer.actor.user)
    reference, entry = world.session.execute(own.limit(1)).one()
    assert "Ask Dana Poe why" not in officer.get(f"/log/{reference}?entry={entry.hex}")
    officer.send(f"/log/{reference}/question", {"entry": entry.hex, "question": WHY}, 404)
    officer.send(f"/log/{reference}/question", {"entry": "nonsense", "question": WHY}, 404)
    assert world.session.scalars(select(OfficerQuestion)).all() == []


def test_what_was_typed_stays_where_something_is_wrong(world, officer, ada, looked):
    assert "Say what you want to know" in asks(officer, looked, " ", 422)
    assert "Use 2,000 characters or fewer" in asks(officer, looked, "x" * 2001, 422)
    assert "x" * 2001 in officer.page
    asks(officer, looked)
    assert "They have been asked about this already" in asks(officer, looked, "CANARY-AGAIN", 422)
    assert "CANARY-AGAIN" in officer.page
    mine, where = Visitor(world, ada), f"/questions/{only(world).id}"
    mine.get(where)
    assert "Write your answer" in mine.send(where, {"answer": ""}, 422)
    mine.send(where, {"answer": BECAUSE})
    mine.get("/questions")
    assert "You have answered that already." in mine.send(where, {"answer": "CANARY-OTHER"})
    assert BECAUSE in officer.get(where)
    assert "CANARY-OTHER" not in officer.page
    assert "Asked." in asks(officer, looked, "And who rang you?"), "answered: there may be another"


def test_a_leaver_is_not_asked(world, officer, dana, ada, looked):
    admin = world.actor("police", "admin", "Paula Admin")
    with world.doors.log.transaction(world.session) as tx:
        people.leaver(tx, admin, ada.user, now_micros())
    with pytest.raises(Invalid) as refused:
        questions.ask(world.session, world.doors, dana, "s62-self-monitoring", looked[0], looked[1], WHY)
    assert refused.value.problems == {"question": "This person has left and cannot be asked here."}


def test_who_went_to_another_party_is_not_asked_what_they_would_never_find(world, officer, dana, ada, looked):
    admin = world.actor("police", "admin", "Paula Admin")
    with world.doors.log.transaction(world.session) as tx:
        capacities.end(tx, admin, ada.capacity, now_micros())
    with pytest.raises(Invalid) as refused:
        questions.ask(world.session, world.doors, dana, "s62-self-monitoring", looked[0], looked[1], WHY)
    assert refused.value.problems == {"question": "This person has left and cannot be asked here."}


def _newest(world, who, **of):
    world.session.rollback()
    row = page(world.session, world.doors.log.vault(world.session), Filters(actor=who.user, **of)).rows[0]
    return row.reference, row.entry_id


def test_what_was_refused_them_is_not_named_by_the_question(world, officer, dana, ada):
    """A case they may not know of looks missing to them: the question must not tell them that it is there."""
    tried = visits.begin(world.session, world.doors, ada, world.case(), "risk", "", now_micros())
    with pytest.raises(NotFound):
        case_reading.case(world.session, world.doors, ada, tried)
    refused = _newest(world, ada, outcome="refused")
    asks(officer, refused)
    where = f"/questions/{only(world).id}"
    assert "BN-2026-0001" in officer.get(where), "the officer reads it in the log anyway"
    assert "BN-2026-0001" not in Visitor(world, ada).get(where)


def test_whom_a_referral_met_is_not_named_by_the_question(world, officer, dana, ada):
    """The answer to a referral is the same whether a case was there: its reference would tell."""
    world.case()
    with world.doors.log.transaction(world.session) as tx:
        about_case = world.session.scalars(select(CaseFile)).one()
        tx.append(
            said.entry("collection", ada, purpose="selection", subjects=[said.about(uuid.uuid4(), about_case.id)])
        )
    asks(officer, _newest(world, ada, operation="collection"))
    assert "BN-2026-0001" not in Visitor(world, ada).get(f"/questions/{only(world).id}")


@pytest.mark.parametrize("role", ["dpo", "partnership_dpo"])
def test_an_officer_who_is_asked_reads_so_and_does_not_read_the_answer_for_the_other(world, role):
    party = "police" if role == "dpo" else "barnet_safety"
    asker, other = world.actor(party, "dpo", "First Officer"), world.actor(party, role, "Second Officer")
    theirs = Visitor(world, other)
    theirs.get("/log/use")
    theirs.send("/log/use", {"use": "s62-integrity", "next": "/log"})
    theirs.get("/log")
    reference, entry = _newest(world, other, operation="log-read")
    questions.ask(world.session, world.doors, asker, "s62-self-monitoring", reference, entry, WHY)
    assert "asks about something you did: 1 question for you" in theirs.get("/log/home")
    where = f"/questions/{only(world).id}"
    assert "Waits for you" in theirs.get("/questions")
    theirs.get(where)
    theirs.send(where, {"answer": BECAUSE})
    theirs.get(where)
    assert "1 answer to read" in Visitor(world, asker).get("/log/home")


def test_of_two_officers_who_ask_at_once_one_asks(either, monkeypatch):
    ada, dana = either.actor("police", "practitioner", "Ada Okafor"), either.actor("police", "dpo", "Dana Poe")
    with either.doors.log.transaction(either.session) as tx:
        tx.append(said.entry("list", ada, subjects=[said.about(uuid.uuid4(), uuid.uuid4())]))
    looked, together, found = _newest(either, ada, operation="list"), threading.Barrier(2), []
    original = questions._reachable

    def both(*given):
        together.wait(10)
        return original(*given)

    monkeypatch.setattr(questions, "_reachable", both)

    def ask():
        with Session(either.engine, expire_on_commit=False) as session:
            doors = open_doors(either.settings, session)
            session.rollback()
            try:
                questions.ask(session, doors, dana, "s62-self-monitoring", looked[0], looked[1], WHY)
            except Invalid as refused:
                found.append(refused.problems["question"])

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert only(either)
    assert found == ["They have been asked about this already and have not answered yet."]


def test_it_is_logged_and_no_table_has_a_word_of_it(world, officer, ada, looked):
    asks(officer, looked)
    mine, where = Visitor(world, ada), f"/questions/{only(world).id}"
    mine.get(where)
    mine.send(where, {"answer": BECAUSE})
    officer.get(where)
    world.session.rollback()
    vault = world.doors.log.vault(world.session)
    asked = page(world.session, vault, Filters(operation="disclosure", actor=officer.actor.user)).rows[0]
    assert asked.purpose == "s62-self-monitoring"
    detail = about(world.session, vault, [asked])[asked.entry_id].details[0]
    assert (detail.person, detail.detail["asked"]) == (ada.user, {"why they did": looked[0]})
    for operation, who in (("collection", ada), ("consultation", ada), ("consultation", officer.actor)):
        rows = page(world.session, vault, Filters(operation=operation, actor=who.user)).rows
        assert any(about(world.session, vault, [r])[r.entry_id].details[0].person == ada.user for r in rows)
    for table in ("officer_question", "staff_value"):
        stored = world.session.execute(text(f"SELECT * FROM {table}")).all()
        assert stored
        assert "CANARY" not in repr(stored)


def test_a_question_without_a_log_entry_is_none(world, officer, dana, ada, looked, monkeypatch):
    """Where the log cannot be written nothing is asked and nothing shown."""
    asks(officer, looked)
    where = f"/questions/{only(world).id}"
    mine = Visitor(world, ada)
    world.session.rollback()
    with world.engine.begin() as connection:
        connection.execute(text("ALTER TABLE audit_entry RENAME TO audit_gone"))
    answer = mine.client.get(where)
    assert answer.status_code == 503
    assert "CANARY" not in answer.text


def test_an_officer_reads_an_answer_after_a_fresh_proof_alone(world, officer, ada, looked):
    asks(officer, looked)
    where = f"/questions/{only(world).id}"
    tired = Visitor(world, world.actor("police", "dpo", "Tired Officer", stepped_up=False))
    for path in ("/questions", where):
        assert tired.client.get(path).location.startswith("/confirm")
    assert "CANARY" in Visitor(world, ada).get(where), "whoever is asked proves nothing more"


def test_there_is_no_question_of_that_name(world, officer):
    officer.get(f"/questions/{uuid.uuid4()}", 404)


def test_identity_is_the_same_for_a_seconded_officer(world, officer, ada, looked):
    """The question is to the person at the party where they looked: at another party they do not find it."""
    asks(officer, looked)
    elsewhere = world.actor("probation", "practitioner", "Ada Okafor")
    assert "asks about something" not in Visitor(world, elsewhere).get("/")
    assert IDENTITY  # the case that was looked at is an ordinary one
