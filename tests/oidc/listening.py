"""Where the portal would be: keeps what providers post to it, so that tests can hand it to the code they test."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from urllib.parse import parse_qs


class Listener:
    """`posted` receives (path, form) of each POST."""

    def __init__(self, port: int) -> None:
        self.base = f"http://127.0.0.1:{port}"
        self.posted: Queue[tuple[str, dict[str, str]]] = Queue()

    def callback(self, provider: str) -> str:
        return f"{self.base}/sign-in/{provider}/callback"


@contextmanager
def listener() -> Iterator[Listener]:
    """A listener on a free loopback port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
            found.posted.put((self.path, {name: values[0] for name, values in parse_qs(body).items()}))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Listener(server.server_port)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
