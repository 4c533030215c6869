"""How facts are written for people: dates, ages, counts, tags. Pure functions, installed as Jinja filters and tests.

Dates follow the GOV.UK style ("21 November 2026", "10:42"); times are shown in the time of London. Dates come either
as date and datetime objects or, from a sealed value, as ISO text; a text that is no date is shown as it was written.
"""

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta

from jinja2 import Environment

from isa.agreement import LONDON
from portal.sharing import days as civil

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
COLOURS = {
    **{"Red": "red", "Amber": "orange", "Green": "green"},
    **{"Active": "teal", "Selected": "blue", "Referred": "purple", "In custody": "magenta", "Suspended": "yellow"},
    **{"De-selected": "grey", "Very high": "red", "High": "orange", "Medium": "yellow", "Low": "green"},
    **{"Met": "green", "Not known": "yellow"},
}

When = date | datetime | str


def as_date(value: When) -> date | None:
    """The day in London that `value` falls on; None for a text that is not an ISO date."""
    if isinstance(value, datetime):
        return value.astimezone(LONDON).date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value[:10])
    except ValueError:
        return None


def day(value: When) -> str:
    """ "21 November 2026"; a text that is no date comes back unchanged."""
    found = as_date(value)
    return f"{found.day} {MONTHS[found.month - 1]} {found.year}" if found else str(value)


def clock(value: datetime) -> str:
    """ "10:42", the time of day in London. `value` must carry a time zone, or this raises `ValueError`."""
    if value.tzinfo is None:
        raise ValueError("a time needs its zone")
    return value.astimezone(LONDON).strftime("%H:%M")


def moment(value: datetime) -> str:
    """ "21 November 2026 at 10:42", in London."""
    return f"{day(value)} at {clock(value)}"


def machine(value: When) -> str:
    """What a `datetime` attribute holds: an ISO date, or an ISO time with its offset."""
    return value.isoformat(timespec="seconds") if isinstance(value, datetime) else str(value)


def near(value: When, today: date) -> str:
    """How far off a day is, as people say it: "today", "in 3 days", "5 weeks ago". "" for what is no date."""
    found = as_date(value)
    if found is None:
        return ""
    days = (found - today).days
    close = {0: "today", 1: "tomorrow", -1: "yesterday"}
    if days in close:
        return close[days]
    span = _span(abs(days))
    return f"in {span}" if days > 0 else f"{span} ago"


def _span(days: int) -> str:
    if days < 14:
        return plural(days, "day")
    if days < 70:
        return plural(days // 7, "week")
    if days < 730:
        return plural(days // 30, "month")
    return plural(days // 365, "year")


def age(born: When, today: date) -> int | None:
    """Whole years on `today`; None for what is no date or lies ahead. 29 February turns a year older on 1 March."""
    found = as_date(born)
    if found is None or found > today:
        return None
    return civil.age(found, today)


def past(value: When, today: date) -> bool:
    """Whether a day lies before `today`. False for what is no date."""
    found = as_date(value)
    return found is not None and found < today


def soon(value: When, today: date, days: int = 14) -> bool:
    """Whether a day is `today` or within the next `days` days."""
    found = as_date(value)
    return found is not None and today <= found <= today + timedelta(days=days)


def number(value: int) -> str:
    """ "12,345" """
    return f"{value:,}"


def plural(count: int, one: str, many: str | None = None) -> str:
    """ "1 case", "2 cases", "1,204 people"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def joined(items: Iterable[str], word: str = "and") -> str:
    """ "police, probation and housing"; "" for nothing."""
    told = list(items)
    if len(told) < 2:
        return "".join(told)
    return f"{', '.join(told[:-1])} {word} {told[-1]}"


def sentence(text: str) -> str:
    """`text` with a capital at its start, the rest untouched ("GP's letter" stays as it is)."""
    return text[:1].upper() + text[1:]


def shown(text: str, kind: str) -> str:
    """A sealed value's text by its field type: dates are written out, everything else is as it was typed."""
    return day(text) if kind == "date" else text


def colour(word: str) -> str:
    """The tag colour of a status, RAG or band; grey for any other word."""
    return COLOURS.get(word, "grey")


def install(environment: Environment, today: Callable[[], date]) -> None:
    """Give templates these filters; `today` answers what day it is in London whenever a page is rendered."""
    plain = (day, clock, moment, machine, number, plural, joined, sentence, shown, colour)
    environment.filters.update({f.__name__: f for f in plain})
    environment.filters["near"] = lambda value: near(value, today())
    environment.filters["age"] = lambda value: age(value, today())
    environment.tests["past"] = lambda value: past(value, today())
    environment.tests["soon"] = lambda value: soon(value, today())
