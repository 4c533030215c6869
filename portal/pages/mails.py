"""Whether somebody wants the mail of the morning, where to, or also at once; and the mailbox of a party's team."""

from flask import Blueprint, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from portal import gate
from portal.auth.actor import Actor
from portal.casework import at_once, notifying
from portal.db import db
from portal.errors import Conflict
from portal.pages.frame import Alert
from portal.pages.rendering import show
from portal.sharing import joining, mailboxes
from portal.sharing.fields import Invalid
from portal.sharing.logbook.scope import DPO

pages = Blueprint("mails", __name__)

DONE = "mails-done"
YES, TEAM, ONCE, NO = "morning", "team", "once", "none"
MORNING = "An update on a case of yours, an action, a review, a referral, a meeting, a question to you"
PRESSING = (
    "Somebody asks you by name, your data-protection officer too, gives you something to do within three days, or "
    "writes that one of your people is released within three days. On any day and at any hour, at most one e-mail in "
    "half an hour"
)


@pages.get("/e-mails")
@gate.page(gate.ANYONE)
def choice() -> ResponseReturnValue:
    """What the mail is, and whether this person gets it."""
    return _choice(_chosen(gate.actor()), "")


def _choice(chosen: str, error: str) -> ResponseReturnValue:
    who = gate.actor()
    d = {
        "chosen": chosen,
        "choices": _choices(who),
        "error": error,
        "action": url_for(".choose"),
        "team_path": url_for(".team") if joining.looks_after(gate.doors(), who) else "",
    }
    return show("mails.html", "E-mails", status=422 if error else 200, alerts=_done(), d=d)


def _chosen(who: Actor) -> str:
    if not notifying.wants(db.session(), who.user):
        return NO
    if who.role == DPO or at_once.wants(db.session(), who.user):
        return ONCE
    return TEAM if notifying.to_team(db.session(), who.user) else YES


def _choices(who: Actor) -> list[tuple[str, str, str]]:
    """(value, words, note) of each."""
    never = (NO, "Never", "Your home page says the same")
    if who.role == DPO:
        words = "At once, when an emergency is declared or somebody answers what you asked"
        return [(ONCE, words, "Your organisation reviews an emergency"), never]
    found = [(YES, "Each working morning, if something needs me", MORNING)]
    if mailboxes.exists(db.session(), who.party) or notifying.to_team(db.session(), who.user):
        found.append((TEAM, "The same, to my team's mailbox", "Then it does not say whom it is for"))
    return [*found, (ONCE, "Each working morning, and at once what cannot wait", PRESSING), never]


@pages.post("/e-mails")
@gate.page(gate.ANYONE)
def choose() -> ResponseReturnValue:
    """Keep it."""
    chosen, who = request.form.get("mails", ""), gate.actor()
    if chosen not in {value for value, _, _ in _choices(who)}:
        return _choice(chosen, "Choose when you want one")
    notifying.wish(db.session(), gate.doors(), who.user, chosen != NO, chosen == TEAM, chosen == ONCE)
    session[DONE] = "Your choice is kept."
    return redirect(url_for(".choice"), 303)


@pages.get("/e-mails/team")
@gate.page(gate.JOINING)
def team() -> ResponseReturnValue:
    """The mailbox of the party's team, and who set it when."""
    return _team(None)


@pages.post("/e-mails/team")
@gate.page(gate.JOINING)
def keep() -> ResponseReturnValue:
    """Set it or take it away, or say what to correct."""
    address = "" if request.form.get("take") else request.form.get("address", "").strip()
    if not address and not request.form.get("take"):
        return _team(address, "Enter the address of the mailbox")
    seen = request.form.get("version", 0, int)
    try:
        mailboxes.keep(db.session(), gate.doors(), gate.actor(), address, seen, _domains())
    except Invalid as wrong:
        return _team(address, wrong.problems["address"])
    except Conflict:
        return _team(
            address, "Somebody else changed it meanwhile. It is shown below; send yours again if it is to count"
        )
    session[DONE] = "The mailbox is kept." if address else "The mailbox is taken away: everybody is told alone."
    return redirect(url_for(".team"), 303)


def _domains() -> frozenset[str]:
    """Where the e-mail addresses of this party's people are, as far as sign-in goes by that."""
    rules = gate.services().desk.relying.catalogue.rules
    return frozenset(r.email_domain for r in rules if r.id == gate.actor().party and r.email_domain)


def _team(address: str | None, error: str = "") -> ResponseReturnValue:
    found = mailboxes.look(db.session(), gate.doors(), gate.actor())
    d = {
        "party": found.party,
        "now": found.address,
        "typed": found.address if address is None else address,
        "version": found.version,
        "past": found.past,
        "error": error,
        "action": url_for(".keep"),
    }
    return show(
        "mails_team.html",
        f"The mailbox of {found.party}",
        status=422 if error else 200,
        receipt=found.receipt,
        alerts=_done(),
        back=url_for(".choice"),
        back_text="E-mails",
        d=d,
    )


def _done() -> tuple[Alert, ...]:
    done = session.pop(DONE, None)
    return (Alert("done", str(done)),) if done else ()
