"""Changing a record: the form, the merge where two people changed it at once, and the history of its fields."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue

from portal import gate
from portal.db import db
from portal.errors import Conflict
from portal.pages import boxes, case, kept, pathways, rendering, visiting
from portal.pages.boxes import Box
from portal.sharing import forms, writing
from portal.sharing.fields import Invalid
from portal.sharing.forms import Change, Clash
from portal.sharing.reading import history as reading
from portal.sharing.reading import staff

pages = Blueprint("change", __name__)

KEPT, THEIRS, MINE = "Your change is kept. What it said before is in the history.", "theirs", "mine"


@dataclass(frozen=True, slots=True)
class Side:
    """One field of a merge: both texts, which of them stands unless the person chooses otherwise, and the box."""

    box: Box
    yours: str
    theirs: str
    differs: bool
    take: str


@dataclass(frozen=True, slots=True)
class Said:
    """What a field said from some moment on, and who wrote it."""

    text: str
    at: datetime
    by: str
    broken: bool


@dataclass(frozen=True, slots=True)
class Told:
    """The history of one field, newest first."""

    label: str
    type: str
    entries: tuple[Said, ...]


@pages.get("/visit/<uuid:visit>/record/<uuid:record>/edit")
@gate.page(gate.CONTENT)
@visiting.or_ask_again
def edit(visit: uuid.UUID, record: uuid.UUID) -> ResponseReturnValue:
    """The record as it is, to be changed."""
    found = forms.to_change(db.session(), gate.doors(), gate.actor(), visit, record)
    typed, version = boxes.stored(found.fields, _texts(found)), found.record.version
    before = kept.typed_before(visit)  # from the version its writer began from, so that a clash is still noticed
    if before.get("version", "").isdecimal():
        typed, version = {**typed, **before}, int(before["version"])
    return _form(visit, found, typed, version, {})


@pages.post("/visit/<uuid:visit>/record/<uuid:record>/edit")
@gate.page(gate.CONTENT)
@visiting.or_ask_again
def change(visit: uuid.UUID, record: uuid.UUID) -> ResponseReturnValue:
    """Keep the change; where someone was quicker, show both sides and lose neither."""
    form, base = request.form, request.form.get("version", 0, type=int)
    session, doors, actor = db.session(), gate.doors(), gate.actor()
    found = forms.to_change(session, doors, actor, visit, record)
    values = boxes.values(found.fields, form)
    given_up = [f for f in found.fields if form.get(f"take-{boxes.name_of(f)}") == THEIRS]
    chosen = {key: text for key, text in values.items() if key not in {f.key for f in given_up}}
    try:
        made = writing.edit(session, doors, actor, visit, record, base, chosen)
    except Conflict:
        clash = forms.to_merge(session, doors, actor, visit, record, base)
        return _merge(visit, clash, form)
    except Invalid as error:
        typed = {**form, **boxes.stored(given_up, _texts(found))}
        return _form(visit, found, typed, base, error.problems, 400)
    kept.sent(visit)
    return case.kept(visit, " ".join((KEPT, *made.remarks)), made.record, pathways.after(found.record.kind))


def _texts(found: Change) -> dict[str, str]:
    return {v.key: v.text for v in found.record.values}


def _form(
    visit: uuid.UUID,
    found: Change,
    typed: Mapping[str, str],
    version: int,
    problems: Mapping[str, str],
    status: int = 200,
) -> ResponseReturnValue:
    record = found.record
    name = record.label_name or record.kind_name
    base = url_for("case.view", visit=visit)
    d = {
        "heading": f"Change: {name}",
        "reference": found.reference,
        "person": "",
        "action": request.path,
        "cancel": base,
        "hidden": {"version": version},
        "fields": boxes.boxes(found.fields, typed, problems),
        "errors": boxes.errors(found.fields, problems),
        "button": "Keep this change",
        "owner_name": record.owner_name,
        "audience": None,
    }
    return _framed("record_form.html", f"Change: {name}", found, base, d, status)


def _merge(visit: uuid.UUID, clash: Clash, typed: Mapping[str, str]) -> ResponseReturnValue:
    found, base = clash.theirs, url_for("case.view", visit=visit)
    d = {
        "reference": found.reference,
        "theirs_by": clash.by,
        "theirs_at": clash.at,
        "action": request.path,
        "cancel": base,
        "version": found.record.version,
        "sides": _sides(clash, typed),
    }
    return _framed("merge.html", "Someone else changed this", found, base, d, 409)


def _sides(clash: Clash, typed: Mapping[str, str]) -> tuple[Side, ...]:
    """What only they changed stands as theirs; all else as yours, until the person decides."""
    fields, theirs = clash.theirs.fields, _texts(clash.theirs)
    yours = boxes.values(fields, typed)
    made = []
    for field, box in zip(fields, boxes.boxes(fields, typed, {}), strict=True):
        key = field.key
        mine, other = yours[key], theirs.get(key, "")
        untouched = mine == clash.before.get(key, "")
        made.append(Side(box, mine, other, mine != other, THEIRS if untouched else MINE))
    return tuple(made)


@pages.get("/visit/<uuid:visit>/record/<uuid:record>/history")
@gate.page(gate.CONTENT)
@visiting.or_ask_again
def history(visit: uuid.UUID, record: uuid.UUID) -> ResponseReturnValue:
    """What each field said, from when, and who wrote it."""
    session, doors = db.session(), gate.doors()
    found = reading.history(session, doors, gate.actor(), visit, record)
    names = staff.names(session, doors, {v.by for _, versions in found.fields for v in versions})
    types = {v.label: v.type for v in found.record.values}
    told = tuple(
        Told(label, types.get(label, "text"), tuple(Said(v.text, v.at, names[v.by], v.broken) for v in versions))
        for label, versions in found.fields
    )
    kind, base = found.record.label_name or found.record.kind_name, url_for("case.view", visit=visit)
    return rendering.show(
        "history.html",
        f"History: {kind}",
        marking=found.marking,
        receipt=found.receipt,
        purpose=found.purpose_name,
        purpose_path=f"{base}/purpose",
        visit=base,
        back=base,
        back_text="The case",
        d={
            "kind_name": kind,
            "owner_name": found.record.owner_name,
            "youth": bool(found.record.made_as_youth),
            "fields": told,
        },
    )


def _framed(
    template: str, title: str, found: Change, base: str, d: Mapping[str, object], status: int
) -> ResponseReturnValue:
    return rendering.show(
        template,
        title,
        status=status,
        marking=found.marking,
        receipt=found.receipt,
        purpose=found.purpose_name,
        purpose_path=f"{base}/purpose",
        visit=base,
        back=base,
        back_text="The case",
        d=d,
    )
