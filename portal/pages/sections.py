"""Sections of a case as a page lays them out: several short records of one kind stand in a table, others on their own.

Takes a `Disclosure` and only rearranges it.
"""

from dataclasses import dataclass

from isa.explaining import Group
from portal.sharing.disclosure import Disclosure, Record, Section, Value

FEWEST, WIDEST = 3, 6  # records that make a table; columns that still fit beside the list of sections


@dataclass(frozen=True, slots=True)
class Row:
    """One record of a table: its values by column, None where it has none."""

    record: Record
    cells: tuple[Value | None, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Records of one kind. `columns` are the labels of their fields, in the agreement's order."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """One section: tables first, then the records that stand on their own, then what is withheld."""

    id: str
    title: str
    tables: tuple[Table, ...]
    records: tuple[Record, ...]
    withheld: tuple[Group, ...]


def sections(d: Disclosure) -> tuple[Part, ...]:
    """The sections of a disclosure, in its order, without the actions: these stand in a list of their own."""
    actions = {action.record.id for action in d.actions}
    parts = (_part(section, [r for r in section.records if r.id not in actions]) for section in d.sections)
    return tuple(part for part in parts if part.tables or part.records or part.withheld)


def _part(section: Section, records: list[Record]) -> Part:
    if len(records) < FEWEST:
        return Part(section.id, section.title, (), tuple(records), section.withheld)
    kinds: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        kinds.setdefault((record.kind, record.label), []).append(record)
    tables, alone = [], []
    for alike in kinds.values():
        table = _table(alike)
        if table is None:
            alone += alike
        else:
            tables.append(table)
    return Part(section.id, section.title, tuple(tables), tuple(alone), section.withheld)


def _table(records: list[Record]) -> Table | None:
    """A table of these records; None where they are few, wide, or hold longer texts."""
    columns: dict[str, str] = {}
    for record in records:
        for value in record.values:
            if value.type == "longtext":
                return None
            columns[value.key] = value.label
    if len(records) < FEWEST or len(columns) > WIDEST:
        return None
    rows = []
    for record in records:
        held = {value.key: value for value in record.values}
        rows.append(Row(record, tuple(held.get(key) for key in columns)))
    first = records[0]
    return Table(first.label_name or first.kind_name, tuple(columns.values()), tuple(rows))
