"""Meetings: planned, held on one screen with one declaration of purpose, decided case by case, and their minutes."""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from flask import Blueprint, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from portal import gate
from portal.casework import arranging, attending, deciding, meetings
from portal.casework.meetings import CALLED_OFF, NOT_HELD, OPEN, OVER, PLANNED, Summary, View
from portal.db import db, new_id
from portal.pages import contract
from portal.pages.day_input import Day, day_of, sent, today, typed
from portal.pages.frame import Alert
from portal.pages.presenting import day, plural
from portal.pages.rendering import show
from portal.pages.team import id_of
from portal.sharing.fields import Invalid

pages = Blueprint("meetings", __name__)

DONE = "meeting-done"
NO_DAY = "The day must be a real date, like 27 3 2027"
PAST = frozenset({OVER, NOT_HELD, CALLED_OFF})


@dataclass(frozen=True, slots=True)
class Form:
    """An agenda as ticked and typed."""

    cases: Collection[uuid.UUID]
    attendees: Collection[uuid.UUID]
    reference: str


@pages.get("/meetings")
@gate.page(gate.CONTENT)
def everything() -> ResponseReturnValue:
    """The meetings that this capacity keeps or is asked to, and a form to plan one."""
    return _everything(typed(today()), "", {})


@pages.post("/meetings")
@gate.page(gate.CONTENT)
def plan() -> ResponseReturnValue:
    """Plan a meeting; its agenda and those who may attend are filled in."""
    wanted, agreement = sent("day"), request.form.get("agreement", "")
    on = day_of(wanted)
    try:
        if on is None:
            raise Invalid({"day": NO_DAY})
        once = id_of(request.form["once"]) if request.form.get("once") else None
        made = arranging.plan(db.session(), gate.doors(), gate.actor(), agreement or _only(), on, once)
    except Invalid as wrong:
        return _everything(wanted, agreement, wrong.problems)
    say("The meeting is planned. Its agenda holds the cases that are due for review by then.")
    return redirect(url_for(".one", meeting=made), 303)


@pages.get("/meeting/<uuid:meeting>")
@gate.page(gate.CONTENT)
def one(meeting: uuid.UUID) -> ResponseReturnValue:
    """A meeting: to be arranged, to be joined, or its agenda while it runs."""
    return _one(meeting, {})


@pages.post("/meeting/<uuid:meeting>")
@gate.page(gate.CONTENT)
def arrange(meeting: uuid.UUID) -> ResponseReturnValue:
    """Keep which cases are on the agenda and who attends."""
    form = request.form
    chosen = [id_of(value) for value in form.getlist("case")]
    given = Form(chosen, {id_of(value) for value in form.getlist("attendee")}, form.get("reference", "").strip())
    try:
        arranging.arrange(db.session(), gate.doors(), gate.actor(), meeting, chosen, given.attendees, given.reference)
    except Invalid as wrong:
        return _one(meeting, wrong.problems, given)
    say("The agenda is kept.")
    return redirect(url_for(".one", meeting=meeting), 303)


@pages.post("/meeting/<uuid:meeting>/move")
@gate.page(gate.CONTENT)
def move(meeting: uuid.UUID) -> ResponseReturnValue:
    """Hold it on another day, with the agenda it has."""
    wanted = sent("day")
    on = day_of(wanted)
    try:
        if on is None:
            raise Invalid({"day": NO_DAY})
        arranging.move(db.session(), gate.doors(), gate.actor(), meeting, on)
    except Invalid as wrong:
        return _one(meeting, wrong.problems, day=wanted)
    say("The meeting is held on another day, with the same agenda. Tell those who were asked.")
    return redirect(url_for(".one", meeting=meeting), 303)


@pages.post("/meeting/<uuid:meeting>/call-off")
@gate.page(gate.CONTENT)
def call_off(meeting: uuid.UUID) -> ResponseReturnValue:
    """It will not be held."""
    try:
        arranging.call_off(db.session(), gate.doors(), gate.actor(), meeting)
    except Invalid as wrong:
        return _one(meeting, wrong.problems)
    say("The meeting is called off. Its cases stand on the agenda of the next one you plan.")
    return redirect(url_for(".everything"), 303)


@pages.post("/meeting/<uuid:meeting>/join")
@gate.page(gate.CONTENT)
def join(meeting: uuid.UUID) -> ResponseReturnValue:
    """Declare what the meeting is for, once, and attend it; who keeps it opens it so."""
    try:
        attending.join(db.session(), gate.doors(), gate.actor(), meeting)
    except Invalid as wrong:
        return _one(meeting, wrong.problems)
    return redirect(url_for(".one", meeting=meeting), 303)


@pages.post("/meeting/<uuid:meeting>/close")
@gate.page(gate.CONTENT)
def close(meeting: uuid.UUID) -> ResponseReturnValue:
    """Close it for everybody."""
    done = attending.close(db.session(), gate.doors(), gate.actor(), meeting)
    say("The meeting is closed, and with it what it opened." if done else "The meeting was over already.")
    return redirect(url_for(".one", meeting=meeting), 303)


def _everything(wanted: Day, agreement: str, problems: Mapping[str, str]) -> ResponseReturnValue:
    doors, actor = gate.doors(), gate.actor()
    found = meetings.coming(db.session(), doors, actor)
    boroughs = [(a.id, a.borough, "") for a in doors.book.bound(actor.party)]
    d = {
        "coming": [(s, url_for(".one", meeting=s.id)) for s in reversed(found) if s.state not in PAST],
        "past": [(s, url_for(".one", meeting=s.id)) for s in found if s.state in PAST],
        "keeps": meetings.keeps(doors, actor),
        "boroughs": boroughs if len(boroughs) > 1 else (),
        "agreement": agreement,
        "day": wanted,
        "once": new_id().hex,
        "errors": list(problems.items()),
        "action": url_for(".plan"),
    }
    return show("meetings.html", "Meetings", status=400 if problems else 200, alerts=said(), d=d)


def _only() -> str:
    """The one agreement of a party that has but one; else nothing was chosen."""
    found = gate.doors().book.bound(gate.actor().party)
    return found[0].id if len(found) == 1 else ""


def _one(
    meeting: uuid.UUID, problems: Mapping[str, str], given: Form | None = None, day: Day | None = None
) -> ResponseReturnValue:
    view = meetings.see(db.session(), gate.doors(), gate.actor(), meeting)
    about, template = view.about, {PLANNED: "meeting_plan.html", OPEN: "meeting_open.html"}
    title = title_of(about)
    form = given or _as_it_stands(view)
    d = {
        "view": view,
        "title": title,
        "agenda": [(item, url_for("decide.one", meeting=meeting, case=item.line.case)) for item in view.items],
        "next": _next(view, meeting),
        "joined": [p for p in view.people if p.joined],
        "form": form,
        "errors": [(anchor or ("agenda" if view.items else ""), words) for anchor, words in problems.items()],
        "today": about.day == today(),
        "day": day or ("", "", ""),
        "paths": {
            name: url_for(f".{name}", meeting=meeting) for name in ("arrange", "join", "close", "move", "call_off")
        },
        "minutes": url_for("decide.minutes", meeting=meeting),
    }
    return show(
        template.get(about.state, "meeting_over.html"),
        title,
        status=400 if problems else 200,
        marking=view.marking,
        receipt=view.receipt,
        purpose="referral and selection" if view.joined else None,
        back=url_for(".everything"),
        back_text="Meetings",
        alerts=said() + contract.lacking(),
        d=d,
    )


def _as_it_stands(view: View) -> Form:
    return Form([i.line.case for i in view.items if i.chosen], [p.capacity for p in view.people if p.chosen], "")


def _next(view: View, meeting: uuid.UUID) -> str:
    """Where the next case without a decision is, "" once there is none."""
    waiting = deciding.following(db.session(), meeting) if view.joined else None
    return url_for("decide.one", meeting=meeting, case=waiting) if waiting else ""


def title_of(about: Summary) -> str:
    """What a meeting is called."""
    return f"{about.borough} panel, {day(about.day)}"


def standing() -> tuple[Alert, ...]:
    """For a home page: the meetings that are open now or planned for today."""
    found = meetings.coming(db.session(), gate.doors(), gate.actor())
    return tuple(_alert(s) for s in found if s.state == OPEN or (s.state == PLANNED and s.day == today()))


def _alert(about: Summary) -> Alert:
    words = f"{plural(about.cases, 'case')} on the agenda, {about.decided} decided."
    heading = f"The {about.borough} panel is {'open now' if about.state == OPEN else 'today'}"
    path = url_for("meetings.one", meeting=about.id)
    return Alert("notice", words, heading=heading, path=path, path_text="Go to the meeting")


def say(words: str, path: str = "", path_text: str = "") -> None:
    """Say once, on the next page of a meeting, what was done last, with the way on. Never anything about a person."""
    session[DONE] = (words, path, path_text)


def said() -> tuple[Alert, ...]:
    """What was done last."""
    if DONE not in session:
        return ()
    words, path, path_text = session.pop(DONE)
    return (Alert("done", words, path=path, path_text=path_text),)
