"""Requests to see what one's agency holds: read why, grant or refuse field by field, take back at once."""

import uuid
from collections.abc import Mapping
from datetime import date, timedelta

from flask import Blueprint, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from portal import gate
from portal.casework import asks
from portal.db import db
from portal.errors import Conflict
from portal.pages import boxes
from portal.pages.day_input import day_of, today
from portal.pages.day_input import typed as as_typed
from portal.pages.frame import Alert
from portal.pages.presenting import plural
from portal.pages.rendering import show
from portal.pages.team import id_of
from portal.sharing.asks import GRANTED, LONGEST, REFUSED, WAITING
from portal.sharing.fields import Invalid
from portal.sharing.granting import Answer
from portal.sharing.reading.asks import Line, Part

pages = Blueprint("granting", __name__)

DONE = "granting"
BACK, LATER = "take-back", "later"
CHOICES = ((GRANTED, "Grant it", ""), (REFUSED, "Refuse it", ""), (LATER, "Answer later", ""))
ALIKE = ("", "The same answer as for the whole", "")
"""For the other parts of an update, whose first part stands for them all until one is answered by itself."""
ANSWERED = "Answered. Whoever asked reads it on their home page and on the case."
TAKEN = "Taken back. It is not shown to them any more."
MEANWHILE = "Somebody answered or took back some of this since you opened the page. Nothing was changed."


def to_answer() -> tuple[str, str]:
    """For the home page of whoever answers: how many wait, or what they granted, and where to; "" for nobody else."""
    wait, last = asks.waiting(db.session(), gate.doors(), gate.actor())
    if wait:
        return (
            f"{plural(wait, 'request')} to see more {'waits' if wait == 1 else 'wait'} for your answer.",
            _list_path(),
        )
    if last:
        return f"{plural(last, 'request')} you granted still {'lasts' if last == 1 else 'last'}.", _list_path()
    return "", ""


def _list_path() -> str:
    return url_for("granting.everything")


@pages.get("/requests")
@gate.page(gate.CONTENT)
def everything() -> ResponseReturnValue:
    """What waits for an answer, and what is granted now."""
    found = asks.put(db.session(), gate.doors(), gate.actor())
    done = session.pop(DONE, None)
    d = {"lines": [(line, url_for(".one", request_id=line.request)) for line in found.lines]}
    alerts = (Alert("done", str(done)),) if done else ()
    title = "Requests to see more"
    return show("requests.html", title, marking=found.marking, receipt=found.receipt, alerts=alerts, d=d)


@pages.get("/requests/<uuid:request_id>")
@gate.page(gate.CONTENT)
def one(request_id: uuid.UUID) -> ResponseReturnValue:
    """One request, with an answer for each field that waits."""
    return _one(request_id, {}, {})


@pages.post("/requests/<uuid:request_id>")
@gate.page(gate.CONTENT)
def answer(request_id: uuid.UUID) -> ResponseReturnValue:
    """Answer it, or take one field back; on a page that was too old say so, and give back what was typed."""
    typed, doors, actor = request.form, gate.doors(), gate.actor()
    back = typed.get(BACK, "")
    try:
        if back:
            asks.take_back(db.session(), doors, actor, request_id, id_of(back))
        else:
            asks.answer(db.session(), doors, actor, request_id, _answers(typed))
    except Invalid as wrong:
        return _one(request_id, typed, wrong.problems, 400)
    except Conflict:
        return _one(request_id, typed, {"": MEANWHILE}, 409)
    session[DONE] = TAKEN if back else ANSWERED
    return redirect(url_for(".everything"), 303)


def _answers(typed: Mapping[str, str]) -> dict[uuid.UUID, Answer]:
    until = day_of(boxes.day_typed(typed, "until"))
    found = {}
    for name in typed:
        sort, _, of = name.partition(".")
        source = typed.get(f"as.{of}", of) if _alike(typed, of) else of
        answer, why = typed.get(f"answer.{source}", ""), typed.get(f"reason.{source}", "")
        if sort == "answer" and answer != LATER and (answer or why.strip()):
            found[id_of(of)] = Answer(answer, until, why)
    return found


def _alike(typed: Mapping[str, str], of: str) -> bool:
    """Whether a part has the answer of the whole. Whoever wrote why not of a part alone meant to refuse it: they are
    asked, and nothing is granted that they did not say."""
    return f"as.{of}" in typed and not typed.get(f"answer.{of}") and not typed.get(f"reason.{of}", "").strip()


def _wholes(line: Line) -> list[list[Part]]:
    """What waits, the parts of an update together."""
    found: dict[tuple[str, bool], list[Part]] = {}
    for part in line.parts:
        if part.state == WAITING:
            found.setdefault((part.whole, part.readable), []).append(part)
    return list(found.values())


def _one(
    request_id: uuid.UUID, typed: Mapping[str, str], problems: Mapping[str, str], status: int = 200
) -> ResponseReturnValue:
    line, found = asks.one(db.session(), gate.doors(), gate.actor(), request_id)
    told = {of: text for of, text in problems.items() if not _alike(typed, of)}
    until = boxes.day_typed(typed, "until") if typed else as_typed(_proposed(line))
    d = {
        "line": line,
        "name": line.name or "Name not shown",
        "case": url_for("case.ask", case=line.case),
        "action": request.path,
        "cancel": _list_path(),
        "wholes": _wholes(line),
        "choices": CHOICES,
        "alike": (ALIKE, *CHOICES),
        "apart": lambda parts: any(typed.get(f"answer.{p.id.hex}") or p.id.hex in told for p in parts[1:]),
        "until": until,
        "longest": LONGEST,
        "answers": {p.id.hex: typed.get(f"answer.{p.id.hex}", "") for p in line.parts},
        "reasons": {p.id.hex: typed.get(f"reason.{p.id.hex}", "") for p in line.parts},
        "problems": told,
        "errors": _errors(line, told),
        "typed": _lost(line, typed) if status == 409 else [],
        "late": status == 409,
    }
    back = {"back": _list_path(), "back_text": "Requests to see more"}
    title = "Request to see more"
    return show("request_one.html", title, status=status, marking=found.marking, receipt=found.receipt, **back, d=d)


def _proposed(line: Line) -> date:
    """The last day, as it was asked for."""
    return today() + timedelta(days=line.days)


def _errors(line: Line, problems: Mapping[str, str]) -> list[tuple[str, str]]:
    named = [(f"answer.{p.id.hex}", f"{p.field}: {problems[p.id.hex]}") for p in line.parts if p.id.hex in problems]
    return [*([("", problems[""])] if "" in problems else []), *named]


def _lost(line: Line, typed: Mapping[str, str]) -> list[tuple[str, str]]:
    """Reasons that were typed for what waits no more."""
    gone = ((p.field, typed.get(f"reason.{p.id.hex}", "")) for p in line.parts if p.state != WAITING)
    return [(field, text) for field, text in gone if text]
