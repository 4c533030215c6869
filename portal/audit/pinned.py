"""What an installation keeps outside its database to hold the log to: the verifier key, and the last good checkpoint.

Whoever rewrites the database and signs anew with another key, or rebuilds the tree, meets these two files.
"""

import os
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit.note import Verifier
from portal.audit.tables import CHECKPOINT
from portal.errors import Misconfigured

KEY = "log-verifier-key.txt"
HELD = "log-checkpoint.txt"


def pinned(folder: Path, verifier: Verifier) -> Verifier:
    """The verifier key pinned in the folder, pinned now if none was. Raises `Misconfigured` if the log's differs."""
    path = folder / KEY
    text = str(verifier)
    if not path.exists():
        _write(path, text + "\n")
    if path.read_text("utf-8").strip() != text:
        raise Misconfigured(f"the access log's signing key is not the one pinned in {path.name}: it was replaced")
    return verifier


def held(folder: Path) -> list[str]:
    """The checkpoint that the last good verification left, if any."""
    path = folder / HELD
    return [path.read_text("utf-8")] if path.exists() else []


def hold(session: Session, folder: Path) -> None:
    """Keep the newest stored checkpoint beside the key. Call only after a verification that found the log whole."""
    note = session.scalar(select(CHECKPOINT.c.note).order_by(CHECKPOINT.c.size.desc()).limit(1))
    if note is not None:
        _write(folder / HELD, note)


def _write(path: Path, text: str) -> None:
    beside = path.with_suffix(".new")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)
