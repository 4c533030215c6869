"""An officer asks one of their people why they looked; the person reads it on their home page and answers."""

import uuid

from flask import Blueprint, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from portal import gate
from portal.db import db
from portal.pages import log_use
from portal.pages.frame import Alert
from portal.pages.presenting import plural
from portal.pages.rendering import SENSITIVE, show
from portal.sharing.fields import Invalid
from portal.sharing.logbook import questions

pages = Blueprint("question", __name__)

DONE = "question-done"


def alerts() -> tuple[Alert, ...]:
    """For anybody's home: a question of the officer that waits for their answer."""
    waits = questions.waiting(db.session(), gate.actor())
    if not waits:
        return ()
    words = f"Your data-protection officer asks about something you did: {plural(waits, 'question')} for you."
    return (Alert("notice", words, "Questions about the log", url_for("question.everyone"), "Answer"),)


@pages.get("/log/<reference>/question")
@gate.page(gate.LOG)
def form(reference: str) -> ResponseReturnValue:
    """What do you want to know?"""
    if log_use.named() is None:
        return log_use.ask()
    return _form(reference, request.args.get("entry", ""), "", "")


@pages.post("/log/<reference>/question")
@gate.page(gate.LOG)
def ask(reference: str) -> ResponseReturnValue:
    """Ask whoever made the entry, or say what to correct."""
    chosen, entry, text = log_use.named(), request.form.get("entry", ""), request.form.get("question", "")
    if chosen is None:
        return log_use.ask(url_for("log.entry", reference=reference))
    try:
        identity = uuid.UUID(entry)
    except ValueError:
        identity = uuid.UUID(int=0)  # no entry has it, so the answer is that of a missing one
    try:
        questions.ask(db.session(), gate.doors(), gate.actor(), chosen, reference, identity, text)
    except Invalid as invalid:
        return _form(reference, entry, text, invalid.problems["question"])
    session[DONE] = "Asked. They find it on their home page; the answer appears here and on yours."
    return redirect(url_for(".everyone"), 303)


def _form(reference: str, entry: str, text: str, error: str) -> ResponseReturnValue:
    back = url_for("log.entry", reference=reference, entry=entry or None)
    d = {"action": url_for(".ask", reference=reference), "entry": entry, "text": text, "error": error, "cancel": back}
    framed = {"back": back, "back_text": "The entry", "marking": SENSITIVE, **log_use.framed()}
    return show("question_ask.html", "Ask why", status=422 if error else 200, **framed, d=d)


@pages.get("/questions")
@gate.page(gate.ASKED)
def everyone() -> ResponseReturnValue:
    """Questions and answers: all of the party for its officer, else those to oneself."""
    found = questions.everyone(db.session(), gate.doors(), gate.actor())
    d = {"officer": found.officer, "lines": [(line, url_for(".one", asked=line.id)) for line in found.lines]}
    title = "Questions you asked" if found.officer else "Questions of your data-protection officer"
    return show(
        "questions.html", title, receipt=found.receipt, alerts=_done(), back=url_for("home.home"), back_text="Home", d=d
    )


@pages.get("/questions/<uuid:asked>")
@gate.page(gate.ASKED)
def one(asked: uuid.UUID) -> ResponseReturnValue:
    """One question, with its answer or the form for it."""
    return _one(asked, "", "")


@pages.post("/questions/<uuid:asked>")
@gate.page(gate.ASKED)
def answer(asked: uuid.UUID) -> ResponseReturnValue:
    """Answer it, or say what to correct."""
    text = request.form.get("answer", "")
    try:
        kept = questions.answer(db.session(), gate.doors(), gate.actor(), asked, text)
    except Invalid as invalid:
        return _one(asked, text, invalid.problems["answer"])
    session[DONE] = "Sent to your data-protection officer." if kept else "You have answered that already."
    return redirect(url_for(".everyone"), 303)


def _one(asked: uuid.UUID, text: str, error: str) -> ResponseReturnValue:
    found = questions.one(db.session(), gate.doors(), gate.actor(), asked)
    d = {"q": found, "text": text, "error": error, "action": url_for(".answer", asked=asked)}
    framed = {"back": url_for(".everyone"), "back_text": "Questions", "receipt": found.receipt}
    status = 422 if error else 200
    return show("question.html", "A question about the access log", status=status, marking=SENSITIVE, **framed, d=d)


def _done() -> tuple[Alert, ...]:
    done = session.pop(DONE, None)
    return (Alert("done", str(done)),) if done else ()
