"""Normal forms and tags by which a sealed value is found."""

import os
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.keys import index_tags
from portal.keys.index_tags import CRN, PNC, Tagger, canonical_crn, canonical_pnc, mixes_scripts, surname_dob
from tests.portal.keys import frames

LETTERS = "ZABCDEFGHJKLMNPQRTUVWXY"


def pnc(year: int, serial: int) -> str:
    return f"{year}/{serial:07}{LETTERS[int(f'{year % 100:02}{serial:07}') % 23]}"


def test_check_letter_worked_by_hand():
    # 01 0000001 → 10000001 = 23 × 434782 + 15 → the letter at 15 (from 0) is Q
    assert canonical_pnc("2001/0000001Q") == "2001/0000001Q"
    with pytest.raises(ValueError, match="letter"):
        canonical_pnc("2001/0000001R")


@pytest.mark.parametrize("typed", ["2001/0000001Q", " 2001/1q ", "01/1Q", "01/0000001Q", "20010000001Q", "010000001Q"])
def test_every_way_of_writing_gives_one_form(typed):
    assert canonical_pnc(typed) == "2001/0000001Q"


def test_two_digit_years_are_never_in_the_future():
    short = pnc(1999, 123).removeprefix("19")
    assert canonical_pnc(short, year=2026) == pnc(1999, 123)
    assert canonical_pnc(pnc(2026, 9).removeprefix("20"), year=2026) == pnc(2026, 9)
    assert canonical_pnc(pnc(2027, 9).removeprefix("20"), year=2026) == pnc(1927, 9)
    with pytest.raises(ValueError, match="year"):
        canonical_pnc(pnc(2027, 9), year=2026)


@given(st.integers(1950, 2026), st.integers(0, 9_999_999), st.integers(0, 6), st.integers(1, 9))
def test_one_wrong_digit_of_the_serial_is_always_noticed(year, serial, place, by):
    good = pnc(year, serial)
    assert canonical_pnc(good, year=2026) == good
    digits = list(good)
    digits[5 + place] = str((int(digits[5 + place]) + by) % 10)
    with pytest.raises(ValueError):
        canonical_pnc("".join(digits), year=2026)


@pytest.mark.parametrize("typed", ["", "2001", "2001/Q", "2001/12345678Q", "201/1Q", "2001/1I", "2001-1Q", "٢٠٠١/1Q"])
def test_what_is_no_pnc_number_is_refused_without_repeating_it(typed):
    with pytest.raises(ValueError, match="PNC") as caught:
        canonical_pnc(typed)
    assert len(typed) < 5 or typed not in str(caught.value)


def test_crn():
    assert canonical_crn(" x12 3456 ") == "X123456"
    for typed in ("", "X12345", "X1234567", "1234567", "XX12345", "X12345٦"):
        with pytest.raises(ValueError, match="CRN"):
            canonical_crn(typed)


BORN = date(2001, 2, 3)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("O'Brien", "o’brien"),
        ("O'Brien", "OBRIEN"),
        ("OʼBrien", "O Brien"),
        ("Núñez", "nunez"),
        ("Nu\u0301n\u0303ez", "Núñez"),
        ("Smith-Jones", "smith jones"),
        ("Smith–Jones", "SmithJones"),
        ("Straße", "STRASSE"),
        ("Wałęsa", "Walesa"),
        ("Ｓｍｉｔｈ", "Smith"),
        ("Şahin", "sahin"),
        ("İnce", "ince"),
    ],
)
def test_spellings_that_are_one_name_share_the_whole(one, other):
    assert index_tags.surname_tokens(one)[0] == index_tags.surname_tokens(other)[0]


def test_each_part_of_a_double_surname_is_found():
    assert index_tags.surname_tokens("Smith-Jones") == ("smithjones", "jones", "smith")
    assert index_tags.surname_tokens("Patel") == ("patel",)
    assert surname_dob("Smith-Jones", BORN) == ("smithjones|2001-02-03", "jones|2001-02-03", "smith|2001-02-03")
    assert set(surname_dob("Jones", BORN)) < set(surname_dob("Smith-Jones", BORN))
    assert not set(surname_dob("Jones", date(2001, 2, 4))) & set(surname_dob("Smith-Jones", BORN))


@pytest.mark.parametrize("empty", ["", " ", "-", "'", "\u0301"])
def test_a_surname_without_letters_gives_nothing_to_find(empty):
    assert surname_dob(empty, BORN) == ()


@given(st.text(max_size=20))
def test_a_normal_form_is_its_own_normal_form(text):
    for token in index_tags.surname_tokens(text):
        assert index_tags.surname_tokens(token) == (token,)


def test_mixed_scripts_are_flagged():
    assert mixes_scripts("Sаm")  # a Cyrillic а
    assert not mixes_scripts("Sam O’Brien-Núñez 2")
    assert not mixes_scripts("Сергей")


def test_tags_tell_label_value_secret_and_version_apart(monkeypatch):
    tagger = Tagger(b"k" * 32)
    first = tagger.tag(PNC, "2001/0000001Q")
    assert len(first) == 16
    assert tagger.tag(PNC, "2001/0000001Q") == Tagger(b"k" * 32).tag(PNC, "2001/0000001Q") == first
    others = [tagger.tag(CRN, "2001/0000001Q"), tagger.tag(PNC, "X"), Tagger(b"l" * 32).tag(PNC, "2001/0000001Q")]
    others += [tagger.tag("pn", "c"), tagger.tag("p", "nc")]
    monkeypatch.setattr(index_tags, "VERSION", 2)
    others.append(tagger.tag(PNC, "2001/0000001Q"))
    assert len({first, *others}) == 7


def test_no_secret_shows():
    secret = os.urandom(32)
    assert repr(secret)[2:20] not in repr(Tagger(secret))
    with pytest.raises(ValueError) as caught:
        Tagger(secret[:31])
    assert repr(secret)[2:20] not in frames.shown(caught.value)
