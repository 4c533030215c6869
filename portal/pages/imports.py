"""The monthly probation file: sent, looked at, brought in whole or not at all."""

import uuid
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from typing import IO

from flask import Blueprint, Request, Response, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal import gate
from portal.db import db, from_micros
from portal.errors import Conflict, NotFound
from portal.pages.frame import Alert
from portal.pages.rendering import SENSITIVE, show
from portal.sharing.importing import background, previewing, publishing, runs, staging
from portal.sharing.importing.columns import COMPULSORY, Column
from portal.sharing.importing.runs import Run
from portal.sharing.importing.sheet import FileRefused

pages = Blueprint("imports", __name__)

WORDS = {
    runs.STAGING: "being checked",
    runs.STAGED: "waiting for you",
    runs.PUBLISHING: "being brought in",
    runs.PUBLISHED: "brought in",
}
SECONDS = "3"
PATIENCE = 1.0
"""Seconds that the answer to an upload waits for the check to end: most files need no progress page."""
AGAIN = "Something changed since you looked, so nothing was brought in. The rows were compared again: look once more."
FAILED = "It could not be finished, so nothing was brought in. Nothing is lost: try again."


class InMemory(Request):
    """A request whose files stay in memory: a file of people's data is never spooled to a temporary one."""

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        return BytesIO()


pages.record_once(lambda state: setattr(state.app, "request_class", InMemory))


@pages.get("/import")
@gate.page(gate.CONTENT)
def upload() -> ResponseReturnValue:
    """Choose the file; what was brought in before."""
    return _upload()


@pages.post("/import")
@gate.page(gate.CONTENT)
def check() -> ResponseReturnValue:
    """Take the file in and begin to check it."""
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        return _upload("Choose the file: the monthly extract, as CSV or Excel.")
    doors, actor = gate.doors(), gate.actor()
    try:
        hold = staging.receive(db.session(), doors, actor, sent.read())
    except FileRefused as refused:
        return _upload(f"{refused.message} {refused.remedy}")
    background.start(db.engine, staging.carry_out, doors, actor, hold).join(PATIENCE)
    return redirect(url_for(".look", run=hold.run), 303)


@pages.get("/import/<uuid:run>")
@gate.page(gate.CONTENT)
def look(run: uuid.UUID) -> ResponseReturnValue:
    """The run as it stands: what it would change, how far it is, or what it did."""
    found = runs.find(db.session(), gate.doors(), gate.actor(), run)
    if found.state == runs.STAGED:
        return _preview(found)
    if found.state == runs.STAGING:
        return _progress(found, CHECKING, url_for(".go_on", run=run))
    if found.state == runs.PUBLISHING:
        return _progress(found, BRINGING_IN, url_for(".publish", run=run))
    if found.state == runs.UNREADABLE:
        return _upload(found.problem)
    if found.state == runs.PUBLISHED:
        return _result(found)
    raise NotFound


@pages.post("/import/<uuid:run>/check")
@gate.page(gate.CONTENT)
def go_on(run: uuid.UUID) -> ResponseReturnValue:
    """Go on with a check that stopped. A second click changes nothing: it leads to the same page."""
    doors, actor = gate.doors(), gate.actor()
    with suppress(Conflict):
        hold = staging.resume(db.session(), doors, actor, run)
        background.start(db.engine, staging.carry_out, doors, actor, hold).join(PATIENCE)
    return redirect(url_for(".look", run=run), 303)


@pages.post("/import/<uuid:run>/confirm")
@gate.page(gate.CONTENT)
def confirm(run: uuid.UUID) -> ResponseReturnValue:
    """Take the doubtful rows that were ticked."""
    numbers = [int(text) for text in request.form.getlist("row") if text.isascii() and text.isdigit()]
    with suppress(Conflict):  # brought in meanwhile: the page says what came in and what did not
        previewing.confirm(db.session(), gate.doors(), gate.actor(), run, numbers)
    return redirect(url_for(".look", run=run), 303)


@pages.post("/import/<uuid:run>/publish")
@gate.page(gate.CONTENT)
def publish(run: uuid.UUID) -> ResponseReturnValue:
    """Begin to bring the rows in. A second click changes nothing: it leads to the same page."""
    doors, actor = gate.doors(), gate.actor()
    with suppress(Conflict):
        hold = publishing.begin(db.session(), doors, actor, run)
        background.start(db.engine, publishing.carry_out, doors, actor, hold)
    return redirect(url_for(".look", run=run), 303)


@pages.post("/import/<uuid:run>/cancel")
@gate.page(gate.CONTENT)
def cancel(run: uuid.UUID) -> ResponseReturnValue:
    """Bring in nothing, and forget the file."""
    runs.abandon(db.session(), gate.doors(), gate.actor(), run)
    return redirect(url_for(".upload"), 303)


@pages.get("/import/<uuid:run>/refused.csv")
@gate.page(gate.CONTENT)
def refused(run: uuid.UUID) -> ResponseReturnValue:
    """The rows that need someone, as a file to correct and send in again."""
    content = previewing.refused_file(db.session(), gate.doors(), gate.actor(), run)
    answer = Response(content, mimetype="text/csv")
    answer.headers["Content-Disposition"] = 'attachment; filename="rows-to-correct.csv"'
    return answer


def _upload(problem: str = "") -> ResponseReturnValue:
    found = runs.recent(db.session(), gate.doors(), gate.actor())
    recent = [
        {"at": run.created_at, "words": WORDS[run.state], "rows": run.ready, "path": url_for(".look", run=run.id)}
        for run in found
        if run.state in WORDS
    ]
    d = {
        "action": url_for(".check"),
        "errors": [("file", problem)] if problem else [],
        "recent": recent,
        "compulsory": [column.value for column in COMPULSORY],
        "others": [column.value for column in Column if column not in COMPULSORY],
    }
    page, _ = show("import_upload.html", "Bring in the monthly probation file", d=d)
    return page, 422 if problem else 200


def _preview(run: Run) -> ResponseReturnValue:
    page = request.args.get("page", 1, type=int)
    found = previewing.preview(db.session(), gate.doors(), gate.actor(), run.id, page)
    alerts = tuple(
        Alert("warning", words) for why, words in ((runs.AGAIN, AGAIN), (runs.FAILED, FAILED)) if run.why == why
    )
    d = {
        "preview": found,
        "same_as": from_micros(found.same_as) if found.same_as else None,
        "wrong_on": run.refused > previewing.PAGE,
        "doubtful": any(wrong.doubtful for wrong in found.wrong),
        "publish_action": url_for(".publish", run=run.id),
        "confirm_action": url_for(".confirm", run=run.id),
        "cancel_action": url_for(".cancel", run=run.id),
        "refused_path": url_for(".refused", run=run.id),
        "previous": url_for(".look", run=run.id, page=page - 1) if page > 1 else None,
        "next": url_for(".look", run=run.id, page=page + 1) if page < found.pages else None,
    }
    return show(
        "import_preview.html",
        "What the file would change",
        marking=SENSITIVE,
        receipt=found.receipt,
        alerts=alerts,
        d=d,
    )


@dataclass(frozen=True, slots=True)
class Work:
    """What the progress page says of one sort of work. `unknown`: before it is known how much there is to do."""

    title: str
    unknown: str
    done: str
    promise: str


CHECKING = Work("Checking the file", "Reading the file", "checked", "Nothing is changed by the check.")
BRINGING_IN = Work("Bringing in the file", "Beginning", "ready", "Nothing is brought in until every row is ready.")


def _progress(run: Run, work: Work, go_on: str) -> ResponseReturnValue:
    still = "still" in request.args or run.stopped
    d = {
        "work": work,
        "done": run.done,
        "total": run.total,
        "stopped": run.stopped,
        "reload": url_for(".look", run=run.id),
        "still": None if still else url_for(".look", run=run.id, still=1),
        "go_on": go_on,
        "cancel_action": url_for(".cancel", run=run.id),
    }
    answer = make_response(show("import_progress.html", work.title, d=d))
    if not still:
        answer.headers["Refresh"] = SECONDS
    return answer


def _result(run: Run) -> ResponseReturnValue:
    d = {
        "run": run,
        "nothing": not run.new and not run.changed,
        "refused_path": url_for(".refused", run=run.id) if run.refused else None,
        "home": url_for("home.home"),
    }
    return show("import_result.html", "The file is in", d=d)
