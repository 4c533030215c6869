"""What an installation keeps outside its database to hold the log to: the verifier key, and the last good checkpoint.

Whoever rewrites the database and signs anew with another key, or rebuilds the tree, meets these two files.
"""

import os
from datetime import date
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit.durable import write_durably
from portal.audit.note import NoteInvalid, Verifier
from portal.audit.tables import CHECKPOINT
from portal.db import now_micros
from portal.errors import Misconfigured

KEY = "log-verifier-key.txt"
HELD = "log-checkpoint.txt"
_UNTIL = "# The last two keys both sign until "


def pinned(folder: Path, verifier: Verifier, *beside: Verifier) -> Verifier:
    """The verifier key pinned in the folder, pinned now if none was. Raises `Misconfigured` if the log's differs.

    `beside`: the key that signs as well while `verifier` takes its place. The file has a line for each key that the log
    had under this name, the present one last; a new one may stand there only later than it signs.
    """
    if not (folder / KEY).exists():
        _write(folder, [*map(str, beside), str(verifier)], None)
    lines = _lines(folder / KEY)
    present = lines[-1] if lines else ""
    if present != str(verifier) and (present not in map(str, beside) or str(verifier) in lines):
        raise Misconfigured(f"the access log's signing key is not the one pinned in {KEY}: it was replaced")
    return verifier


def add(folder: Path, verifier: Verifier, until: date) -> None:
    """Pin the key that takes the place of the last one, unless it is pinned; both sign until that day. Durable."""
    lines = _lines(folder / KEY)
    _write(folder, lines if str(verifier) in lines else [*lines, str(verifier)], until)


def end(folder: Path) -> None:
    """The last key signs alone from now on. Those before it stay: they are needed for what they signed. Durable."""
    _write(folder, _lines(folder / KEY), None)


def until(folder: Path) -> date | None:
    """The last day on which the last two keys both sign; None where no key is being replaced."""
    path = folder / KEY
    text = path.read_text("utf-8") if path.exists() else ""
    days = [line.removeprefix(_UNTIL).rstrip(".") for line in text.splitlines() if line.startswith(_UNTIL)]
    try:
        return date.fromisoformat(days[-1]) if days else None
    except ValueError as error:
        raise Misconfigured(f"{KEY} beside the keys cannot be read") from error


def known(folder: Path) -> list[Verifier]:
    """Every key that was ever pinned here, of each name that the log has had, the oldest first."""
    paths = [*sorted(folder.glob(f"{Path(KEY).stem}-*.txt")), folder / KEY]
    try:
        return [Verifier.parse(line) for path in paths if path.exists() for line in _lines(path)]
    except NoteInvalid as error:
        raise Misconfigured(f"{KEY} beside the keys cannot be read: {error}") from error


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


def _lines(path: Path) -> list[str]:
    lines = [line.strip() for line in path.read_text("utf-8").splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def _write(folder: Path, lines: list[str], last: date | None) -> None:
    said = [] if last is None else [f"{_UNTIL}{last.isoformat()}."]
    write_durably(folder / KEY, "".join(f"{line}\n" for line in [*lines, *said]).encode())
