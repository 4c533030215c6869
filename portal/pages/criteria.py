"""The criteria of a borough: what is in force, what went before, and the next version with whom it changes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256

from flask import Blueprint, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from portal import gate
from portal.casework import criteria, criteria_keeping, criteria_preview, criteria_sets, inbox, team
from portal.casework.criteria import GROUPS, Rules
from portal.casework.criteria_preview import Preview
from portal.casework.criteria_sets import Version
from portal.db import db, from_micros, to_micros
from portal.errors import Conflict
from portal.pages.criteria_form import USES, form, rules_of, typed_of
from portal.pages.day_input import day_of, sent, today, typed
from portal.pages.frame import Alert
from portal.pages.rendering import OFFICIAL, show
from portal.sharing.days import midnight
from portal.sharing.fields import Invalid
from portal.sharing.reading import staff

pages = Blueprint("criteria", __name__)

DONE = "criteria"
MEANWHILE = (
    "Somebody kept another version since you opened this page. It stands above; yours is kept below. Look again."
)
CHANGED = "You changed it since you looked whom it would change. Look at it as it is now, then keep it."
IN_FORCE, TO_COME, BEFORE, NEVER = "In force", "To come", "Before", "Never in force"


@dataclass(frozen=True, slots=True)
class Told:
    """One version in sentences: since when, and who made it when."""

    number: int
    since: str
    sentences: tuple[tuple[str, tuple[str, ...]], ...]
    oldest: int
    state: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Group:
    """The criteria of one borough for one group: the latest first; `path` to write the next."""

    borough: str
    whom: str
    versions: tuple[Told, ...]
    path: str


@pages.get("/criteria")
@gate.page(gate.INBOX)
def everything() -> ResponseReturnValue:
    """The criteria of every borough whose list this capacity keeps, with what went before."""
    doors, actor = gate.doors(), gate.actor()
    kept = inbox.keeps(doors, actor)
    every = criteria_sets.versions(db.session(), kept)
    users = sorted({v.made_by for v in every})
    receipt = team.look(db.session(), doors, actor, "list", users) if users else None
    names = staff.names(db.session(), doors, users)
    groups = []
    for agreement in kept:
        of = [v for v in every if v.agreement == agreement]
        now = criteria_sets.in_force(of, today())
        for people, whom in GROUPS.items():
            mine = [v for v in of if v.people == people]
            told = tuple(_told(v, _state(v, now.get(people), mine), names[v.made_by]) for v in mine)
            path = url_for(".edit", agreement=agreement, people=people)
            groups.append(Group(doors.book.engine(agreement).agreement.borough, whom, told, path))
    done = session.pop(DONE, None)
    return show(
        "criteria.html",
        "Criteria for selection",
        receipt=receipt,
        alerts=(Alert("done", str(done)),) if done else (),
        back=url_for("inbox.waiting"),
        back_text="Referrals waiting",
        d={"groups": groups},
    )


def _state(version: Version, now: Version | None, every: Iterable[Version]) -> str:
    """Whether it is in force. One that another took the place of before its first day never was, nor is it to come."""
    begins = to_micros(midnight(version.starts))
    if any(v.number > version.number and v.starts <= version.starts and v.made_at < begins for v in every):
        return NEVER
    return IN_FORCE if version == now else TO_COME if version.starts > today() else BEFORE


def _told(version: Version, state: str, by: str) -> Told:
    sentences = criteria.in_sentences(version.rules)
    at = from_micros(version.made_at)
    return Told(version.number, criteria.day(version.starts), sentences, version.rules.oldest, state, by, at)


@pages.get("/criteria/<agreement>/<people>")
@gate.page(gate.INBOX)
def edit(agreement: str, people: str) -> ResponseReturnValue:
    """The form of the next version, filled with the latest."""
    criteria_keeping.require(db.session(), gate.doors(), gate.actor(), agreement, people)
    latest = _latest(agreement, people)
    starts = max(today(), latest.starts) if latest else today()
    return _form(agreement, people, typed_of(latest.rules if latest else None), typed(starts), latest)


@pages.post("/criteria/<agreement>/<people>")
@gate.page(gate.INBOX)
def save(agreement: str, people: str) -> ResponseReturnValue:
    """Look whom it would change, or keep it: what was changed since the look is looked at first."""
    doors, actor, told, starts = gate.doors(), gate.actor(), request.form, sent("starts")
    given = criteria_keeping.require(db.session(), doors, actor, agreement, people)
    rules, base = rules_of(told, criteria_keeping.choices(given)), told.get("base", 0, type=int)
    latest = _latest(agreement, people)
    try:
        if base != (latest.number if latest else 0):
            raise Conflict(agreement, base)
        keeps = told.get("do") == "keep"
        if not keeps or told.get("looked") != _looked(rules, day_of(starts)):
            criteria_keeping.check(given, rules, day_of(starts), latest, today())
            page = min(max(told.get("page", 1, type=int), 1), 10_000)
            seen = criteria_preview.preview(db.session(), doors, actor, agreement, people, rules, page)
            return _form(agreement, people, told, starts, latest, {"": CHANGED} if keeps else None, preview=seen)
        number = criteria_keeping.save(db.session(), doors, actor, agreement, people, base, rules, day_of(starts))
    except Invalid as wrong:
        return _form(agreement, people, told, starts, latest, wrong.problems)
    except Conflict:
        return _form(agreement, people, told, starts, _latest(agreement, people), {"": MEANWHILE}, status=409)
    session[DONE] = f"Version {number} for {GROUPS[people]} is kept."
    return redirect(url_for(".everything"), 303)


def _looked(rules: Rules, starts: date | None) -> str:
    """What a form says of the version that its page has shown. Against slips, not against a forger: who may keep one
    may keep any."""
    return sha256(f"{starts} {rules.written()}".encode()).hexdigest()[:32]


def _latest(agreement: str, people: str) -> Version | None:
    every = criteria_sets.versions(db.session(), [agreement])
    return next((v for v in every if v.people == people), None)


def _form(
    agreement: str,
    people: str,
    told: MultiDict[str, str],
    starts: tuple[str, str, str],
    latest: Version | None,
    problems: dict[str, str] | None = None,
    status: int = 400,
    preview: Preview | None = None,
) -> ResponseReturnValue:
    given = gate.doors().book.engine(agreement).agreement
    wrong = problems or {}
    d = {
        "borough": given.borough,
        "whom": GROUPS[people],
        "form": form(told, criteria_keeping.choices(given), wrong),
        "uses": USES,
        "starts": starts,
        "latest": _told(latest, "", "") if latest else None,
        "number": latest.number + 1 if latest else 1,
        "base": latest.number if latest else 0,
        "meanwhile": status == 409,
        "errors": list(wrong.items()),
        "preview": preview,
        "looked": _looked(rules_of(told, criteria_keeping.choices(given)), day_of(starts)) if preview else "",
        "changes": [(c, url_for("case.ask", case=c.case)) for c in preview.changes] if preview else [],
        "page": told.get("page", 1, type=int),
        "action": url_for(".save", agreement=agreement, people=people),
        "cancel": url_for(".everything"),
    }
    return show(
        "criteria_form.html",
        f"Criteria of {given.borough} for {GROUPS[people]}",
        status=status if wrong else 200,
        marking=preview.marking if preview else OFFICIAL,
        receipt=preview.receipt if preview else None,
        back=url_for(".everything"),
        back_text="Criteria for selection",
        d=d,
    )
