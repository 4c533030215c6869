"""Joining, for the SPOC and the administrator of a party: who asks for a role, whose training or vetting ends."""

import uuid
from dataclasses import dataclass
from datetime import date, timedelta

from flask import Blueprint, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from portal import gate
from portal.auth.delegations import DELEGATED
from portal.auth.errors import CapacityRefused
from portal.auth.induction import LEVELS
from portal.auth.lasting import TRAINED, VETTED
from portal.db import db
from portal.errors import Conflict, NotFound
from portal.pages import people, presenting
from portal.pages.day_input import Day, day_of, first_instant, sent, today, typed
from portal.pages.frame import Alert
from portal.pages.induction import LABELS, State, told
from portal.pages.presenting import day, plural
from portal.pages.rendering import show
from portal.sharing import access_requests, joining
from portal.sharing.joining import Member

pages = Blueprint("joining", __name__)

DONE = "joining-done"
AHEAD = timedelta(days=30)
NO_DAY = "must be a real date, like 27 3 2027"
Errors = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Records:
    """The two forms that record training and vetting, days as typed."""

    passed: Day
    trained: Day
    level: str
    vetted: Day
    errors: Errors = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """The form that answers a request, days as typed."""

    role: str
    starts: Day
    ends: Day
    reason: str = ""
    errors: Errors = ()


def alerts() -> tuple[Alert, ...]:
    """For the home page of whoever looks after a party's people: who waits, whose training ends."""
    who, doors = gate.actor(), gate.doors()
    if not joining.looks_after(doors, who):
        return ()
    found = joining.waits(db.session(), doors, who, first_instant(today() + AHEAD))
    told = []
    if found.requests:
        told.append(f"{plural(found.requests, 'person asks', 'people ask')} for a role.")
    if found.shut:
        told.append(
            f"{plural(found.shut, 'colleague')} cannot open cases: training or acceptable use is missing or has ended."
        )
    if found.ending:
        told.append(f"{plural(found.ending, 'colleague')}: training, acceptable use or vetting ends within 30 days.")
    if not told:
        return ()
    return (Alert("notice", " ".join(told), "Joining", url_for("joining.everyone"), "Look at it"),)


@pages.get("/joining")
@gate.page(gate.JOINING)
def everyone() -> ResponseReturnValue:
    """Who asks for a role, and the people of the party with their training, acceptance and vetting."""
    doors, who = gate.doors(), gate.actor()
    asks = access_requests.waiting(db.session(), doors, who)
    found = joining.everyone(db.session(), doors, who)
    rows = sorted(((m, told(m.holds)) for m in found.members), key=_urgency)
    d = {
        "party": found.party,
        "requests": [(r, url_for(".one", asked=r.id)) for r in asks.requests],
        "people": [(m, states, url_for(".person", user=m.user)) for m, states in rows],
        "stand_in": url_for("delegation.mine") if who.role in DELEGATED else "",
    }
    done = session.pop(DONE, None)
    said = (Alert("done", str(done)),) if done else ()
    return show("joining.html", f"Joining at {found.party}", receipt=found.receipt, alerts=said, d=d)


def _urgency(row: tuple[Member, tuple[State, ...]]) -> tuple[date, str]:
    """Whoever lacks something first, then whoever's first day to come is next."""
    ends = [date.min if s.lacks else s.last for s in row[1] if s.last or s.lacks]
    return min((e for e in ends if e), default=date.max), row[0].name


@pages.get("/joining/<uuid:user>")
@gate.page(gate.JOINING)
def person(user: uuid.UUID) -> ResponseReturnValue:
    """One person: what is recorded, by whom, and the forms that record it anew."""
    return _person(user, _blank())


def _blank() -> Records:
    year = today() + timedelta(days=364)
    return Records(typed(today()), typed(year), "", typed(year))


@pages.post("/joining/<uuid:user>/training")
@gate.page(gate.JOINING)
def train(user: uuid.UUID) -> ResponseReturnValue:
    """Record that training was passed, and until when it holds."""
    passed, until = sent("passed"), sent("trained")
    first, last = day_of(passed), day_of(until)
    errors = []
    if first is None or first > today():
        errors.append(("passed", "The day it was passed must be a real date, today or before"))
    if last is None or (first and not first <= last <= first + timedelta(days=365)):
        errors.append(("trained", "The last day must be a real date, at most a year after it was passed"))
    given = Records(passed, until, "", _blank().vetted, tuple(errors))
    return _record(user, TRAINED, "", first, last, given, "trained")


@pages.post("/joining/<uuid:user>/vetting")
@gate.page(gate.JOINING)
def vet(user: uuid.UUID) -> ResponseReturnValue:
    """Record the level of vetting, and until when it holds."""
    level, until = request.form.get("level", ""), sent("vetted")
    last, errors = day_of(until), []
    if level not in LEVELS:
        errors.append(("level", "Choose a level of vetting"))
    if last is None or not today() <= last <= today() + timedelta(days=3650):
        errors.append(("vetted", "The last day must be a real date, from today to ten years ahead"))
    blank = _blank()
    given = Records(blank.passed, blank.trained, level, until, tuple(errors))
    return _record(user, VETTED, level, today(), last, given, "vetted")


def _record(
    user: uuid.UUID, fact: str, level: str, first: date | None, last: date | None, given: Records, at: str
) -> ResponseReturnValue:
    if given.errors or first is None or last is None:
        return _person(user, given)
    starts, ends = first_instant(first), first_instant(last + timedelta(days=1))
    try:
        joining.record(db.session(), gate.doors(), gate.actor(), user, fact, level, starts, ends)
    except CapacityRefused as refused:
        return _person(user, Records(given.passed, given.trained, level, given.vetted, ((at, refused.words),)))
    counts = "It counts from now on." if last >= today() else f"It ended on {day(last)}: it does not count."
    session[DONE] = f"{LABELS[fact]} is recorded. {counts}"
    return redirect(url_for(".person", user=user), 303)


def _person(user: uuid.UUID, form: Records) -> ResponseReturnValue:
    found = joining.one(db.session(), gate.doors(), gate.actor(), user)
    d = {
        "name": found.name,
        "own": user == gate.actor().user,
        "states": told(found.holds),
        "past": [(p, LABELS[p.fact]) for p in found.past],
        "form": form,
        "levels": tuple(LEVELS.items()),
        "train": url_for(".train", user=user),
        "vet": url_for(".vet", user=user),
        "away": url_for("away.times", user=user),
    }
    done = session.pop(DONE, None)
    return show(
        "joining_person.html",
        found.name,
        status=422 if form.errors else 200,
        receipt=found.receipt,
        alerts=(Alert("done", str(done)),) if done else (),
        back=url_for(".everyone"),
        back_text="Joining",
        d=d,
    )


@pages.get("/joining/requests/<uuid:asked>")
@gate.page(gate.JOINING)
def one(asked: uuid.UUID) -> ResponseReturnValue:
    """A request: who asks for which role and why; to be approved or refused."""
    return _one(asked, None)


@pages.post("/joining/requests/<uuid:asked>/approve")
@gate.page(gate.JOINING)
def approve(asked: uuid.UUID) -> ResponseReturnValue:
    """Give the role, from a first to a last day."""
    role, starts, ends = request.form.get("role", ""), sent("starts"), sent("ends")
    first, last = day_of(starts), day_of(ends)
    errors = people.problems(role, first, last)
    if not errors and first and last:
        since = max(first_instant(first), gate.doors().clock()) if first == today() else first_instant(first)
        until = first_instant(last + timedelta(days=1))
        try:
            access_requests.approve(db.session(), gate.doors(), gate.actor(), asked, role, since, until)
        except CapacityRefused as refused:
            errors = (("role", refused.words),)
        except Conflict:
            return _late(asked, access_requests.APPROVED, _giving(role, first, last))
        except NotFound:
            return _gone()
        else:
            session[DONE] = "The role is given. Record training next: without it no case opens."
            return redirect(url_for(".everyone"), 303)
    return _one(asked, Answer(role, starts, ends, "", errors))


@pages.post("/joining/requests/<uuid:asked>/refuse")
@gate.page(gate.JOINING)
def refuse(asked: uuid.UUID) -> ResponseReturnValue:
    """Refuse it, with a reason that the asker reads."""
    reason = request.form.get("reason", "").strip()
    words = "" if reason else "Give a reason: the asker reads it"
    words = words or ("It must be shorter than 2,000 characters" if len(reason) > 2000 else "")
    if not words:
        try:
            access_requests.refuse(db.session(), gate.doors(), gate.actor(), asked, reason)
        except CapacityRefused as refused:
            words = refused.words
        except Conflict:
            return _late(asked, access_requests.REFUSED, (("Why not", reason),))
        except NotFound:
            return _gone()
        else:
            session[DONE] = "The request is refused. The asker reads your reason at the next sign-in."
            return redirect(url_for(".everyone"), 303)
    first = today()
    return _one(asked, Answer("", typed(first), typed(first + timedelta(days=364)), reason, (("reason", words),)))


def _giving(role: str, first: date, last: date) -> Errors:
    chosen = next((o.name for o in access_requests.giveable(gate.doors(), gate.actor()) if o.id == role), "")
    return (("Role", presenting.sentence(chosen)), ("Days", f"{day(first)} to {day(last)}"))


def _late(asked: uuid.UUID, wanted: str, written: Errors) -> ResponseReturnValue:
    """Somebody was quicker: who, with what, and what was typed here. The same form sent twice is one."""
    found = access_requests.answered(db.session(), gate.doors(), gate.actor(), asked)
    same = wanted == access_requests.APPROVED or found.reason == written[0][1]
    if found.mine and found.state == wanted and same:
        return _gone()
    d = {"answered": found, "typed": written}
    title, back = f"{found.name} asked for a role", url_for(".everyone")
    return show("joining_answered.html", title, status=409, receipt=found.receipt, back=back, back_text="Joining", d=d)


def _gone() -> ResponseReturnValue:
    session[DONE] = "That request waits no longer: it was answered, or whoever asked has left. Nothing was changed."
    return redirect(url_for(".everyone"), 303)


def _one(asked: uuid.UUID, given: Answer | None) -> ResponseReturnValue:
    doors, who = gate.doors(), gate.actor()
    found, receipt = access_requests.one(db.session(), doors, who, asked)
    first = today()
    form = given or Answer(found.role_id if found.gives else "", typed(first), typed(first + timedelta(days=364)))
    d = {
        "asked": found,
        "form": form,
        "roles": tuple(people.choice(o) for o in access_requests.giveable(doors, who)),
        "approve": url_for(".approve", asked=asked),
        "refuse": url_for(".refuse", asked=asked),
        "cancel": url_for(".everyone"),
    }
    return show(
        "joining_request.html",
        f"{found.name} asks for a role",
        status=422 if form.errors else 200,
        receipt=receipt,
        back=d["cancel"],
        back_text="Joining",
        d=d,
    )
