"""Saying something on an update, and asking colleagues in it by name."""

import uuid
from collections.abc import Mapping

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal import gate
from portal.casework import comments
from portal.casework.comments import LABEL, TEXT, WHOM
from portal.db import db, new_id
from portal.pages import case, kept, rendering, visiting
from portal.pages.asking import party_kind
from portal.pages.audience import audience
from portal.pages.record import MOSTLY, About
from portal.sharing.fields import Invalid

pages = Blueprint("comment", __name__)

DONE, ASKED = "Your comment is shared.", "Your comment is shared, and whom you asked is told so."
TICK = "whom:"
"""Begins the name of each box: of one name for all, a form that is carried over would keep a single tick."""


@pages.get("/visit/<uuid:visit>/record/<uuid:record>/comment")
@gate.page(gate.CONTENT)
@visiting.or_ask_again
def form(visit: uuid.UUID, record: uuid.UUID) -> ResponseReturnValue:
    """The update, and the form beneath it."""
    return _form(visit, record, {"once": str(new_id()), **kept.typed_before(visit)}, {})


@pages.post("/visit/<uuid:visit>/record/<uuid:record>/comment")
@gate.page(gate.CONTENT)
@visiting.or_ask_again
def send(visit: uuid.UUID, record: uuid.UUID) -> ResponseReturnValue:
    """Share it, and go back to what happened on the case; or say what to correct."""
    typed = request.form
    label, text, once = typed.get(LABEL, ""), typed.get(TEXT, ""), typed.get("once", type=uuid.UUID)
    whom = _ticked(typed)
    try:
        comments.add(db.session(), gate.doors(), gate.actor(), visit, record, label, text, whom, once)
    except Invalid as wrong:
        return _form(visit, record, typed, wrong.problems, 400)
    kept.sent(visit)
    case.done(ASKED if whom else DONE)
    return redirect(url_for("case.view", visit=visit) + "#happened", 303)


def _form(
    visit: uuid.UUID, record: uuid.UUID, typed: Mapping[str, str], problems: Mapping[str, str], status: int = 200
) -> ResponseReturnValue:
    blank = comments.blank(db.session(), gate.doors(), gate.actor(), visit, record)
    base = url_for("case.view", visit=visit)
    kinds = tuple(About(c.label, c.name, "", audience(c.audience)) for c in blank.choices)
    update = blank.update
    chosen = typed.get(LABEL) or MOSTLY.get(party_kind(), "")
    d = {
        "person": blank.about.name,
        "reference": blank.about.reference,
        "action": request.path,
        "cancel": base + "#happened",
        "once": typed.get("once", ""),
        "on": {
            "about": update.label_name,
            "owner": update.owner_name,
            "on": update.text("happened_on") or update.at,
            "text": update.text("text"),
        },
        "kinds": kinds,
        "kind": chosen if chosen in {k.value for k in kinds} else kinds[0].value,
        "owner_name": blank.owner_name,
        "text": typed.get(TEXT, ""),
        "whom": tuple((f"{TICK}{w.value}", w.name, w.party) for w in blank.whom),
        "ticked": {f"{TICK}{value}" for value in _ticked(typed)},
        "errors": [(part, problems[part]) for part in (TEXT, LABEL, WHOM) if part in problems],
    }
    return rendering.show(
        "comment_form.html",
        "Comment on an update",
        status=status,
        marking=blank.marking,
        receipt=blank.about.receipt,
        purpose=blank.about.purpose_name,
        purpose_path=f"{base}/purpose",
        visit=base,
        back=base,
        back_text="The case",
        d=d,
    )


def _ticked(typed: Mapping[str, str]) -> set[str]:
    """Whom the boxes name that were ticked, as `comments.Whom.value`."""
    return {name.removeprefix(TICK) for name in typed if name.startswith(TICK)}
