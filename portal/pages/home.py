"""Home: what needs this person today, by what they may do."""

from dataclasses import dataclass

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from isa.agreement import Capacity
from portal import gate
from portal.auth.actor import Actor
from portal.casework import asks, comments, confirming, meetings, referrals
from portal.casework import today as casework
from portal.casework.comments import NOBODY as NO_CALLS
from portal.casework.team import around
from portal.db import db
from portal.pages import (
    contract,
    granting,
    inbox,
    induction,
    joining,
    kept,
    people,
    question,
    same_person,
    secondment,
    today,
)
from portal.pages.confirming import Turn
from portal.pages.day_input import today as this_day
from portal.pages.meetings import standing as standing_meetings
from portal.pages.referral import Told, all_told
from portal.pages.rendering import OFFICIAL, SENSITIVE, role_name, show
from portal.pages.team import standing
from portal.pages.today import Release, Today, Typed
from portal.sharing import joining as sharing_joining
from portal.sharing.looks import log, nothing
from portal.sharing.reading import lists, search
from portal.sharing.reading.asks import Line
from portal.sharing.reading.due import NOTHING, DueList
from portal.sharing.reading.lists import CaseList
from portal.sharing.reading.reach import PAGE
from portal.sharing.reading.releases import NOTHING as NOBODY
from portal.sharing.reading.releases import ReleaseList
from portal.sharing.reading.turning import NOTHING as NOT_TURNING
from portal.sharing.reading.turning import Turning, TurningList

pages = Blueprint("home", __name__)

LAST_PAGE = 10_000
DUTIES = {
    "analyst": "Reports of figures come to this page when they are made. They never name a person.",
    "signatory": "You sign the agreement, or leave it, for your organisation. There is nothing to sign now.",
    "technical_admin": "You keep the service running. That is done outside these pages.",
}


@dataclass(frozen=True, slots=True)
class Cases:
    """The list of cases as the page shows it. `numbers`: may search by PNC or CRN; paths may be None; `purpose` is
    that of the list and of an update shared from it, `task` the same as an answer to why; `referrals`: a few of one's
    own, lately; `asked`: what one asked owners to see; `releases`: who comes out soon; `turning`: who
    turns 18; `turn`: who asks this person."""

    heading: str
    list: CaseList
    review: bool
    numbers: bool
    previous: str | None
    next: str | None
    words: str
    purpose: str
    task: str
    referrals: tuple[Told, ...] = ()
    asked: tuple[Line, ...] = ()
    today: Today | None = None
    releases: tuple[Release, ...] = ()
    turning: tuple[Turning, ...] = ()
    turn: Turn | None = None


@pages.get("/")
@gate.page(gate.ANYONE)
def home() -> ResponseReturnValue:
    """Cases for those who work with them, people for an administrator, the log for a data-protection officer."""
    who = gate.actor()
    if who.role == "admin":
        return people.start(joining.alerts() + secondment.alerts() + contract.alerts() + question.alerts())
    if who.role in gate.LOG_ROLES:
        return redirect(url_for("log.home"))
    reach, content, _ = gate.doors().book.role(Capacity(who.party, who.role))
    if sharing_joining.lacking(gate.doors(), who):
        return induction.start()
    if not content or reach == "none":
        duty = DUTIES.get(who.role, "You see the cases of a meeting while the meeting is open.")
        panels = standing_meetings() if meetings.attends(gate.doors(), who) else ()
        alerts = contract.lacking() + question.alerts() + induction.alerts() + panels
        return show("home_other.html", "Home", alerts=alerts, d={"role": role_name(who.party, who.role), "duty": duty})
    return _cases(who, reach)


@pages.post("/")
@gate.page(gate.CONTENT)
def done() -> ResponseReturnValue:
    """Several actions of the list are done, with one outcome; or what to correct, with nothing lost."""
    typed = today.close()
    if typed is None:
        return redirect(url_for("home.home"), 303)
    who = gate.actor()
    return _cases(who, gate.doors().book.role(Capacity(who.party, who.role))[0], typed)


def _cases(who: Actor, reach: str, typed: Typed | None = None) -> ResponseReturnValue:
    review = request.args.get("review") == "1"
    page = min(max(request.args.get("page", 1, int), 1), LAST_PAGE)
    here, doors = db.session(), gate.doors()
    front = page == 1 and not review
    found, to_do, releases, turning = _together(who, page, review, front)
    if not found.lines and page > 1:
        return redirect(_path(review, 1))
    own = referrals.lately(here, doors, who)
    asked = asks.mine(here, doors, who)
    calls = comments.waiting(here, doors, who) if front else NO_CALLS
    unread = confirming.mine(here, doors, who) if front else 0
    first = (page - 1) * PAGE + 1
    last = first + len(found.lines) - 1
    d = Cases(
        heading=_heading(who, reach),
        list=found,
        review=review and found.dated,
        numbers=bool({"pnc", "crn"} & search.boxes(doors, who)),
        previous=_path(review, page - 1) if page > 1 else None,
        next=_path(review, page + 1) if page * PAGE < found.total else None,
        words=f"{first:,} to {last:,} of {found.total:,}",
        purpose=found.purpose,
        task=_task(who, found.purpose),
        referrals=all_told(own.lines),
        asked=asked.lines,
        today=today.part(to_do, found, typed or Typed(), this_day(), granting.to_answer()) if front else None,
        releases=today.releases(releases),
        turning=turning.lines,
        turn=Turn(calls, unread) if calls.lines or unread else None,
    )
    covers = standing(around(here, doors, who), who.user)
    joins = contract.lacking() + question.alerts() + induction.alerts() + joining.alerts()
    panels = standing_meetings() if meetings.attends(doors, who) else ()
    parts = (found, own, to_do, asked, releases, turning)
    return show(
        "home.html",
        d.heading,
        status=422 if typed else 200,
        marking=SENSITIVE if any(part.marking == SENSITIVE for part in parts) else OFFICIAL,
        receipt=next((part.receipt for part in (*parts, calls) if part.receipt), None),
        alerts=today.alerts() + inbox.alerts() + same_person.alerts() + panels + kept.alerts() + covers + joins,
        d=d,
    )


def _together(who: Actor, page: int, review: bool, front: bool) -> tuple[CaseList, DueList, ReleaseList, TurningList]:
    """The list, and at the `front` what is due, who comes out and who turns 18: logged in one commit, then opened."""
    here, doors = db.session(), gate.doors()
    listed = lists.look_at_mine(here, doors, who, page, review)
    due = casework.due(here, doors, who) if front else nothing(NOTHING)
    soon = casework.releases(here, doors, who) if front else nothing(NOBODY)
    grown = casework.turning(here, doors, who) if front else nothing(NOT_TURNING)
    log(here, doors, listed, due, soon, grown)
    return listed.shown(), due.shown(), soon.shown(), grown.shown()


def _task(who: Actor, purpose: str) -> str:
    """What a purpose is, in the words of the question why."""
    asked = (a.purposes[purpose].ask for a in gate.doors().book.of_party(who.party) if purpose in a.purposes)
    return next(asked, "")


def _path(review: bool, page: int) -> str:
    """The address of a page of the list, without what it would say anyway."""
    return url_for("home.home", review="1" if review else None, page=page if page > 1 else None)


def _heading(who: Actor, reach: str) -> str:
    book = gate.doors().book
    if reach == "agreement":
        boroughs = [a.borough for a in book.of_party(who.party)]
        return f"Cases in {boroughs[0]}" if len(boroughs) == 1 else "Cases in all boroughs"
    return f"Cases of {book.party_name(who.party)}" if reach == "party" else "My cases"
