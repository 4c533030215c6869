"""One browser at a WSGI application in this process: no network, no server, and no test client in what is measured."""

import io
from collections.abc import Callable
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

HOST = "127.0.0.1"
Wsgi = Callable[..., Any]


class Caller:
    """Sends requests with the cookies it was given. `get` and `post` answer (status, location, body)."""

    def __init__(self, app: Wsgi) -> None:
        self.app = app
        self.cookies: dict[str, str] = {}

    def get(self, path: str) -> tuple[int, str, bytes]:
        """A page."""
        return self._send("GET", path, b"")

    def post(self, path: str, form: dict[str, str]) -> tuple[int, str, bytes]:
        """A form."""
        return self._send("POST", path, urlencode(form).encode())

    def _send(self, method: str, path: str, body: bytes) -> tuple[int, str, bytes]:
        path, _, query = path.partition("#")[0].partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SERVER_NAME": HOST,
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": HOST,
            "HTTP_HOST": HOST,
            "HTTP_ACCEPT": "text/html",
            "HTTP_COOKIE": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        if body:
            environ["CONTENT_TYPE"] = "application/x-www-form-urlencoded"
        told: list[Any] = []
        answer = self.app(environ, lambda status, headers, error=None: told.extend((status, headers)))
        content = b"".join(answer)
        if hasattr(answer, "close"):
            answer.close()
        return int(told[0][:3]), self._keep(told[1]), content

    def _keep(self, headers: list[tuple[str, str]]) -> str:
        location = ""
        for name, value in headers:
            if name == "Set-Cookie":
                self.cookies |= {key: morsel.value for key, morsel in SimpleCookie(value).items()}
            elif name == "Location":
                location = value
        return location
