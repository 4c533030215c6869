"""Who of those that work on a case may read something there, person by person, and whom of them a reader may know.

Decided as each of them would be decided on their own home page: in their own capacities, for the standing purpose.
Opens nothing.
"""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy.orm import Session

from isa.agreement import Capacity
from portal.auth import capacities, induction
from portal.db import from_micros
from portal.sharing import asks, talk
from portal.sharing.doors import Doors
from portal.sharing.facts import DELIVERS, contracted
from portal.sharing.preview import PERSONAL
from portal.sharing.reading.case import Found
from portal.sharing.reading.rows import heads
from portal.sharing.sight import READ, Shape, Sight, sight
from portal.sharing.talk import Worker

NAMED = "assignment.practitioner"
"""The field that says who works on a case."""


class Person(NamedTuple):
    """Somebody at a party."""

    party: str
    user: uuid.UUID


def on_case(session: Session, found: Found) -> list[Worker]:
    """Every post of everybody who works on the case now, the earliest first: any of them may name its holder."""
    return talk.workers(session, found.visit.case.id, found.now)


def known(session: Session, found: Found, workers: Iterable[Worker]) -> dict[Person, bool]:
    """Those of them of whom it may be said that they work on the case: colleagues of the reader's own party, and those
    of parties that may be named. False: the reader may know that somebody of that party does, not who."""
    own, case = found.sight.capacity.party, found.visit.case.id
    told = {
        h.id
        for h in heads(session, [case], ["assignment"])
        if found.sight.decide(READ, NAMED, h.owner, h.made_as_youth).permit
    }
    people: dict[Person, bool] = {}
    for worker in workers:
        person = Person(worker.party, worker.user)
        if worker.party == own:
            people[person] = True
        elif found.sight.may_name(worker.party):
            people[person] = people.get(person, False) or worker.record in told
    return people


def readers(
    session: Session, doors: Doors, found: Found, people: Collection[Person], shapes: Sequence[Shape]
) -> frozenset[Person]:
    """Those of these people, who work on the case, that may read all of these shapes. Two statements a party, whoever
    asks."""
    granted = _granted(session, found) if people else {}
    able = set()
    for party in sorted({p.party for p in people}):
        users = sorted(p.user for p in people if p.party == party)
        held = [c for c in capacities.of_party(session, party, found.now) if c.starts <= found.now and c.user in users]
        inducted = induction.of_people(session, party, users)
        for each in held:
            told = {**inducted[each.user].facts(found.now), **granted.get((each.user, each.id), {})}
            if _reads(_sight(doors, found, party, each.role, told), shapes):
                able.add(Person(party, each.user))
    return frozenset(able)


def _sight(doors: Doors, found: Found, party: str, role: str, told: Mapping[str, bool]) -> Sight | None:
    """What somebody of a party may do at the case in this role; None where the role works on no cases."""
    reach, content, purpose = doors.book.role(Capacity(party, role))
    if not content or reach == "none" or party not in found.engine.agreement.parties:
        return None
    facts = {
        **{k: v for k, v in found.facts.known.items() if k.partition(":")[0] not in PERSONAL},
        **{fact: (party, fact) in found.facts.delivers for fact in DELIVERS.values()},
        **told,
        "assigned": True,
        **contracted(found.engine.agreement, party, found.facts.contracts),
    }
    return sight(found.engine, Capacity(party, role), facts, purpose, from_micros(found.now))


def _reads(seen: Sight | None, shapes: Iterable[Shape]) -> bool:
    return seen is not None and seen.knows_person and all(reads(seen, shape) for shape in shapes)


def reads(seen: Sight, shape: Shape) -> bool:
    """Whether the words of an update or a comment of this shape may be read."""
    return seen.decide(READ, f"{shape.kind}.text@{shape.label}", shape.owner, shape.made_as_youth).permit


def _granted(session: Session, found: Found) -> dict[tuple[uuid.UUID, uuid.UUID], dict[str, bool]]:
    """(person, capacity) → the facts that an owner has granted them at this case."""
    facts: dict[tuple[uuid.UUID, uuid.UUID], dict[str, bool]] = {}
    for user, capacity, owner, field in asks.granted_on(session, found.visit.case.id, found.now):
        facts.setdefault((user, capacity), {})[asks.fact(owner, field)] = True
    return facts
