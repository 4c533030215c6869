"""What the two doors need, built once per process and passed to them."""

from collections.abc import Callable
from dataclasses import dataclass

from portal.audit.log import AccessLog
from portal.config import Settings
from portal.db import now_micros
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
