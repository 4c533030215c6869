"""The gate: every request passes here first. What is not named as open needs a live session, a capacity, and a role.

Each view function says which gate it stands behind (`gate.page`); the application refuses to start if one does not.
"""

import dataclasses
import secrets
import uuid
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import quote

from flask import Flask, Request, abort, current_app, g, redirect, request, session, url_for
from flask_login import LoginManager, current_user
from flask_login.mixins import UserMixin
from werkzeug.wrappers import Response as BaseResponse

from isa.agreement import Capacity
from portal.auth import contracts, sessions
from portal.auth.actor import Actor
from portal.auth.delegations import DELEGATED
from portal.auth.sessions import Limits, SessionState
from portal.auth.signing_in import Desk
from portal.casework import inbox, team
from portal.db import db
from portal.errors import Misconfigured, Refused
from portal.sharing import joining
from portal.sharing.doors import Doors
from portal.sharing.reading import staff

OPEN, SIGNED_IN, ANYONE, CONTENT = "open", "signed-in", "anyone", "content"
TEAM, INBOX, ADMIN, LOG = "team", "inbox", "admin", "log"
JOINING, DELEGATING, ASKED = "joining", "delegating", "asked"
LOG_ROLES = frozenset({"dpo", "partnership_dpo"})
View = TypeVar("View", bound=Callable[..., Any])


@dataclasses.dataclass(frozen=True)
class Services:
    """What the web layer hands to the functions below it."""

    doors: Doors
    desk: Desk
    limits: Limits


class SignedIn(UserMixin):  # type: ignore[misc]
    """The current user of Flask-Login: a live session and, once chosen, an actor."""

    def __init__(self, state: SessionState, actor: Actor | None, name: str | None = None) -> None:
        self.state = state
        self.actor = actor
        self.name = name

    def get_id(self) -> str:
        """The public session id; Flask-Login keeps it nowhere, the cookie is our own."""
        return self.state.session


def page(behind: str, step_up: bool = False) -> Callable[[View], View]:
    """Name the gate a view stands behind.

    OPEN: no sign-in. SIGNED_IN: a session, a capacity or not. ANYONE: any capacity. CONTENT: a role that may see case
    content. TEAM: one that says who of its party works on what. INBOX: one that keeps the panel's list. These three
    also ask that the person is trained and has accepted the rules of use. JOINING: whoever looks after the people of
    the party, its SPOC or administrator. DELEGATING: a role that somebody else may stand in for. ADMIN: the party's
    administrator. LOG: a data-protection officer. ASKED: any capacity, for what an officer asks about the log and is
    answered. `step_up` asks for a fresh proof of identity before the view is reached; LOG always does, from the
    officer's home on, and DELEGATING and ASKED do of an officer.
    """

    def mark(view: View) -> View:
        view.gate = (behind, step_up or behind == LOG)  # type: ignore[attr-defined]
        return view

    return mark


def services() -> Services:
    """What this application was built with."""
    found: Services = current_app.extensions["portal"]
    return found


def doors() -> Doors:
    """The doors of this application."""
    return services().doors


def actor() -> Actor:
    """Who acts in this request. Only views behind ANYONE or stricter call it."""
    user = current_user._get_current_object()
    found: Actor | None = user.actor if isinstance(user, SignedIn) else None
    if found is None:
        abort(401)
    return found


def state() -> SessionState | None:
    """The live session of this request, if there is one."""
    user = current_user._get_current_object()
    return user.state if isinstance(user, SignedIn) else None


def lapsed(within: int) -> Actor | None:
    """Who acted in the session of this request, where only the clock ended it, at most `within` microseconds ago."""
    built = services()
    return sessions.lapsed(db.session(), session_cookie(), built.limits, built.doors.clock(), within)


def own_name() -> str | None:
    """The name of whoever is signed in. A page is headed by it, so it is read together with the session."""
    user = current_user._get_current_object()
    if not isinstance(user, SignedIn):
        return None
    if user.name is None:
        user.name = _name(user.state.user)
    return user.name


def cookie_name(secure: bool) -> str:
    """Name of the session cookie; the prefix makes browsers refuse it over plain http or for a wider domain."""
    return "__Host-session" if secure else "session-demo"


def session_cookie() -> str:
    """The value of the session cookie of this request, "" without one."""
    return request.cookies.get(cookie_name(doors().settings.secure), "")


def set_session_cookie(response: BaseResponse, value: str) -> BaseResponse:
    """Give the browser a session cookie that no script can read and that ends with the browser."""
    secure = doors().settings.secure
    response.set_cookie(cookie_name(secure), value, httponly=True, secure=secure, samesite="Lax", path="/")
    return response


def drop_session_cookie(response: BaseResponse) -> BaseResponse:
    """Take the session cookie back, and with it whatever the browser kept of this site.

    "cookies" is not among it: it would clear those of the whole registrable domain, such as the council's other sites.
    """
    secure = doors().settings.secure  # a browser ignores the deletion of a __Host- cookie that is not itself secure
    response.delete_cookie(cookie_name(secure), path="/", secure=secure, httponly=True, samesite="Lax")
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


def browser_secret() -> str:
    """A secret of this browser from before sign-in, to bind a sign-in to it and to count attempts by."""
    if "browser" not in session:
        session["browser"] = secrets.token_urlsafe(24)
    return str(session["browser"])


def source() -> bytes | None:
    """The keyed digest of the address this request came from."""
    return doors().log.source_of(db.session(), request.remote_addr) if request.remote_addr else None


def install(app: Flask, built: Services) -> None:
    """Put the gate before every view of the application. Call after all views are registered.

    Raises `Misconfigured` naming any view that does not say which gate it stands behind.
    """
    app.extensions["portal"] = built
    ungated = [name for name, view in app.view_functions.items() if name != "static" and not hasattr(view, "gate")]
    if ungated:
        raise Misconfigured(f"these pages do not say who may see them: {', '.join(sorted(ungated))}")
    manager = LoginManager()
    manager.session_protection = None  # sessions are ours: nothing of Flask-Login is in a cookie
    manager.init_app(app, add_context_processor=False)
    manager.request_loader(_load)
    app.before_request(_guard)


def _load(incoming: Request) -> SignedIn | None:
    built = services()
    cookie = incoming.cookies.get(cookie_name(built.doors.settings.secure))
    if not cookie:
        return None
    now = built.doors.clock()
    found = sessions.resolve(db.session(), cookie, built.limits, now)
    if found is None:
        return None
    if found.touch_due:
        with built.doors.log.transaction(db.session()) as tx:
            sessions.touch(tx.session, found.session, now)
    who = _acting(found.actor, now) if found.actor else None
    return SignedIn(found, who, _name(found.user) if incoming.method == "GET" else None)


def _acting(found: Actor, now: int) -> Actor:
    """Who acts, with where from, and for a role that works on cases what is recorded of contracts now."""
    content = doors().book.role(Capacity(found.party, found.role))[1]
    recorded = contracts.recorded(db.session(), now) if content else found.contracts
    return dataclasses.replace(found, source=source(), contracts=recorded)


def _name(user: uuid.UUID) -> str:
    return staff.names(db.session(), doors(), [user])[user]


def _guard() -> BaseResponse | None:
    if "prefetch" in request.headers.get("Sec-Purpose", "") + request.headers.get("Purpose", ""):
        abort(403)  # a page the person did not ask for would be logged as looked at
    if request.endpoint in (None, "static"):
        return None
    behind, step_up = getattr(current_app.view_functions[str(request.endpoint)], "gate")  # noqa: B009
    if behind == OPEN:
        return None
    user = current_user._get_current_object()
    if not isinstance(user, SignedIn):
        return _to_sign_in()
    if behind == SIGNED_IN:
        return None
    if user.actor is None:
        if request.method != "GET":
            abort(409)  # away since the page was opened: a redirect would lose what was typed
        return redirect(url_for("sign_in.capacity"))
    _require(behind, user.actor)
    step_up = step_up or (behind in (DELEGATING, ASKED) and user.actor.role in LOG_ROLES)
    if step_up and not user.actor.stepped_up:
        if request.method != "GET":
            abort(428)  # a redirect would lose what was typed; the page for this shows it, to be sent again
        return redirect(url_for("sign_in.confirm", next=request.full_path.rstrip("?")))
    return None


def _to_sign_in() -> BaseResponse:
    """To the start; a form that was sent after the session ended is told so instead of being lost in a redirect."""
    if request.method != "GET":
        g.session_ended = True
        abort(401)
    path = request.full_path.rstrip("?")
    return redirect(url_for("sign_in.choose") + (f"?next={quote(path, safe='/')}" if path != "/" else ""))


def _require(behind: str, who: Actor) -> None:
    """Raise `Refused`, in words, where the role alone decides."""
    if not doors().book.may_hold(who.party, who.role):
        raise Refused(
            "4.2",
            "The agreement does not let your organisation hold the role you act in.",
            "Ask the administrator of your organisation.",
        )
    _, content, _ = doors().book.role(Capacity(who.party, who.role))
    if behind == CONTENT and not content:
        raise Refused(
            "4.2", "The role you act in sees no case content.", "If you also have another role, change to it."
        )
    if behind == TEAM and not team.assigns(doors(), who):
        raise Refused(
            team.CLAUSE,
            "The agency SPOC says which of its people work on which case.",
            "Ask the SPOC of your organisation.",
        )
    if behind == INBOX and not inbox.keeps(doors(), who):
        raise Refused(
            inbox.CLAUSE,
            "Referrals are answered by whoever keeps the panel's list.",
            "Ask the IOM coordinator of the borough.",
        )
    if behind == ADMIN and who.role != "admin":
        raise Refused("4.2", "Only the administrator of an organisation manages its people.", "")
    if behind == JOINING and not joining.looks_after(doors(), who):
        raise Refused("9.20", "The SPOC and the administrator of an organisation look after its people.", "")
    if behind == DELEGATING and who.role not in DELEGATED:
        raise Refused("9.34", "Only a data-protection officer or an agency SPOC lets a colleague stand in.", "")
    if behind in (CONTENT, TEAM, INBOX):
        joining.require(db.session(), doors(), who)
    if behind == LOG and who.role not in LOG_ROLES:
        raise Refused("9.3", "The access log is read by data-protection officers.", "")
