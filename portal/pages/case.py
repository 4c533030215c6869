"""A case: why it is opened, and what the agreement then gives."""

import uuid
from itertools import chain

from flask import Blueprint, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from portal import gate
from portal.casework import asks, assessing, same_person, team, transferring
from portal.casework.assessing import Assessment
from portal.db import db
from portal.errors import NotFound
from portal.pages import contract, happened, rendering, today, visiting
from portal.pages.copying import own_system
from portal.pages.face import face
from portal.pages.frame import Alert
from portal.pages.sections import sections
from portal.pages.stamps import stamps
from portal.pages.transferred import lines
from portal.sharing import moves, visits
from portal.sharing.days import day_at
from portal.sharing.disclosure import Disclosure
from portal.sharing.fields import Invalid
from portal.sharing.reading import case as reading
from portal.sharing.reading import earlier, transfers
from portal.sharing.reading import same as linked

pages = Blueprint("case", __name__)

DONE, SELECTION = "done", "selection"
CLOSED = "Kept. The case is closed now (clause 6.8): it opens for a review of the de-selection, and for nothing else."
LETTER, REVIEW = "document/letter-deselected", earlier.PURPOSE
"""The letter that says so, and the purpose for which a case is opened that is de-selected (clause 8.92)."""
UNASKED = "Select why you need to see this"


@pages.get("/case/<uuid:case>")
@gate.page(gate.CONTENT)
def ask(case: uuid.UUID) -> ResponseReturnValue:
    """The purpose question, the same for every address; straight to the case while its visit lasts. `?at=` names the
    update where the page is to begin; `?then=` the letter after de-selection, which is for a review of that."""
    doors = gate.doors()
    begun = visits.current(db.session(), doors, gate.actor(), case, doors.clock())
    visit = visits.once(db.session(), gate.actor(), begun) if begun else None
    letter = request.args.get(visiting.THEN) == LETTER
    if visit is not None and reading.leads(db.session(), doors, gate.actor(), visit):
        on = f"/{LETTER}" if letter and visit.purpose == REVIEW else _place()
        return redirect(url_for("case.view", visit=visit.id) + on, 303)
    kept, chosen = ({visiting.THEN: LETTER}, REVIEW) if letter else (None, "")
    return visiting.ask(action=url_for("case.begin", case=case, at=_at()), kept=kept, chosen=chosen)


@pages.post("/case/<uuid:case>")
@gate.page(gate.CONTENT)
def begin(case: uuid.UUID) -> ResponseReturnValue:
    """Open a visit for the purpose that was chosen; a form that outlived its visit is sent on to the new one."""
    return _begin(case, url_for("case.begin", case=case, at=_at()), None)


@pages.get("/visit/<uuid:visit>")
@gate.page(gate.CONTENT)
@visiting.or_ask_again
def view(visit: uuid.UUID) -> ResponseReturnValue:
    """The case as the agreement gives it to this visit. `?older=` shows an earlier page of what happened."""
    here, doors, who = db.session(), gate.doors(), gate.actor()
    d = reading.case(here, doors, who, visit, request.args.get("older", type=int))
    on = day_at(doors.clock())
    head = face(d, on)
    base = url_for("case.view", visit=visit)
    return rendering.show(
        "case.html",
        head.name or d.reference,
        marking=d.marking,
        receipt=d.receipt,
        purpose=d.purpose_name,
        purpose_path=f"{base}/purpose",
        visit=base,
        alerts=_alerts(d, base) + contract.lacking(),
        d=d,
        face=head,
        base=base,
        emergency_path=url_for("emergency.panel", case=d.case) if d.emergency_offered else "",
        team_path=url_for("team_case.show_team", visit=visit) if team.assigns(doors, who) else "",
        sections=sections(d),
        happened=happened.told(d),
        stamps=stamps(d),
        may_update=happened.may_update(d),
        may_act=happened.may_act(d),
        may_move=happened.may_move(d),
        earlier=None if d.emergency else earlier.earlier(here, doors, who, d.case),
        may_transfer=transferring.may_offer(doors, who, d.agreement.partition("@")[0], d.writable),
        transfers=lines(transfers.told(here, doors, who, d.case, d.records(moves.TRANSFER))),
        add=happened.addable(d),
        asked=asks.on_case(here, doors, who, d.case, d.purpose),
        assessed=_assessed(d),
        linked=linked.linked(here, doors, who, d.case, d.purpose, d.visit),
        pair_path=url_for("same_person.everything") if same_person.keeps(doors, who) else "",
    )


@pages.get("/visit/<uuid:visit>/purpose")
@gate.page(gate.CONTENT)
@visiting.or_ask_again
def purpose(visit: uuid.UUID) -> ResponseReturnValue:
    """Ask for another purpose. The present visit goes on until one is given."""
    live = reading.live(db.session(), gate.doors(), gate.actor(), visit)
    back = url_for("case.view", visit=visit)
    return visiting.ask(action=f"{back}/purpose", chosen=live.purpose, cancel=back)


@pages.post("/visit/<uuid:visit>/purpose")
@gate.page(gate.CONTENT)
@visiting.or_ask_again
def change_purpose(visit: uuid.UUID) -> ResponseReturnValue:
    """End this visit and open another for the new purpose."""
    live = reading.live(db.session(), gate.doors(), gate.actor(), visit)
    return _begin(live.case.id, url_for("case.change_purpose", visit=visit), visit)


def _begin(case: uuid.UUID, action: str, instead_of: uuid.UUID | None) -> ResponseReturnValue:
    doors, actor, form = gate.doors(), gate.actor(), request.form
    kept = {k: v for k, v in form.items() if k not in ("csrf_token", "purpose", "reason")}
    chosen, reason = form.get("purpose", ""), form.get("reason", "").strip()
    if chosen not in {p.id for p in visits.purposes(doors, actor)}:
        return visiting.ask(action=action, kept=kept, reason=reason, problems={"purpose": UNASKED}, status=400)
    try:
        begun = visits.begin(db.session(), doors, actor, case, chosen, reason, doors.clock(), instead_of)
    except Invalid as long:
        return visiting.ask(action=action, kept=kept, chosen=chosen, reason=reason, problems=long.problems, status=400)
    then, path = form.get(visiting.THEN, ""), url_for("case.view", visit=begun)
    if then and visiting.goes_on(then):
        typed = set(kept) - {visiting.THEN}
        return redirect(f"{path}/{then}", 307 if typed else 303)  # 307 keeps the method and what was typed
    return redirect(path + _place(), 303)


def _at() -> uuid.UUID | None:
    return request.args.get("at", type=uuid.UUID)


def _place() -> str:
    """The end of an address that leads to an update on the page of a case, "" for the head of the page."""
    return f"#u-{_at()}" if _at() else ""


def _assessed(d: Disclosure) -> Assessment | None:
    """How the criteria stand by what this page shows anyway; nothing where it shows nothing of selection."""
    if not any(s.id == SELECTION and s.records for s in d.sections):
        return None
    agreement = gate.doors().book.of_borough(d.borough)
    return assessing.of_case(db.session(), agreement.id, d, gate.doors().clock()) if agreement else None


def done(words: str, record: uuid.UUID | None = None) -> None:
    """Say once, above the next view of a case, what was done last, and with which record where there is one to copy
    out. Never anything about a person."""
    session[DONE] = (words, str(record or ""))


def kept(visit: uuid.UUID, words: str, record: uuid.UUID, then: str = "case.view") -> ResponseReturnValue:
    """To a page of the visit, with `done`; home, if what was kept has closed the case to this visit."""
    try:
        reading.live(db.session(), gate.doors(), gate.actor(), visit)
    except NotFound:
        session[today.DONE] = CLOSED
        return redirect(url_for("home.home"), 303)
    done(words, record)
    return redirect(url_for(then, visit=visit), 303)


def said() -> tuple[Alert, ...]:
    """What was done last, on another page than the case."""
    return (Alert("done", session.pop(DONE)[0]),) if DONE in session else ()


def _alerts(d: Disclosure, base: str) -> tuple[Alert, ...]:
    """What was done last, with the way to copy it out where it may leave."""
    if DONE not in session:
        return ()
    words, record = session.pop(DONE)
    shown = chain(d.timeline, (r for s in d.sections for r in s.records))
    if d.emergency or not any(r.can_copy for r in shown if str(r.id) == record):
        return (Alert("done", words),)
    return (Alert("done", words, path=f"{base}/record/{record}/copy", path_text=f"Copy it for {own_system()}"),)
