"""The people of a party, for its administrator: who works here, in which role, until when. No case content."""

import uuid
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal import gate
from portal.auth.errors import CapacityRefused
from portal.db import db, from_micros
from portal.pages.day_input import Day, day_of, first_instant, sent, today, typed
from portal.pages.frame import Alert
from portal.pages.presenting import joined, sentence
from portal.pages.rendering import show
from portal.sharing import contracts, roster
from portal.sharing.roster import Elsewhere, Member, Offered

pages = Blueprint("people", __name__)

PAGE = 50
SOON = timedelta(days=30)
LONGEST = timedelta(days=366)
NOTES = {
    True: "Works with cases, as far as the agreement gives.",
    False: "Sees no case content.",
}


@dataclass(frozen=True, slots=True)
class Grant:
    """The form that gives a role; `roles` are (id, name, note), `elsewhere` says who gives the rest, days as typed."""

    name: str
    action: str
    cancel: str
    roles: tuple[tuple[str, str, str], ...]
    elsewhere: tuple[str, ...]
    suggested: str
    role: str
    starts: Day
    ends: Day
    errors: tuple[tuple[str, str], ...] = ()


def start(alerts: tuple[Alert, ...] = ()) -> ResponseReturnValue:
    """An administrator's home: who waits for a role, whose role is about to end."""
    found = roster.everyone(db.session(), gate.doors(), gate.actor())
    now = from_micros(gate.doors().clock())
    waiting = [m for m in found.members if m.state == "waiting"]
    ending = [m for m in found.members if m.state == "active" and m.ends and m.ends - now < SOON]
    d = {
        "party": found.party,
        "active": sum(m.state == "active" for m in found.members),
        "people_path": url_for("people.everyone"),
        "secondment_path": url_for("secondment.everyone"),
        "contracts_path": url_for("contract.everything") if contracts.concerns(gate.doors(), gate.actor()) else "",
        "waiting": [(m, _path(m)) for m in waiting],
        "ending": [(m, _path(m)) for m in ending],
    }
    return show("home_admin.html", f"People at {found.party}", receipt=found.receipt, alerts=alerts, d=d)


@pages.get("/people")
@gate.page(gate.ADMIN)
def everyone() -> ResponseReturnValue:
    """Everyone with a role, or waiting for one, or who has left; by name, fifty a page."""
    found = roster.everyone(db.session(), gate.doors(), gate.actor())
    wanted = request.args.get("show", "active")
    fitting = [m for m in found.members if m.state == wanted]
    number = min(max(request.args.get("page", 1, int), 1), len(fitting) // PAGE + 1)
    first = (number - 1) * PAGE
    here = fitting[first : first + PAGE]
    d = {
        "party": found.party,
        "people": [(m, _path(m)) for m in here],
        "shown": wanted,
        "action": url_for(".everyone"),
        "previous": url_for(".everyone", show=wanted, page=number - 1) if number > 1 else None,
        "next": url_for(".everyone", show=wanted, page=number + 1) if first + PAGE < len(fitting) else None,
        "words": f"{first + 1:,} to {first + len(here):,} of {len(fitting):,}",
    }
    return show("admin_people.html", f"People at {found.party}", receipt=found.receipt, d=d)


@pages.get("/people/<uuid:user>")
@gate.page(gate.ADMIN)
def person(user: uuid.UUID) -> ResponseReturnValue:
    """One person: roles, sessions, leaving."""
    found = roster.one(db.session(), gate.doors(), gate.actor(), user)
    d = {
        "person": found,
        "ends": [(c, url_for(".end", user=user, capacity=c.id)) for c in found.capacities],
        "grant_path": url_for(".grant", user=user),
        "end_sessions_action": url_for(".end_sessions", user=user),
        "away_path": url_for("away.times", user=user),
        "leaver_path": url_for(".confirm_leaver", user=user),
    }
    back, receipt = url_for(".everyone"), found.receipt
    return show("admin_person.html", found.name, receipt=receipt, back=back, back_text="People", d=d)


@pages.get("/people/<uuid:user>/roles/give")
@gate.page(gate.ADMIN)
def grant(user: uuid.UUID) -> ResponseReturnValue:
    """The form that gives a role: from today, for a year, unless changed."""
    first = today()
    return _grant(user, "", typed(first), typed(first + timedelta(days=364)))


@pages.post("/people/<uuid:user>/roles/give")
@gate.page(gate.ADMIN)
def give(user: uuid.UUID) -> ResponseReturnValue:
    """Give the role, or say what to correct."""
    role, starts, ends = request.form.get("role", ""), sent("starts"), sent("ends")
    first, last = day_of(starts), day_of(ends)
    errors = problems(role, first, last)
    if not errors and first and last:
        now = gate.doors().clock()
        since = max(first_instant(first), now) if first == today() else first_instant(first)
        try:
            until = first_instant(last + timedelta(days=1))
            roster.grant(db.session(), gate.doors(), gate.actor(), user, role, since, until)
        except CapacityRefused as refused:
            errors = (("role", refused.words),)
        else:
            return redirect(url_for(".person", user=user), 303)
    return _grant(user, role, starts, ends, errors)


@pages.post("/people/<uuid:user>/roles/<uuid:capacity>/end")
@gate.page(gate.ADMIN)
def end(user: uuid.UUID, capacity: uuid.UUID) -> ResponseReturnValue:
    """End a role now; sessions in it stop with it."""
    roster.end(db.session(), gate.doors(), gate.actor(), capacity)
    return redirect(url_for(".person", user=user), 303)


@pages.post("/people/<uuid:user>/sessions/end")
@gate.page(gate.ADMIN)
def end_sessions(user: uuid.UUID) -> ResponseReturnValue:
    """Sign the person out everywhere."""
    roster.end_sessions(db.session(), gate.doors(), gate.actor(), user)
    return redirect(url_for(".person", user=user), 303)


@pages.get("/people/<uuid:user>/leaver")
@gate.page(gate.ADMIN)
def confirm_leaver(user: uuid.UUID) -> ResponseReturnValue:
    """Has this person left? Asked once more, because an account that ended does not come back."""
    return _leaver(user)


@pages.post("/people/<uuid:user>/leaver")
@gate.page(gate.ADMIN)
def leaver(user: uuid.UUID) -> ResponseReturnValue:
    """End the account, its roles and its sessions together."""
    try:
        roster.leaver(db.session(), gate.doors(), gate.actor(), user)
    except CapacityRefused as refused:
        return _leaver(user, refused.words)
    return redirect(url_for(".everyone"), 303)


def _leaver(user: uuid.UUID, problem: str = "") -> ResponseReturnValue:
    found = roster.one(db.session(), gate.doors(), gate.actor(), user)
    d: dict[str, Any] = {
        "question": f"Has {found.name} left?",
        "consequences": [
            *([problem] if problem else []),
            "Every role ends and every session stops at once. The account cannot be used again.",
            "What this person did stays in the access log.",
        ],
        "action": url_for(".leaver", user=user),
        "hidden": {},
        "button": "Record as a leaver",
        "cancel": url_for(".person", user=user),
    }
    return show("confirm.html", "Has this person left?", status=422 if problem else 200, receipt=found.receipt, d=d)


def _grant(
    user: uuid.UUID, role: str, starts: Day, ends: Day, errors: tuple[tuple[str, str], ...] = ()
) -> ResponseReturnValue:
    found = roster.one(db.session(), gate.doors(), gate.actor(), user)
    d = Grant(
        name=found.name,
        action=url_for(".give", user=user),
        cancel=url_for(".person", user=user),
        roles=tuple(choice(o) for o in roster.offered(gate.doors(), gate.actor().party)),
        elsewhere=tuple(_given_by(e) for e in roster.elsewhere(gate.doors(), gate.actor().party)),
        suggested=joined(found.suggested),
        role=role,
        starts=starts,
        ends=ends,
        errors=errors,
    )
    status = 422 if errors else 200
    return show(
        "admin_grant.html", "Give a role", status=status, receipt=found.receipt, back=d.cancel, back_text=d.name, d=d
    )


def choice(offer: Offered) -> tuple[str, str, str]:
    """A role as a form offers it: id, name, what it means."""
    only = f" Held only at {joined(offer.only)}." if offer.only else ""
    return offer.id, sentence(offer.name), (offer.note or NOTES[offer.content]) + only


def _given_by(other: Elsewhere) -> str:
    given = f"given by {joined(other.parties)}" if other.parties else "given by the operator, at set-up"
    return f"{sentence(other.name)}: {given}."


def _path(member: Member) -> str:
    return url_for("people.person", user=member.user)


def problems(role: str, first: date | None, last: date | None) -> tuple[tuple[str, str], ...]:
    """What is wrong with a role and its days as typed, by the name of the input."""
    problems = []
    if not role:
        problems.append(("role", "Choose a role"))
    if first is None:
        problems.append(("starts", "The first day must be a real date, like 27 3 2027"))
    elif first < today():
        problems.append(("starts", "The first day cannot be in the past"))
    if last is None:
        problems.append(("ends", "The last day must be a real date, like 27 3 2028"))
    elif first and not first <= last <= first + LONGEST:
        problems.append(("ends", "The last day must be after the first day, and at most a year after it"))
    return tuple(problems)
