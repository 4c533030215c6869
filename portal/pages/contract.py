"""Contracts of those who act for an organisation: its administrator records and ends them, theirs reads them."""

import uuid
from dataclasses import dataclass, replace
from datetime import date, timedelta

from flask import Blueprint, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from portal import gate
from portal.auth.errors import CapacityRefused
from portal.db import db, new_id
from portal.errors import Conflict
from portal.pages.day_input import Day, day_of, first_instant, sent, today, typed
from portal.pages.frame import Alert
from portal.pages.presenting import day, near
from portal.pages.rendering import show
from portal.sharing import contracts
from portal.sharing.contracts import COMING, NOTHING, OVER, RUNNING, Acting
from portal.sharing.fields import clean

pages = Blueprint("contract", __name__)

DONE = "contract-done"
TITLE = "Contracts of those who act for others"
AHEAD, LONGEST = timedelta(days=30), timedelta(days=3660)
MOST, WRITTEN = 200, 2_000
NO_DAY = "must be a real date, like 27 3 2027, at most ten years from today"
Errors = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Form:
    """The form that records a period, as typed; no last day: open. `once`: sent twice, it records one."""

    called: str
    starts: Day
    ends: Day
    once: str
    errors: Errors = ()


@dataclass(frozen=True, slots=True)
class Told:
    """How the contract of a party stands, in a tag and in words; `press` is what home says to whoever records it, ""
    for nothing; `record` where a period is recorded, "" for nowhere."""

    acting: Acting
    tag: str
    colour: str
    words: str
    press: str = ""
    record: str = ""


def alerts() -> tuple[Alert, ...]:
    """For an administrator's home: whose contract runs out within 30 days, or is not in force."""
    found = contracts.standing(db.session(), gate.doors(), gate.actor())
    told = [each.press for each in map(_told, found) if each.press]
    if not told:
        return ()
    return (Alert("notice", " ".join(told), "Contracts", url_for("contract.everything"), "Look at it"),)


def lacking() -> tuple[Alert, ...]:
    """For somebody whose organisation acts for another without a contract in force: why so little is shown and found,
    and whom to ask."""
    doors, who = gate.doors(), gate.actor()
    party = doors.book.party_name(who.party)
    return tuple(
        Alert("warning", _lacking(party, other, recorded), "No contract is in force")
        for other, recorded in contracts.lacking(doors, who)
    )


def _lacking(party: str, other: str, recorded: bool) -> str:
    why = (
        f"No contract under which {party} acts for {other} is recorded for today."
        if recorded
        else f"No contract under which {party} acts for {other} has been recorded yet."
    )
    then = "Until one is, what is given under it is not shown (clause 9.36)."
    return f"{why} {then} Ask the administrator of {other}."


def _told(acting: Acting) -> Told:
    on, name, until = today(), acting.name, acting.until
    shut = f"Until one is recorded, {name} is not shown what is given under its contract."
    match acting.state, until:
        case (contracts.RUNNING, None):
            return Told(acting, "In force", "green", "It has no last day.")
        case (contracts.RUNNING, date()) if until <= on + AHEAD:
            words = f"The contract of {name} runs out on {day(until)}."
            press = f"{words} Record its next period before."
            return Told(acting, f"Runs out {near(until, on)}", "yellow", words, press)
        case (contracts.RUNNING, date()):
            return Told(acting, "In force", "green", f"Until {day(until)}.")
        case (contracts.COMING, date()):
            words = f"The contract of {name} begins on {day(until)}. Until then it is not shown what is given under it."
            return Told(acting, "Not begun", "red", words, words)
        case (contracts.OVER, date()):
            words = f"The contract of {name} ended on {day(until)}. {shut}"
            return Told(acting, "Not in force", "red", words, words)
        case (contracts.OVER, None):
            words = f"The contract of {name} was ended before it began. {shut}"
            return Told(acting, "Not in force", "red", words, words)
        case _:
            words = f"No contract of {name} is recorded. {shut}"
            return Told(acting, "None recorded", "red", words, words)


@pages.get("/contracts")
@gate.page(gate.ADMIN)
def everything() -> ResponseReturnValue:
    """Those that act for one's organisation, and whom it acts for itself, with everything that was recorded."""
    found = contracts.everything(db.session(), gate.doors(), gate.actor())
    d = {
        "party": found.party,
        "ours": [replace(_told(a), record=url_for(".form", party=a.party)) for a in found.ours],
        "own": [_told(a) for a in found.own],
        "ends": {
            p.id: url_for(".ending", period=p.id) for a in found.ours for p in a.periods if p.state in (RUNNING, COMING)
        },
    }
    done = session.pop(DONE, None)
    alerts = (Alert("done", str(done)),) if done else ()
    return show("contracts.html", TITLE, receipt=found.receipt, alerts=alerts, d=d)


@pages.get("/contracts/<party>/record")
@gate.page(gate.ADMIN)
def form(party: str) -> ResponseReturnValue:
    """The form that records a period: from today, for a year, unless changed."""
    return _form(party, Form("", typed(today()), typed(today() + timedelta(days=364)), str(new_id())))


@pages.post("/contracts/<party>/record")
@gate.page(gate.ADMIN)
def record(party: str) -> ResponseReturnValue:
    """Record it, or say what to correct."""
    called = " ".join(clean(request.form.get("called", "")).split())
    given = Form(called, sent("starts"), sent("ends"), request.form.get("once", ""))
    first, last = day_of(given.starts), day_of(given.ends)
    errors = _problems(given, first, last)
    if not errors and first:
        until = first_instant(last + timedelta(days=1)) if last else None
        doors, who = gate.doors(), gate.actor()
        try:
            once = request.form.get("once", type=uuid.UUID)
            contracts.record(db.session(), doors, who, party, given.called, first_instant(first), until, once)
        except CapacityRefused as refused:
            errors = (("ends", refused.words),)
        else:
            session[DONE] = f"Recorded for {contracts.name_of(doors, who, party)}. It counts from its first day on."
            return redirect(url_for(".everything"), 303)
    return _form(party, replace(given, errors=errors))


def _problems(given: Form, first: date | None, last: date | None) -> Errors:
    errors = []
    if not any(map(str.isalnum, given.called)) or len(given.called) > MOST:  # signs that nobody sees name nothing
        errors.append(("called", f"Say what you call the contract, in at most {MOST} characters"))
    if first is None or not today() - LONGEST <= first <= today() + LONGEST:
        errors.append(("starts", f"The first day {NO_DAY}"))
    if any(given.ends) and (last is None or last > today() + LONGEST):
        errors.append(("ends", f"The last day {NO_DAY}. Leave it empty if there is none"))
    elif last and last < max(first or last, today()):
        errors.append(("ends", "The last day must be today or later, and not before the first"))
    return tuple(errors)


def _form(party: str, given: Form) -> ResponseReturnValue:
    name = contracts.name_of(gate.doors(), gate.actor(), party)
    back = url_for(".everything")
    d = {"form": given, "name": name, "action": url_for(".record", party=party), "cancel": back}
    status, title = 422 if given.errors else 200, f"Record a contract of {name}"
    return show("contract_form.html", title, status=status, back=back, back_text="Contracts", d=d)


@pages.get("/contracts/<uuid:period>/end")
@gate.page(gate.ADMIN)
def ending(period: uuid.UUID) -> ResponseReturnValue:
    """The form that ends a period early."""
    return _ending(period)


@pages.post("/contracts/<uuid:period>/end")
@gate.page(gate.ADMIN)
def end(period: uuid.UUID) -> ResponseReturnValue:
    """End it now, with a reason."""
    why = clean(request.form.get("why", ""))
    if not any(map(str.isalnum, why)) or len(why) > WRITTEN:
        words = f"Say why it ends, in at most {WRITTEN:,} characters: both administrators read it"
        return _ending(period, why, (("why", words),))
    try:
        still = contracts.end(db.session(), gate.doors(), gate.actor(), period, why)
    except Conflict:
        session[DONE] = "That was ended meanwhile. Nothing was changed."
    else:
        session[DONE] = _ended(still)
    return redirect(url_for(".everything"), 303)


def _ended(still: str) -> str:
    if not still:
        return "Ended. It counts from the next request on."
    on = f"Another period covers today, so {still} is still shown what is given under its contract."
    return f"Ended. {on} End that one too if the contract is over."


def _ending(period: uuid.UUID, why: str = "", errors: Errors = ()) -> ResponseReturnValue:
    found, receipt = contracts.one(db.session(), gate.doors(), gate.actor(), period)
    d = {
        "name": found.name,
        "period": found.periods[0],
        "over": found.state in (OVER, NOTHING),
        "why": why,
        "errors": errors,
        "action": url_for(".end", period=period),
        "cancel": url_for(".everything"),
    }
    status, title = 422 if errors else 200, f"End a contract of {found.name}"
    back = d["cancel"]
    return show("contract_end.html", title, status=status, receipt=receipt, back=back, back_text="Contracts", d=d)
