"""Journeys: one seeded demo and one browser for them all; each journey has people at browsers of its own.

`PORTAL_TEST_CHROMIUM` names a browser, else one is found (tests/machine.py). `PORTAL_TEST_PICTURES` names a folder that
gets a picture of every page met. `make test` takes each journey in one kind of browser, `make test-long` in all.
"""

import os
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from tests import machine
from tests.journeys import serving
from tests.journeys.person import Person
from tests.journeys.serving import Demo
from tests.machine import PATIENCE

FLAGS = ("--no-sandbox", "--disable-background-networking", "--disable-gpu", "--disable-dev-shm-usage")


@dataclass(frozen=True)
class Kind:
    """A kind of browser: its screen, and whether it runs scripts."""

    name: str
    width: int
    height: int
    scripts: bool


DESKTOP = Kind("desktop", 1280, 900, True)
PHONE = Kind("phone", 390, 844, True)
PLAIN = Kind("plain", 1280, 900, False)
EVERY_KIND = pytest.mark.parametrize("kind", [DESKTOP, PHONE, PLAIN], ids=lambda kind: str(kind.name), indirect=True)
"""Marks a journey that must work without scripts too."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave each journey one kind of browser and make the others long. Its name says which, so that all are met."""
    journeys: dict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        if "kind" in getattr(getattr(item, "callspec", None), "params", {}):
            journeys[item.nodeid.partition("[")[0]].append(item)
    for name, kinds in journeys.items():
        chosen = zlib.crc32(name.encode()) % len(kinds)
        for other in kinds[:chosen] + kinds[chosen + 1 :]:
            other.add_marker(pytest.mark.long)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The demo, seeded as anybody's is."""
    with serving.demo(tmp_path_factory.mktemp("demo") / "home") as running:
        yield running


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The one browser; journeys take contexts of it, which share nothing."""
    path = machine.chromium()
    if path is None:
        pytest.fail("the journeys need Chromium: run make test-tools, install one, or name it in PORTAL_TEST_CHROMIUM")
    expect.set_options(timeout=PATIENCE * 1000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def pictures() -> Path | None:
    """Where pictures of pages go, if anywhere."""
    named = os.environ.get("PORTAL_TEST_PICTURES")
    if named:
        Path(named).mkdir(parents=True, exist_ok=True)
    return Path(named) if named else None


@pytest.fixture(params=[DESKTOP, PHONE], ids=lambda kind: str(kind.name))
def kind(request: pytest.FixtureRequest) -> Kind:
    """Desktop and phone; a journey that must work without scripts asks for more."""
    found: Kind = request.param
    return found


@pytest.fixture
def contexts(chromium: Browser) -> Iterator[Callable[[Kind], BrowserContext]]:
    """Opens browsers of a kind, closed at the end."""
    opened: list[BrowserContext] = []

    def fresh(kind: Kind) -> BrowserContext:
        context = chromium.new_context(
            viewport={"width": kind.width, "height": kind.height},
            java_script_enabled=kind.scripts,
            locale="en-GB",
            timezone_id="Europe/London",
        )
        context.set_default_timeout(PATIENCE * 1000)
        opened.append(context)
        return context

    yield fresh
    for context in opened:
        context.close()


@pytest.fixture
def someone(
    contexts: Callable[[Kind], BrowserContext], kind: Kind, demo: Demo, pictures: Path | None
) -> Callable[[], Person]:
    """A person at a browser of this journey's kind that has never been here; call it again for another."""
    return lambda: Person(contexts(kind), demo.base, kind.scripts, pictures)
