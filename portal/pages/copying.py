"""Copy out: what was just shared, as a block of text for the agency's own system."""

import uuid

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue

from portal import gate
from portal.db import db
from portal.pages import rendering, visiting
from portal.pages.asking import party_kind
from portal.pages.presenting import day, moment
from portal.sharing.reading.copying import Copied, copied

pages = Blueprint("copying", __name__)

SYSTEMS = {
    "police": "CONNECT",
    "probation": "nDelius",
    "prisons": "NOMIS",
    "children": "Mosaic",
    "adult_care": "Mosaic",
}
"""What an agency of a kind calls the system it must write to anyway. The others are told "your own system"."""


def own_system() -> str:
    """The name under which this person's agency knows its own system."""
    return SYSTEMS.get(party_kind(), "your own system")


@pages.get("/visit/<uuid:visit>/record/<uuid:record>/copy")
@gate.page(gate.CONTENT)
@visiting.or_ask_again
def copy(visit: uuid.UUID, record: uuid.UUID) -> ResponseReturnValue:
    """The text, ready to be selected whole. It was logged as an export before it was opened."""
    found = copied(db.session(), gate.doors(), gate.actor(), visit, record)
    base = url_for("case.view", visit=visit)
    system = own_system()
    return rendering.show(
        "copy.html",
        f"Copy for {system}",
        marking=found.marking,
        receipt=found.receipt,
        purpose=found.purpose_name,
        visit=base,
        back=base,
        back_text="The case",
        d={"system": system, "text": "\n".join(_lines(found)), "cancel": base},
    )


def _lines(found: Copied) -> list[str]:
    record = found.record
    about = f"{record.kind_name}: {record.label_name}" if record.label_name else record.kind_name
    youth = ", made while under 18" if record.made_as_youth else ""
    lines = [found.marking, f"IOM case {found.reference}, {found.borough}. {about}{youth}"]
    for value in record.values:
        text = "(could not be opened)" if value.broken else value.text
        lines.append(f"{value.label}: {day(text) if value.type == 'date' and not value.broken else text}")
    lines.append(
        f"Recorded by {record.owner_name} on {moment(record.changed_at)}. "
        f"Copied from the IOM portal by {rendering.by_whom()}, on {moment(found.receipt.at)}, "
        f"log entry {found.receipt.reference}."
    )
    return lines
