"""Offers that end without an answer: with the case they come from, or while the other agreement rests (clause 8.91)."""

import threading
import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.auth.actor import Actor
from portal.casework import inbox as inbox_desk
from portal.casework import referrals, transferring
from portal.db import DAY, now_micros
from portal.errors import Conflict, NotFound
from portal.sharing import cases, inbox, transfers, visits, writing
from portal.sharing.doors import Doors, open_doors
from portal.sharing.inbox import LAPSED, WITHDRAWN
from portal.sharing.reading import case as case_reading
from portal.sharing.reading import earlier
from portal.sharing.reading import transfers as became
from portal.sharing.tables import Adoption, RecordRow
from portal.sharing.transfer_tables import TransferRow
from tests.installation import World
from tests.portal.casework.moving_away import ACCEPTED, ASKED, HELD, REFUSED, WHO, Boroughs

KNOWN = {k: v for k, v in HELD.items() if k in ("probation person", "probation identifiers")}


@pytest.fixture
def move(world: World) -> Boroughs:
    return Boroughs(world)


def rests(move: Boroughs, on: bool = True) -> None:
    """Probation's signature under Brent's agreement rests, or stands again."""
    theirs = (Adoption.agreement == "brent-iom", Adoption.party == "probation")
    with move.world.doors.log.transaction(move.world.session) as tx:
        tx.session.execute(update(Adoption).where(*theirs).values(ended_at=now_micros() if on else None))
    move.world.doors.book.refresh(move.world.session)


def deselects(move: Boroughs) -> None:
    """The coordinator de-selects the case here, by the form of its status."""
    at, visit = move.world, move.visit(move.nadia, "selection")
    [row] = [r for r in move.records(move.case) if r.kind == "case"]
    writing.edit(at.session, at.doors, move.nadia, visit, row.id, row.version, {"case.status": "De-selected"})


def joined(move: Boroughs) -> uuid.UUID:
    """They have a case in Brent already, which an offer joins."""
    return move.world.case({**KNOWN, "brent_safety case": {"status": "Active"}}, "brent-iom", assigned=[move.jo])


def gone(move: Boroughs) -> list[tuple[str, str, bool]]:
    found = inbox_desk.waiting(move.world.session, move.world.doors, move.bella).gone
    return [(g.borough, g.agency, g.taken_back) for g in found]


def test_while_the_signature_rests_it_is_taken_back_and_may_go_elsewhere(move: Boroughs) -> None:
    """The control: `standing`, for as long as it is not, keeps the case from every other borough."""
    move.offers(move.jo)
    rests(move)
    desk = move.desk(move.jo)
    assert (desk.told[0].code, desk.boroughs, desk.asked_back) == ("", (), desk.told[0])
    there, before = move.there().id, move.entries()
    kept = {r.id for r in move.records(there)}
    move.back(move.jo)
    assert (move.offer().item.state, move.there().state) == (WITHDRAWN, "deselected")
    assert {r.id for r in move.records(there)} == kept, "nothing may be written there now"
    assert ("alteration", "brent-iom") in move.operations(before)
    assert not [op for op in move.operations(before) if op[0] != "alteration" and op[1] == "brent-iom"]
    assert move.word(move.jo) == move.word(move.nadia) == transfers.BACK, "what they did themselves is told"
    assert [r.text("borough") for r in move.desk(move.jo).backs] == ["Brent"]
    assert dict(move.desk(move.jo).boroughs) == {"harrow-iom": "Harrow"}
    assert move.offers(move.jo, "harrow-iom", chosen=())
    assert gone(move) == [("Barnet", "Probation", True)]


@pytest.mark.parametrize("state", [ACCEPTED, REFUSED])
def test_while_it_rests_an_answer_is_not_undone(move: Boroughs, state: str) -> None:
    move.offers(move.jo)
    move.answers(state, "No room." if state == REFUSED else "")
    rests(move)
    desk = move.desk(move.jo)
    assert desk.asked_back is not None, "as while nobody has answered"
    assert desk.boroughs == (), "that it may be offered again would tell that it was refused"
    with pytest.raises(Conflict):
        move.offers(move.jo, "harrow-iom", chosen=())
    with pytest.raises(Conflict):
        move.back(move.jo)
    assert move.offer().item.state == state
    assert not [r for r in move.records(move.case) if r.created_at > move.offer().item.since]


def test_what_was_refused_may_be_offered_again_when_the_signature_stands(move: Boroughs) -> None:
    move.offers(move.jo)
    move.answers(REFUSED, "No room.")
    rests(move)
    rests(move, on=False)
    assert move.desk(move.jo).asked_back is None
    assert move.offers(move.jo, "harrow-iom", chosen=())


def test_who_may_not_take_back_may_not_while_it_rests(move: Boroughs) -> None:
    move.offers(move.jo)
    rests(move)
    for who in (move.pat, move.hal, move.nadia):
        assert move.desk(who).asked_back is None
        with pytest.raises(NotFound):
            move.back(who)
    assert move.offer().became[0] == transfers.WAITS


def test_an_agreement_that_ended_holds_nobody(move: Boroughs, monkeypatch: Any) -> None:
    """It is served no more: there is no text to write under, and none that tells an outcome."""
    move.offers(move.jo)
    book = move.world.doors.book
    for name, value in (
        ("_agreements", {k: v for k, v in book._agreements.items() if k != "brent-iom"}),
        ("_all", tuple(a for a in book.all() if a.id != "brent-iom")),
        ("_of_party", {}),
        ("_engines", {k: v for k, v in book._engines.items() if k != "brent-iom"}),
    ):
        monkeypatch.setattr(book, name, value)
    assert move.desk(move.jo).asked_back
    move.back(move.jo)
    assert move.word(move.jo) == transfers.BACK
    assert dict(move.desk(move.jo).boroughs) == {"harrow-iom": "Harrow"}


@pytest.mark.parametrize("asked", [False, True])
def test_with_the_case_that_it_comes_from_an_offer_ends(either: World, asked: bool) -> None:
    move = Boroughs(either)
    move.offers(move.jo)
    if asked:
        move.answers(ASKED, "Which address?")
    there, before = move.there().id, move.entries()
    kept = {r.id for r in move.records(there)}
    deselects(move)
    offer = move.offer()
    assert (offer.became[0], offer.item.state, move.there().state) == (transfers.ENDED, LAPSED, "deselected")
    assert {r.id for r in move.records(there)} == kept, "the panel here writes nothing there"
    assert ("alteration", "brent-iom") in move.operations(before)
    found = inbox_desk.waiting(either.session, either.doors, move.bella)
    assert (found.lines, found.total, found.asked) == ((), 0, 0)
    assert gone(move) == [("Barnet", "Probation", False)]
    assert move.operations(before)[-1] == ("list", "brent-iom"), "that is told with an entry"
    for who in (move.jo, move.pat, move.nadia):
        shown = move.reads(who, move.case, "deselection").records("transfer")
        assert shown, "who reviews the case reads what was offered of it"


@pytest.mark.parametrize(("meanwhile", "became_of_it"), [(ASKED, transfers.ENDED), (REFUSED, transfers.DECLINED)])
def test_who_asks_while_the_case_is_de_selected_keeps_no_offer_waiting(
    move: Boroughs, monkeypatch: Any, meanwhile: str, became_of_it: str
) -> None:
    """Whoever keeps the list there holds no case while they ask; an answer of theirs stands."""
    move.offers(move.jo)
    item, hold = move.offer().item, transfers.hold

    def quicker(session: Session, held: Any) -> dict[uuid.UUID, str]:
        assert inbox.move(session, item, item.version, meanwhile, now_micros())
        return hold(session, held)

    monkeypatch.setattr(transfers, "hold", quicker)
    deselects(move)
    assert move.offer().became[0] == became_of_it


def test_who_takes_it_back_while_more_is_asked_does_so_once(move: Boroughs, monkeypatch: Any) -> None:
    """A question is no answer: it still waits, and one entry says that it ended."""
    move.offers(move.jo)
    item, hold = move.offer().item, transfers.hold

    def quicker(session: Session, held: Any) -> dict[uuid.UUID, str]:
        assert inbox.move(session, item, item.version, ASKED, now_micros())
        return hold(session, held)

    before = move.entries()
    with monkeypatch.context() as race:
        race.setattr(transfers, "hold", quicker)
        move.back(move.jo)
    assert move.offer().became[0] == transfers.BACK
    assert move.operations(before).count(("alteration", "brent-iom")) == 1


def test_both_sides_are_told_in_a_word_and_its_sender_among_their_referrals(move: Boroughs) -> None:
    at, there = move.world, joined(move)
    move.offers(move.jo)
    deselects(move)
    assert move.there().id == there
    assert move.there().state == "open", "their own work with somebody goes on"
    at.session.rollback()
    shown = move.reads(move.nadia, move.case, "deselection").records("transfer")
    [told] = became.told(at.session, at.doors, move.nadia, move.case, shown)
    assert (told.code, told.came, told.back) == (transfers.ENDED, False, False)
    [came] = move.desk(move.bella, there).told
    assert (came.code, came.came, came.back) == (transfers.ENDED, True, False)
    assert came.referral is None
    [line] = referrals.mine(at.session, at.doors, move.jo).lines
    assert line.state == LAPSED


def test_what_was_answered_outlives_the_case(move: Boroughs) -> None:
    move.offers(move.jo)
    move.answers(ACCEPTED)
    deselects(move)
    assert (move.offer().became[0], move.there().state) == (transfers.PANEL, "open")
    assert gone(move) == []


def test_a_case_on_which_another_waits_stays_open_and_somebody_else_s_offer_waits(move: Boroughs) -> None:
    move.offers(move.jo)
    theirs = move.world.actor("brent_housing", "practitioner", "Britt Housing")
    there = move.there().id
    with move.world.doors.log.transaction(move.world.session):
        move.world.assign(there, theirs)
    other = Boroughs(move.world, {**KNOWN, "probation person": {"surname": "Imrie"}, "barnet_safety case": {}})
    other.offers(other.jo, **{"person.surname": "Imrie", "identifiers.crn": "", "person.forename": ""})
    deselects(move)
    assert move.there().state == "open"
    assert other.offer().became[0] == transfers.WAITS


def test_who_was_never_on_the_list_there_had_no_earlier_case(move: Boroughs) -> None:
    move.offers(move.jo)
    deselects(move)
    other = Boroughs(move.world, {**KNOWN, "barnet_safety case": {"status": "Active"}})
    other.offers(other.jo)
    assert earlier.earlier(move.world.session, move.world.doors, move.bella, other.there().id) is None


def test_that_it_is_offered_no_longer_is_told_for_28_days_to_whoever_keeps_the_list(move: Boroughs) -> None:
    move.offers(move.jo)
    move.back(move.jo)
    assert gone(move) == [("Barnet", "Probation", True)]
    at = move.world
    assert inbox_desk.waiting(at.session, at.doors, move.nadia).gone == (), "it was not offered to her"
    with at.doors.log.transaction(at.session) as tx:
        tx.session.execute(update(TransferRow).values(since=now_micros() - 28 * DAY))
    assert gone(move) == []


def test_nothing_is_kept_of_a_deselection_whose_last_step_fails(either: World, monkeypatch: Any) -> None:
    move = Boroughs(either)
    move.offers(move.jo)

    def breaks(*_: Any) -> None:
        raise RuntimeError("the last step fails")

    with monkeypatch.context() as fault:
        fault.setattr(writing, "change", breaks)
        with pytest.raises(RuntimeError):
            deselects(move)
    assert (move.offer().became[0], move.there().state) == (transfers.WAITS, "open")


def at_once(world: World, *steps: Callable[[Session, Doors], object]) -> list[BaseException]:
    """Take these steps at the same time, each with a connection of its own; what went wrong."""
    wrong: list[BaseException] = []

    def take(step: Callable[[Session, Doors], object]) -> None:
        with Session(world.engine, expire_on_commit=False) as session:
            doors = open_doors(world.settings, session)
            session.rollback()
            try:
                step(session, doors)
            except Exception as error:
                wrong.append(error)

    threads = [threading.Thread(target=take, args=(step,)) for step in steps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    world.session.rollback()
    return wrong


def both_within(monkeypatch: Any) -> None:
    """Whoever holds what it needs waits a moment for the other, before it writes anything."""
    together, add = threading.Barrier(2), writing.add

    def meets(*given: Any) -> Any:
        with suppress(threading.BrokenBarrierError):
            together.wait(1.5)
        return add(*given)

    monkeypatch.setattr(writing, "add", meets)


class Opposite:
    """One person, open in Barnet and in Brent, whom an officer of probation works with in both."""

    def __init__(self, world: World) -> None:
        self.move = Boroughs(world)
        self.there = joined(self.move)
        jo = self.move.jo
        self.ways = [(self.move.case, "brent-iom", jo), (self.there, "barnet-iom", jo)]

    def offers(self) -> list[Callable[[Session, Doors], object]]:
        visits_to = [self.move.visit(by, case=case) for case, _, by in self.ways]

        def step(visit: uuid.UUID, to: str, by: Actor) -> Callable[[Session, Doors], object]:
            return lambda session, doors: transferring.offer(session, doors, by, visit, to, WHO, (), uuid.uuid4())

        return [step(visit, to, by) for visit, (_, to, by) in zip(visits_to, self.ways, strict=True)]

    def backs(self) -> list[Callable[[Session, Doors], object]]:
        def step(case: uuid.UUID, by: Actor) -> Callable[[Session, Doors], object]:
            visit = self.move.visit(by, case=case)
            return lambda session, doors: transferring.take_back(session, doors, by, visit, "No.", uuid.uuid4())

        return [step(case, by) for case, _, by in self.ways]

    def accepts(self) -> list[Callable[[Session, Doors], object]]:
        def step(referral: uuid.UUID, version: int, by: Actor) -> Callable[[Session, Doors], object]:
            return lambda session, doors: inbox_desk.answer(session, doors, by, referral, version, ACCEPTED, "")

        offered = transfers.of_cases(self.move.world.session, [case for case, _, _ in self.ways])
        keepers = {"barnet-iom": self.move.nadia, "brent-iom": self.move.bella}
        return [step(o.item.id, o.item.version, keepers[o.item.case.agreement]) for o in offered]

    def deselections(self) -> list[Callable[[Session, Doors], object]]:
        def step(case: uuid.UUID, by: Actor) -> Callable[[Session, Doors], object]:
            visit = self.move.visit(by, case=case)
            [row] = [r for r in self.move.records(case) if r.kind == "case"]
            typed = {"case.status": "De-selected"}
            return lambda session, doors: writing.edit(session, doors, by, visit, row.id, row.version, typed)

        return [step(self.move.case, self.move.nadia), step(self.there, self.move.bella)]

    def became(self) -> list[str]:
        self.move.world.session.rollback()
        offered = transfers.of_cases(self.move.world.session, [case for case, _, _ in self.ways])
        return sorted(o.became[0] for o in offered)


def test_two_opposite_offers_about_one_person_wait_for_each_other_and_never_both(
    either: World, monkeypatch: Any
) -> None:
    """Each holds its own case and adds to the other's: without one order PostgreSQL ends one of them (answer 503)."""
    one = Opposite(either)
    steps = one.offers()
    both_within(monkeypatch)
    assert at_once(either, *steps) == []
    assert one.became() == [transfers.WAITS, transfers.WAITS]


@pytest.mark.parametrize("how", ["backs", "accepts", "deselections"])
def test_nor_do_what_ends_them(either: World, monkeypatch: Any, how: str) -> None:
    one = Opposite(either)
    assert at_once(either, *one.offers()) == []
    steps = getattr(one, how)()
    both_within(monkeypatch)
    assert at_once(either, *steps) == []
    ends = {"backs": [transfers.BACK] * 2, "accepts": [transfers.PANEL] * 2}
    assert one.became() == ends.get(how, [transfers.DECLINED, transfers.ENDED]), "the first ends what came to it too"


def test_cases_are_held_by_their_ids_whatever_order_they_are_named_in(either: World) -> None:
    one = Opposite(either)
    ids = sorted([one.move.case, one.there])
    with either.doors.log.transaction(either.session) as tx:
        held = [list(transfers.hold(tx.session, order)) for order in (ids, ids[::-1])]
        assert held == [ids, ids]
        assert tx.session.scalars(select(RecordRow.id).limit(1)).one()


def test_a_case_there_that_closes_meanwhile_is_joined_by_nothing(world: World, monkeypatch: Any) -> None:
    move = Boroughs(world)
    closing = joined(move)
    hold, closed = transfers.hold, []

    def meanwhile(session: Session, held: Any) -> dict[uuid.UUID, str]:
        if not closed:
            closed.append(closing)
            cases.close(session, closing, now_micros())
        return hold(session, held)

    monkeypatch.setattr(transfers, "hold", meanwhile)
    move.offers(move.jo)
    assert move.there().id != closing
    assert move.there().state == "open"
    with pytest.raises(NotFound):
        case_reading.case(
            world.session,
            world.doors,
            move.bella,
            visits.begin(world.session, world.doors, move.bella, closing, "selection", "", now_micros()),
        )
