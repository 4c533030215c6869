"""Search tags are written so that whoever is here twice is marked, on both databases and whoever writes meanwhile."""

import threading
import uuid
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from portal.db import new_id, now_micros
from portal.errors import LogUnavailable
from portal.sharing import same, storing, tagging, visits, writing
from portal.sharing.doors import Doors, open_doors
from portal.sharing.storing import NewRecord
from portal.sharing.tables import CaseFile, RecordRow, SearchTag
from tests.installation import World

BARNET = "barnet-iom"


def store_in(
    world: World,
    session: Session,
    doors: Doors,
    case: uuid.UUID,
    *records: tuple[str, dict[str, str]],
    aging: bool = False,
) -> None:
    """Store records of the police on a case, inside a transaction."""
    text = world.doors.book.engine(BARNET).agreement
    person = session.scalars(select(CaseFile.person).where(CaseFile.id == case)).one()
    new = [
        NewRecord(new_id(), case, person, kind, "", "police", now_micros(), new_id(), values, made_as_youth=False)
        for kind, values in records
    ]
    storing.store(session, doors, text, new, aging)


def test_two_who_record_one_person_at_the_same_moment_are_found(either: World) -> None:
    """Neither sees the other's tags while they write: whoever is second waits, and marks the tags of both."""
    one, two = (either.case({"police identifiers": {"crn": number}}) for number in ("N346668", "N346669"))
    who = ("person", {"person.surname": "Alder", "person.date_of_birth": "1991-03-27"})

    def other() -> None:
        with Session(either.engine) as session:
            doors = open_doors(either.settings, session)
            with doors.log.transaction(session):
                store_in(either, session, doors, two, who)

    second = threading.Thread(target=other)
    with either.doors.log.transaction(either.session):
        store_in(either, either.session, either.doors, one, who)
        second.start()
        second.join(0.7)
    second.join()
    either.session.rollback()
    [pair] = same.twice(either.session, [BARNET])
    assert set(pair[1:]) == set(either.session.scalars(select(CaseFile.person).where(CaseFile.id.in_((one, two)))))


def test_two_who_write_the_same_tags_in_another_order_wait_for_each_other(either: World) -> None:
    """The marks of a third case's tags are written by both."""
    numbers = {"pnc": "2015/6033943L"}, {"crn": "N346668"}
    third = either.case({"police identifiers": numbers[0] | numbers[1]})
    pnc, crn = (("identifiers", {f"identifiers.{name}": text for name, text in of.items()}) for of in numbers)
    one, two = either.case(), either.case()
    failed = list[BaseException]()

    def other() -> None:
        with Session(either.engine) as session:
            doors = open_doors(either.settings, session)
            try:
                with doors.log.transaction(session):
                    store_in(either, session, doors, two, crn)
                    store_in(either, session, doors, two, pnc)
            except LogUnavailable as error:
                failed.append(error)

    second = threading.Thread(target=other)
    with either.doors.log.transaction(either.session):
        store_in(either, either.session, either.doors, one, pnc)
        second.start()
        second.join(0.7)
        store_in(either, either.session, either.doors, one, crn)
    second.join()
    assert not failed
    either.session.rollback()
    tags = select(SearchTag.shared).where(SearchTag.case == third)
    assert list(either.session.scalars(tags)) == [True, True]


def test_a_date_of_birth_corrected_while_another_is_recorded_waits_for_it(
    either: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both say how old the person of the case is, and both write tags: in one order."""
    police = either.actor("police", "practitioner")
    born = {"surname": "Alder", "forename": "Al", "date_of_birth": "1991-03-27"}
    case = either.case({"police person": born}, assigned=[police])
    record = either.session.scalars(select(RecordRow.id).where(RecordRow.case == case)).one()
    visit = visits.begin(either.session, either.doors, police, case, "risk", "", now_micros())
    failed = list[BaseException]()

    def other() -> None:
        with Session(either.engine) as session:
            doors = open_doors(either.settings, session)
            try:
                writing.edit(session, doors, police, visit, record, 1, {"person.date_of_birth": "1991-03-28"})
            except LogUnavailable as error:
                failed.append(error)

    second, put = threading.Thread(target=other), tagging.put

    def put_and_wait(connection: Connection, rows: Any, instead: Any = ()) -> None:
        monkeypatch.setattr(tagging, "put", put)
        put(connection, rows, instead)
        second.start()
        second.join(0.7)

    monkeypatch.setattr(tagging, "put", put_and_wait)
    who = ("person", {f"person.{name}": text for name, text in born.items()})
    with either.doors.log.transaction(either.session):
        store_in(either, either.session, either.doors, case, who, aging=True)
    second.join()
    assert not failed


@pytest.mark.parametrize("many", [20, 150])
def test_many_stored_at_once_are_marked(either: World, many: int) -> None:
    """PostgreSQL takes many rows as one statement."""
    held = [either.case({"police identifiers": {"crn": f"N{346000 + n}"}}) for n in range(0, 4)]
    one = either.case()
    told = [("identifiers", {"identifiers.crn": f"N{346000 + n}"}) for n in range(2, many + 2)]
    with either.doors.log.transaction(either.session):
        store_in(either, either.session, either.doors, one, *told)
    rows = either.session.execute(select(SearchTag.case, SearchTag.shared).where(SearchTag.kind == "crn")).all()
    marked = sorted(row.case for row in rows if row.shared and row.case in (*held, one))
    assert marked == sorted([*held[2:], one, one])
    assert len([row for row in rows if row.case == one]) == many


def test_whose_tag_is_taken_away_leaves_no_mark_behind(either: World) -> None:
    """What is prepared of a monthly file shares its tags with those who are known, and may be discarded."""
    one, two = (either.case({"police identifiers": {"crn": "N346668"}}) for _ in range(2))
    with either.doors.log.transaction(either.session):
        records = either.session.scalars(select(RecordRow.id).where(RecordRow.case == two)).all()
        tagging.remove(either.session.connection(), records)
    left = either.session.execute(select(SearchTag.case, SearchTag.shared).where(SearchTag.kind == "crn")).all()
    assert [tuple(row) for row in left if row.case in (one, two)] == [(one, False)]


def test_a_record_that_moves_takes_its_tags_along(either: World) -> None:
    one, two = (either.case({"police identifiers": {"crn": "N346668"}}) for _ in range(2))
    [record] = either.session.scalars(select(SearchTag.record).where(SearchTag.case == two)).all()
    with either.doors.log.transaction(either.session):
        tagging.move(either.session.connection(), [(one.bytes, record.bytes)])
    tags = select(SearchTag.case, SearchTag.shared).where(SearchTag.case.in_((one, two)))
    assert [tuple(row) for row in either.session.execute(tags)] == [(one, False)] * 2
