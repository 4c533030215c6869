"""Writing: share an update, add a record. Before anything is shared, its writer sees by name who will read it."""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal import gate
from portal.casework import confirming
from portal.db import db, new_id
from portal.errors import NotFound
from portal.pages import boxes, case, kept, pathways, rendering, visiting
from portal.pages.asking import party_kind
from portal.pages.audience import Audience, audience
from portal.pages.happened import OF_THEIR_OWN, UPDATE
from portal.sharing import forms, writing
from portal.sharing.days import day_at
from portal.sharing.fields import Invalid
from portal.sharing.forms import Blank, Choice

pages = Blueprint("record", __name__)

SHARED = "Shared. Whoever may see it finds it on the case now."
UNASKED = "Nobody is asked to confirm it: you had ticked agencies, but chose “No”."
MOSTLY = {"housing": "housing", "health": "health_engagement", "substance": "substance_engagement", "dwp": "ete"}
"""What an agency of a kind mostly writes about: chosen in advance, to save a click."""
INPUTS = {"text": "text", "nature": "nature", "source": "source", "happened_on": "happened"}
"""Field of an update → its input, the same whatever the update is about."""

TICK = "confirm:"
"""Begins the name of the box of each agency: of one name for all, a form that is carried over would keep one tick."""


@dataclass(frozen=True, slots=True)
class About:
    """One thing an update may be about, and who will see it then."""

    value: str
    label: str
    hint: str
    audience: Audience


@pages.get("/visit/<uuid:visit>/update")
@gate.page(gate.CONTENT)
@visiting.or_ask_again
def update(visit: uuid.UUID) -> ResponseReturnValue:
    """The form to share an update: today, as a fact, about what this agency mostly writes about."""
    blank = _blank(visit, UPDATE)
    kind = MOSTLY.get(party_kind(), "")
    if kind not in {c.label for c in blank.choices}:
        kind = blank.choices[0].label
    today = day_at(gate.doors().clock()).isoformat()
    typed = {"kind": kind, "nature": "Fact", "once": str(new_id()), **boxes.day_parts("happened", today)}
    return _update_form(visit, blank, {**typed, **kept.typed_before(visit)}, {})


@pages.post("/visit/<uuid:visit>/update")
@gate.page(gate.CONTENT)
@visiting.or_ask_again
def share(visit: uuid.UUID) -> ResponseReturnValue:
    """Share it, and go back to the case, where it stands first."""
    form = request.form
    label = form.get("kind", "")
    values = {f"update.{name}@{label}": _update_value(form, name) for name in INPUTS}
    try:
        made = confirming.share(
            *(db.session(), gate.doors(), gate.actor(), visit, label, values),
            *(form.get(confirming.WHO, ""), _parties(form), _once(form)),
        )
    except Invalid as error:
        problems = {_input(key): words for key, words in error.problems.items()}
        return _update_form(visit, _blank(visit, UPDATE), form, problems, 400)
    kept.sent(visit)
    lost = form.get(confirming.WHO, "") == confirming.NOBODY and _parties(form)
    case.done(f"{SHARED} {UNASKED}" if lost else SHARED, made.record)
    return redirect(url_for("case.view", visit=visit) + "#happened", 303)


def _input(key: str) -> str:
    name = key.partition("@")[0].partition(".")[2]
    return INPUTS[name] if name else key


def _parties(form: Mapping[str, str]) -> set[str]:
    return {name.removeprefix(TICK) for name in form if name.startswith(TICK)}


def _update_value(form: Mapping[str, str], name: str) -> str:
    return boxes.day_text(form, INPUTS[name]) if name == "happened_on" else form.get(INPUTS[name], "")


def _update_form(
    visit: uuid.UUID, blank: Blank, typed: Mapping[str, str], problems: Mapping[str, str], status: int = 200
) -> ResponseReturnValue:
    base = url_for("case.view", visit=visit)
    kinds = tuple(About(c.label, c.name, "", audience(c.audience)) for c in blank.choices)
    d = {
        "reference": blank.about.reference,
        "person": blank.about.name,
        "action": f"{base}/update",
        "cancel": base,
        "once": typed.get("once", ""),
        "text": typed.get("text", ""),
        "kinds": kinds,
        "kind": typed.get("kind", ""),
        "owner_name": blank.owner_name,
        "nature": typed.get("nature", ""),
        "source": typed.get("source", ""),
        "happened": boxes.day_typed(typed, "happened"),
        "confirm": typed.get(confirming.WHO, ""),
        "parties": _asked(blank, _parties(typed)),
        "errors": [(name, problems[name]) for name in (*INPUTS.values(), "kind", confirming.WHO) if name in problems],
    }
    return _framed("update_form.html", "Share an update", blank, base, d, status)


def _asked(blank: Blank, ticked: Collection[str]) -> tuple[tuple[str, str, bool], ...]:
    """Agencies that may be asked to confirm, as (box, name, ticked): the writer's own, and those that they may know to
    work on the case."""
    there = {a.party: a.name for choice in blank.choices for a in choice.audience if a.now}
    named = [(blank.owner, blank.owner_name), *sorted(there.items(), key=lambda one: one[1])]
    return tuple((f"{TICK}{party}", name, party in ticked) for party, name in named)


def _framed(
    template: str, title: str, blank: Blank, base: str, d: Mapping[str, object], status: int
) -> ResponseReturnValue:
    return rendering.show(
        template,
        title,
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


@pages.get("/visit/<uuid:visit>/add/<kind>")
@pages.get("/visit/<uuid:visit>/add/<kind>/<label>")
@gate.page(gate.CONTENT)
@visiting.or_ask_again
def add(visit: uuid.UUID, kind: str, label: str = "") -> ResponseReturnValue:
    """An empty form for one kind of record, with who will read it beside the button."""
    begun = pathways.preset(kind, request.args.get("pathway", ""))
    return _add_form(visit, kind, label, {"once": str(new_id()), **begun, **kept.typed_before(visit)}, {})


@pages.post("/visit/<uuid:visit>/add/<kind>")
@pages.post("/visit/<uuid:visit>/add/<kind>/<label>")
@gate.page(gate.CONTENT)
@visiting.or_ask_again
def keep(visit: uuid.UUID, kind: str, label: str = "") -> ResponseReturnValue:
    """Keep it, and go back to the case."""
    form = request.form
    blank = _blank(visit, kind)
    values = boxes.values(_choice(blank, label).fields, form)
    try:
        made = writing.create(db.session(), gate.doors(), gate.actor(), visit, kind, label, values, _once(form))
    except Invalid as error:
        return _add_form(visit, kind, label, form, error.problems, 400)
    kept.sent(visit)
    return case.kept(visit, " ".join((SHARED, *made.remarks)), made.record, pathways.after(kind))


def _add_form(
    visit: uuid.UUID, kind: str, label: str, typed: Mapping[str, str], problems: Mapping[str, str], status: int = 200
) -> ResponseReturnValue:
    blank = _blank(visit, kind)
    choice = _choice(blank, label)
    base = url_for("case.view", visit=visit)
    name = f"{blank.kind_name}: {choice.name}" if choice.name else blank.kind_name
    d = {
        "heading": f"Add: {name}",
        "reference": blank.about.reference,
        "person": blank.about.name,
        "action": request.path,
        "cancel": base,
        "hidden": {"once": typed.get("once", "")},
        "fields": boxes.boxes(choice.fields, {**blank.suggested, **typed}, problems),
        "errors": boxes.errors(choice.fields, problems),
        "button": "Share this record",
        "owner_name": blank.owner_name,
        "audience": audience(choice.audience),
    }
    return _framed("record_form.html", f"Add: {name}", blank, base, d, status)


def _blank(visit: uuid.UUID, kind: str) -> Blank:
    if kind in OF_THEIR_OWN - {UPDATE}:
        raise NotFound
    return forms.to_add(db.session(), gate.doors(), gate.actor(), visit, kind)


def _choice(blank: Blank, label: str) -> Choice:
    for choice in blank.choices:
        if choice.label == label:
            return choice
    raise NotFound


def _once(form: Mapping[str, str]) -> uuid.UUID | None:
    try:
        return uuid.UUID(form.get("once", ""))
    except ValueError:
        return None
