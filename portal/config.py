"""Typed settings, read once from the environment. The portal refuses to start rather than guess."""

import dataclasses
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from portal.errors import Misconfigured

PREFIX = "PORTAL_"
NOTIFY = "https://api.notifications.service.gov.uk"
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_NOTIFY_KEY = re.compile(rf"[\w-]*?({_UUID})-({_UUID})")
SEQUENCING = ("thread", "worker", "strict")
LIMIT_STORES = ("redis://", "rediss://", "redis+unix://")


@dataclass(frozen=True)
class Settings:
    """Everything that differs between installations. Each field is `PORTAL_<NAME>` in the environment."""

    home: Path
    """Folder that holds what this installation keeps: the embedded database, key files, cached front end."""
    database_url: str
    """SQLAlchemy address: sqlite:///… or postgresql+psycopg://…  Default: portal.sqlite3 under the home folder."""
    base_url: str
    """The address people type, such as https://portal.example. Used for redirects back from sign-in."""
    secret_file: Path
    """File (mode 0600) whose 32 or more bytes sign form tokens and pre-session cookies."""
    keys_dir: Path
    """Folder (mode 0700) of the local-file key provider."""
    agreements: tuple[Path, ...]
    """Agreement files to serve, separated by the path separator. Default: the three shipped with the portal."""
    documents_dir: Path
    """Folder with the words of letters, compacts and privacy notices. Default: those shipped with the portal."""
    providers_file: Path
    """TOML file that names the identity providers and which party each of their users belongs to."""
    smtp_password_file: Path
    """File (mode 0600) with the password for the mail server. Default: smtp-password under the home folder."""
    notify_key_file: Path
    """File (mode 0600) with the API key of GOV.UK Notify. Default: notify-key under the home folder."""
    log_origin: str = "iom-portal.invalid/access-log"
    """Name of this installation's access log in its signed checkpoints (a name, not an address that is called)."""
    idle_minutes: int = 15
    """A session without a request for this long ends."""
    absolute_hours: int = 10
    """A session ends after this long whatever happens."""
    visit_minutes: int = 60
    """A visit (one capacity, one case, one purpose) ends after this long."""
    emergency_minutes: int = 60
    """Emergency access to one case ends after this long."""
    step_up_minutes: int = 15
    """How long a fresh proof of identity counts for emergency access, export and the log."""
    trusted_proxies: int = 0
    """How many reverse proxies stand in front; only that many forwarded headers are believed."""
    limits_url: str = "memory://"
    """Where request counts live: memory:// for one worker; Valkey or Redis (`LIMIT_STORES`) for several."""
    workers: int = 1
    """Worker processes of the server. More than one needs a shared limits_url."""
    smtp_url: str = ""
    """Where mails go: smtps://… or smtp://… (with STARTTLS), with a user name if the server wants one. Empty: none."""
    mail_from: str = ""
    """Address that mails come from. Needed with smtp_url."""
    notify_template: str = ""
    """Id of the e-mail template at GOV.UK Notify. Names that way to send; with it, smtp_url is left empty."""
    notify_url: str = NOTIFY
    """Where GOV.UK Notify answers. Another only with a template."""
    sequencing: str = "thread"
    """Who orders the log's entries: "thread", one of each web worker; "worker", `portal worker`; "strict", the request
    itself, which answers only once a checkpoint covers its entry."""
    witness_policy: str = ""
    """File with the witnesses of the access log and the quorum that publishes a checkpoint. Empty: no witnesses."""
    demo: bool = False
    """True only under `portal demo`: allows plain-http cookies and the demo identity provider on loopback."""

    @property
    def secure(self) -> bool:
        """Whether cookies are sent over https only."""
        return self.base_url.startswith("https://")


def load_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Settings from the environment. Raises `Misconfigured` naming every wrong or unknown variable at once."""
    given = {k.removeprefix(PREFIX).lower(): v for k, v in environ.items() if k.startswith(PREFIX)}
    fields = {f.name: f for f in dataclasses.fields(Settings)}
    problems = [f"{PREFIX}{name.upper()} is not a setting" for name in given if name not in fields]
    if "home" not in given:
        problems.append("PORTAL_HOME must name the folder that holds this installation")
        raise Misconfigured("; ".join(sorted(problems)))
    values: dict[str, Any] = _defaults(Path(given["home"]).absolute())
    for name, text in given.items():
        if name in fields:
            try:
                values[name] = _parse(fields[name].type, text)
            except ValueError as error:
                problems.append(f"{PREFIX}{name.upper()}: {error}")
    if problems:
        raise Misconfigured("; ".join(sorted(problems)))
    settings = Settings(**values)
    _refuse_unsafe(settings)
    return settings


def _defaults(home: Path) -> dict[str, Any]:
    shipped = Path(__file__).parent.parent / "isa" / "agreements"
    return {
        "home": home,
        "database_url": f"sqlite:///{home / 'portal.sqlite3'}",
        "base_url": "https://localhost",
        "secret_file": home / "secret",
        "keys_dir": home / "keys",
        "agreements": tuple(sorted(shipped.glob("*.toml"))),
        "documents_dir": Path(__file__).parent / "papers",
        "providers_file": home / "providers.toml",
        "smtp_password_file": home / "smtp-password",
        "notify_key_file": home / "notify-key",
    }


def _parse(kind: Any, text: str) -> Any:
    match kind.__name__:
        case "int":
            value = int(text)
            if value < 0:
                raise ValueError("must not be negative")
            return value
        case "bool":
            if text not in ("true", "false"):
                raise ValueError("must be true or false")
            return text == "true"
        case "Path":
            return Path(text).absolute()
        case "tuple":
            return tuple(Path(part).absolute() for part in text.split(os.pathsep))
        case _:
            return text


def _refuse_unsafe(settings: Settings) -> None:
    problems = []
    if not settings.demo and not settings.secure:
        problems.append("PORTAL_BASE_URL must begin with https://")
    if settings.sequencing not in SEQUENCING:
        problems.append(f"PORTAL_SEQUENCING must be {', '.join(SEQUENCING[:-1])} or {SEQUENCING[-1]}")
    problems += _limits_problems(settings)
    problems += _mail_problems(settings)
    problems += _notify_problems(settings)
    for name in ("idle_minutes", "absolute_hours", "visit_minutes", "emergency_minutes", "step_up_minutes"):
        if getattr(settings, name) < 1:
            problems.append(f"{PREFIX}{name.upper()} must be at least 1")
    if problems:
        raise Misconfigured("; ".join(problems))


def _mail_problems(settings: Settings) -> list[str]:
    if not settings.smtp_url:
        return []
    problems = []
    where = urlsplit(settings.smtp_url)
    if where.scheme not in ("smtp", "smtps") or not where.hostname or where.password:
        problems.append("PORTAL_SMTP_URL must be smtps://host or smtp://host; the password goes into a file of its own")
    if "@" not in settings.mail_from:
        problems.append("PORTAL_MAIL_FROM must be the address that mails come from")
    return problems


def _notify_problems(settings: Settings) -> list[str]:
    """GOV.UK Notify is set up as a whole or not at all: template, address, key."""
    if not settings.notify_template:
        named = settings.notify_url != NOTIFY or settings.notify_key_file != settings.home / "notify-key"
        return ["PORTAL_NOTIFY_TEMPLATE must name the template at GOV.UK Notify"] if named else []
    problems = []
    if settings.smtp_url:
        problems.append("PORTAL_SMTP_URL and PORTAL_NOTIFY_TEMPLATE name two ways to send; keep one")
    if not re.fullmatch(_UUID, settings.notify_template):
        problems.append("PORTAL_NOTIFY_TEMPLATE must be the id of a template, as GOV.UK Notify shows it")
    where = urlsplit(settings.notify_url)
    plain = settings.demo and where.scheme == "http"
    if not where.hostname or where.username or not (where.scheme == "https" or plain):
        problems.append("PORTAL_NOTIFY_URL must begin with https://")
    try:
        read_notify_key(settings)
    except Misconfigured as error:
        problems.append(str(error))
    return problems


def _limits_problems(settings: Settings) -> list[str]:
    if settings.workers < 1:
        return ["PORTAL_WORKERS must be at least 1"]
    if settings.limits_url != "memory://":
        known = settings.limits_url.startswith(LIMIT_STORES)
        return [] if known else [f"PORTAL_LIMITS_URL must be memory:// or begin with {', '.join(LIMIT_STORES)}"]
    if settings.workers > 1:
        return ["PORTAL_LIMITS_URL: memory:// counts per worker; name a redis:// address or run one worker"]
    return []


def read_secret(settings: Settings) -> bytes:
    """The signing secret. Raises `Misconfigured` if the file is missing, short, or readable by others."""
    secret = _private(settings.secret_file, "PORTAL_SECRET_FILE", "; run `portal init`")
    if len(secret) < 32:
        raise Misconfigured(f"PORTAL_SECRET_FILE: {settings.secret_file.name} holds fewer than 32 bytes")
    return secret


def read_smtp_password(settings: Settings) -> str:
    """The password for the mail server. Raises `Misconfigured` if the file is missing or readable by others."""
    return _private(settings.smtp_password_file, "PORTAL_SMTP_PASSWORD_FILE", "").decode().strip()


def read_notify_key(settings: Settings) -> tuple[str, str]:
    """Service id and secret of the API key of GOV.UK Notify (name, service and secret, joined by hyphens). Raises
    `Misconfigured` if the file is missing, readable by others, or holds no such key."""
    text = _private(settings.notify_key_file, "PORTAL_NOTIFY_KEY_FILE", "").decode("utf-8", "replace").strip()
    found = _NOTIFY_KEY.fullmatch(text)
    if found is None:
        raise Misconfigured("PORTAL_NOTIFY_KEY_FILE: that is no API key of GOV.UK Notify; copy it whole, with its name")
    return found[1], found[2]


def _private(path: Path, named: str, remedy: str) -> bytes:
    try:
        mode = path.stat().st_mode & 0o077
        content = path.read_bytes()
    except OSError as error:
        raise Misconfigured(f"{named}: cannot read {path.name}{remedy}") from error
    if mode:
        raise Misconfigured(f"{named}: {path.name} can be read by others; set its mode to 0600")
    return content


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file as a dict. Raises `Misconfigured` naming the file and the line."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise Misconfigured(f"cannot read {path.name}") from error
    except tomllib.TOMLDecodeError as error:
        raise Misconfigured(f"{path.name}: {error}") from error
