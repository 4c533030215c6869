"""A day's work on the days that calendars trip over, begun just before a day, a year or an hour ends or the clocks
change, and ended after it."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from portal.sharing.days import day_at
from tests import clock
from tests.installation import World
from tests.portal.pages.visitor import Visitor

TURNS = {
    "new year": datetime(2027, 1, 1, tzinfo=UTC),
    "1 March": datetime(2027, 3, 1, tzinfo=UTC),
    "29 February": datetime(2028, 2, 29, tzinfo=UTC),
    "1 March of a leap year": datetime(2028, 3, 1, tzinfo=UTC),
    "clocks forward": datetime(2027, 3, 28, 1, tzinfo=UTC),
    "clocks back": datetime(2027, 10, 31, 1, tzinfo=UTC),
    "a summer midnight in London": datetime(2027, 6, 30, 23, tzinfo=UTC),
}
BEFORE = timedelta(milliseconds=90)  # so many looks at the clock, about half of what the work takes


@pytest.fixture(params=list(TURNS.values()), ids=list(TURNS))
def day(request: pytest.FixtureRequest) -> Iterator[None]:
    with clock.ticking(request.param - BEFORE):
        yield


def test_a_days_work(world: World, request: pytest.FixtureRequest) -> None:
    began = world.doors.clock()
    officer = Visitor(world, world.actor("police", "practitioner", "Ada Okafor"))
    visit = officer.open(world.case(assigned=[officer.actor]))
    assert "Dean Marlowe" in officer.get("/")
    officer.get(f"{visit}/update")
    on = day_at(world.doors.clock())
    written = {"text": "Seen at the office.", "kind": "behaviour", "nature": "Fact", "source": ""}
    written |= {"happened-day": f"{on.day}", "happened-month": f"{on.month}", "happened-year": f"{on.year}"}
    assert "Seen at the office." in officer.send(f"{visit}/update", written)
    officer.get("/search")
    sought = {"by": "name", "surname": "Marlowe", "born-day": "27", "born-month": "3", "born-year": "1991"}
    assert "1 case found" in officer.send("/search", sought)
    other = world.case()
    officer.get(f"/case/{other}/emergency")
    urgent = officer.send(f"/case/{other}/emergency", {"reason": "He rang from the roof of the car park."})
    assert "Emergency access is open until" in urgent
    admin = Visitor(world, world.actor("police", "admin", "Kevin Tran"))
    admin.get(f"/people/{officer.actor.user}/roles/give")
    offered = dict(re.findall(r'name="((?:starts|ends)-\w+)"[^>]*value="(\d+)"', admin.page))
    assert len(offered) == 6, offered
    assert "Lead" in admin.send(f"/people/{officer.actor.user}/roles/give", {"role": "lead", **offered})
    checker = Visitor(world, world.actor("police", "dpo", "Gillian Marsh"))
    checker.get("/log")
    checker.send("/log/use", {"use": "s62-lawfulness"})
    assert "Ada Okafor" in checker.get("/log")
    turn = next(at for name, at in TURNS.items() if f"[{name}]" in request.node.name)
    assert began < int(turn.timestamp() * 1_000_000) < world.doors.clock(), "the work is not done on both sides"
