"""See that there is Pango, which WeasyPrint sets PDF files with: the machine's own, or that of Debian's packages.

Where it is missing, the packages that are missing are asked of apt, whose signatures hold, and unpacked into
`.venv/pango`: nothing of the machine is changed, and no administrator is needed. A second run does nothing. Where
there is no apt, it says what to install; the portal runs without and says so (docs/operations.md, "PDF files").

`--must` ends with an error if there is no Pango in the end: the tests need it.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from ctypes import CDLL
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from portal.pages import pdf  # noqa: E402

WANTED = ("libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0")
FONTS = '<?xml version="1.0"?><fontconfig><dir>{}</dir><dir>/usr/share/fonts</dir><cachedir>{}</cachedir></fontconfig>'
REMEDY = "PDF files need Pango: install libpango-1.0-0, libpangoft2-1.0-0 and libharfbuzz-subset0 (docs/operations.md)."


def main() -> None:
    """Raises `SystemExit` with a remedy where `--must` is given and there is none."""
    if not _able():
        try:
            bring(pdf.UNPACKED)
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"Debian's packages could not be had: {getattr(error, 'stderr', '') or error}", file=sys.stderr)
        if not _able():
            print(REMEDY, file=sys.stderr)
            raise SystemExit(1 if "--must" in sys.argv else 0)
        print(f"No Pango here: unpacked that of Debian into {pdf.UNPACKED.relative_to(ROOT)}")


def _able() -> bool:
    """Whether a fresh process can load it: this one may have tried already and remembers."""
    asked = "import sys; from portal.pages import pdf; sys.exit(not pdf.able())"
    return subprocess.run([sys.executable, "-c", asked], cwd=ROOT, check=False).returncode == 0


def bring(into: Path) -> None:
    """Download and unpack what the machine lacks; the list of libraries is written last, so that half is never used."""
    shutil.rmtree(into, ignore_errors=True)
    with tempfile.TemporaryDirectory() as folder:
        for name in ("lists/partial", "archives/partial"):
            (Path(folder) / name).mkdir(parents=True)
        own = [f"Dir::State::lists={folder}/lists", f"Dir::Cache={folder}"]
        own += ["Debug::NoLocking=1", "APT::Sandbox::User=root"]  # its folders are ours alone, whoever we are
        options = [part for each in own for part in ("-o", each)]
        _apt([*options, "-qq", "update"], folder)
        told = _apt([*options, "-qq", "--print-uris", "--no-install-recommends", "install", *WANTED], folder)
        names = re.findall(r"^'\S+' ([^_\s]+)_\S+\.deb ", told, re.MULTILINE)
        _apt([*options, "-qq", "download", *names], folder)
        for package in sorted(Path(folder).glob("*.deb")):
            subprocess.run(["dpkg-deb", "-x", str(package), str(into)], check=True)
    (into / "fonts.conf").write_text(FONTS.format(into / "usr/share/fonts", into / "cache"), "utf-8")
    ordered = in_order([p for p in into.rglob("*.so.*") if p.is_file() and not p.is_symlink()])
    (into / pdf.LIBRARIES).write_text("".join(f"{p.relative_to(into)}\n" for p in ordered), "utf-8")


def _apt(arguments: Sequence[str], folder: str) -> str:
    return subprocess.run(["apt-get", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


def in_order(libraries: Sequence[Path]) -> list[Path]:
    """Those that load, each after what it needs."""
    ordered: list[Path] = []
    waiting = sorted(libraries)
    while waiting:
        left = []
        for path in waiting:
            try:
                CDLL(str(path))
                ordered.append(path)
            except OSError:
                left.append(path)
        if len(left) == len(waiting):
            break
        waiting = left
    return ordered


if __name__ == "__main__":
    main()
