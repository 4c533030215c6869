"""The demonstration provider: one OpenID Connect issuer a party, real on the wire, with a page to pick a person from.

No passwords: whoever can reach it can be anyone. Therefore it starts only where `Settings.demo` says so, only on a
loopback address, and answers only requests addressed to that.
"""

from urllib.parse import urlsplit

from flask import Flask, Response, abort, request

from portal.config import Settings
from portal.demo.provider import endpoints, pages
from portal.demo.provider.directory import Client, Directory
from portal.demo.provider.memory import Memory
from portal.demo.provider.minting import Mint
from portal.errors import Misconfigured

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def create_provider(settings: Settings, directory: Directory, client: Client, base: str) -> Flask:
    """The provider as an application; `base` is its own address, issuers are `base/<party>`.

    Raises `Misconfigured` unless this is a demonstration and both addresses are on loopback.
    """
    if not settings.demo:
        raise Misconfigured("the demonstration provider starts only under `portal demo`")
    for address in (base, client.portal):
        if urlsplit(address).hostname not in LOOPBACK:
            raise Misconfigured("the demonstration provider serves loopback addresses only")
    app = Flask(__name__)
    desk = endpoints.Desk(directory, client, base, Memory(), Mint())
    app.register_blueprint(endpoints.blueprint(desk))
    app.register_blueprint(pages.blueprint(desk))

    @app.before_request
    def refuse_other_hosts() -> None:
        if request.host != urlsplit(base).netloc:  # a name that was pointed at loopback from outside
            abort(421)

    @app.after_request
    def headers(response: Response) -> Response:
        origin = f"{urlsplit(client.portal).scheme}://{urlsplit(client.portal).netloc}"
        response.headers["Content-Security-Policy"] = (
            f"default-src 'none'; style-src 'self'; form-action 'self' {origin}; "
            "frame-ancestors 'none'; base-uri 'none'"
        )
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        if request.endpoint != "static":
            response.headers["Cache-Control"] = "no-store"
        return response

    return app
