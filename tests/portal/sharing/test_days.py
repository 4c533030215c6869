"""What day it is, and how old someone is on it."""

from datetime import UTC, date, datetime, timedelta

import pytest

from portal.db import to_micros
from portal.sharing.days import age, day_at, is_minor, midnight


@pytest.mark.parametrize(
    ("at", "day"),
    [
        (datetime(2026, 7, 1, 22, 59, tzinfo=UTC), date(2026, 7, 1)),
        (datetime(2026, 7, 1, 23, 0, tzinfo=UTC), date(2026, 7, 2)),  # midnight of British Summer Time
        (datetime(2026, 12, 1, 23, 59, tzinfo=UTC), date(2026, 12, 1)),
    ],
)
def test_a_day_begins_at_midnight_in_london(at: datetime, day: date) -> None:
    assert day_at(to_micros(at)) == day
    assert midnight(day) <= at < midnight(day + timedelta(days=1))


def test_a_leapling_turns_a_year_older_on_the_first_of_march() -> None:
    assert (age(date(2008, 2, 29), date(2026, 2, 28)), age(date(2008, 2, 29), date(2026, 3, 1))) == (17, 18)


def test_nobody_is_a_minor_once_it_is_their_birthday_in_london() -> None:
    assert is_minor("2008-07-02", to_micros(datetime(2026, 7, 1, 22, 59, tzinfo=UTC)))
    assert not is_minor("2008-07-02", to_micros(datetime(2026, 7, 1, 23, 0, tzinfo=UTC)))
