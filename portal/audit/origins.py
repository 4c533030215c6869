"""The names a log has had. After a break that witnesses saw, it goes on under a new origin; the old one stays visible.

A file beside the keys has a line for each origin after the first: its name, and how many entries there were before it.
Each origin has a signing key of its own: whoever broke into one may hold its key.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from portal.audit.durable import write_durably
from portal.errors import Misconfigured

FILE: Final = "log-origins.txt"


@dataclass(frozen=True, slots=True)
class Origins:
    """`current` is the name that checkpoints are signed under since the tree had `begun` leaves; `former` in order."""

    current: str
    begun: int = 0
    former: tuple[str, ...] = ()

    @property
    def number(self) -> int:
        """Which origin of the log this is, from 1."""
        return len(self.former) + 1


def read(folder: Path, first: str) -> Origins:
    """The origins of an installation; `first` is the one in its settings. Raises `Misconfigured`."""
    path = folder / FILE
    found = Origins(first)
    try:
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        for name, size in (line.split(" ") for line in lines):
            found = Origins(name, int(size), (*found.former, found.current))
    except (OSError, ValueError) as error:
        raise Misconfigured(f"{FILE} beside the keys cannot be read") from error
    return found


def begin(folder: Path, first: str, size: int) -> str:
    """Begin a new origin after `size` entries, durably; answers its name, the first one with a number behind."""
    path = folder / FILE
    name = f"{first}/{read(folder, first).number + 1}"
    earlier = path.read_bytes() if path.exists() else b""
    write_durably(path, earlier + f"{name} {size}\n".encode())
    return name
