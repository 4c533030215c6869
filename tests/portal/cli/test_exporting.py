"""`portal audit export` and `portal audit verifier` as an operator runs them, and what the log says of it."""

import pytest
from click.testing import CliRunner

from portal.audit import overview, reading
from portal.audit.reading import Filters
from portal.audit.stopping import BEHIND, EXPORTS, Stop
from portal.cli.main import portal
from tests import installation
from tests.portal.audit.excerpts import members, run, standalone

ASKED = ("--use", "s62-integrity", "--reason", "The officer asked for October")


@pytest.fixture
def given(template, tmp_path):
    """An installation with a few entries in its log."""
    made = installation.copy(template, tmp_path / "home")
    with installation.opened(made) as world:
        for _ in range(3):
            world.case(assigned=[world.actor("police", "practitioner")])
    return made


def command(given, *arguments):
    environ = {
        "PORTAL_HOME": str(given.home),
        "PORTAL_BASE_URL": given.base_url,
        "PORTAL_DEMO": "true",
        "PORTAL_LOG_ORIGIN": given.log_origin,
    }
    return CliRunner().invoke(portal, ["audit", *map(str, arguments)], env=environ)


def exports(given):
    """What the log says of exports: purpose, who, and the sealed detail, which the vault opens."""
    with installation.opened(given) as world:
        vault = world.doors.log.vault(world.session)
        rows = reading.page(world.session, vault, Filters(operation="export")).rows
        about = overview.about(world.session, vault, rows)
        return [(row.reference, row.purpose, row.actor, about[row.entry_id].details[0].detail) for row in rows]


def test_an_export_is_logged_first_and_verifies_anywhere(given, tmp_path, capsys):
    bundle, script = tmp_path / "log.zip", tmp_path / "verify.py"
    ran = command(given, "export", bundle, *ASKED)
    assert ran.exit_code == 0, ran.output
    ((reference, purpose, actor, detail),) = exports(given)
    assert (purpose, actor) == ("s62-integrity", None)
    told = {"justification": "The officer asked for October", "asked": {"excerpt": "from the beginning to the end"}}
    assert detail == told
    assert f"(recorded under {reference})" in ran.output
    assert b"October" not in b"".join(members(bundle).values()), "the reason is sealed in the log and nowhere else"
    assert reference.encode() in members(bundle)["bundle.json"]
    script.write_text(command(given, "verifier").output, "utf-8")
    key = ran.output.split("key ")[1].strip()
    said = standalone(script, bundle, "--key", key)
    assert (said.code, "3 texts of agreements" in said.out) == (0, True), said
    assert said.out == run(capsys, bundle, "--key", key).out
    assert "whose text is not here" not in said.out


def test_nothing_is_written_without_a_use_a_reason_and_an_entry(given, tmp_path):
    bundle = tmp_path / "log.zip"
    refused = [
        (["export", bundle], "Missing option"),
        (["export", bundle, "--use", "curiosity", "--reason", "x"], "Invalid value for '--use'"),
        (["export", bundle, "--use", "s62-integrity", "--reason", " "], "clause 9.3"),
        (["export", bundle, *ASKED, "--from", "2001-01-01", "--to", "2001-01-02"], "no entry of the log is dated"),
        (["export", bundle, *ASKED, "--checkpoint", given.keys_dir / "log-verifier-key.txt"], "is not of this log"),
        (["export", given.keys_dir / "log-verifier-key.txt", *ASKED], "is there already"),
    ]
    for arguments, words in refused:
        ran = command(given, *arguments)
        assert ran.exit_code != 0
        assert words in ran.output + str(ran.exception)
        assert not bundle.exists()
    assert [detail["asked"]["excerpt"] for *_, detail in exports(given)] == [
        "from the beginning to the end",
        "from 2001-01-01 to 2001-01-02",
    ]


def test_the_log_that_cannot_be_written_is_not_taken_out(given, tmp_path):
    with installation.opened(given) as world, world.engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER full BEFORE INSERT ON audit_entry BEGIN SELECT RAISE(ABORT, 'disk full'); END"
        )
    ran = command(given, "export", tmp_path / "log.zip", *ASKED)
    assert ran.exit_code != 0
    assert list(tmp_path.glob("log.zip*")) == []


def test_evidence_is_taken_out_while_the_log_is_stopped_and_the_new_origin_tells_of_it(given, tmp_path):
    """Nothing can be appended then: that it was taken is noted beside the stop, and told as soon as the log goes on."""
    stop = Stop(given.keys_dir)
    stop.set(BEHIND, "police", 900, 5, given.log_origin, "")
    bundle = tmp_path / "evidence.zip"
    ran = command(given, "export", bundle, *ASKED)
    assert ran.exit_code == 0, ran.output
    assert EXPORTS in ran.output
    assert EXPORTS.encode() in members(bundle)["bundle.json"]
    assert [each["justification"] for each in stop.exports()] == ["The officer asked for October"]
    assert (given.keys_dir / EXPORTS).stat().st_mode & 0o777 == 0o600
    assert exports(given) == []
    assert command(given, "new-origin", "--reason", "A backup was put back").exit_code == 0
    with installation.opened(given) as world:
        vault = world.doors.log.vault(world.session)
        (row,) = reading.page(world.session, vault, Filters(operation="origin-begun")).rows
        detail = overview.about(world.session, vault, [row])[row.entry_id].details[0].detail
    assert [each["use"] for each in detail["exports"]] == ["s62-integrity"]
    assert not stop.exports()
    assert len(list(given.keys_dir.glob("log-stopped-*-exports.jsonl"))) == 1
