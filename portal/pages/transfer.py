"""Transfer to another borough: where to, what goes and what stays, what became of it, taking it back (clause 8.87)."""

import uuid
from collections.abc import Mapping
from dataclasses import replace

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal import gate
from portal.casework import transferring
from portal.casework.transferring import Blank, Desk
from portal.db import db, new_id
from portal.errors import Conflict, NotFound
from portal.pages import boxes, case, kept, rendering, transferred, visiting
from portal.pages.audience import audience
from portal.pages.boxes import Box
from portal.sharing.fields import Invalid
from portal.sharing.importing.matching import PURPOSE
from portal.sharing.reading import case as reading
from portal.sharing.reading.part import Part
from portal.sharing.transfers import MOVED_ON, PANEL, REASON, TAKEN

pages = Blueprint("transfer", __name__)

DONE = "Offered. It waits for whoever keeps the list there. Until they take the person on, this case goes on as before."
BACK = "Taken back. Those who keep the list there do not see it any more."
UNCHOSEN = "Choose the borough that the person moves to"
STANDS = "Somebody has offered this case meanwhile. Nothing was sent a second time; what you typed is below."
LATE = (
    "It was answered or taken back meanwhile, so nothing was changed. If you are not told which below, ring the IOM "
    "coordinator there."
)
FIRST = ("person.surname", "person.forename", "person.date_of_birth", "identifiers.pnc", "identifiers.crn")
GOES = "goes-"
"""The beginning of the name of the box of each record that goes."""
HINTS = {
    MOVED_ON: "The day they moved, or will move",
    REASON: "Read here by those who work on the case, and there by the panel. What is still true now, in your own "
    "words: no other agency's information",
}
LABELS = {REASON: "Why they move, and what the other panel must know"}


@pages.get("/visit/<uuid:visit>/transfer")
@gate.page(gate.CONTENT)
@visiting.or_ask_again
def show(visit: uuid.UUID) -> ResponseReturnValue:
    """What was offered and what became of it; and where it may be offered to."""
    return _show(visit)


@pages.post("/visit/<uuid:visit>/transfer")
@gate.page(gate.CONTENT)
@visiting.or_ask_again
def choose(visit: uuid.UUID) -> ResponseReturnValue:
    """On to the form of a borough, on a visit for referral and selection."""
    session, doors, actor = db.session(), gate.doors(), gate.actor()
    wanted = request.form.get("agreement", "")
    if wanted not in dict(transferring.desk(session, doors, actor, visit).boroughs):
        return _show(visit, (("agreement", UNCHOSEN),), 400)
    now_at = transferring.for_selection(session, doors, actor, visit)
    return redirect(url_for(".form", visit=now_at, agreement=wanted), 303)


@pages.get("/visit/<uuid:visit>/transfer/to/<agreement>")
@gate.page(gate.CONTENT)
@visiting.or_ask_again
def form(visit: uuid.UUID, agreement: str) -> ResponseReturnValue:
    """What goes and what stays, by clause, and who will read it there."""
    if reading.live(db.session(), gate.doors(), gate.actor(), visit).purpose != PURPOSE:
        transferring.desk(db.session(), gate.doors(), gate.actor(), visit)  # no page at all for whoever may not
        return redirect(url_for(".show", visit=visit), 303)
    if transferring.standing(db.session(), gate.doors(), gate.actor(), visit):
        return redirect(url_for(".show", visit=visit), 303)
    return _form(visit, agreement, kept.typed_before(visit), {})


@pages.post("/visit/<uuid:visit>/transfer/to/<agreement>")
@gate.page(gate.CONTENT)
@visiting.or_ask_again
def send(visit: uuid.UUID, agreement: str) -> ResponseReturnValue:
    """Offer it, and go back to the case; or say what to correct."""
    session, doors, actor, typed = db.session(), gate.doors(), gate.actor(), request.form
    now_at = transferring.for_selection(session, doors, actor, visit)
    found = transferring.blank(session, doors, actor, now_at, agreement)
    values = boxes.values((*found.who, found.crime, *found.words), typed)
    chosen = {g.going.record.id for g in found.goes if typed.get(f"{GOES}{g.going.record.id}")}
    try:
        transferring.offer(session, doors, actor, now_at, agreement, values, chosen, _once(typed))
    except Invalid as wrong:
        return _form(now_at, agreement, typed, wrong.problems, 400)
    except Conflict:
        return _late(now_at, typed)
    kept.sent(visit)
    case.done(DONE)
    return redirect(url_for("case.view", visit=now_at), 303)


@pages.get("/visit/<uuid:visit>/transfer/back")
@gate.page(gate.CONTENT)
@visiting.or_ask_again
def back(visit: uuid.UUID) -> ResponseReturnValue:
    """Why is it taken back?"""
    return _back(visit, {"once": str(new_id()), **kept.typed_before(visit)})


@pages.post("/visit/<uuid:visit>/transfer/back")
@gate.page(gate.CONTENT)
@visiting.or_ask_again
def take_back(visit: uuid.UUID) -> ResponseReturnValue:
    """Take it back while it waits."""
    session, doors, actor, typed = db.session(), gate.doors(), gate.actor(), request.form
    try:
        transferring.take_back(session, doors, actor, visit, typed.get(REASON, ""), _once(typed))
    except Invalid as wrong:
        return _back(visit, typed, wrong.problems.get(REASON, ""), 400)
    except Conflict:
        return _show(visit, (("", LATE),), 409, typed)
    kept.sent(visit)
    case.done(BACK)
    return redirect(url_for("case.view", visit=visit), 303)


def _once(typed: Mapping[str, str]) -> uuid.UUID:
    try:
        return uuid.UUID(typed.get("once", ""))
    except ValueError:
        raise NotFound from None


def _late(visit: uuid.UUID, typed: Mapping[str, str]) -> ResponseReturnValue:
    """Another was quicker: what stands now, and what was typed, to be copied."""
    return _show(visit, (("", STANDS),), 409, typed)


def _show(
    visit: uuid.UUID,
    errors: tuple[tuple[str, str], ...] = (),
    status: int = 200,
    typed: Mapping[str, str] | None = None,
) -> ResponseReturnValue:
    found = transferring.desk(db.session(), gate.doors(), gate.actor(), visit)
    base = url_for("case.view", visit=visit)
    told = [(t, line, _next(t.code, t.came)) for t, line in zip(found.told, transferred.lines(found.told), strict=True)]
    reason = (typed or {}).get(REASON, "")
    d = {
        **_about(found),
        "told": told,
        "backs": found.backs,
        "boroughs": [(agreement, borough, "") for agreement, borough in found.boroughs],
        "action": url_for(".choose", visit=visit),
        "take_back": url_for(".back", visit=visit) if found.asked_back else "",
        "untold": found.asked_back is not None and not found.asked_back.code,
        "base": base,
        "errors": errors,
        "typed": [("What you wrote", reason)] if reason else [],
        "agreement": found.part.agreement.partition("@")[0],
    }
    return _page(visit, "transfer.html", "Transfer to another borough", found.part, d, status)


def _about(found: Desk) -> dict[str, str]:
    names = (found.part.first("person", name) for name in ("forename", "surname"))
    return {"person": " ".join(filter(None, names)) or "Name not shown", "reference": found.part.reference}


def _next(code: str, came: bool) -> str:
    if code == TAKEN and not came:
        return (
            "What is next: the panel decides to de-select this case, with the transfer as its reason. Access ends then "
            "as for anybody who is de-selected. Until then the case goes on as before."
        )
    return "Until they are taken on there, this case goes on as before." if code == PANEL else ""


def _form(
    visit: uuid.UUID, agreement: str, typed: Mapping[str, str], problems: Mapping[str, str], status: int = 200
) -> ResponseReturnValue:
    found = transferring.blank(db.session(), gate.doors(), gate.actor(), visit, agreement)
    first = [f for key in FIRST for f in found.who if f.key == key]
    more = [f for f in found.who if f not in first]
    sent = typed if status != 200 or typed else {**boxes.stored(found.who, found.known), "once": str(new_id())}
    every = {f"{GOES}{g.going.record.id}": bool(status == 200 and not typed) for g in found.goes}
    d = {
        "reference": found.part.reference,
        "borough": found.borough,
        "from_borough": found.part.borough,
        "party": found.party,
        "action": url_for(".send", visit=visit, agreement=agreement),
        "cancel": url_for(".show", visit=visit),
        "once": sent.get("once", ""),
        "who": boxes.boxes(first, sent, problems),
        "more": boxes.boxes(more, sent, problems),
        "opened": any(f.key in problems for f in more),
        "words": [_worded(b) for b in boxes.boxes((found.words[0], found.crime, found.words[1]), sent, problems)],
        "goes": [
            (name, bool(sent.get(name)) or on, _going(g))
            for (name, on), g in zip(every.items(), found.goes, strict=True)
        ],
        "stays": found.stays,
        "audience": audience(found.audience),
        "errors": boxes.errors([*first, *more, found.words[0], found.crime, found.words[1]], problems),
        "here": found.part.agreement.partition("@")[0],
        "there": agreement,
    }
    return _page(visit, "transfer_form.html", f"Transfer to {found.borough}", found.part, d, status, found)


def _worded(box: Box) -> Box:
    return replace(box, label=LABELS.get(box.name, box.label), hint=HINTS.get(box.name, box.hint))


def _going(one: transferring.Goes) -> dict[str, object]:
    record = one.going.record
    return {
        "name": record.kind_name,
        "at": record.at,
        "values": [v for v in record.values if v.key in one.going.values],
        "out": one.going.out,
        "into": one.going.into,
        "now": one.now,
        "later": one.later,
    }


def _back(visit: uuid.UUID, typed: Mapping[str, str], problem: str = "", status: int = 200) -> ResponseReturnValue:
    found = transferring.desk(db.session(), gate.doors(), gate.actor(), visit)
    if found.asked_back is None:
        return redirect(url_for(".show", visit=visit), 303)
    d = {
        **_about(found),
        "borough": found.asked_back.record.text("borough"),
        "action": url_for(".take_back", visit=visit),
        "cancel": url_for(".show", visit=visit),
        "once": typed.get("once", ""),
        "name": REASON,  # not "reason", which is why one looks: of a form that outlives its visit both are sent on
        "reason": typed.get(REASON, ""),
        "untold": not found.asked_back.code,
        "errors": [(REASON, problem)] if problem else [],
    }
    return _page(visit, "transfer_back.html", "Take the transfer back", found.part, d, status)


def _page(
    visit: uuid.UUID,
    template: str,
    title: str,
    part: Part,
    d: Mapping[str, object],
    status: int = 200,
    blank: Blank | None = None,
) -> ResponseReturnValue:
    base = url_for("case.view", visit=visit)
    return rendering.show(
        template,
        title,
        status=status,
        marking=blank.marking if blank else rendering.SENSITIVE,
        receipt=part.receipt,
        purpose=part.purpose_name,
        purpose_path=f"{base}/purpose",
        visit=base,
        back=base,
        back_text="The case",
        d=d,
    )
