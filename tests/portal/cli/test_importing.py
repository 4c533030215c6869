"""The monthly file from the command line: a preview by default, carried out on request, as the feed account."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from portal.audit import tables as log_tables
from portal.auth.tables import CapacityGrant
from portal.cli.importing import importing
from portal.sharing.importing import runs
from portal.sharing.importing.sheet import FileRefused
from portal.sharing.importing.spreadsheet import MAX_BYTES
from portal.sharing.tables import CaseFile, ImportRun
from tests.installation import World
from tests.portal.sharing.importing.people import file


def run(world: World, data: bytes, tmp_path: Path, *options: str) -> Result:
    path = tmp_path / "monthly.csv"
    path.write_bytes(data)
    environ = {"PORTAL_HOME": str(world.settings.home), "PORTAL_DEMO": "true", "PORTAL_LOG_ORIGIN": "tests.invalid/log"}
    environ["PORTAL_BASE_URL"] = "http://127.0.0.1"
    return CliRunner().invoke(importing, ["probation", str(path), *options], env=environ, catch_exceptions=False)


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_it_shows_first_and_carries_out_on_request_as_the_feed_account(world: World, tmp_path: Path) -> None:
    world.session.rollback()
    shown = run(world, file(3), tmp_path)
    assert "3 rows are ready.\n" in shown.output
    assert "Nothing was changed." in shown.output
    assert world.session.scalars(select(CaseFile.id)).all() == []
    world.session.rollback()
    assert "Brought in: 3 new, 0 changed." in run(world, file(3), tmp_path, "--commit").output
    world.session.rollback()
    assert len(world.session.scalars(select(CaseFile.id)).all()) == 3
    grants = world.session.execute(select(CapacityGrant.party, CapacityGrant.role)).all()
    assert [tuple(each) for each in grants] == [("probation", "feed")]
    roles = world.session.scalars(select(log_tables.ENTRY.c.role).where(log_tables.ENTRY.c.operation == "disclosure"))
    assert set(roles) == {"feed"}


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_output_that_may_be_kept_quotes_no_cell_and_the_refused_rows_go_to_a_private_file(
    world: World, tmp_path: Path
) -> None:
    world.session.rollback()
    refused = tmp_path / "refused.csv"
    done = run(world, file(2, BORN="31/02/1990"), tmp_path, "--refused", str(refused))
    assert "Row 2, Date of birth: needs you" in done.output
    assert "31/02/1990" not in done.output
    assert "31/02/1990 is not a day." in refused.read_text("utf-8-sig")
    assert refused.stat().st_mode & 0o077 == 0


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_file_of_which_nothing_can_be_taken_or_that_is_too_large_ends_with_an_error(
    world: World, tmp_path: Path
) -> None:
    world.session.rollback()
    done = run(world, file(1, BORN="31/02/1990"), tmp_path, "--commit")
    assert (done.exit_code, "0 rows are ready, 1 needs you." in done.output) == (1, True)
    assert "No row could be brought in." in done.output
    with pytest.raises(FileRefused, match="larger than 10 MB"):
        run(world, b"x" * (MAX_BYTES + 1), tmp_path)
    world.session.rollback()
    assert world.session.scalars(select(ImportRun.state)).all() == [runs.ABANDONED]
