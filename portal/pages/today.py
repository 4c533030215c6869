"""What needs somebody today, above the list of cases: actions to tick as done, and reviews that are due."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from flask import request, session

from portal import gate
from portal.casework import today
from portal.db import db
from portal.pages.frame import Alert
from portal.pages.pathways import MISSING, NAMES
from portal.pages.presenting import as_date, plural
from portal.sharing.fields import Invalid
from portal.sharing.reading.due import Due, DueList
from portal.sharing.reading.lists import CaseList, Line
from portal.sharing.reading.releases import Coming, ReleaseList

DONE = "today-done"
WEEK = timedelta(days=7)
FIRST, REVIEWS = 10, 5
"""Actions that stand open on the page, the rest behind a fold; reviews that are named, the rest behind a link."""


@dataclass(frozen=True, slots=True)
class Typed:
    """The form of the list as it was sent."""

    ticked: frozenset[str] = frozenset()
    text: str = ""
    errors: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Today:
    """The part of the page. `first` and `rest` are (Due, ticked); `more`: there are others still; `overdue` how many
    of those shown are; `closable`: something can be ticked; `reviews` of the cases on this page of the list; `asks`:
    requests to see more, (words, address), "" for none."""

    first: tuple[tuple[Due, bool], ...]
    rest: tuple[tuple[Due, bool], ...]
    more: bool
    overdue: int
    closable: bool
    reviews: tuple[Line, ...]
    more_reviews: bool
    typed: Typed
    asks: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class Release:
    """Somebody who comes out: `gap` what is missing first, "" where nothing is; then `rest` says how it stands."""

    one: Coming
    gap: str
    rest: str


def part(due: DueList, cases: CaseList, typed: Typed, day: date, asks: tuple[str, str] = ("", "")) -> Today | None:
    """What stands above the list on a day; None for whoever sees no case and has nothing to do."""
    if not (due.lines or cases.lines):
        return None
    rows = tuple((line, str(line.record) in typed.ticked) for line in due.lines)
    reviews = [c for c in cases.lines if (on := as_date(c.review_due) if c.review_due else None) and on <= day + WEEK]
    return Today(
        first=rows[:FIRST],
        rest=rows[FIRST:],
        more=due.more,
        overdue=sum(line.due < day for line in due.lines),
        closable=any(line.closable for line in due.lines),
        reviews=tuple(reviews[:REVIEWS]),
        more_reviews=len(reviews) > REVIEWS,
        typed=typed,
        asks=asks,
    )


def releases(found: ReleaseList) -> tuple[Release, ...]:
    """The releases of the next 14 days, the next first."""
    return tuple(_release(one) for one in found.lines)


def _release(one: Coming) -> Release:
    first, more = "", ""
    if one.gaps:
        thing, state = one.gaps[0]
        first = f"{NAMES[thing]}: {MISSING[state]}"
        more = f", and {len(one.gaps) - 1} more" if one.gaps[1:] else ""
    known = "" if one.gaps else "Not all of it is shown to you" if one.unknown else "All is arranged"
    return Release(one, first + more, known)


def close() -> Typed | None:
    """Close what was ticked, with the one outcome; None if that was done, else the form with what to correct."""
    ticked, text = request.form.getlist("record"), request.form.get("text", "")
    try:
        closed = today.done(db.session(), gate.doors(), gate.actor(), _ids(ticked), text)
    except Invalid as wrong:
        names = ("record", "text")
        return Typed(frozenset(ticked), text, tuple((n, wrong.problems[n]) for n in names if n in wrong.problems))
    if not closed.count:
        return Typed(frozenset(), text, (("record", "What you ticked was closed or changed by someone meanwhile."),))
    left = f" {plural(closed.left, 'other')} had been closed or changed by someone meanwhile." if closed.left else ""
    session[DONE] = f"Done: {plural(closed.count, 'action')}.{left}"
    return None


def alerts() -> tuple[Alert, ...]:
    """What was closed last, said once."""
    said = session.pop(DONE, None)
    return (Alert("done", str(said)),) if said else ()


def _ids(values: Iterable[str]) -> set[uuid.UUID]:
    found = set()
    for value in values:
        try:
            found.add(uuid.UUID(value))
        except ValueError:
            continue
    return found
