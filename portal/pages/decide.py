"""One case in a meeting: what the panel needs to see, what it decides, and the minutes of all of them."""

import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal import gate
from portal.casework import agencies, deciding, minuting
from portal.casework.deciding import Decided, Desk, Told
from portal.db import db
from portal.errors import Conflict
from portal.pages import pdf, transferred
from portal.pages.day_input import Day, day_of, sent, today, typed
from portal.pages.errors import typed as typed_text
from portal.pages.face import Face, face
from portal.pages.happened import may_act
from portal.pages.meetings import said, say, title_of
from portal.pages.presenting import moment
from portal.pages.rendering import by_whom, show
from portal.pages.team import id_of
from portal.sharing import moves
from portal.sharing.disclosure import Record
from portal.sharing.fields import Invalid
from portal.sharing.reading import transfers
from portal.sharing.reading.earlier import earlier
from portal.sharing.reading.transfers import Told as Transfer
from portal.sharing.transfers import WAITS

pages = Blueprint("decide", __name__)

RAGS = ("Red", "Amber", "Green")
COHORTS = ("Fixed", "Flex", "Free")
LATER = (deciding.LATER, "Decide later", "Nothing changes; the case comes back to a later meeting")
CLOSES = "Closes the case from this moment"
REFERRED = (
    (deciding.SELECT, "Take on", "The case is selected from today"),
    (deciding.NOT_SELECT, "Do not take on", CLOSES),
    LATER,
)
RUNNING = ((deciding.STAY, "Stay on IOM", ""), (deciding.DESELECT, "De-select", CLOSES), LATER)
STAYS = "then"
"""The button that records the decision and stays, to add actions."""
USUAL = timedelta(weeks=13)
"""Until the next review, unless somebody says otherwise."""
NO_DAY = "The next review must be a real date, like 27 3 2027"
CHANGED = "Someone changed the status or the RAG meanwhile. What you wrote is kept; look again and record it once more."
DECIDED = "Somebody else recorded a decision on this case. It stands; yours was not kept beside it."
ANCHORS = {"decision.reason": "reason", "case.rag_reason": "rag_reason", "case.review_on": "review_on"}


@pages.get("/meeting/<uuid:meeting>/case/<uuid:case>")
@gate.page(gate.CONTENT)
def one(meeting: uuid.UUID, case: uuid.UUID) -> ResponseReturnValue:
    """The case as the agreement gives it to who attends, and the decision to be recorded."""
    return _one(meeting, case, Told(), typed(today() + USUAL), {})


@pages.post("/meeting/<uuid:meeting>/case/<uuid:case>")
@gate.page(gate.CONTENT)
def decide(meeting: uuid.UUID, case: uuid.UUID) -> ResponseReturnValue:
    """Record the decision and go on to the next case."""
    form, review = request.form, sent("review_on")
    on = day_of(review)
    record = form.get("record", "")
    told = Told(
        outcome=form.get("outcome", ""),
        reason=form.get("reason", "").strip(),
        rag=form.get("rag", ""),
        rag_reason=form.get("rag_reason", "").strip(),
        cohort=form.get("cohort", ""),
        review_on=on.isoformat() if on else "",
        record=id_of(record) if record else None,
        base=form.get("base", 0, type=int),
        agencies=frozenset(form.getlist(agencies.PART)),
    )
    try:
        if any(review) and on is None:
            raise Invalid({"review_on": NO_DAY})
        deciding.decide(db.session(), gate.doors(), gate.actor(), meeting, case, told)
    except Invalid as wrong:
        return _one(meeting, case, told, review, {ANCHORS.get(k, k): words for k, words in wrong.problems.items()})
    except Decided:
        return _one(meeting, case, told, review, {"": DECIDED}, 409)
    except Conflict:
        return _one(meeting, case, told, review, {"": CHANGED}, 409)
    following = deciding.following(db.session(), meeting, case)
    if told.outcome == deciding.DESELECT:
        letter = url_for("case.ask", case=case, then="document/letter-deselected")
        say("The decision is recorded. The case is closed.", letter, "Write the letter: no longer on IOM")
    else:
        say("The decision is recorded.")
    if STAYS in form and told.outcome not in deciding.ENDS:
        return redirect(url_for(".one", meeting=meeting, case=case), 303)
    if following is None:
        return redirect(url_for("meetings.one", meeting=meeting), 303)
    return redirect(url_for(".one", meeting=meeting, case=following), 303)


@pages.get("/meeting/<uuid:meeting>/minutes")
@gate.page(gate.CONTENT)
def minutes(meeting: uuid.UUID) -> ResponseReturnValue:
    """The minutes, made for printing: marked, with who made them and when."""
    found = minuting.minutes(db.session(), gate.doors(), gate.actor(), meeting)
    return show(
        "minutes.html",
        f"Minutes: {title_of(found.about)}",
        marking=found.minutes.marking,
        receipt=found.minutes.receipts[-1] if found.minutes.receipts else None,
        back=url_for("meetings.one", meeting=meeting),
        back_text="The meeting",
        d={
            "found": found,
            "title": title_of(found.about),
            "by": by_whom(),
            "file": url_for(".minutes_file", meeting=meeting) if pdf.able() else "",
            "unable": pdf.UNABLE,
        },
    )


@pages.post("/meeting/<uuid:meeting>/minutes")
@gate.page(gate.CONTENT)
def minutes_file(meeting: uuid.UUID) -> ResponseReturnValue:
    """The minutes as a tagged PDF file, logged once more as a print. Sent, not followed: no prefetch makes one."""
    pdf.require()
    found = minuting.minutes(db.session(), gate.doors(), gate.actor(), meeting)
    receipt = found.minutes.receipts[-1] if found.minutes.receipts else None
    reference = receipt.reference if receipt else ""
    content = pdf.made(
        "minutes.html",
        title=f"Minutes: {title_of(found.about)}",
        marking=found.minutes.marking,
        about=f"{found.about.borough} panel, minutes",
        made=f"Made by {by_whom()}" + (f", {moment(receipt.at)}, entry {reference}" if receipt else ""),
        found=found,
        heading=title_of(found.about),
    )
    return pdf.answer(content, f"minutes-{reference}" if reference else "minutes")


def _one(
    meeting: uuid.UUID,
    case: uuid.UUID,
    told: Told,
    review: Day,
    problems: Mapping[str, str],
    status: int = 400,
) -> ResponseReturnValue:
    found = deciding.desk(db.session(), gate.doors(), gate.actor(), meeting, case)
    d, standing = found.disclosure, found.standing
    head, may = face(d, today()), found.may_decide and not found.decided
    moved = transfers.told(db.session(), gate.doors(), gate.actor(), case, d.records(moves.TRANSFER))
    if request.method == "GET" and (because := transferred.reason(moved)):
        told = replace(told, reason=because)
    return show(
        "decide.html",
        head.name or d.reference,
        status=status if problems else 200,
        marking=d.marking,
        receipt=d.receipt,
        purpose=d.purpose_name,
        visit=url_for("case.view", visit=d.visit),
        back=url_for("meetings.one", meeting=meeting),
        back_text="The agenda",
        alerts=said(),
        d={
            "face": head,
            "disclosure": d,
            "earlier": earlier(db.session(), gate.doors(), gate.actor(), case),
            "form": told,
            "transfers": transferred.lines(moved),
            "review": review,
            "record": standing.id if standing else "",
            "base": standing.version if standing else 0,
            **_choices(found, told, head, ends=next((t for t in moved if t.code == WAITS), None)),
            "errors": [(anchor or ("outcome" if may else ""), words) for anchor, words in problems.items()],
            "may": may,
            "typed": () if may else typed_text(),
            "decisions": d.records("decision"),
            "referrals": tuple(r for r in d.records("referral") if r.text("reason")),
            "assessed": found.assessed,
            "bands": _bands(d.records("score_band"), d.records("score")),
            "stays": STAYS if may_act(d) else "",
            "add": url_for("action.add", visit=d.visit, meeting=meeting, case=case) if may_act(d) else "",
            "next": url_for(".one", meeting=meeting, case=found.following) if found.following else "",
            "action": url_for(".decide", meeting=meeting, case=case),
        },
    )


def _choices(found: Desk, told: Told, head: Face, ends: Transfer | None) -> dict[str, Any]:
    """What the form offers, and what stands chosen: as it was sent, else as the case has it. Who referred is ticked.
    `ends`: an offer that waits, which ends with the case (clause 8.91)."""
    outcomes: tuple[tuple[str, str, str], ...] = RUNNING if head.status not in ("", "Referred") else REFERRED
    if ends is not None:
        closes = f"{CLOSES}, and ends the transfer offered to {ends.record.text('borough')}, which waits for an answer"
        outcomes = tuple((code, words, closes if note == CLOSES else note) for code, words, note in outcomes)
    referred = {r.owner for r in found.disclosure.records("referral")}
    return {
        "outcomes": outcomes,
        "rags": [(r, r, "") for r in RAGS],
        "rag": told.rag or head.rag,
        "cohorts": [(c, c, "") for c in COHORTS],
        "cohort": told.cohort or head.cohort,
        "agencies": found.others,
        "asked": told.agencies if request.method == "POST" else referred,
    }


def _bands(bands: tuple[Record, ...], scores: tuple[Record, ...]) -> tuple[Record, ...]:
    """The scores where they are given, else their bands."""
    return scores or bands
