"""Where a case stands: what may be recorded now, the form of one change, and the changes so far (clause 8.75)."""

import uuid
from collections.abc import Mapping, Sequence

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from isa.agreement import Field
from portal import gate
from portal.casework import moving
from portal.casework.moving import Desk
from portal.db import db, new_id
from portal.errors import Conflict, NotFound
from portal.pages import boxes, case, kept, rendering, visiting
from portal.pages.audience import audience
from portal.pages.transferred import lines
from portal.sharing import forms, moves
from portal.sharing.fields import Invalid
from portal.sharing.moves import KIND, Step
from portal.sharing.reading import case as reading
from portal.sharing.reading import transfers
from portal.sharing.reading.transfers import Told

pages = Blueprint("stands", __name__)

DONE = "Recorded. Those who work on the case and may read it are told that something changed."
CHANGED = "Somebody recorded another change meanwhile. What you typed is kept: look again, and record it once more."
ABOUT = {moves.PLACE: "Where the person is", moves.LISTED: "The partnership's work", moves.SUPERVISION: "Supervision"}
HINTS = {
    moves.REMAND: "Held for a court, not sentenced",
    moves.SENTENCE: "Serving a sentence, also after a remand",
    moves.RECALL: "Brought back to prison while on licence",
    moves.COMMUNITY: "Released, bailed or acquitted. The day of release is over then",
    moves.SUSPENDED: "Nobody works on it for now; the case stays open",
    moves.RESUMED: "The work goes on",
    moves.STATUTORY: "An order or a licence that probation supervises",
    moves.RESET: "Probation's supervision ended early; say what the partnership does then",
    moves.VOLUNTARY: "They take part of their own accord",
}
"""What each change means, for whoever chooses among them."""


@pages.get("/visit/<uuid:visit>/stands")
@gate.page(gate.CONTENT)
@visiting.or_ask_again
def show(visit: uuid.UUID) -> ResponseReturnValue:
    """How it stands now, what may be recorded, and what was."""
    found = moving.desk(db.session(), gate.doors(), gate.actor(), visit)
    base = url_for("case.view", visit=visit)
    groups = [
        (name, [(s, HINTS[s.code], why) for s, why in found.steps if s.label == label])
        for label, name in ABOUT.items()
        if any(s.label == label for s, _ in found.steps)
    ]
    d = {
        "person": _name(found),
        "reference": found.part.reference,
        "now": _now(found),
        "groups": groups,
        "base": base,
        "told": found.told,
        "agreement": found.part.agreement.partition("@")[0],
        "transfers": lines(_transfers(visit, found)),
    }
    return _page(visit, "stands.html", "Where the case stands", found, d)


@pages.get("/visit/<uuid:visit>/stands/<code>")
@gate.page(gate.CONTENT)
@visiting.or_ask_again
def form(visit: uuid.UUID, code: str) -> ResponseReturnValue:
    """The form of one change."""
    return _form(visit, code, {"once": str(new_id()), **kept.typed_before(visit)}, {})


@pages.post("/visit/<uuid:visit>/stands/<code>")
@gate.page(gate.CONTENT)
@visiting.or_ask_again
def record(visit: uuid.UUID, code: str) -> ResponseReturnValue:
    """Record it, and go back to the case; or say what to correct, or that somebody was quicker."""
    typed, once = request.form, request.form.get("once", type=uuid.UUID)
    names = (*moves.STEPS[code].asks, moving.RELEASE) if code in moves.STEPS else ()
    dates = (moves.SINCE, moves.REVIEW, moving.RELEASE)
    inputs = {n: f"{_kind(n)}.{n}" for n in names}
    words = {n: boxes.day_text(typed, i) if n in dates else typed.get(i, "") for n, i in inputs.items()}
    try:
        moving.move(db.session(), gate.doors(), gate.actor(), visit, code, words, typed.get("seen", ""), once)
    except Invalid as wrong:
        return _form(visit, code, typed, wrong.problems, 400)
    except Conflict:
        return _form(visit, code, {**typed, "seen": ""}, {"": CHANGED}, 409)
    kept.sent(visit)
    case.done(DONE)
    return redirect(url_for("case.view", visit=visit), 303)


def _kind(name: str) -> str:
    return moves.CUSTODY if name == moving.RELEASE else KIND


def _form(
    visit: uuid.UUID, code: str, typed: Mapping[str, str], problems: Mapping[str, str], status: int = 200
) -> ResponseReturnValue:
    session, doors, actor = db.session(), gate.doors(), gate.actor()
    found = moving.desk(session, doors, actor, visit)
    step, refused = next(((s, why) for s, why in found.steps if s.code == code), (None, ""))
    if step is None:
        raise NotFound
    blank = forms.to_add(session, doors, actor, visit, KIND)
    choice = next(c for c in blank.choices if c.label == step.label)
    fields = _fields(found, step, choice.fields)
    told = {f.key: problems[f.local] for f in fields if f.local in problems}
    first = [("", problems[""])] if "" in problems else []
    d = {
        "heading": step.to,
        "note": refused or HINTS[step.code],
        "reference": blank.about.reference,
        "person": blank.about.name,
        "now": _now(found),
        "action": request.path,
        "cancel": url_for(".show", visit=visit),
        "hidden": {"once": typed.get("once", ""), "seen": typed.get("seen") or found.seen},
        "fields": boxes.boxes(fields, typed, told),
        "errors": [*first, *boxes.errors(fields, told)],
        "button": "Record this",
        "owner_name": blank.owner_name,
        "audience": audience(choice.audience),
    }
    return _page(visit, "stands_form.html", step.to, found, d, status)


def _fields(found: Desk, step: Step, fields: Sequence[Field]) -> list[Field]:
    """The boxes of the form, in its order; of whoever keeps custody records the release date too, where it is known."""
    by_name = {f.local: f for f in fields}
    asked = [by_name[name] for name in step.asks if name in by_name]
    if step.held_as and moving.holds_custody(found.part):
        agreement = gate.doors().book.of_borough(found.part.borough)
        if agreement is not None:
            asked.insert(-1, agreement.fields[f"{moves.CUSTODY}.{moving.RELEASE}"])
    return asked


def _transfers(visit: uuid.UUID, found: Desk) -> tuple[Told, ...]:
    case_file = reading.live(db.session(), gate.doors(), gate.actor(), visit).case
    return transfers.told(db.session(), gate.doors(), gate.actor(), case_file.id, found.part.of(moves.TRANSFER))


def _name(found: Desk) -> str:
    names = (found.part.first("person", name) for name in ("forename", "surname"))
    return " ".join(filter(None, names)) or "Name not shown"


def _now(found: Desk) -> list[tuple[str, str, str]]:
    """(what, how it stands, since when as ISO or "") of each of the three, as far as anybody said."""
    stand = found.stand
    rows = [("Status", stand.shown, "")] if stand.shown else []
    for label, name in ABOUT.items():
        since = stand.of(label)
        words = moves.STEPS[since.code].to if since.code in moves.STEPS else "In custody" if since.code else ""
        if words:
            rows.append((name, words, since.on.isoformat() if since.on else ""))
    return rows


def _page(
    visit: uuid.UUID, template: str, title: str, found: Desk, d: Mapping[str, object], status: int = 200
) -> ResponseReturnValue:
    base = url_for("case.view", visit=visit)
    return rendering.show(
        template,
        title,
        status=status,
        marking=found.part.marking,
        receipt=found.part.receipt,
        purpose=found.part.purpose_name,
        purpose_path=f"{base}/purpose",
        visit=base,
        back=base,
        back_text="The case",
        d=d,
    )
