"""Confirming that an update was read: at the update, and several at once on a page that shows each in full."""

import uuid
from dataclasses import dataclass

from flask import Blueprint, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from portal import gate
from portal.casework import confirming
from portal.casework.comments import NOBODY, Calls
from portal.casework.confirming import WHO
from portal.db import db
from portal.pages import case, visiting
from portal.pages.frame import Alert
from portal.pages.presenting import plural
from portal.pages.rendering import show
from portal.pages.stamps import shown, stamp
from portal.sharing.fields import Invalid
from portal.sharing.reading.to_read import Line

pages = Blueprint("confirming", __name__)

DONE = "confirmed"
THANKS = "Confirmed. Whoever shared it sees that you have read it."
CHANGED = "It was corrected while you were reading. Read it as it is now, and confirm that."


@dataclass(frozen=True, slots=True)
class Turn:
    """What home says of it: who asks this person in a comment, and how many updates they are to confirm."""

    calls: Calls = NOBODY
    to_confirm: int = 0


@pages.get("/to-confirm")
@gate.page(gate.CONTENT)
def everything() -> ResponseReturnValue:
    """Each update that waits for this person, in full."""
    return _list()


@pages.post("/to-confirm")
@gate.page(gate.CONTENT)
def confirm() -> ResponseReturnValue:
    """Those that were ticked have been read."""
    try:
        done = confirming.confirm(db.session(), gate.doors(), gate.actor(), shown(request.form.getlist("shown")))
    except Invalid as wrong:
        return _list(wrong.problems[WHO], 400)
    left = f" {plural(done.left, 'other')} had been corrected or taken back meanwhile." if done.left else ""
    session[DONE] = f"Confirmed: {plural(done.count, 'update')}.{left}"
    return redirect(url_for(".everything"), 303)


def _list(error: str = "", status: int = 200) -> ResponseReturnValue:
    found = confirming.listed(db.session(), gate.doors(), gate.actor())
    told = session.pop(DONE, "")
    return show(
        "to_confirm.html",
        "Updates to confirm",
        status=status,
        marking=found.marking,
        receipt=found.receipt,
        alerts=(Alert("done", str(told)),) if told else (),
        back=url_for("home.home"),
        back_text="Home",
        d={"lines": tuple(map(_stamped, found.lines)), "more": found.total - len(found.lines), "error": error},
    )


def _stamped(line: Line) -> tuple[Line, str]:
    """With what says that it was shown; "" for one that could not be opened."""
    return line, "" if line.broken else stamp(line.record, line.version)


@pages.get("/visit/<uuid:visit>/record/<uuid:record>/read")
@gate.page(gate.CONTENT)
@visiting.or_ask_again
def who(visit: uuid.UUID, record: uuid.UUID) -> ResponseReturnValue:
    """Who has confirmed it and who has not, for the party that shared it."""
    found = confirming.readers(db.session(), gate.doors(), gate.actor(), visit, record)
    base = url_for("case.view", visit=visit)
    return show(
        "who_read.html",
        "Who has read it",
        marking=found.marking,
        receipt=found.receipt,
        purpose=found.purpose_name,
        purpose_path=f"{base}/purpose",
        visit=base,
        back=base,
        back_text="The case",
        d={
            "reference": found.reference,
            "about": found.update.label_name,
            "on": found.update.text("happened_on") or found.update.at,
            "text": found.update.text("text"),
            "readers": found.readers,
            "count": sum(r.at is not None for r in found.readers),
        },
    )


@pages.post("/visit/<uuid:visit>/record/<uuid:record>/read")
@gate.page(gate.CONTENT)
@visiting.or_ask_again
def confirm_one(visit: uuid.UUID, record: uuid.UUID) -> ResponseReturnValue:
    """The one update of the case has been read."""
    version = shown([request.form.get("shown", "")]).get(record, 0)
    fits = confirming.confirm_one(db.session(), gate.doors(), gate.actor(), visit, record, version)
    case.done(THANKS if fits else CHANGED)
    return redirect(url_for("case.view", visit=visit) + "#happened", 303)
