"""The data-protection officer's pages: the log in words, one entry in full, emergencies to review, verification.

An officer says once a session which use of DPA 2018 s.62(4) the log is read for; every reading is logged with it.
"""

import uuid
from collections.abc import Mapping
from datetime import timedelta

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal import gate
from portal.db import db
from portal.errors import NotFound
from portal.pages import log_use, question, witness_view
from portal.pages import log_view as view
from portal.pages.boxes import day_text, day_typed
from portal.pages.frame import Alert
from portal.pages.limits import SEARCH, by_account, limiter
from portal.pages.log_view import Pages
from portal.pages.rendering import SENSITIVE, show
from portal.sharing.days import day_at, midnight
from portal.sharing.fields import Invalid
from portal.sharing.logbook import emergencies as logged_emergencies
from portal.sharing.logbook import entries as logged
from portal.sharing.logbook import links, lookup, one, overall, questions, verifying, vouching
from portal.sharing.logbook.entries import Wanted
from portal.sharing.logbook.findings import OUTCOMES
from portal.sharing.logbook.scope import HOME_USE, PARTNERSHIP, USES

pages = Blueprint("log", __name__, url_prefix="/log")

WEEK = timedelta(days=7)
DONE = {
    "reviewed": Alert("done", "Your finding was recorded."),
    "settled": Alert("warning", "Your agency had settled this already. Its finding stands: yours was not recorded."),
}


@pages.get("/home")
@gate.page(gate.LOG)
def home() -> ResponseReturnValue:
    """Is the log whole, what waits, what is unusual, who else read the log."""
    actor, doors = gate.actor(), gate.doors()
    since = midnight(day_at(doors.clock()) - WEEK)
    found = overall.glance(db.session(), doors, actor, log_use.named() or HOME_USE, since)
    refused = tuple(
        (name, number, _path(Wanted(agency=party, outcome="refused", since=since.date())))
        for party, name, number in found.refused
    )
    d = {
        "verified": view.verdict(found.verified) if found.verified else None,
        "waiting": found.waiting,
        "late": found.late,
        "answers": questions.unread(db.session(), actor),
        "notices": found.notices,
        "refused": refused,
        "readings": found.readings,
        "vouched": witness_view.told(vouching.vouched(db.session(), doors)),
    }
    return show("home_dpo.html", "Access log", receipt=found.receipt, alerts=question.alerts(), d=d)


@pages.get("/use")
@gate.page(gate.LOG)
def use() -> ResponseReturnValue:
    """What is the log read for?"""
    return _ask_use("")


@pages.post("/use")
@gate.page(gate.LOG)
def choose_use() -> ResponseReturnValue:
    """Remember the use for this session; each reading is logged with it."""
    chosen = request.form.get("use", "")
    if chosen not in USES:
        return _ask_use("Select what you need the log for")
    log_use.keep(chosen)
    return redirect(log_use.local(request.form.get("next", "")), 303)


@pages.get("")
@gate.page(gate.LOG)
def entries() -> ResponseReturnValue:
    """The log, newest first, narrowed by what the sealed address says."""
    if log_use.named() is None:
        return log_use.ask()
    wanted = wanted_of(request.args.get("q", ""))
    return _listing(wanted, view.typed(wanted), (), request.args.get("after"))


@pages.post("")
@gate.page(gate.LOG)
def narrow() -> ResponseReturnValue:
    """Filters go into an address that only this session can read."""
    if log_use.named() is None:
        return log_use.ask(url_for(".entries"))
    wanted, boxes, errors = view.asked(request.form)
    if errors:
        return _listing(wanted, boxes, errors, None)
    return redirect(_path(wanted), 303)


@pages.get("/person")
@gate.page(gate.LOG)
def person() -> ResponseReturnValue:
    """The look-up, and what it found: case references, nothing else."""
    if log_use.named() is None:
        return log_use.ask()
    token = request.args.get("found", "")
    if not token:
        return _lookup()
    doors, actor = gate.doors(), gate.actor()
    told = links.unseal(doors, actor, token).get("found", [])
    found = lookup.show(db.session(), doors, actor, log_use.named() or "", told)
    shown = tuple((reference, _path(Wanted(case=reference))) for reference in found.references)
    return _lookup(shown, receipt=found.receipt)


@pages.post("/person")
@limiter.limit(SEARCH, key_func=by_account)
@gate.page(gate.LOG)
def find_person() -> ResponseReturnValue:
    """Exact look-up; the terms are sealed in the log and stand in no address."""
    chosen = log_use.named()
    if chosen is None:
        return log_use.ask(url_for(".person"))
    form, doors, actor = request.form, gate.doors(), gate.actor()
    terms = lookup.Terms(form.get("number", ""), form.get("surname", ""), day_text(form, "born"))
    try:
        found = lookup.find(db.session(), doors, actor, chosen, terms)
    except Invalid as invalid:
        return _lookup(errors=tuple(invalid.problems.items()))
    if len(found) == 1:
        return redirect(_path(Wanted(case=found[0])), 303)
    return redirect(url_for(".person", found=links.seal(doors, actor, {"found": found})), 303)


@pages.get("/emergencies")
@gate.page(gate.LOG)
def emergencies() -> ResponseReturnValue:
    """Emergency accesses: those awaiting review first."""
    if log_use.named() is None:
        return log_use.ask()
    return _emergencies()


@pages.post("/emergencies/<uuid:visit>")
@gate.page(gate.LOG)
def review(visit: uuid.UUID) -> ResponseReturnValue:
    """The finding on one emergency access."""
    if log_use.named() is None:
        return log_use.ask(url_for(".emergencies"))
    form = request.form
    try:
        outcome, note = form.get("outcome", ""), form.get("note", "")
        recorded = logged_emergencies.review(db.session(), gate.doors(), gate.actor(), visit, outcome, note)
    except Invalid as invalid:
        return _emergencies(visit, form.get("outcome", ""), form.get("note", ""), invalid.problems)
    return redirect(url_for(".emergencies", done="reviewed" if recorded else "settled"), 303)


@pages.get("/verify")
@gate.page(gate.LOG)
def verified() -> ResponseReturnValue:
    """The result of a check: the one that `since` names, else the last."""
    doors = gate.doors()
    began = request.args.get("since", type=int)
    found = verifying.last(db.session(), doors) if began is None else verifying.outcome(db.session(), doors, began)
    if isinstance(found, verifying.UnderWay):
        return show("dpo_verifying.html", "Verifying the log", refresh_seconds=3, d=found)
    d = {"found": view.verdict(found) if found else None, "asked": began is not None}
    return show("dpo_verify.html", "Is the log whole?", back=url_for(".home"), back_text="Home", d=d)


@pages.post("/verify")
@gate.page(gate.LOG)
def verify() -> ResponseReturnValue:
    """Check the whole log, in a thread of its own; most checks are done before the page is."""
    began = verifying.start(db.session(), gate.doors(), gate.actor(), log_use.named() or HOME_USE)
    return redirect(url_for(".verified", since=began), 303)


@pages.get("/<reference>")
@gate.page(gate.LOG)
def entry(reference: str) -> ResponseReturnValue:
    """One entry in full, or the list of those that share a reference."""
    chosen = log_use.named()
    if chosen is None:
        return log_use.ask()
    wanted = request.args.get("entry")
    identity = _identity(wanted) if wanted else None
    q, after = request.args.get("q"), request.args.get("after")
    framed = {"back": url_for(".entries", q=q, after=after), "back_text": "The entries", **log_use.framed()}
    whole = one.read(db.session(), gate.doors(), gate.actor(), chosen, reference, identity)
    if isinstance(whole, tuple):
        return show(
            "dpo_same.html", "Several entries", marking=SENSITIVE, **framed, d={"lines": whole, "q": q, "after": after}
        )
    d = {
        "whole": whole,
        "sentence": view.sentence(whole),
        "proof_words": view.proof_words(whole),
        "proof": view.proof_parts(whole),
    }
    title = f"Entry {whole.line.reference}"
    return show("dpo_entry.html", title, marking=SENSITIVE, receipt=whole.receipt, **framed, d=d)


def _identity(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise NotFound from None


def _ask_use(error: str) -> ResponseReturnValue:
    sent = request.form.get("next", "") or request.args.get("next", "")
    d = {"uses": tuple(USES.values()), "use": log_use.named() or "", "next": log_use.local(sent), "error": error}
    return show("dpo_use.html", "What do you need the log for?", status=422 if error else 200, d=d)


def _path(wanted: Wanted, after: str | None = None) -> str:
    terms = wanted.terms()
    sealed = links.seal(gate.doors(), gate.actor(), terms) if terms else None
    return url_for(".entries", q=sealed, after=after)


def wanted_of(token: str) -> Wanted:
    """What a sealed address of this session says is wanted. Raises `NotFound` for any other."""
    try:
        return Wanted.of(links.unseal(gate.doors(), gate.actor(), token)) if token else Wanted()
    except ValueError:
        raise NotFound from None


def _listing(
    wanted: Wanted, boxes: view.Typed, errors: tuple[tuple[str, str], ...], after: str | None
) -> ResponseReturnValue:
    doors, actor = gate.doors(), gate.actor()
    found = logged.listing(db.session(), doors, actor, log_use.named() or "", wanted, after)
    d = {
        "words": view.lede(found, everything=actor.role == PARTNERSHIP),
        "total": view.total(found),
        "typed": boxes,
        "choices": logged.choices(db.session(), doors, actor),
        "outcomes": tuple((name, words.capitalize()) for name, words in logged.ENDED.items()),
        "lines": found.lines,
        "narrowed": bool(found.asked),
        "q": request.args.get("q"),
        "after": after,
        "sheet": url_for("log_sheet.why", q=request.args.get("q")) if found.lines else "",
        "pages": Pages(_path(wanted) if after else None, _path(wanted, found.after) if found.after else None, ""),
        "errors": errors,
    }
    status = 422 if errors else 200
    return show(
        "dpo_log.html", "Access log", status=status, marking=SENSITIVE, receipt=found.receipt, **log_use.framed(), d=d
    )


def _lookup(
    found: tuple[tuple[str, str], ...] | None = None,
    errors: tuple[tuple[str, str], ...] = (),
    receipt: object | None = None,
) -> ResponseReturnValue:
    form = request.form
    typed = {"number": form.get("number", ""), "surname": form.get("surname", ""), "born": day_typed(form, "born")}
    d = {**typed, "found": found, "errors": errors}
    framed = log_use.framed() | ({"receipt": receipt} if receipt else {})
    status = 422 if errors else 200
    return show("dpo_lookup.html", "Find a person in the log", status=status, marking=SENSITIVE, **framed, d=d)


def _emergencies(
    visit: uuid.UUID | None = None, outcome: str = "", note: str = "", error: Mapping[str, str] | None = None
) -> ResponseReturnValue:
    found = logged_emergencies.accesses(db.session(), gate.doors(), gate.actor(), log_use.named() or "")
    done = DONE.get(request.args.get("done", ""))
    d = {
        "waiting": found.waiting,
        "done": found.done,
        "outcomes": OUTCOMES,
        "choices": view.FINDINGS,
        "visit": visit,
        "outcome": outcome,
        "note": note,
        "error": error or {},
    }
    return show(
        "dpo_emergencies.html",
        "Emergency accesses",
        status=422 if error else 200,
        marking=SENSITIVE,
        receipt=found.receipt,
        alerts=(done,) if done else (),
        **log_use.framed(),
        d=d,
    )
