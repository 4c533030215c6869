"""What a person sees at the demonstration provider: pick who you are, confirm it is you, sign out."""

import time
from urllib.parse import urlencode

from flask import Blueprint, abort, redirect, render_template, request
from werkzeug.wrappers import Response

from portal.demo.provider.endpoints import Desk
from portal.demo.provider.memory import Asked, SignedIn
from portal.demo.provider.minting import CONFIRMED


def blueprint(desk: Desk) -> Blueprint:
    """Authorization and sign-out pages of every issuer."""
    routes = Blueprint("pages", __name__)
    _add_authorize(routes, desk)
    _add_sign_in(routes, desk)
    _add_sign_out(routes, desk)
    return routes


def _add_authorize(routes: Blueprint, desk: Desk) -> None:
    @routes.get("/<party>/authorize")
    def authorize(party: str) -> Response | str:
        desk.issuer(party)
        _known_portal(desk, party)
        error = _what_is_wrong()
        if error:
            return _answer(desk, party, request.args.get("state", ""), error=error)
        asked = _asked(party)
        signed_in = desk.memory.session(request.cookies.get(_cookie(party)), party)
        if signed_in is not None and not asked.confirm and _recent(signed_in):
            return _answer(desk, party, asked.state, code=desk.memory.issue(asked, signed_in))
        if request.args.get("prompt") == "none":
            return _answer(desk, party, asked.state, error="login_required")
        return _page(desk, asked, signed_in)


def _add_sign_in(routes: Blueprint, desk: Desk) -> None:
    @routes.post("/<party>/sign-in")
    def sign_in(party: str) -> Response | str:
        desk.issuer(party)
        asked = desk.memory.asked(request.form.get("request", ""))
        if asked is None or asked.party != party:
            return render_template("too_old.html", portal=desk.client.portal)
        if "other" in request.form:
            return _page(desk, asked, None)
        member = desk.directory.find(party, request.form.get("account", ""))
        if member is None:
            abort(400)
        cookie = request.cookies.get(_cookie(party))
        before = desk.memory.session(cookie, party)
        if before is not None and before.subject != member.subject:
            desk.tell_signed_out(before)
        cookie, signed_in = desk.memory.sign_in(party, member.subject, cookie, asked.confirm)
        done = _answer(desk, party, asked.state, code=desk.memory.issue(asked, signed_in))
        done.set_cookie(_cookie(party), cookie, path=f"/{party}", httponly=True, samesite="Lax")
        return done


def _add_sign_out(routes: Blueprint, desk: Desk) -> None:
    @routes.route("/<party>/sign-out", methods=["GET", "POST"])
    def sign_out(party: str) -> Response | str:
        issuer = desk.issuer(party)
        cookie = request.cookies.get(_cookie(party), "")
        signed_in = desk.memory.session(cookie, party)
        hinted = desk.mint.session_of_hint(request.values.get("id_token_hint", ""), issuer)
        if signed_in is not None and request.method == "GET" and hinted != signed_in.sid:
            # anyone could link here: without proof that it is this session, ask
            return render_template("sign_out.html", desk=desk, party=party)
        if signed_in is not None:
            desk.memory.sign_out(cookie)
            desk.tell_signed_out(signed_in)
        answer = _after_sign_out(desk)
        answer.delete_cookie(_cookie(party), path=f"/{party}")
        return answer


def _cookie(party: str) -> str:
    return f"demo-provider-{party}"  # cookies ignore ports, so the name must not be one of the portal's


def _known_portal(desk: Desk, party: str) -> None:
    # an answer goes nowhere but to the portal, errors included (RFC 6749 section 4.1.2.1)
    if request.args.get("client_id") != desk.client.client_id:
        abort(400)
    if request.args.get("redirect_uri") != desk.client.callback(party):
        abort(400)


def _what_is_wrong() -> str | None:
    if request.args.get("response_type") != "code":
        return "unsupported_response_type"
    if "openid" not in request.args.get("scope", "").split():
        return "invalid_scope"
    challenge = request.args.get("code_challenge", "")
    if len(challenge) != 43 or request.args.get("code_challenge_method") != "S256" or not request.args.get("nonce"):
        return "invalid_request"
    return None


def _asked(party: str) -> Asked:
    return Asked(
        party=party,
        state=request.args.get("state", ""),
        nonce=request.args["nonce"],
        challenge=request.args["code_challenge"],
        confirm="login" in request.args.get("prompt", "").split()
        or CONFIRMED in request.args.get("acr_values", "").split(),
        at=time.time(),
    )


def _recent(signed_in: SignedIn) -> bool:
    longest = request.args.get("max_age", "")
    return not longest.isdigit() or time.time() - signed_in.auth_time <= int(longest)


def _page(desk: Desk, asked: Asked, signed_in: SignedIn | None) -> str:
    member = desk.directory.find(asked.party, signed_in.subject) if signed_in else None
    template = "confirm.html" if asked.confirm and member else "choose.html"
    members = desk.directory.of_party(asked.party)
    name = desk.directory.names[asked.party]
    return render_template(
        template,
        party=asked.party,
        organisation=name,
        members=members,
        member=member,
        request_id=desk.memory.ask(asked),
    )


def _answer(desk: Desk, party: str, state: str, **answer: str) -> Response:
    query = urlencode(answer | {"state": state, "iss": desk.issuer(party)})
    return redirect(f"{desk.client.callback(party)}?{query}")


def _after_sign_out(desk: Desk) -> Response:
    wanted = request.values.get("post_logout_redirect_uri")
    return redirect(desk.client.signed_out if wanted == desk.client.signed_out else desk.client.portal)
