"""Limits counted in a real Valkey: one count for all processes, an end to each window, and no open door without it."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import requests

from portal.config import load_settings
from portal.errors import Misconfigured
from portal.pages import limits
from tests import installation
from tests.journeys import serving
from tests.machine import free_port
from tests.valkey import Server, valkey  # noqa: F401

ROOT = Path(__file__).parents[3]
MEANT = {"PORTAL_HOME": "/nowhere", "PORTAL_BASE_URL": "https://portal.example"}


class Stranger:
    """A browser that tries names of organisations, at whichever process answers."""

    def __init__(self, base: str) -> None:
        self._session = requests.Session()
        page = self._session.get(f"{base}/sign-in", timeout=20).text
        found = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert found is not None
        self._token = found[1]

    def tries(self, base: str) -> int:
        """The status of one attempt. The cookie is for 127.0.0.1, whatever the port."""
        form = {"csrf_token": self._token, "typed": "nowhere"}
        return self._session.post(f"{base}/sign-in", data=form, timeout=20).status_code


@contextmanager
def process(home: Path, url: str) -> Iterator[tuple[str, Path]]:
    """One more process of the portal over the same installation: its address, and where it writes its log."""
    port = free_port()
    log = home.parent / f"portal-{port}.log"
    given = {"HOME": home, "BASE_URL": "http://127.0.0.1", "DEMO": "true", "LIMITS_URL": url}
    environment = {
        **serving._environment(),
        "PORTAL_LOG_ORIGIN": "tests.invalid/log",
        **{f"PORTAL_{name}": str(value) for name, value in given.items()},
    }
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--threads", "2", "portal.app:create()"]
    with log.open("wb") as output:
        running = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
        try:
            serving.wait_until_ready(f"http://127.0.0.1:{port}", running)
            yield f"http://127.0.0.1:{port}", log
        finally:
            running.terminate()
            running.wait(30)


@pytest.fixture
def two(template, tmp_path, valkey) -> Iterator[list[tuple[str, Path]]]:  # noqa: F811
    """Two processes that share an installation and a store of counts."""
    given = installation.copy(template, tmp_path / "home")
    with ExitStack() as stack:
        yield [stack.enter_context(process(given.home, valkey.url)) for _ in range(2)]


def test_two_processes_keep_one_count_and_the_window_ends(two, valkey: Server):  # noqa: F811
    (first, _), (second, _) = two
    stranger = Stranger(first)
    assert [stranger.tries(base) for base in (first, second) * 10] == [422] * 20
    assert [stranger.tries(base) for base in (first, second)] == [429, 429]
    keys = [key for key in valkey.held() if b"/20/1/minute" in key]
    [left] = [valkey.client.ttl(key) for key in keys]
    assert 0 < left <= 60
    valkey.client.pexpire(keys[0], 1)
    time.sleep(0.1)
    assert [stranger.tries(base) for base in (first, second)] == [422, 422]


def test_the_store_learns_no_address_account_or_secret(two, valkey: Server):  # noqa: F811
    base, _ = two[0]
    Stranger(base).tries(base)
    keys = [key.decode() for key in valkey.held()]
    assert len(keys) == 3
    for key in keys:
        assert re.fullmatch(r"LIMITS:LIMITER/(browser|address):[0-9a-f]{32}/sign_in.begin/\d+/1/(minute|hour)", key)


def test_without_the_store_each_process_counts_for_itself_and_says_so(two, valkey: Server):  # noqa: F811
    (first, log), (second, _) = two
    stranger = Stranger(first)
    assert stranger.tries(first) == 422
    valkey.stop()
    began = time.monotonic()
    assert [stranger.tries(first) for _ in range(21)] == [422] * 20 + [429]
    assert time.monotonic() - began < 20
    assert "Rate limit storage unreachable" in log.read_text()
    assert [stranger.tries(second) for _ in range(21)] == [422] * 20 + [429]
    valkey.start()
    end = time.monotonic() + 40  # it looks again after 1, 2, 4 … 32 seconds
    while stranger.tries(first) != 422 and time.monotonic() < end:
        time.sleep(0.2)
    assert b"browser" in b" ".join(valkey.held())  # counted there again


def test_serving_is_refused_while_nothing_answers_where_counts_should_live(template, valkey: Server):  # noqa: F811
    given = installation.settings(template, limits_url=valkey.url)
    limits.require_store(given)
    valkey.stop()
    with pytest.raises(Misconfigured, match="PORTAL_LIMITS_URL"):
        limits.require_store(given)
    limits.require_store(installation.settings(template))


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"PORTAL_WORKERS": "2"}, "memory:// counts per worker"),
        ({"PORTAL_WORKERS": "0"}, "PORTAL_WORKERS must be at least 1"),
        ({"PORTAL_LIMITS_URL": "memcached://x"}, "PORTAL_LIMITS_URL must be"),
        ({"PORTAL_LIMITS_URL": ""}, "PORTAL_LIMITS_URL must be"),
        ({"PORTAL_LIMITS_URL": "memory://", "PORTAL_DEMO": "true", "PORTAL_WORKERS": "2"}, "counts per worker"),
    ],
)
def test_settings_that_would_lose_count_are_refused(more, words):
    with pytest.raises(Misconfigured, match=words):
        load_settings(MEANT | more)


def test_one_worker_may_count_in_memory_and_several_in_a_store():
    assert load_settings(MEANT).limits_url == "memory://"
    assert load_settings(MEANT | {"PORTAL_WORKERS": "4", "PORTAL_LIMITS_URL": "rediss://x"}).workers == 4
