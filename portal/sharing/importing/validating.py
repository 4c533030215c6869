"""Each row of a probation file, checked whole: into the agreement's fields, or every problem of the row at once."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from portal.sharing.importing.accepted import Accepted, Checked, Note, Problem, Repeated
from portal.sharing.importing.cells import Kind
from portal.sharing.importing.columns import Column
from portal.sharing.importing.reading_row import RowReader
from portal.sharing.importing.sheet import FileRefused, Row, Sheet
from portal.sharing.importing.words import plain_borough

MONTH_FIRST_ROWS = 3
"""From so many dates on that can only be month first, the file is taken to be so."""


def check(sheet: Sheet, *, boroughs: Iterable[str], today: date) -> Checked:
    """Check every row of a sheet on a day. `boroughs` are the `borough` names of the agreements served here.

    Raises FileRefused when the dates of the file are month first: then also those that could be read are wrong.
    """
    served = {plain_borough(borough): borough for borough in boroughs}
    readers = [RowReader(row, sheet.header, today) for row in sheet.rows]
    accepted = [found for reader in readers if (found := reader.read(served))]
    problems = [problem for reader in readers for problem in reader.problems]
    _refuse_month_first(problems, sum(reader.day_first for reader in readers))
    notes = [Note(None, None, words) for words in sheet.notes]
    notes += [note for reader in readers for note in reader.notes]
    unplaced = dict.fromkeys(column for found in accepted for column in found.unplaced)
    notes += [
        Note(None, None, f"{column}: the agreement has no field for this; it is not kept.") for column in unplaced
    ]

    prints = {found.row: found.fingerprint() for found in accepted}
    problems += _conflicts(readers, prints)
    refused = {problem.row for problem in problems}
    once, repeated = _part_repeated([found for found in accepted if found.row not in refused], prints)
    gone = refused | {each.row for each in repeated}
    notes = [note for note in notes if note.row not in gone] + list(_namesakes(once))
    order = {column: place for place, column in enumerate(Column)}
    problems.sort(key=lambda problem: (problem.row, order[problem.column] if problem.column else -1))
    return Checked(tuple(once), tuple(repeated), tuple(problems), tuple(notes))


def _refuse_month_first(problems: Sequence[Problem], day_first: int) -> None:
    month_first = sum(problem.value_kind is Kind.MONTH_FIRST for problem in problems)
    if month_first >= MONTH_FIRST_ROWS and month_first > day_first:
        raise FileRefused(
            f"The dates of this file are month first: {month_first} cannot be read day first.",
            "Save it again with dates as day, month, year; dates such as 04/05/1991 would be taken for another day.",
        )


def _part_repeated(accepted: Sequence[Accepted], prints: Mapping[int, str]) -> tuple[list[Accepted], list[Repeated]]:
    """Keep the first of rows of equal content."""
    first: dict[str, int] = {}
    once, repeated = [], []
    for found in accepted:
        earlier = first.setdefault(prints[found.row], found.row)
        if earlier == found.row:
            once.append(found)
        else:
            repeated.append(Repeated(found.row, earlier))
    return once, repeated


def _conflicts(readers: Sequence[RowReader], prints: Mapping[int, str]) -> Iterator[Problem]:
    """Rows that give one person (one CRN, or one PNC ID) but say different things: all are refused.

    Which of them is true is probation's to say; taking the first or the last would be guessing about a person.
    """
    for column in (Column.CRN, Column.PNC):
        groups: dict[str, list[RowReader]] = defaultdict(list)
        for reader in readers:
            if key := reader.keys.get(column):
                groups[key].append(reader)
        for group in groups.values():
            same_crn = len({reader.keys.get(Column.CRN) for reader in group}) == 1
            contents = {prints.get(reader.row.number) or reader.row.cells for reader in group}
            # Rows of one CRN were compared already when their PNC ID comes to be.
            if len(contents) > 1 and (column is Column.CRN or not same_crn):
                yield from _conflict(column, group)


def _conflict(shared: Column, group: Sequence[RowReader]) -> Iterator[Problem]:
    different = [column for column in Column if len({reader.plain(column) for reader in group}) > 1]
    names = ", ".join(different)
    rows = _listed([reader.row for reader in group])
    for reader in group:
        yield Problem(
            reader.row.number,
            different[0] if different else shared,
            Kind.CONFLICT,
            f"Rows {rows} give the same {shared} but differ in: {names or 'cells beyond the headings'}.",
            "Keep the row that is right and leave the others out.",
        )


def _namesakes(accepted: Sequence[Accepted]) -> Iterator[Note]:
    """Two people of one name and birthday, or one person with two CRNs: only a person can tell."""
    groups: dict[tuple[str, ...], list[Accepted]] = defaultdict(list)
    for found in accepted:
        forename = found.person.get("forename", "").casefold().split()[:1]
        groups[found.person["surname"].casefold(), *forename, found.person["date_of_birth"]].append(found)
    for group in groups.values():
        if len(group) > 1:
            rows = _listed(group)
            words = (
                f"Rows {rows} have one name and date of birth but different CRNs: two people, or one recorded twice?"
            )
            yield from (Note(found.row, Column.SURNAME, words) for found in group)


def _listed(rows: Sequence[Row] | Sequence[Accepted]) -> str:
    """“11 and 183”, at most five of them."""
    numbers = [str(row.number if isinstance(row, Row) else row.row) for row in rows]
    if len(numbers) > 5:
        return ", ".join(numbers[:5]) + f" and {len(numbers) - 5} more"
    return ", ".join(numbers[:-1]) + " and " + numbers[-1]
