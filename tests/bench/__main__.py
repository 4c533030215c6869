"""`make bench`: what the portal costs beside the same pages served bare. `--full` takes the large sizes too.

What is measured, and how it is to be read, stands in docs/bench.md.
"""

import argparse
import statistics
import tempfile
from pathlib import Path

from tests.bench import borough, deciding, log_alone, memory, pages, places, profiling, serving, the_log, timing
from tests.bench.pages import Call, Stage
from tests.bench.timing import Pair
from tests.postgres import server

AIMS = {"view": 1.5, "list": 1.8, "update": 1.3, "search": 1.4}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="10,000 and 100,000 persons, 1,000,000 log entries")
    parser.add_argument("--sqlite", action="store_true", help="leave PostgreSQL out")
    parser.add_argument("--postgresql", action="store_true", help="leave SQLite out")
    parser.add_argument("--log", action="store_true", help="the access log alone, with 100,000 entries")
    parser.add_argument(
        "--long-log", action="store_true", help="a view, an export and its verifying with 1,000,000 entries in the log"
    )
    parser.add_argument("--turns", type=int, default=64)
    given = parser.parse_args()
    print(f"this machine: SHA-256 of 300 bytes {timing.hashing():.2f} µs, a turn of a loop {timing.looping():.3f} µs")
    print(f"forty decisions of a compiled capacity: {deciding.forty():.1f} µs (aim 30)")
    left_out = {"postgresql": given.sqlite, "sqlite": given.postgresql}
    for database in (name for name in ("sqlite", "postgresql") if not left_out[name]):
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            url = None
            if database == "postgresql":
                url = server().database()
            print(f"\n{database}")
            with places.made(Path(folder) / "home", url) as place:
                if given.log:
                    log_by_itself(place, database == "postgresql")
                    continue
                if given.long_log:
                    other = server().database() if url else None
                    with places.made(Path(folder) / "other", other) as short:
                        long_log(place, short, given.turns, 1_000_000)
                    continue
                with pages.stage(place) as stage:
                    measure(stage, Path(folder), given.turns, given.full, database == "sqlite")


def measure(stage: Stage, folder: Path, turns: int, full: bool, sqlite: bool) -> None:
    """Everything over one installation. Sizes only grow, so the order matters."""
    sequencing = stage.sequencing()
    measured(stage, "view", stage.view(), turns, sequencing)
    measured(stage, "list", stage.fifty(), turns, sequencing)
    measured(stage, "home with that list", stage.home(), turns, 4 * sequencing)
    measured(stage, "update", stage.update(False), turns, 2 * sequencing)
    told("update and the page after it", pages.compare(stage.update(True), turns), 3 * sequencing)
    rates = serving.rates(stage, folder, 8 if full else 4)
    words = ("portal", "bare", "bare with one durable insert")
    print("views a second: " + ", ".join(f"{name} {rate:.0f}" for name, rate in zip(words, rates, strict=True)))
    searching(stage, turns, sequencing, full and sqlite)
    log_length(stage, turns, (1_000, 1_000_000) if full else (1_000, 10_000))
    if sqlite:
        borough.grown(stage)
        print("a view's time, by the profiler:")
        for name, share in profiling.shares(stage.view()[0], 60)[:12]:
            print(f"  {share:5.1%}  {name}")


def log_by_itself(place: places.Place, postgresql: bool) -> None:
    """The log's own figures: appending where writers are not one at a time, and verifying."""
    if postgresql:
        rates = the_log.appending(place)
        told = f"{statistics.median(rates.ours):.0f} entries a second beside {statistics.median(rates.plain):.0f} rows"
        print(f"eight writers: {told}; ratio {rates} (aim at least 0.6)", flush=True)
    same, alone, count = the_log.verifying(place, 100_000)
    told = f"{min(same.ours):.1f} µs of CPU an entry, hashing from the same cursors {min(same.plain):.1f}"
    print(f"verifying {count:,} entries: {told}; ratio {same} (aim at most 2.5)")
    print(f"  hashing from a cursor with nothing but leaves {min(alone.plain):.1f} µs; ratio {alone}", flush=True)


def measured(stage: Stage, name: str, calls: tuple[Call, Call], turns: int, sequencing: float, warm: int = 20) -> Pair:
    """A page beside the bare one, and the bare one with the entries of ours beside itself."""
    found = pages.compare(calls, turns, warm)
    told(name, found, sequencing)
    alone = pages.compare(log_alone.with_entries(stage.place, *calls), turns)
    print(f"  the entries alone: {alone.ratio:.2f}, {alone.ratio + sequencing / alone.bare:.2f} with the sequencer's")
    return found


def told(name: str, found: Pair, sequencing: float) -> None:
    """One line: CPU of ours and of the bare page, and what the sequencer adds to ours later, in a thread of its own."""
    whole = found.ratio * (1 + sequencing / found.ours)
    aim = AIMS.get(name.split()[0]) if "after it" not in name else None
    print(
        f"{name}: portal {found.ours:,.0f} µs, bare {found.bare:,.0f} µs of CPU; ratio {found.ratio:.2f}, "
        f"{whole:.2f} with the sequencer's {sequencing:.0f} µs" + (f" (aim {aim})" if aim else "")
    )


def searching(stage: Stage, turns: int, sequencing: float, full: bool) -> None:
    """Searches at growing numbers of persons."""
    grown, had = [], 0
    for count in (1_000, 10_000, 100_000) if full else (500, 2_000):
        people = places.add_persons(stage.place, count - had, had)
        had = count
        pages.add_plain(stage, people)
        name, calls = f"search among {count:,} persons", stage.search(people)
        grown.append(measured(stage, name, calls, turns, 2 * sequencing, 2 * len(people)))
    apart, beside = grown[-1].ours / grown[0].ours, grown[-1].ratio / grown[0].ratio
    print(f"the largest beside the smallest: {apart:.2f} by its own median, {beside:.2f} by the ratios (aim 1.2)")


def long_log(place: places.Place, short: places.Place, turns: int, size: int) -> None:
    """A view where the log is long in turn with one where it is short, each in an installation of its own."""
    places.add_entries(place, size)
    places.add_entries(short, 1_000)
    with pages.stage(place, ["view"]) as one, pages.stage(short, ["view"]) as other:
        found = pages.compare((one.view()[0], other.view()[0]), turns, 40)
        told = f"{found.ours:,.0f} µs of CPU, with 1,000 more {found.bare:,.0f}"
        print(f"a view with {size:,} more log entries: {told}; ratio {found.ratio:.2f} (aim 1.2)", flush=True)
    url, key = place.settings.database_url, str(place.doors.signer(place.session).verifier)
    for some in memory.SIZES:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            exported, verified = memory.peaks(url, key, Path(folder), some)
        print(f"the first {some:,} entries: exporting took {exported:.0f} MB, verifying {verified:.0f} MB", flush=True)


def log_length(stage: Stage, turns: int, sizes: tuple[int, int]) -> None:
    """A view at a short and at a long log, each beside the bare page so that drift cancels."""
    found, had = [], 0
    for size in sizes:
        places.add_entries(stage.place, size - had)
        had = size
        stage.sequencing()
        found.append(pages.compare(stage.view(), turns))
        print(f"a view with {size:,} more: portal {found[-1].ours:,.0f} µs, bare {found[-1].bare:,.0f} µs", flush=True)
    flat = found[1].ratio / found[0].ratio
    print(f"a view with {sizes[1]:,} more log entries beside {sizes[0]:,}: {flat:.2f} (aim 1.2)")


if __name__ == "__main__":
    main()
