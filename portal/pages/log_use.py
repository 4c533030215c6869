"""Which use of DPA 2018 s.62(4) this session reads the log for: asked once, kept in the signed form cookie."""

from typing import Any

from flask import redirect, request, session, url_for
from werkzeug.wrappers import Response

from portal import gate
from portal.sharing.logbook.scope import USES

_KEPT = "log-use"


def named() -> str | None:
    """The use that this session has named, if it has. Another session or capacity begins anew."""
    kept = session.get(_KEPT)
    return kept[1] if isinstance(kept, list) and kept[:1] == [gate.actor().session] and kept[1] in USES else None


def keep(use: str) -> None:
    """Remember the use for this session."""
    session[_KEPT] = [gate.actor().session, use]


def ask(back: str = "") -> Response:
    """To the question, and from there to `back` or to this page."""
    return redirect(url_for("log.use", next=back or request.full_path.rstrip("?")), 303)


def local(path: str) -> str:
    """A path of the officer's pages; the log itself for anything else."""
    fits = path == "/log" or path.startswith(("/log/", "/log?"))
    return path if fits and "\\" not in path and "//" not in path else url_for("log.entries")


def framed() -> dict[str, Any]:
    """The use, shown where a practitioner sees their purpose, and how to change it."""
    use = named()
    name = USES[use].name if use else ""
    return {"purpose": name[:1].upper() + name[1:], "purpose_path": url_for("log.use", next=request.full_path)}
