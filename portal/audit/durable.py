"""Files that outlive a crash: what must be known before anything is answered is written this way."""

import os
from pathlib import Path


def write_durably(path: Path, content: bytes) -> None:
    """Replace a file so that after a crash it is the old one or the new one whole; only its owner may read it."""
    beside = path.with_suffix(".new")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
