"""A proxy before PostgreSQL's socket that cuts a connection at its COMMIT: after it reached the server, or before."""

import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import parse_qs, urlsplit


class Proxy:
    """Passes everything on until `cut` is set: then the next COMMIT is the connection's last word.

    `cut` "after": the server has committed and its answer is thrown away. "before": the server never hears of it.
    """

    def __init__(self, url: str, folder: Path) -> None:
        asked = parse_qs(urlsplit(url).query)
        host, port = asked["host"][0], asked["port"][0]
        self.url = url.replace(f"host={host}", f"host={folder}")
        self.cut = ""
        self.cuts = 0
        self._upstream = f"{host}/.s.PGSQL.{port}"
        self._open: list[socket.socket] = []
        self.listening = socket.socket(socket.AF_UNIX)
        self.listening.bind(f"{folder}/.s.PGSQL.{port}")
        self.listening.listen(16)

    def serve(self) -> None:
        with suppress(OSError):  # it was closed
            while True:
                client, _ = self.listening.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._upstream)
                self._open += [client, server]
                for pair in ((client, server, True), (server, client, False)):
                    threading.Thread(target=self._pass_on, args=pair, daemon=True).start()

    def _pass_on(self, source: socket.socket, to: socket.socket, from_client: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if from_client and self.cut and b"COMMIT" in data:
                    how, self.cut = self.cut, ""
                    self._cut(source, to, data if how == "after" else b"")
                    return
                to.sendall(data)
        for each in (source, to):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _cut(self, client: socket.socket, server: socket.socket, last: bytes) -> None:
        self.cuts += 1
        client.shutdown(socket.SHUT_RDWR)  # first: the answer, which the other thread reads, has nowhere to go
        if last:
            server.sendall(last)
            server.shutdown(socket.SHUT_WR)
        else:
            server.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()
        for each in self._open:
            each.close()


@contextmanager
def proxied(url: str) -> Iterator[Proxy]:
    """A proxy before the database at `url`; its own address is `Proxy.url`."""
    with tempfile.TemporaryDirectory(prefix="cut-", dir="/tmp") as folder:
        proxy = Proxy(url, Path(folder))
        thread = threading.Thread(target=proxy.serve)
        thread.start()
        try:
            yield proxy
        finally:
            proxy.close()
            thread.join()
