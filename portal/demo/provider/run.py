"""`python -m portal.demo.provider.run HOME PROVIDER_PORT PORTAL_PORT`: the provider as a process of its own.

`portal demo` starts it with the environment of the demonstration; in any other environment it refuses to start.
"""

import contextlib
import sys
import threading
from collections.abc import Sequence

from isa import loading
from portal.config import Settings, load_settings
from portal.demo import configuring
from portal.demo.people import staff
from portal.demo.people.shapes import Staff
from portal.demo.provider.app import create_provider
from portal.demo.provider.directory import Client, Directory, Member
from portal.demo.provider.serving import serving
from portal.errors import Misconfigured


def main(arguments: Sequence[str]) -> int:
    """Serve until the process is ended."""
    _home, provider_port, portal_port = arguments
    settings = load_settings()
    if not settings.demo:
        raise Misconfigured("the demonstration provider starts only under `portal demo`")
    base = f"http://127.0.0.1:{int(provider_port)}"
    secret = (settings.home / configuring.SECRET_FILE).read_text("utf-8").strip()
    client = Client(configuring.CLIENT, secret, f"http://127.0.0.1:{int(portal_port)}")
    app = create_provider(settings, directory(settings), client, base)
    with serving(app, base), contextlib.suppress(KeyboardInterrupt):
        threading.Event().wait()
    return 0


def directory(settings: Settings) -> Directory:
    """The invented staff, and the names of their parties and roles from the agreements."""
    agreements = [loading.load(path) for path in settings.agreements]
    names = configuring.names(agreements)
    roles = {role.id: role.name for a in agreements for role in a.roles.values()}
    shared = {id for id in names if sum(id in a.parties for a in agreements) > 1}
    boroughs = {a.id: a.borough for a in agreements}

    def described(one: Staff) -> str:
        held = [roles.get(role, role) for role in one.roles]
        held += [f"{roles.get(role, role)} at {names.get(party, party)}" for party, role in one.elsewhere]
        where = f" – {boroughs[one.borough]}" if one.party in shared and one.borough in boroughs else ""
        return (", ".join(held) or "no role yet") + where

    return Directory([Member(s.key, s.name, s.party, s.email, s.roles, described(s)) for s in staff.roster()], names)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
