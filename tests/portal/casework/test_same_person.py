"""Pairs that may be one person, on both databases: who may say so, what is suggested, and two at the same moment."""

import threading
import uuid
from typing import Any

import pytest
from sqlalchemy import event, func, select, update
from sqlalchemy.orm import Session

from portal.casework import referrals, same_person
from portal.db import new_id, now_micros
from portal.errors import Conflict, NotFound
from portal.sharing import cases, same, storing, visits, writing
from portal.sharing.doors import open_doors
from portal.sharing.same import SAME, TWO
from portal.sharing.same_tables import SamePerson
from portal.sharing.storing import NewRecord
from portal.sharing.tables import CaseFile, RecordRow
from tests.installation import World

WHO = {"surname": "Marlowe", "forename": "Dean", "date_of_birth": "1991-03-27"}
BACK = {f"person.{name}": text for name, text in WHO.items()}


class Keeping:
    def __init__(self, world: World) -> None:
        self.world = world
        self.keeper = world.actor("barnet_safety", "coordinator", "Cora Coordinator")
        self.first = world.case({"probation person": WHO})
        self.second = world.case({"police person": {**WHO, "surname": "Marlowe-Hart"}})

    @property
    def pair(self) -> tuple[uuid.UUID, uuid.UUID]:
        return (self.first, self.second)

    def say(self, state: str = SAME, base: int = 0, who: Any = None, pair: Any = None) -> None:
        at = self.world
        of = pair or self.pair
        same_person.say(at.session, at.doors, who or self.keeper, of, base, state, "Same photograph", uuid.uuid4())

    def lines(self, who: Any = None) -> same_person.Lines:
        return same_person.lines(self.world.session, self.world.doors, who or self.keeper)

    def waiting(self) -> list[set[uuid.UUID]]:
        return [{line.first.case, line.second.case} for line in self.lines().waiting]

    def count(self, table: Any) -> int:
        self.world.session.rollback()
        return int(self.world.session.scalar(select(func.count()).select_from(table)) or 0)


@pytest.fixture
def keeping(world: World) -> Keeping:
    return Keeping(world)


def test_two_at_the_same_moment_say_one_word(either: World) -> None:
    keeping, outcomes, barrier = Keeping(either), list[str](), threading.Barrier(2)
    assert keeping.waiting() == [set(keeping.pair)], "suggested on either database"

    def one(state: str) -> None:
        with Session(either.engine) as session:
            doors = open_doors(either.settings, session)
            barrier.wait()
            try:
                same_person.say(session, doors, keeping.keeper, keeping.pair, 0, state, "As I see it", uuid.uuid4())
                outcomes.append("kept")
            except Conflict:
                outcomes.append("told")

    threads = [threading.Thread(target=one, args=(state,)) for state in (SAME, TWO)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(outcomes) == ["kept", "told"]
    assert keeping.count(SamePerson) == 1
    assert keeping.waiting() == []


def test_it_is_linked_and_nothing_is_moved(keeping: Keeping) -> None:
    held = select(RecordRow.id, RecordRow.case, RecordRow.person, RecordRow.head, RecordRow.version)
    files = select(CaseFile.id, CaseFile.person, CaseFile.state)
    before = [set(keeping.world.session.execute(of)) for of in (held, files)]
    keeping.say()
    keeping.say(TWO, base=1)
    after = [set(keeping.world.session.execute(of)) for of in (held, files)]
    assert before[0] < after[0], "every record is where it was, as it was"
    assert before[1] == after[1]
    new = {(row.case, row.person) for row in after[0] - before[0]}
    assert new == {(f.case.id, f.case.person) for f in same.filed(keeping.world.session, keeping.pair).values()}


@pytest.mark.parametrize(
    ("party", "role"), [("police", "chair"), ("barnet_safety", "practitioner"), ("brent_safety", "coordinator")]
)
def test_nobody_else_is_suggested_or_may_say(keeping: Keeping, party: str, role: str) -> None:
    who = keeping.world.actor(party, role)
    assert same_person.count(keeping.world.session, keeping.world.doors, who) == 0
    with pytest.raises(NotFound):
        keeping.say(who=who)
    assert keeping.count(SamePerson) == 0


def test_a_number_is_enough_and_another_borough_is_not_looked_at(keeping: Keeping) -> None:
    at = keeping.world
    numbered = {"police identifiers": {"pnc": "2015/6033943L"}}
    one = at.case({**numbered, "police person": {"surname": "Okafor", "date_of_birth": "1990-01-01"}})
    other = at.case({**numbered, "probation person": {"surname": "Obi", "date_of_birth": "1990-01-10"}})
    at.case({**numbered, "police person": WHO}, agreement="brent-iom")
    assert sorted(map(sorted, keeping.waiting())) == sorted(map(sorted, (keeping.pair, (one, other))))
    [line] = [line for line in keeping.lines().waiting if line.first.case == one]
    assert line.why == ("the same PNC ID",)
    assert (line.first.name, line.second.name) == ("Okafor", "Obi")


def test_a_deselected_case_is_compared_for_its_review_and_parted_all_the_same(keeping: Keeping) -> None:
    at = keeping.world
    keeping.say()
    with at.doors.log.transaction(at.session) as tx:
        tx.session.execute(update(CaseFile).values(state="deselected"))
    same_person.begin(at.session, at.doors, keeping.keeper, keeping.pair)
    both = same_person.begun(at.session, at.doors, keeping.keeper, keeping.pair)
    found = same_person.compare(at.session, at.doors, keeping.keeper, keeping.pair, both)
    assert [s.purpose_name for s in found.sides] == ["de-selection and review"] * 2
    assert found.later == "", "nothing is left to close"
    keeping.say(TWO, base=1)
    assert [line.state for line in keeping.lines().two] == [TWO]


def test_an_old_form_keeps_nothing_after_the_two_were_parted(keeping: Keeping) -> None:
    at, once = keeping.world, uuid.uuid4()
    sent = (at.session, at.doors, keeping.keeper, keeping.pair, 0, SAME, "Same photograph", once)
    for _ in range(2):  # the same form twice is once
        same_person.say(*sent)
    keeping.say(TWO, base=1)
    with pytest.raises(Conflict):
        same_person.say(*sent)
    assert keeping.count(SamePerson) == 2


def test_what_was_said_is_told_after_somebody_came_back_on_a_new_case(keeping: Keeping) -> None:
    at = keeping.world
    keeping.say()
    files = {f.case.id: f.case for f in same.filed(at.session, keeping.pair).values()}

    def comes_back(case: uuid.UUID) -> uuid.UUID:
        with at.doors.log.transaction(at.session) as tx:
            values = {"state": "deselected", "closed_at": now_micros() - 1}
            tx.session.execute(update(CaseFile).where(CaseFile.id == case).values(**values))
            reference = cases.next_references(tx.session, "Barnet", now_micros(), 1)[0]
            new = cases.open_file(
                *(tx.session, files[case].person, "barnet-iom", reference, "barnet_safety", now_micros()), minor=False
            )
            who = [
                NewRecord(new_id(), new, files[case].person, "person", "", "probation", now_micros(), new_id(), BACK)
            ]
            storing.store(tx.session, at.doors, at.doors.book.engine("barnet-iom").agreement, who)
        return new

    def compared(pair: tuple[uuid.UUID, uuid.UUID]) -> same_person.Compared:
        same_person.begin(at.session, at.doors, keeping.keeper, pair)
        both = same_person.begun(at.session, at.doors, keeping.keeper, pair)
        return same_person.compare(at.session, at.doors, keeping.keeper, pair, both)

    again = comes_back(keeping.first)
    found = compared((again, keeping.second))
    assert ([s.why for s in found.history], found.missing) == (["Same photograph"], 0), "it stands on the other's case"
    found = compared((again, comes_back(keeping.second)))
    assert (found.history, found.missing, found.state) == ((), 1, SAME)
    assert {e.case for e in found.earlier} == set(keeping.pair)
    assert found.since is not None


def test_a_referral_of_somebody_linked_goes_to_the_case_that_goes_on(keeping: Keeping) -> None:
    """Before the link the form fits two people, so that a third was made; after it, one."""
    at = keeping.world
    holly = at.actor("barnet_housing", "practitioner", "Holly Housing")
    typed = {"person.surname": "Marlowe", "person.date_of_birth": WHO["date_of_birth"]}
    typed |= {"referral.priority_crime": "Robbery", "referral.reason": "Robbed a bus passenger"}
    before = keeping.count(CaseFile)
    referrals.refer(at.session, at.doors, holly, "barnet-iom", typed, uuid.uuid4())
    assert keeping.count(CaseFile) == before + 1
    [third] = set(at.session.scalars(select(CaseFile.id))) - set(keeping.pair)
    keeping.say()
    keeping.say(pair=(keeping.first, third))
    referrals.refer(at.session, at.doors, holly, "barnet-iom", typed, uuid.uuid4())
    assert keeping.count(CaseFile) == before + 1
    with_referral = select(RecordRow.case).where(RecordRow.kind == "referral").order_by(RecordRow.created_at)
    assert at.session.scalars(with_referral).all() == [third, keeping.first]


def test_who_is_linked_through_another_stands_in_one_group() -> None:
    a, b, c, d, e = (uuid.UUID(int=n) for n in range(1, 6))
    words = [same.Word("x", a, b, 1, SAME, 0), same.Word("x", b, c, 1, SAME, 0), same.Word("x", c, d, 2, TWO, 0)]
    assert same.grouped(words)["x", a] == {a, b, c}
    assert ("x", d) not in same.grouped(words)
    words += [same.Word("x", a, c, 1, TWO, 0)]
    assert same.grouped(words)["x", a] == {a, b}, "said to be another person"
    assert same.grouped(words)["x", b] == {a, b, c}
    words += [same.Word("x", c, e, 1, SAME, 0)]
    assert same.grouped(words)["x", a] == {a, b}, "nor whoever is reached through them alone"
    assert same.grouped(words)["x", e] == {b, c, e}
    assert ("y", a) not in same.grouped(words)


def test_a_correction_makes_a_pair_and_another_ends_it(either: World) -> None:
    """Found by the mark on the tag that is kept with every write, never by comparing everybody."""
    keeping = Keeping(either)
    police = either.actor("police", "practitioner")
    third = either.case({"police person": {**WHO, "surname": "Quill"}}, assigned=[police])
    assert set(map(frozenset, keeping.waiting())) == {frozenset(keeping.pair)}
    visit = visits.begin(either.session, either.doors, police, third, "risk", "", now_micros())
    record = either.session.scalars(select(RecordRow.id).where(RecordRow.case == third)).one()
    pairs = {frozenset(keeping.pair), *(frozenset((third, of)) for of in keeping.pair)}
    for number, (surname, found) in enumerate((("Marlowe", pairs), ("Quill", {frozenset(keeping.pair)})), start=1):
        typed = {"person.surname": surname}
        writing.edit(either.session, either.doors, police, visit, record, number, typed)
        assert set(map(frozenset, keeping.waiting())) == found, surname


def test_whoever_asks_who_is_here_twice_reads_no_table_whole(keeping: Keeping) -> None:
    """Were it otherwise the home of a coordinator would cost more with every person."""
    at, heard = keeping.world, list[tuple[str, Any]]()
    event.listen(at.engine, "before_cursor_execute", lambda c, u, text, given, *rest: heard.append((text, given)))
    assert same.twice(at.session, ["barnet-iom"])
    [(asked, given)] = [each for each in heard if "search_tag" in each[0]]
    plan = at.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}", given)
    steps = [row[3] for row in plan]
    assert [step for step in steps if step.startswith("SCAN") and "ix_search_tag_shared" not in step] == [], steps
