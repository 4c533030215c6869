"""Serving the demonstration provider in a thread, on loopback."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from portal.demo.provider.app import LOOPBACK
from portal.errors import Misconfigured


class _Quiet(WSGIRequestHandler):
    """Logs no requests: their addresses hold states and codes."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


@contextmanager
def serving(app: Flask, base: str) -> Iterator[None]:
    """Serve the provider on the loopback address of `base`, in a thread, for the length of the block.

    Raises `Misconfigured` for any other address, `OSError` where the port is taken.
    """
    parts = urlsplit(base)
    if parts.scheme != "http" or parts.hostname not in LOOPBACK or parts.port is None:
        raise Misconfigured("the demonstration provider serves a loopback address with a port only")
    server = make_server("127.0.0.1", parts.port, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, name="demo-provider", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
