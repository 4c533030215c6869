"""docs/probation-file.md says what happens: every line of its table of cells is tried."""

from pathlib import Path

import pytest

from portal.sharing.importing.columns import Column
from tests.portal.sharing.importing.making import cells, outcome
from tests.portal.sharing.importing.test_validating import WRONG

DOC = Path(__file__).parents[4] / "docs" / "probation-file.md"


def lines() -> list[list[str]]:
    part = DOC.read_text().split("## The cell")[1].split("\n## ")[0]
    table = [line for line in part.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table]


def unmarked(cell: str) -> str:
    text = "" if cell == "(blank)" else cell.strip("`")
    return text.encode().decode("unicode_escape") if "\\u" in text else text


@pytest.mark.parametrize("line", lines(), ids=" ".join)
def test_a_line_of_the_table(line: list[str]) -> None:
    column, cell, expected, message, remedy = line
    checked = outcome(cells(**{Column(column).name: unmarked(cell)}))
    told = [note.message for note in checked.notes if note.row]
    found = "refused" if checked.problems else "accepted, told" if told else "accepted"
    assert found == expected
    assert "; ".join([problem.message for problem in checked.problems] or told) == message
    assert "; ".join(problem.remedy for problem in checked.problems) == remedy


def test_the_table_has_every_column_and_every_kind_of_wrong_cell() -> None:
    stated = {(column, unmarked(cell)) for column, cell, *_ in lines()}
    assert {column for column, _ in stated} == {column.value for column in Column}
    wrong = {(Column[name].value, value) for changes, _ in WRONG for name, value in changes.items()}
    assert wrong <= stated
