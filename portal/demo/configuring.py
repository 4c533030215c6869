"""The settings and the provider file of a demo: everything on loopback, nothing that works anywhere else."""

import re
from collections.abc import Iterable
from itertools import takewhile
from pathlib import Path

from isa.agreement import Agreement
from portal.config import Settings, load_settings
from portal.sharing.book import Book

CLIENT = "accord-demo"
_PARTS = re.compile(r", | \(")
SECRET_FILE = "demo-client-secret"  # noqa: S105 (the name of a file, not what is in it)


def settings(home: Path, port: int, environ: dict[str, str] | None = None) -> Settings:
    """Settings of a demo in a folder. The environment may still narrow them (limits, minutes)."""
    given = {
        "PORTAL_HOME": str(home),
        "PORTAL_BASE_URL": f"http://127.0.0.1:{port}",
        "PORTAL_DEMO": "true",
        "PORTAL_LOG_ORIGIN": "demo.invalid/access-log",
    }
    return load_settings({**(environ or {}), **given})


def issuer(provider_port: int, party: str) -> str:
    """Where the demo's provider signs a party's people in."""
    return f"http://127.0.0.1:{provider_port}/{party}"


def names(agreements: Iterable[Agreement]) -> dict[str, str]:
    """What each party is called, wherever the demo names it: on its sign-in page, the portal's and in the terminal.

    Of a party of several agreements, what its names share: not the "(Barnet)" of "Probation Service, London (Barnet)".
    """
    found: dict[str, str] = {}
    for party in (party for agreement in agreements for party in agreement.parties.values()):
        found[party.id] = _shared(found.get(party.id, party.name), party.name)
    return found


def _shared(one: str, other: str) -> str:
    """Two names' common parts from the front; the first name where they share none."""
    if one == other:
        return one
    both = zip(_PARTS.split(one), _PARTS.split(other), strict=False)
    return ", ".join(a for a, _ in takewhile(lambda pair: pair[0] == pair[1], both)) or one


def providers(book: Book, provider_port: int) -> str:
    """The providers file of a demo: one issuer a party, all of them the demo's own provider."""
    parts = ["format = 1\n"]
    for party, name in sorted(names(book.all()).items(), key=lambda item: item[1]):
        parts.append(
            f'[[provider]]\nid = "{party}"\nname = "{name}"\nissuer = "{issuer(provider_port, party)}"\n'
            f'client_id = "{CLIENT}"\nsecret_file = "{SECRET_FILE}"\nback_channel_logout = true\n'
            f'step_up = "acr"\nstep_up_value = "urn:accord:step-up"\n'
        )
        rule = f'claim = "iss"\nequals = "{issuer(provider_port, party)}"\n'
        parts.append(f'[[party]]\nid = "{party}"\nprovider = "{party}"\n{rule}')
    return "\n".join(parts)
