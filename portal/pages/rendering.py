"""From an answer to a page: the frame, the headers, and nothing a template should not have."""

from typing import Any, Final

from flask import render_template, request, url_for
from flask_wtf.csrf import generate_csrf

from portal import gate
from portal.auth.actor import Actor
from portal.casework import inbox, meetings, referrals, team
from portal.pages.frame import Alert, Frame, NavItem, Recorded
from portal.sharing import joining

SENSITIVE: Final = "OFFICIAL-SENSITIVE"
OFFICIAL: Final = "OFFICIAL"


def show(template: str, title: str, *, status: int = 200, marking: str = OFFICIAL, **data: Any) -> tuple[str, int]:
    """A page with its frame. Keywords named like parts of `Frame` (receipt, back …) frame it, the rest is data.

    `data` holds disclosures, view models and plain values; a rule test fails a page that hands over anything else.
    """
    framing = {name: data.pop(name) for name in _FRAMING & data.keys()}
    return render_template(template, page=frame(title, marking=marking, **framing), **data), status


_FRAMING = {"receipt", "purpose", "purpose_path", "visit", "back", "back_text", "alerts", "refresh_seconds"}


def frame(
    title: str,
    *,
    marking: str = OFFICIAL,
    receipt: Recorded | None = None,
    purpose: str | None = None,
    purpose_path: str | None = None,
    visit: str | None = None,
    back: str | None = None,
    back_text: str = "Back",
    alerts: tuple[Alert, ...] = (),
    refresh_seconds: int | None = None,
) -> Frame:
    """The frame of the present request: who you are, in which capacity, where you can go."""
    doors, state = gate.doors(), gate.state()
    actor = state.actor if state else None
    return Frame(
        title=title,
        marking=SENSITIVE if marking == SENSITIVE else OFFICIAL,
        csrf=generate_csrf,
        who=gate.own_name(),
        capacity=f"{role_name(actor.party, actor.role)}, {doors.book.party_name(actor.party)}" if actor else None,
        can_change_capacity=actor is not None,
        purpose=purpose,
        purpose_path=purpose_path,
        visit=visit,
        receipt=receipt,
        nav=_nav(actor) if actor else (),
        alerts=alerts,
        back=back,
        back_text=back_text,
        can_search=bool(actor and _content(actor.party, actor.role)),
        demo=doors.settings.demo,
        refresh_seconds=refresh_seconds,
    )


def role_name(party: str, role: str) -> str:
    """The name of a role in the agreements of a party."""
    for agreement in gate.doors().book.of_party(party):
        if role in agreement.roles:
            return agreement.roles[role].name
    return role


def _content(party: str, role: str) -> bool:
    return any(a.roles[role].content for a in gate.doors().book.of_party(party) if role in a.roles)


def _nav(actor: Actor) -> tuple[NavItem, ...]:
    role, party = actor.role, actor.party
    items = [("Home", url_for("log.home" if role in gate.LOG_ROLES else "home.home"))]
    if role in gate.LOG_ROLES:
        items += [("Access log", url_for("log.entries")), ("Emergencies", url_for("log.emergencies"))]
    if role == "admin":
        items.append(("People", url_for("people.everyone")))
    if referrals.refers(gate.doors(), actor):
        items.append(("Refer someone", url_for("refer.choose")))
    if inbox.keeps(gate.doors(), actor):
        items.append(("Referrals", url_for("inbox.waiting")))
    if team.assigns(gate.doors(), actor):
        items.append(("Who works on what", url_for("team.everyone")))
    if joining.looks_after(gate.doors(), actor):
        items.append(("Joining", url_for("joining.everyone")))
    if meetings.attends(gate.doors(), actor):
        items.append(("Meetings", url_for("meetings.everything")))
    if _imports(role, party):
        items.append(("Monthly file", url_for("imports.upload")))
    items.append(("What can I see?", url_for("agreement.mine")))
    return tuple(NavItem(text, path, current=request.path == path) for text, path in items)


def _imports(role: str, party: str) -> bool:
    kinds = {a.parties[party].kind for a in gate.doors().book.of_party(party)}
    return role == "spoc" and "probation" in kinds


def by_whom() -> str:
    """Who acts, in which capacity, as the frame of every page says it: for paper and copies."""
    framed = frame("")
    return f"{framed.who}, {framed.capacity}"
