"""Witnesses as separate processes, each with a folder, key and port of its own."""

import http.client
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from portal.audit import witness
from portal.audit.note import Verifier

COMMAND = (sys.executable, "-m", "portal.cli.witness")


class Process:
    """A running witness. `key` is its verifier key, `port` where it listens on the loopback."""

    def __init__(self, home: Path, port: int = 0) -> None:
        self.home = home
        command = [*COMMAND, "run", "--home", str(home), "--bind", f"127.0.0.1:{port}"]
        with (home / "log.txt").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        assert self._process.stdout is not None
        first = self._process.stdout.readline().split(" ")
        assert len(first) > 2, (home / "log.txt").read_text()
        self.key, self.port = first[0], int(first[-1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def post(self, body: bytes, path: str = "/add-checkpoint") -> tuple[int, str, str]:
        """Status, media type and body of the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("POST", path, body)
            answer = connection.getresponse()
            return answer.status, answer.headers["Content-Type"], answer.read().decode()
        finally:
            connection.close()

    def kill(self) -> None:
        """End it without warning, as a power cut would."""
        os.kill(self._process.pid, signal.SIGKILL)
        self.end()

    def end(self) -> None:
        if self._process.poll() is None:
            self._process.terminate()
        self._process.wait(timeout=10)
        assert self._process.stdout is not None
        self._process.stdout.close()


def make(home: Path, name: str, *logs: Verifier) -> str:
    """A witness that is not running yet; answers its verifier key."""
    key = witness.create(home, name)
    for log in logs:
        witness.add_log(home, log)
    return key


@contextmanager
def running(folder: Path, *names: str, logs: tuple[Verifier, ...]) -> Iterator[list[Process]]:
    """Witnesses with these names, each in a process of its own."""
    processes = []
    try:
        for name in names:
            make(folder / name, name, *logs)
            processes.append(Process(folder / name))
        yield processes
    finally:
        for process in processes:
            process.end()
