"""Civil days and ages: one reckoning for records, files brought in, pages and the demo."""

from datetime import date, datetime, time

from isa.agreement import LONDON
from portal.db import from_micros


def day_at(instant: int) -> date:
    """The day it is in London at an instant (microseconds UTC): for an hour of every summer night not that of UTC."""
    return from_micros(instant).astimezone(LONDON).date()


def midnight(day: date) -> datetime:
    """The instant a day begins in London."""
    return datetime.combine(day, time.min, LONDON)


def eighteenth(born: date) -> date:
    """The day somebody turns 18, as `age` reckons it."""
    try:
        return born.replace(year=born.year + 18)
    except ValueError:
        return date(born.year + 18, 3, 1)


def is_minor(born: str, now: int) -> bool:
    """Whether someone born on that ISO date is under 18 at this instant (microseconds UTC)."""
    return age(date.fromisoformat(born), day_at(now)) < 18


def age(born: date, on: date) -> int:
    """Whole years on a day, negative before the birth. Who was born on 29 February turns a year older on 1 March."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))
