"""Details of the log that are kept beyond their period (clause 9.32): the list, and how one is begun and ended."""

import uuid
from collections.abc import Mapping
from dataclasses import fields

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal import gate
from portal.audit.erasures import year_of
from portal.db import db
from portal.pages import log_use
from portal.pages.frame import Alert
from portal.pages.rendering import SENSITIVE, show
from portal.sharing.fields import Invalid
from portal.sharing.logbook import holding
from portal.sharing.logbook.holding import KINDS, Typed

pages = Blueprint("log_kept", __name__, url_prefix="/log/kept-longer")

DONE = {
    "kept": Alert("done", "These details are kept until somebody ends it."),
    "ended": Alert(
        "done", "They are no longer kept longer. What is past its period goes when details are next erased."
    ),
    "already": Alert("warning", "Somebody had ended this already. Nothing was changed."),
}


@pages.get("")
@gate.page(gate.LOG)
def kept() -> ResponseReturnValue:
    """What is kept longer, and the form to keep more."""
    if log_use.named() is None:
        return log_use.ask()
    year = str(year_of(gate.doors().clock()))
    return _show(Typed(first_year=year, last_year=year), {})


@pages.post("")
@gate.page(gate.LOG)
def keep() -> ResponseReturnValue:
    """Have details kept."""
    chosen = log_use.named()
    if chosen is None:
        return log_use.ask(url_for(".kept"))
    typed = Typed(**{each.name: request.form.get(each.name, "") for each in fields(Typed)})
    try:
        holding.place(db.session(), gate.doors(), gate.actor(), chosen, typed)
    except Invalid as invalid:
        return _show(typed, invalid.problems)
    return redirect(url_for(".kept", done="kept"), 303)


@pages.post("/<uuid:hold>/end")
@gate.page(gate.LOG)
def end(hold: uuid.UUID) -> ResponseReturnValue:
    """No longer keep them."""
    chosen = log_use.named()
    if chosen is None:
        return log_use.ask(url_for(".kept"))
    reason = request.form.get("end", "")
    try:
        ended = holding.lift(db.session(), gate.doors(), gate.actor(), chosen, hold, reason)
    except Invalid as invalid:
        return _show(Typed(), invalid.problems, hold, reason)
    return redirect(url_for(".kept", done="ended" if ended else "already"), 303)


def _show(
    typed: Typed, problems: Mapping[str, str], hold: uuid.UUID | None = None, reason: str = ""
) -> ResponseReturnValue:
    found = holding.listing(db.session(), gate.doors(), gate.actor(), log_use.named() or "")
    done = DONE.get(request.args.get("done", ""))
    d = {
        "found": found,
        "kinds": tuple((name, words, "") for name, words in KINDS.items()),
        "typed": typed,
        "error": problems,
        "hold": hold,
        "reason": reason,
    }
    return show(
        "dpo_kept.html",
        "Kept longer",
        status=422 if problems else 200,
        back=url_for("log.home"),
        back_text="Home",
        marking=SENSITIVE,
        receipt=found.receipt,
        alerts=(done,) if done else (),
        **log_use.framed(),
        d=d,
    )
