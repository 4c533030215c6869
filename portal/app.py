"""The application, as a readable list of set-up calls."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from flask import Flask, Response, request
from flask_wtf.csrf import CSRFProtect
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from werkzeug.middleware.proxy_fix import ProxyFix

from portal import gate
from portal.audit import grants
from portal.audit.collecting import Collector
from portal.audit.retiring import Retiring
from portal.audit.sequencer import Sequencer
from portal.auth.oidc import RelyingParty
from portal.auth.providers import load_catalogue
from portal.auth.sessions import Limits
from portal.auth.signing_in import Desk
from portal.auth.tags import Tags
from portal.casework import papers
from portal.config import Settings, load_settings, read_secret
from portal.db import db, engine_options, now_micros, prepare
from portal.errors import Misconfigured
from portal.gate import Services
from portal.keys import secrets as key_secrets
from portal.keys.catalogue import INDEX, open_root
from portal.pages import limits, register
from portal.pages.assets import Assets
from portal.pages.presenting import install as install_presenting
from portal.sharing import staff
from portal.sharing.days import day_at
from portal.sharing.doors import Doors, open_doors

PRIVATE = "no-store"
FOREVER = "public, max-age=31536000, immutable"
KEPT = {"static": FOREVER, "publishing.tile": FOREVER, "publishing.checkpoint": "no-cache"}
"""What browsers and proxies may keep of good answers, by endpoint; nothing of anything else."""


def create_app(settings: Settings, **overrides: Any) -> Flask:
    """The portal for these settings. Raises `Misconfigured`, `AgreementInvalid` rather than starting half right.

    `overrides` are Flask configuration values, for tests.
    """
    app = Flask(__name__)
    configure(app, settings, overrides)
    db.init_app(app)
    with app.app_context():
        prepare(db.engine)
        doors = open_doors(settings, db.session())
        if not settings.demo:
            _require_least_privilege()
        desk = open_desk(settings, doors, db.session())
        db.session.remove()
        sequencer, collector = open_publishing(doors, db.engine)
        retiring = app.extensions["retiring"] = Retiring(db.engine, doors.log)
    app.extensions["sequencer"], app.extensions["collector"] = sequencer, collector
    app.extensions["papers"] = papers.load(settings.documents_dir, {a.id for a in doors.book.all()})
    doors.log.woken = _woken(settings, sequencer, retiring)
    CSRFProtect(app)
    limits.install(app)
    register.everything(app)
    install_templates(app)
    gate.install(app, Services(doors, desk, Limits.of(settings)))
    app.after_request(headers(settings, [p.issuer for p in desk.relying.catalogue.providers.values()]))
    if settings.trusted_proxies:
        n = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=n, x_proto=n, x_host=n)  # type: ignore[method-assign]
    return app


def _woken(settings: Settings, sequencer: Sequencer, retiring: Retiring) -> Callable[[], None]:
    """What happens after each commit of the log. A thread starts at the first, so after a server's fork."""
    ordered = {"thread": sequencer.wake, "worker": None, "strict": sequencer.at_once}[settings.sequencing]

    def woken() -> None:
        if ordered is not None:
            ordered()
        retiring.wake()  # after the sequencer: at the end of the process it stops first, and leaves it the last entries

    return woken


def _require_least_privilege() -> None:
    try:
        grants.require(db.session())
    except Misconfigured:
        db.session.remove()
        db.engine.dispose()  # what does not start holds nothing
        raise


def open_publishing(doors: Doors, engine: Engine) -> tuple[Sequencer, Collector | None]:
    """What orders the log's entries, and what has the witnesses cosign them, after asking each for the first time."""
    collector, stop = None, doors.stop()
    if doors.policy is not None:
        collector = Collector(engine, doors.policy, doors.signer, stop, doors.settings.keys_dir)
        collector.check()
    published = None if collector is None else collector.wake
    return Sequencer(engine, doors.signer, stop=stop, published=published), collector


def create() -> Flask:
    """The portal for the settings in the environment: what a WSGI server calls."""
    return create_app(load_settings())


def close_app(app: Flask) -> None:
    """End what an application runs and holds: its writers, the sequencer after a last drain, and its connections."""
    app.extensions["retiring"].stop()
    app.extensions["sequencer"].stop()
    if app.extensions["collector"] is not None:
        app.extensions["collector"].stop()
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def configure(app: Flask, settings: Settings, overrides: dict[str, Any]) -> None:
    """Flask's own configuration, from ours."""
    app.config.from_mapping(
        SECRET_KEY=read_secret(settings),
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(settings.database_url),
        SESSION_COOKIE_NAME="__Host-form" if settings.secure else "form-demo",
        SESSION_COOKIE_SECURE=settings.secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_TIME_LIMIT=None,  # a token lives as long as its browser session; an old form is still kept
        WTF_CSRF_SSL_STRICT=settings.secure,
        RATELIMIT_STORAGE_URI=settings.limits_url,
        RATELIMIT_STORAGE_OPTIONS=limits.options(settings.limits_url),
        MAX_CONTENT_LENGTH=12 * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=1024 * 1024,
    )
    app.config.from_mapping(overrides)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True


def open_desk(settings: Settings, doors: Doors, session: Session) -> Desk:
    """Everything signing in needs."""
    parties = frozenset(p for a in doors.book.all() for p in a.parties)
    catalogue = load_catalogue(settings.providers_file, parties, settings.demo)
    with doors.log.transaction(session):
        secret = key_secrets.named(session, open_root(settings.keys_dir, INDEX), "identities")

    def redirect_uri(provider: str) -> str:
        return f"{settings.base_url}/sign-in/{provider}/callback"

    def keep_name(tx: Any, user: Any, name: str, email: str) -> None:
        staff.keep(tx.session, doors.keys, user, "", name, email)

    relying = RelyingParty(catalogue, redirect_uri, settings.demo)
    return Desk(doors.log, relying, Tags(secret), Limits.of(settings), keep_name)


def install_templates(app: Flask) -> None:
    """Filters in the words of the portal, and addresses of static files."""
    install_presenting(app.jinja_env, lambda: day_at(now_micros()))
    assets = Assets(Path(app.static_folder or ""))
    app.jinja_env.globals["asset"] = assets.url


def headers(settings: Settings, issuers: Iterable[str]) -> Callable[[Response], Response]:
    """Sets the headers of every answer: nothing from elsewhere, nothing kept, nothing framed. Forms lead to issuers."""
    origins = {"/".join(issuer.split("/", 3)[:3]) for issuer in issuers}
    policy = "; ".join(
        (
            "default-src 'none'",
            "style-src 'self'",
            "img-src 'self'",
            "font-src 'self'",
            f"form-action 'self' {' '.join(sorted(origins))}",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )

    def apply(response: Response) -> Response:
        said = response.headers
        said.setdefault("Content-Security-Policy", policy)  # the printed agreement has a stricter one of its own
        said["X-Content-Type-Options"] = "nosniff"
        said["Referrer-Policy"] = "no-referrer"
        said["Cross-Origin-Opener-Policy"] = "same-origin"
        said["Cross-Origin-Resource-Policy"] = "same-origin"
        said["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
        said["Cache-Control"] = KEPT.get(request.endpoint or "", PRIVATE) if response.status_code == 200 else PRIVATE
        if settings.secure:
            said["Strict-Transport-Security"] = "max-age=63072000; includeSubDomains"
        return response

    return apply
