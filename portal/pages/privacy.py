"""What anybody may read: how a borough's agencies use information about people, made of its agreement and its text."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from flask import Blueprint, current_app, url_for
from flask.typing import ResponseReturnValue

from isa.agreement import Agreement, Category
from isa.rendering_tables import period
from isa.wording import listed, low
from portal import gate
from portal.casework.papers import NOTICES, Papers, Text
from portal.errors import NotFound
from portal.pages import pdf
from portal.pages.presenting import day
from portal.pages.rendering import OFFICIAL, show

pages = Blueprint("privacy", __name__)

NOTICE, EASY = "privacy-notice", "privacy-easy-read"


@pages.get("/privacy")
@gate.page(gate.OPEN)
def every() -> ResponseReturnValue:
    """The notices of every borough."""
    served = sorted(gate.doors().book.all(), key=lambda a: a.borough)
    d = {"boroughs": [(a.borough, [(NOTICES[s].name, _path(a, s)) for s in NOTICES]) for a in served]}
    return show("privacy.html", "Privacy notices", d=d)


@pages.get("/privacy/<agreement>/<sort>")
@gate.page(gate.OPEN)
def one(agreement: str, sort: str) -> ResponseReturnValue:
    """One notice. It says nothing of anybody, so nothing is logged."""
    found, text = _text(agreement, sort)
    d = {
        "text": text,
        "easy": sort == EASY,
        "file": url_for(".file", agreement=found.id, sort=sort) if pdf.able() else "",
        "unable": pdf.UNABLE,
    }
    return show("privacy_one.html", text.title, back=url_for(".every"), back_text="Privacy notices", d=d)


@pages.get("/privacy/<agreement>/<sort>.pdf")
@gate.page(gate.OPEN)
def file(agreement: str, sort: str) -> ResponseReturnValue:
    """One notice as a PDF file, made once for a version of the agreement: whoever asks often costs little."""
    pdf.require()
    found, text = _text(agreement, sort)
    return pdf.answer(_made(text, sort == EASY), f"{sort}-{found.id}")


@lru_cache(maxsize=64)
def _made(text: Text, easy: bool) -> bytes:
    return pdf.made("text.html", title=text.title, marking=OFFICIAL, about=text.title, made="", text=text, easy=easy)


def texts() -> Papers:
    """The words that this application was started with."""
    found: Papers = current_app.extensions["papers"]
    return found


def _path(agreement: Agreement, sort: str) -> str:
    return url_for("privacy.one", agreement=agreement.id, sort=sort)


def _text(agreement: str, sort: str) -> tuple[Agreement, Text]:
    found = next((a for a in gate.doors().book.all() if a.id == agreement), None)
    if found is None or sort not in NOTICES:
        raise NotFound
    return found, texts().of(found.id, sort).filled(*rules(found))


def rules(agreement: Agreement, to_somebody: bool = False) -> tuple[Mapping[str, str], Mapping[str, Sequence[str]]]:
    """What a text may say of an agreement: (single values, lists), by slot.

    In a letter to somebody silent categories are not even named: a man who reads there of MARAC wonders why.
    """
    parties = agreement.parties
    categories = [c for c in agreement.categories.values() if not (to_somebody and c.silent)]
    asked = parties[agreement.arrangement.subjects_contact]
    working = {p for c in agreement.clauses.values() for p in c.to or () if c.effect == "grant"}
    controllers = {parties[p].controller for p in working}
    values = {
        "borough": agreement.borough,
        "title": agreement.title,
        "version": str(agreement.version),
        "effective": day(agreement.effective),
        "answers": asked.name,
        "contact": asked.contact,
    }
    kept = _kept(categories)
    lists = {
        "controllers": [c.name for c in agreement.controllers.values() if c.id in controllers],
        "parties": [p.name for p in parties.values() if p.id in working],
        "purposes": [f"{p.ask}." for p in agreement.purposes.values()],
        "categories": [c.name for c in categories],
        "powers": [g.cite for g in agreement.gateways.values() if g.id != "own"],
        "retention": [f"{span} after you leave IOM: {listed(low(n) for n in names)}." for span, names in kept],
        "kept": [f"Some information for {span}." for span, _ in kept],
    }
    return values, lists


def _kept(categories: Sequence[Category]) -> list[tuple[str, list[str]]]:
    """(how long, which categories), the longest first."""
    spans: dict[str, list[str]] = {}
    for category in categories:
        if category.retention:
            spans.setdefault(category.retention.period, []).append(category.name)
    return [(period(iso), spans[iso]) for iso in sorted(spans, key=_days, reverse=True)]


_UNITS = {"Y": 365, "M": 30, "W": 7, "D": 1}


def _days(iso: str) -> int:
    """About how long a period of an agreement is, to sort by."""
    number = ""
    total = 0
    for sign in iso.removeprefix("P"):
        if sign.isdigit():
            number += sign
        else:
            total += int(number or 0) * _UNITS.get(sign, 0)
            number = ""
    return total
