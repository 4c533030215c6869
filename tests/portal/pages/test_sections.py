"""Short records of one kind stand in a table; long ones and few ones stay on their own, and none is lost."""

import uuid
from datetime import UTC, datetime
from typing import cast

from portal.pages.sections import sections
from portal.sharing.disclosure import Disclosure, Record, Section, Value

AT = datetime(2026, 11, 21, tzinfo=UTC)


class Given:
    """As much of a disclosure as sections are made of."""

    actions = ()

    def __init__(self, *records: Record) -> None:
        self.sections = (Section("scores", "Risk scores", records, ()),)


def record(kind: str, **values: str) -> Record:
    made = tuple(Value(f"{kind}.{n}", n, t, "longtext" if n == "note" else "text") for n, t in values.items())
    return Record(
        uuid.uuid4(),
        kind,
        kind.title(),
        "",
        "",
        "probation",
        "Probation",
        AT,
        1,
        AT,
        False,
        can_edit=False,
        can_copy=False,
        values=made,
    )


def parts(*records: Record) -> tuple[tuple[Record, ...], tuple[Record, ...]]:
    """(records in tables, records on their own)"""
    (part,) = sections(cast(Disclosure, Given(*records)))
    return tuple(row.record for table in part.tables for row in table.rows), part.records


def test_three_alike_make_a_table_with_a_gap_where_one_has_no_value() -> None:
    records = [
        record("score", predictor="OVP", value="41"),
        record("score", predictor="OGP"),
        record("score", value="7"),
    ]
    assert parts(*records) == (tuple(records), ())
    (part,) = sections(cast(Disclosure, Given(*records)))
    (table,) = part.tables
    assert table.columns == ("predictor", "value")
    assert [[cell.text if cell else None for cell in row.cells] for row in table.rows] == [
        ["OVP", "41"],
        ["OGP", None],
        [None, "7"],
    ]


def test_few_long_or_wide_ones_stand_on_their_own() -> None:
    few = [record("score", value="1"), record("score", value="2")]
    long = [record("sanitised", note=str(n)) for n in range(4)]
    wide = [record("sentence", **{f"f{n}": "x" for n in range(7)}) for _ in range(3)]
    for records in (few, long, wide):
        assert parts(*records) == ((), tuple(records))


def test_none_is_lost_where_kinds_are_mixed() -> None:
    records = [record("score", value=str(n)) for n in range(3)] + [record("sanitised", note="x")]
    tabled, alone = parts(*records)
    assert set(tabled) | set(alone) == set(records)
    assert len(tabled) == 3
