"""All rows in force or none: killed anywhere, overtaken, sent twice, and with readers all the while."""

import statistics
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from portal.audit import tables as log_tables
from portal.audit.log import AccessLog, Transaction
from portal.auth.actor import Actor
from portal.casework import inbox
from portal.db import DAY, now_micros
from portal.errors import Conflict, LogUnavailable, NotFound
from portal.sharing import visits, writing
from portal.sharing.cases import next_references, open_file, steer
from portal.sharing.importing import previewing, publishing, runs, staging
from portal.sharing.importing.judging import NEW
from portal.sharing.reading import case as case_reading
from portal.sharing.tables import CaseFile, ImportRow, ImportRun, RecordRow, SealedValue, SearchTag
from tests import clock
from tests.installation import World
from tests.portal.sharing.importing.killing import killed
from tests.portal.sharing.importing.making import HEADINGS, csv_of
from tests.portal.sharing.importing.people import file, row


def bring_in(world: World, actor: Actor, data: bytes) -> runs.Run:
    run = staging.stage(world.session, world.doors, actor, data)
    return publishing.publish(world.session, world.doors, actor, run)


def in_force(session: Session) -> dict[str, int]:
    """How much of everything there is, hidden or not."""
    session.rollback()
    tables = (CaseFile, RecordRow, SealedValue, SearchTag)
    return {t.__tablename__: session.scalar(select(func.count()).select_from(t)) or 0 for t in tables}


def entries(world: World) -> list[str]:
    world.session.rollback()
    return list(world.session.scalars(select(log_tables.ENTRY.c.operation).order_by(log_tables.ENTRY.c.at)))


def cases(world: World) -> list[CaseFile]:
    world.session.rollback()
    found = list(world.session.scalars(select(CaseFile).order_by(CaseFile.reference)))
    world.session.expunge_all()
    return found


@pytest.fixture
def shared(either: World) -> Iterator[World]:
    """`either` at the machine's own time, which the process that is to be killed has too."""
    with clock.present():
        yield either


@pytest.fixture
def spoc(world: World) -> Actor:
    return world.actor("probation", "spoc")


def test_new_people_wait_in_the_inbox_of_their_borough_once(world: World, spoc: Actor) -> None:
    bring_in(world, spoc, file(6))
    for party, prefix in (("barnet_safety", "BN"), ("brent_safety", "BR"), ("harrow_safety", "HA")):
        keeper = world.actor(party, "coordinator")
        found = inbox.waiting(world.session, world.doors, keeper)
        assert [line.reference[:2] for line in found.lines] == [prefix] * 2
        assert {line.agency for line in found.lines} == {"Probation"}
        assert {line.known for line in found.lines} == {False}
    run = staging.stage(world.session, world.doors, spoc, file(7))
    publishing.publish(world.session, world.doors, spoc, run)
    keeper = world.actor("barnet_safety", "coordinator")
    assert inbox.count(world.session, world.doors, keeper) == 3


def test_who_was_refused_waits_again_when_a_later_month_names_them_and_whoever_waits_does_not_twice(
    world: World, spoc: Actor
) -> None:
    keeper = world.actor("barnet_safety", "coordinator")
    bring_in(world, spoc, file(4))
    first, _ = inbox.waiting(world.session, world.doors, keeper).lines
    inbox.answer(world.session, world.doors, keeper, first.id, first.version, "refused", "Not persistent")
    bring_in(world, spoc, file(4))
    assert inbox.count(world.session, world.doors, keeper) == 1
    later = replace(world, doors=replace(world.doors, clock=lambda: now_micros() + 40 * DAY))
    bring_in(later, spoc, file(4))
    lines = inbox.waiting(world.session, later.doors, keeper).lines
    assert sorted((line.case == first.case, line.known) for line in lines) == [(False, False), (True, True)]


def test_new_people_become_cases_of_their_borough_with_a_waiting_referral(world: World, spoc: Actor) -> None:
    done = bring_in(world, spoc, file(6))
    assert (done.state, done.new, done.refused) == (runs.PUBLISHED, 6, 0)
    found = cases(world)
    assert sorted(case.reference[:2] for case in found) == ["BN", "BN", "BR", "BR", "HA", "HA"]
    assert {case.agreement for case in found} == {"barnet-iom", "brent-iom", "harrow-iom"}
    chair = world.actor("barnet_safety", "coordinator")
    barnet = next(case for case in found if case.agreement == "barnet-iom")
    visit = visits.begin(world.session, world.doors, chair, barnet.id, "selection", "", world.doors.clock())
    seen = case_reading.case(world.session, world.doors, chair, visit)
    assert seen.first("referral", "outcome") == "Waiting"
    assert seen.first("person", "surname").startswith("Fictional")
    kinds = {kind for (kind,) in world.session.execute(select(RecordRow.kind).distinct())}
    assert "assignment" not in kinds
    assert {"person", "identifiers", "equality", "sentence", "sentence_summary", "score", "score_band"} <= kinds


def test_the_same_file_again_writes_nothing_but_log_entries(world: World, spoc: Actor) -> None:
    bring_in(world, spoc, file(9))
    before = in_force(world.session)
    again = bring_in(world, spoc, file(9))
    assert (again.new, again.changed, again.unchanged) == (0, 0, 9)
    assert in_force(world.session) == before


def test_a_changed_cell_is_a_new_version_of_its_field(world: World, spoc: Actor) -> None:
    bring_in(world, spoc, file(3))
    done = bring_in(world, spoc, file(3, ADDRESS="1 Other Street"))
    assert (done.new, done.changed) == (0, 3)
    versions = world.session.execute(
        select(SealedValue.version, SealedValue.current).where(SealedValue.field == "person.address")
    ).all()
    assert sorted((v, bool(c)) for v, c in versions) == [(1, False)] * 3 + [(2, True)] * 3
    assert "alteration" in entries(world)
    assert bring_in(world, spoc, file(3, ADDRESS="1 Other Street")).unchanged == 3


def test_what_is_prepared_is_given_to_nobody_and_a_failure_takes_it_back(
    world: World, spoc: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = in_force(world.session)
    run = staging.stage(world.session, world.doors, spoc, file(4))
    listed: list[object] = []

    def fail(session: Session, rows: object, now: int) -> None:
        session.rollback()
        listed.extend(world.session.scalars(select(CaseFile.agreement)))
        raise LogUnavailable("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(publishing, "_reveal", fail)
        with pytest.raises(LogUnavailable):
            publishing.publish(world.session, world.doors, spoc, run)
    assert set(listed) == {runs.hidden(run)}
    assert in_force(world.session) == before
    kept = runs.find(world.session, world.doors, spoc, run)
    assert (kept.state, kept.why, kept.new) == (runs.STAGED, runs.FAILED, 4)
    assert publishing.publish(world.session, world.doors, spoc, run).state == runs.PUBLISHED


def test_a_case_changed_since_is_compared_again_and_nothing_is_lost(world: World, spoc: Actor) -> None:
    bring_in(world, spoc, file(1))
    case = cases(world)[0]
    run = staging.stage(world.session, world.doors, spoc, file(2, ADDRESS="From the file"))
    officer = world.actor("probation", "practitioner")
    with world.doors.log.transaction(world.session):
        world.assign(case.id, officer)
    visit = visits.begin(world.session, world.doors, officer, case.id, "risk", "", world.doors.clock())
    seen = case_reading.case(world.session, world.doors, officer, visit)
    person = seen.records("person")[0]
    typed = {v.key: v.text for v in person.values} | {"person.address": "By hand"}
    writing.edit(world.session, world.doors, officer, visit, person.id, person.version, typed)
    done = publishing.publish(world.session, world.doors, spoc, run)
    assert (done.state, done.why, done.new, done.changed) == (runs.STAGED, runs.AGAIN, 1, 1)
    assert len(cases(world)) == 1
    done = publishing.publish(world.session, world.doors, spoc, run)
    assert (done.state, len(cases(world))) == (runs.PUBLISHED, 2)
    visit = visits.begin(world.session, world.doors, officer, case.id, "risk", "", world.doors.clock())
    assert case_reading.case(world.session, world.doors, officer, visit).first("person", "address") == "From the file"


def test_a_newer_record_of_the_kind_that_a_row_changes_is_compared_with_first(world: World, spoc: Actor) -> None:
    """The record that the row was compared with is as it was, and still no longer the one that counts."""
    bring_in(world, spoc, file(1))
    case = cases(world)[0]
    run = staging.stage(world.session, world.doors, spoc, file(1, ADDRESS="From the file"))
    officer = world.actor("probation", "practitioner")
    with world.doors.log.transaction(world.session):
        world.assign(case.id, officer)
    visit = visits.begin(world.session, world.doors, officer, case.id, "risk", "", world.doors.clock())
    person = case_reading.case(world.session, world.doors, officer, visit).records("person")[0]
    typed = {v.key: v.text for v in person.values} | {"person.address": "By hand"}
    writing.create(world.session, world.doors, officer, visit, "person", "", typed)
    done = publishing.publish(world.session, world.doors, spoc, run)
    assert (done.state, done.why) == (runs.STAGED, runs.AGAIN)
    assert publishing.publish(world.session, world.doors, spoc, run).state == runs.PUBLISHED
    assert case_reading.case(world.session, world.doors, officer, visit).first("person", "address") == "From the file"


def test_somebody_entered_meanwhile_is_not_entered_twice(world: World, spoc: Actor) -> None:
    run = staging.stage(world.session, world.doors, spoc, file(1))
    bring_in(world, world.actor("probation", "spoc", "A Colleague"), file(1))
    done = publishing.publish(world.session, world.doors, spoc, run)
    assert (done.state, done.why, done.new, done.unchanged) == (runs.STAGED, runs.AGAIN, 0, 1)
    assert len(cases(world)) == 1


def test_a_person_known_in_another_borough_gets_a_case_and_stays_one_person(world: World, spoc: Actor) -> None:
    bring_in(world, spoc, csv_of([HEADINGS, row(0, AUTHORITY="Barnet")]))
    assert bring_in(world, spoc, csv_of([HEADINGS, row(0, AUTHORITY="Brent")])).new == 1
    found = cases(world)
    assert {case.agreement for case in found} == {"barnet-iom", "brent-iom"}
    assert len({case.person for case in found}) == 1


def test_new_records_join_the_case_that_another_agency_opened(world: World, spoc: Actor) -> None:
    numbers = row(0, AUTHORITY="Barnet")
    names = {"surname": numbers[2], "forename": numbers[3], "date_of_birth": "1970-01-01"}
    known = world.case({"police person": names, "police identifiers": {"pnc": numbers[1]}})
    done = bring_in(world, spoc, csv_of([HEADINGS, numbers]))
    assert (done.new, done.changed) == (0, 1)
    owners = set(world.session.execute(select(RecordRow.case, RecordRow.owner).distinct()).all())
    assert {tuple(each) for each in owners} == {(known, "police"), (known, "probation")}
    assert set(world.session.scalars(select(SearchTag.case))) == {known}
    assert len(cases(world)) == 1


def test_only_its_sender_publishes_a_run_and_only_once(world: World, spoc: Actor) -> None:
    run = staging.stage(world.session, world.doors, spoc, file(1))
    with pytest.raises(NotFound):
        publishing.publish(world.session, world.doors, world.actor("probation", "spoc", "A Colleague"), run)
    publishing.publish(world.session, world.doors, spoc, run)
    with pytest.raises(Conflict):
        publishing.publish(world.session, world.doors, spoc, run)


@pytest.mark.parametrize("commit", [1, 10, 12, 15])
def test_a_kill_leaves_nothing_half_done(shared: World, commit: int) -> None:
    """Killed just before the so manyth commit: nobody is known by it; the file sent again brings everything in."""
    spoc = shared.actor("probation", "spoc")
    shared.session.rollback()
    killed(shared.settings, commit)
    served = {a.id for a in shared.doors.book.all()}
    assert not [case for case in cases(shared) if case.agreement in served]
    day_later = shared.doors.clock() + 2 * DAY
    object.__setattr__(shared.doors, "clock", lambda: day_later)
    assert bring_in(shared, spoc, file(20)).new == 20
    assert {case.agreement for case in cases(shared)} == served
    assert len(cases(shared)) == 20
    assert shared.session.scalar(select(func.count()).select_from(ImportRow)) == 20


@pytest.mark.parametrize("commit", [2, 3, 4, 7, 9])
def test_a_check_that_was_killed_is_taken_up_where_it_stopped(shared: World, commit: int) -> None:
    spoc = shared.actor("probation", "spoc")
    shared.session.rollback()
    run, checked = killed(shared.settings, commit)
    assert run is not None
    assert not checked
    assert not runs.find(shared.session, shared.doors, spoc, run).stopped, "it might still be at work"
    later = shared.doors.clock() + runs.SILENT + 1
    object.__setattr__(shared.doors, "clock", lambda: later)
    assert runs.find(shared.session, shared.doors, spoc, run).stopped
    compared = select(ImportRow.id, ImportRow.sealed).where(ImportRow.state == NEW)
    before = set(shared.session.execute(compared).all())
    assert len(before) == {7: 10, 9: 20}.get(commit, 0)
    staging.carry_out(shared.session, shared.doors, spoc, staging.resume(shared.session, shared.doors, spoc, run))
    assert before <= set(shared.session.execute(compared).all())
    assert publishing.publish(shared.session, shared.doors, spoc, run).new == 20
    assert len(cases(shared)) == 20


def test_the_same_on_either_database(either: World) -> None:
    """New people, the same again, a changed cell, a row in doubt: as the preview says it, so it is."""
    spoc = either.actor("probation", "spoc")
    assert bring_in(either, spoc, file(7)).new == 7
    again = bring_in(either, spoc, file(7))
    assert (again.new, again.changed, again.unchanged) == (0, 0, 7)
    assert bring_in(either, spoc, file(7, ADDRESS="1 Other Street")).changed == 7
    doubtful = row(0, CRN="Z999999", PNC="")
    run = staging.stage(either.session, either.doors, spoc, csv_of([HEADINGS, doubtful]))
    seen = previewing.preview(either.session, either.doors, spoc, run)
    assert (seen.run.refused, seen.wrong[0].doubtful) == (1, True)
    previewing.confirm(either.session, either.doors, spoc, run, [2])
    assert publishing.publish(either.session, either.doors, spoc, run).new == 1
    assert len(cases(either)) == 8


@pytest.mark.long
def test_no_write_of_a_publication_keeps_others_waiting_a_second(either: World) -> None:
    """5,000 new people, then a changed cell in each. Prints the longest write transaction of either."""
    spoc = either.actor("probation", "spoc")
    real, took = AccessLog.transaction, []

    @contextmanager
    def timed(log: AccessLog, session: Session) -> Iterator[Transaction]:
        with real(log, session) as tx:
            start = time.perf_counter()
            yield tx
        took.append(time.perf_counter() - start)

    for data, words in ((file(5000), "new"), (file(5000, ADDRESS="1 Other Street"), "changed")):
        run = staging.stage(either.session, either.doors, spoc, data)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(AccessLog, "transaction", timed)
            assert publishing.publish(either.session, either.doors, spoc, run).state == runs.PUBLISHED
        longest = max(took)
        took.clear()
        print(f"\n{either.engine.dialect.name}, 5,000 {words}: longest write {longest * 1000:.0f} ms")
        assert longest < 1


@pytest.mark.long
def test_readers_go_on_while_a_thousand_rows_are_published(world: World, spoc: Actor) -> None:
    """Eight readers at once: no view fails. Prints the p99 of a view and how long publishing took."""
    reader = world.actor("probation", "practitioner")
    case = world.case(assigned=[reader])
    run = staging.stage(world.session, world.doors, spoc, file(1000))
    took: list[float] = []
    failed: list[BaseException] = []
    over = threading.Event()

    def read() -> None:
        with Session(world.engine, expire_on_commit=False) as session:
            visit = visits.begin(session, world.doors, reader, case, "risk", "", world.doors.clock())
            while not over.is_set():
                start = time.perf_counter()
                try:
                    case_reading.case(session, world.doors, reader, visit)
                except BaseException as error:
                    failed.append(error)
                took.append(time.perf_counter() - start)
                time.sleep(0.05)

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    start = time.perf_counter()
    done = publishing.publish(world.session, world.doors, spoc, run)
    whole = time.perf_counter() - start
    over.set()
    for thread in threads:
        thread.join()
    p99 = statistics.quantiles(took, n=100)[98]
    print(f"\n{len(took)} views in {whole:.1f} s while 1,000 rows were published: p99 {p99 * 1000:.0f} ms")
    assert done.state == runs.PUBLISHED
    assert failed == []


def _doubtful(world: World, spoc: Actor) -> tuple[uuid.UUID, int]:
    """A staged run with one row that is new and one that waits for its sender to say who it is."""
    bring_in(world, spoc, file(1))
    data = csv_of([HEADINGS, row(6), row(0, CRN="Z999999", PNC="")])
    run = staging.stage(world.session, world.doors, spoc, data)
    (wrong,) = previewing.preview(world.session, world.doors, spoc, run).wrong
    assert wrong.doubtful
    return run, wrong.row


def test_a_row_confirmed_while_the_run_is_published_is_not_said_to_be_in(
    world: World, spoc: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, doubtful = _doubtful(world, spoc)
    real = previewing._log

    def meanwhile(*given: Any, **more: Any) -> Any:
        monkeypatch.undo()
        with Session(world.engine, expire_on_commit=False) as other:
            publishing.publish(other, world.doors, spoc, run)
        return real(*given, **more)

    monkeypatch.setattr(previewing, "_log", meanwhile)
    with pytest.raises(Conflict):
        previewing.confirm(world.session, world.doors, spoc, run, [doubtful])
    world.session.rollback()
    assert runs.count(world.session, run)["refused"] == 1
    found = runs.find(world.session, world.doors, spoc, run)
    assert (found.state, found.new, found.refused) == (runs.PUBLISHED, 1, 1)


def test_two_tabs_may_confirm_at_once(world: World, spoc: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    run, doubtful = _doubtful(world, spoc)
    real = previewing._log

    def meanwhile(*given: Any, **more: Any) -> Any:
        monkeypatch.undo()
        with Session(world.engine, expire_on_commit=False) as other:
            previewing.confirm(other, world.doors, spoc, run, [doubtful])
        return real(*given, **more)

    monkeypatch.setattr(previewing, "_log", meanwhile)
    previewing.confirm(world.session, world.doors, spoc, run, [doubtful])
    assert runs.find(world.session, world.doors, spoc, run).refused == 0


@pytest.mark.parametrize("how", ["sender", "sweep"])
def test_a_run_that_was_published_meanwhile_is_not_said_to_be_given_up(
    world: World, spoc: Actor, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    run = staging.stage(world.session, world.doors, spoc, file(2))
    if how == "sweep":
        world.session.execute(update(ImportRun).values(touched_at=1))
        world.session.commit()
    real = runs._give_up

    def meanwhile(*given: Any) -> None:
        with Session(world.engine, expire_on_commit=False) as other:
            publishing.publish(other, world.doors, spoc, run)
        real(*given)

    monkeypatch.setattr(runs, "_give_up", meanwhile)
    if how == "sweep":
        runs.sweep(world.session, world.doors, spoc)
    else:
        with pytest.raises(NotFound):
            runs.abandon(world.session, world.doors, spoc, run)
    assert runs.find(world.session, world.doors, spoc, run).state == runs.PUBLISHED
    assert len(cases(world)) == 2


def deselect(world: World, case: uuid.UUID) -> None:
    with world.doors.log.transaction(world.session):
        steer(world.session, case, {"case.status": "De-selected"}, now_micros())


def test_who_was_deselected_comes_back_with_a_case_of_its_own_that_waits(world: World, spoc: Actor) -> None:
    data = file(1)
    bring_in(world, spoc, data)
    [old] = cases(world)
    deselect(world, old.id)
    before = in_force(world.session)
    assert bring_in(world, spoc, data).new == 0, "the file of this month again brings nobody back"
    assert in_force(world.session) == before
    with clock.ticking(clock.FIRST + timedelta(days=31)):
        run = staging.stage(world.session, world.doors, spoc, data)
        [effect] = previewing.preview(world.session, world.doors, spoc, run).effects
        assert (effect.state, effect.what[0]) == (NEW, "Comes back: a new case")
        publishing.publish(world.session, world.doors, spoc, run)
        closed, new = cases(world)
        assert (closed.state, new.state) == ("deselected", "open")
        assert (new.person, new.agreement) == (old.person, old.agreement)
        assert closed.closed_at is not None
        keeper = world.actor("barnet_safety", "coordinator")
        assert [line.case for line in inbox.waiting(world.session, world.doors, keeper).lines] == [new.id]
        own = select(func.count()).select_from(RecordRow).where(RecordRow.case == new.id)
        assert (world.session.scalar(own) or 0) > 3, "what the file says, whole: nothing of the earlier case goes along"
        assert bring_in(world, spoc, data).new == 0
        assert len(cases(world)) == 2, "once"


def test_a_number_that_leads_to_somebody_else_brings_nobody_back_unasked(world: World, spoc: Actor) -> None:
    bring_in(world, spoc, file(1))
    [old] = cases(world)
    deselect(world, old.id)
    with clock.ticking(clock.FIRST + timedelta(days=31)):
        other = csv_of([HEADINGS, row(0, SURNAME="Otherwise", BORN="01/02/1999")])
        bring_in(world, spoc, other)
        assert len(cases(world)) == 1


def test_somebody_brought_back_meanwhile_by_another_is_not_brought_back_twice(world: World, spoc: Actor) -> None:
    bring_in(world, spoc, file(1))
    [old] = cases(world)
    deselect(world, old.id)
    with clock.ticking(clock.FIRST + timedelta(days=31)):
        run = staging.stage(world.session, world.doors, spoc, file(1))
        with world.doors.log.transaction(world.session):
            name = next_references(world.session, "Barnet", now_micros(), 1)[0]
            open_file(world.session, old.person, old.agreement, name, "barnet_safety", now_micros(), minor=False)
        publishing.publish(world.session, world.doors, spoc, run)
        assert len(cases(world)) == 2
        publishing.publish(world.session, world.doors, spoc, run)
        assert len(cases(world)) == 2
