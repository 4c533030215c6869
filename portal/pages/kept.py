"""A form sent after its session ended: kept for its author, offered after they sign in again, sent or thrown away."""

import uuid
from collections.abc import Mapping
from datetime import datetime

from flask import Blueprint, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from portal import gate
from portal.auth.auth_requests import local_path
from portal.db import db
from portal.errors import NotFound, PortalError
from portal.pages import visiting
from portal.pages.frame import Alert
from portal.pages.rendering import show
from portal.sharing import kept, visits
from portal.sharing.kept import Waiting
from portal.sharing.reading import kept as reading

pages = Blueprint("kept", __name__)

UNASKED = "Select why you need to see this"
TOLD = "kept"
"""Names, in the signed form cookie, the session that something waits for: no other request needs to look."""


def keep_typed() -> datetime | None:
    """Keep the form of this request, whose session has just been found over; until when, or None where it is not kept.

    The form token was checked before: only the author's own pages send here. Whatever goes wrong, the form is shown
    back to be copied instead.
    """
    visit = (request.view_args or {}).get("visit")
    if not visiting.writes() or not isinstance(visit, uuid.UUID):
        return None
    try:
        who = gate.lapsed(within=kept.LASTS)
        inputs = list(request.form.items())
        if who is None or len(inputs) > visiting.CARRIED or not visiting.goes_on(_then(visit)):
            return None
        typed = {name: text for name, text in inputs if name != "csrf_token"}
        if not typed:  # the button of a letter: nothing was written that could be lost
            return None
        return kept.keep(db.session(), gate.doors(), who, visit, _then(visit), typed)
    except (PortalError, SQLAlchemyError):
        db.session.rollback()
        return None


def unfit() -> str:
    """What the form of this request says that may not be kept, as what to leave out; "" for any other form."""
    return kept.unfit(request.form)


def first(user: uuid.UUID, capacity: uuid.UUID, onward: str) -> str:
    """Where to go after signing in, or choosing a capacity: to what waits, if anything does, else `onward`."""
    if not kept.any_for(db.session(), gate.doors(), user, capacity):
        return onward
    return url_for("kept.waiting", next=None if onward == "/" else onward)


def alerts() -> tuple[Alert, ...]:
    """For the home page of someone who did not go on at once."""
    if session.get(TOLD) != gate.actor().session:
        return ()
    return (Alert("notice", HEADING + ".", path=url_for("kept.waiting"), path_text="Go on, or throw it away"),)


HEADING = "You were writing something when your session ended"


def typed_before(visit: uuid.UUID) -> Mapping[str, str]:
    """What its author had typed on this page of a visit, where they asked to go on with it; {} otherwise."""
    if request.args.get(TOLD) != "1":
        return {}
    return reading.opened(db.session(), gate.doors(), gate.actor(), visit, _then(visit))


def sent(visit: uuid.UUID) -> None:
    """The form of this request was accepted: what was kept of it goes."""
    if session.get(TOLD) == gate.actor().session:
        kept.used(db.session(), gate.doors(), gate.actor(), visit, _then(visit))
        _tell()


@pages.get("/kept")
@gate.page(gate.CONTENT)
def waiting() -> ResponseReturnValue:
    """The newest form that waits. Nothing of it is shown before its author says again why they need the case."""
    found = _tell()
    return _ask(found) if found else redirect(_next())


@pages.post("/kept")
@gate.page(gate.CONTENT)
def go_on() -> ResponseReturnValue:
    """Open a visit for the purpose that was chosen, and in it the form as it was typed."""
    doors, actor, form = gate.doors(), gate.actor(), request.form
    found = kept.waiting(db.session(), doors, actor)
    one = _named(found)
    chosen, reason = form.get("purpose", ""), form.get("reason", "").strip()
    if chosen not in {p.id for p in visits.purposes(doors, actor)}:
        return _ask((one,), reason, UNASKED)
    begun = visits.begin(db.session(), doors, actor, one.case, chosen, reason, doors.clock())
    return redirect(f"{url_for('case.view', visit=begun)}/{one.then}?{TOLD}=1", 303)


@pages.post("/kept/discard")
@gate.page(gate.CONTENT)
def discard() -> ResponseReturnValue:
    """Throw it away; then the next that waits, or where one wanted to go."""
    one = _named(kept.waiting(db.session(), gate.doors(), gate.actor()))
    kept.discard(db.session(), gate.doors(), gate.actor(), one.case, one.then)
    return redirect(url_for(".waiting", next=request.form.get("next")) if _tell() else _next(), 303)


def _tell() -> tuple[Waiting, ...]:
    """What waits; and the cookie says whether anything does."""
    found = kept.waiting(db.session(), gate.doors(), gate.actor())
    if found:
        session[TOLD] = gate.actor().session
    else:
        session.pop(TOLD, None)
    return found


def _named(found: tuple[Waiting, ...]) -> Waiting:
    """The one that the form names. Raises `NotFound` for any that does not wait for this actor."""
    sent_for = request.form.get("case", ""), request.form.get("then", "")
    for one in found:
        if (str(one.case), one.then) == sent_for:
            return one
    raise NotFound


def _ask(found: tuple[Waiting, ...], reason: str = "", problem: str = "") -> ResponseReturnValue:
    one = found[0]
    d = {
        "heading": HEADING,
        "reference": one.reference,
        "until": one.ends,
        "more": len(found) - 1,
        "action": url_for(".go_on"),
        "discard": url_for(".discard"),
        "hidden": {"case": one.case, "then": one.then, "next": _next()},
        "purposes": visits.purposes(gate.doors(), gate.actor()),
        "chosen": one.purpose,
        "reason": reason,
        "later": _next(),
        "errors": [("purpose", problem)] if problem else [],
    }
    return show("kept.html", HEADING, status=400 if problem else 200, d=d)


def _then(visit: uuid.UUID) -> str:
    return request.path.removeprefix(f"/visit/{visit}/")


def _next() -> str:
    return local_path(request.form.get("next") or request.args.get("next") or "/")
