"""Signing in, choosing a capacity and proving oneself afresh: the person's side of `portal.auth`."""

import uuid
from dataclasses import dataclass

from flask import Blueprint, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response as BaseResponse

from portal import gate
from portal.auth.auth_requests import local_path
from portal.auth.errors import CapacityRefused, SignInRefused
from portal.db import db
from portal.pages import induction, kept, organisations
from portal.pages.limits import ADDRESS, SIGN_IN, by_address, by_browser, limiter
from portal.pages.organisations import Organisation
from portal.pages.rendering import show
from portal.sharing import standing, visits

pages = Blueprint("sign_in", __name__)

LAST = "organisation"
YEAR = 365 * 24 * 3600
WHY = (("/log", "The access log"), ("/case/", "Emergency access"), ("/visit/", "Taking data out"))
"""Start of the address to go on to → what needs a fresh proof of identity, as the sentence on the page begins."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Data of the page that asks for the organisation. `found` are those whose names fit what was typed."""

    action: str
    last: Organisation | None
    organisations: tuple[Organisation, ...]
    found: tuple[Organisation, ...] = ()
    typed: str = ""
    error: str = ""
    next: str = "/"


@pages.get("/sign-in")
@gate.page(gate.OPEN)
def choose() -> ResponseReturnValue:
    """Which organisation are you from? Someone signed in already goes on."""
    onward = _next()
    if gate.state() is not None:
        return redirect(onward)
    gate.browser_secret()  # set with this answer, so that the next request can be bound to this browser
    return _ask(Choice(url_for(".begin"), _last(), organisations.known(), next=onward))


@pages.post("/sign-in")
@limiter.limit(SIGN_IN, key_func=by_browser)
@limiter.limit(ADDRESS, key_func=by_address)
@gate.page(gate.OPEN)
def begin() -> ResponseReturnValue:
    """Off to the organisation's own sign-in: `organisation` is the id of a provider, or `typed` a name."""
    onward, typed = _next(), request.form.get("typed", "").strip()[:200]
    provider = request.form.get("organisation", "")
    everyone = organisations.known()
    if not provider:
        found = organisations.named(everyone, typed)
        if len(found) != 1:
            error = _no_single(typed, found)
            return _ask(Choice(url_for(".begin"), _last(), everyone, found, typed, error, onward), 422)
        provider = found[0].id
    try:
        away = gate.services().desk.begin(db.session(), provider, gate.browser_secret(), onward, gate.doors().clock())
    except SignInRefused as refused:
        return _problem(refused)
    return _remember(redirect(away, 303), provider)


@pages.get("/sign-in/<provider>/callback")
@limiter.limit(ADDRESS, key_func=by_address)
@gate.page(gate.OPEN)
def callback(provider: str) -> ResponseReturnValue:
    """Back from the provider, signed in or proved afresh; the answer is in the query and is good once."""
    try:
        done = gate.services().desk.complete(
            db.session(),
            provider,
            gate.browser_secret(),
            gate.session_cookie() or None,
            request.args.to_dict(),
            gate.doors().clock(),
            gate.source(),
        )
    except SignInRefused as refused:
        return _problem(refused)
    if not done.stepped_up:
        session.clear()  # form tokens and the browser's secret from before are worth nothing now
    onward = done.next_path
    if done.capacity is None:
        to = url_for(".capacity", next=None if onward == "/" else onward)
    else:
        to = onward if done.stepped_up else kept.first(done.user, done.capacity, onward)
    return gate.set_session_cookie(redirect(to, 303), done.cookie)


@pages.get("/confirm")
@gate.page(gate.SIGNED_IN)
def confirm() -> ResponseReturnValue:
    """Why a fresh proof of identity is needed, in one sentence, and one button."""
    state, onward = gate.state(), _next()
    assert state is not None
    why = next((words for start, words in WHY if onward.startswith(start)), "What you are about to do")
    officer = state.actor is not None and state.actor.role in gate.LOG_ROLES  # whose home asks for it too
    d = {
        "why": why,
        "provider": organisations.name(state.provider),
        "action": url_for(".step_up"),
        "next": onward,
        "cancel": url_for("agreement.mine" if officer else "home.home"),
    }
    return show("step_up.html", "Confirm that it is you", d=d)


@pages.post("/confirm")
@limiter.limit(SIGN_IN, key_func=by_browser)
@gate.page(gate.SIGNED_IN)
def step_up() -> ResponseReturnValue:
    """Off to the provider to prove it; back by the same callback."""
    state = gate.state()
    assert state is not None
    desk = gate.services().desk
    try:
        away = desk.begin_step_up(db.session(), state, gate.browser_secret(), _next(), gate.doors().clock())
    except SignInRefused as refused:
        return _problem(refused)
    return redirect(away, 303)


@pages.get("/capacity")
@gate.page(gate.SIGNED_IN)
def capacity() -> ResponseReturnValue:
    """In which role are you working now? Someone without any is told whom to ask."""
    return _capacity("")


@pages.post("/capacity")
@gate.page(gate.SIGNED_IN)
def choose_capacity() -> ResponseReturnValue:
    """Go on in that capacity, under a new session; visits of the former one end."""
    state, now = gate.state(), gate.doors().clock()
    assert state is not None
    try:
        chosen = uuid.UUID(request.form.get("capacity", ""))
    except ValueError:
        return _capacity("Choose the role you are working in")
    desk = gate.services().desk
    try:
        fresh = desk.choose_capacity(db.session(), gate.session_cookie(), chosen, now, gate.source())
    except CapacityRefused as refused:
        return _capacity(refused.words)
    visits.leave(db.session(), gate.doors(), state.session, now)
    return gate.set_session_cookie(redirect(kept.first(state.user, chosen, _next()), 303), fresh.cookie)


def _next() -> str:
    """Where to go on to, a path of this portal: from the form, else from the address."""
    return local_path(request.form.get("next") or request.args.get("next") or "/")


def _capacity(error: str) -> ResponseReturnValue:
    state = gate.state()
    assert state is not None
    known = standing.of(db.session(), gate.doors(), state.user, state.home_party)
    if not known.held:
        return induction.without_a_role(state, known)
    d = {
        "action": url_for(".choose_capacity"),
        "capacities": known.held,
        "current": state.actor.capacity if state.actor else None,
        "next": _next(),
        "error": error,
    }
    return show("choose_capacity.html", "In which role are you working now?", status=422 if error else 200, d=d)


def _ask(choice: Choice, status: int = 200) -> ResponseReturnValue:
    return show("choose_organisation.html", "Sign in", status=status, d=choice)


def _no_single(typed: str, found: tuple[Organisation, ...]) -> str:
    if found:
        return "More than one organisation has that in its name. Choose yours below."
    return "No organisation here has that name. Check the spelling, or show all." if typed else "Enter its name"


def _last() -> Organisation | None:
    return next((o for o in organisations.known() if o.id == request.cookies.get(LAST)), None)


def _remember(response: BaseResponse, provider: str) -> BaseResponse:
    """Keep the choice for next time. The cookie holds the provider's id, which says nothing of the person."""
    secure = gate.doors().settings.secure
    response.set_cookie(LAST, provider, max_age=YEAR, httponly=True, secure=secure, samesite="Lax", path="/sign-in")
    return response


def _problem(refused: SignInRefused) -> ResponseReturnValue:
    signed_in = gate.state() is not None
    d = {
        "heading": "That was not confirmed" if signed_in else "You are not signed in",
        "words": refused.words,
        "reference": refused.reference,
        "again": url_for("home.home") if signed_in else url_for(".choose"),
        "again_text": "Go to your home page" if signed_in else "Try again",
    }
    return show("sign_in_problem.html", str(d["heading"]), status=403, d=d)
