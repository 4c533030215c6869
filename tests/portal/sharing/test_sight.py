"""The sights a worker remembers: the same while the engine decides alike, and too few to fill a machine."""

import gc
import random
import subprocess
import sys
import tracemalloc
import weakref
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from isa import decision
from isa.agreement import Capacity
from isa.decision import Engine
from isa.loading import load
from portal.sharing import emergency, sight, transferring
from portal.sharing.reading import lists
from portal.sharing.reading.reach import PAGE
from portal.sharing.sight import EXPORT, READ, Shape, Sight
from portal.sharing.unseen import unseen

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
POLICE = Capacity("police", "practitioner")
INDUCTED = {"trained": True, "use_accepted": True, "vetted": True}
WORKING = {**INDUCTED, "assigned": True, "case_open": True}
BUDGET = 200_000_000


ROOT = Path(__file__).parents[3]


def made() -> Engine:
    return Engine(load(ROOT / "isa" / "agreements" / "barnet.toml"))


@pytest.fixture(scope="module")
def engine() -> Engine:
    return made()


def alone(name: str) -> None:
    """Run a check of this module in a process of its own, which remembers nothing of other tests."""
    code = f"from {__name__} import made, {name}; {name}(made())"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def met(engine: Engine, number: int) -> Sight:
    """The sight of one more set of facts, as another case has it."""
    categories = list(engine.agreement.categories)
    owner, category = ("ntmh", "dwp", "barnet_recovery")[number % 3], categories[number // 3 % len(categories)]
    facts = {**WORKING, f"confidence_met:{owner}:{category}": True, f"number_{number}": True}
    return sight.sight(engine, POLICE, facts, "risk", NOW)


def use(seen: Sight, number: int) -> None:
    """What pages ask of a sight: a rich case read and printed, forms, an emergency offered, lists of other cases."""
    draw = random.Random(number)
    kinds, parties = seen.agreement.kinds.values(), list(seen.agreement.parties)
    shapes = [Shape(k.id, label, owner, False) for k in kinds for label in k.labelled or ("",) for owner in parties]
    held = draw.sample(shapes, 60)
    seen.outcome(EXPORT, held)
    for _ in range(2 * sight.MOST_OUTCOMES):
        seen.outcome(READ, draw.sample(held, 30)).digest()
    assert seen.knows_person
    assert seen.withheld
    assert seen.addable
    assert seen.exports
    assert seen.once(emergency._found) is seen.once(emergency._found)
    unseen(seen)
    transferring.brings(seen)
    for shape in held:
        seen.named(shape)


def test_it_is_remembered_while_the_engine_decides_alike(engine: Engine) -> None:
    seen = sight.sight(engine, POLICE, WORKING, "risk", NOW)
    assert sight.sight(engine, POLICE, {**WORKING, "emergency": False}, "risk", NOW + timedelta(hours=3)) is seen
    others = [
        sight.sight(engine, POLICE, {"assigned": True}, "risk", NOW),
        sight.sight(engine, POLICE, WORKING, "pathways", NOW),
        sight.sight(engine, Capacity("probation", "practitioner"), WORKING, "risk", NOW),
    ]
    assert seen not in others
    ended = sight.sight(engine, POLICE, WORKING, "risk", engine.agreement.ends())
    assert seen.knows_person
    assert not ended.knows_person


def test_all_of_them_stay_below_two_hundred_megabytes() -> None:
    alone("check_weight")


def check_weight(engine: Engine) -> None:
    """What the next sight weighs with its decisions, withheld groups and outcomes, times as many as are kept."""
    use(met(engine, 1), 1)  # what all of them share is made
    seen = met(engine, 2)
    gc.collect()
    tracemalloc.start()
    use(seen, 2)
    gc.collect()
    weight = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert weight * sight.MOST < BUDGET, f"{weight / 1000:.0f} kB each"


def test_the_oldest_is_let_go_with_all_that_hangs_on_it() -> None:
    alone("check_let_go")


def check_let_go(engine: Engine) -> None:
    seen = met(engine, 0)
    use(seen, 0)
    assert len(seen._outcomes) <= sight.MOST_OUTCOMES
    gone = weakref.ref(seen)
    lists.union(seen._outcomes.values())
    del seen
    for number in range(1, sight.MOST + 1):
        met(engine, number)
    gc.collect()
    assert gone() is None
    assert sight._sight.cache_info().currsize == sight.MOST
    assert len(engine._views) <= decision._KEPT


def test_as_many_outcomes_are_kept_as_a_page_of_a_list_has_cases() -> None:
    assert sight.MOST_OUTCOMES > PAGE
