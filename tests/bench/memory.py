"""Memory of an export and of the offline verifier: each in a process of its own, at growing sizes of the same log.

`python -m tests.bench.memory URL KEY SIZE FILE` is such a process.
"""

import subprocess
import sys
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit import exporting
from portal.audit.exporting import Wanted
from portal.audit.note import Verifier
from portal.audit.tables import ENTRY, SEQUENCE
from portal.db import from_micros, open_engine

SIZES = (10_000, 100_000, 1_000_000)


def peaks(url: str, key: str, folder: Path, size: int) -> tuple[float, float]:
    """MB that exporting the first `size` entries, and verifying the bundle, took at their peak."""
    bundle = folder / f"{size}.zip"
    exported = _peak("tests.bench.memory", url, key, str(size), str(bundle))
    return exported, _peak("portal.audit.verify", str(bundle), "--key", key)


def _peak(module: str, *arguments: str) -> float:
    code = (
        "import re, runpy, sys\n"
        "try:\n    runpy.run_module(sys.argv.pop(1), run_name='__main__', alter_sys=True)\n"
        "except SystemExit as end:\n    assert not end.code, end.code\n"
        "print(re.search('VmHWM:\\\\s*([0-9]+)', open('/proc/self/status').read())[1])"
    )
    line = [sys.executable, "-c", code, module, *arguments]
    done = subprocess.run(line, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return int(done.stdout.split()[-1]) / 1024


def main(url: str, key: str, size: str, path: str) -> None:
    """Export the first entries of a log."""
    with Session(open_engine(url)) as session:
        past = select(ENTRY.c.at).join(SEQUENCE, SEQUENCE.c.entry_id == ENTRY.c.entry_id)
        found = session.connection().execute(past.where(SEQUENCE.c.index == int(size))).scalar()
        until = None if found is None else from_micros(found)
        manifest = exporting.export(session, Path(path), Wanted(Verifier.parse(key), until=until))
        print(manifest.end)


if __name__ == "__main__":
    main(*sys.argv[1:])
