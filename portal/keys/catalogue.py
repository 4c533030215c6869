"""Which key providers there are, and which roots an installation has. A new provider is a line here."""

from collections.abc import Callable
from pathlib import Path

from portal.errors import Misconfigured
from portal.keys import local_file
from portal.keys.provider import KeyProvider

RECORDS = "records"
"""Root of the data keys of persons' records and of staff names."""
INDEX = "index"
"""Root of the secrets behind search tags: apart, so that whoever can search cannot thereby open."""
LOG = "log"
"""Root of the access log's keys: erasing a person's records leaves the evidence of who looked."""
ROOTS = (RECORDS, INDEX, LOG)

OPEN: dict[str, Callable[[Path, str], KeyProvider]] = {
    "local-file": lambda folder, root: local_file.LocalFile(folder / f"{root}.json"),
}
CREATE: dict[str, Callable[[Path, str], KeyProvider]] = {
    "local-file": lambda folder, root: local_file.create(folder / f"{root}.json"),
}


def open_root(folder: Path, root: str, provider: str = "local-file") -> KeyProvider:
    """The named root. Raises `Misconfigured` for an unknown provider or a root that is absent or open to others."""
    return _of(OPEN, provider)(folder, root)


def create_root(folder: Path, root: str, provider: str = "local-file") -> KeyProvider:
    """Make the named root, once. Raises `Misconfigured` if it is already there."""
    return _of(CREATE, provider)(folder, root)


def _of(factories: dict[str, Callable[[Path, str], KeyProvider]], provider: str) -> Callable[[Path, str], KeyProvider]:
    try:
        return factories[provider]
    except KeyError:
        raise Misconfigured(f"no key provider is called {provider}; there are: {', '.join(factories)}") from None
