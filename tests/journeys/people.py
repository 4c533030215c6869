"""What a journey must know of the invented people to search for them: the same day makes the same people."""

import sqlite3
from contextlib import closing
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from portal.db import now_micros
from portal.demo.people import story
from portal.demo.people.shapes import Nominal
from portal.demo.seeding import micros
from portal.sharing.days import day_at

SEED = 7
TOLD = 7  # the people of the story come first


@cache
def _told(today: date) -> dict[str, Nominal]:
    people = story.story(SEED, today)
    return {n.key: n for n, _ in zip(people, range(TOLD), strict=False)}


def _nominal(home: Path, key: str) -> Nominal:
    """One of the cast as this demo has them: told today, or yesterday if midnight has passed since."""
    with closing(sqlite3.connect(home / "portal.sqlite3", timeout=30)) as database:
        due = dict(database.execute("SELECT reference, review_due FROM case_file"))
    today = day_at(now_micros())
    told = [_told(day)[key] for day in (today, today - timedelta(days=1))]
    return next(n for n in told if due.get(n.cases[0].reference) == micros(n.cases[0].review_due))


def born(home: Path, key: str) -> tuple[str, str, str]:
    """Day, month and year of birth of one of the cast, as somebody types them."""
    nominal = _nominal(home, key)
    values: dict[str, str] = {}
    for draft in nominal.drafts[nominal.cases[0].reference]:
        if draft.kind == "person" and "date_of_birth" in draft.values:
            values.update(draft.values)
    day = date.fromisoformat(values["date_of_birth"])
    return str(day.day), str(day.month), str(day.year)
