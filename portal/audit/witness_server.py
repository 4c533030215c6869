"""The witness on the network: `POST <prefix>/add-checkpoint` over HTTP/1.1, and nothing else.

Requests are small and rare; limits and time-outs keep a stranger from tying the witness up. Nothing is secret in them.
"""

import logging
import socket
import sys
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from portal.audit.witness import LONGEST_REQUEST, Answer, Witness, WitnessBroken

MOST_AT_ONCE = 32
PATIENCE = 10.0
LONGEST_CONNECTION = 60.0
log = logging.getLogger(__name__)


class WitnessServer(ThreadingHTTPServer):
    """Serves one witness at (host, port). `prefix` stands before /add-checkpoint, "" or "/…" without a last slash."""

    daemon_threads = True
    request_queue_size = 64
    longest = LONGEST_CONNECTION

    def __init__(self, address: tuple[str, int], witness: Witness, prefix: str = "") -> None:
        self.witness = witness
        self.place = f"{prefix}/add-checkpoint"
        self._room = threading.BoundedSemaphore(MOST_AT_ONCE)
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Start a thread for a connection, unless too many are open: then it is closed at once."""
        if not self._room.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """One connection, from its first request to its end, which comes at the latest after `longest` seconds.

        A time-out of each reading alone would let a stranger hold a place for days, with a byte now and then.
        """
        end = threading.Timer(self.longest, _cut, (request,))
        end.daemon = True
        end.start()
        try:
            super().process_request_thread(request, client_address)
        finally:
            end.cancel()
            self._room.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that broke off concerns nobody; the kind of error is said, in case it is another."""
        kind = sys.exc_info()[0]
        log.info("a connection ended: %s", kind.__name__ if kind else "unknown")


def _cut(connection: socket.socket) -> None:
    with suppress(OSError):  # it has ended meanwhile
        connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    server: WitnessServer
    protocol_version = "HTTP/1.1"
    server_version = "portal-witness"
    sys_version = ""
    timeout = PATIENCE

    def do_POST(self) -> None:
        """Read the request whole, let the witness decide, answer."""
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()) or len(length) > 9 or "Transfer-Encoding" in self.headers:
            return self._answer(Answer(411, "the length of the request must be given\n", "411"), last=True)
        if int(length) > LONGEST_REQUEST:
            return self._answer(Answer(413, "the request is too long\n", "413"), last=True)
        request = self.rfile.read(int(length))
        if len(request) != int(length):
            return self._answer(Answer(400, "the request broke off\n", "400"), last=True)
        if self.path != self.server.place:
            return self._answer(Answer(404, "there is nothing here\n", "404 elsewhere"))
        try:
            self._answer(self.server.witness.add_checkpoint(request))
        except (WitnessBroken, OSError) as error:
            log.error("nothing was cosigned: %s", error)
            self._answer(Answer(500, "the witness cannot work\n", "500"), last=True)

    def do_GET(self) -> None:
        """There is nothing to read here."""
        self._answer(Answer(405, "send a checkpoint with POST\n", "405"), last=True)

    do_HEAD = do_PUT = do_DELETE = do_GET

    def _answer(self, answer: Answer, last: bool = False) -> None:
        body = answer.body.encode()
        log.info("%s", answer.said)
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.media)
        self.send_header("Content-Length", str(len(body)))
        if answer.status == 405:
            self.send_header("Allow", "POST")
        if last:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Said by `_answer` instead, without addresses of whoever asked."""
