"""Requests per second through gunicorn, as `make demo` starts it: one worker, eight threads, eight clients."""

import http.client
import os
import pickle
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask

from portal.app import create
from portal.config import load_settings
from portal.demo.running import SERVER
from tests.bench import bare
from tests.bench.pages import Stage

CLIENTS = 8
WORDS = "BENCH_WORDS"


def plain() -> Flask:
    """The bare application in a process of its own; what it shows was written to a file of this run."""
    with Path(os.environ[WORDS]).open("rb") as file:
        return bare.create(load_settings(os.environ), pickle.load(file))


def portal() -> Flask:
    """The portal."""
    return create()


def rates(stage: Stage, folder: Path, seconds: float) -> tuple[float, float, float]:
    """Views per second: ours, the bare page, and the bare page with one durable insert."""
    words = folder / "words"
    words.write_bytes(pickle.dumps(stage.words))
    given = stage.place.settings
    environ = {
        **os.environ,
        "PORTAL_HOME": str(given.home),
        "PORTAL_DATABASE_URL": given.database_url,
        "PORTAL_BASE_URL": given.base_url,
        "PORTAL_DEMO": "true",
        "PORTAL_LOG_ORIGIN": given.log_origin,
        "PORTAL_VISIT_MINUTES": str(given.visit_minutes),
        "PORTAL_IDLE_MINUTES": str(given.idle_minutes),
        WORDS: str(words),
    }
    cookie = "; ".join(f"{name}={value}" for name, value in stage.worker.cookies.items())
    with _served("portal", environ) as port:
        ours = _rate(port, stage.visit, cookie, seconds)
    with _served("plain", environ) as port:
        return ours, _rate(port, stage.plain_case, "", seconds), _rate(port, f"/log{stage.plain_case}", "", seconds)


@contextmanager
def _served(factory: str, environ: dict[str, str]) -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", *SERVER]
    process = subprocess.Popen([*command, f"tests.bench.serving:{factory}()"], env=environ)
    try:
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=20)


def _rate(port: int, path: str, cookie: str, seconds: float) -> float:
    """Answers per second of a page that every client asks for again as soon as it has it."""
    done = [0] * CLIENTS
    _ask(port, path, cookie, time.monotonic() + seconds / 4, [0], 0)  # warm
    end = time.monotonic() + seconds
    clients = [threading.Thread(target=_ask, args=(port, path, cookie, end, done, number)) for number in range(CLIENTS)]
    start = time.monotonic()
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    return sum(done) / (time.monotonic() - start)


def _ask(port: int, path: str, cookie: str, end: float, done: list[int], number: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    while time.monotonic() < end:
        connection.request("GET", path, headers={"Cookie": cookie} if cookie else {})
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, answer.status
        done[number] += 1
    connection.close()
