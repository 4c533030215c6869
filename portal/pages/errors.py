"""Every way a request can fail, as a page that says what to do next. None shows anything of a case.

What the person had typed comes back with the page, to be copied, wherever the form itself cannot.
"""

import logging
import re
import secrets
import traceback
from typing import Any

from flask import Flask, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError, generate_csrf
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException, TooManyRequests

from portal import errors, gate
from portal.db import db
from portal.pages import kept
from portal.pages.asking import whom
from portal.pages.frame import Frame
from portal.pages.rendering import OFFICIAL, SENSITIVE, show

log = logging.getLogger(__name__)

ENDED = "Your session has ended, so this was not sent. A session ends after a quarter of an hour without use."
OLD_FORM = "This form was open for too long, or in another session, so it was not sent. Open the page again."
WORDS = {
    400: ("The portal could not read that", "Go back, check what you entered and try again."),
    403: ("That is not allowed", "Nothing was shown and nothing was changed."),
    406: ("This server cannot make PDF files", "Print the page instead. Nothing was made and nothing was recorded."),
    405: ("This page works differently", "Start from your home page instead of a saved address."),
    428: (
        "Confirm that it is you, then send this again",
        "You confirmed it too long ago for this, so it was not sent. Copy what you wrote, confirm, and send it again.",
    ),
    409: (
        "Your role rests",
        "You have been recorded as away, or have not chosen a role, so this was not sent. Copy what you wrote; your "
        "home page says how long it rests and whom to ask.",
    ),
    413: ("That is too large", "Files of up to 10 MB can be sent. Divide the file and send the parts."),
}
BROKEN = "The page could not be made. Nothing was changed, and nothing you had saved is lost. Try again in a minute."
OTHERWISE = ("Something went wrong", "Nothing was changed. Go back and try again.")
TECHNICAL = frozenset(
    {
        *("csrf_token", "next", "once", "then", "visit", "version", "by", "capacity", "organisation"),
        *("record", "base"),
    }
)
IDENTITY = re.compile(r"[0-9a-f-]{32,36}(\.[0-9a-f]*)?")
"""What a form says of a case or a person beside its label: no text for anybody to copy."""


def install(app: Flask) -> None:
    """Register a page for every error of the portal and of HTTP."""
    app.register_error_handler(errors.Refused, refused)
    app.register_error_handler(errors.NotFound, not_found)
    app.register_error_handler(errors.Conflict, conflict)
    app.register_error_handler(errors.TooMany, too_many)
    app.register_error_handler(errors.LogUnavailable, unavailable)
    app.register_error_handler(errors.KeysUnavailable, unavailable)
    app.register_error_handler(HTTPException, of_http)
    app.register_error_handler(Exception, broken)


def refused(error: errors.Refused) -> ResponseReturnValue:
    """403: the clause, in words, and who can help."""
    d = {"words": error.words, "clause": error.clause, "ask": error.ask or whom(), "reference": error.reference}
    return _page("refused.html", "You cannot see this", 403, {**d, "typed": typed()})


def not_found(error: errors.NotFound) -> ResponseReturnValue:
    """404: one page for what is missing and for what is refused."""
    d = {"ask": whom(), "reference": error.reference, "typed": typed()}
    return _page("not_found.html", "There is nothing here for you to see", 404, d)


def conflict(error: errors.Conflict) -> ResponseReturnValue:
    """409 where no page of its own merges: what was typed is shown, to be entered again."""
    words = "Someone else changed this while you were writing. Open the case again and add what is still missing."
    return _plain(409, "Someone was quicker", words)


def too_many(error: errors.TooMany) -> ResponseReturnValue:
    """429 by a rule of the portal, whose words say which."""
    d = {"words": str(error), "wait": "a minute", "typed": typed()}
    return _page("too_many.html", "That was too many in a short time", 429, d)


def unavailable(error: errors.PortalError) -> ResponseReturnValue:
    """503: what cannot be recorded, or opened, is not shown."""
    log.error("%s", type(error).__name__)
    recorded = not isinstance(error, errors.LogUnavailable)
    stopped = str(error) if isinstance(error, errors.LogStopped) else ""
    d = {"recorded": recorded, "stopped": stopped, "again": _again(), "typed": typed()}
    return _bare("log_unavailable.html", "The access log is stopped" if stopped else "Not shown", 503, d)


def of_http(error: HTTPException) -> ResponseReturnValue:
    """400 to 499 as HTTP names them."""
    if error.code == 404:
        return not_found(errors.NotFound())
    if error.code == 401 or (isinstance(error, CSRFError) and gate.state() is None and request.method == "POST"):
        until = kept.keep_typed() if g.get("session_ended") else None
        d = {
            "words": ENDED if g.get("session_ended") else OLD_FORM,
            "typed": () if until else typed(),
            "kept": until,
            "unfit": "" if until else kept.unfit(),
            "again": url_for("sign_in.choose"),
        }
        return _bare("session_ended.html", "You have been signed out", 401 if error.code == 401 else 400, d)
    if isinstance(error, TooManyRequests):
        wait = "an hour" if "hour" in str(error.description) else "a minute"
        d = {"words": "This protects people's data from being tried out.", "wait": wait, "typed": typed()}
        return _page("too_many.html", "That was too many in a short time", 429, d)
    if error.code is None or error.code >= 500:
        return broken(error)
    heading, words = WORDS.get(error.code, OTHERWISE)
    return _plain(error.code, heading, OLD_FORM if isinstance(error, CSRFError) else words)


def broken(error: Exception) -> ResponseReturnValue:
    """500: a reference to quote; the log of the process says where it broke, never what was in hand."""
    reference = secrets.token_hex(4)
    at = traceback.extract_tb(error.__traceback__)[-1:]
    place = " ".join(f"{f.name}:{f.lineno}" for f in at)
    log.error("page failed: %s in %s, reference %s", type(error).__name__, place, reference)
    d = {
        "heading": "Something went wrong",
        "words": BROKEN,
        "reference": reference,
        "typed": typed(),
        "home": "/",
    }
    return _bare("error.html", "Something went wrong", 500, d)


def typed() -> tuple[tuple[str, str], ...]:
    """(label, text) of what this request sent, for its sender to copy; nothing for a GET."""
    if request.method != "POST" or request.content_length is None or request.content_length > 1024 * 1024:
        return ()
    try:
        sent = list(request.form.items(multi=True))
    except HTTPException:
        return ()
    return tuple(
        (_label(name), text)
        for name, text in sent
        if text.strip() and not (name in TECHNICAL or IDENTITY.fullmatch(text))
    )


def _label(name: str) -> str:
    return name.partition("@")[0].rpartition(".")[2].replace("_", " ").replace("-", ", ").capitalize()


def _plain(status: int, heading: str, words: str) -> ResponseReturnValue:
    d = {"heading": heading, "words": words, "reference": "", "typed": typed(), "home": "/"}
    return _page("error.html", heading, status, d)


def _page(template: str, title: str, status: int, d: dict[str, Any]) -> ResponseReturnValue:
    """In the usual frame, or without the parts of it that need the database."""
    try:
        db.session.rollback()
        return show(template, title, status=status, marking=_marking(d), d=d)
    except (errors.PortalError, SQLAlchemyError):
        return _bare(template, title, status, d)


def _bare(template: str, title: str, status: int, d: dict[str, Any]) -> ResponseReturnValue:
    frame = Frame(title=title, marking=_marking(d), csrf=generate_csrf, demo=gate.doors().settings.demo)
    return render_template(template, page=frame, d=d), status


def _marking(d: dict[str, Any]) -> Any:
    return SENSITIVE if d.get("typed") else OFFICIAL


def _again() -> str:
    return request.full_path.rstrip("?") if request.method == "GET" else "/"
