"""Take docs/case.png for the README: a case of the story as a police practitioner sees it, from a demo seeded for it.

Needs what the journeys need; `make picture` sees to it.
"""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests import machine  # noqa: E402
from tests.journeys import serving  # noqa: E402 (the journeys know how to start a demo and to sign in)
from tests.journeys.conftest import FLAGS  # noqa: E402
from tests.journeys.person import Person  # noqa: E402

PICTURE = ROOT / "docs" / "case.png"
WIDTH, HEIGHT = 1280, 1000
LARGEST = 400 * 1024


def take(base: str, chromium: str, into: Path) -> None:
    """Sign in, open the case, and keep the top of it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, locale="en-GB")
        walsh = Person(context, base, scripts=True, pictures=None)
        walsh.signs_in("walsh")
        walsh.opens_case("Rudd", "Managing the risk this person poses")
        walsh.page.screenshot(path=into, clip={"x": 0, "y": 0, "width": WIDTH, "height": HEIGHT})
        browser.close()


def main() -> None:
    """Seed, take the picture, and say how large it is."""
    chromium = machine.chromium()
    if chromium is None:
        sys.exit("a picture needs Chromium: install it, or name it in PORTAL_TEST_CHROMIUM")
    with tempfile.TemporaryDirectory() as folder, serving.demo(Path(folder) / "home") as demo:
        take(demo.base, chromium, PICTURE)
    size = PICTURE.stat().st_size
    if size > LARGEST:
        sys.exit(f"{PICTURE.name} is {size:,} bytes, more than {LARGEST:,}")
    print(f"{PICTURE.relative_to(ROOT)}: {size:,} bytes")


if __name__ == "__main__":
    main()
