"""The plan by pathways, and the day of release: each on one page and on paper."""

import uuid
from collections.abc import Sequence

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue

from isa.wording import low
from portal import gate
from portal.db import db
from portal.pages import case, pathways, rendering, visiting
from portal.pages.day_input import today
from portal.pages.face import rag_since
from portal.sharing.fields import Invalid, clean
from portal.sharing.moves import KIND as MOVE
from portal.sharing.reading import case as case_reading
from portal.sharing.reading import part as reading
from portal.sharing.reading.part import Part
from portal.sharing.release import CUSTODY, KINDS

pages = Blueprint("plan", __name__)

OF_PLAN = ("person", "case", pathways.PLAN, "action", "assignment", CUSTODY, MOVE, "sentence")
OF_RELEASE = ("person", CUSTODY, MOVE, "sentence", *KINDS)
ON_PAPER = tuple(dict.fromkeys((*OF_PLAN, *OF_RELEASE)))


@pages.get("/visit/<uuid:visit>/plan")
@gate.page(gate.CONTENT)
@visiting.or_ask_again
def show(visit: uuid.UUID) -> ResponseReturnValue:
    """The eight pathways in their order: need, goal, whom to ask, how far it is and what is due next."""
    part = _part(visit, OF_PLAN)
    words = {**_head(part), "pathways": pathways.plan(part, today())}
    return _page(visit, "plan.html", "Plan", part, words)


@pages.get("/visit/<uuid:visit>/release")
@gate.page(gate.CONTENT)
@visiting.or_ask_again
def release(visit: uuid.UUID) -> ResponseReturnValue:
    """Where and when, and the four things for that day, with their gaps."""
    part = _part(visit, OF_RELEASE)
    return _page(visit, "release.html", "Day of release", part, {**_head(part), **_release(part)})


@pages.get("/visit/<uuid:visit>/plan/print")
@gate.page(gate.CONTENT)
@visiting.or_ask_again
def why_print(visit: uuid.UUID) -> ResponseReturnValue:
    """Why is it printed?"""
    return _why(visit, "")


@pages.post("/visit/<uuid:visit>/plan/print")
@gate.page(gate.CONTENT)
@visiting.or_ask_again
def print_plan(visit: uuid.UUID) -> ResponseReturnValue:
    """The plan and the day of release for paper; it answers the form itself."""
    reason = clean(request.form.get("reason", ""))
    try:
        part = reading.printed(db.session(), gate.doors(), gate.actor(), visit, ON_PAPER, reason)
    except Invalid as error:
        return _why(visit, error.problems["reason"], 400)
    base = url_for("case.view", visit=visit)
    return rendering.show(
        "plan_print.html",
        f"Print of the plan of case {part.reference}",
        marking=part.marking,
        receipt=part.receipt,
        purpose=part.purpose_name,
        visit=base,
        back=url_for(".show", visit=visit),
        back_text="The plan",
        d={
            **_head(part),
            **_release(part),
            "pathways": pathways.plan(part, today()),
            "part": part,
            "by": rendering.by_whom(),
            "reason": reason,
        },
    )


def _part(visit: uuid.UUID, kinds: Sequence[str]) -> Part:
    return reading.part(db.session(), gate.doors(), gate.actor(), visit, kinds)


def _head(part: Part) -> dict[str, object]:
    names = (part.first("person", name) for name in ("forename", "surname"))
    return {
        "name": " ".join(filter(None, names)) or "Name not shown",
        "reference": part.reference,
        "custody": pathways.custody(part, today()),
        "rag": part.first("case", "rag"),
        "rag_reason": part.first("case", "rag_reason"),
        "rag_since": rag_since(part.of("case"), today()),
        "exportable": part.exportable,
    }


def _release(part: Part) -> dict[str, object]:
    things = pathways.things(part, gate.actor().party)
    return {
        "things": things,
        "gaps": [low(thing.name) for thing in things if pathways.missing(thing)],
        "on": pathways.release_on(part),
        "differs": pathways.differs(part),
        "records": part.of(CUSTODY),
        "add": any(w.kind == CUSTODY for w in part.writable),
        "withheld": part.withheld[CUSTODY, ""],
    }


def _page(visit: uuid.UUID, template: str, title: str, part: Part, d: dict[str, object]) -> ResponseReturnValue:
    base = url_for("case.view", visit=visit)
    return rendering.show(
        template,
        title,
        marking=part.marking,
        receipt=part.receipt,
        purpose=part.purpose_name,
        purpose_path=f"{base}/purpose",
        visit=base,
        alerts=case.said(),
        back=base,
        back_text="The case",
        d={**d, "base": base, "agreement": part.agreement},
    )


def _why(visit: uuid.UUID, error: str, status: int = 200) -> ResponseReturnValue:
    case_reading.live(db.session(), gate.doors(), gate.actor(), visit)
    return rendering.show(
        "why.html",
        "Print the plan",
        status=status,
        visit=url_for("case.view", visit=visit),
        back=url_for(".show", visit=visit),
        back_text="The plan",
        d={
            "heading": "Print the plan",
            "action": request.path,
            "cancel": url_for(".show", visit=visit),
            "operation": "print",
            "reason": request.form.get("reason", ""),
            "error": error,
        },
    )
