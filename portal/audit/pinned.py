"""What an installation keeps outside its database to hold the log to: the verifier key, and the last good checkpoint.

Whoever rewrites the database and signs anew with another key, or rebuilds the tree, meets these two files.
"""

import os
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit.durable import write_durably
from portal.audit.note import Verifier
from portal.audit.tables import CHECKPOINT
from portal.db import now_micros
from portal.errors import Misconfigured

KEY = "log-verifier-key.txt"
HELD = "log-checkpoint.txt"


def pinned(folder: Path, verifier: Verifier) -> Verifier:
    """The verifier key pinned in the folder, pinned now if none was. Raises `Misconfigured` if the log's differs."""
    path = folder / KEY
    text = str(verifier)
    if not path.exists():
        write_durably(path, f"{text}\n".encode())
    if path.read_text("utf-8").strip() != text:
        raise Misconfigured(f"the access log's signing key is not the one pinned in {path.name}: it was replaced")
    return verifier


def renew(folder: Path, verifier: Verifier) -> None:
    """Pin the key of a new origin; what was pinned and held before is kept beside it under another name."""
    for name in (KEY, HELD):
        path = folder / name
        if path.exists() and path.read_text("utf-8").strip() != str(verifier):
            os.replace(path, folder / f"{path.stem}-{now_micros()}{path.suffix}")
    pinned(folder, verifier)


def held(folder: Path) -> list[str]:
    """The checkpoint that the last good verification left, if any."""
    path = folder / HELD
    return [path.read_text("utf-8")] if path.exists() else []


def hold(session: Session, folder: Path) -> None:
    """Keep the newest stored checkpoint beside the key. Call only after a verification that found the log whole."""
    note = session.scalar(select(CHECKPOINT.c.note).order_by(CHECKPOINT.c.size.desc()).limit(1))
    if note is not None:
        write_durably(folder / HELD, note.encode())
