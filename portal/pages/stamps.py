"""What a form says of an update that its page has shown: nobody confirms blindly, nor for somebody else."""

import hashlib
import hmac
import uuid
from collections.abc import Iterable

from flask import current_app

from portal import gate
from portal.sharing.disclosure import Disclosure


def stamp(record: uuid.UUID, version: int) -> str:
    """What a page that shows an update puts into its form: nobody confirms what was not shown to them."""
    who = gate.actor()
    told = f"shown\0{who.user.hex}\0{who.party}\0{record.hex}\0{version}".encode()
    mac = hmac.digest(current_app.config["SECRET_KEY"], told, hashlib.sha256)
    return f"{record.hex}.{version}.{mac[:16].hex()}"


def stamps(d: Disclosure) -> dict[str, str]:
    """Those of the updates on a case that its reader is still to confirm and can read there."""
    versions = {r.id: r.version for r in d.timeline if r.text("text")}
    return {str(of): stamp(of, versions[of]) for of, at in d.talk.to_confirm.items() if at is None and of in versions}


def shown(sent: Iterable[str]) -> dict[uuid.UUID, int]:
    """Record → version of what these stamps say was shown to this person."""
    found: dict[uuid.UUID, int] = {}
    for text in sent:
        record, _, rest = text.partition(".")
        try:
            of, version = uuid.UUID(record), int(rest.partition(".")[0])
        except ValueError:
            continue
        if hmac.compare_digest(stamp(of, version).encode(), text.encode()):
            found[of] = version
    return found
