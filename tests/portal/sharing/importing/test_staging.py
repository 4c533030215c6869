"""What waits is sealed, logged before it is opened, and gone without a trace when it is given up."""

import threading
from pathlib import Path
from types import ModuleType

import pytest
from sqlalchemy import func, select

from portal.audit import tables as log_tables
from portal.db import DAY
from portal.errors import Conflict, LogUnavailable, NotFound, Refused, SealBroken
from portal.keys.tables import DEK
from portal.sharing.importing import background, previewing, publishing, runs, staging
from portal.sharing.importing.sheet import FileRefused
from portal.sharing.tables import ImportRow, ImportRun
from tests.installation import World
from tests.portal.sharing.importing.making import HEADINGS, cells, csv_of
from tests.portal.sharing.importing.people import file

CANARIES = ("Quillfeather", "Zzyzx Road 77", "V396366", "2015/6033943L", "1991-04-25", "25/04/1991")
DATA = csv_of([HEADINGS, cells(SURNAME="Quillfeather", ADDRESS="Zzyzx Road 77"), cells(CRN="bad", PNC="")])


def held(home: Path) -> bytes:
    return b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())


def test_nothing_of_a_staged_file_can_be_read_on_disk(world: World) -> None:
    spoc = world.actor("probation", "spoc")
    run = staging.stage(world.session, world.doors, spoc, DATA, asked_by="Quillfeather")
    on_disk = held(world.settings.home)
    assert run.bytes in on_disk
    assert [c for c in CANARIES if c.encode() in on_disk or c.casefold().encode() in on_disk] == []
    publishing.publish(world.session, world.doors, spoc, run)
    on_disk = held(world.settings.home)
    assert [c for c in CANARIES if c.encode() in on_disk] == []


def test_nothing_of_a_file_that_waits_to_be_read_can_be_read_on_disk(world: World) -> None:
    spoc = world.actor("probation", "spoc")
    hold = staging.receive(world.session, world.doors, spoc, DATA)
    on_disk = held(world.settings.home)
    assert hold.run.bytes in on_disk
    assert [c for c in CANARIES if c.encode() in on_disk] == []


def test_of_a_file_that_cannot_be_read_only_the_reason_is_kept(world: World) -> None:
    spoc = world.actor("probation", "spoc")
    with pytest.raises(FileRefused):
        staging.stage(world.session, world.doors, spoc, csv_of([HEADINGS]))
    row = world.session.scalars(select(ImportRun)).one()
    assert (row.state, row.sealed) == (runs.UNREADABLE, b"")
    assert row.problem.startswith("The file has headings but no rows under them.")
    assert world.session.scalar(select(func.count()).where(DEK.c.person == row.id)) == 0
    assert runs.recent(world.session, world.doors, spoc) == ()


def test_a_check_that_failed_is_taken_up_at_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    spoc = world.actor("probation", "spoc")
    hold = staging.receive(world.session, world.doors, spoc, file(3))

    def fail(*given: object) -> None:
        raise LogUnavailable("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(staging, "judge", fail)
        with pytest.raises(LogUnavailable):
            staging.carry_out(world.session, world.doors, spoc, hold)
    found = runs.find(world.session, world.doors, spoc, hold.run)
    assert (found.state, found.stopped, found.done, found.total) == (runs.STAGING, True, 0, 3)
    taken = staging.resume(world.session, world.doors, spoc, hold.run)
    with pytest.raises(Conflict):
        staging.resume(world.session, world.doors, spoc, hold.run)
    staging.carry_out(world.session, world.doors, spoc, taken)
    assert runs.find(world.session, world.doors, spoc, hold.run).new == 3


def test_who_was_overtaken_or_whose_run_was_given_up_writes_nothing_more(world: World) -> None:
    spoc = world.actor("probation", "spoc")
    first = staging.receive(world.session, world.doors, spoc, file(3))
    second = staging.receive(world.session, world.doors, spoc, file(3))
    runs.abandon(world.session, world.doors, spoc, second.run)
    later = world.doors.clock() + runs.SILENT + 1
    object.__setattr__(world.doors, "clock", lambda: later)
    taken = staging.resume(world.session, world.doors, spoc, first.run)
    with pytest.raises(runs.Overtaken):
        staging.carry_out(world.session, world.doors, spoc, first)
    assert world.session.scalar(select(func.count()).select_from(ImportRow)) == 0
    staging.carry_out(world.session, world.doors, spoc, taken)
    assert runs.find(world.session, world.doors, spoc, first.run).new == 3


def test_every_opening_is_preceded_by_its_entry(world: World) -> None:
    spoc = world.actor("probation", "spoc")
    run = staging.stage(world.session, world.doors, spoc, file(3))
    world.session.rollback()
    before = world.session.scalar(select(func.count()).select_from(log_tables.ENTRY)) or 0
    seen = previewing.preview(world.session, world.doors, spoc, run)
    world.session.rollback()
    last = world.session.execute(select(log_tables.ENTRY).order_by(log_tables.ENTRY.c.at.desc())).first()
    assert last is not None
    assert (last.operation, last.reference) == ("import", seen.receipt.reference)
    assert world.session.scalar(select(func.count()).select_from(log_tables.ENTRY)) == before + 1


def test_a_staged_row_that_was_swapped_opens_for_nobody(world: World) -> None:
    spoc = world.actor("probation", "spoc")
    run = staging.stage(world.session, world.doors, spoc, file(2))
    with world.doors.log.transaction(world.session):
        first, second = world.session.scalars(select(ImportRow).order_by(ImportRow.number))
        first.sealed, second.sealed = second.sealed, first.sealed
    with pytest.raises(SealBroken):
        previewing.preview(world.session, world.doors, spoc, run)
    with pytest.raises(SealBroken):
        publishing.publish(world.session, world.doors, spoc, run)


def test_a_run_given_up_takes_its_key_along(world: World) -> None:
    spoc = world.actor("probation", "spoc")
    run = staging.stage(world.session, world.doors, spoc, file(2))
    assert world.session.scalar(select(func.count()).where(DEK.c.person == run)) == 1
    runs.abandon(world.session, world.doors, spoc, run)
    assert world.session.scalar(select(func.count()).where(DEK.c.person == run)) == 0
    assert world.session.scalar(select(func.count()).select_from(ImportRow)) == 0
    with pytest.raises(NotFound):
        previewing.preview(world.session, world.doors, spoc, run)


def test_a_run_of_more_than_a_day_ago_is_given_up_at_the_next(world: World) -> None:
    spoc = world.actor("probation", "spoc")
    old = staging.stage(world.session, world.doors, spoc, file(2))
    later = world.doors.clock() + DAY + 1
    object.__setattr__(world.doors, "clock", lambda: later)
    staging.stage(world.session, world.doors, spoc, file(2))
    world.session.rollback()
    states = dict(world.session.execute(select(ImportRun.id, ImportRun.state)).all())
    assert states.pop(old) == runs.ABANDONED
    assert list(states.values()) == [runs.STAGED]


def test_a_capacity_without_the_clause_is_refused_before_anything_is_read(world: World) -> None:
    with pytest.raises(Refused) as refused:
        staging.stage(world.session, world.doors, world.actor("barnet_safety", "coordinator"), b"not even a file")
    assert refused.value.clause == "8.20"
    assert refused.value.reference


def test_what_no_clause_gives_is_told(world: World) -> None:
    spoc = world.actor("probation", "spoc")
    run = staging.stage(world.session, world.doors, spoc, file(1, CARE="Y"))
    notes = previewing.preview(world.session, world.doors, spoc, run).notes
    assert any("Probation practitioner" in note and "8.20" in note for note in notes)
    assert any("Care experienced" in note for note in notes)


@pytest.mark.parametrize("work", [staging, publishing])
def test_a_failure_behind_the_page_tells_where_it_was_and_never_what_was_in_hand(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, work: ModuleType
) -> None:
    """The hook of a thread would write the exception's text, which may quote a cell, to the output of the server."""
    heard: list[object] = []
    monkeypatch.setattr(threading, "excepthook", heard.append)
    spoc = world.actor("probation", "spoc")

    def fail(*given: object) -> None:
        raise ValueError("Marlowe is no date")

    if work is staging:
        hold = staging.receive(world.session, world.doors, spoc, file(3))
        monkeypatch.setattr(staging, "judge", fail)
    else:
        run = staging.stage(world.session, world.doors, spoc, file(3))
        hold = publishing.begin(world.session, world.doors, spoc, run)
        monkeypatch.setattr(publishing, "prepare", fail)
    background.start(world.engine, work.carry_out, world.doors, spoc, hold).join()
    assert heard == []
    assert "ValueError in fail" in caplog.text
    assert "Marlowe" not in caplog.text
    found = runs.find(world.session, world.doors, spoc, hold.run)
    assert (found.stopped or found.why == runs.FAILED) is True
