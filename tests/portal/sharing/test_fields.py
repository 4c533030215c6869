"""What is typed is kept in one form or refused with the field's name and what to do."""

from datetime import date

import pytest

from isa.agreement import Field
from portal.sharing.fields import Invalid, check, clean, look_alikes

TODAY = date(2026, 11, 2)


def field(key: str, name: str = "The field", kind: str = "text") -> Field:
    return Field(key, name, "identity", frozenset({"probation"}), kind)


def checked(key: str, text: str, kind: str = "text", **others: str) -> str:
    typed = {name.replace("__", "."): value for name, value in others.items()} | {key: text}
    return check([field(key, kind=kind)], typed, TODAY).get(key, "")


@pytest.mark.parametrize(
    ("key", "typed", "kept"),
    [
        ("identifiers.pnc", " 15/6033943l ", "2015/6033943L"),
        ("identifiers.crn", "v39 6366", "V396366"),
        ("score.value", "63 %", "63"),
        ("score.value", "very high", "Very high"),
        ("score.value", "2.45", "2.45"),
        ("person.surname", "O’Brien\u200b-Nu\u0301n\u0303ez", "O’Brien-Núñez"),
        ("person.telephone", "\u202a07700 900123\u202c", "07700 900123"),
        ("person.address", "1  The\tRoad", "1 The Road"),
    ],
)
def test_it_is_kept_in_one_form(key: str, typed: str, kept: str) -> None:
    assert checked(key, typed) == kept


@pytest.mark.parametrize(
    ("key", "kind", "text", "message"),
    [
        ("identifiers.pnc", "text", "2015/6033943M", "does not agree with its check letter M. A figure or the letter"),
        ("identifiers.pnc", "text", "2031/6033943L", "has the year 2031. Correct the year"),
        ("identifiers.pnc", "text", "unknown", "is not a PNC ID. A PNC ID looks like 2015/6033943L."),
        ("identifiers.crn", "text", "V39636", "is not a CRN. A CRN is one letter and six figures: X123456."),
        ("update.happened_on@housing", "date", "2026-11-03", "must be today or in the past"),
        ("update.happened_on@housing", "date", "2026-02-31", "must be a real date, like 27 3 2026"),
        ("update.happened_on@housing", "date", "0026-02-01", "must be a real date, like 27 3 2026"),
        ("case.review_on", "date", "2206-11-03", "must be a real date, like 27 3 2026"),
        ("person.date_of_birth", "date", "2027-01-01", "must be today or in the past"),
        ("person.date_of_birth", "date", "1905-01-01", ": the person would be 121. Correct the year"),
        ("person.date_of_birth", "date", "2018-01-01", ": the person would be 8. Correct the year"),
        ("score.value", "text", "140", "must be a number from 0 to 100, or for RoSH one of: Low, Medium,"),
        ("score.value", "text", "-3", "must be a number from 0 to 100"),
        ("person.surname", "text", "12345", "must be a name of at most 100 characters, or empty if not known"),
        ("person.surname", "text", "Unknown", "must be a name"),
        ("person.surname", "text", "x" * 101, "must be a name of at most 100 characters"),
        ("person.surname", "text", "O\u202eynnep", "holds characters that cannot be seen: type it again"),
        ("update.text@housing", "longtext", "O\u202eynnep", "holds characters that cannot be seen: type it again"),
        ("person.address", "text", "x" * 301, "must be 300 characters or fewer"),
    ],
)
def test_what_is_wrong_names_the_field_and_what_to_do(key: str, kind: str, text: str, message: str) -> None:
    with pytest.raises(Invalid) as wrong:
        checked(key, text, kind)
    told = wrong.value.problems[key]
    assert told.startswith("The field")
    assert message in told


@pytest.mark.parametrize("key", ["case.review_on", "plan.due_on", "sentence.end"])
def test_what_is_to_come_may_lie_ahead(key: str) -> None:
    assert checked(key, "2027-11-03", "date") == "2027-11-03"


def test_today_is_not_the_future() -> None:
    assert checked("update.happened_on@housing", "2026-11-02", "date") == "2026-11-02"


def test_a_score_is_of_its_predictors_kind() -> None:
    assert checked("score.value", "high", score__predictor="RoSH") == "High"
    for predictor, text in (("RoSH", "63"), ("OVP", "High")):
        with pytest.raises(Invalid):
            checked("score.value", text, score__predictor=predictor)


def test_a_sentence_ends_after_it_starts_whichever_of_the_two_is_changed() -> None:
    for changed in ("sentence.start", "sentence.end"):
        with pytest.raises(Invalid, match=changed):
            check([field(changed, kind="date")], {"sentence.start": "2026-05-02", "sentence.end": "2026-05-01"}, TODAY)


def test_letters_that_look_like_others_are_kept_and_told() -> None:
    fields = [field("person.surname", "Surname"), field("person.address", "Address")]
    values = check(fields, {"person.surname": "Sаm", "person.address": "Sаm"}, TODAY)  # a Cyrillic а
    assert values["person.surname"] == "Sаm"
    (told,) = look_alikes(fields, values)
    assert told.startswith("Surname mixes letters of two alphabets.")


def test_cleaning_keeps_lines_and_drops_what_cannot_be_seen() -> None:
    assert clean(" a\r\nb\x0bc\u00adD\ufeff\n") == "a\nbcD"
