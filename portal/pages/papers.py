"""Letters to the person, the compact, the referral form: looked at, then made as a PDF file of what may be exported."""

import uuid
from collections.abc import Mapping, Sequence

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue

from isa.wording import listed
from portal import gate
from portal.casework.papers import LETTERS, Text
from portal.db import db
from portal.errors import NotFound
from portal.pages import pdf, privacy, visiting
from portal.pages.presenting import day, moment, past
from portal.pages.rendering import by_whom, role_name, show
from portal.sharing.days import day_at
from portal.sharing.disclosure import Record
from portal.sharing.reading import case as reading
from portal.sharing.reading.papers import FILE, PAPER, PREVIEW, Drawn, drawn
from portal.sharing.restrictions import tells_who_spoke

pages = Blueprint("papers", __name__)

FIELDS = {
    **{"name": ("person.forename", "person.surname"), "address": ("person.address", "person.postcode")},
    **{"selected_on": ("case.selected_on",), "review_on": ("case.review_on",)},
    "responsible": ("assignment.practitioner", "assignment.role", "assignment.telephone", "assignment.until"),
    **{"terms": ("compact.terms",), "version": ("compact.version",)},
    "state": ("compact.signed_on", "compact.refused", "compact.refusal_reason"),
    **{"born": ("person.date_of_birth",), "crime": ("referral.priority_crime",), "source": ("referral.source",)},
    "reasons": ("referral.reason", "referral.referred_on"),
}
"""Slot → the fields that fill it. Every other slot holds nothing about a person."""
CALLED = {
    **{"name": "the name", "address": "the address", "selected_on": "the day of selection", "review_on": "the review"},
    **{"responsible": "who is responsible", "terms": "what is agreed", "version": "the version"},
    **{"state": "whether it was signed", "born": "the date of birth", "crime": "the priority crime"},
    **{"source": "the source of the referral", "reasons": "why the person was referred"},
}

TO_AGENCIES = frozenset({"referral-form"})
"""Every other sort goes into the hand of the person."""
TELLS = (
    "It would tell who spoke: {}. Take the MARAC, the adviser or the victim out of that record; no file is made before."
)


@pages.get("/visit/<uuid:visit>/documents")
@gate.page(gate.CONTENT)
@visiting.or_ask_again
def choose(visit: uuid.UUID) -> ResponseReturnValue:
    """Which document? Says nothing of the person yet."""
    reading.live(db.session(), gate.doors(), gate.actor(), visit)
    base = url_for("case.view", visit=visit)
    d = {
        "documents": [(sort.name, url_for(".look", visit=visit, sort=key)) for key, sort in LETTERS.items()],
        "notices": url_for("privacy.every"),
    }
    return show("documents.html", "Letters and compact", visit=base, back=base, back_text="The case", d=d)


@pages.get("/visit/<uuid:visit>/document/<sort>")
@gate.page(gate.CONTENT)
@visiting.or_ask_again
def look(visit: uuid.UUID, sort: str) -> ResponseReturnValue:
    """The document before it is made, what stays blank in it, and why. Where no file can be made, this is the paper."""
    return _shown(visit, sort, *_drawn(visit, sort, PREVIEW if pdf.able() else PAPER))


def _shown(visit: uuid.UUID, sort: str, found: Drawn, text: Text, status: int = 200) -> ResponseReturnValue:
    values, lists = _filled(found)
    slots, broken, tells = text.slots & FIELDS.keys(), _broken(found), _tells(found, sort, text)
    blank = sorted(CALLED[s] for s in slots - broken if not (values.get(s) or lists.get(s)))
    return show(
        "document.html",
        LETTERS[sort].name,
        status=status,
        marking=found.marking,
        receipt=found.receipt,
        purpose=found.purpose_name,
        visit=url_for("case.view", visit=visit),
        back=url_for(".choose", visit=visit),
        back_text="Letters and compact",
        d={
            "text": _whole(found, text),
            "blank": blank,
            "broken": sorted(CALLED[s] for s in slots & broken),
            "error": TELLS.format(listed(tells)) if tells else "",
            "withheld": found.withheld,
            "agreement": found.agreement,
            "action": url_for(".make", visit=visit, sort=sort) if pdf.able() and not tells else "",
            "unable": "" if tells else pdf.UNABLE,
        },
    )


@pages.post("/visit/<uuid:visit>/document/<sort>")
@gate.page(gate.CONTENT)
@visiting.or_ask_again
def make(visit: uuid.UUID, sort: str) -> ResponseReturnValue:
    """The same as a PDF file, logged as an export before it is made. Looked at once more, for the form may be old."""
    pdf.require()
    if sort not in TO_AGENCIES:
        looked, words = _drawn(visit, sort, PREVIEW)
        if _tells(looked, sort, words):
            return _shown(visit, sort, looked, words, 409)
    found, text = _drawn(visit, sort, FILE)
    whole = _whole(found, text)
    content = pdf.made(
        "text.html",
        title=whole.title,
        marking=found.marking,
        about=f"Reference {found.reference}",
        made=f"Made by {by_whom()}, {moment(found.receipt.at)}, entry {found.receipt.reference}",
        text=whole,
        easy=False,
        sign=sort == "compact",
    )
    return pdf.answer(content, f"{sort}-{found.receipt.reference}")


def _drawn(visit: uuid.UUID, sort: str, operation: str) -> tuple[Drawn, Text]:
    """What fills the document, and its text for the borough of the case."""
    if sort not in LETTERS:
        raise NotFound
    doors, actor = gate.doors(), gate.actor()
    case = reading.live(db.session(), doors, actor, visit).case
    text = privacy.texts().of(case.agreement, sort)
    fields = sorted({field for slot in text.slots & FIELDS.keys() for field in FIELDS[slot]} | {"person.surname"})
    return drawn(db.session(), doors, actor, visit, fields, LETTERS[sort].name, operation), text


def _whole(found: Drawn, text: Text) -> Text:
    agreement = gate.doors().book.engine(found.agreement).agreement
    (values, lists), (told, several) = privacy.rules(agreement, to_somebody=True), _filled(found)
    return text.filled({**values, **told, **_maker()}, {**lists, **several})


def _maker() -> Mapping[str, str]:
    actor = gate.actor()
    return {
        "maker": gate.own_name() or "",
        "role": role_name(actor.party, actor.role),
        "agency": gate.doors().book.party_name(actor.party),
        "date": day(day_at(gate.doors().clock())),
    }


def _filled(found: Drawn) -> tuple[Mapping[str, str], Mapping[str, Sequence[str]]]:
    """What the case gives, "" or nothing where it gives none."""
    compact = next(iter(found.of("compact")), None)
    names = (found.first("person", part) for part in ("forename", "surname"))
    where = (found.first("person", part) for part in ("address", "postcode"))
    selected, review = found.first("case", "selected_on"), found.first("case", "review_on")
    born = found.first("person", "date_of_birth")
    ahead = review and not past(review, day_at(gate.doors().clock()))
    values = {
        "name": " ".join(filter(None, names)),
        "address": "\n".join(filter(None, where)),
        "reference": found.reference,
        "selected_on": day(selected) if selected else "",
        "review_on": day(review) if ahead else "",
        "version": compact.text("version") if compact else "",
        "state": _state(compact) if compact else "",
        "born": day(born) if born else "",
        "crime": found.first("referral", "priority_crime"),
        "source": found.first("referral", "source"),
    }
    lists = {
        "responsible": _responsible(found),
        "terms": [t for line in compact.text("terms").splitlines() if (t := line.strip(" -•\t"))] if compact else [],
        "reasons": [_why(r) for r in found.of("referral") if r.text("reason")],
    }
    return values, lists


def _broken(found: Drawn) -> frozenset[str]:
    """The slots of which something could not be opened: what is not known of it is not called missing."""
    used = [r for r in found.records if r.kind != "compact"] + list(found.of("compact")[:1])
    keys = {v.key.partition("@")[0] for r in used for v in r.values if v.broken}
    return frozenset(slot for slot, fields in FIELDS.items() if not keys.isdisjoint(fields))


def _tells(found: Drawn, sort: str, text: Text) -> list[str]:
    """What in it would tell the person who spoke about them (decision 16): neither a name in it nor its fixed words."""
    if sort in TO_AGENCIES:
        return []
    said = {
        "responsible": [r.text("role") for r in _working(found)],
        "terms": [r.text("terms") for r in found.of("compact")[:1]],
        "state": [r.text("refusal_reason") for r in found.of("compact")[:1]],
    }
    return sorted(CALLED[slot] for slot in text.slots & said.keys() if any(map(tells_who_spoke, said[slot])))


def _state(compact: Record) -> str:
    """Signed, refused, or neither yet; "" where it could not be opened."""
    if any(v.broken and v.key in FIELDS["state"] for v in compact.values):
        return ""
    if signed := compact.text("signed_on"):
        return f"Signed on {day(signed)}."
    if compact.text("refused") == "Yes":
        return f"Refused. {compact.text('refusal_reason')}".strip()
    return "Not signed yet."


def _why(referral: Record) -> str:
    """Which agency referred, when, and in which words."""
    return f"{referral.owner_name}, {day(referral.text('referred_on') or referral.at)}: {referral.text('reason')}"


def _responsible(found: Drawn) -> list[str]:
    """Whoever works on it: name, what they do, agency, telephone."""
    return [
        ", ".join(filter(None, (r.text("practitioner"), r.text("role"), r.owner_name, r.text("telephone"))))
        for r in _working(found)
    ]


def _working(found: Drawn) -> list[Record]:
    """Those with a name whose last day has not passed."""
    today = day_at(gate.doors().clock())
    return [r for r in found.of("assignment") if r.text("practitioner") and not past(r.text("until"), today)]
