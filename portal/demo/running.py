"""The demo: an installation seeded with invented people, its own sign-in beside it, ready to be looked at."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Sequence
from types import FrameType
from typing import NoReturn

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.audit import sequencer
from portal.auth.tables import ContractPeriod
from portal.auth.tags import Tags
from portal.config import Settings
from portal.db import now_micros
from portal.demo import configuring, morning, moving_on, seeding, selecting
from portal.demo.people import cast, crowd, staff, story
from portal.demo.people.shapes import Nominal
from portal.errors import Misconfigured
from portal.keys import secrets as key_secrets
from portal.keys.catalogue import INDEX, open_root
from portal.sharing.days import day_at
from portal.sharing.doors import Doors
from portal.sharing.tables import Adoption, CaseFile

SEED = 7
SERVER = ("--workers", "1", "--threads", "8", "--worker-class", "gthread", "--log-level", "warning")

Bar = Callable[[int, str], Callable[[int], object]]
"""Makes a progress bar for so many things of a kind; what it gives is called with how many were done."""


def seed(
    given: Settings,
    session: Session,
    doors: Doors,
    provider_port: int,
    bar: Bar,
    crowd_of: tuple[int, int] | None = None,
) -> None:
    """Sign the agreements, enrol the staff and tell the story, or only what of it is missing.

    `crowd_of` (persons, cases) tells that many plainer lives instead of the story.
    """
    if not session.scalar(select(func.count()).select_from(Adoption)):
        seeding.sign_agreements(session, doors)
    if not session.scalar(select(func.count()).select_from(ContractPeriod)):
        seeding.record_contracts(session, doors)
    everyone = list(staff.roster())
    users = seeding.enrol(
        session,
        doors,
        tags(given, session, doors),
        everyone,
        lambda p: configuring.issuer(provider_port, p),
        now_micros(),
    )
    selecting.settle(session, doors, users)
    told = session.scalar(select(func.count()).select_from(CaseFile)) or 0
    nominals, count = _people(told, crowd_of)
    if count:
        parties = {one.key: one.party for one in everyone}
        seeding.tell(session, doors, nominals, users, parties, now_micros(), bar(count, "people"))
        if crowd_of is None:
            morning.work(session, doors, users, {n.key: n for n in nominals if n.key in cast.CAST})
            moving_on.move(session, doors, users, list(nominals))
    sequencer.drain(session, doors.signer(session))


def _people(told: int, crowd_of: tuple[int, int] | None) -> tuple[Iterable[Nominal], int]:
    today = day_at(now_micros())
    if crowd_of is not None:
        persons, cases = crowd_of
        return crowd.crowd(persons, cases, SEED, today), persons
    if told:  # a second start keeps what is there, whatever the day
        return (), 0
    nominals = list(story.story(SEED, today))
    return nominals, len(nominals)


def tags(given: Settings, session: Session, doors: Doors) -> Tags:
    """The keyed tags under which the portal knows identities."""
    with doors.log.transaction(session):
        return Tags(key_secrets.named(session, open_root(given.keys_dir, INDEX), "identities"))


def configure(given: Settings, doors: Doors, provider_port: int) -> None:
    """The providers file and the client secret of the demo, made anew for the ports of this start."""
    secret = given.home / configuring.SECRET_FILE
    if not secret.exists():
        secret.write_text(secrets.token_urlsafe(32))
        secret.chmod(0o600)
    given.providers_file.write_text(configuring.providers(doors.book, provider_port), "utf-8")
    given.providers_file.chmod(0o600)


def serve(given: Settings, port: int, provider_port: int, ready: Callable[[], None]) -> int:
    """Run the provider and the portal until one of them ends or the person stops them; the portal's exit code."""
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # a supervisor's stop ends all as Ctrl-C does
        signal.signal(each, _stop)
    environ = {**os.environ, **environment(given, port)}
    provider = subprocess.Popen(
        [sys.executable, "-m", "portal.demo.provider.run", str(given.home), str(provider_port), str(port)],
        env=environ,
        process_group=0,
    )
    portal = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", *SERVER, "portal.app:create()"],
        env=environ,
        process_group=0,  # Ctrl-C reaches this process only, which ends the others in their order
    )
    try:
        if not _answers(f"http://127.0.0.1:{port}/healthz", portal):
            raise Misconfigured("the portal did not start; it said why above")
        ready()
        return portal.wait()
    except KeyboardInterrupt:
        return 0
    finally:
        _end((portal, provider))


def _end(processes: "Sequence[subprocess.Popen[bytes]]") -> None:
    for process in processes:
        process.terminate()
    for process in processes:
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # with its workers, which would go on serving
            process.wait()


def _stop(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def environment(given: Settings, port: int) -> dict[str, str]:
    """The settings of a demo as a child process reads them."""
    return {
        "PORTAL_HOME": str(given.home),
        "PORTAL_BASE_URL": f"http://127.0.0.1:{port}",
        "PORTAL_DEMO": "true",
        "PORTAL_LOG_ORIGIN": given.log_origin,
    }


def require_free(*ports: int) -> None:
    """Raises `Misconfigured` where somebody listens on one of these loopback ports already."""
    for port in ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as a server does, just after another ended
            try:
                probe.bind(("127.0.0.1", port))
                probe.listen()
            except OSError as error:
                raise Misconfigured(
                    f"port {port} cannot be had ({error.strerror}); the demo takes two ports in a row, "
                    "8000 and 8001 unless told otherwise: PORT=8080 make demo"
                ) from None


def _answers(address: str, process: "subprocess.Popen[bytes]", seconds: float = 60) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=2):  # noqa: S310 (our own loopback address)
                return True
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    return False
