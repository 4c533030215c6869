"""Transfer to another borough: what goes and what stays, one transaction, what each side learns, taking it back."""

import uuid
from typing import Any

import pytest
from sqlalchemy import func, select

from portal.auth.actor import Actor
from portal.casework import inbox as inbox_desk
from portal.casework import notifying, referrals, transferring
from portal.db import now_micros
from portal.errors import Conflict, NotFound
from portal.sharing import cases, storing, transfers, writing
from portal.sharing import transferring as door
from portal.sharing.fields import Invalid
from portal.sharing.reading import case as case_reading
from portal.sharing.reading import earlier
from portal.sharing.tables import Adoption, CaseFile, RecordRow, Referral, SearchTag
from portal.sharing.transfer_tables import TransferRow
from tests.installation import World
from tests.portal.casework.moving_away import ACCEPTED, ASKED, HELD, REFUSED, SECRET, WHO, WHY, Boroughs

COUNTED = (CaseFile, RecordRow, Referral, SearchTag, TransferRow)


@pytest.fixture
def move(world: World) -> Boroughs:
    return Boroughs(world)


def rows(move: Boroughs) -> list[int]:
    move.world.session.rollback()
    return [move.world.session.scalar(select(func.count()).select_from(t)) or 0 for t in COUNTED]


def selects(move: Boroughs, status: str) -> None:
    """Whoever keeps Brent's list gives the case there a status, as a panel's decision or the form of the case does."""
    there = move.offer().item.case.id
    with move.world.doors.log.transaction(move.world.session) as tx:
        cases.steer(tx.session, there, {"case.status": status}, now_micros())


def test_what_the_party_wrote_goes_and_what_others_wrote_stays(move: Boroughs) -> None:
    blank = move.blank(move.jo)
    told = {g.going.record.kind: (g.going.out, g.going.into, g.now) for g in blank.goes}
    assert set(told) == {"sentence", "score"}
    assert told["sentence"] == ("5.17", "8.88", ()), "the coordinator reads no sentence there"
    assert blank.stays == ("Update",)
    assert blank.known["person.surname"] == "Marlowe"
    assert "identifiers.pnc" not in blank.known, "that is the police's"
    assert {a.name for a in blank.audience if a.sees and a.now} == {"Community Safety"}
    assert "restriction" in {g.going.record.kind for g in move.blank(move.pat).goes}


def test_it_is_a_referral_there_of_the_same_person_with_the_copies_and_nothing_else(either: World) -> None:
    move = Boroughs(either)
    before = move.entries()
    made = move.offers(move.jo)
    ours = move.world.session.scalars(select(CaseFile).where(CaseFile.id == move.case)).one()
    there = move.there()
    assert (there.person, there.agreement, there.state) == (ours.person, "brent-iom", "open")
    assert move.offer().record == made
    assert sorted((r.kind, r.owner) for r in move.records(there.id)) == [
        (kind, "probation") for kind in ("identifiers", "person", "referral", "score", "sentence", "transfer")
    ]
    [line] = inbox_desk.waiting(either.session, either.doors, move.bella).lines
    assert (line.name, line.source, line.words[0].reason) == ("Dean Marlowe", "Transfer from Barnet", WHY)
    told = move.operations(before)
    written = [entry for entry in told if entry[0] in ("collection", "disclosure")]
    assert written == [
        ("collection", "barnet-iom"),
        ("disclosure", "barnet-iom"),
        ("collection", "brent-iom"),
        ("disclosure", "brent-iom"),
        ("disclosure", "barnet-iom"),
    ]


def test_all_of_it_or_nothing(either: World, monkeypatch: Any) -> None:
    """The twin: the same offer without the fault adds rows to every table."""
    move = Boroughs(either)
    before = rows(move)

    def breaks(*_: Any) -> None:
        raise RuntimeError("the last step fails")

    with monkeypatch.context() as fault:
        fault.setattr(transfers, "put", breaks)
        with pytest.raises(RuntimeError):
            move.offers(move.jo)
    assert rows(move) == before
    move.offers(move.jo)
    assert all(after > was for after, was in zip(rows(move), before, strict=True))


def test_the_same_form_twice_is_one_and_a_second_offer_is_told(either: World) -> None:
    move = Boroughs(either)
    once = uuid.uuid4()
    chosen: set[uuid.UUID] = set()
    visit = move.visit(move.jo)
    first = move.offers(move.jo, once=once, chosen=chosen, visit=visit)
    after = rows(move)
    assert move.offers(move.jo, once=once, chosen=chosen, visit=visit) == first
    with pytest.raises(Conflict):
        move.offers(move.pat, "harrow-iom", chosen=chosen)
    assert rows(move) == after


def test_only_what_is_ticked_goes(move: Boroughs) -> None:
    [sentence] = [g.going.record.id for g in move.blank(move.jo).goes if g.going.record.kind == "sentence"]
    others = {r.id for r in move.records(move.case) if r.kind in ("update", "accommodation", "restriction")}
    move.offers(move.jo, chosen={sentence, *others})
    kinds = {r.kind for r in move.records(move.there().id)}
    assert kinds == {"identifiers", "person", "referral", "sentence", "transfer"}, "no other id of the form brings more"


def test_a_copy_keeps_the_label_of_youth(world: World) -> None:
    move = Boroughs(world)
    with world.doors.log.transaction(world.session) as tx:
        for record in tx.session.scalars(select(RecordRow).where(RecordRow.kind == "sentence")):
            record.made_as_youth = True
        for record in tx.session.scalars(select(RecordRow).where(RecordRow.kind == "score")):
            record.made_as_youth = None
    move.offers(move.jo)
    labels = {r.kind: r.made_as_youth for r in move.records(move.there().id)}
    assert (labels["sentence"], labels["score"], labels["referral"]) == (True, None, False)


@pytest.mark.parametrize("who", ["hal", "mentor", "nadia", "kim", "bella"])
def test_nobody_else_offers_it(move: Boroughs, who: str) -> None:
    actor: Actor = getattr(move, who)
    before = rows(move)
    with pytest.raises(NotFound):
        move.blank(actor)
    with pytest.raises(NotFound):
        move.offers(actor, chosen=())
    assert rows(move) == before


def test_only_to_another_agreement_that_the_party_signed(move: Boroughs) -> None:
    at = move.world
    assert dict(move.desk(move.jo).boroughs) == {"brent-iom": "Brent", "harrow-iom": "Harrow"}
    for agreement in ("barnet-iom", "no-such-iom"):
        with pytest.raises(NotFound):
            move.offers(move.jo, agreement, chosen=())
    with at.doors.log.transaction(at.session) as tx:
        for row in tx.session.scalars(select(Adoption).where(Adoption.party == "probation")):
            row.ended_at = now_micros() if row.agreement == "brent-iom" else None
    at.doors.book.refresh(at.session)
    assert dict(move.desk(move.jo).boroughs) == {"harrow-iom": "Harrow"}
    with pytest.raises(NotFound):
        move.offers(move.jo, chosen=())


def test_on_a_visit_for_another_purpose_nothing_is_sent(move: Boroughs) -> None:
    """The twin: the page begins a visit for referral and selection in place of it, and from there it is sent."""
    at, risk = move.world, move.visit(move.jo, "risk")
    with pytest.raises(NotFound):
        move.offers(move.jo, visit=risk, chosen=())
    begun = transferring.for_selection(at.session, at.doors, move.jo, risk)
    assert begun != risk
    assert transferring.for_selection(at.session, at.doors, move.jo, begun) == begun
    assert move.offers(move.jo, visit=begun, chosen=())


def test_what_is_wrong_is_said_all_at_once_and_nothing_is_kept(move: Boroughs) -> None:
    before = rows(move)
    empty: dict[str, Any] = dict.fromkeys(WHO, "")
    with pytest.raises(Invalid) as wrong:
        move.offers(move.jo, chosen=(), **empty)
    assert set(wrong.value.problems) == {
        *("transfer.moved_on", "transfer.reason", "person.surname", "referral.priority_crime")
    }
    far: dict[str, Any] = {"transfer.moved_on": "2031-01-01"}
    with pytest.raises(Invalid) as wrong:
        move.offers(move.jo, chosen=(), **far)
    assert wrong.value.problems == {"transfer.moved_on": "The day of the move must be within a year of today"}
    assert rows(move) == before


def test_a_case_that_is_deselected_meanwhile_is_not_offered(move: Boroughs, monkeypatch: Any) -> None:
    plan = door._plan

    def meanwhile(*given: Any) -> Any:
        found = plan(*given)
        with move.world.doors.log.transaction(move.world.session) as tx:
            cases.steer(tx.session, move.case, {"case.status": "De-selected"}, now_micros())
        return found

    before = rows(move)
    monkeypatch.setattr(door, "_plan", meanwhile)
    with pytest.raises(NotFound):
        move.offers(move.jo)
    assert rows(move) == before


def test_what_became_of_it_is_told_here_in_a_word(move: Boroughs) -> None:
    move.offers(move.jo)
    for who in (move.nadia, move.pat, move.hal):
        assert move.word(who) == transfers.WAITS, who.party
    move.answers(ASKED, "Which address?")
    assert move.word(move.nadia) == transfers.WAITS, "what is asked is for whoever referred"
    referral = move.desk(move.jo).told[0].referral
    assert referral is not None
    at = move.world
    referrals.add(at.session, at.doors, move.jo, referral, 2, "12 Ealing Road.", uuid.uuid4())
    move.answers(ACCEPTED)
    assert move.word(move.nadia) == transfers.PANEL
    selects(move, "Selected")
    assert move.word(move.nadia) == transfers.TAKEN
    selects(move, "De-selected")
    assert move.word(move.nadia) == transfers.TAKEN, "what comes later there is told to nobody here"


@pytest.mark.parametrize("by_panel", [False, True])
def test_who_is_not_taken_on_may_be_offered_again(move: Boroughs, by_panel: bool) -> None:
    move.offers(move.jo)
    move.answers(ACCEPTED if by_panel else REFUSED, "" if by_panel else "No room on the cohort.")
    if by_panel:
        assert move.desk(move.jo).boroughs == ()
        selects(move, "De-selected")
    assert move.word(move.nadia) == transfers.DECLINED
    assert dict(move.desk(move.jo).boroughs)
    move.offers(move.jo, "harrow-iom")
    assert [t.code for t in move.desk(move.nadia).told] == [transfers.WAITS, transfers.DECLINED]


def test_the_reason_of_an_answer_is_told_to_whoever_offered_alone(move: Boroughs) -> None:
    """The control: the party that referred reads the reason where its referrals are told."""
    why = "Their flat is in Harrow, says our housing team."
    move.offers(move.jo)
    move.answers(REFUSED, why)
    at = move.world
    for who in (move.nadia, move.pat, move.hal):
        assert why not in str(move.reads(who, move.case))
        assert why not in str(move.desk(who))
        assert move.desk(who).told[0].referral is None
    referral = move.desk(move.jo).told[0].referral
    assert referral is not None
    assert why in str(referrals.one(at.session, at.doors, move.jo, referral))


def test_whoever_reads_no_selection_is_told_of_no_transfer(move: Boroughs) -> None:
    """The control: what the mentor lacks is the record of the offer, which housing reads."""
    move.offers(move.jo)
    move.answers(REFUSED, "No room.")
    assert move.reads(move.hal, move.case, "pathways").records("transfer")
    assert not move.reads(move.mentor, move.case, "pathways").records("transfer")
    with pytest.raises(NotFound):
        transferring.desk(move.world.session, move.world.doors, move.mentor, move.visit(move.mentor, "pathways"))


def test_the_word_is_asked_of_the_other_agreement_too(move: Boroughs, monkeypatch: Any) -> None:
    """An attack on the second question: were the party not told the outcome there, nobody is told here."""
    move.offers(move.jo)
    move.answers(REFUSED, "No room.")
    assert move.word(move.nadia) == transfers.DECLINED
    monkeypatch.setattr("portal.sharing.reading.referrals.told", lambda *_: False)
    assert move.word(move.nadia) == ""


def test_brent_reads_nothing_of_the_earlier_case_but_what_was_sent(move: Boroughs) -> None:
    """The control: with a copy of the update in Brent, which no clause lets anybody bring, the same look finds it."""
    with pytest.raises(NotFound):
        move.reads(move.bella, move.case)
    move.offers(move.jo)
    move.answers(ACCEPTED)
    there = move.there().id
    for purpose in ("selection", "risk", "deselection"):
        with pytest.raises(NotFound):
            move.reads(move.bella, move.case, purpose)
        shown = str(move.reads(move.bella, there, purpose))
        assert "Barnet" in shown
        for kept in (SECRET, "Hostel", "High Road", "1 Old St", "2009/1234567G", str(move.case), "Amber"):
            assert kept not in shown, kept
    at = move.world
    text, person = at.doors.book.engine("brent-iom").agreement, move.there().person
    with at.doors.log.transaction(at.session) as tx:
        storing.store(
            tx.session, at.doors, text, [at._record(there, person, "probation update@behaviour", {"text": SECRET})]
        )
    assert SECRET in str(move.reads(move.bella, there, "risk"))


def test_barnet_reads_nothing_of_the_new_case_not_even_that_somebody_works_on_it(move: Boroughs) -> None:
    """The control: assigned in Brent, the offender manager reads it; and their name is in no page of Barnet."""
    move.offers(move.jo)
    move.answers(ACCEPTED)
    there = move.there()
    for who in (move.jo, move.kim, move.pat, move.nadia, move.hal):
        with pytest.raises(NotFound):
            move.reads(who, there.id)
        assert there.reference not in str(move.reads(who, move.case)) if who is not move.kim else True
        assert str(there.id) not in str(move.desk(who)) if who is not move.kim else True
    with move.world.doors.log.transaction(move.world.session):
        move.world.assign(there.id, move.kim)
    assert move.reads(move.kim, there.id).records("sentence")
    with pytest.raises(NotFound):
        move.reads(move.kim, move.case)


def test_taken_back_it_leaves_the_inbox_and_a_case_made_for_it_alone_is_closed(either: World) -> None:
    move = Boroughs(either)
    move.offers(move.jo)
    once = uuid.uuid4()
    made = move.back(move.jo, once=once)
    assert (move.there().state, move.word(move.nadia)) == ("deselected", transfers.BACK)
    assert inbox_desk.waiting(either.session, either.doors, move.bella).lines == ()
    assert [r.text("reason") for r in move.desk(move.nadia).backs] == ["He stays after all."]
    assert made in {r.id for r in move.records(move.case)}
    assert dict(move.desk(move.jo).boroughs), "it may be offered again"
    closed = move.there().id
    with pytest.raises(NotFound):
        move.reads(move.bella, closed)
    move.offers(move.jo)
    assert move.there().id != closed
    told = earlier.earlier(either.session, either.doors, move.bella, move.there().id)
    assert told is None, "nobody was on the list there before"


def test_a_case_on_which_something_else_stands_stays_open(move: Boroughs) -> None:
    at = move.world
    move.offers(move.jo)
    theirs = at.actor("brent_housing", "practitioner", "Britt Housing")
    there = move.there().id
    with at.doors.log.transaction(at.session):
        at.assign(there, theirs)
    move.back(move.jo)
    assert move.there().state == "open"


def test_what_was_answered_is_not_taken_back(move: Boroughs) -> None:
    move.offers(move.jo)
    move.answers(ACCEPTED)
    after = rows(move)
    with pytest.raises(Conflict):
        move.back(move.jo)
    assert rows(move) == after


def test_a_colleague_on_the_case_takes_it_back_and_another_party_does_not(move: Boroughs) -> None:
    move.offers(move.jo)
    with pytest.raises(NotFound):
        move.back(move.pat)
    with pytest.raises(NotFound):
        move.back(move.kim)
    with move.world.doors.log.transaction(move.world.session):
        move.world.assign(move.case, move.kim)
    with pytest.raises(Invalid):
        move.back(move.kim, " ")
    move.back(move.kim)
    assert move.word(move.jo) == transfers.BACK


def test_somebody_whom_brent_knows_already_keeps_that_case(move: Boroughs) -> None:
    known = {"police person": {k: HELD["probation person"][k] for k in ("surname", "forename", "date_of_birth")}}
    there = move.world.case({**known, "brent_safety case": {"status": "Active"}}, "brent-iom")
    move.offers(move.jo)
    assert move.there().id == there
    move.answers(ACCEPTED)
    selects(move, "Active")
    assert move.word(move.nadia) == transfers.TAKEN
    with pytest.raises(Conflict):
        move.back(move.jo)


def test_those_on_the_case_are_told_that_something_changed(move: Boroughs) -> None:
    at, before = move.world, now_micros() - 1

    def waits(actor: Actor, since: int) -> bool:
        at.session.rollback()
        return notifying._news(at.session, at.doors, actor, since, now_micros())

    assert not waits(move.nadia, before)
    move.offers(move.jo)
    assert waits(move.nadia, before)
    assert waits(move.hal, before)
    assert not waits(move.mentor, before), "who reads no selection is told nothing"
    for who in (move.nadia, move.hal, move.jo):
        move.reads(who, move.case, "risk" if who is move.hal else "selection")
    answered = now_micros() - 1
    assert not waits(move.nadia, answered)
    move.answers(REFUSED, "No room.")
    assert waits(move.nadia, answered)
    assert waits(move.jo, answered)
    assert not waits(move.mentor, answered)


def test_it_stands_on_the_case_there_and_the_general_form_makes_none(move: Boroughs) -> None:
    move.offers(move.jo)
    [told] = move.desk(move.bella, move.there().id).told
    assert (told.came, told.record.text("borough"), told.record.text("reason")) == (True, "Barnet", WHY)
    at = move.world
    with pytest.raises(NotFound):
        writing.create(at.session, at.doors, move.jo, move.visit(move.jo), "transfer", "", {"transfer.reason": "x"})
    shown = case_reading.case(at.session, at.doors, move.jo, move.visit(move.jo))
    assert "transfer" in {w.kind for w in shown.writable}
