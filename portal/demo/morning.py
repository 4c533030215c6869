"""A morning's work in the demo, through the real doors, so that the access log has something to read.

Nothing here is pretended: each view, search, refusal and emergency really happens and is logged when it happens.
"""

import uuid
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.auth import capacities, contracts, induction
from portal.auth.actor import Actor
from portal.casework import arranging, asks, cover, same_person, team
from portal.casework.cover import Order
from portal.db import new_id, to_micros
from portal.demo import joining, talking
from portal.demo.people.shapes import Nominal
from portal.errors import NotFound
from portal.sharing import emergency, visits
from portal.sharing.asks import GRANTED
from portal.sharing.days import day_at, midnight
from portal.sharing.doors import Doors
from portal.sharing.granting import Answer
from portal.sharing.reading import case as case_reading
from portal.sharing.reading import lists, search
from portal.sharing.same import TWO
from portal.sharing.tables import CaseFile

AT_WORK = {
    "walsh": "risk",
    "okonkwo": "risk",
    "feeney": "pathways",
    "nwosu": "pathways",
    "moyo": "pathways",
    "wojcik": "pathways",
    "tetteh": "pathways",
    "rahman": "selection",
    "baptiste": "safeguarding",
    "gill": "enforcement",
}
"""Who comes in this morning, and for which purpose they open their first two cases."""

REASON = "He rang 999 from a phone box saying he has taken tablets. Crew ask what they need to know before they go in."


NAMESAKES = "Both were in custody the same night in two boroughs, with other PNC numbers and other mothers."
AWAY = timedelta(days=9)
NEED, SERVICE = "substance_need.need", "barnet_recovery"
ASKED = {
    "feeney": "Seeing her at the flat on Thursday with a colleague who does not know her. What do we look out for, and "
    "whom do we ring?",
    "walsh": "Custody sergeants ask me what to do if she is brought in over a weekend. She was unwell in the cell in "
    "spring.",
}
"""Who asks the treatment service this morning to see what it holds back, and why; the first is granted it."""


def work(session: Session, doors: Doors, users: Mapping[str, uuid.UUID], cast: Mapping[str, Nominal]) -> None:
    """Lists, views, cover for a colleague who goes on leave, a panel planned for today, requests to see more, talk on
    an update, a curious search that ends in a refusal, and an emergency that awaits its review."""
    for key, purpose in AT_WORK.items():
        actor = at_work(session, doors, users[key])
        for line in lists.my_cases(session, doors, actor).lines[:2]:
            _open(session, doors, actor, line.case, purpose)
    _goes_on_leave(session, doors, users["achterberg"], users["feeney"], users["okonkwo"])
    chair = at_work(session, doors, users["rahman"])
    arranging.plan(session, doors, chair, "barnet-iom", day_at(doors.clock()))
    joining.ask(session, doors, users)
    _requests(session, doors, users, cast["keating"])
    police, probation = (at_work(session, doors, users[key]) for key in ("walsh", "achterberg"))
    _told_apart(session, doors, chair, cast["mensah-november"], cast["mensah-march"])
    talking.talk(session, doors, police, probation, _case(session, cast["hylton"]))
    _curious(session, doors, at_work(session, doors, users["pryce"]), cast["pryce"])
    _emergency(session, doors, at_work(session, doors, users["adebayo"]), cast["rudd"])


def _goes_on_leave(session: Session, doors: Doors, by: uuid.UUID, away: uuid.UUID, covers: uuid.UUID) -> None:
    """The SPOC has all open cases of one colleague covered by another."""
    spoc = at_work(session, doors, by, "spoc")
    lines = team.desk(session, doors, spoc, away).lines
    now = doors.clock()
    until = to_micros(midnight(day_at(now) + AWAY + timedelta(days=1)))
    chosen = {line.case: line.stamp for line in lines}
    cover.move(session, doors, spoc, Order(away, covers, chosen, now, until, "Annual leave"))


def _requests(session: Session, doors: Doors, users: Mapping[str, uuid.UUID], nominal: Nominal) -> None:
    """Two ask the treatment service; its SPOC has answered one of them."""
    case = _case(session, nominal)
    for key, why in ASKED.items():
        actor = at_work(session, doors, users[key])
        visit = visits.begin(session, doors, actor, case, "risk", "", doors.clock())
        asks.ask(session, doors, actor, visit, {asks.value(SERVICE, NEED)}, why, 7, new_id())
    spoc = at_work(session, doors, users["latchford"])
    first = min(asks.put(session, doors, spoc).lines, key=lambda line: line.asked)
    until = day_at(doors.clock()) + timedelta(days=7)
    asks.answer(session, doors, spoc, first.request, {first.parts[0].id: Answer(GRANTED, until)})


def _told_apart(session: Session, doors: Doors, keeper: Actor, one: Nominal, other: Nominal) -> None:
    """The keeper of the list compares two of one name, and says that they are two people."""
    pair = _case(session, one), _case(session, other)
    same_person.begin(session, doors, keeper, pair)
    both = same_person.begun(session, doors, keeper, pair)
    same_person.compare(session, doors, keeper, pair, both)
    same_person.say(session, doors, keeper, pair, 0, TWO, NAMESAKES, new_id())


def at_work(session: Session, doors: Doors, user: uuid.UUID, role: str = "") -> Actor:
    """Somebody of the staff in their capacity, this morning."""
    held = next(c for c in capacities.current(session, user, doors.clock()) if role in ("", c.role))
    known = induction.of(session, user, held.party)
    recorded = contracts.recorded(session, doors.clock())
    return Actor(user, held.party, held.role, f"morning-{user.hex[-8:]}", held.id, True, known, recorded)


def _open(session: Session, doors: Doors, actor: Actor, case: uuid.UUID, purpose: str) -> None:
    with suppress(NotFound):
        visit = visits.begin(session, doors, actor, case, purpose, "", doors.clock())
        case_reading.case(session, doors, actor, visit)


def _curious(session: Session, doors: Doors, actor: Actor, namesake: Nominal) -> None:
    """Somebody looks up a person of their own surname, and finds that the case is closed to them."""
    values: dict[str, str] = {}
    for draft in namesake.drafts[namesake.cases[0].reference]:
        if draft.kind == "person":
            values.update(draft.values)
            for edit in draft.later:
                values.update(edit.values)
    typed = {"surname": values["surname"], "date_of_birth": values["date_of_birth"]}
    search.results(session, doors, actor, search.make(session, doors, actor, typed))
    _open(session, doors, actor, _case(session, namesake), "risk")


def _emergency(session: Session, doors: Doors, actor: Actor, nominal: Nominal) -> None:
    visit = emergency.declare(session, doors, actor, _case(session, nominal), REASON)
    with suppress(NotFound):
        case_reading.case(session, doors, actor, visit)


def _case(session: Session, nominal: Nominal) -> uuid.UUID:
    return session.scalars(select(CaseFile.id).where(CaseFile.reference == nominal.cases[0].reference)).one()
