"""A seeded demo as `make demo` runs it: real processes, real ports, a home of its own."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from portal.config import Settings
from portal.demo import running
from tests.machine import PATIENCE, free_port

ROOT = Path(__file__).parents[2]
SEEDED_WITHIN = 240  # seconds; a tenth of that on an idle machine


@dataclass(frozen=True)
class Demo:
    """Where a running portal is, and the folder that holds what it keeps."""

    base: str
    home: Path


@contextmanager
def demo(home: Path) -> Iterator[Demo]:
    """`portal demo` in a folder, ready to be signed in to; stopped at the end as a supervisor stops it."""
    port = free_port(together=2)  # the demo's sign-in takes the next
    command = [sys.executable, "-m", "portal.cli.main", "demo", "--home", str(home), "--port", str(port)]
    with (home.parent / "demo.log").open("w+") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, env=_environment())
        try:
            wait_until_ready(f"http://127.0.0.1:{port}", process)
            yield Demo(f"http://127.0.0.1:{port}", home)
        finally:
            process.terminate()
            process.wait(PATIENCE)
            assert not [p for p in (port, port + 1) if listens(p)], "something of the demo goes on"


@contextmanager
def portal(given: Settings, port: int) -> Iterator[Demo]:
    """The portal alone, for an installation that was made for it; stopped at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", *running.SERVER, "portal.app:create()"],
        cwd=ROOT,
        env={**_environment(), **running.environment(given, port)},
    )
    try:
        wait_until_ready(f"http://127.0.0.1:{port}", process)
        yield Demo(f"http://127.0.0.1:{port}", given.home)
    finally:
        process.terminate()
        process.wait(PATIENCE)


def listens(port: int) -> bool:
    """Whether anybody answers there."""
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0


def _environment() -> dict[str, str]:
    """This process's environment without settings: the portal refuses names that are not its own."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")}


def wait_until_ready(base: str, process: "subprocess.Popen[bytes]") -> None:
    """Wait for /healthz. Fails the test if the process ends first or takes too long."""
    end = time.monotonic() + SEEDED_WITHIN
    while time.monotonic() < end:
        if process.poll() is not None:
            pytest.fail(f"the portal ended with {process.returncode} before it was ready")
        try:
            with urllib.request.urlopen(f"{base}/healthz", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    pytest.fail("the portal was not ready in time")
