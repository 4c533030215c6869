"""One's own way in: asking for a role, what is recorded of one's training and vetting, accepting the rules of use."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from flask import Blueprint, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from portal import gate
from portal.auth.errors import CapacityRefused
from portal.auth.lasting import TRAINED, USE, VETTED, WORDS
from portal.auth.sessions import SessionState
from portal.db import db
from portal.pages import people
from portal.pages.day_input import today
from portal.pages.frame import Alert
from portal.pages.limits import SIGN_IN, by_account, limiter
from portal.pages.presenting import day, near
from portal.pages.rendering import role_name, show
from portal.sharing import access_requests, joining, roster, standing
from portal.sharing.access_requests import Asked
from portal.sharing.joining import Holds
from portal.sharing.standing import Standing

pages = Blueprint("induction", __name__)

DONE = "induction-done"
SOON = timedelta(days=14)
LABELS = {TRAINED: "Training in information sharing", USE: "Acceptable use", VETTED: "Vetting"}
OPENS_PART = "Needed for police intelligence, victims and MARAC"


@dataclass(frozen=True, slots=True)
class State:
    """One fact as a page tells it: `word` and `colour` of its tag, a `note` under its name, `last` its last day."""

    fact: str
    label: str
    word: str
    colour: str
    last: date | None
    note: str
    lacks: bool


@dataclass(frozen=True, slots=True)
class Ask:
    """The page of somebody without a role. `last`: their last request; `roles` are (id, name, note)."""

    standing: Standing
    action: str
    roles: tuple[tuple[str, str, str], ...]
    last: Asked | None
    asks: bool
    role: str = ""
    manager: str = ""
    why: str = ""
    errors: tuple[tuple[str, str], ...] = ()


def told(holds: tuple[Holds, ...]) -> tuple[State, ...]:
    """The facts of somebody, for a table."""
    return tuple(_state(each, today()) for each in holds)


def _state(each: Holds, on: date) -> State:
    word, colour = "In date", "green"
    if each.until is None:
        word, colour = ("Not accepted yet" if each.fact == USE else "Not recorded"), "red" if each.first else "grey"
    elif not each.now:
        word, colour = "Ended", "red" if each.first else "grey"
    elif each.until <= on + SOON:
        word, colour = f"Ends {near(each.until, on)}", "yellow"
    return State(
        each.fact,
        LABELS[each.fact],
        word,
        colour,
        each.until,
        "" if each.first else OPENS_PART,
        bool(each.first) and not each.now,
    )


def alerts() -> tuple[Alert, ...]:
    """For one's own home page: what ends within a fortnight."""
    on, found = today(), []
    for each in joining.own(gate.doors(), gate.actor()):
        if each.now and each.until and each.until <= on + SOON:
            heading = f"{LABELS[each.fact]} ends {near(each.until, on)}"
            found.append(Alert("notice", _ends(each, each.until), heading, url_for("induction.own"), "What to do"))
    return tuple(found)


def _ends(each: Holds, until: date) -> str:
    if not each.first:
        return f"The last day is {day(until)}. After it you no longer see everything that you see now."
    done = "you accept it again" if each.fact == USE else "it is recorded again"
    return f"The last day is {day(until)}. After it no case opens until {done}."


def start() -> ResponseReturnValue:
    """Home while something is lacking: what it is, and whom to ask."""
    found = joining.mine(db.session(), gate.doors(), gate.actor())
    states = told(found.holds)
    lacks = [s for s in states if s.lacks]
    done = session.pop(DONE, None)
    d = {
        "states": states,
        "lacks": lacks,
        "accept": url_for("induction.words") if any(s.fact == USE and s.lacks for s in states) else "",
        "asks_others": any(s.fact != USE for s in lacks),
        "ask": found.ask,
        "past": [(p, LABELS[p.fact]) for p in found.past],
        "role": role_name(gate.actor().party, gate.actor().role),
        "again": url_for("induction.words"),
    }
    heading = "Before you can open a case" if lacks else "Your training and vetting"
    said = (Alert("done", str(done)),) if done else ()
    return show("induction.html", heading, receipt=found.receipt, alerts=said, d=d)


@pages.get("/induction")
@gate.page(gate.ANYONE)
def own() -> ResponseReturnValue:
    """What is recorded of whoever looks, each record with who made it."""
    return start()


@pages.get("/induction/acceptable-use")
@gate.page(gate.ANYONE)
def words() -> ResponseReturnValue:
    """How this service may be used, in plain words."""
    return _words("")


@pages.post("/induction/acceptable-use")
@gate.page(gate.ANYONE)
def accept() -> ResponseReturnValue:
    """Accept it, for a year."""
    try:
        joining.accept(db.session(), gate.doors(), gate.actor(), request.form.get("words", ""))
    except CapacityRefused as refused:
        return _words(refused.words)
    session[DONE] = "You have accepted how this service may be used. You are asked again in a year."
    return redirect(url_for("induction.own"), 303)


def _words(error: str) -> ResponseReturnValue:
    d = {
        "action": url_for("induction.accept"),
        "hidden": {"words": WORDS},
        "error": error,
        "cancel": url_for("induction.own"),
    }
    return show("acceptable_use.html", "How you may use this service", status=422 if error else 200, d=d)


def without_a_role(state: SessionState, known: Standing) -> ResponseReturnValue:
    """The page of somebody who signed in and holds no role: they can ask for one, unless theirs only rests."""
    if known.away:
        d = {"standing": known}
        return show("away_now.html", "You are recorded as away", d=d)
    return _ask(_form(state, known))


@pages.post("/ask-for-access")
@limiter.limit(SIGN_IN, key_func=by_account)
@gate.page(gate.SIGNED_IN)
def ask() -> ResponseReturnValue:
    """Send the request, or say what to correct."""
    state = gate.state()
    assert state is not None
    known = standing.of(db.session(), gate.doors(), state.user, state.home_party)
    if known.held or known.away:
        return redirect(url_for("sign_in.capacity"), 303)
    form = request.form
    typed = {name: form.get(name, "").strip() for name in ("role", "manager", "why")}
    errors = _problems(typed)
    if not errors:
        try:
            access_requests.ask(db.session(), gate.doors(), state.user, state.home_party, state.session, **typed)
        except CapacityRefused as refused:
            errors = (("role", refused.words),)
        else:
            return redirect(url_for("sign_in.capacity"), 303)
    given = replace(_form(state, known), asks=True, errors=errors)
    return _ask(replace(given, role=typed["role"], manager=typed["manager"], why=typed["why"]))


def _problems(typed: dict[str, str]) -> tuple[tuple[str, str], ...]:
    needed = {
        "role": "Choose the role you need",
        "manager": "Enter the name of your manager",
        "why": "Say what you need it for",
    }
    found = [(name, words) for name, words in needed.items() if not typed[name]]
    found += [
        (n, f"It must be shorter than {m:,} characters")
        for n, m in (("manager", 300), ("why", 2000))
        if len(typed[n]) > m
    ]
    return tuple(found)


def _form(state: SessionState, known: Standing) -> Ask:
    doors = gate.doors()
    last = access_requests.of(db.session(), doors, state.user, state.home_party)
    roles = tuple(people.choice(o) for o in roster.offered(doors, state.home_party))
    waits = last is not None and last.state == access_requests.WAITING
    return Ask(known, url_for("induction.ask"), roles, last if waits or _refused(last) else None, not waits)


def _refused(last: Asked | None) -> bool:
    return last is not None and last.state == access_requests.REFUSED


def _ask(page: Ask) -> ResponseReturnValue:
    return show("no_capacity.html", "You do not have access yet", status=422 if page.errors else 200, d=page)
