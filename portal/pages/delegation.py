"""Who stands in for me: a data-protection officer or an agency SPOC names a colleague, for a time."""

import uuid
from datetime import timedelta

from flask import Blueprint, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from portal import gate
from portal.auth.errors import CapacityRefused
from portal.db import db
from portal.errors import NotFound
from portal.pages.day_input import Day, day_of, first_instant, sent, today, typed
from portal.pages.frame import Alert
from portal.pages.presenting import day
from portal.pages.rendering import show
from portal.sharing import delegations

pages = Blueprint("delegation", __name__)

DONE = "delegation-done"
LONGEST = timedelta(days=91)
Errors = tuple[tuple[str, str], ...]


@pages.get("/stand-in")
@gate.page(gate.DELEGATING)
def mine() -> ResponseReturnValue:
    """Who stands in now and did before, and the form: from today, for a fortnight, unless changed."""
    return _page("", typed(today()), typed(today() + timedelta(days=13)))


@pages.post("/stand-in")
@gate.page(gate.DELEGATING)
def name() -> ResponseReturnValue:
    """Name somebody, or say what to correct."""
    chosen, starts, ends = request.form.get("user", ""), sent("starts"), sent("ends")
    first, last = day_of(starts), day_of(ends)
    errors = []
    if not _identity(chosen):
        errors.append(("user", "Choose who stands in for you"))
    if first is None or first < today():
        errors.append(("starts", "The first day must be a real date, today or later"))
    if last is None or (first and not first <= last <= first + LONGEST):
        errors.append(("ends", "The last day must be a real date, at most three months after the first"))
    user = _identity(chosen)
    if not errors and first and last and user:
        since, until = first_instant(first), first_instant(last + timedelta(days=1))
        try:
            delegations.delegate(db.session(), gate.doors(), gate.actor(), user, since, until)
        except CapacityRefused as refused:
            errors = [("user", refused.words)]
        else:
            session[DONE] = f"Recorded. It ends by itself when {day(last)} is over."
            return redirect(url_for(".mine"), 303)
    return _page(chosen, starts, ends, tuple(errors))


@pages.post("/stand-in/<uuid:delegated>/end")
@gate.page(gate.DELEGATING)
def end(delegated: uuid.UUID) -> ResponseReturnValue:
    """End it now."""
    try:
        delegations.end(db.session(), gate.doors(), gate.actor(), delegated)
    except NotFound:
        session[DONE] = "That was over already. Nothing was changed."
    else:
        session[DONE] = "Ended. They do not act in your role any more."
    return redirect(url_for(".mine"), 303)


def _identity(chosen: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(chosen)
    except ValueError:
        return None


def _page(chosen: str, starts: Day, ends: Day, errors: Errors = ()) -> ResponseReturnValue:
    found = delegations.mine(db.session(), gate.doors(), gate.actor())
    d = {
        "found": found,
        "lines": [(line, url_for(".end", delegated=line.id)) for line in found.lines],
        "people": [(str(user), called) for user, called in found.colleagues],
        "chosen": chosen,
        "starts": starts,
        "ends": ends,
        "errors": errors,
        "action": url_for(".mine"),
    }
    done = session.pop(DONE, None)
    return show(
        "delegation.html",
        "Who stands in for you",
        status=422 if errors else 200,
        receipt=found.receipt,
        alerts=(Alert("done", str(done)),) if done else (),
        back=url_for("home.home"),
        back_text="Home",
        d=d,
    )
