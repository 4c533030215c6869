"""The rows that need someone, as a file to correct and send in again."""

import csv
import io
from collections import defaultdict

from portal.sharing.importing.accepted import Checked, Problem
from portal.sharing.importing.columns import REPORT_COLUMNS
from portal.sharing.importing.escaping import safe
from portal.sharing.importing.sheet import Sheet


def refused_csv(sheet: Sheet, checked: Checked) -> bytes:
    """CSV (UTF-8 with byte-order mark, comma, CRLF) of the refused rows with their original cells.

    Three columns are added at the end: the row's number in the file, what is wrong, and what to do, one line for each
    problem. A corrected copy can be sent in as it is: those columns are passed over. Every cell is escaped by
    `escaping.safe`, so that opening the file runs nothing.
    """
    by_row: dict[int, list[Problem]] = defaultdict(list)
    for problem in checked.problems:
        by_row[problem.row].append(problem)
    # Added columns of an earlier round are replaced, not gathered.
    own = {place for place, heading in enumerate(sheet.header.cells) if heading.strip() in REPORT_COLUMNS}
    width = max((len(row.cells) for row in sheet.rows), default=0)
    width = max(width, len(sheet.header.cells))

    def original(cells: tuple[str, ...]) -> list[str]:
        padded = cells + ("",) * (width - len(cells))
        return [cell for place, cell in enumerate(padded) if place not in own]

    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow([safe(cell) for cell in [*original(sheet.header.cells), *REPORT_COLUMNS]])
    for row in sheet.rows:
        if problems := by_row.get(row.number):
            wrong = "\n".join(_wrong(problem) for problem in problems)
            remedies = "\n".join(problem.remedy for problem in problems)
            writer.writerow([safe(cell) for cell in [*original(row.cells), str(row.number), wrong, remedies]])
    return out.getvalue().encode("utf-8-sig")


def _wrong(problem: Problem) -> str:
    return f"{problem.column}: {problem.message}" if problem.column else problem.message
