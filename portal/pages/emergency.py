"""Emergency access: what it opens, when it ends and who is told stand before the button, not after it."""

import uuid

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal import gate
from portal.db import db
from portal.pages import rendering
from portal.sharing import emergency, visits
from portal.sharing.fields import Invalid
from portal.sharing.reading import case as reading

pages = Blueprint("emergency", __name__)


@pages.get("/case/<uuid:case>/emergency")
@gate.page(gate.CONTENT, step_up=True)
def panel(case: uuid.UUID) -> ResponseReturnValue:
    """The panel: the same for every address, so that it tells nothing of what is held."""
    return _panel(case, "", "", 200)


@pages.post("/case/<uuid:case>/emergency")
@gate.page(gate.CONTENT, step_up=True)
def declare(case: uuid.UUID) -> ResponseReturnValue:
    """Open the case for an hour; the data-protection officers are told in the same step."""
    reason = request.form.get("reason", "")
    try:
        visit = emergency.declare(db.session(), gate.doors(), gate.actor(), case, reason)
    except Invalid as error:
        return _panel(case, reason, error.problems["reason"], 400)
    return redirect(url_for("case.view", visit=visit), 303)


def _panel(case: uuid.UUID, reason: str, error: str, status: int) -> ResponseReturnValue:
    offered = emergency.propose(db.session(), gate.doors(), gate.actor(), case)
    back, where = _back(case)
    return rendering.show(
        "emergency.html",
        "Emergency access",
        status=status,
        marking=rendering.SENSITIVE if reason else rendering.OFFICIAL,
        back=back,
        back_text=where,
        d={
            "action": request.path,
            "cancel": back,
            "opens": offered.opens,
            "ends": offered.ends,
            "told": offered.told,
            "reason": reason,
            "error": error,
        },
    )


def _back(case: uuid.UUID) -> tuple[str, str]:
    """To the case while this person's own visit to it lasts; else to the search, for the case may be closed to them."""
    doors, actor = gate.doors(), gate.actor()
    begun = visits.current(db.session(), doors, actor, case, doors.clock())
    visit = visits.once(db.session(), actor, begun) if begun else None
    if visit is not None and reading.leads(db.session(), doors, actor, visit):
        return url_for("case.view", visit=visit.id), "The case"
    return url_for("search.ask"), "Find a person"
