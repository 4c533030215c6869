"""A case on paper or as a file: the reason first, then every sheet says how it is marked, by whom, when and why."""

import csv
import io
import uuid
from collections.abc import Iterator

from flask import Blueprint, Response, request, url_for
from flask.typing import ResponseReturnValue

from portal import gate
from portal.db import db
from portal.pages import rendering, visiting
from portal.pages.face import face
from portal.pages.presenting import as_date, day, moment
from portal.sharing.days import day_at
from portal.sharing.disclosure import Disclosure, Record
from portal.sharing.fields import Invalid, clean
from portal.sharing.importing.escaping import safe
from portal.sharing.reading import case as reading

pages = Blueprint("paper", __name__)

COLUMNS = ("Section", "Record", "Agency", "Recorded on", "Field", "Value")
PRINT, EXPORT = "print", "export"


@pages.get("/visit/<uuid:visit>/print")
@gate.page(gate.CONTENT)
@visiting.or_ask_again
def why_print(visit: uuid.UUID) -> ResponseReturnValue:
    """Why is it printed?"""
    return _why(visit, PRINT, {})


@pages.post("/visit/<uuid:visit>/print")
@gate.page(gate.CONTENT)
@visiting.or_ask_again
def print_case(visit: uuid.UUID) -> ResponseReturnValue:
    """The page for paper. It answers the form itself: nothing about a person stands in an address."""
    reason = _reason()
    try:
        d = reading.printed(db.session(), gate.doors(), gate.actor(), visit, reason, PRINT)
    except Invalid as error:
        return _why(visit, PRINT, error.problems, 400)
    base = url_for("case.view", visit=visit)
    return rendering.show(
        "case_print.html",
        f"Print of case {d.reference}",
        marking=d.marking,
        receipt=d.receipt,
        purpose=d.purpose_name,
        visit=base,
        back=base,
        back_text="The case",
        d=d,
        face=face(d, day_at(gate.doors().clock())),
        by=rendering.by_whom(),
        closed=_closed(d),
        reason=reason,
    )


@pages.get("/visit/<uuid:visit>/export")
@gate.page(gate.CONTENT, step_up=True)
@visiting.or_ask_again
def why_export(visit: uuid.UUID) -> ResponseReturnValue:
    """Why is it exported? Asked once the person has proved afresh who they are."""
    return _why(visit, EXPORT, {})


@pages.post("/visit/<uuid:visit>/export")
@gate.page(gate.CONTENT, step_up=True)
@visiting.or_ask_again
def export(visit: uuid.UUID) -> ResponseReturnValue:
    """What may be exported as CSV, value by value, with its marking in the first lines and in its name."""
    reason = _reason()
    try:
        d = reading.printed(db.session(), gate.doors(), gate.actor(), visit, reason, EXPORT)
    except Invalid as error:
        return _why(visit, EXPORT, error.problems, 400)
    name = f"{d.reference}-{d.marking}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(_csv(d, reason), mimetype="text/csv", headers=headers)


def _reason() -> str:
    return clean(request.form.get("reason", ""))


def _why(visit: uuid.UUID, operation: str, problems: dict[str, str], status: int = 200) -> ResponseReturnValue:
    base = url_for("case.view", visit=visit)
    reading.live(db.session(), gate.doors(), gate.actor(), visit)
    heading = "Print this case" if operation == PRINT else "Export this case as a file"
    return rendering.show(
        "why.html",
        heading,
        status=status,
        visit=base,
        back=base,
        back_text="The case",
        d={
            "heading": heading,
            "action": request.path,
            "cancel": base,
            "operation": operation,
            "reason": request.form.get("reason", ""),
            "error": problems.get("reason", ""),
        },
    )


def _csv(d: Disclosure, reason: str) -> bytes:
    """UTF-8 with a byte-order mark, so that spreadsheets read it right; no cell is one that a spreadsheet runs."""
    out = io.StringIO()
    writer = csv.writer(out)

    def write(*cells: str) -> None:
        writer.writerow([safe(cell) for cell in cells])

    write("Marking", d.marking)
    write("Case", f"{d.reference}, {d.borough}")
    write("Exported by", rendering.by_whom())
    write("Exported on", moment(d.receipt.at))
    write("Purpose", d.purpose_name)
    write("Reason", reason)
    write("Log entry", d.receipt.reference)
    write()
    write(*COLUMNS)
    closed = _closed(d)
    for section in d.sections:
        for record in section.records:
            for row in _rows(section.title, record, closed.get(record.id, "")):
                write(*row)
    for record in d.timeline:
        for row in _rows("What happened", record):
            write(*row)
    return out.getvalue().encode("utf-8-sig")


def _closed(d: Disclosure) -> dict[uuid.UUID, str]:
    """Of actions that are closed, what may be said of it beside their own words."""
    told = {a.record.id: a.result or "Closed" for a in d.actions if not a.open}
    days = {a.record.id: f" on {day(a.closed_on)}" for a in d.actions if a.closed_on}
    return {of: f"{words}{days.get(of, '')}" for of, words in told.items()}


def _rows(section: str, record: Record, closed: str = "") -> Iterator[tuple[str, ...]]:
    name = (record.label_name or record.kind_name) + (" (made while under 18)" if record.made_as_youth else "")
    at = str(as_date(record.changed_at))
    for value in record.values:
        text = "(could not be opened)" if value.broken else value.text
        yield section, name, record.owner_name, at, value.label, text
    if closed:
        yield section, name, record.owner_name, at, "State", closed
