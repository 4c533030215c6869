"""Actions on a case: give one to somebody, say what came of it, or who has it from now on."""

import uuid
from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal import gate
from portal.casework import actions, closing
from portal.casework.actions import Form, One
from portal.db import db, new_id
from portal.errors import Conflict, NotFound
from portal.pages import boxes, case, kept, meetings, rendering, visiting
from portal.pages.asking import party_kind
from portal.pages.audience import audience
from portal.pages.day_input import day_of, today
from portal.pages.presenting import day
from portal.pages.record import MOSTLY, About
from portal.sharing import acts
from portal.sharing.fields import Invalid
from portal.sharing.forms import Choice

pages = Blueprint("action", __name__)

DAYS = {"0": "Today", "1": "Tomorrow", "7": "In a week", "14": "In two weeks", "28": "In four weeks"}
"""Days from today that one click chooses."""
GIVE, REOPEN = "give", "reopen"
DONE = {
    "": "Added. Whoever is to do it finds it on the case now, and on their home page when it falls due.",
    acts.DONE: "Done. Whoever may see the action reads that it is closed.",
    acts.DROPPED: "No longer needed. Whoever may see the action reads that it is closed.",
    GIVE: "They have it now.",
    REOPEN: "Open again. Whoever has it finds it on the case now, and on their home page when it falls due.",
}
MEANWHILE = "Someone closed or changed this action meanwhile. Look at it again: what you typed is kept below."
INPUTS = {acts.TASK: "task", "label": "kind", "whom": "to", "due": "by"}


@pages.get("/visit/<uuid:visit>/action")
@gate.page(gate.CONTENT)
@visiting.or_ask_again
def add(visit: uuid.UUID) -> ResponseReturnValue:
    """The form: for me, within a week, about what this agency mostly writes about."""
    form = actions.blank(db.session(), gate.doors(), gate.actor(), visit)
    kind = MOSTLY.get(party_kind(), "")
    labels = [c.label for c in form.blank.choices]
    typed = {"kind": kind if kind in labels else labels[0], "to": actions.ME, "by": "7", "once": str(new_id())}
    return _form(visit, form, {**typed, **kept.typed_before(visit)}, {})


@pages.post("/visit/<uuid:visit>/action")
@gate.page(gate.CONTENT)
@visiting.or_ask_again
def keep(visit: uuid.UUID) -> ResponseReturnValue:
    """Give it to them, and go back to the case, where it stands; or say what to correct."""
    form, doors, actor = request.form, gate.doors(), gate.actor()
    label, task, to = (form.get(name, "") for name in ("kind", "task", "to"))
    try:
        actions.add(db.session(), doors, actor, visit, label, task, to, _due(form), _uuid(form.get("once", "")))
    except Invalid as wrong:
        problems = {INPUTS[part]: said for part, said in wrong.problems.items()}
        return _form(visit, actions.blank(db.session(), doors, actor, visit), form, problems, 400)
    kept.sent(visit)
    panel = _panel()
    if panel:
        meetings.say(DONE[""])
        return redirect(panel, 303)
    case.done(DONE[""])
    return redirect(url_for("case.view", visit=visit) + "#todo", 303)


def _panel() -> str:
    """The case in the meeting that the form was opened from, "" where it was opened from the case."""
    meeting, of = (request.args.get(name, type=uuid.UUID) for name in ("meeting", "case"))
    return url_for("decide.one", meeting=meeting, case=of) if meeting and of else ""


def _due(form: Mapping[str, str]) -> date | None:
    """A day that was typed counts; else the one that was chosen."""
    written = boxes.day_typed(form, "due")
    if any(written):
        return day_of(written)
    return today() + timedelta(days=int(form["by"])) if form.get("by") in DAYS else None


def _form(
    visit: uuid.UUID, form: Form, typed: Mapping[str, str], problems: Mapping[str, str], status: int = 200
) -> ResponseReturnValue:
    blank, base, panel = form.blank, url_for("case.view", visit=visit), _panel()
    d = {
        "person": blank.about.name,
        "reference": blank.about.reference,
        "action": request.full_path.rstrip("?"),
        "cancel": panel or base,
        "once": typed.get("once", ""),
        "owner_name": blank.owner_name,
        "task": typed.get("task", ""),
        "kinds": _kinds(blank.choices),
        "kind": typed.get("kind", ""),
        "whom": [(w.value, "Me" if w.value == actions.ME else w.words, "") for w in form.whom],
        "to": typed.get("to", ""),
        "days": [(value, words, "") for value, words in DAYS.items()],
        "by": typed.get("by", ""),
        "due": boxes.day_typed(typed, "due"),
        "errors": [(name, problems[name]) for name in ("task", "to", "by", "kind") if name in problems],
    }
    return rendering.show(
        "action_form.html",
        "Add an action",
        status=status,
        marking=blank.marking,
        receipt=blank.about.receipt,
        purpose=blank.about.purpose_name,
        purpose_path=f"{base}/purpose",
        visit=base,
        back=panel or base,
        back_text="The meeting" if panel else "The case",
        d=d,
    )


@pages.get("/visit/<uuid:visit>/action/<uuid:record>")
@gate.page(gate.CONTENT)
@visiting.or_ask_again
def one(visit: uuid.UUID, record: uuid.UUID) -> ResponseReturnValue:
    """One action, to say what came of it or who has it."""
    return _one(visit, record, {"once": str(new_id()), **kept.typed_before(visit)}, {})


@pages.post("/visit/<uuid:visit>/action/<uuid:record>")
@gate.page(gate.CONTENT)
@visiting.or_ask_again
def close(visit: uuid.UUID, record: uuid.UUID) -> ResponseReturnValue:
    """Close it, or let somebody have it; whoever was slower reads what became of it and loses no word."""
    form, session, doors, actor = request.form, db.session(), gate.doors(), gate.actor()
    what = form.get("do", "")
    if what not in (*acts.RESULTS, GIVE, REOPEN):
        raise NotFound
    made = None
    try:
        if what == GIVE:
            actions.give(session, doors, actor, visit, record, form.get("to", ""), _uuid(form.get("held", "")))
        elif what == REOPEN:
            closing.reopen(session, doors, actor, visit, record, form.get("version", 0, type=int), _due(form))
        else:
            version, once = form.get("version", 0, type=int), _uuid(form.get("once", ""))
            text, label = form.get("text", ""), form.get("kind", "")
            made = closing.close(session, doors, actor, visit, record, version, what, text, label, once).record
    except Conflict:
        return _one(visit, record, form, {"": MEANWHILE}, 409)
    except Invalid as wrong:
        return _one(visit, record, form, {INPUTS.get(k, k): words for k, words in wrong.problems.items()}, 400)
    kept.sent(visit)
    case.done(DONE[what], made)
    return redirect(url_for("case.view", visit=visit) + "#todo", 303)


def _one(
    visit: uuid.UUID, record: uuid.UUID, typed: Mapping[str, str], problems: Mapping[str, str], status: int = 200
) -> ResponseReturnValue:
    found = actions.one(db.session(), gate.doors(), gate.actor(), visit, record)
    base = url_for("case.view", visit=visit)
    kinds = _kinds(found.choices)
    d = {
        "one": found,
        "post": request.path,
        "cancel": base,
        "owner_name": gate.doors().book.party_name(gate.actor().party),
        "once": typed.get("once", ""),
        "text": typed.get("text", ""),
        "kinds": kinds,
        "kind": typed.get("kind", ""),
        "colleagues": _colleagues(found),
        "to": typed.get("to", ""),
        "days": [(value, words, "") for value, words in DAYS.items()],
        "by": typed.get("by", ""),
        "due": boxes.day_typed(typed, "due"),
        "late": status == 409,
        "errors": [(name, problems[name]) for name in ("", "text", "kind", "to", "by") if name in problems],
    }
    return rendering.show(
        "action_one.html",
        f"Action due {day(found.action.due)}",
        status=status,
        marking=rendering.SENSITIVE,
        receipt=found.about.receipt,
        purpose=found.about.purpose_name,
        purpose_path=f"{base}/purpose",
        visit=base,
        back=base,
        back_text="The case",
        d=d,
    )


def _colleagues(found: One) -> list[tuple[str, str, str]]:
    """Who may have it instead of whoever has it now."""
    others = [(user.hex, name, "") for user, name in found.colleagues]
    ours = found.action.open and found.action.holder
    return [(actions.ME, "Me", ""), *others] if ours and found.action.holder != "you" else others


def _kinds(choices: Iterable[Choice]) -> tuple[About, ...]:
    return tuple(About(c.label, c.name, "", audience(c.audience)) for c in choices)


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
