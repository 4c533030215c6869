"""Asking an owner for what a page does not show: what, why, for how long."""

import uuid
from collections.abc import Mapping

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal import gate
from portal.casework import asks
from portal.db import db, new_id
from portal.pages import case, kept, rendering, visiting
from portal.sharing import asking
from portal.sharing.fields import Invalid

pages = Blueprint("ask", __name__)

DONE = "Sent. You read the answer here and on your home page."
DAYS = (("1", "One day", ""), ("7", "A week", ""), ("14", "Two weeks", ""), ("28", "Four weeks", ""))
WEEK = "7"
TICK = "what:"
"""Begins the name of each box: of one name for all, a form that is carried over would keep a single tick."""


@pages.get("/visit/<uuid:visit>/ask")
@gate.page(gate.CONTENT)
@visiting.or_ask_again
def form(visit: uuid.UUID) -> ResponseReturnValue:
    """What may be asked for here, by owner."""
    typed = {"days": WEEK, "once": str(new_id()), **kept.typed_before(visit)}
    return _form(visit, typed, {})


@pages.post("/visit/<uuid:visit>/ask")
@gate.page(gate.CONTENT)
@visiting.or_ask_again
def send(visit: uuid.UUID) -> ResponseReturnValue:
    """Send it, and go back to the case; or say what to correct."""
    typed = request.form
    days, once = typed.get("days", 0, type=int), typed.get("once", type=uuid.UUID) or new_id()
    try:
        asks.ask(db.session(), gate.doors(), gate.actor(), visit, _ticked(typed), typed.get("why", ""), days, once)
    except Invalid as wrong:
        return _form(visit, typed, wrong.problems, 400)
    kept.sent(visit)
    case.done(DONE)
    return redirect(url_for("case.view", visit=visit) + "#asked", 303)


def _form(
    visit: uuid.UUID, typed: Mapping[str, str], problems: Mapping[str, str], status: int = 200
) -> ResponseReturnValue:
    blank, base = asks.blank(db.session(), gate.doors(), gate.actor(), visit), url_for("case.view", visit=visit)
    parts = (asking.WHAT, asking.WHY, asking.HOW_LONG)
    d = {
        "person": blank.about.name,
        "reference": blank.about.reference,
        "action": request.path,
        "cancel": base,
        "once": typed.get("once", ""),
        "owners": blank.owners,
        "ticked": _ticked(typed),
        "why": typed.get("why", ""),
        "choices": DAYS,
        "days": typed.get("days", ""),
        "errors": [(part, problems[part]) for part in parts if part in problems],
    }
    return rendering.show(
        "ask.html",
        "Ask for it",
        status=status,
        marking=rendering.SENSITIVE,
        receipt=blank.about.receipt,
        purpose=blank.about.purpose_name,
        purpose_path=f"{base}/purpose",
        visit=base,
        back=base,
        back_text="The case",
        d=d,
    )


def _ticked(typed: Mapping[str, str]) -> set[str]:
    """The boxes that were ticked, as `asks.value` names them."""
    return {name.removeprefix(TICK) for name in typed if name.startswith(TICK)}
