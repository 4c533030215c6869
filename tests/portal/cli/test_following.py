"""`portal audit follow` as a security team runs it: everything once, from where it stopped, and never past a break."""

import json
import subprocess
import sys
import time

import pytest

from portal.audit import triggers
from portal.db import open_engine
from tests import installation
from tests.portal.cli.test_exporting import command, exports

ASKED = ("--use", "s62-integrity", "--reason", "The SIEM of the council")


@pytest.fixture
def given(template, tmp_path):
    """An installation with a few entries in its log."""
    made = installation.copy(template, tmp_path / "home")
    more(made)
    return made


def more(given):
    with installation.opened(given) as world:
        world.case(assigned=[world.actor("police", "practitioner")])


def follow(given, mark, *arguments):
    """The lines given, as JSON, and what was said beside them."""
    ran = command(given, "follow", "--mark", mark, "--once", *ASKED, *arguments)
    return [json.loads(text) for text in ran.stdout.splitlines()], ran


def test_each_entry_is_given_once_from_where_it_stopped(given, tmp_path):
    mark = tmp_path / "mark"
    first, ran = follow(given, mark)
    assert ran.exit_code == 0, ran.output
    assert [event["event"]["sequence"] for event in first] == list(range(len(first)))
    assert first[-1]["event"]["action"] == "export", "that it is followed is an entry of the log itself"
    assert first[-1]["event"]["code"] in ran.stderr
    more(given)
    second, _ = follow(given, mark)
    start = len(first)
    assert [event["event"]["sequence"] for event in second] == list(range(start, start + len(second)))
    assert len({event["event"]["id"] for event in first + second}) == len(first) + len(second)
    assert exports(given)[0][3]["asked"] == {"followed": "ecs", "from": str(start)}


def test_fhir_goes_the_same_way(given, tmp_path):
    events, _ = follow(given, tmp_path / "mark", "--format", "fhir")
    assert {event["resourceType"] for event in events} == {"AuditEvent"}
    assert "Marlowe" not in json.dumps(events)


@pytest.mark.parametrize("change", ["rolled back", "rewritten"])
def test_a_log_that_is_not_what_was_given_stops_it(given, tmp_path, change):
    """A database rolled back gives whoever has no mark its other log as if nothing had been."""
    mark = tmp_path / "mark"
    kept = (given.home / "portal.sqlite3").read_bytes()
    more(given)
    before, _ = follow(given, mark)
    if change == "rolled back":
        (given.home / "portal.sqlite3").write_bytes(kept)
        found, ran = follow(given, tmp_path / "no mark")
        assert (ran.exit_code, bool(found)) == (0, True)
    else:
        rewrite(given, len(before) - 1)
    found, ran = follow(given, mark)
    assert found == []
    assert ran.exit_code == 1
    assert "the database was rolled back or rewritten" in str(ran.exception) + ran.output


def rewrite(given, index):
    engine = open_engine(given.database_url)
    with engine.begin() as connection:
        for statement in triggers.drop_statements("sqlite"):
            connection.exec_driver_sql(statement)
        changed = 'UPDATE audit_sequence SET leaf_hash = zeroblob(32) WHERE "index" = ?'
        connection.exec_driver_sql(changed, (index,))
        triggers.install(connection)
    engine.dispose()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"origin": "x"}',
        '{"origin": "tests.invalid/log", "next": -1, "before": ""}',
        '{"origin": "o", "next": 3}',
    ],
)
def test_a_mark_that_is_none_is_refused(given, tmp_path, text):
    mark = tmp_path / "mark"
    mark.write_text(text)
    found, ran = follow(given, mark)
    assert (found, ran.exit_code) == ([], 1)
    assert "mark" in str(ran.exception) + ran.output


def test_killed_between_two_looks_it_goes_on(given, tmp_path):
    """It waits for more, is killed, and the next run leaves nothing out."""
    mark = tmp_path / "mark"
    environ = {"PORTAL_HOME": str(given.home), "PORTAL_BASE_URL": given.base_url, "PORTAL_DEMO": "true"}
    environ |= {"PORTAL_LOG_ORIGIN": given.log_origin, "PATH": "/usr/bin:/bin"}
    wanted = [sys.executable, "-m", "portal.cli.main", "audit", "follow", "--mark", str(mark), "--every", "0.1", *ASKED]
    with subprocess.Popen(wanted, env=environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        first = process.stdout.readline()
        until = time.monotonic() + 30
        while not mark.exists() and time.monotonic() < until:
            time.sleep(0.05)
        process.kill()
        given_before = [first, *process.stdout.readlines()]
    start = json.loads(mark.read_text())["next"]
    assert len(given_before) == start
    found, _ = follow(given, mark)
    assert found[0]["event"]["sequence"] == start
