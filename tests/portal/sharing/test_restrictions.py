"""What plainly gives away whom a zone protects is told from what a practitioner must be able to write."""

import time
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.pages import boxes
from portal.sharing import restrictions
from portal.sharing.days import age, eighteenth
from portal.sharing.reading.turning import soon
from portal.sharing.restrictions import BROKEN, INSTRUCTION, gives_away, wrong
from tests.isa.test_hand_table import shipped


@pytest.mark.parametrize(
    "text",
    [
        "Heard at MARAC on 3 March.",
        "See the M.A.R.A.C. minutes",
        "The IDVA asks for the whole road.",
        "The victim is Sarah.",
        "Not to contact the complainant.",
        "No contact with his ex-partner",
        "No contact with her ex",
        "Not to go near his former wife.",
        "No contact with Sarah Coyle",
        "No contact, direct or indirect, with Sarah",
        "Must not directly or indirectly contact Sarah Coyle.",
        "No contact with Ms Coyle",
        "Not within 100 metres of 14 Elm Park Road",
        "Not to enter NW9 5XX",
        "Keep out of nw95xx",
        "Not to go to Flat 3",
        "Not to go to the road where she lives now",
        "Not to contact, directly or indirectly, Sarah Coyle.",
        "Not to harass, pester or molest Sarah",
        "Must not associate with Sarah",
        "NO CONTACT WITH SARAH COYLE",
        "No contact with COYLE",
        "No contact with S. Coyle",
        "No contact with Édith",
        "Must not contact Łucja Nowak",
        "Not to go within 50 metres of Sarah's home",
        "Must not go to Ms Coyle’s flat",
        "Keep away from Sarah Coyle’s place of work",
        "Not to talk to Sarah",
        "Must not email or ring Sarah Coyle",
        "Not to see Sarah Coyle alone",
        "Must not be in the company of Sarah",
        "Must not be alone with Sarah",
        "No contact with his daughter",
        "Not to contact the mother of his children",
        "Must not contact his mum or his sister",
        "The M A R A C of 3 March asked for it",
        "Multi-agency risk assessment conference",
        "Ask the domestic abuse adviser",
        "Keep away from Sarah",
        "Keep well away from Sarah Coyle at all times",
        "Must not approach Sarah Coyle.",
        "Must not visit Sarah, at the shop or anywhere",
        "Not to go near, follow or wait for Sarah",
        "Must not contact or approach Sarah",
        "Must keep away from, and not approach, Sarah",
        "Not to come within 100 metres of Sarah Coyle",
        "No approach to Édith. No visits to Łucja Nowak",
        "STAY AWAY FROM SARAH COYLE",
        "KEEP AWAY FROM COYLE",
        "Keep away from S. Coyle",
        "Keep away from Sarah at the station",
        "Keep away from Sarah's school",
        "Keep away from Kilburn High Road and stay away from Sarah",
        "Must avoid Sarah Coyle",
        "Keep away from Kilburn and Sarah",
        "Keep away from Burnt Oak station at night, and from Sarah Coyle",
        "Must not visit his mother",
        "Stay away from her sister's house",
        "Must not follow, stalk or confront Sarah",
        "Don't contact Sarah",
        "Must never contact Sarah",
        "Cannot contact Sarah",
        "Prohibited from contacting Sarah Coyle",
        "Banned from seeing Sarah",
        "Must stop contacting Sarah",
        "Must not be contacting or following Sarah",
        "No contact: Sarah Coyle",
        "No contact with: Sarah Coyle",
        "No contact with “Sarah Coyle”",
        "No contact with (Sarah)",
        "No contact w/ Sarah",
        "NC with Sarah Coyle",
        "Not to contact: Sarah Coyle",
        'Keep away from "Sarah"',
        "Keep away from – Sarah",
        "No contact with one named person, Sarah Coyle",
        "No contact with one named person (Sarah Coyle)",
        "No contact with a woman called Sarah Coyle",
        "Keep away from former colleague Sarah Coyle",
        "Not to contact the witness Sarah",
        "Keep away from the home of Sarah Coyle",
        "Keep away from the family of Sarah",
        "No contact with the Coyle family",
        "Keep away from the Coyle family",
        "Sarah Coyle must not be approached",
        "Sarah is not to be contacted",
        "Must not go to Sarah's",
        "Not to turn up at Sarah’s work",
        "Keep away from Sarah's children",
        "Must not go where Sarah now lives",
        "Must not go to Elm Road (Sarah lives there)",
        "Stay 100m away from Sarah",
        "No closer than 50 metres to Sarah",
        "To protect Sarah Coyle",
        "For the safety of Sarah",
        "No contact with K.O.",
        "No contact with K.",
        "Keep away from K.O.",
        "Keep away from PC Smith",
        "Keep away from de Souza",
        "No contact with van der Berg",
        "Keep away from al-Hassan",
        "no contact with ms coyle",
        "must not approach mrs k. obi",
        "No contact with Ms K. Obi",
        "Keep away from her mum's at 12 Elm Rd",
        "Keep away from 12 elm rd",
        "Keep away from 12 St. Mary's Road",
        "Not to go to number 12",
        "Not to go to Flat B",
        "No contact with mum",
        "No contact with the kids' mum",
        "Must not contact his baby's mother",
        "Must not contact his nan or his in-laws",
        "Must not contact his children",
    ],
)
def test_what_plainly_gives_somebody_away_is_sent_back(text: str) -> None:
    assert gives_away(INSTRUCTION, text).startswith("Leave out")


@pytest.mark.parametrize(
    "text",
    [
        "Must not go into the area bounded by Bridge Lane, the A41 and Finchley Road.",
        "Must not go within 100 metres of Colindale Avenue, 7pm to 7am.",
        "No contact with one named person; ask the offender manager who.",
        "No contact, direct or through others, with the persons named in the order.",
        "No contact with anyone under 18 unless children's services agree. Any new relationship is told to probation.",
        "At the approved address from 8pm to 6am, tagged.",
        "Must not be on the A41 5pm to 7am, nor in NW9 or HA8.",
        "Must not approach Burnt Oak station. Tell the partner agencies.",
        "Must not meet people he was convicted with.",
        "Not to contact, directly or indirectly, any witness.",
        "NO CONTACT WITH ONE NAMED PERSON, NOR WITH ANYONE UNDER 18",
        "Not within 100 metres of St Mary's School, nor of King's Cross station.",
        "Must live at his mother's address, tagged 8pm to 6am.",
        "Must not follow Finchley Road south of the A41, nor ring any number on the list.",
        "Must not see the children unless children's services agree.",
        "No contact with anyone at the Women's Centre; not to be with people under 18.",
        "Must not go into Brent's parks.",
        "Keep away from Kilburn High Road.",
        "Keep away from Kilburn, and stay away from Burnt Oak and Golders Green.",
        "Must not approach Brent Cross, nor visit Wembley Park station.",
        "Must not visit Colindale tube station or Tally Ho Corner.",
        "Must not go within 50 metres of St Mary's school, Watling Park or Queen's Park.",
        "KEEP AWAY FROM KILBURN HIGH ROAD",
        "Keep away from the shop Tesco in Slough.",
        "Must not visit Schools, nor approach any Person under 18.",
        "Must not approach or visit one named person; ask the offender manager who.",
        "Keep away from The Broadway, Licensed premises and Brent's parks.",
        "Must not visit Facebook or WhatsApp.",
        "Keep away from Wembley on match days and Saturdays, and from Kingsbury Road and Roe Green.",
        "Must not be near Middlesex University.",
        "Must stay in contact with Probation, and not miss Probation appointments.",
        "No contact with one named person, Monday to Friday.",
        "No contact with one named person. Curfew 8pm to 6am.",
        "No contact with one named person: ask the offender manager who.",
        "No contact with one named person – Offender manager says who.",
        "Keep away from Tesco and Sainsbury's.",
        "Must not go to Nando's, nor to St Mary's.",
        "Must not use MS Teams.",
        "Keep away from the steps of Harrow station, the Grandstand bar and the parent and toddler group.",
        "Must not be within 100 metres of the main road; 2 other road signs show where.",
        "Must not stand within 10 metres along elm road.",
        "Not under 18 at home on elm road.",
        "Must get off at the bus stop and call Probation.",
        "Residents must not be approached. Schools are not to be visited.",
        "Brent Cross must not be visited.",
        "At least 50 metres from Kilburn station and 200m from any school.",
        "Not at St Mary's children's centre, nor in Brent's children's homes.",
        "Prohibited from entering NW9; banned from all licensed premises.",
        "Must not take the number 12 bus, nor go from the no. 16 bus to Wembley.",
        "To protect the public: no alcohol.",
        "Must not call Harrow Council, nor contact Barnet Homes staff except in writing.",
        "Keep away from Chalkhill and from Tesco Express, Ballards Lane.",
    ],
)
def test_an_instruction_can_be_written(text: str) -> None:
    assert gives_away(INSTRUCTION, text) == ""


AWAY = (
    "Keep away from {}",
    "Must stay well away from {}, day and night",
    "Must not approach {}.",
    "Not to visit or follow {}",
    "Must not go near {} by any means",
    "Not to come within 100 metres of {}",
    "Must not contact, approach or wait for {}",
    "No visits to {}",
    "Must avoid {}",
)
GIVEN = (
    "Sarah",
    "McKenzie",
    "Édith",
    "Łucja",
    "Mohammed",
    "O’Neill",
    "Anne-Marie",
    "Öykü",
    "Nkechi",
    "SARAH",
    "S. Coyle",
    "Zoë",
)
FAMILY = ("", " Coyle", " Nowak", " O'Brien", " COYLE", " Smith-Jones", " Ifeanyi")
FIRST = ("Kilburn High", "Finchley", "Elm", "Acacia", "Victoria", "Sarah", "Grahame")
SORT = ("Road", "Street", "Park", "Estate", "Station", "station", "tube station", "School", "shopping centre", "Lane")
KNOWN = ("Kilburn", "Burnt Oak", "Golders Green", "Wembley", "Harrow", "Edgware", "Brent Cross", "Barnet")


@given(st.sampled_from(AWAY), st.sampled_from(GIVEN), st.sampled_from(FAMILY))
def test_whoever_is_to_be_kept_away_from_is_sent_back_by_whatever_name(away: str, given_: str, family: str) -> None:
    assert gives_away(INSTRUCTION, away.format(given_ + family)).startswith("Leave out")


@given(
    st.sampled_from(AWAY),
    st.one_of(st.builds("{} {}".format, st.sampled_from(FIRST), st.sampled_from(SORT)), st.sampled_from(KNOWN)),
)
def test_a_place_to_be_kept_away_from_can_be_written(away: str, place: str) -> None:
    assert gives_away(INSTRUCTION, away.format(place)) == ""
    assert gives_away(INSTRUCTION, f"{away.format('the area of Slough')} and {place}") == ""


@given(
    st.sampled_from(AWAY), st.sampled_from(("anybody under 18", "one named person", "the persons named in the order"))
)
def test_nobody_by_name_can_be_written(away: str, whom: str) -> None:
    assert gives_away(INSTRUCTION, away.format(whom)) == ""


def test_a_place_that_is_not_known_is_written_with_what_it_is() -> None:
    said = gives_away(INSTRUCTION, "Keep away from Aylesbury")
    assert "If it is a place, write what it is" in said
    for text in ("Keep away from Aylesbury station", "Keep away from the area of Aylesbury"):
        assert gives_away(INSTRUCTION, text) == ""


@pytest.mark.parametrize(
    "text",
    [
        "Ab-" * 700,
        "Keep away from " + "Ab-" * 700,
        "Sarah " * 350 + "must",
        "not to " * 300,
        "a," * 1_000,
        "1," * 1_000,
        "not" + " " * 2_000,
        "no contact with " + "de " * 600,
        "avoid " + "the young " * 200,
        "12 " + "elm " * 500,
        "A" * 2_000,
    ],
)
def test_a_text_made_to_be_slow_is_read_at_once(text: str) -> None:
    """Of the longest there may be; where a name could be read in more ways than one this took for ever."""
    before = time.process_time()
    gives_away(INSTRUCTION, text)
    assert time.process_time() - before < 1


@pytest.mark.parametrize("text", ["Keep away from Tom Street", "Keep away from her", "Keep away from sarah"])
def test_what_it_cannot_tell_gets_through(text: str) -> None:
    """A family name that is a sort of place, a name in small letters: docs/casework.md says so."""
    assert gives_away(INSTRUCTION, text) == ""


def test_whom_to_ring_may_have_a_name_and_an_address_and_gives_nobody_away() -> None:
    assert gives_away(BROKEN, "999, then Ms Feeney at Hendon probation, 14 Elm Park Road, NW9 5XX, 020 7946 0991") == ""
    assert gives_away(BROKEN, "Ring the victim liaison officer").startswith("Leave out")


def test_it_says_what_it_is_and_what_not_to_do_and_ends_after_it_starts() -> None:
    whole = {restrictions.SORT: "Curfew", INSTRUCTION: "At home from 8pm to 6am"}
    assert wrong({INSTRUCTION}, whole) == {}
    assert set(wrong({INSTRUCTION}, {INSTRUCTION: " "})) == {restrictions.SORT, INSTRUCTION}
    days = {restrictions.FROM: "2026-03-02", restrictions.UNTIL: "2026-03-01"}
    assert set(wrong({restrictions.UNTIL}, whole | days)) == {restrictions.UNTIL}
    assert wrong({"sentence.type"}, {}) == {}


def test_eighteen_is_told_ninety_days_ahead_and_not_on_the_day() -> None:
    today = date(2026, 11, 25)
    assert eighteenth(date(2008, 2, 29)) == date(2026, 3, 1)
    assert age(date(2008, 2, 29), date(2026, 2, 28)) == 17
    for ahead, told in ((0, False), (1, True), (90, True), (91, False)):
        on = today + timedelta(days=ahead)
        assert (soon(on.replace(year=on.year - 18).isoformat(), today) == on) is told
    assert soon("", today) is soon("1204-13-41", today) is None


def test_the_words_beside_a_box_are_of_fields_that_there_are() -> None:
    fields = shipped("barnet").fields
    assert set(boxes.SAYS) <= set(fields)
    assert {restrictions.SORT, INSTRUCTION, restrictions.FROM, restrictions.UNTIL, BROKEN} <= set(fields)
