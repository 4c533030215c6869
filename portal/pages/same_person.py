"""The same person twice? What may be one person, side by side, linked or said to be two; and parted again."""

import uuid
from collections.abc import Mapping

from flask import Blueprint, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from portal import gate
from portal.casework import same_person
from portal.casework.same_person import Line
from portal.db import db, new_id
from portal.errors import Conflict
from portal.pages.frame import Alert
from portal.pages.presenting import plural
from portal.pages.rendering import show
from portal.sharing.fields import Invalid
from portal.sharing.same import SAME, TWO

pages = Blueprint("same_person", __name__)

TITLE = "The same person twice?"
DONE = "same_person"
CHOICES = (
    (SAME, "The same person: link them", "Whoever may open both is led from each to the other. No record is moved"),
    (TWO, "Two people", "They are not suggested again"),
)
KEPT = {SAME: "Linked. Each case leads to the other for whoever may open both.", TWO: "Kept: they are two people."}
OVER = "Your time with these records was over. They are open again: look at them, and send your answer."
MEANWHILE = "Somebody said something of these two since you opened the page. Yours was not kept: read theirs first."


def alerts() -> tuple[Alert, ...]:
    """For the home page of whoever keeps the list: how many pairs wait to be compared."""
    waiting = same_person.count(db.session(), gate.doors(), gate.actor())
    if not waiting:
        return ()
    words = f"{plural(waiting, 'person', 'people')} may be on record twice."
    return (Alert("notice", words, path=url_for("same_person.everything"), path_text="Compare"),)


@pages.get("/same-person")
@gate.page(gate.INBOX)
def everything() -> ResponseReturnValue:
    """What is to be compared, what is linked, and what was said to be two people."""
    found = same_person.lines(db.session(), gate.doors(), gate.actor())
    done = session.pop(DONE, None)
    d = {
        "waiting": [(line, _path(line)) for line in found.waiting],
        "linked": [(line, _path(line)) for line in found.linked],
        "two": [(line, _path(line)) for line in found.two],
        "more": found.more,
    }
    return show(
        "same_person.html",
        TITLE,
        marking=found.marking,
        receipt=found.receipt,
        alerts=(Alert("done", str(done)),) if done else (),
        d=d,
    )


def _path(line: Line) -> str:
    return url_for(".pair", first=line.first.case, second=line.second.case)


@pages.get("/same-person/<uuid:first>/<uuid:second>")
@gate.page(gate.INBOX)
def pair(first: uuid.UUID, second: uuid.UUID) -> ResponseReturnValue:
    """The two side by side, while the visits to both last; else the button that opens them."""
    doors, actor = gate.doors(), gate.actor()
    both = same_person.begun(db.session(), doors, actor, (first, second))
    if not both:
        return show("same_person_open.html", TITLE, d={"action": request.path, "cancel": url_for(".everything")})
    return _pair((first, second), both, {"once": str(new_id())}, {})


@pages.post("/same-person/<uuid:first>/<uuid:second>")
@gate.page(gate.INBOX)
def say(first: uuid.UUID, second: uuid.UUID) -> ResponseReturnValue:
    """Open both, or say what they are. What was typed stays, whoever was quicker and whatever ran out."""
    doors, actor, typed, of = gate.doors(), gate.actor(), request.form, (first, second)
    both = same_person.begun(db.session(), doors, actor, of)
    if not both:
        same_person.begin(db.session(), doors, actor, of)
        both = same_person.begun(db.session(), doors, actor, of)
        if "answer" in typed or "why" in typed:
            return _pair(of, both, typed, {}, OVER, 409)
    if typed.get("do") == "open":
        return redirect(url_for(".pair", first=first, second=second), 303)
    once, base = typed.get("once", type=uuid.UUID) or new_id(), typed.get("base", 0, type=int)
    answer = typed.get("answer", "")
    try:
        same_person.say(db.session(), doors, actor, of, base, answer, typed.get("why", ""), once)
    except Invalid as wrong:
        return _pair(of, both, typed, wrong.problems, status=422)
    except Conflict:
        return _pair(of, both, typed, {}, MEANWHILE, 409)
    session[DONE] = KEPT[answer]
    return redirect(url_for(".everything"), 303)


def _pair(
    of: tuple[uuid.UUID, uuid.UUID],
    both: tuple[uuid.UUID, ...],
    typed: Mapping[str, str],
    problems: Mapping[str, str],
    late: str = "",
    status: int = 200,
) -> ResponseReturnValue:
    found = same_person.compare(db.session(), gate.doors(), gate.actor(), of, both)
    linked = found.state == SAME
    d = {
        "found": found,
        "names": [_name(side.first("person", "forename"), side.first("person", "surname")) for side in found.sides],
        "cases": [url_for("case.ask", case=case) for case in of],
        "linked": linked,
        "action": request.path,
        "cancel": url_for(".everything"),
        "base": found.number,
        "once": typed.get("once", ""),
        "choices": [choice for choice in CHOICES if choice[0] != found.state],
        "answer": typed.get("answer", ""),
        "why": typed.get("why", ""),
        "late": late,
        "errors": [(part, problems[part]) for part in ("answer", "why") if part in problems],
    }
    return show(
        "same_person_pair.html",
        TITLE,
        status=status,
        marking=found.marking,
        receipt=found.sides[0].receipt,
        back=url_for(".everything"),
        back_text=TITLE,
        d=d,
    )


def _name(*parts: str) -> str:
    return " ".join(part for part in parts if part) or "Name not shown"
