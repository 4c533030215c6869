"""What a journey must know of the invented people to search for them: the same day makes the same people."""

from datetime import UTC, date, datetime
from functools import cache

from portal.demo.people import story
from portal.demo.people.shapes import Nominal

SEED = 7
TOLD = 7  # the people of the story come first


@cache
def _told(today: date) -> dict[str, Nominal]:
    people = story.story(SEED, today)
    return {n.key: n for n, _ in zip(people, range(TOLD), strict=False)}


def born(key: str) -> tuple[str, str, str]:
    """Day, month and year of birth of one of the cast, as somebody types them."""
    nominal = _told(datetime.now(UTC).date())[key]
    values: dict[str, str] = {}
    for draft in nominal.drafts[nominal.cases[0].reference]:
        if draft.kind == "person" and "date_of_birth" in draft.values:
            values.update(draft.values)
    day = date.fromisoformat(values["date_of_birth"])
    return str(day.day), str(day.month), str(day.year)
