"""See that there is a Chromium for the browser journeys: PORTAL_TEST_CHROMIUM, the machine's own, or that of npm.

The last is a headless Chromium inside the package `@sparticuz/chromium`, fixed and hashed by
`scripts/chromium/package-lock.json`, unpacked into `.venv/chromium` with the libraries and the font it brings: nothing
of the machine is changed, and no administrator is needed. A second run does nothing.
"""

import platform
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from front_end import npm  # noqa: E402

from tests.machine import UNPACKED, chromium, node  # noqa: E402

PACKAGE = Path(__file__).with_suffix("")
PARTS = PACKAGE / "node_modules" / "@sparticuz" / "chromium"
INFLATE = "fs.createReadStream(process.argv[1]).pipe(zlib.createBrotliDecompress()).pipe(process.stdout)"
FONTS = '<?xml version="1.0"?><fontconfig><dir>{}</dir><dir>/usr/share/fonts</dir><cachedir>{}</cachedir></fontconfig>'
STARTER = """#!/bin/sh
# Made by scripts/chromium.py: headless Chromium with what it needs beside it.
export LD_LIBRARY_PATH="{0}/lib${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}" FONTCONFIG_FILE="{0}/fonts.conf"
exec "{0}/headless" "$@"
"""


def main() -> None:
    """Raises `SystemExit` with a remedy where there is no browser and none can be had."""
    if chromium() is None:
        if (sys.platform, platform.machine()) != ("linux", "x86_64"):
            raise SystemExit("The journeys need Chromium or Chrome: install it, or name it in PORTAL_TEST_CHROMIUM.")
        if subprocess.run([*npm(), "ci", "--ignore-scripts"], cwd=PACKAGE, check=False).returncode:
            raise SystemExit(
                "No Chromium here, and npm ci could not bring one: install Chromium or Chrome, "
                "or name it in PORTAL_TEST_CHROMIUM."
            )
        unpack(UNPACKED.parent)
        print(f"No Chromium here: unpacked that of npm into {UNPACKED.parent.relative_to(ROOT)}")


def unpack(into: Path) -> None:
    """Inflate browser, libraries and font; the starter is written last, so that half of them is never found."""
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(parents=True)
    with (into / "headless").open("wb") as file, inflated("chromium.br") as stream:
        shutil.copyfileobj(stream, file)
    (into / "headless").chmod(0o755)
    for part in ("al2023.tar.br", "fonts.tar.br"):
        with inflated(part) as stream, tarfile.open(fileobj=stream, mode="r|") as archive:
            archive.extractall(into, filter="data")
    (into / "fonts.conf").write_text(FONTS.format(into / "fonts", into / "cache"), "utf-8")
    UNPACKED.write_text(STARTER.format(into), "utf-8")
    UNPACKED.chmod(0o755)


@contextmanager
def inflated(part: str) -> Iterator[IO[bytes]]:
    """A part of the package without its compression (Brotli, which Node has and Python has not)."""
    command = [node(), "-e", INFLATE, str(PARTS / "bin" / part)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as running:
        assert running.stdout
        yield running.stdout
    if running.returncode:
        raise SystemExit(f"{part} of @sparticuz/chromium could not be unpacked")


if __name__ == "__main__":
    main()
