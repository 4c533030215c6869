"""`portal audit erase-details` as an operator runs it: what it says, what it does, and what verification says then."""

from datetime import timedelta
from unittest.mock import patch

import pytest

from portal.audit import sequencer
from portal.audit.stopping import BEHIND, Stop
from portal.errors import LogStopped
from tests import clock, installation
from tests.portal.cli.test_exporting import command

YEARS = timedelta(days=366)


@pytest.fixture
def given(template, tmp_path):
    """An installation with a few entries of 2026 in its log."""
    with clock.ticking():
        made = installation.copy(template, tmp_path / "home")
        with installation.opened(made) as world:
            world.case(assigned=[world.actor("police", "practitioner")])
    return made


def test_while_the_log_is_stopped_nothing_is_signed_and_nothing_erased(given):
    Stop(given.keys_dir).set(BEHIND, "police", 9_999, 3, "log.example", "")
    with clock.ticking(clock.FIRST + 7 * YEARS):
        with patch.object(sequencer, "drain", side_effect=AssertionError("a checkpoint is signed")):
            said = command(given, "erase-details")
        assert isinstance(said.exception, LogStopped), said
        assert command(given, "erase-details", "--dry-run").exit_code == 0


def test_a_dry_run_says_numbers_and_changes_nothing_and_a_second_run_has_nothing_to_do(given):
    with clock.ticking(clock.FIRST + 6 * YEARS):
        early = command(given, "erase-details")
        assert early.exit_code == 0, early.output
        assert "2026: 0 keys and 0 details are due" in early.output
        assert "not due yet" in early.output
    with clock.ticking(clock.FIRST + 7 * YEARS):
        dry = command(given, "erase-details", "--dry-run")
        assert "2026: " in dry.output
        assert "(kept 6 years, " in dry.output
        assert "clause 9.31)" in dry.output
        assert "recorded under" not in dry.output
        done = command(given, "erase-details")
        assert done.exit_code == 0, done.output
        assert "recorded under" in done.output
        assert " keys and " in done.output
        assert "0 keys and 0 details were" not in done.output
        assert "VACUUM" not in done.output
        verified = command(given, "verify")
        assert verified.exit_code == 0, verified.output
        assert "erased at the end of" in verified.output
        again = command(given, "erase-details")
        assert "0 keys and 0 details were destroyed." in again.output
        assert "recorded under" not in again.output
