"""What the portal's server asks of the demonstration provider: discovery, keys, tokens; and the signals it sends."""

import hmac
import threading
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import requests
from flask import Blueprint, Response, abort, jsonify, request

from portal.demo.provider.directory import Client, Directory
from portal.demo.provider.memory import Code, Memory, SignedIn
from portal.demo.provider.minting import CHOSEN, CONFIRMED, Mint


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything the provider's endpoints and pages share."""

    directory: Directory
    client: Client
    base: str
    memory: Memory
    mint: Mint

    def issuer(self, party: str) -> str:
        """The issuer of a party. Aborts with 404 for a party nobody knows."""
        if party not in self.directory.names:
            abort(404)
        return f"{self.base}/{party}"

    def tell_signed_out(self, signed_in: SignedIn) -> None:
        """Send the portal a sign-out signal, in the background: the person is not kept waiting for it."""
        token = self.mint.logout_token(self.issuer(signed_in.party), self.client.client_id, signed_in)
        threading.Thread(target=_post, args=(self.client.back_channel(signed_in.party), token), daemon=True).start()


def _post(address: str, token: str) -> None:
    try:
        with requests.Session() as session:
            session.trust_env = False
            session.post(address, data={"logout_token": token}, timeout=5, allow_redirects=False).close()
    except requests.RequestException:
        return  # the portal may be stopping; a real provider would try again


def blueprint(desk: Desk) -> Blueprint:
    """Discovery, keys and tokens of every issuer."""
    routes = Blueprint("endpoints", __name__)

    @routes.get("/<party>/.well-known/openid-configuration")
    def discovery(party: str) -> Response:
        return jsonify(_metadata(desk.issuer(party)))

    @routes.get("/<party>/jwks")
    def jwks(party: str) -> Response:
        desk.issuer(party)
        return jsonify(desk.mint.public())

    @routes.post("/<party>/token")
    def token(party: str) -> tuple[Response, int]:
        issuer = desk.issuer(party)
        if not _client_is_ours(desk.client):
            return jsonify({"error": "invalid_client"}), 401
        if request.form.get("grant_type") != "authorization_code":
            return jsonify({"error": "unsupported_grant_type"}), 400
        code = desk.memory.redeem(request.form.get("code", ""))
        member = desk.directory.find(party, code.signed_in.subject) if code else None
        if code is None or member is None or not _fits(code, party, desk.client):
            return jsonify({"error": "invalid_grant"}), 400
        id_token = desk.mint.id_token(issuer, desk.client.client_id, code.asked.nonce, member, code.signed_in)
        answer = {"access_token": "not-used", "token_type": "Bearer", "expires_in": 60, "id_token": id_token}
        return jsonify(answer), 200

    return routes


def _metadata(issuer: str) -> dict[str, Any]:
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "jwks_uri": f"{issuer}/jwks",
        "end_session_endpoint": f"{issuer}/sign-out",
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        "scopes_supported": ["openid", "profile", "email"],
        "acr_values_supported": [CHOSEN, CONFIRMED],
        "authorization_response_iss_parameter_supported": True,
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
    }


def _client_is_ours(client: Client) -> bool:
    given = request.authorization
    if given is None or given.type != "basic":
        return False
    name, secret = given.username or "", given.password or ""
    return name == client.client_id and hmac.compare_digest(secret.encode(), client.secret.encode())


def _fits(code: Code, party: str, client: Client) -> bool:
    verifier = request.form.get("code_verifier", "")
    made = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    same_address = request.form.get("redirect_uri") == client.callback(party)
    return code.asked.party == party and same_address and hmac.compare_digest(made, code.asked.challenge)
