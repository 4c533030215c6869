"""The portal's side of tlog-witness: the question to one witness, and several asked at once. No database.

A witness that is slow or away costs the others nothing: each is asked in a thread of its own, for a few seconds.
"""

import base64
import http.client
import ssl
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

PATIENCE: Final = 3.0
LONGEST_ANSWER: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Reply:
    """What a witness answered. `status` 0: nothing, or nothing that can be read."""

    status: int
    body: str = ""


LOOPBACK = ("127.0.0.1", "::1", "localhost")


def request_of(old: int, proof: Sequence[bytes], note: str) -> bytes:
    """The body of an `add-checkpoint` request."""
    hashes = "".join(f"{base64.b64encode(each).decode()}\n" for each in proof)
    return f"old {old}\n{hashes}\n{note}".encode()


def address_problem(url: str | None) -> str | None:
    """Why a witness cannot be asked at this address, or None."""
    try:
        where = urlsplit(url or "")
        port_fits = where.port is None or where.port > 0
    except ValueError:
        return "its address is malformed"
    plain = where.scheme == "http" and where.hostname in LOOPBACK
    if not (where.scheme == "https" or plain) or not where.hostname or not port_fits:
        return "it needs an address that begins with https://: whoever could answer in its place could stop the log"
    return (
        "its address must hold no name, query or fragment" if where.username or where.query or where.fragment else None
    )


class Asker:
    """Asks witnesses at once. One that has not answered an earlier question yet is not asked again."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._busy: dict[str, threading.Thread] = {}

    def ask(self, questions: Mapping[str, tuple[str, bytes]]) -> dict[str, Reply]:
        """The reply to each question, by the same name. `questions`: name → (address before /add-checkpoint, body)."""
        replies: dict[str, Reply] = {}

        def work(name: str, url: str, body: bytes) -> None:
            replies[name] = _post(url, body, self._patience)

        end = time.monotonic() + self._patience + 1.0  # an answer that drips in is not waited for
        for name, (url, body) in questions.items():
            earlier = self._busy.get(name)
            if earlier is None or not earlier.is_alive():
                thread = threading.Thread(target=work, args=(name, url, body), name="log-witness", daemon=True)
                self._busy[name] = thread
                thread.start()
        for name in questions:
            self._busy[name].join(max(0.0, end - time.monotonic()))
        return {name: replies.get(name, Reply(0)) for name in questions}


def _post(url: str, body: bytes, patience: float) -> Reply:
    """One POST. Follows no redirect, uses no proxy of the environment, and never raises."""
    where = urlsplit(url)
    host, port = where.hostname or "", where.port
    connection: http.client.HTTPConnection
    if where.scheme == "https":
        connection = http.client.HTTPSConnection(host, port, timeout=patience, context=ssl.create_default_context())
    else:
        connection = http.client.HTTPConnection(host, port, timeout=patience)
    end = time.monotonic() + patience
    try:
        path = f"{where.path.rstrip('/')}/add-checkpoint"
        connection.request("POST", path, body, {"Content-Type": "text/plain; charset=utf-8", "Connection": "close"})
        response = connection.getresponse()
        content = b""
        while chunk := response.read1(8192):
            content += chunk
            if len(content) > LONGEST_ANSWER or time.monotonic() > end:
                return Reply(0)
        return Reply(response.status, content.decode())
    except (OSError, http.client.HTTPException, ValueError):
        return Reply(0)
    finally:
        connection.close()
