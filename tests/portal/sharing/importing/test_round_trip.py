"""What is accepted can be written out and accepted again: nothing is lost or changed on the way in."""

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from portal.sharing.importing.accepted import Accepted
from portal.sharing.importing.columns import Column
from portal.sharing.importing.spreadsheet import read
from portal.sharing.importing.validating import check
from tests.portal.sharing.importing.making import BOROUGHS, HEADINGS, TODAY, cells, csv_of, xlsx_of

WORDS = st.text(st.characters(categories=("L", "N", "P", "Zs")), min_size=1, max_size=30).map(lambda text: "A" + text)
DAYS = st.dates(date(1950, 1, 1), date(2008, 1, 1))
ROWS = st.fixed_dictionaries(
    {
        "SURNAME": WORDS,
        "FORENAME": WORDS,
        "ADDRESS": WORDS,
        "OFFENCE": WORDS,
        "SENTENCE": WORDS,
        "BORN": DAYS.map(lambda day: f"{day:%d/%m/%Y}"),
        "AUTHORITY": st.sampled_from(BOROUGHS),
        "ROSH": st.sampled_from(["Low", "vh", "N/A"]),
        "OVP_1": st.integers(0, 50).map(str),
        "OVP_2": st.integers(50, 100).map(str),
        "MAPPA": st.sampled_from(["", "1", "Level 2"]),
        "DOMESTIC": st.sampled_from(["", "Y", "n"]),
        "ETHNICITY": st.sampled_from(["W1", "b9", ""]),
    }
)


def one(data: bytes) -> Accepted:
    checked = check(read(data), boroughs=BOROUGHS, today=TODAY)
    assert not checked.problems
    return checked.accepted[0]


def written_again(found: Accepted) -> list[str]:
    """The row's values put back under its headings."""
    scores = {(score["predictor"], score["version"]): score["value"] for score in found.scores}
    return cells(
        SURNAME=found.person["surname"],
        FORENAME=found.person["forename"],
        BORN=found.person["date_of_birth"],
        GENDER=found.person["gender"],
        ADDRESS=found.person["address"],
        POSTCODE=found.person["postcode"],
        AUTHORITY=found.borough,
        CRN=found.identifiers["crn"],
        PNC=found.identifiers["pnc"],
        ETHNICITY=found.equality.get("ethnicity", ""),
        SENTENCE=found.sentence["type"],
        START=found.sentence["start"],
        OFFENCE=found.sentence["index_offence"],
        OGRS3_1=scores["OGRS3", "legacy, 1 year"],
        OGRS3_2=scores["OGRS3", "legacy, 2 years"],
        OVP_1=scores["OVP", "legacy, 1 year"],
        OVP_2=scores["OVP", "legacy, 2 years"],
        ROSH=scores.get(("RoSH", "OASys"), ""),
        MAPPA="1" if found.mappa else "",
        DOMESTIC="Y" if found.referral.get("priority_crime") == "Domestic abuse" else "",
        OASYS_DATE=found.scores[0]["assessed_on"],
    )


@given(ROWS, st.sampled_from(",;\t|"))
def test_an_accepted_row_comes_back_the_same(changes: dict[str, str], delimiter: str) -> None:
    found = one(csv_of([HEADINGS, cells(**changes)], delimiter))
    again = one(csv_of([HEADINGS, written_again(found)]))
    assert list(again.records()) == list(found.records())
    assert again.fingerprint() == found.fingerprint()


@settings(max_examples=25)
@given(ROWS)
def test_a_workbook_says_what_the_csv_says(changes: dict[str, str]) -> None:
    rows = [HEADINGS, cells(**changes)]
    assert one(xlsx_of(rows)).fingerprint() == one(csv_of(rows)).fingerprint()


def test_every_column_has_a_place() -> None:
    found = one(csv_of([HEADINGS, cells(MAPPA="1", CARE="Y")]))
    assert {kind for kind, _ in found.records()} == {
        *("person", "identifiers", "equality", "sentence", "sentence_summary", "assignment"),
        *("mappa", "referral", "score", "score_band"),
    }
    assert set(found.unplaced) == {Column.CARE}
