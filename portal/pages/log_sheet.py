"""The entries an officer sees as a spreadsheet: why it is taken out, and the file."""

import csv
import io
from datetime import UTC

from flask import Blueprint, Response, request, url_for
from flask.typing import ResponseReturnValue

from portal import gate
from portal.db import db
from portal.pages import log, log_use, rendering
from portal.pages.presenting import joined, moment
from portal.pages.rendering import SENSITIVE, show
from portal.sharing.fields import Invalid
from portal.sharing.importing.escaping import safe
from portal.sharing.logbook import sheets
from portal.sharing.logbook.scope import USES
from portal.sharing.logbook.sheets import MOST, Sheet

pages = Blueprint("log_sheet", __name__, url_prefix="/log")

COLUMNS = (
    *(
        "Reference",
        "Number",
        "When (UTC)",
        "Who",
        "Role",
        "Agency",
        "What was done",
        "Purpose",
        "About",
        "How it ended",
    ),
)
WARNING = (
    f"You get the entries that you were looking at as a spreadsheet (CSV), the newest {MOST:,} at most. It holds names"
    " of staff and case references: whoever has the file can read it, and the portal cannot take it back."
)


@pages.get("/sheet")
@gate.page(gate.LOG)
def why() -> ResponseReturnValue:
    """Why is it taken out?"""
    return log_use.ask() if log_use.named() is None else _ask("")


@pages.post("/sheet")
@gate.page(gate.LOG)
def take() -> ResponseReturnValue:
    """The file, its marking in its name and first lines."""
    chosen, token = log_use.named(), request.args.get("q", "")
    if chosen is None:
        return log_use.ask(url_for("log.entries"))
    wanted = log.wanted_of(token)
    try:
        sheet = sheets.take(db.session(), gate.doors(), gate.actor(), chosen, wanted, request.form.get("reason", ""))
    except Invalid as invalid:
        return _ask(invalid.problems["reason"])
    name = f"access-log-{sheet.receipt.reference}-{SENSITIVE}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(_csv(sheet, USES[chosen].name), mimetype="text/csv", headers=headers)


def _ask(error: str) -> ResponseReturnValue:
    token = request.args.get("q", "")
    log.wanted_of(token)  # an address of another session is none
    back = url_for("log.entries", q=token or None)
    d = {
        "title": "Take these entries out",
        "words": WARNING,
        "hint": "It is recorded with your name, and stands in the file",
        "hidden": {},
        "action": url_for(".take", q=token or None),
        "cancel": back,
        "reason": request.form.get("reason", ""),
        "error": error,
    }
    return show(
        "dpo_sheet.html",
        "Take these entries out",
        status=422 if error else 200,
        back=back,
        back_text="The entries",
        marking=SENSITIVE,
        **log_use.framed(),
        d=d,
    )


def _csv(sheet: Sheet, use: str) -> bytes:
    """UTF-8 with a byte-order mark, so that spreadsheets read it right; no cell is one that a spreadsheet runs."""
    out = io.StringIO()
    writer = csv.writer(out)

    def write(*cells: str) -> None:
        writer.writerow([safe(cell) for cell in cells])

    write("Marking", SENSITIVE)
    write("Taken out by", rendering.by_whom())
    write("Taken out on", moment(sheet.receipt.at))
    write("Use of the log", use)
    write("Reason", sheet.reason)
    write("Narrowed to", joined(f"{label} {text}" for label, text in sheet.asked) or "Everything you may read")
    write("Log entry", sheet.receipt.reference)
    if sheet.cut:
        write("Not whole", f"The newest {MOST:,} entries. Narrow the dates for older ones.")
    write()
    write(*COLUMNS)
    for line in sheet.lines:
        more = (f"and {line.more} more",) if line.more else ()
        number = "" if line.index is None else str(line.index)
        when = line.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
        who = (line.who, line.role, line.agency, line.did, line.purpose)
        write(line.reference, number, when, *who, "; ".join((*line.about, *more)), line.outcome)
    return out.getvalue().encode("utf-8-sig")
