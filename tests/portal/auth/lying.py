"""A portal set up for the hostile provider, and the tokens it is told to send."""

import base64
import json
from typing import Any

import pytest

from portal.auth.oidc import RelyingParty
from portal.auth.providers import Catalogue, PartyRule, Provider
from portal.auth.signing_in import Desk
from tests.oidc.hostile import Hostile, hostile
from tests.portal.auth.conftest import LIMITS, TAGS, World

BROWSER = "b" * 43
STEP_UP = "urn:test:again"


@pytest.fixture(scope="module")
def server():
    with hostile() as found:
        yield found


@pytest.fixture
def liar(server):
    server.reset()
    return server


def build(world: World, liar: Hostile, folder, **changes) -> Desk:
    secret = folder / "s.secret"
    secret.write_text("x" * 32)
    options = {"step_up": "acr", "step_up_value": STEP_UP, "back_channel_logout": True} | changes
    known = {"id": "liar", "name": "Liar", "issuer": liar.issuer, "client_id": "portal", "secret_file": "s.secret"}
    provider = Provider.model_validate(known | options)
    rule = PartyRule(id="police", provider="liar", claim="party", equals="police")
    relying = RelyingParty(Catalogue([provider], [rule], folder), lambda id: f"https://portal.example/{id}", demo=True)
    return Desk(world.log, relying, TAGS, LIMITS)


@pytest.fixture
def desk(world, liar, tmp_path):
    return build(world, liar, tmp_path)


def attempt(desk: Desk, world, liar, make, query=None):
    """Begin, let the liar answer with the token that `make` makes of the nonce, and complete."""
    url = desk.begin(world.db, "liar", BROWSER, "/", world.now)
    parts = dict(pair.split("=", 1) for pair in url.split("?")[1].split("&"))
    token = make(parts["nonce"])
    liar.token = {"access_token": "a", "token_type": "Bearer"} | ({} if token is None else {"id_token": token})
    return desk.complete(
        world.db, "liar", BROWSER, None, {"code": "c", "state": parts["state"]} | (query or {}), world.now
    )


def unsigned(claims: dict[str, Any]) -> str:
    parts = ({"alg": "none", "kid": "one"}, claims)
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
    return ".".join(encoded) + "."


def logout(liar: Hostile, **changes: Any) -> str:
    return liar.sign(liar.logout_claims(**changes), typ="logout+jwt")
