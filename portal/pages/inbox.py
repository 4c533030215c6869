"""The inbox of the panel's list: who waits, and one answer to each, or several accepted in one go."""

import uuid
from collections.abc import Mapping

from flask import Blueprint, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from portal import gate
from portal.casework import inbox
from portal.db import db
from portal.errors import Conflict
from portal.pages.frame import Alert
from portal.pages.presenting import plural
from portal.pages.rendering import show
from portal.pages.team import id_of
from portal.sharing.fields import Invalid
from portal.sharing.inbox import ACCEPTED, ASKED, GONE, LAPSED, PAGE, REFUSED, WAITING, WITHDRAWN
from portal.sharing.reading.earlier import earlier
from portal.sharing.reading.referrals import Line

pages = Blueprint("inbox", __name__)

DONE = "inbox"
LAST_PAGE = 10_000
EXCERPT = 280  # characters of a reason in the list
CHOICES = (
    (ACCEPTED, "Accept: it goes to the panel", ""),
    (ASKED, "Ask for more", "Whoever referred is asked, and it waits again once they have answered"),
    (REFUSED, "Refuse", "Whoever referred is told, with your reason"),
)
ANSWERED = {
    **{ACCEPTED: "Accepted", ASKED: "Asked for more", REFUSED: "Refused"},
    WITHDRAWN: "No longer offered: taken back",
    LAPSED: "No longer offered: the case that it came from is closed",
}
TOLD = {ACCEPTED: "Accepted to the panel", ASKED: "Asked. It waits for whoever referred", REFUSED: "Refused"}
NONE = "Tick at least one referral"


def alerts() -> tuple[Alert, ...]:
    """For the home page of whoever keeps the list: how many wait."""
    count = inbox.count(db.session(), gate.doors(), gate.actor())
    if not count:
        return ()
    words = f"{plural(count, 'referral')} {'waits' if count == 1 else 'wait'} for your answer."
    return (Alert("notice", words, path=url_for("inbox.waiting"), path_text="Answer now"),)


@pages.get("/inbox")
@gate.page(gate.INBOX)
def waiting() -> ResponseReturnValue:
    """Who waits, since when, from whom and why."""
    return _list({})


@pages.post("/inbox")
@gate.page(gate.INBOX)
def accept() -> ResponseReturnValue:
    """Accept those that are ticked to the panel, in one go."""
    chosen = {}
    for value in request.form.getlist("referral"):
        referral, _, version = value.partition(".")
        if version.isdecimal():
            chosen[id_of(referral)] = int(version[:9])
    if not chosen:
        return _list({"referral": NONE}, 400)
    done, left = inbox.accept(db.session(), gate.doors(), gate.actor(), chosen)
    words = [f"{plural(done, 'referral')} accepted to the panel."] if done else []
    if left:
        words.append(f"{plural(left, 'referral')} left as before: answered or de-selected by somebody else meanwhile.")
    session[DONE] = " ".join(words) or "Nothing was changed."
    return redirect(url_for(".waiting"), 303)


@pages.get("/inbox/<uuid:referral>")
@gate.page(gate.INBOX)
def one(referral: uuid.UUID) -> ResponseReturnValue:
    """One referral with all that was written, and the three answers."""
    return _one(referral, {})


@pages.post("/inbox/<uuid:referral>")
@gate.page(gate.INBOX)
def answer(referral: uuid.UUID) -> ResponseReturnValue:
    """Answer it; on a page that was too old say so, and give back what was typed."""
    typed = request.form
    version, state = typed.get("version", 0, type=int), typed.get("answer", "")
    try:
        inbox.answer(db.session(), gate.doors(), gate.actor(), referral, version, state, typed.get("reason", ""))
    except Invalid as wrong:
        return _one(referral, typed, tuple(wrong.problems.items()), 400)
    except Conflict:
        return _one(referral, typed, status=409)
    session[DONE] = f"{TOLD[state]}."
    return redirect(url_for(".waiting"), 303)


def _list(problems: Mapping[str, str], status: int = 200) -> ResponseReturnValue:
    page = min(max(request.args.get("page", 1, int), 1), LAST_PAGE)
    found = inbox.waiting(db.session(), gate.doors(), gate.actor(), page)
    if page > 1 and not found.lines and not found.hidden:
        return redirect(url_for(".waiting"))
    last = min(page * PAGE, found.total)
    boroughs = {line.borough for line in found.lines}
    d = {
        "lines": [(line, *_excerpts(line), url_for(".one", referral=line.id)) for line in found.lines],
        "boroughs": len(boroughs) > 1,
        "total": found.total,
        "hidden": found.hidden,
        "asked": found.asked,
        "gone": found.gone,
        "action": url_for(".accept", page=page if page > 1 else None),
        "words": f"{(page - 1) * PAGE + 1:,} to {last:,} of {found.total:,}, the longest waiting first",
        "previous": url_for(".waiting", page=page - 1 if page > 2 else None) if page > 1 else None,
        "next": url_for(".waiting", page=page + 1) if last < found.total else None,
        "errors": list(problems.items()),
        "criteria": url_for("criteria.everything"),
        "same_person": url_for("same_person.everything"),
    }
    done = session.pop(DONE, None)
    return show(
        "inbox.html",
        "Referrals waiting",
        status=status,
        marking=found.marking,
        receipt=found.receipt,
        alerts=(Alert("done", str(done)),) if done else (),
        d=d,
    )


def _excerpts(line: Line) -> tuple[str, str]:
    """The reason, and what was added last or "", each shortened at a word."""
    words = [_short(each.reason) for each in line.words]
    return (words[0] if words else ""), (words[-1] if len(words) > 1 else "")


def _short(text: str) -> str:
    return text if len(text) <= EXCERPT else f"{text[:EXCERPT].rpartition(' ')[0] or text[:EXCERPT]} …"


def _one(
    referral: uuid.UUID, typed: Mapping[str, str], errors: tuple[tuple[str, str], ...] = (), status: int = 200
) -> ResponseReturnValue:
    line, answers, marking, receipt = inbox.one(db.session(), gate.doors(), gate.actor(), referral)
    waits, late = line.state == WAITING, status == 409
    assessed = inbox.assessed(db.session(), gate.doors(), gate.actor(), referral) if waits else None
    chosen, reason = typed.get("answer", ""), typed.get("reason", "")
    d = {
        "line": line,
        "assessed": assessed,
        "earlier": earlier(db.session(), gate.doors(), gate.actor(), line.case),
        "name": line.name or "Name not shown",
        "case": url_for("case.ask", case=line.case),
        "action": url_for(".answer", referral=referral) if waits else "",
        "version": line.version,
        "choices": [choice for choice in CHOICES if choice[0] in answers],
        "untold": ASKED not in answers,
        "chosen": chosen,
        "reason": reason,
        "late": late,
        "gone": line.state in GONE,
        "answered": "" if waits else ANSWERED[line.state],
        "typed": [(ANSWERED.get(chosen, "Your answer"), reason)] if late and reason and not waits else [],
        "errors": errors,
        "cancel": url_for(".waiting"),
    }
    back = {"back": url_for(".waiting"), "back_text": "Referrals waiting"}
    return show("inbox_one.html", str(d["name"]), status=status, marking=marking, receipt=receipt, **back, d=d)
