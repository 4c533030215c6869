"""The probation SPOC brings in the monthly file: sees what it would change, brings it in, and once is enough."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import DESKTOP
from tests.journeys.person import Person

EXAMPLE = Path(__file__).parents[2] / ".." / "shared" / "examples" / "probation-monthly-2026-10.csv"


@pytest.mark.skipif(not EXAMPLE.is_file(), reason="the example file of the shared folder is not here")
@pytest.mark.parametrize("kind", [DESKTOP], ids=["desktop"], indirect=True)
def test_seen_brought_in_and_nothing_new_the_second_time(someone: Callable[[], Person]) -> None:
    ruth = someone()
    ruth.signs_in("achterberg")
    ruth.chooses("Agency SPOC, Probation")
    ruth.presses("Continue")
    ruth.goes_to("/import")
    ruth.heading("Bring in the monthly probation file")
    ruth.presses("Check the file")
    ruth.reads("Choose the file: the monthly extract")
    ruth.looks_at_both_widths("import-upload")
    _checks(ruth)
    ruth.heading("176 rows are ready, 6 need you")
    ruth.looks_at_both_widths("import-preview")
    ruth.presses("Bring in 176 rows")
    expect(ruth.page.get_by_role("heading", level=1)).to_contain_text("The file is in")
    ruth.looks_at_both_widths("import-result")
    ruth.goes_to("/import")
    _checks(ruth)
    ruth.heading("176 rows are ready")
    ruth.reads("This very file was brought in on", "Nothing of this file is new")
    ruth.looks_at_both_widths("import-again")


def _checks(ruth: Person) -> None:
    ruth.page.get_by_label("The file").set_input_files(EXAMPLE)
    ruth.presses("Check the file")
