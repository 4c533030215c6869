"""What a test may ask of the machine it runs on: patience, ports that stay free, a browser, Node."""

import atexit
import os
import random
import shutil
import socket
from contextlib import ExitStack
from pathlib import Path

import playwright

PATIENCE = 60  # seconds that a machine with other work may take over what is a moment on an idle one
UNPACKED = (
    Path(__file__).parents[1] / ".venv" / "chromium" / "chromium"
)  # by scripts/chromium.py, where there is no other
_held = ExitStack()
atexit.register(_held.close)


def free_port(together: int = 1) -> int:
    """The first of so many free ports in a row, which stay free for servers of this run until it ends.

    Each is held by a socket that does not listen and may be bound over: a server binds so, another look for a free port
    does not. Below 32768, out of the range from which outgoing connections take theirs.
    """
    for _ in range(1000):
        first = random.randrange(20000, 32000)
        row = [socket.socket() for _ in range(together)]
        try:
            for port, held in enumerate(row, first):
                held.bind(("127.0.0.1", port))
                held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        except OSError:
            for held in row:
                held.close()
            continue
        for held in row:
            _held.enter_context(held)
        return first
    raise RuntimeError("no free port")


def chromium() -> str | None:
    """The browser of the journeys: PORTAL_TEST_CHROMIUM, the machine's own, or the one that `make` brought."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", str(UNPACKED))
    return os.environ.get("PORTAL_TEST_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


def node() -> str:
    """Node.js: the machine's own, or the one inside Playwright."""
    return shutil.which("node") or str(Path(playwright.__file__).parent / "driver" / "node")
