"""Secondment: an administrator asks another organisation for somebody, the other's lends them; the history of it."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from flask import Blueprint, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from portal import gate
from portal.auth import secondments as kept
from portal.auth.errors import CapacityRefused
from portal.db import db
from portal.errors import Conflict, NotFound
from portal.pages import people
from portal.pages.day_input import Day, day_of, first_instant, sent, today, typed
from portal.pages.frame import Alert
from portal.pages.presenting import plural
from portal.pages.rendering import show
from portal.sharing import secondments

pages = Blueprint("secondment", __name__)

DONE = "secondment-done"
LONGEST = timedelta(days=731)
MOST, WRITTEN = 200, 2_000
ANSWERED = "Somebody has answered that meanwhile. Nothing was changed."
BACK_ALREADY = "That was taken back already. Nothing was changed."
Errors = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Ask:
    """The form that asks for somebody, as typed."""

    home: str
    whom: str
    role: str
    starts: Day
    ends: Day
    errors: Errors = ()


def alerts() -> tuple[Alert, ...]:
    """For the home page of an administrator: how many ask for one of their people."""
    waits = kept.waiting(db.session(), gate.actor().party, gate.doors().clock())
    if not waits:
        return ()
    words = f"{plural(waits, 'organisation asks', 'requests wait')} for one of your people on secondment."
    return (Alert("notice", words, "Secondment", url_for("secondment.everyone"), "Answer"),)


@pages.get("/secondment")
@gate.page(gate.ADMIN)
def everyone() -> ResponseReturnValue:
    """Who comes and who goes, with everything that was."""
    found = secondments.everyone(db.session(), gate.doors(), gate.actor())
    d = {
        "party": found.party,
        "lines": [(line, url_for(".one", asked=line.id)) for line in found.lines],
        "ask": url_for(".form"),
    }
    return show("secondments.html", f"Secondment at {found.party}", receipt=found.receipt, alerts=_done(), d=d)


@pages.get("/secondment/ask")
@gate.page(gate.ADMIN)
def form() -> ResponseReturnValue:
    """The form that asks for somebody: from today, for half a year, unless changed."""
    return _form(Ask("", "", "", typed(today()), typed(today() + timedelta(days=181))))


@pages.post("/secondment/ask")
@gate.page(gate.ADMIN)
def ask() -> ResponseReturnValue:
    """Ask, or say what to correct."""
    home, whom, role = (request.form.get(name, "").strip() for name in ("home", "whom", "role"))
    given = Ask(home, whom, role, sent("starts"), sent("ends"))
    first, last = day_of(given.starts), day_of(given.ends)
    errors = _problems(given)
    if not errors and first and last:
        since, until = first_instant(first), first_instant(last + timedelta(days=1))
        try:
            secondments.ask(db.session(), gate.doors(), gate.actor(), home, whom, role, since, until)
        except CapacityRefused as refused:
            errors = (("home", refused.words),)
        else:
            session[DONE] = "Asked. Their administrator says whom it is, and agrees or refuses."
            return redirect(url_for(".everyone"), 303)
    return _form(replace(given, errors=errors))


def _problems(given: Ask) -> Errors:
    first, last = day_of(given.starts), day_of(given.ends)
    errors = []
    if not given.home:
        errors.append(("home", "Choose the organisation they belong to"))
    if not 0 < len(given.whom) <= MOST:
        errors.append(("whom", f"Say who it is, in at most {MOST} characters"))
    if not given.role:
        errors.append(("role", "Choose a role"))
    if first is None or first < today():
        errors.append(("starts", "The first day must be a real date, today or later"))
    if last is None or (first and not first <= last <= first + LONGEST):
        errors.append(("ends", "The last day must be a real date, at most two years after the first"))
    return tuple(errors)


def _form(given: Ask) -> ResponseReturnValue:
    doors, who = gate.doors(), gate.actor()
    d = {
        "form": given,
        "parties": secondments.parties(doors, who),
        "roles": tuple(people.choice(offer) for offer in secondments.roles(doors, who)),
        "action": url_for(".ask"),
        "cancel": url_for(".everyone"),
    }
    status = 422 if given.errors else 200
    title = "Ask for somebody on secondment"
    return show("secondment_ask.html", title, status=status, back=d["cancel"], back_text="Secondment", d=d)


@pages.get("/secondment/<uuid:asked>")
@gate.page(gate.ADMIN)
def one(asked: uuid.UUID) -> ResponseReturnValue:
    """One of them, with what can be done about it."""
    return _one(asked)


@pages.post("/secondment/<uuid:asked>/agree")
@gate.page(gate.ADMIN)
def agree(asked: uuid.UUID) -> ResponseReturnValue:
    """Lend the person chosen, until the last day."""
    chosen = request.form.get("user", "")
    try:
        user = uuid.UUID(chosen)
    except ValueError:
        return _one(asked, (("user", "Choose which of your people it is"),))
    return _act(
        asked,
        lambda: secondments.agree(db.session(), gate.doors(), gate.actor(), asked, user),
        "Agreed. Their role there begins with the first day, and ends with the last by itself.",
        chosen,
        lambda: (("Whom you chose", dict(_people()).get(chosen, "")),),
    )


@pages.post("/secondment/<uuid:asked>/refuse")
@gate.page(gate.ADMIN)
def refuse(asked: uuid.UUID) -> ResponseReturnValue:
    """Refuse it, with a reason that the other organisation reads."""
    why = request.form.get("why", "").strip()
    if not 0 < len(why) <= WRITTEN:
        words = f"Give a reason, in at most {WRITTEN:,} characters: the other administrator reads it"
        return _one(asked, (("why", words),), why=why)
    doing = lambda: secondments.refuse(db.session(), gate.doors(), gate.actor(), asked, why)  # noqa: E731
    return _act(asked, doing, "Refused. The other organisation reads why.", typed=lambda: (("Why not", why),))


@pages.post("/secondment/<uuid:asked>/withdraw")
@gate.page(gate.ADMIN)
def withdraw(asked: uuid.UUID) -> ResponseReturnValue:
    """Take back what nobody has answered."""
    doing = lambda: secondments.withdraw(db.session(), gate.doors(), gate.actor(), asked)  # noqa: E731
    return _act(asked, doing, "Taken back.")


@pages.post("/secondment/<uuid:asked>/end")
@gate.page(gate.ADMIN)
def end(asked: uuid.UUID) -> ResponseReturnValue:
    """End it now, by either organisation."""
    doing = lambda: secondments.end(db.session(), gate.doors(), gate.actor(), asked)  # noqa: E731
    return _act(asked, doing, "Ended. The role is gone from now on.")


def _act(
    asked: uuid.UUID, doing: Callable[[], None], words: str, chosen: str = "", typed: Callable[[], Errors] = lambda: ()
) -> ResponseReturnValue:
    try:
        doing()
    except CapacityRefused as refused:
        return _one(asked, (("user" if chosen else "", refused.words),), chosen)
    except Conflict:
        return _one(asked, late=True, written=typed())
    except NotFound:
        session[DONE] = ANSWERED
    else:
        session[DONE] = words
    return redirect(url_for(".everyone"), 303)


def _people() -> list[tuple[str, str]]:
    return [(str(u), n) for u, n in secondments.candidates(db.session(), gate.doors(), gate.actor())]


def _one(
    asked: uuid.UUID,
    errors: Errors = (),
    chosen: str = "",
    why: str = "",
    late: bool = False,
    written: Errors = (),
) -> ResponseReturnValue:
    """`late`: somebody answered meanwhile; `written`: what was typed and not kept, (label, text)."""
    doors, who = gate.doors(), gate.actor()
    line, receipt = secondments.one(db.session(), doors, who, asked)
    back = not written and line.state == kept.WITHDRAWN
    if late and (back or {text for _, text in written} == {line.why_not or line.name}):  # one form sent twice is one
        session[DONE] = BACK_ALREADY if back else ANSWERED
        return redirect(url_for(".everyone"), 303)
    answers = line.state == kept.ASKED and not line.here
    d = {
        "line": line,
        "answers": answers,
        "people": _people() if answers else [],
        "chosen": chosen,
        "why": why,
        "errors": errors,
        "late": late,
        "typed": written,
        **{name: url_for(f".{name}", asked=asked) for name in ("agree", "refuse", "withdraw", "end")},
    }
    return show(
        "secondment_one.html",
        f"Secondment: {line.name or line.whom}",
        status=422 if errors else 409 if late else 200,
        receipt=receipt,
        back=url_for(".everyone"),
        back_text="Secondment",
        d=d,
    )


def _done() -> tuple[Alert, ...]:
    done = session.pop(DONE, None)
    return (Alert("done", str(done)),) if done else ()
