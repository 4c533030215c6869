"""The two pages the footer leads to: short help, and the accessibility statement."""

from datetime import date

from flask import Blueprint
from flask.typing import ResponseReturnValue

from portal import gate
from portal.pages.asking import whom
from portal.pages.rendering import show

pages = Blueprint("help", __name__)

TESTED_ON = date(2026, 11, 22)
"""When every kind of page was last checked with axe."""


@pages.get("/help")
@gate.page(gate.OPEN)
def show_help() -> ResponseReturnValue:
    """What nobody would look up in a manual."""
    return show("help.html", "Help", d={"contacts": (("A question about your access or a case", whom()),)})


@pages.get("/accessibility")
@gate.page(gate.OPEN)
def accessibility() -> ResponseReturnValue:
    """The statement that SI 2018/952 regulation 8 asks for."""
    return show("accessibility.html", "Accessibility", d={"contact": whom(), "tested_on": TESTED_ON})
