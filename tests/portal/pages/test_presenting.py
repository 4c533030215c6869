"""How facts are written for people."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment

from portal.pages import presenting as p

TODAY = date(2026, 11, 21)
DAYS = st.dates(date(1900, 1, 1), date(2100, 12, 31))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (date(2026, 11, 21), "21 November 2026"),
        (date(2026, 1, 1), "1 January 2026"),
        ("2002-03-14", "14 March 2002"),
        ("2002-03-14T10:00:00", "14 March 2002"),
        ("last spring", "last spring"),
        ("", ""),
        (datetime(2026, 7, 1, 23, 30, tzinfo=UTC), "2 July 2026"),
        (datetime(2026, 1, 1, 23, 30, tzinfo=UTC), "1 January 2026"),
    ],
)
def test_a_day_is_written_out_and_told_in_london(value: p.When, words: str) -> None:
    assert p.day(value) == words


@given(DAYS)
def test_every_day_reads_back(day: date) -> None:
    words = p.day(day).split()
    assert (int(words[0]), p.MONTHS.index(words[1]) + 1, int(words[2])) == (day.day, day.month, day.year)


def test_a_clock_shows_london_in_summer_and_winter() -> None:
    assert p.clock(datetime(2026, 11, 21, 10, 42, 59, tzinfo=UTC)) == "10:42"
    assert p.clock(datetime(2026, 7, 1, 9, 5, tzinfo=UTC)) == "10:05"
    assert p.moment(datetime(2026, 7, 1, 0, 5, tzinfo=timezone(timedelta(hours=2)))) == "30 June 2026 at 23:05"


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        p.clock(datetime(2026, 7, 1, 9, 5))


@pytest.mark.parametrize(
    ("days", "words"),
    [
        *((0, "today"), (1, "tomorrow"), (-1, "yesterday"), (3, "in 3 days"), (-3, "3 days ago"), (13, "in 13 days")),
        *((14, "in 2 weeks"), (69, "in 9 weeks"), (70, "in 2 months"), (-400, "13 months ago"), (800, "in 2 years")),
    ],
)
def test_how_far_off_a_day_is(days: int, words: str) -> None:
    assert p.near(TODAY + timedelta(days=days), TODAY) == words


@given(DAYS, DAYS)
def test_near_says_the_right_side_of_today(value: date, today: date) -> None:
    words = p.near(value, today)
    assert words.startswith("in ") or words == "tomorrow" if value > today else not words.startswith("in ")
    assert p.past(value, today) == (value < today)


def test_near_is_empty_for_what_is_no_date() -> None:
    assert p.near("soon", TODAY) == ""


@pytest.mark.parametrize(
    ("born", "years"),
    [
        *(("2008-11-21", 18), ("2008-11-22", 17), ("2026-11-21", 0), ("2026-11-22", None), ("", None)),
        *(("31/02/1990", None), (date(1926, 11, 22), 99)),
    ],
)
def test_age_in_whole_years(born: p.When, years: int | None) -> None:
    assert p.age(born, TODAY) == years


def test_someone_born_on_a_leap_day_is_a_year_older_on_the_first_of_march() -> None:
    assert p.age("2008-02-29", date(2026, 2, 28)) == 17
    assert p.age("2008-02-29", date(2026, 3, 1)) == 18


def test_soon_begins_today_and_has_an_end() -> None:
    assert [p.soon(TODAY + timedelta(days=n), TODAY) for n in (-1, 0, 14, 15)] == [False, True, True, False]
    assert not p.soon("", TODAY)
    assert not p.past("", TODAY)


def test_counts() -> None:
    assert p.plural(1, "case") == "1 case"
    assert p.plural(0, "case") == "0 cases"
    assert p.plural(1204, "person", "people") == "1,204 people"
    assert p.number(12345) == "12,345"


@pytest.mark.parametrize(
    ("items", "words"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_lists_in_words(items: list[str], words: str) -> None:
    assert p.joined(items) == words


def test_only_the_first_letter_is_raised() -> None:
    assert p.sentence("gP's letter to DWP") == "GP's letter to DWP"
    assert p.sentence("") == ""


def test_a_value_is_shown_by_its_type() -> None:
    assert p.shown("2026-11-12", "date") == "12 November 2026"
    assert p.shown("2026-11-12", "text") == "2026-11-12"


def test_colours_and_an_unknown_word() -> None:
    assert p.colour("Red") == "red"
    assert p.colour("Red ") == "grey"


def test_machine_times() -> None:
    assert p.machine(datetime(2026, 11, 21, 10, 42, tzinfo=UTC)) == "2026-11-21T10:42:00+00:00"
    assert p.machine(TODAY) == "2026-11-21"


def test_templates_ask_what_day_it_is_when_they_are_rendered() -> None:
    environment = Environment(autoescape=True)
    now = [TODAY]
    p.install(environment, lambda: now[0])
    template = environment.from_string("{{ d|near }} {{ d|age }} {{ d is past }} {{ d is soon }} {{ d|day }}")
    assert template.render(d="2026-11-22") == "tomorrow None False True 22 November 2026"
    now[0] = date(2027, 11, 22)
    assert template.render(d="2026-11-22") == "12 months ago 1 True False 22 November 2026"
