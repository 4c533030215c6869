"""The criteria of the three boroughs in the demo: what was in force last year, and what is now."""

from datetime import date, timedelta

from portal.casework.criteria import (
    ADULTS,
    COHORT,
    CRIME,
    GROUPS,
    SCORE,
    VIOLENCE,
    YOUTH,
    Criterion,
    Evidence,
    Rules,
    day,
    evaluate,
    kept_words,
)
from portal.demo.people import vocabulary as v

PRIORITIES = {
    "barnet-iom": (v.BURGLARY, v.ROBBERY, v.VIOLENCE, v.KNIFE, v.DOMESTIC, v.VEHICLE),
    "brent-iom": (v.ROBBERY, v.VIOLENCE, v.KNIFE, v.SUPPLY),
    "harrow-iom": (v.BURGLARY, v.ROBBERY, v.DOMESTIC, v.VEHICLE),
}
VIOLENT = (v.VIOLENCE, v.ROBBERY, v.KNIFE, v.DOMESTIC)
FIRST, CHANGED = timedelta(days=1180), timedelta(days=25)
"""How long ago the version before, and the present one, began."""


def before(agreement: str) -> dict[str, Rules]:
    """What each group's first version asked: theft and burglary by frequency, as IOM was run."""
    acquisitive = tuple(c for c in (v.BURGLARY, v.ROBBERY, v.VEHICLE) if c in PRIORITIES[agreement]) or (v.ROBBERY,)
    adults = Rules(
        (Criterion(SCORE, False, "OGRS3", "75"), Criterion(CRIME, False, among=acquisitive)), needed=2, oldest=730
    )
    youth = Rules((Criterion(CRIME, True, among=acquisitive),), needed=0, oldest=730)
    return {ADULTS: adults, YOUTH: youth}


def now(agreement: str) -> dict[str, Rules]:
    """What each group's present version asks: persistent and violent, people of lower risk left out."""
    priorities = PRIORITIES[agreement]
    always, rest = Criterion(SCORE, True, "OGRS3", "50"), Criterion(CRIME, False, among=priorities)
    violent = Criterion(VIOLENCE, False, among=tuple(c for c in VIOLENT if c in priorities))
    adults = {
        "barnet-iom": (always, Criterion(SCORE, False, "OVP", "60"), rest, violent),
        "brent-iom": (
            always,
            Criterion(SCORE, False, "OVP", "60"),
            violent,
            Criterion(COHORT, False, among=(v.FIXED, v.FLEX)),
        ),
        "harrow-iom": (always, Criterion(SCORE, False, "OVP", "45"), rest),
    }[agreement]
    return {ADULTS: Rules(adults, needed=2, oldest=365), YOUTH: Rules((rest, violent), needed=1, oldest=180)}


def first_days(today: date) -> tuple[date, date]:
    """Since when the version before, and the present one, apply."""
    return today - FIRST, today - CHANGED


def kept(borough: str, today: date, on: date, known: Evidence) -> dict[str, str]:
    """The record of how the version before stood for an adult on a day: which way, and in which words."""
    rules, since = before(f"{borough.lower()}-iom")[ADULTS], day(first_days(today)[0])
    found = evaluate(rules, known, on)
    title = f"Criteria of {borough} for {GROUPS[ADULTS]}, version 1, since {since}"
    return {"decided_on": on.isoformat(), "answer": found.answer, "stood": kept_words(title, found)}
