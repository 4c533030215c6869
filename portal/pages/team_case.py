"""Who of the party works on one case: assign a colleague, or end an assignment, on a visit to it."""

import uuid
from datetime import timedelta

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal import gate
from portal.casework import one_case
from portal.db import db
from portal.errors import NotFound
from portal.pages import case as case_page
from portal.pages import visiting
from portal.pages.day_input import Day, day_of, first_instant, sent, today
from portal.pages.rendering import show
from portal.pages.team import LONGEST, NO_DAY, id_of
from portal.sharing.fields import Invalid

pages = Blueprint("team_case", __name__)
EMPTY: Day = ("", "", "")


@pages.get("/visit/<uuid:visit>/team")
@gate.page(gate.TEAM)
@visiting.or_ask_again
def show_team(visit: uuid.UUID) -> ResponseReturnValue:
    """Who works on the case, and the form that assigns a colleague."""
    return _page(visit, {"role": one_case.AS[0]}, EMPTY)


@pages.post("/visit/<uuid:visit>/team")
@gate.page(gate.TEAM)
@visiting.or_ask_again
def assign(visit: uuid.UUID) -> ResponseReturnValue:
    """Assign a colleague from now on; or say what to correct."""
    given = {name: request.form.get(name, "").strip() for name in ("to", "role", "reason", "telephone")}
    until = sent("until")
    last = day_of(until)
    try:
        if any(until) and (last is None or last > today() + LONGEST):
            raise Invalid({"until": f"The last day {NO_DAY}, within a year"})
        one_case.assign(
            db.session(),
            gate.doors(),
            gate.actor(),
            visit,
            id_of(given["to"]),
            given["role"],
            first_instant(last + timedelta(days=1)) if last else None,
            given["reason"],
            given["telephone"],
        )
    except Invalid as wrong:
        names = ("to", "role", "until", "reason", "telephone")
        return _page(visit, given, until, tuple((n, wrong.problems[n]) for n in names if n in wrong.problems))
    case_page.done("Assigned. They can open the case now.")
    return redirect(url_for("case.view", visit=visit), 303)


@pages.get("/visit/<uuid:visit>/team/<uuid:post>/end")
@gate.page(gate.TEAM)
@visiting.or_ask_again
def confirm(visit: uuid.UUID, post: uuid.UUID) -> ResponseReturnValue:
    """Should they stop working on it? Asked once more, the more so of the last one: then the party sees it no more."""
    found = one_case.on_case(db.session(), gate.doors(), gate.actor(), visit)
    one = next((w for w in found.working if w.post == post), None)
    if one is None:
        raise NotFound
    alone = (
        f"Nobody else at {found.party} works on this case. Nobody at {found.party} will be able to open it then: "
        "the coordinator would have to assign someone again."
    )
    d = {
        "question": f"Should {one.name} stop working on this case?",
        "consequences": [
            f"From the next page on, {one.name} cannot open it.",
            *([alone] if len(found.working) == 1 else []),
        ],
        "action": url_for(".end", visit=visit, post=post),
        "hidden": {},
        "button": "End now",
        "cancel": url_for(".show_team", visit=visit),
    }
    return show("confirm.html", "End an assignment", receipt=found.about.receipt, d=d)


@pages.post("/visit/<uuid:visit>/team/<uuid:post>/end")
@gate.page(gate.TEAM)
@visiting.or_ask_again
def end(visit: uuid.UUID, post: uuid.UUID) -> ResponseReturnValue:
    """End it; then the case, or home where the party does not see it any more."""
    remaining = one_case.end(db.session(), gate.doors(), gate.actor(), visit, post)
    if not remaining:
        return redirect(url_for("home.home"), 303)
    case_page.done("Ended. They cannot open the case any more.")
    return redirect(url_for("case.view", visit=visit), 303)


def _page(
    visit: uuid.UUID, given: dict[str, str], until: Day, errors: tuple[tuple[str, str], ...] = ()
) -> ResponseReturnValue:
    found = one_case.on_case(db.session(), gate.doors(), gate.actor(), visit)
    back = url_for("case.view", visit=visit)
    d = {
        "about": found.about,
        "party": found.party,
        "working": [(w, url_for(".confirm", visit=visit, post=w.post)) for w in found.working],
        "colleagues": [(str(user), name, "") for user, name in found.colleagues],
        "offered": [(role, name, "") for role, name in found.offered],
        "form": given,
        "until": until,
        "errors": errors,
        "action": url_for(".assign", visit=visit),
        "cancel": back,
    }
    return show(
        "team_case.html",
        "Who works on this case",
        status=422 if errors else 200,
        marking="OFFICIAL-SENSITIVE",
        receipt=found.about.receipt,
        purpose=found.about.purpose_name,
        purpose_path=f"{back}/purpose",
        visit=back,
        back=back,
        back_text=found.about.name or found.about.reference,
        d=d,
    )
