"""Refer someone, and what became of it: the form of each agreement, one's own referrals, the answer to a question."""

import uuid
from collections.abc import Mapping

from flask import Blueprint, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from portal import gate
from portal.casework import referrals
from portal.casework.referrals import Blank
from portal.db import db, new_id
from portal.errors import Conflict, NotFound
from portal.pages import boxes
from portal.pages.audience import audience
from portal.pages.frame import Alert
from portal.pages.referral import told
from portal.pages.rendering import show
from portal.sharing.fields import Invalid
from portal.sharing.inbox import PAGE
from portal.sharing.referring import WHY

pages = Blueprint("refer", __name__)

DONE = "referred"
SENT = "Sent. It waits for whoever keeps the panel's list, and what becomes of it is told here and on your home page."
ADDED = "Sent. The referral waits again."
FIRST = ("person.surname", "person.forename", "person.date_of_birth", "identifiers.pnc", "identifiers.crn")
"""Whom it is about: what finds somebody stands in front, the rest can be opened."""
LAST_PAGE = 1_000


@pages.get("/refer")
@gate.page(gate.CONTENT)
def choose() -> ResponseReturnValue:
    """The form; who works in several boroughs chooses one first."""
    found = referrals.boroughs(db.session(), gate.doors(), gate.actor())
    if len(found) == 1:
        return redirect(url_for(".form", agreement=found[0][0]))
    d = {"boroughs": [(name, url_for(".form", agreement=agreement)) for agreement, name in found]}
    return show("refer_where.html", "Refer someone", d=d)


@pages.get("/refer/<agreement>")
@gate.page(gate.CONTENT)
def form(agreement: str) -> ResponseReturnValue:
    """An empty form, with who will read it beside the button."""
    return _form(agreement, {"once": str(new_id())}, {})


@pages.post("/refer/<agreement>")
@gate.page(gate.CONTENT)
def send(agreement: str) -> ResponseReturnValue:
    """Send it, and go on to one's referrals; or say what to correct."""
    doors, actor, typed = gate.doors(), gate.actor(), request.form
    found = referrals.blank(db.session(), doors, actor, agreement)
    values = boxes.values(found.fields, typed)
    try:
        referrals.refer(db.session(), doors, actor, agreement, values, _once(typed))
    except Invalid as wrong:
        return _form(agreement, typed, wrong.problems, 400)
    session[DONE] = SENT
    return redirect(url_for(".mine"), 303)


@pages.get("/referrals")
@gate.page(gate.CONTENT)
def mine() -> ResponseReturnValue:
    """Whom one has referred, and what became of each."""
    page = min(max(request.args.get("page", 1, int), 1), LAST_PAGE)
    found = referrals.mine(db.session(), gate.doors(), gate.actor(), page)
    done = session.pop(DONE, None)
    d = {
        "referrals": [told(line) for line in found.lines],
        "refer": url_for(".choose") if referrals.refers(gate.doors(), gate.actor()) else "",
        "newer": url_for(".mine", page=page - 1 if page > 2 else None) if page > 1 else None,
        "older": url_for(".mine", page=page + 1) if len(found.lines) == PAGE else None,
        "words": f"Page {page}",
    }
    alerts = (Alert("done", str(done)),) if done else ()
    return show("referrals.html", "Your referrals", marking=found.marking, receipt=found.receipt, alerts=alerts, d=d)


@pages.get("/referrals/<uuid:referral>")
@gate.page(gate.CONTENT)
def one(referral: uuid.UUID) -> ResponseReturnValue:
    """One referral: what was written, what became of it, and a box for what was asked."""
    return _one(referral, {"once": str(new_id())})


@pages.post("/referrals/<uuid:referral>")
@gate.page(gate.CONTENT)
def add(referral: uuid.UUID) -> ResponseReturnValue:
    """Add what was asked: it waits again. Where nothing is asked any more, what was typed is shown to be copied."""
    typed = request.form
    version, text = typed.get("version", 0, type=int), typed.get("text", "")
    try:
        referrals.add(db.session(), gate.doors(), gate.actor(), referral, version, text, _once(typed))
    except Invalid as wrong:
        return _one(referral, typed, (("text", wrong.problems[WHY]),), 400)
    except Conflict:
        return _one(referral, typed, status=409)
    session[DONE] = ADDED
    return redirect(url_for(".mine"), 303)


def _one(
    referral: uuid.UUID, typed: Mapping[str, str], errors: tuple[tuple[str, str], ...] = (), status: int = 200
) -> ResponseReturnValue:
    line, marking, receipt = referrals.one(db.session(), gate.doors(), gate.actor(), referral)
    shown = told(line)
    d = {
        "referral": shown,
        "action": url_for(".add", referral=referral) if shown.asked else "",
        "hidden": {"once": typed.get("once", ""), "version": line.version},
        "text": typed.get("text", ""),
        "late": status == 409,
        "typed": [("What you had to add", typed.get("text", ""))] if status == 409 and not shown.asked else [],
        "errors": errors,
        "cancel": url_for(".mine"),
    }
    back = {"back": url_for(".mine"), "back_text": "Your referrals"}
    return show("referral.html", shown.name, status=status, marking=marking, receipt=receipt, **back, d=d)


def _form(
    agreement: str, typed: Mapping[str, str], problems: Mapping[str, str], status: int = 200
) -> ResponseReturnValue:
    found = referrals.blank(db.session(), gate.doors(), gate.actor(), agreement)
    first = [f for key in FIRST for f in found.who if f.key == key]
    more = [f for f in found.who if f not in first]
    d = {
        "borough": found.borough,
        "action": url_for(".send", agreement=agreement),
        "cancel": url_for("home.home"),
        "once": typed.get("once", ""),
        "who": boxes.boxes(first, typed, problems),
        "more": boxes.boxes(more, typed, problems),
        "opened": any(f.key in problems or boxes.values([f], typed)[f.key] for f in more),
        "why": boxes.boxes(found.why, typed, problems),
        "basis": boxes.boxes(found.basis, typed, problems),
        "errors": boxes.errors([*first, *more, *found.why, *found.basis], problems),
        "party": found.party,
        "audience": audience(found.audience),
        "young": audience(found.young).will_not,
    }
    return show("refer.html", "Refer someone", status=status, marking=_marking(found, status), d=d)


def _marking(found: Blank, status: int) -> str:
    """An empty form says nothing about anybody; one that comes back does."""
    return found.marking if status != 200 else "OFFICIAL"


def _once(typed: Mapping[str, str]) -> uuid.UUID:
    try:
        return uuid.UUID(typed.get("once", ""))
    except ValueError:
        raise NotFound from None
