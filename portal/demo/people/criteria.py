"""The criteria of the three boroughs in the demo: what was in force last year, and what is now."""

from datetime import date, timedelta

from portal.casework.criteria import ADULTS, COHORT, CRIME, SCORE, VIOLENCE, YOUTH, Criterion, Rules
from portal.demo.people import vocabulary as v

PRIORITIES = {
    "barnet-iom": (v.BURGLARY, v.ROBBERY, v.VIOLENCE, v.KNIFE, v.DOMESTIC, v.VEHICLE),
    "brent-iom": (v.ROBBERY, v.VIOLENCE, v.KNIFE, v.SUPPLY),
    "harrow-iom": (v.BURGLARY, v.ROBBERY, v.DOMESTIC, v.VEHICLE),
}
VIOLENT = (v.VIOLENCE, v.ROBBERY, v.KNIFE, v.DOMESTIC)
CHANGED = timedelta(days=25)
"""How long ago the present version began."""


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


def first_days(today: date, effective: date) -> tuple[date, date]:
    """Since when the version before, and the present one, apply."""
    return min(effective, today - CHANGED - timedelta(days=1)), today - CHANGED
