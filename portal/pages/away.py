"""Long leave: record from when to when a colleague is away, have their cases covered, see the history."""

import uuid
from datetime import timedelta

from flask import Blueprint, redirect, session, url_for
from flask.typing import ResponseReturnValue

from portal import gate
from portal.auth.errors import CapacityRefused
from portal.casework import team
from portal.db import db
from portal.errors import NotFound
from portal.pages.day_input import Day, day_of, first_instant, sent, today, typed
from portal.pages.frame import Alert
from portal.pages.presenting import day
from portal.pages.rendering import show
from portal.sharing import absences

pages = Blueprint("away", __name__)

DONE = "away-done"
LONGEST = timedelta(days=365)
Errors = tuple[tuple[str, str], ...]


@pages.get("/joining/<uuid:user>/away")
@gate.page(gate.JOINING)
def times(user: uuid.UUID) -> ResponseReturnValue:
    """The form, and every time away of this person."""
    return _page(user, typed(today()), ("", "", ""))


@pages.post("/joining/<uuid:user>/away")
@gate.page(gate.JOINING)
def record(user: uuid.UUID) -> ResponseReturnValue:
    """Record it, or say what to correct."""
    starts, until = sent("starts"), sent("until")
    first, last = day_of(starts), day_of(until)
    errors = []
    if first is None or not today() <= first <= today() + LONGEST:
        errors.append(("starts", "The first day must be a real date, today or within a year"))
    if last is None or (first and not first <= last <= first + LONGEST):
        errors.append(("until", "The last day must be a real date, at most a year after the first"))
    if not errors and first and last:
        try:
            absences.record(
                db.session(),
                gate.doors(),
                gate.actor(),
                user,
                first_instant(first),
                first_instant(last + timedelta(days=1)),
            )
        except CapacityRefused as refused:
            errors = [("starts", refused.words)]
        else:
            session[DONE] = (
                f"Away until {day(last)} is recorded. Their roles rest meanwhile and come back by themselves."
            )
            return redirect(url_for(".times", user=user), 303)
    return _page(user, starts, until, tuple(errors))


@pages.post("/joining/<uuid:user>/away/<uuid:time>/end")
@gate.page(gate.JOINING)
def end(user: uuid.UUID, time: uuid.UUID) -> ResponseReturnValue:
    """End it now: they are back."""
    try:
        absences.end(db.session(), gate.doors(), gate.actor(), user, time)
    except CapacityRefused as refused:
        return _page(user, typed(today()), ("", "", ""), (("", refused.words),))
    except NotFound:
        session[DONE] = "That was over already. Nothing was changed."
    else:
        session[DONE] = "Ended. Their roles count again from now on; end the cover of their cases too, if there is one."
    return redirect(url_for(".times", user=user), 303)


def _page(user: uuid.UUID, starts: Day, until: Day, errors: Errors = ()) -> ResponseReturnValue:
    found = absences.of(db.session(), gate.doors(), gate.actor(), user)
    covers = team.assigns(gate.doors(), gate.actor())
    d = {
        "name": found.name,
        "own": user == gate.actor().user,
        "starts": starts,
        "until": until,
        "errors": errors,
        "action": url_for(".record", user=user),
        "covers": covers,
        "times": [
            (t, url_for(".end", user=user, time=t.id), url_for("team.one", user=user, away=t.id)) for t in found.times
        ],
    }
    done = session.pop(DONE, None)
    return show(
        "away.html",
        f"Time away of {found.name}",
        status=422 if errors else 200,
        receipt=found.receipt,
        alerts=(Alert("done", str(done)),) if done else (),
        back=url_for("joining.person", user=user),
        back_text=found.name,
        d=d,
    )
