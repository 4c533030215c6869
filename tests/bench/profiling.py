"""Where the time of a view goes: the profiler's own seconds, by package."""

import cProfile
import pstats
import re
from collections import defaultdict
from collections.abc import Callable

OURS = (
    ("templates", "rendering the template"),
    ("portal/keys", "keys: opening values"),
    ("portal/audit", "audit: the entry"),
    ("portal/auth", "auth: the session"),
    ("portal/sharing", "sharing: facts, decisions, records"),
    ("portal/pages", "pages"),
    ("portal/", "gate, database, settings"),
    ("isa/", "isa: deciding"),
    ("tests/bench", "the bench itself"),
)
BUILT_IN = (
    (r"sqlite3|psycopg|'commit' of", "the database driver and the commit"),
    (r"cryptography|hashlib|_hashlib|sha256|hmac", "AES-GCM, SHA-256, HMAC"),
)


def shares(work: Callable[[], object], times: int) -> list[tuple[str, float]]:
    """(package, share of the time) in falling order. The profiler makes many small calls look dearer than they are."""
    profile = cProfile.Profile()
    profile.enable()
    for _ in range(times):
        work()
    profile.disable()
    spent: dict[str, float] = defaultdict(float)
    stats = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    for (path, _, name), (_, _, own, _, _) in stats.items():
        spent[_package(path, name)] += own
    whole = sum(spent.values())
    return sorted(((name, own / whole) for name, own in spent.items()), key=lambda pair: -pair[1])


def _package(path: str, name: str) -> str:
    if "site-packages" in path:
        found = re.search(r"site-packages/([^/.]+)", path)
        return found[1] if found else "others"
    if path == "~":
        return next((words for pattern, words in BUILT_IN if re.search(pattern, name)), "built-in functions")
    return next((words for part, words in OURS if part in path), "the standard library")
