"""Signing out, by the person or by their provider, over either of its two channels."""

from flask import Blueprint, Response, redirect, request, session, url_for
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue

from portal import gate
from portal.auth import signing_out
from portal.auth.errors import LogoutRefused
from portal.db import db
from portal.pages.limits import ADDRESS, by_address, limiter
from portal.pages.rendering import show
from portal.sharing import visits

pages = Blueprint("sign_out", __name__)

LONGEST = 8 * 1024  # bytes of a logout token; providers send well under two
FORM = 256  # bytes that a form needs around it


@pages.post("/sign-out")
@gate.page(gate.OPEN)  # an idle session may still be signed out, here and at its provider
def sign_out() -> ResponseReturnValue:
    """End the session here and its visits, and go on to end the one at the provider."""
    state, doors, desk, now = gate.state(), gate.doors(), gate.services().desk, gate.doors().clock()
    back = f"{doors.settings.base_url}{url_for('.signed_out')}"
    if state is not None:
        visits.leave(db.session(), doors, state.session, now)
    away = signing_out.sign_out(desk, db.session(), gate.session_cookie(), back, now, gate.source())
    session.clear()
    return gate.drop_session_cookie(redirect(away or url_for(".signed_out"), 303))


@pages.get("/signed-out")
@gate.page(gate.OPEN)
def signed_out() -> ResponseReturnValue:
    """Where a sign-out ends, whether or not it went by way of the provider."""
    return show("signed_out.html", "You are signed out", d={"again": url_for("sign_in.choose")})


@pages.post("/sign-in/<provider>/back-channel")
@gate.page(gate.OPEN)
def back_channel(provider: str) -> ResponseReturnValue:
    """A provider says that a session there has ended (OpenID Connect Back-Channel Logout 1.0 section 2.5).

    Not limited by address: one provider signs out a whole agency at once. 400 to anything that does not verify.
    """
    if (request.content_length or 0) > LONGEST + FORM:
        return {"error": "invalid_request"}, 400
    token, now = request.form.get("logout_token", ""), gate.doors().clock()
    try:
        signing_out.back_channel(gate.services().desk, db.session(), provider, token, now)
    except LogoutRefused:
        return {"error": "invalid_request"}, 400
    return Response(status=200)


@pages.get("/sign-in/<provider>/front-channel")
@limiter.limit(ADDRESS, key_func=by_address)
@gate.page(gate.OPEN)
def front_channel(provider: str) -> ResponseReturnValue:
    """A provider says so from a hidden frame (OpenID Connect Front-Channel Logout 1.0 section 2)."""
    issuer, sid, now = request.args.get("iss", ""), request.args.get("sid", ""), gate.doors().clock()
    try:
        signing_out.front_channel(gate.services().desk, db.session(), provider, issuer, sid, now)
    except LogoutRefused:
        return Response(status=400)
    return Response(status=200)


@pages.record_once
def _signals_carry_no_form_token(setup: BlueprintSetupState) -> None:
    setup.app.extensions["csrf"].exempt(back_channel)
