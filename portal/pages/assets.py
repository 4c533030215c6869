"""Addresses of static files that change when the file does, so that a browser may keep each for a year."""

import hashlib
from pathlib import Path

from portal.errors import Misconfigured

NEEDED = ("vendor/front-end.css", "portal.css", "icon.svg")


class Assets:
    """The static files a page names, each hashed once at start."""

    def __init__(self, folder: Path, prefix: str = "/static") -> None:
        """Raises `Misconfigured` naming what is missing and the command that brings it."""
        missing = [name for name in NEEDED if not (folder / name).is_file()]
        if missing:
            raise Misconfigured(f"missing {', '.join(missing)}; run: python scripts/front_end.py")
        self._urls = {name: f"{prefix}/{name}?v={_digest(folder / name)}" for name in NEEDED}

    def url(self, name: str) -> str:
        """The address of a static file. Raises `KeyError` for one that no page is meant to name."""
        return self._urls[name]


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
