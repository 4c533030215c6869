"""Whether somebody wants the mail of the morning, where to, and the mailbox of a party's team."""

from flask import Blueprint, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from portal import gate
from portal.casework import notifying
from portal.db import db
from portal.errors import Conflict
from portal.pages.frame import Alert
from portal.pages.rendering import show
from portal.sharing import joining, mailboxes
from portal.sharing.fields import Invalid

pages = Blueprint("mails", __name__)

DONE = "mails-done"
YES, TEAM, NO = "morning", "team", "none"


@pages.get("/e-mails")
@gate.page(gate.ANYONE)
def choice() -> ResponseReturnValue:
    """What the mail is, and whether this person gets it."""
    who = gate.actor()
    wanted, team = notifying.wants(db.session(), who.user), notifying.to_team(db.session(), who.user)
    box = mailboxes.exists(db.session(), who.party)
    choices = [
        (
            YES,
            "Each working morning, if something needs me",
            "An update on a case of yours, an action, a review, a referral, a meeting",
        ),
        (NO, "Never", "Your home page says the same"),
    ]
    if box or team:
        choices.insert(1, (TEAM, "The same, to my team's mailbox", "Then it does not say whom it is for"))
    d = {
        "chosen": TEAM if team else YES if wanted else NO,
        "choices": choices,
        "action": url_for(".choose"),
        "team_path": url_for(".team") if joining.looks_after(gate.doors(), who) else "",
    }
    return show("mails.html", "E-mails", alerts=_done(), d=d)


@pages.post("/e-mails")
@gate.page(gate.ANYONE)
def choose() -> ResponseReturnValue:
    """Keep it."""
    chosen = request.form.get("mails")
    notifying.wish(db.session(), gate.doors(), gate.actor().user, chosen != NO, chosen == TEAM)
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
