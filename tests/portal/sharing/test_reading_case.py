"""The reading door: decide, log and commit, open only what is permitted."""

import json
import sqlite3
import uuid
from dataclasses import replace
from hashlib import sha256

import pytest
from sqlalchemy import select, text, update

from portal.audit import reading as log_reading
from portal.audit.reading import Filters
from portal.db import new_id, now_micros
from portal.errors import LogUnavailable, NotFound
from portal.keys.sealing import Context, dek_id, seal
from portal.sharing import storing, visits, writing
from portal.sharing.reading import case as case_reading
from portal.sharing.reading import history as reading_history
from portal.sharing.reading import rows, staff
from portal.sharing.tables import CaseFile, RecordRow, SealedValue, VisitRow
from tests.installation import World

FULL = {
    "probation person": {"surname": "Marlowe", "forename": "Dean", "date_of_birth": "1991-03-27"},
    "police identifiers": {"pnc": "2009/1234567X"},
    "barnet_safety case": {"status": "Active", "rag": "Amber"},
    "probation score": {"predictor": "OVP", "value": "43"},
    "probation score_band": {"predictor": "OVP", "band": "Medium"},
    "police intelligence": {"text": "Seen with a moped on Watling Avenue"},
    "police victim": {"relation": "Former partner", "note": "Not to be approached at work"},
    "ntmh health": {"diagnosis": "Psychotic episode"},
}


def _visit(world: World, actor, case: uuid.UUID, purpose: str = "risk") -> uuid.UUID:
    return visits.begin(world.session, world.doors, actor, case, purpose, "", now_micros())


def _entries(world: World, operation: str) -> list[log_reading.Row]:
    vault = world.doors.log.vault(world.session)
    return list(log_reading.page(world.session, vault, Filters(operation=operation)).rows)


def _shown(disclosure) -> set[str]:
    records = [r for s in disclosure.sections for r in s.records] + list(disclosure.timeline)
    return {v.text for r in records for v in r.values}


def test_each_party_sees_what_its_clauses_give(world: World) -> None:
    police, housing = world.actor("police", "practitioner"), world.actor("barnet_housing", "practitioner")
    case = world.case(FULL, assigned=[police, housing])
    seen = _shown(case_reading.case(world.session, world.doors, police, _visit(world, police, case)))
    assert {"Marlowe", "2009/1234567X", "43", "Seen with a moped on Watling Avenue"} <= seen
    assert "Psychotic episode" not in seen
    seen = _shown(case_reading.case(world.session, world.doors, housing, _visit(world, housing, case)))
    assert {"Marlowe", "Amber"} <= seen
    hidden = {"2009/1234567X", "43", "Seen with a moped on Watling Avenue", "Former partner", "Psychotic episode"}
    assert not seen & hidden


def test_what_is_withheld_is_said_alike_for_an_empty_and_a_filled_case(world: World) -> None:
    housing = world.actor("barnet_housing", "practitioner")
    cases = [world.case(FULL, assigned=[housing]), world.case(assigned=[housing])]
    said = [
        [
            (s.id, s.withheld)
            for s in case_reading.case(world.session, world.doors, housing, _visit(world, housing, c)).sections
        ]
        for c in cases
    ]
    assert {key: groups for key, groups in said[0] if groups} == {key: groups for key, groups in said[1] if groups}
    assert any("clinical detail on health" in str(groups) for _, groups in said[0])


def test_a_silent_category_leaves_no_trace(world: World) -> None:
    housing = world.actor("barnet_housing", "practitioner")
    case = world.case(FULL, assigned=[housing])
    disclosure = case_reading.case(world.session, world.doors, housing, _visit(world, housing, case))
    silent = {"intelligence", "victims", "marac"}
    assert not silent & {s.id for s in disclosure.sections}
    assert "ntelligence" not in repr(
        [g for s in disclosure.sections for g in s.withheld if s.id not in ("intelligence_sanitised",)]
    )


def test_someone_not_assigned_finds_the_case_missing_and_that_is_logged(world: World) -> None:
    stranger = world.actor("police", "practitioner")
    case = world.case(FULL)
    with pytest.raises(NotFound) as refused:
        case_reading.case(world.session, world.doors, stranger, _visit(world, stranger, case))
    with pytest.raises(NotFound) as missing:
        case_reading.case(world.session, world.doors, stranger, uuid.uuid4())
    rows = _entries(world, "consultation")
    assert [row.outcome for row in rows] == ["refused", "refused"]
    assert {refused.value.reference, missing.value.reference} == {row.reference for row in rows}
    public = [{k: getattr(row, k) for k in ("agency", "role", "purpose", "outcome", "agreement")} for row in rows]
    assert public[0] == public[1]


def test_nothing_is_shown_when_the_entry_cannot_be_written(world: World) -> None:
    police = world.actor("police", "practitioner")
    visit = _visit(world, police, world.case(FULL, assigned=[police]))
    world.session.execute(
        text("CREATE TRIGGER full BEFORE INSERT ON audit_pending BEGIN SELECT RAISE(ABORT, 'full'); END")
    )
    world.session.commit()
    with pytest.raises(LogUnavailable):
        case_reading.case(world.session, world.doors, police, visit)


def test_the_entry_is_durable_before_anything_is_opened(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    police = world.actor("police", "practitioner")
    visit = _visit(world, police, world.case(FULL, assigned=[police]))
    other = sqlite3.connect(str(world.engine.url.database))
    seen: list[int] = []
    real = rows.open_record

    def watching(*args, **more):
        seen.append(other.execute("SELECT count(*) FROM audit_entry WHERE operation = 'consultation'").fetchone()[0])
        return real(*args, **more)

    monkeypatch.setattr(case_reading, "open_record", watching)
    case_reading.case(world.session, world.doors, police, visit)
    other.close()
    assert seen
    assert set(seen) == {1}


@pytest.mark.parametrize("swap", ["fields", "persons", "versions"])
def test_swapped_ciphertext_fails_closed_for_that_field_and_is_logged(world: World, swap: str) -> None:
    police = world.actor("police", "practitioner")
    case, other = (world.case(FULL, assigned=[police]) for _ in range(2))
    _swap(world, swap, case, other)
    disclosure = case_reading.case(world.session, world.doors, police, _visit(world, police, case))
    broken = [v.key for s in disclosure.sections for r in s.records for v in r.values if v.broken]
    assert broken
    assert all(not v.text for s in disclosure.sections for r in s.records for v in r.values if v.broken)
    assert "2009/1234567X" in _shown(disclosure)  # the rest of the case stays open
    assert [row.outcome for row in _entries(world, "open-failed")] == ["failed"]


def _swap(world: World, swap: str, case: uuid.UUID, other: uuid.UUID) -> None:
    def of(which: uuid.UUID, field: str):
        rows = select(SealedValue).join(RecordRow, RecordRow.id == SealedValue.record)
        return world.session.scalars(rows.where(RecordRow.case == which, SealedValue.field == field)).one()

    first = of(case, "person.surname")
    if swap == "versions":
        first.version = 2
    else:
        second = of(case, "person.forename") if swap == "fields" else of(other, "person.surname")
        first.sealed, second.sealed = second.sealed, first.sealed
    world.session.commit()


def test_a_visit_is_bound_to_its_session_capacity_and_time(world: World) -> None:
    police, probation = world.actor("police", "practitioner"), world.actor("probation", "practitioner")
    visit = _visit(world, police, world.case(FULL, assigned=[police, probation]))
    with pytest.raises(NotFound):
        case_reading.case(world.session, world.doors, probation, visit)
    world.session.execute(update(VisitRow).values(ends=now_micros() - 1))
    world.session.commit()
    with pytest.raises(NotFound):
        case_reading.case(world.session, world.doors, police, visit)


def test_choosing_a_purpose_says_from_where_and_joins_what_the_visit_does(world: World) -> None:
    police = replace(world.actor("police", "practitioner"), source=bytes(range(16)))
    visit = _visit(world, police, world.case(FULL, assigned=[police]))
    case_reading.case(world.session, world.doors, police, visit)
    vault = world.doors.log.vault(world.session)
    for operation in ("purpose-chosen", "consultation"):
        (row,) = _entries(world, operation)
        leaf = log_reading.entry(world.session, vault, row.entry_id).leaf
        assert (leaf["source"], leaf["correlation"]) == (bytes(range(16)).hex(), visit.hex)


def test_a_deselected_case_closes(world: World) -> None:
    police = world.actor("police", "practitioner")
    case = world.case(FULL, assigned=[police])
    visit = _visit(world, police, case)
    case_reading.case(world.session, world.doors, police, visit)
    world.session.execute(update(CaseFile).where(CaseFile.id == case).values(state="deselected"))
    world.session.commit()
    with pytest.raises(NotFound):
        case_reading.case(world.session, world.doors, police, visit)


def test_the_head_names_a_value_that_is_gone(world: World) -> None:
    police = world.actor("police", "practitioner")
    case = world.case(FULL, assigned=[police])
    head = world.session.scalars(select(RecordRow).where(RecordRow.case == case, RecordRow.kind == "person")).one()
    assert set(json.loads(head.head)) == {"person.surname", "person.forename", "person.date_of_birth"}
    world.session.execute(text("DELETE FROM sealed_value WHERE field = 'person.forename'"))
    world.session.commit()
    disclosure = case_reading.case(world.session, world.doors, police, _visit(world, police, case))
    assert [v.key for s in disclosure.sections for r in s.records for v in r.values if v.broken] == ["person.forename"]


def test_a_silent_value_that_does_not_open_is_named_in_the_silent_part_of_the_entry_alone(world: World) -> None:
    police = world.actor("police", "practitioner")
    case = world.case(FULL, assigned=[police])
    world.session.execute(
        update(SealedValue).where(SealedValue.field == "intelligence.text").values(sealed=b"E1" + bytes(60))
    )
    world.session.commit()
    case_reading.case(world.session, world.doors, police, _visit(world, police, case))
    (row,) = _entries(world, "open-failed")
    vault = world.doors.log.vault(world.session)
    told = [
        log_reading.entry(world.session, vault, row.entry_id, allowed_silent=allowed).details[0]
        for allowed in (False, True)
    ]
    assert "broken" not in told[0].detail
    assert told[0].silent is None
    assert [field for _, field in told[1].silent["broken"]] == ["intelligence.text"]


def test_a_corrected_date_of_birth_makes_a_child_of_whom_was_taken_for_an_adult(world: World) -> None:
    officer = world.actor("probation", "practitioner")
    case = world.case(assigned=[officer])
    visit = _visit(world, officer, case)
    person = world.session.scalars(select(RecordRow.id).where(RecordRow.case == case, RecordRow.kind == "person")).one()
    said = {"update.text@behaviour": "Came with his mother", "update.nature@behaviour": "Fact"}
    first = writing.create(world.session, world.doors, officer, visit, "update", "behaviour", said).record
    writing.edit(world.session, world.doors, officer, visit, person, 1, {"person.date_of_birth": "2015-03-27"})
    second = writing.create(world.session, world.doors, officer, visit, "update", "behaviour", said).record
    assert [world.session.get(RecordRow, each).made_as_youth for each in (first, second)] == [False, True]


def test_a_visit_serves_no_other_capacity_of_the_same_person_in_the_same_session(world: World) -> None:
    police, other = world.actor("police", "practitioner"), world.actor("police", "lead")
    case = world.case(FULL, assigned=[police])
    visit = _visit(world, police, case)
    with pytest.raises(NotFound):
        case_reading.case(world.session, world.doors, replace(police, capacity=other.capacity, role="lead"), visit)


def test_updates_of_one_instant_are_never_lost_between_two_pages(world: World) -> None:
    police = world.actor("police", "practitioner")
    case = world.case(FULL, assigned=[police])
    text = world.doors.book.engine("barnet-iom").agreement
    person = world.session.scalars(select(CaseFile.person).where(CaseFile.id == case)).one()
    wanted = {f"Seen {number}" for number in range(30)}
    with world.doors.log.transaction(world.session):
        at, key = now_micros(), "update.text@behaviour"
        new = [
            storing.NewRecord(new_id(), case, person, "update", "behaviour", "police", at, police.user, {key: words})
            for words in wanted
        ]
        storing.store(world.session, world.doors, text, new)
    visit, seen, older = _visit(world, police, case), set(), None
    while True:
        page = case_reading.case(world.session, world.doors, police, visit, older)
        seen |= {v.text for r in page.timeline for v in r.values}
        older = page.timeline_older
        if older is None:
            break
    assert wanted <= seen


def _kept_as(world: World, field: str, category: str, words: str) -> None:
    """Seal a value anew as though its field had been of another category when it was written."""
    with world.doors.log.transaction(world.session):
        row = world.session.scalars(select(SealedValue).where(SealedValue.field == field)).one()
        record = world.session.get_one(RecordRow, row.record)
        dek = next(iter(world.doors.keys.load(world.session, {dek_id(row.sealed)}).values()))
        place = Context(record.kind, record.id, field, record.person, record.owner, category, row.version)
        row.category, row.sealed = category, seal(dek, place, words.encode())
        head = json.loads(record.head)
        record.head = json.dumps(head | {field: [row.version, sha256(row.sealed).hexdigest()]}).encode()


@pytest.mark.parametrize(("category", "shown"), [("identity", True), ("intelligence", False), ("nowhere", False)])
def test_of_the_category_then_and_now_the_stricter_decides_in_the_history_too(
    world: World, category: str, shown: bool
) -> None:
    housing = world.actor("barnet_housing", "practitioner")
    case = world.case(FULL, assigned=[housing])
    _kept_as(world, "person.forename", category, "Kept-as-it-was")
    visit = _visit(world, housing, case)
    assert ("Kept-as-it-was" in _shown(case_reading.case(world.session, world.doors, housing, visit))) is shown
    record = world.session.scalars(select(RecordRow.id).where(RecordRow.case == case, RecordRow.kind == "person")).one()
    told = reading_history.history(world.session, world.doors, housing, visit, record)
    assert ("Kept-as-it-was" in {v.text for _, versions in told.fields for v in versions}) is shown


@pytest.mark.parametrize("put", ["text", "number", "version", "nothing"])
def test_a_value_of_a_sort_that_nobody_stores_does_not_open_and_is_logged(world: World, put: str) -> None:
    police = world.actor("police", "practitioner")
    case = world.case(FULL, assigned=[police])
    row = world.session.scalars(select(SealedValue).where(SealedValue.field == "person.forename")).one()
    record = world.session.get_one(RecordRow, record_id := row.record)
    if put == "version":
        head = json.loads(record.head)
        record.head = json.dumps(head | {row.field: [-1, head[row.field][1]]}).encode()
        row.version = -1
    else:
        of = {"text": "'in the clear, and long enough to be taken for a sealed value'", "number": "7", "nothing": "x''"}
        world.session.execute(text(f"UPDATE sealed_value SET sealed = {of[put]} WHERE field = 'person.forename'"))
    world.session.commit()
    visit = _visit(world, police, case)
    disclosure = case_reading.case(world.session, world.doors, police, visit)
    assert [v.key for s in disclosure.sections for r in s.records for v in r.values if v.broken] == ["person.forename"]
    assert "Marlowe" in _shown(disclosure)
    told = reading_history.history(world.session, world.doors, police, visit, record_id)
    assert {v.broken for _, versions in told.fields for v in versions} == {True, False}
    assert [entry.outcome for entry in _entries(world, "open-failed")] == ["failed"] * 2


@pytest.mark.parametrize("put", ["x'00'", "'a name in the clear'", "zeroblob(80)"])
def test_a_name_that_does_not_open_hides_no_other(world: World, put: str) -> None:
    mine, other = (world.actor("police", "practitioner", name) for name in ("PC One", "PC Two"))
    world.session.execute(text(f"UPDATE staff_value SET sealed = {put} WHERE user = :u"), {"u": mine.user.bytes})
    world.session.commit()
    names = staff.names(world.session, world.doors, [mine.user, other.user])
    assert names == {mine.user: staff.UNKNOWN, other.user: "PC Two"}
