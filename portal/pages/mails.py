"""Whether somebody wants the mail of the morning."""

from flask import Blueprint, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from portal import gate
from portal.casework import notifying
from portal.db import db
from portal.pages.frame import Alert
from portal.pages.rendering import show

pages = Blueprint("mails", __name__)

DONE = "mails-done"
YES, NO = "morning", "none"


@pages.get("/e-mails")
@gate.page(gate.ANYONE)
def choice() -> ResponseReturnValue:
    """What the mail is, and whether this person gets it."""
    wanted = notifying.wants(db.session(), gate.actor().user)
    done = session.pop(DONE, None)
    d = {
        "chosen": YES if wanted else NO,
        "choices": (
            (
                YES,
                "Each working morning, if something needs me",
                "An update on a case of yours, an action, a review, a referral, a meeting",
            ),
            (NO, "Never", "Your home page says the same"),
        ),
        "action": url_for(".choose"),
    }
    return show("mails.html", "E-mails", alerts=(Alert("done", str(done)),) if done else (), d=d)


@pages.post("/e-mails")
@gate.page(gate.ANYONE)
def choose() -> ResponseReturnValue:
    """Keep it."""
    notifying.wish(db.session(), gate.doors(), gate.actor().user, request.form.get("mails") != NO)
    session[DONE] = "Your choice is kept."
    return redirect(url_for(".choice"), 303)
