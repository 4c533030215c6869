"""What forty decisions of a compiled capacity cost, beside the hash that tells how fast a machine is."""

from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from isa.agreement import Capacity
from isa.decision import Engine
from isa.loading import load
from tests.bench.timing import best

ROOT = Path(__file__).parents[2]


def forty() -> float:
    """Microseconds of forty decisions that were made before, each of another field of a party that may own it."""
    engine = Engine(load(ROOT / "isa" / "agreements" / "barnet.toml"))
    known = {**engine.agreement.inducted, "assigned": True, "case_open": True}
    view = engine.open(Capacity("police", "practitioner"), known, "risk", datetime.now(UTC))
    asked = [(field.key, min(field.owners)) for field in islice(engine.agreement.fields.values(), 40)]
    decide = view.decide

    def work() -> None:
        for key, owner in asked:
            decide("read", key, owner)

    work()
    return best(work, 2_000)
