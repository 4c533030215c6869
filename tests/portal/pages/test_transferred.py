"""A transfer in words: where to or from, what became of it with its day, and the reason for the panel."""

import uuid
from datetime import UTC, date, datetime

import pytest

from portal.pages import transferred
from portal.sharing.disclosure import Record, Value
from portal.sharing.reading.transfers import Told

RECORD = Record(
    id=uuid.UUID(int=1),
    kind="transfer",
    kind_name="Transfer",
    label="",
    label_name="",
    owner="probation",
    owner_name="Probation",
    at=datetime(2026, 11, 20, 9, 0, tzinfo=UTC),
    version=1,
    changed_at=datetime(2026, 11, 20, 9, 0, tzinfo=UTC),
    made_as_youth=False,
    can_edit=False,
    can_copy=False,
    values=(Value("transfer.borough", "The other borough", "Brent", "text"),),
)
ON = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("waits", "waiting for an answer"),
        ("panel", "accepted, and goes to the panel of Brent, 24 November 2026"),
        ("taken", "taken on in Brent, 24 November 2026"),
        ("declined", "not taken on in Brent, 24 November 2026"),
        ("back", "taken back, 24 November 2026"),
        ("", ""),
    ],
)
def test_what_became_of_it(code: str, words: str) -> None:
    [line] = transferred.lines([Told(RECORD, code, ON)])
    assert (line.title, line.words, line.by) == ("Transfer offered to Brent", words, "Probation")


def test_only_who_was_taken_on_is_a_reason_for_the_panel() -> None:
    for code in ("waits", "panel", "declined", "back", ""):
        assert transferred.reason([Told(RECORD, code, ON)]) == ""
    assert transferred.reason([Told(RECORD, "taken", ON)]) == "Transferred: Brent took them on, 24 November 2026."


def test_where_it_came_from_is_said_as_such() -> None:
    assert transferred.title(Told(RECORD, came=True)) == "Transfer from Brent"
