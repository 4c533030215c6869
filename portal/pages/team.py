"""Who works on what, for the SPOC of a party: its people with their cases, hand-over and cover."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from flask import Blueprint, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from portal import gate
from portal.casework import cover, team
from portal.casework.cover import Moved, Order
from portal.casework.team import Cover, Desk, Member
from portal.db import db
from portal.pages.day_input import Day, day_of, first_instant, sent, today, typed
from portal.pages.frame import Alert
from portal.pages.presenting import day, plural, sentence
from portal.pages.rendering import show
from portal.sharing import absences

pages = Blueprint("team", __name__)

DONE = "team-done"
COVER, GOOD = "cover", "good"
LONGEST = timedelta(days=366)
NO_DAY = "must be a real date, like 27 3 2027"
NAMED = 60  # references that a message names: it travels in a cookie


@dataclass(frozen=True, slots=True)
class Form:
    """A hand-over as typed. `ticked` None: every case. `lines` are (value, Line, ticked)."""

    to: str = ""
    starts: Day = ("", "", "")
    until: Day = ("", "", "")
    reason: str = ""
    telephone: str = ""
    ticked: frozenset[str] | None = None
    errors: tuple[tuple[str, str], ...] = ()


@pages.get("/team")
@gate.page(gate.TEAM)
def everyone() -> ResponseReturnValue:
    """The people of the party, how many cases each works on, and who covers for whom."""
    found = team.team(db.session(), gate.doors(), gate.actor())
    done = session.pop(DONE, None)
    d = {
        "party": found.party,
        "people": [(m, url_for(".one", user=m.user), _notes(m)) for m in found.members],
    }
    alerts = (Alert("done", str(done)),) if done else ()
    return show("team.html", f"Who works on what at {found.party}", receipt=found.receipt, alerts=alerts, d=d)


@pages.get("/team/<uuid:user>")
@gate.page(gate.TEAM)
def one(user: uuid.UUID) -> ResponseReturnValue:
    """The cases of one person, all ticked, to be covered or handed over; with the days of a time away filled in."""
    found = absences.days(db.session(), gate.actor().party, user, id_of(request.args.get("away", "")))
    if found:
        return _one(user, Form(starts=typed(max(found[0], today())), until=typed(found[1]), reason="Time away"))
    return _one(user, Form(starts=typed(today())))


@pages.post("/team/<uuid:user>")
@gate.page(gate.TEAM)
def move(user: uuid.UUID) -> ResponseReturnValue:
    """Arrange the cover, or hand over for good; or say what to correct."""
    form = request.form
    given = Form(
        to=form.get("to", ""),
        starts=sent("starts"),
        until=sent("until"),
        reason=form.get("reason", "").strip(),
        telephone=form.get("telephone", "").strip(),
        ticked=frozenset(value.partition(".")[0] for value in form.getlist("case")),
    )
    for_good = form.get("for") == GOOD
    order = _order(user, given, for_good)
    found = cover.problems(db.session(), gate.doors(), gate.actor(), order) | _day_problems(given, for_good)
    if found:
        names = ("to", "starts", "until", "reason", "telephone", "case")
        return _one(user, given, tuple((name, found[name]) for name in names if name in found))
    moved = cover.move(db.session(), gate.doors(), gate.actor(), order)
    last = None if order.until is None else day_of(given.until)
    session[DONE] = _told(moved, f"covered until {day(last)}" if last else "handed over")
    return redirect(url_for(".everyone"), 303)


@pages.post("/team/<uuid:user>/cover/<uuid:whom>/end")
@gate.page(gate.TEAM)
def end(user: uuid.UUID, whom: uuid.UUID) -> ResponseReturnValue:
    """End the cover that one gives another now: someone is back early."""
    count = cover.end(db.session(), gate.doors(), gate.actor(), user, whom)
    session[DONE] = f"Cover ended on {plural(count, 'case')}."
    return redirect(url_for(".everyone"), 303)


def standing(covers: Iterable[Cover], user: uuid.UUID) -> tuple[Alert, ...]:
    """For the home page of both: who covers for whom, until when, on how many cases."""
    return tuple(
        Alert("notice", _cases_of(c, user), heading=f"Cover for {c.whom_name} until {day(c.until)}") for c in covers
    )


def _cases_of(c: Cover, user: uuid.UUID) -> str:
    since = f"From {day(c.starts)} " if c.starts else ""
    cases = plural(c.cases, "case")
    if c.who == user:
        return sentence(f"{since}you also work on {cases} of {c.whom_name}. It ends by itself.")
    return sentence(f"{since}{c.who_name} also works on {cases} of yours. It ends by itself.")


def _one(user: uuid.UUID, given: Form, errors: tuple[tuple[str, str], ...] = ()) -> ResponseReturnValue:
    found = team.desk(db.session(), gate.doors(), gate.actor(), user)
    member = found.member
    d = {
        "member": member,
        "action": url_for(".move", user=user),
        "cancel": url_for(".everyone"),
        "colleagues": [(str(m.user), m.name, _about(m)) for m in found.colleagues],
        "form": given,
        "errors": errors,
        "lines": _lines(found, given),
        "covers": [(c, url_for(".end", user=c.who, whom=c.whom)) for c in (*member.covered, *member.covers)],
    }
    return show(
        "team_one.html",
        f"Cases of {member.name}",
        status=422 if errors else 200,
        marking=found.marking,
        receipt=found.receipt,
        back=url_for(".everyone"),
        back_text="Who works on what",
        d=d,
    )


def _lines(found: Desk, given: Form) -> list[tuple[str, team.Line, bool]]:
    return [
        (f"{line.case.hex}.{line.stamp}", line, given.ticked is None or line.case.hex in given.ticked)
        for line in found.lines
    ]


def _about(member: Member) -> str:
    away = f"Away until {day(member.away)}. " if member.away else ""
    ends = f", role ends {day(member.role_ends)}" if member.role_ends else ""
    return f"{away}{sentence(member.roles[0])}, {plural(member.cases, 'open case')} now{ends}"


def _notes(member: Member) -> tuple[str, ...]:
    """Time away of someone, cover by and for them, in words."""
    covered = (f"covered by {c.who_name}{_from(c)} until {day(c.until)}" for c in member.covered)
    covers = (f"covers for {c.whom_name}{_from(c)} until {day(c.until)}" for c in member.covers)
    away = (f"away until {day(member.away)}",) if member.away else ()
    return tuple(sentence(words) for words in (*away, *covered, *covers))


def _from(c: Cover) -> str:
    return f" from {day(c.starts)}" if c.starts else ""


def _day_problems(given: Form, for_good: bool) -> dict[str, str]:
    problems: dict[str, str] = {}
    first, last = day_of(given.starts), day_of(given.until)
    if first is None:
        problems["starts"] = f"The first day {NO_DAY}"
    elif not today() <= first <= today() + LONGEST:
        problems["starts"] = "The first day must be today or within a year"
    if for_good and any(given.until):
        problems["until"] = "Leave the last day empty to hand over for good"
    elif not for_good and last is None:
        problems["until"] = f"The last day of the cover {NO_DAY}"
    elif last and first and not first <= last <= first + LONGEST:
        problems["until"] = "The last day must not be before the first, and at most a year after it"
    return problems


def _order(user: uuid.UUID, given: Form, for_good: bool) -> Order:
    """What was asked for. Days that are none are judged before; a case or colleague that is none is nobody's."""
    first, last = day_of(given.starts) or today(), day_of(given.until)
    chosen = {}
    for value in request.form.getlist("case"):
        case, _, stamp = value.partition(".")
        chosen[id_of(case)] = stamp
    until = None if for_good or last is None else first_instant(last + timedelta(days=1))
    starts = gate.doors().clock() if first <= today() else first_instant(first)
    return Order(user, id_of(given.to), chosen, starts, until, given.reason, given.telephone)


def id_of(text: str) -> uuid.UUID:
    """The id that a form sent; that of nobody where it is none."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return uuid.UUID(int=0)


def _told(moved: Moved, what: str) -> str:
    are = "is" if moved.count == 1 else "are"
    words = [f"{plural(moved.count, 'case')} {are} {what}." if moved.count else "No case was changed."]
    if moved.left:
        named = ", ".join(moved.left[:NAMED]) + (" and more" if len(moved.left) > NAMED else "")
        words.append(
            f"Left as they were, because they were assigned otherwise meanwhile or to this colleague: {named}."
        )
    if moved.gone:
        words.append(f"{plural(moved.gone, 'case')} cannot be assigned by you any more.")
    return " ".join(words)
