"""An installation from the command line: its settings, database and doors, without any web."""

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from portal.audit import pinned, sequencer
from portal.audit.collecting import Collector
from portal.config import Settings, load_settings
from portal.db import open_engine
from portal.errors import Misconfigured
from portal.keys.catalogue import ROOTS, create_root
from portal.schema import at_head
from portal.schema import migrate as migrate_database
from portal.sharing.doors import Doors, open_doors

NO_PROVIDERS = "format = 1\nprovider = []\nparty = []\n"


def settings() -> Settings:
    """Settings of this environment. Raises `Misconfigured`."""
    return load_settings(os.environ)


def create(given: Settings) -> None:
    """Make what an installation needs and does not have yet: folder, secret, roots, database. Runs again safely.

    Raises `Misconfigured` where the folder cannot be made or written.
    """
    try:
        given.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=given.home).close()
    except OSError as error:
        raise Misconfigured(f"PORTAL_HOME: {given.home} cannot be made or written ({error.strerror})") from None
    if not given.secret_file.exists():
        write_private(given.secret_file, secrets.token_bytes(48))
    given.keys_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    for root in ROOTS:
        if not (given.keys_dir / f"{root}.json").exists():
            create_root(given.keys_dir, root)
    if not given.providers_file.exists():
        write_private(given.providers_file, NO_PROVIDERS.encode())
    engine = open_engine(given.database_url)
    migrate_database(engine)
    engine.dispose()
    with opened(given) as (_, session, doors):  # makes the log's secrets, and pins the key it will be held to
        signer = doors.signer(session)
        pinned.pinned(given.keys_dir, signer.verifier, *signer.verifiers[:-1])


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)


@contextmanager
def opened(given: Settings) -> Iterator[tuple[Engine, Session, Doors]]:
    """Engine, session and doors of an installation whose database is up to date. Raises `Misconfigured`."""
    engine = open_engine(given.database_url)
    try:
        if not at_head(engine):
            raise Misconfigured("the database is not up to date: run `portal migrate`")
        with Session(engine, expire_on_commit=False) as session:
            doors = open_doors(given, session)
            if doors.policy is not None:  # before anything is written: an older database may have been put back
                Collector(engine, doors.policy, doors.signer, doors.stop(), given.keys_dir).check()
            try:
                yield engine, session, doors
            finally:
                session.rollback()
                doors.log.close(session)
                if not doors.stop():
                    sequencer.drain(session, doors.signer(session))
    finally:
        engine.dispose()
