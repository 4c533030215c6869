"""The three boxes of a day, and the instants that a form of days means."""

from datetime import date

from flask import request

from portal import gate
from portal.db import to_micros
from portal.sharing.days import day_at, midnight

Day = tuple[str, str, str]
"""Day, month and year as typed."""


def sent(name: str) -> Day:
    """The day of this name as this form was sent."""
    day, month, year = (request.form.get(f"{name}-{part}", "").strip()[:10] for part in ("day", "month", "year"))
    return day, month, year


def typed(day: date) -> Day:
    """How somebody would type a day."""
    return str(day.day), str(day.month), str(day.year)


def day_of(typed: Day) -> date | None:
    """The day that was typed, None where there is no such day."""
    try:
        return date(int(typed[2]), int(typed[1]), int(typed[0])) if len(typed[2]) == 4 else None
    except ValueError:
        return None


def today() -> date:
    """What day it is in London."""
    return day_at(gate.doors().clock())


def first_instant(day: date) -> int:
    """The first instant of a day in London, in microseconds UTC."""
    return to_micros(midnight(day))
