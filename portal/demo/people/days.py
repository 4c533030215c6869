"""Days and working hours, counted back from a fixed today."""

from datetime import UTC, date, datetime, time, timedelta

_SHORT = ("Mon", "Tues", "Weds", "Thurs", "Fri", "Sat", "Sun")
_MONTH = ("Jan", "Feb", "March", "April", "May", "June", "July", "Aug", "Sept", "Oct", "Nov", "Dec")


def ago(today: date, days: int, clock: str = "10:00", *, any_day: bool = False) -> datetime:
    """The moment `days` before today at `clock` ("HH:MM", UTC), moved back to a Friday if it falls on a weekend.

    `any_day` keeps weekends (police, prisons, hostels). `days` must be at least 1: no record may lie in the future,
    at whatever hour of today the demo is seeded. Raises ValueError otherwise.
    """
    if days < 1:
        raise ValueError("a record lies at least one day back")
    day = today - timedelta(days=days)
    if not any_day and day.weekday() > 4:
        day -= timedelta(days=day.weekday() - 4)
    return datetime.combine(day, time.fromisoformat(clock), UTC)


def born(today: date, years: int, days: int) -> date:
    """The birthday of someone who turned `years` exactly `days` days before today."""
    day = today - timedelta(days=days)
    if (day.month, day.day) == (2, 29):
        day -= timedelta(days=1)
    return day.replace(year=day.year - years)


def birthday(birth: date, years: int) -> date:
    """The day someone born on `birth` turns `years`; 29 February counts as 1 March, as the law does in England."""
    try:
        return birth.replace(year=birth.year + years)
    except ValueError:
        return date(birth.year + years, 3, 1)


def spoken(day: date) -> str:
    """A day as people write it in a note: "Thurs 12 Nov"."""
    return f"{_SHORT[day.weekday()]} {day.day} {_MONTH[day.month - 1]}"


def slashed(day: date) -> str:
    """A day as the hurried write it: "12/11"."""
    return f"{day.day}/{day.month:02d}"


def weekday_before(today: date, weekday: int, at_least: int) -> date:
    """The latest day that falls on `weekday` (0 is Monday), `at_least` days or more before today."""
    day = today - timedelta(days=at_least)
    return day - timedelta(days=(day.weekday() - weekday) % 7)


def weekday_after(today: date, weekday: int, at_least: int = 1) -> date:
    """The first day that falls on `weekday`, `at_least` days or more after today."""
    day = today + timedelta(days=at_least)
    return day + timedelta(days=(weekday - day.weekday()) % 7)
