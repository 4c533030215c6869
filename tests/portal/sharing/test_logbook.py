"""The log read on behalf of an officer: whose entries, for which use, what is logged of it, and what is never told."""

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import text, update

from portal.audit import overview, reading, triggers
from portal.audit.reading import Filters
from portal.audit.tables import ENTRY
from portal.db import now_micros, to_micros
from portal.errors import NotFound, Refused
from portal.sharing import emergency, visits
from portal.sharing.days import day_at
from portal.sharing.fields import Invalid
from portal.sharing.logbook import entries, findings, links, lookup, one, overall, verifying
from portal.sharing.logbook.entries import Wanted
from portal.sharing.logbook.lookup import Terms
from portal.sharing.reading import case as case_reading
from portal.sharing.reading import lists

LAWFUL = "s62-lawfulness"
RECORDS = {
    "probation person": {"surname": "Marlowe", "forename": "Dean", "date_of_birth": "1991-03-27"},
    "police identifiers": {"pnc": "2009/1234567G"},
}


@pytest.fixture
def ada(world):
    return world.actor("police", "practitioner", "Ada Okafor")


@pytest.fixture
def case(world, ada):
    return world.case(RECORDS, assigned=[ada])


@pytest.fixture
def viewed(world, ada, case):
    """The receipt of a view of the case by a police practitioner."""
    visit = visits.begin(world.session, world.doors, ada, case, "risk", "Home visit to the canary", now_micros())
    return case_reading.case(world.session, world.doors, ada, visit).receipt


def listed(world, officer, wanted=None):
    return entries.listing(world.session, world.doors, officer, LAWFUL, wanted or Wanted()).lines


def last_reading(world):
    """The newest log-read entry with what its sealed part says."""
    vault = world.doors.log.vault(world.session)
    row = reading.page(world.session, vault, Filters(operation="log-read"), size=1).rows[0]
    return row, overview.about(world.session, vault, [row])[row.entry_id].details[0]


def attack(world, statement):
    """As the owner of the database, with every trigger dropped."""
    world.session.rollback()
    with world.engine.begin() as connection:
        for drop in triggers.drop_statements(connection.dialect.name):
            connection.exec_driver_sql(drop)
        connection.execute(statement)


class TestWhoseEntries:
    def test_an_officer_sees_what_their_own_users_did(self, world, viewed):
        found = [line for line in listed(world, world.actor("police", "dpo")) if line.reference == viewed.reference]
        assert [(line.who, line.role, line.agency, line.about) for line in found] == [
            ("Ada Okafor", "practitioner", "Police", ("BN-2026-0001",))
        ]

    def test_and_what_others_opened_of_their_own_records(self, world, viewed):
        assert viewed.reference in {line.reference for line in listed(world, world.actor("probation", "dpo"))}

    def test_and_nothing_else(self, world, viewed):
        for party in ("barnet_housing", "brent_housing", "prisons"):
            officer = world.actor(party, "dpo")
            assert not [line for line in listed(world, officer) if line.agency == "Police"]
            with pytest.raises(NotFound):
                one.read(world.session, world.doors, officer, LAWFUL, viewed.reference)

    def test_the_partnership_officer_sees_all_under_their_agreement_and_no_other(self, world, viewed):
        assert viewed.reference in {
            line.reference for line in listed(world, world.actor("barnet_safety", "partnership_dpo"))
        }
        harrow = world.actor("harrow_safety", "partnership_dpo")
        assert viewed.reference not in {line.reference for line in listed(world, harrow)}

    def test_a_case_of_another_agreement_is_not_named_in_a_list(self, world, ada, case):
        world.case(RECORDS, agreement="harrow-iom", assigned=[ada])
        lists.my_cases(world.session, world.doors, ada)
        shown = [
            line.about for line in listed(world, world.actor("barnet_safety", "partnership_dpo")) if "list" in line.did
        ]
        assert shown == [("BN-2026-0001",)]

    @pytest.mark.parametrize("role", ["practitioner", "admin", "analyst"])
    def test_no_other_role_reads_the_log(self, world, role):
        with pytest.raises(Refused):
            listed(world, world.actor("police", role))


class TestEachReadingIsLogged:
    def test_with_its_use_and_what_was_asked_and_shown(self, world, viewed, case):
        officer = world.actor("police", "dpo")
        shown = listed(world, officer, Wanted(case="BN-2026-0001", operation="consultation"))
        row, detail = last_reading(world)
        assert (row.actor, row.purpose, row.outcome) == (officer.user, LAWFUL, "permitted")
        assert detail.detail["asked"] == {
            "case": "BN-2026-0001",
            "what was done": "Looked at what is held about a person",
        }
        assert detail.detail["entries"] == [line.entry.hex for line in shown]

    def test_about_the_person_who_was_asked_for(self, world, viewed):
        listed(world, world.actor("police", "dpo"), Wanted(case="BN-2026-0001"))
        _, detail = last_reading(world)
        found = listed(world, world.actor("police", "dpo"), Wanted(case="BN-2026-0001", operation="log-read"))
        assert detail.person is not None
        assert len(found) == 1

    def test_refused_where_nothing_was_to_be_read(self, world, viewed):
        with pytest.raises(NotFound):
            one.read(world.session, world.doors, world.actor("prisons", "dpo"), LAWFUL, viewed.reference)
        assert last_reading(world)[0].outcome == "refused"

    def test_and_only_for_a_use_the_law_knows(self, world):
        with pytest.raises(Refused):
            entries.listing(world.session, world.doors, world.actor("police", "dpo"), "curiosity", Wanted())


class TestFilters:
    def test_by_words(self, world, viewed):
        officer = world.actor("police", "dpo")
        for wanted, found in (
            (Wanted(case="bn-2026-0001", operation="consultation"), True),
            (Wanted(case="BN-2026-0002"), False),
            (Wanted(agency="police", operation="consultation"), True),
            (Wanted(agency="probation", operation="consultation"), False),
            (Wanted(what="field:person.surname", operation="consultation"), True),
            (Wanted(what="category:identity", operation="consultation"), True),
            (Wanted(what="field:health.diagnosis", operation="consultation"), False),
            (Wanted(purpose="risk", operation="consultation"), True),
            (Wanted(purpose="rights", operation="consultation"), False),
            (Wanted(outcome="refused", operation="consultation"), False),
        ):
            assert bool(listed(world, officer, wanted)) is found, wanted

    def test_by_practitioner_and_day(self, world, viewed, ada):
        officer, today = world.actor("police", "dpo"), day_at(to_micros(viewed.at))
        inside = Wanted(actor=ada.user, since=today, until=today)
        assert viewed.reference in {line.reference for line in listed(world, officer, inside)}
        assert not listed(world, officer, Wanted(actor=ada.user, until=today - timedelta(days=1)))

    def test_survive_the_way_through_an_address(self, world, ada):
        asked = Wanted("BN-2026-0001", ada.user, "police", "search", "risk", "refused", "field:a.b")
        assert Wanted.of(asked.terms()) == asked


class TestAddresses:
    def test_open_in_their_own_session_only_and_say_nothing(self, world):
        officer = world.actor("police", "dpo")
        sealed = links.seal(world.doors, officer, {"case": "BN-2026-0001"})
        assert links.unseal(world.doors, officer, sealed) == {"case": "BN-2026-0001"}
        assert "BN-2026" not in sealed
        other = world.actor("police", "dpo", "Another Officer")
        for who, address in ((other, sealed), (officer, sealed[:-4]), (officer, "x")):
            with pytest.raises(NotFound):
                links.unseal(world.doors, who, address)


class TestLookup:
    @pytest.mark.parametrize("terms", [Terms(surname="MARLOWE", born="1991-03-27"), Terms(number="2009/1234567G")])
    def test_tells_the_reference_and_nothing_more(self, world, viewed, terms):
        found = lookup.find(world.session, world.doors, world.actor("police", "dpo"), LAWFUL, terms)
        assert found == ("BN-2026-0001",)

    def test_finds_nobody_of_whom_the_officer_may_read_no_entry(self, world, viewed):
        terms = Terms(surname="Marlowe", born="1991-03-27")
        assert lookup.find(world.session, world.doors, world.actor("barnet_housing", "dpo"), LAWFUL, terms) == ()

    def test_is_logged_about_the_person_with_its_terms_sealed(self, world, viewed):
        lookup.find(world.session, world.doors, world.actor("police", "dpo"), LAWFUL, Terms(number="2009/1234567G"))
        vault = world.doors.log.vault(world.session)
        row = reading.page(world.session, vault, Filters(operation="search"), size=1).rows[0]
        assert overview.about(world.session, vault, [row])[row.entry_id].details[0].detail["terms"] == {
            "pnc": "2009/1234567G"
        }
        assert row.purpose == LAWFUL

    @pytest.mark.parametrize(
        ("terms", "wrong"),
        [
            (Terms(), {"number"}),
            (Terms(number="2009/1234567A"), {"number"}),
            (Terms(surname="Marlowe"), {"born"}),
            (Terms(born="1991-03-27"), {"surname"}),
            (Terms(surname="Marlowe", born="1991-02-31"), {"born"}),
        ],
    )
    def test_says_what_to_correct(self, world, terms, wrong):
        with pytest.raises(Invalid) as caught:
            lookup.find(world.session, world.doors, world.actor("police", "dpo"), LAWFUL, terms)
        assert set(caught.value.problems) == wrong


class TestOneEntry:
    def test_in_full_by_clause_without_any_value(self, world, viewed):
        whole = one.read(world.session, world.doors, world.actor("police", "dpo"), LAWFUL, viewed.reference.lower())
        assert isinstance(whole, one.Whole)
        opened = [(line.owner, line.clause.partition(",")[0]) for line in whole.parts[0].opened]
        assert ("Probation", "5.1") in opened
        assert any(line.category == "Clinical detail on health" and line.whole for line in whole.parts[0].withheld)
        assert whole.parts[0].about == ("BN-2026-0001",)
        assert "Marlowe" not in repr(whole)
        assert (whole.damaged, whole.erased) == (False, None)

    def test_what_was_opened_is_grouped_by_agency_then_by_category(self, world, viewed):
        whole = one.read(world.session, world.doors, world.actor("police", "dpo"), LAWFUL, viewed.reference)
        assert isinstance(whole, one.Whole)
        categories = [c.name for c in world.doors.book.engine("barnet-iom").agreement.categories.values()]
        for lines in (whole.parts[0].opened, whole.parts[0].withheld):
            at = [(line.owner, categories.index(line.category)) for line in lines]
            assert at == sorted(at)
        who = next(line for line in whole.parts[0].opened if line.category == "Identity and contact")
        assert who.fields.startswith("Person: surname, forename")
        assert who.count == who.fields.count(",") + 1
        assert all(f"({name.lower()})" not in line.fields for line in whole.parts[0].opened for name in categories)

    def test_a_list_of_cases_is_told_in_the_words_of_their_agreement(self, world, ada, case):
        receipt = lists.my_cases(world.session, world.doors, ada).receipt
        whole = one.read(world.session, world.doors, world.actor("police", "dpo"), LAWFUL, receipt.reference)
        assert isinstance(whole, one.Whole)
        (part,) = whole.parts
        assert "Barnet" in part.agreement
        assert all(line.category for line in (*part.opened, *part.withheld))

    def test_the_reason_given_stands_in_the_entry_of_the_purpose(self, world, viewed):
        officer = world.actor("police", "dpo")
        chosen = listed(world, officer, Wanted(operation="purpose-chosen"))[0]
        whole = one.read(world.session, world.doors, officer, LAWFUL, chosen.reference)
        assert isinstance(whole, one.Whole)
        assert ("Reason given", "Home visit to the canary") in whole.said

    def test_entries_that_share_a_reference_are_listed(self, world, viewed, ada):
        lists.my_cases(world.session, world.doors, ada)
        officer = world.actor("police", "dpo")
        two = [line.entry for line in listed(world, officer)][:2]
        attack(world, update(ENTRY).where(ENTRY.c.entry_id.in_(two)).values(reference="ABCD-EF"))
        found = one.read(world.session, world.doors, officer, LAWFUL, "ABCD-EF")
        assert isinstance(found, tuple)
        assert {line.entry for line in found} == set(two)
        assert isinstance(one.read(world.session, world.doors, officer, LAWFUL, "ABCD-EF", two[0]), one.Whole)

    def test_a_damaged_detail_does_not_hide_the_entry(self, world, viewed):
        attack(world, text("UPDATE audit_detail SET sealed = zeroblob(length(sealed))"))
        whole = one.read(world.session, world.doors, world.actor("police", "dpo"), LAWFUL, viewed.reference)
        assert isinstance(whole, one.Whole)
        assert whole.damaged


class TestVerifying:
    def test_a_whole_log_and_its_result_as_an_entry(self, world, viewed):
        officer = world.actor("police", "dpo")
        began = verifying.start(world.session, world.doors, officer, LAWFUL, patience=20)
        found = verifying.outcome(world.session, world.doors, began)
        assert isinstance(found, verifying.Verified)
        assert found.whole
        assert found.entries >= 5
        assert found == verifying.last(world.session, world.doors)
        assert (world.settings.keys_dir / "log-checkpoint.txt").exists()

    def test_a_changed_entry_is_named(self, world, viewed):
        officer = world.actor("police", "dpo")
        verifying.start(world.session, world.doors, officer, LAWFUL, patience=20)
        attack(world, update(ENTRY).where(ENTRY.c.reference == viewed.reference).values(purpose="rights"))
        found = verifying.outcome(
            world.session, world.doors, verifying.start(world.session, world.doors, officer, LAWFUL, patience=20)
        )
        assert isinstance(found, verifying.Verified)
        assert (found.whole, found.reference) == (False, viewed.reference)
        proved = one.read(world.session, world.doors, officer, LAWFUL, viewed.reference)
        assert isinstance(proved, one.Whole)

    def test_a_check_that_never_ended_is_told_so(self, world):
        assert verifying.outcome(world.session, world.doors, 1) is None
        assert isinstance(verifying.outcome(world.session, world.doors, now_micros() - 1), verifying.UnderWay)


def test_the_first_page_counts_refusals_and_names_other_readers(world, viewed, ada):
    officer, other = world.actor("police", "dpo"), world.actor("police", "dpo", "Olive Other")
    with pytest.raises(NotFound):
        case_reading.case(world.session, world.doors, ada, uuid.uuid4())
    listed(world, other)
    listed(world, officer)
    found = overall.glance(world.session, world.doors, officer, LAWFUL, viewed.at)
    assert found.refused == (("police", "Police", 1),)
    assert [line.who for line in found.readings] == ["Olive Other"]
    assert (found.verified, found.waiting, found.notices) == (None, 0, 0)


def test_an_emergency_nobody_settled_is_never_pushed_off_the_list_by_newer_ones(world, ada, case, monkeypatch):
    monkeypatch.setattr(findings, "MOST", 1)
    officer = world.actor("police", "dpo")
    old, new = (emergency.declare(world.session, world.doors, ada, case, "He said he would jump") for _ in range(2))
    assert [each.visit for each in findings.declared(world.session, "police")] == [new]
    findings.record(world.session, world.doors, officer, new, "justified", "")
    assert [each.visit for each in findings.declared(world.session, "police")] == [old]
    own = findings.declared(world.session, "ntmh")[0].findings
    assert {each.party: each.outcome for each in own}["ntmh"] == ""
