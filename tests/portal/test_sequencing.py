"""Who orders the log: before the answer (strict), or a process of its own that another can take the place of."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select

from portal.audit.entry import Entry
from portal.audit.tables import CHECKPOINT, ENTRY, PENDING
from portal.config import Settings, load_settings
from portal.errors import Misconfigured
from tests import installation
from tests.installation import World
from tests.machine import PATIENCE
from tests.portal.pages.web import Web

ROOT = Path(__file__).parents[2]


@pytest.fixture
def strict(template: Path, tmp_path: Path, day: None) -> Iterator[World]:
    given = replace(installation.copy(template, tmp_path / "strict"), sequencing="strict")
    with installation.opened(given) as world:
        yield world


def uncovered(world: World) -> int:
    """How many entries no signed checkpoint covers."""
    world.session.rollback()
    connection = world.session.connection()
    size = connection.execute(select(func.max(CHECKPOINT.c.size))).scalar() or 0
    return int(connection.execute(select(func.count()).select_from(ENTRY)).scalar_one()) - size


def view(world: World, web: Web) -> str:
    amy = world.actor("police", "practitioner", "Amy Reed")
    case = world.case(assigned=[amy])
    web.sign_in(amy)
    return str(web.post(f"/case/{case}", {"purpose": "risk", "reason": ""}).location)


def test_a_strict_answer_waits_for_its_checkpoint(strict: World) -> None:
    web = Web(strict.app(), strict)
    visit = view(strict, web)
    assert "Marlowe" in web.get(visit).text
    assert uncovered(strict) == 0


def test_by_a_thread_an_answer_does_not_wait(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the test above can fail."""
    web = Web(world.app(), world)
    monkeypatch.setattr(web.app.extensions["portal"].doors.log, "woken", None)
    visit = view(world, web)
    assert "Marlowe" in web.get(visit).text
    assert uncovered(world) > 0


def test_what_cannot_be_signed_is_not_shown(strict: World, monkeypatch: pytest.MonkeyPatch) -> None:
    web = Web(strict.app(), strict)
    visit = view(strict, web)
    before = len(web.logged())

    def broken(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr("portal.audit.sequencer.publish", broken)
    answer = web.get(visit)
    assert (answer.status_code, "Marlowe" in answer.text) == (503, False)
    assert len(web.logged()) > before, "the log may say more than was shown, never less"


def started(given: Settings) -> subprocess.Popen[str]:
    environ = {k: v for k, v in os.environ.items() if not k.startswith("PORTAL_")}
    named = {"HOME": given.home, "BASE_URL": given.base_url, "LOG_ORIGIN": given.log_origin, "DEMO": "true"}
    environ |= {f"PORTAL_{name}": str(value) for name, value in named.items()} | {"PORTAL_SEQUENCING": "worker"}
    command = [sys.executable, "-m", "portal.cli.main", "worker", "--every", "0.1"]
    process = subprocess.Popen(command, env=environ, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    assert "ordering the access log" in process.stderr.readline()
    return process


def test_a_worker_orders_what_others_wrote_and_a_second_goes_on_when_it_is_killed(template, tmp_path) -> None:
    given = installation.copy(template, tmp_path / "home")
    with installation.opened(given) as world:
        first, second = started(given), started(given)
        try:
            for kill in (False, True):
                if kill:
                    first.send_signal(signal.SIGKILL)
                with world.doors.log.transaction(world.session) as tx:
                    tx.append(Entry("sign-in"))
                until = time.monotonic() + PATIENCE
                while uncovered(world) and time.monotonic() < until:
                    time.sleep(0.05)
                assert uncovered(world) == 0
                assert world.session.connection().execute(select(func.count()).select_from(PENDING)).scalar() == 0
            second.send_signal(signal.SIGTERM)
            assert second.wait(timeout=PATIENCE) == 0
        finally:
            for process in (first, second):
                process.kill()
                process.communicate()


def test_another_word_for_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="PORTAL_SEQUENCING must be thread, worker or strict"):
        load_settings({"PORTAL_HOME": str(tmp_path), "PORTAL_SEQUENCING": "fast"})
