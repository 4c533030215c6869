"""What the two doors need, built once per process and passed to them."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal.audit import triggers
from portal.audit.log import AccessLog
from portal.config import Settings
from portal.db import now_micros
from portal.keys import secrets
from portal.keys.catalogue import INDEX, LOG, RECORDS, open_root
from portal.keys.deks import Keyring
from portal.keys.index_tags import Tagger
from portal.sharing.book import Book


@dataclass(frozen=True)
class Doors:
    """The access log, the keys, the agreements and the clock that reading and writing share."""

    settings: Settings
    log: AccessLog
    keys: Keyring
    tags: Tagger
    book: Book
    clock: Callable[[], int] = now_micros  # microseconds UTC; one look per request decides everything in it


def open_doors(settings: Settings, session: Session) -> Doors:
    """The doors of an installation. Raises `Misconfigured`, `AgreementInvalid` rather than opening half right."""
    triggers.require(session)
    log = AccessLog(open_root(settings.keys_dir, LOG))
    with log.transaction(session):
        index = secrets.named(session, open_root(settings.keys_dir, INDEX), "search-tags")
    doors = Doors(
        settings=settings,
        log=log,
        keys=Keyring(open_root(settings.keys_dir, RECORDS)),
        tags=Tagger(index),
        book=Book.open(settings.agreements),
    )
    doors.book.refresh(session)
    return doors
