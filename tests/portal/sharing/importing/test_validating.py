from collections.abc import Mapping
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.keys.index_tags import PNC_LETTERS
from portal.sharing.importing.accepted import Accepted, Repeated
from portal.sharing.importing.cells import Kind
from portal.sharing.importing.columns import Column
from portal.sharing.importing.sheet import FileRefused
from portal.sharing.importing.spreadsheet import read
from portal.sharing.importing.validating import check
from tests.portal.sharing.importing.making import BOROUGHS, HEADINGS, TODAY, cells, csv_of, outcome, xlsx_of


def accepted(**changes: str) -> Accepted:
    checked = outcome(cells(**changes))
    assert not checked.problems
    return checked.accepted[0]


def notes(**changes: str) -> list[tuple[Column | None, str]]:
    return [(note.column, note.message) for note in outcome(cells(**changes)).notes if note.row == 2]


def problems(**changes: str) -> list[tuple[str | None, Kind, str]]:
    checked = outcome(cells(**changes))
    assert (checked.ready, checked.refused) == (0, (2,))
    assert all(problem.remedy for problem in checked.problems)
    return [(problem.column, problem.value_kind, problem.message) for problem in checked.problems]


def test_a_good_row_in_the_words_of_the_agreement() -> None:
    found = accepted()
    dated = {"assessed_on": "2026-06-14", "source": "OASys"}
    assert (found.row, found.borough) == (2, "Barnet")
    assert list(found.records()) == [
        (
            "person",
            {
                "surname": "Núñez",
                "forename": "Zoë",
                "date_of_birth": "1991-04-25",
                "gender": "Female",
                "address": "Flat 34, 142 Golders Green Road",
                "postcode": "N12 7UX",
            },
        ),
        ("identifiers", {"crn": "V396366", "pnc": "2015/6033943L"}),
        ("equality", {"ethnicity": "White: Irish"}),
        (
            "sentence",
            {
                "type": "Licence",
                "start": "2026-01-06",
                "end": "2028-01-06",
                "licence_end": "2028-01-06",
                "index_offence": "Burglary dwelling",
                "offence_date": "2025-12-01",
            },
        ),
        ("sentence_summary", {"text": "Licence, until 6 January 2028"}),
        ("assignment", {"practitioner": "Stacey Patel", "role": "Probation practitioner"}),
        (
            "referral",
            {
                "reason": "Monthly referral from the Probation Service",
                "source": "Probation Service monthly file",
                "referred_on": "2026-11-02",
                "outcome": "Waiting",
                "priority_crime": "Burglary",
            },
        ),
        ("score", {"predictor": "OGRS3", "version": "legacy, 1 year", "value": "34", **dated}),
        ("score", {"predictor": "OGRS3", "version": "legacy, 2 years", "value": "43", **dated}),
        ("score", {"predictor": "OVP", "version": "legacy, 1 year", "value": "52", **dated}),
        ("score", {"predictor": "OVP", "version": "legacy, 2 years", "value": "63", **dated}),
        ("score", {"predictor": "RoSH", "version": "OASys", "value": "Very high", **dated}),
        ("score_band", {"predictor": "OGRS3", "band": "Low", "assessed_on": "2026-06-14"}),
        ("score_band", {"predictor": "OVP", "band": "High", "assessed_on": "2026-06-14"}),
        ("score_band", {"predictor": "RoSH", "band": "Very high", "assessed_on": "2026-06-14"}),
    ]


YOUNG = "2025/4464472R"
"""A PNC ID of last year, for people born late."""

WRONG: list[tuple[dict[str, str], tuple[str | None, Kind, str]]] = [
    ({"CRN": ""}, ("CRN", Kind.MISSING, "There is no CRN.")),
    ({"CRN": "V39636"}, ("CRN", Kind.FORMAT, "V39636 is not a CRN.")),
    ({"PNC": "2015/6033943M"}, ("PNC ID", Kind.CHECK_LETTER, "2015/6033943M does not agree with its check letter M.")),
    ({"PNC": "2015-6033943L"}, ("PNC ID", Kind.FORMAT, "2015-6033943L is not a PNC ID.")),
    ({"PNC": "2031/6033943L"}, ("PNC ID", Kind.IMPOSSIBLE, "2031/6033943L has the year 2031.")),
    ({"SURNAME": ""}, ("Surname", Kind.MISSING, "There is no name.")),
    ({"SURNAME": "Unknown"}, ("Surname", Kind.MISSING, "There is no name.")),
    ({"SURNAME": "12345"}, ("Surname", Kind.FORMAT, "12345 is not a name.")),
    ({"SURNAME": "O\u202eynnep"}, ("Surname", Kind.FORMAT, "The cell holds characters that cannot be seen.")),
    ({"SURNAME": "#REF!"}, ("Surname", Kind.FORMULA, "#REF! is an error of the spreadsheet.")),
    ({"BORN": ""}, ("Date of birth", Kind.MISSING, "There is no date of birth.")),
    ({"BORN": "31/02/1990"}, ("Date of birth", Kind.IMPOSSIBLE, "31/02/1990 is not a day.")),
    ({"BORN": "04/25/1991"}, ("Date of birth", Kind.MONTH_FIRST, "04/25/1991 is not a day: there is no month 25.")),
    ({"BORN": "25/04/91"}, ("Date of birth", Kind.FORMAT, "25/04/91 has a year of two figures.")),
    ({"BORN": "25/04/1899"}, ("Date of birth", Kind.IMPOSSIBLE, "25/04/1899 is in the year 1899.")),
    ({"BORN": "April 1991"}, ("Date of birth", Kind.FORMAT, "April 1991 is not a date.")),
    ({"BORN": "03/11/2026"}, ("Date of birth", Kind.IMPOSSIBLE, "03/11/2026 is in the future.")),
    ({"BORN": "03/11/2016"}, ("Date of birth", Kind.IMPOSSIBLE, "The person would be 9.")),
    ({"BORN": "01/01/1905"}, ("Date of birth", Kind.IMPOSSIBLE, "The person would be 121.")),
    ({"GENDER": "Q"}, ("Gender", Kind.CHOICE, "Q is not one of the choices.")),
    ({"ETHNICITY": "Z9"}, ("Ethnicity", Kind.CHOICE, "Z9 is not an ethnicity code.")),
    ({"POSTCODE": "N1Z 27UX"}, ("Postcode", Kind.FORMAT, "N1Z 27UX is not a postcode.")),
    ({"AUTHORITY": "Enfield"}, ("Local authority", Kind.CHOICE, "Enfield is not a borough served here.")),
    ({"AUTHORITY": ""}, ("Local authority", Kind.MISSING, "There is no local authority.")),
    ({"SENTENCE": ""}, ("Sentence type", Kind.MISSING, "The sentence has dates but no type.")),
    (
        {"END": "05/01/2026"},
        ("Sentence end", Kind.IMPOSSIBLE, "05/01/2026 is before the sentence starts (06/01/2026)."),
    ),
    (
        {"LICENCE_END": "05/01/2026"},
        ("Licence end", Kind.IMPOSSIBLE, "05/01/2026 is before the sentence starts (06/01/2026)."),
    ),
    ({"OFFENCE_DATE": "01/01/1990"}, ("Offence date", Kind.IMPOSSIBLE, "The date is before the person was born.")),
    ({"OFFENCE_DATE": "03/11/2026"}, ("Offence date", Kind.IMPOSSIBLE, "03/11/2026 is in the future.")),
    ({"OGRS3_1": "140"}, ("OGRS3 1yr", Kind.RANGE, "140 is not between 0 and 100.")),
    ({"OVP_2": "-3"}, ("OVP 2yr", Kind.RANGE, "-3 is not between 0 and 100.")),
    ({"OVP_2": "0.63"}, ("OVP 2yr", Kind.FORMAT, "0.63 is not a score.")),
    ({"OVP_1": "64"}, ("OVP 1yr", Kind.IMPOSSIBLE, "64 within one year is more than 63 within two.")),
    ({"OASYS_DATE": ""}, ("OASys date", Kind.MISSING, "There are scores but no OASys date.")),
    ({"OASYS_DATE": "03/11/2026"}, ("OASys date", Kind.IMPOSSIBLE, "03/11/2026 is in the future.")),
    ({"ROSH": "Severe"}, ("RoSH", Kind.CHOICE, "Severe is not one of the choices.")),
    ({"MAPPA": "4"}, ("MAPPA level", Kind.CHOICE, "4 is not a MAPPA level.")),
    ({"DOMESTIC": "maybe"}, ("DA perpetrator", Kind.CHOICE, "maybe is not one of the choices.")),
]


@pytest.mark.parametrize(("changes", "expected"), WRONG)
def test_each_wrong_cell_refuses_its_row_and_says_why(
    changes: dict[str, str], expected: tuple[str | None, Kind, str]
) -> None:
    assert problems(**changes) == [expected]


def test_all_problems_of_a_row_come_at_once_in_the_order_of_the_columns() -> None:
    found = problems(ROSH="?!", CRN="x", BORN="31/02/1990", OVP_1="N/A", OVP_2="high")
    assert [column for column, _, _ in found] == ["CRN", "Date of birth", "OVP 2yr", "RoSH"]


def test_an_address_without_quotation_marks_is_noticed() -> None:
    shifted = cells()
    shifted[7:8] = ["Flat 34", " 142 Golders Green Road"]
    checked = outcome([*shifted, "N"])
    assert checked.problems[0].message == "The row has more cells than there are headings."
    assert checked.refused == (2,)


def test_a_formula_of_a_workbook_is_refused_in_any_column() -> None:
    row = cells(SURNAME="=A1", CARE="=1=1")
    checked = check(read(xlsx_of([HEADINGS, row])), boroughs=BOROUGHS, today=TODAY)
    assert [(each.column, each.value_kind) for each in checked.problems] == [
        (Column.SURNAME, Kind.FORMULA),
        (Column.CARE, Kind.FORMULA),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "25/4/1991",
        "25.04.1991",
        "25-04-1991",
        " 25/04/1991 ",
        "25/04/1991 00:00",
        "25 April 1991",
        "25th Apr 1991",
        "25-Apr-1991",
        "1991-04-25",
        "1991-04-25 00:00:00",
        "33353",
    ],
)
def test_a_day_may_be_written_in_these_ways(text: str) -> None:
    assert accepted(BORN=text).person["date_of_birth"] == "1991-04-25"


@given(st.dates(date(1927, 5, 18), date(2016, 11, 2)))
def test_every_way_of_writing_a_day_is_the_same_day(born: date) -> None:
    serial = str((born - date(1899, 12, 30)).days)
    ways = [f"{born:%d/%m/%Y}", f"{born.day}.{born.month}.{born.year}", f"{born:%d %B %Y}", born.isoformat(), serial]
    changes = {"OFFENCE_DATE": "02/11/2026", "START": "", "END": "", "LICENCE_END": ""}
    assert {accepted(BORN=way, **changes).fingerprint() for way in ways} == {
        accepted(BORN=ways[0], **changes).fingerprint()
    }
    assert accepted(BORN=ways[0], **changes).person["date_of_birth"] == born.isoformat()


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("15/6033943L", "2015/6033943L"),
        ("2015/ 6033943l", "2015/6033943L"),
        ("20156033943L", "2015/6033943L"),
        ("156033943L", "2015/6033943L"),
        ("98/1500651H", "1998/1500651H"),
        ("27/0000001L", "1927/0000001L"),
    ],
)
def test_a_short_pnc_is_filled_in_and_told(written: str, kept: str) -> None:
    assert accepted(PNC=written).identifiers["pnc"] == kept
    assert (Column.PNC, f"The PNC ID is kept in full as {kept}.") in notes(PNC=written)


def _lettered(text: str) -> str:
    digits = "".join(filter(str.isdigit, text))[-9:]
    return text[:-1] + PNC_LETTERS[int(digits) % 23]


def test_a_serial_without_its_zeros() -> None:
    assert accepted(PNC=_lettered("2005/0000123A").replace("/0000", "/")).identifiers["pnc"].startswith("2005/0000123")


@given(st.integers(0, 99), st.integers(0, 9_999_999), st.sampled_from(PNC_LETTERS))
def test_exactly_one_letter_of_23_is_right(year: int, serial: int, letter: str) -> None:
    right = letter == PNC_LETTERS[(year * 10**7 + serial) % 23]
    checked = outcome(cells(PNC=f"{year:02}/{serial:07}{letter}"))
    assert (checked.ready == 1) is right


@pytest.mark.parametrize("nothing", ["", "N/A", "-", "not scored", "n/k"])
def test_not_scored_is_not_an_error(nothing: str) -> None:
    found = accepted(OVP_1=nothing, OVP_2=nothing)
    assert [score["predictor"] for score in found.scores] == ["OGRS3", "OGRS3", "RoSH"]
    assert [band["predictor"] for band in found.bands] == ["OGRS3", "RoSH"]
    assert notes(OVP_1=nothing, OVP_2=nothing) == [
        (Column.OVP_2, "OVP: not scored. No OVP band is kept; criteria that ask for it are not known.")
    ]


@pytest.mark.parametrize("text", ["63", "63%", "63.0", " 63 "])
def test_a_score_may_be_written_in_these_ways(text: str) -> None:
    assert accepted(OVP_2=text).scores[3]["value"] == "63"


def test_without_any_score_no_oasys_date_is_needed() -> None:
    found = accepted(OVP_1="", OVP_2="", OGRS3_1="", OGRS3_2="", ROSH="", OASYS_DATE="")
    assert (found.scores, found.bands) == ((), ())


@pytest.mark.parametrize(
    ("predictor", "column", "edges"),
    [("OVP", "OVP", (30, 60, 80)), ("OGRS3", "OGRS3", (50, 75, 90))],
)
def test_bands_of_hmpps(predictor: str, column: str, edges: tuple[int, int, int]) -> None:
    names = ["Low", "Medium", "High", "Very high"]
    for place, edge in enumerate(edges):
        for value, band in ((edge - 1, names[place]), (edge, names[place + 1])):
            found = accepted(**{f"{column}_1": "0", f"{column}_2": str(value)})
            assert {"predictor": predictor, "band": band, "assessed_on": "2026-06-14"} in found.bands
    assert accepted(**{f"{column}_1": "0", f"{column}_2": "0"}).bands != accepted(**{f"{column}_2": "100"}).bands


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        ({"BORN": "03/11/2008", "PNC": YOUNG}, (Column.BORN, "Is 17: the youth criteria apply, not the adult ones.")),
        ({"BORN": "01/11/1925"}, (Column.BORN, "Is 101: check the year of birth.")),
        ({"FORENAME": ""}, (Column.FORENAME, "No forename: kept under the surname alone.")),
        ({"PNC": ""}, (Column.PNC, "No PNC ID: the person is matched by CRN alone.")),
        ({"START": "01/12/2026"}, (Column.START, "The sentence has not started yet.")),
        ({"OFFENCE_DATE": "07/01/2026"}, (Column.OFFENCE_DATE, "The offence is dated after the sentence starts.")),
        ({"BORN": "25/04/2006"}, (Column.PNC, "The PNC ID is older than the person's tenth year: check whose it is.")),
    ],
)
def test_odd_but_possible_cells_are_accepted_and_told(changes: dict[str, str], note: tuple[Column | None, str]) -> None:
    accepted(**changes)
    assert notes(**changes) == [note]


def test_turning_eighteen_today_is_adult() -> None:
    assert notes(BORN="02/11/2008", PNC=YOUNG) == []


@pytest.mark.parametrize("words", ["NFA", "no fixed abode", "Homeless"])
def test_no_fixed_abode(words: str) -> None:
    assert accepted(ADDRESS=words, POSTCODE="N/A").person["address"] == "No fixed abode"
    assert "postcode" not in accepted(ADDRESS=words, POSTCODE="N/A").person


@pytest.mark.parametrize(
    "words", ["barnet", "London Borough of Barnet", "LB Barnet", "Barnet Council", "BARNET, London Borough of"]
)
def test_a_borough_by_its_other_names(words: str) -> None:
    assert accepted(AUTHORITY=words).borough == "Barnet"


def test_the_boroughs_served_are_named_in_the_remedy() -> None:
    assert "Barnet, Brent, Harrow" in outcome(cells(AUTHORITY="Enfield")).problems[0].remedy


def test_names_are_kept_as_written_in_nfc() -> None:
    found = accepted(SURNAME="  o'BRIEN-Nu\u0301n\u0303ez ", FORENAME="Yusuf\n Jason")
    assert (found.person["surname"], found.person["forename"]) == ("o'BRIEN-Núñez", "Yusuf Jason")


@pytest.mark.parametrize("text", ["=cmd|' /C calc'!A0", "+Smith", "-Smith", "@SUM(A1)"])
def test_text_that_a_spreadsheet_would_run_is_kept_as_text(text: str) -> None:
    assert accepted(SURNAME=text).person["surname"] == text


@pytest.mark.parametrize(
    ("offence", "domestic", "priority"),
    [
        ("Theft of motor vehicle", "N", "Motor-vehicle crime"),
        ("S.20 GBH", "N", "Violence with injury"),
        ("Robbery of business property", "N", "Robbery"),
        ("Controlling or coercive behaviour", "", "Domestic abuse"),
        ("Robbery of business property", "Y", "Domestic abuse"),
        ("Shoplifting", "N", "Other"),
        ("", "N", None),
    ],
)
def test_the_priority_crime_of_the_referral(offence: str, domestic: str, priority: str | None) -> None:
    assert accepted(OFFENCE=offence, DOMESTIC=domestic).referral.get("priority_crime") == priority


def test_the_referral_repeats_nothing_of_other_categories() -> None:
    found = accepted(OFFENCE="Burglary of Canary House", OVP_1="52", OVP_2="53", DOMESTIC="Y")
    assert not any(word in str(found.referral) for word in ("Canary", "52", "53"))


def test_mappa_is_a_flag_and_its_level_is_not_kept() -> None:
    assert {str(accepted(MAPPA=level).mappa) for level in ("1", "2", "Level 3")} == {"{'flag': 'Yes'}"}
    assert accepted(MAPPA="").mappa == accepted(MAPPA="N").mappa == {}


def test_a_column_without_a_field_is_told_and_not_kept() -> None:
    checked = outcome(cells(CARE="Y"))
    assert checked.accepted[0].unplaced == {"Care experienced": "Y"}
    assert "Care experienced" not in str(list(checked.accepted[0].records()))
    assert [(note.row, note.message) for note in checked.notes] == [
        (None, "Care experienced: the agreement has no field for this; it is not kept.")
    ]


def test_a_row_of_equal_content_is_a_repeat_whatever_its_spelling() -> None:
    checked = outcome(cells(), cells(BORN="1991-04-25", POSTCODE="n127ux", AUTHORITY="LB Barnet"), cells())
    assert [found.row for found in checked.accepted] == [2]
    assert checked.repeated == (Repeated(3, 2), Repeated(4, 2))
    assert (checked.ready, checked.problems) == (3, ())


def test_one_person_with_two_addresses_refuses_both_rows() -> None:
    checked = outcome(cells(), cells(ADDRESS="1 Other Road"), cells(CRN="V396367", PNC="", SURNAME="Else"))
    assert checked.refused == (2, 3)
    assert {problem.message for problem in checked.problems} == {
        "Rows 2 and 3 give the same CRN but differ in: Address."
    }
    assert [found.row for found in checked.accepted] == [4]


def test_one_pnc_with_two_crns_refuses_both_rows_once() -> None:
    checked = outcome(cells(), cells(CRN="V396367"))
    assert [(each.row, each.column, each.message) for each in checked.problems] == [
        (row, Column.CRN, "Rows 2 and 3 give the same PNC ID but differ in: CRN.") for row in (2, 3)
    ]


def test_a_wrong_row_holds_back_the_right_one_of_the_same_person() -> None:
    checked = outcome(cells(), cells(BORN="31/02/1990"))
    assert (checked.ready, checked.refused) == (0, (2, 3))


def test_two_people_of_one_name_and_birthday_are_told_not_refused() -> None:
    checked = outcome(cells(), cells(CRN="V396367", PNC="", FORENAME="zoë Jane"))
    assert checked.ready == 2
    words = "Rows 2 and 3 have one name and date of birth but different CRNs: two people, or one recorded twice?"
    assert [note.row for note in checked.notes if note.message == words] == [2, 3]


def test_a_month_first_file_is_refused_as_a_whole() -> None:
    american = {"START": "01/06/2026", "END": "01/06/2028", "LICENCE_END": "01/06/2028", "OFFENCE_DATE": "12/01/2025"}
    rows = [cells(CRN=f"V39636{n}", PNC="", BORN="04/25/1991", OASYS_DATE="06/14/2026", **american) for n in range(2)]
    with pytest.raises(FileRefused, match="month first"):
        outcome(*rows)
    assert outcome(rows[0], cells()).refused == (2,)
    day_first = {"START": "26/01/2026", "END": "26/01/2028", "LICENCE_END": "26/01/2028"}
    others = [cells(CRN=f"V49636{n}", PNC="", SURNAME=f"Other{n}", **day_first) for n in range(3)]
    assert outcome(*rows, *others).refused == (2, 3)


def test_the_fingerprint_knows_content_and_nothing_else() -> None:
    sheet = read(csv_of([HEADINGS, [], cells()]))
    later = check(sheet, boroughs=BOROUGHS, today=TODAY + timedelta(days=30)).accepted[0]
    assert later.referral["referred_on"] == "2026-12-02"
    assert later.fingerprint() == accepted().fingerprint()
    assert len(later.fingerprint()) == 64


@pytest.mark.parametrize(
    "changes",
    [
        {"AUTHORITY": "Brent"},
        {"ADDRESS": "1 Other Road"},
        {"OVP_2": "64"},
        {"ROSH": "High"},
        {"LICENCE_END": ""},
        {"PRACTITIONER": "Other Person"},
        {"CRN": "V396367"},
        {"DOMESTIC": "Y"},
    ],
)
def test_every_kept_change_changes_the_fingerprint(changes: Mapping[str, str]) -> None:
    assert accepted(**changes).fingerprint() != accepted().fingerprint()


def test_nothing_personal_in_reprs() -> None:
    checked = outcome(cells(SURNAME="Canary"), cells(CRN="Canary"), cells(CRN="V396369", BORN="Canary"))
    assert checked.problems
    assert "Canary" not in repr(checked)
