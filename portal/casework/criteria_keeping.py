"""Who writes the criteria of a borough, and how the next version is kept: dated, logged, and never over another's."""

import json
from collections.abc import Mapping
from datetime import date
from hashlib import sha256

from sqlalchemy.orm import Session

from isa.agreement import Agreement
from portal.auth import capacities
from portal.auth.actor import Actor
from portal.casework import criteria, inbox
from portal.casework.criteria import COHORT, CRIME, GROUPS, Rules
from portal.casework.criteria_sets import Version, put, versions
from portal.errors import Conflict, NotFound
from portal.sharing import said
from portal.sharing.days import day_at
from portal.sharing.doors import Doors
from portal.sharing.fields import Invalid

OPERATION = "criteria-changed"
PAST = "The first day cannot be in the past: what was looked at before stays as it was"
EARLIER = "The first day cannot be before that of the latest version"


def choices(agreement: Agreement) -> Mapping[str, tuple[str, ...]]:
    """What a criterion of this agreement may name: its predictors, priority crimes and cohorts."""
    fields = {"predictor": "score.predictor", CRIME: "case.priority_crime", COHORT: "case.cohort"}
    found = {name: agreement.fields[key].choices for name, key in fields.items()}
    known = criteria.PREDICTORS
    return {name: tuple(c for c in of if name != "predictor" or c in known) for name, of in found.items()}


def require(session: Session, doors: Doors, actor: Actor, agreement: str, people: str) -> Agreement:
    """The agreement, for whoever keeps its panel's list. Raises `NotFound` for any other, and for an unknown group."""
    doors.book.refresh(session)
    if agreement not in inbox.keeps(doors, actor) or people not in GROUPS:
        raise NotFound
    return doors.book.engine(agreement).agreement


def check(agreement: Agreement, rules: Rules, starts: date | None, latest: Version | None, today: date) -> None:
    """Raise `Invalid`, by part of the form, unless this may be the next version."""
    problems = criteria.problems(rules, choices(agreement))
    if starts is None:
        problems["starts"] = f"Give the first day it applies, like 27 3 {today.year + 1}"
    elif starts < today:
        problems["starts"] = PAST
    elif latest is not None and starts < latest.starts:
        problems["starts"] = f"{EARLIER}, {criteria.day(latest.starts)}"
    if problems:
        raise Invalid(problems)


def save(
    session: Session,
    doors: Doors,
    actor: Actor,
    agreement: str,
    people: str,
    base: int,
    rules: Rules,
    starts: date | None,
) -> int:
    """Keep the next version, and log who changed the criteria; its number.

    `base` is the latest that its writer saw (0: none). Raises `NotFound`, `Invalid`, `LogUnavailable`, and `Conflict`
    where somebody kept one meanwhile: nothing is kept then.
    """
    given = require(session, doors, actor, agreement, people)
    now = doors.clock()
    with doors.log.transaction(session) as tx:
        capacities.require(session, actor, now)
        of_group = [v for v in versions(session, [agreement]) if v.people == people]
        latest = of_group[0] if of_group else None
        if base != (latest.number if latest else 0):
            raise Conflict(agreement, latest.number if latest else 0)
        check(given, rules, starts, latest, day_at(now))
        assert starts is not None
        if not put(session, Version(agreement, people, base + 1, starts, rules, now, actor.user)):
            raise Conflict(agreement, base + 1)
        told = json.dumps([agreement, people, base + 1, starts.isoformat(), rules.written()]).encode()
        entry = said.entry(OPERATION, actor, agreement=given.reference, sealed_sha256=[sha256(told).digest()])
        tx.append(entry)
    return base + 1
