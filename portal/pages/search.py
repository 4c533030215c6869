"""Find a person: exact search, posted, then read from an address that says nothing and serves this session only."""

import uuid
from dataclasses import dataclass
from datetime import date

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal import gate
from portal.db import db
from portal.pages import contract
from portal.pages.limits import SEARCH, by_account, limiter
from portal.pages.rendering import SENSITIVE, show
from portal.sharing.fields import Invalid
from portal.sharing.reading import search
from portal.sharing.reading.search import Hit

pages = Blueprint("search", __name__)

NUMBERS = frozenset({"pnc", "crn"})
ANCHORS = {"pnc": "number", "crn": "number", "surname": "surname", "date_of_birth": "born"}


@dataclass(frozen=True, slots=True)
class Form:
    """The search form: what was typed and what is wrong with it. `names`, `numbers`: what this role may search by."""

    action: str
    names: bool
    numbers: bool
    surname: str = ""
    born: tuple[str, str, str] = ("", "", "")
    number: str = ""
    errors: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """One hit with what its reader may do: `path` opens the case, `emergency` an emergency access, else `ask`.
    `others`: further hits that are linked with it as the same person."""

    hit: Hit
    path: str | None
    emergency: str | None
    ask: str
    others: tuple["Result", ...] = ()


@pages.get("/search")
@gate.page(gate.CONTENT)
def ask() -> ResponseReturnValue:
    """As few boxes as the policy allows."""
    return _form()


@pages.post("/search")
@limiter.limit(SEARCH, key_func=by_account)
@gate.page(gate.CONTENT)
def make() -> ResponseReturnValue:
    """Search, then go to the results. By `number` (a PNC ID or a CRN), or by surname and date of birth."""
    number = request.form.get("number", "")
    born = tuple(request.form.get(f"born-{part}", "").strip() for part in ("day", "month", "year"))
    if request.form.get("by") == "number":
        wanted = {"pnc" if number.strip()[:1].isdigit() else "crn": number}  # a CRN begins with a letter
    else:
        wanted = {"surname": request.form.get("surname", ""), "date_of_birth": _iso(*born)}
    try:
        made = search.make(db.session(), gate.doors(), gate.actor(), wanted)
    except Invalid as invalid:
        return _form(invalid)
    return redirect(url_for(".results", search_id=made), 303)


@pages.get("/search/<uuid:search_id>")
@gate.page(gate.CONTENT)
def results(search_id: uuid.UUID) -> ResponseReturnValue:
    """Whom the search found, why each one matched, and what may be done with it."""
    found = search.results(db.session(), gate.doors(), gate.actor(), search_id)
    d = {
        "results": tuple(map(_result, found.hits)),
        "total": sum(1 + len(hit.others) for hit in found.hits),
        "more": found.more,
        "again": url_for(".ask"),
    }
    alerts, receipt = contract.lacking(), found.receipt
    return show("search_results.html", "Search results", marking=SENSITIVE, receipt=receipt, alerts=alerts, d=d)


def _form(invalid: Invalid | None = None) -> ResponseReturnValue:
    allowed = search.boxes(gate.doors(), gate.actor())
    typed = request.form
    d = Form(
        action=url_for(".make"),
        names="surname" in allowed,
        numbers=bool(NUMBERS & allowed),
        surname=typed.get("surname", ""),
        born=(typed.get("born-day", ""), typed.get("born-month", ""), typed.get("born-year", "")),
        number=typed.get("number", ""),
        errors=_errors(invalid, typed.get("by") == "number"),
    )
    return show("search.html", "Find a person", status=422 if invalid else 200, alerts=contract.lacking(), d=d)


def _errors(invalid: Invalid | None, by_number: bool) -> tuple[tuple[str, str], ...]:
    if invalid is None:
        return ()
    if by_number and not request.form.get("number", "").strip():
        return (("number", "Enter a PNC ID or a CRN"),)
    if not by_number and "pnc" in invalid.problems:
        return (("surname", "Enter the surname and the date of birth"),)
    return tuple((ANCHORS[name], words) for name, words in invalid.problems.items())


def _result(hit: Hit) -> Result:
    others = tuple(map(_result, hit.others))
    if hit.may_open:
        return Result(hit, f"/case/{hit.case}", None, "", others)
    if hit.in_emergency:
        return Result(hit, None, f"/case/{hit.case}/emergency", _coordinator(hit), others)
    return Result(hit, None, None, _coordinator(hit), others)


def _coordinator(hit: Hit) -> str:
    """Whom to ask about a case of that borough."""
    agreement = gate.doors().book.of_borough(hit.borough)
    return agreement.parties[agreement.arrangement.subjects_contact].contact if agreement else ""


def _iso(day: str, month: str, year: str) -> str:
    """The date in ISO form; what was typed, joined, where it is no date, so that the search says so."""
    if not (day or month or year):
        return ""
    try:
        return date(int(year) if len(year) == 4 else 0, int(month), int(day)).isoformat()
    except ValueError:
        return f"{day}/{month}/{year}"
