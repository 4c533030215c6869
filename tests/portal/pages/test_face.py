"""The first glance at a case says what the disclosure holds, and nothing else."""

import uuid
from datetime import UTC, date, datetime

from portal.pages.face import NextDate, Person, face
from portal.sharing.disclosure import Disclosure, Receipt, Record, Section, Value

NOW = datetime(2026, 11, 21, 10, 42, tzinfo=UTC)
TODAY = NOW.date()
ID = uuid.UUID(int=1)


def record(kind: str, **values: str) -> Record:
    opened = tuple(Value(f"{kind}.{name}", name, text, "text") for name, text in values.items())
    return Record(ID, kind, kind, "", "", "probation", "Probation", NOW, 1, NOW, False, False, False, opened)


def disclosure(*records: Record) -> Disclosure:
    return Disclosure(
        case=ID,
        visit=ID,
        reference="BN-2026-0147",
        borough="Barnet",
        agreement="barnet-iom@4",
        purpose="pathways",
        purpose_name="Pathways",
        marking="OFFICIAL",
        receipt=Receipt("K7QF-2M", NOW),
        state="active",
        review_due=None,
        lead_party="probation",
        sections=(Section("all", "All", records, ()),),
        timeline=(),
        timeline_older=None,
        safety=(),
        writable=(),
        exportable=False,
        emergency=None,
        emergency_offered=(),
        visit_ends=NOW,
    )


def test_nothing_disclosed_is_nothing_shown() -> None:
    found = face(disclosure(), TODAY)
    assert (found.name, found.born, found.rag, found.status, found.address) == ("", "", "", "", "")
    assert found.responsible == ()
    assert found.next_dates == ()


def test_a_withheld_half_of_a_name_leaves_the_other() -> None:
    assert face(disclosure(record("person", surname="Adeyemi")), TODAY).name == "Adeyemi"
    both = record("person", surname="Adeyemi", forename="Kieran", address="14 Wenlock Rise", postcode="NW9 5XX")
    assert face(disclosure(both), TODAY).name == "Kieran Adeyemi"
    assert face(disclosure(both), TODAY).address == "14 Wenlock Rise, NW9 5XX"


def test_responsible_people_carry_their_agency() -> None:
    found = face(disclosure(record("assignment", practitioner="Rosa Quintanilha", role="SPOC")), TODAY)
    assert found.responsible == (Person("Rosa Quintanilha", "SPOC", "Probation", ""),)


def test_next_dates_are_in_order_and_leave_out_what_is_met_or_long_gone() -> None:
    found = face(
        disclosure(
            record("plan", due_on="2026-11-27", pathway="Accommodation", status="Under way"),
            record("plan", due_on="2026-11-25", pathway="Drugs", status="Met"),
            record("case", review_on="2026-11-17"),
            record("sentence", release_on="2024-01-01"),
            record("sentence", release_on="not known"),
        ),
        TODAY,
    )
    assert found.next_dates == (
        NextDate("Review", date(2026, 11, 17)),
        NextDate("Plan goal: Accommodation", date(2026, 11, 27)),
    )
