"""npm oidc-provider as a child process: two issuers, several clients, accounts that belong to several parties.

Used by the tests of signing in and by the browser journeys: `with running(redirect_uris…) as provider: …`.
"""

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.machine import PATIENCE, free_port, node

ROOT = Path(__file__).parents[2]
SECRET = "only-for-tests-0123456789-0123456789"
STEP_UP = "urn:test:again"


@dataclass(frozen=True)
class Account:
    """Someone who can sign in: `party` is the one that `claims` should be recognised as, None for nobody."""

    subject: str
    party: str | None
    claims: Mapping[str, Any]

    @property
    def name(self) -> str:
        return str(self.claims["name"])


def _account(subject: str, party: str | None, name: str, **claims: Any) -> Account:
    email = claims.pop("email", f"{subject}@example.test")
    return Account(subject, party, {"name": name, "email": email, "email_verified": True, **claims})


# the first issuer is one agency's own; the second is shared by several parties, told apart by claims
POLICE = (
    _account("pc-okafor", "police", "Ada Okafor", tid="tenant-police"),
    _account("sgt-price", "police", "Dilwyn Price", tid="tenant-police", roles=["spoc", "Not A Role"]),
    _account("guest", None, "Guest Elsewhere", tid="tenant-elsewhere"),
)
SHARED = (
    _account("housing-1", "barnet_housing", "Meera Shah", groups=["g-housing"]),
    _account("youth-1", "barnet_youth", "Tom Ansah", groups=["g-youth", "g-everyone"]),
    _account("bridges-1", "barnet_bridges", "Rosa Quaye", groups=["g-bridges"]),
    _account("both-1", None, "Both Groups", groups=["g-housing", "g-youth"]),
    _account("nurse-1", "ntmh", "Grace Lee", email="grace.lee@Trust.example"),
    _account("nurse-2", None, "Unverified Lee", email="u.lee@trust.example", email_verified=False),
    _account("nurse-3", None, "Sub Domain", email="s@evil-trust.example"),
)


@dataclass(frozen=True)
class Running:
    """Addresses of the two issuers and the accounts behind them."""

    police: str
    shared: str
    accounts: Mapping[str, Account]

    def write_providers(self, folder: Path) -> Path:
        """A providers file (and its secret) for these issuers, in a folder."""
        secret = folder / "client.secret"
        secret.write_text(SECRET)
        secret.chmod(0o600)
        path = folder / "providers.toml"
        path.write_text(
            f"""format = 1
[[provider]]
id = "police"
name = "Police"
issuer = "{self.police}"
client_id = "portal"
secret_file = "client.secret"
back_channel_logout = true
step_up = "acr"
step_up_value = "{STEP_UP}"
capacity_claim = "roles"
[[provider]]
id = "shared"
name = "Council and health"
issuer = "{self.shared}"
client_id = "portal"
secret_file = "client.secret"
step_up = "max_age"
session_hours = 4
[[party]]
id = "police"
provider = "police"
claim = "tid"
equals = "tenant-police"
[[party]]
id = "barnet_housing"
provider = "shared"
claim = "groups"
contains = "g-housing"
[[party]]
id = "barnet_youth"
provider = "shared"
claim = "groups"
contains = "g-youth"
[[party]]
id = "barnet_bridges"
provider = "shared"
claim = "groups"
contains = "g-bridges"
[[party]]
id = "ntmh"
provider = "shared"
claim = "email"
email_domain = "trust.example"
"""
        )
        return path


@contextmanager
def running(base: str, extra_clients: Sequence[Mapping[str, Any]] = ()) -> Iterator[Running]:
    """Start both issuers for a portal at `base` (such as http://127.0.0.1:8000) and stop them at the end."""
    if not (ROOT / "node_modules" / "oidc-provider").is_dir():
        pytest.fail("node_modules/oidc-provider is needed: run make test-tools")
    ports = {"police": free_port(), "shared": free_port()}
    issuers = [
        {
            "port": port,
            "clients": [_client(base, name), *extra_clients],
            "accounts": {a.subject: a.claims for a in (POLICE if name == "police" else SHARED)},
        }
        for name, port in ports.items()
    ]
    child = subprocess.Popen(
        [node(), str(Path(__file__).parent / "provider.mjs")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        child.stdin.write(json.dumps({"issuers": issuers}) + "\n")
        child.stdin.flush()
        while (line := child.stdout.readline()) != "ready\n":
            if not line:
                pytest.fail("oidc-provider did not start")
        urls = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
        yield Running(urls["police"], urls["shared"], {a.subject: a for a in POLICE + SHARED})
    finally:
        child.stdin.close()
        child.wait(PATIENCE)
        child.stdout.close()


def _client(base: str, provider: str) -> dict[str, Any]:
    return {
        "client_id": "portal",
        "client_secret": SECRET,
        "redirect_uris": [f"{base}/sign-in/{provider}/callback"],
        "post_logout_redirect_uris": [f"{base}/signed-out"],
        "response_types": ["code"],
        "grant_types": ["authorization_code"],
        "require_auth_time": True,
        **(
            {
                "backchannel_logout_uri": f"{base}/sign-in/{provider}/back-channel",
                "backchannel_logout_session_required": True,
            }
            if provider == "police"
            else {}
        ),
    }
