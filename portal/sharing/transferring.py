"""Offering a case to another borough: part of the writing door (clauses 8.87 and 8.88).

Every value is decided twice: what the party may export under the agreement it comes from, and what it may create and
share under the one that receives it. The copies, the referral and the log of both are one transaction.
"""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sqlalchemy.orm import Session

from isa.agreement import Field
from portal.audit.log import Transaction
from portal.auth import capacities
from portal.auth.actor import Actor
from portal.db import new_id
from portal.errors import Conflict, NotFound
from portal.sharing import cases, inbox, preview, referring, restrictions, said, storing, transfers, writing
from portal.sharing.assigning import At, at_cases
from portal.sharing.days import day_at, is_minor
from portal.sharing.disclosure import Record
from portal.sharing.doors import Doors
from portal.sharing.fields import Invalid, check, clean
from portal.sharing.importing.matching import PURPOSE
from portal.sharing.reading import part as reading
from portal.sharing.reading import transfers as became
from portal.sharing.reading.case import Found
from portal.sharing.reading.part import Part
from portal.sharing.reading.rows import heads
from portal.sharing.sight import CREATE, EXPORT, SHARE, Shape, Sight
from portal.sharing.storing import BORN, NewRecord
from portal.sharing.transfers import BOROUGH, KIND, MOVED_ON, OFFERED_FROM, OFFERED_TO, REASON, WHAT
from portal.sharing.visits import Case

BRINGS = {"transferring": True}
"""The fact that is known of whoever offers a transfer or takes it back, and of nobody else (clause 8.88)."""
WHO = ("person", "identifiers")
SOURCE = "referral.source"
FAR = timedelta(days=366)
TOO_FAR = "The day of the move must be within a year of today"
NEEDED = {MOVED_ON: "Give the day of the move, like 27 3 2026", REASON: "Say why, and what the other panel must know"}


@dataclass(frozen=True, slots=True)
class Going:
    """A record of the party that may go: its values as far as both agreements let them, and the clauses of both."""

    record: Record
    values: Mapping[str, str]
    out: str
    into: str


def arriving(session: Session, doors: Doors, actor: Actor, agreement: str, now: int) -> At:
    """What this capacity may do about somebody whom it brings to an agreement. Raises as `referring.newcomer`."""
    return referring.newcomer(session, doors, actor, agreement, now, BRINGS)


def brings(seen: Sight) -> tuple[str, ...]:
    """The kinds of record that whoever is seen so may bring; none where they may offer no transfer at all."""
    return seen.once(_brings)


def _brings(seen: Sight) -> tuple[str, ...]:
    agreement = seen.agreement
    if not _both(seen, Shape(KIND, "", seen.capacity.party, False)):
        return ()
    plain = (kind.id for kind in agreement.kinds.values() if not kind.labelled)
    return tuple(
        kind
        for kind in plain
        if kind not in (*WHO, KIND, inbox.KIND) and _both(seen, Shape(kind, "", seen.capacity.party, False))
    )


def _both(seen: Sight, shape: Shape) -> dict[str, str]:
    """The fields that may be created and shared on records of this shape, each with its clause."""
    shared = {f.key for f, _ in seen.permitted(SHARE, shape)}
    return {f.key: d.clause for f, d in seen.permitted(CREATE, shape) if f.key in shared}


def going(found: Found, part: Part, seen: Sight, today: date) -> tuple[Going, ...]:
    """What of the party's own records may go where somebody is seen so: what is over, and what does not fit, stays."""
    told = []
    for record in restrictions.standing(part.of(*brings(seen)), today, to_correct=False):
        given = _both(seen, Shape(record.kind, "", record.owner, False))
        values = {v.key: v.text for v in record.values if v.text and v.key in given and not v.broken}
        fields = [seen.agreement.fields[key] for key in values]
        try:
            values = check(fields, values, today)
        except Invalid:
            continue
        if values:
            first = next(iter(values))
            out = found.sight.decide(EXPORT, first, record.owner, record.made_as_youth)
            told.append(Going(record, values, out.clause, given[first]))
    return tuple(told)


@dataclass(frozen=True, slots=True)
class _Plan:
    """An offer that was decided and checked, and waits for its transaction."""

    found: Found
    at: At
    values: Mapping[str, Mapping[str, str]]
    others: frozenset[uuid.UUID]
    goes: tuple[Going, ...]
    whose: tuple[Record, ...]
    labels: Mapping[uuid.UUID, bool | None]
    planned: writing.Planned


def offer(
    session: Session,
    doors: Doors,
    actor: Actor,
    visit: uuid.UUID,
    agreement: str,
    typed: Mapping[str, str],
    chosen: Collection[uuid.UUID],
    once: uuid.UUID,
) -> uuid.UUID:
    """Offer the case of a visit to whoever keeps the list of another agreement; the id of the record of it.

    `typed` by field key; `chosen` are the records that go. Raises `NotFound`, `Refused` with the clause, `Invalid` with
    every problem, `Conflict` where an offer stands already; nothing is kept then. The same form twice is one offer.
    """
    plan = _plan(session, doors, actor, visit, agreement, typed, chosen, once)
    case, made = plan.found.visit.case, plan.planned.record.id
    with doors.log.transaction(session) as tx:
        capacities.require(session, actor, plan.at.now)
        referring.one_after_the_other(session, [agreement])
        if writing.made(session, actor, made):
            return made
        there, joined, state = _held(session, doors, actor, plan)
        if state != "open":  # de-selected meanwhile
            raise NotFound
        if any(became.blocks(doors, o) for o in transfers.of_cases(session, [case.id])):
            raise Conflict(str(case.id), 0)
        writing.add(tx, doors, actor, plan.planned)
        referral = _arrive(tx, doors, actor, plan, there, joined)
        transfers.put(session, referral, case.id, made, plan.at.now)
    return made


def _plan(
    session: Session,
    doors: Doors,
    actor: Actor,
    visit: uuid.UUID,
    agreement: str,
    typed: Mapping[str, str],
    chosen: Collection[uuid.UUID],
    once: uuid.UUID,
) -> _Plan:
    now = doors.clock()
    at = arriving(session, doors, actor, agreement, now)
    kinds = brings(at.sight)
    found, part = reading.own(session, doors, actor, visit, (*WHO, *kinds))
    fields = referring.offered(at)
    if not kinds or not fields or found.visit.purpose != PURPOSE or agreement == found.visit.case.agreement:
        referring.refuse(session, doors, actor, at, WHAT, (CREATE, SHARE))
        raise NotFound
    words = {
        WHAT: OFFERED_TO,
        BOROUGH: at.engine.agreement.borough,
        MOVED_ON: typed.get(MOVED_ON, ""),
        REASON: typed.get(REASON, ""),
    }
    source = f"Transfer from {found.engine.agreement.borough}"
    values = _checked(fields, found, words, {**typed, referring.WHY: words[REASON], SOURCE: source}, now)
    of_case = heads(session, [found.visit.case.id], [*WHO, *kinds])
    return _Plan(
        found=found,
        at=at,
        values=values,
        others=referring.not_meant(session, doors, actor, values, now, found.visit.case.person),
        goes=tuple(g for g in going(found, part, at.sight, day_at(now)) if g.record.id in chosen),
        whose=part.of(*WHO),
        labels={h.id: h.made_as_youth for h in of_case},
        planned=writing.plan(session, doors, actor, visit, KIND, "", words, once, nothing),
    )


def nothing(_: uuid.UUID) -> None:
    """The operating row of an offer follows its referral."""


def _checked(
    fields: Mapping[str, Sequence[Field]],
    found: Found,
    words: Mapping[str, str],
    typed: Mapping[str, str],
    now: int,
) -> dict[str, dict[str, str]]:
    """The values of the referral by kind. Raises `Invalid` with every problem of the form at once."""
    problems = {key: text for key, text in NEEDED.items() if not clean(words[key])}
    try:
        day = check(found.engine.agreement.fields_of(KIND, None), words, day_at(now)).get(MOVED_ON)
        if day and abs(date.fromisoformat(day) - day_at(now)) > FAR:
            problems[MOVED_ON] = TOO_FAR
    except Invalid as wrong:
        problems |= wrong.problems
    try:
        values = referring.checked(fields, typed, now)
    except Invalid as wrong:
        problems |= {key: text for key, text in wrong.problems.items() if key != referring.WHY}
        raise Invalid(problems) from None
    if problems:
        raise Invalid(problems)
    return values


def _held(session: Session, doors: Doors, actor: Actor, plan: _Plan) -> tuple[Case, bool, str]:
    """The case under the other agreement, whether it was there, and the state of the one that it comes from: both held
    in the one order that there is. Whoever's case was closed while this waited for it gets another."""
    old = plan.found.visit.case

    def find() -> tuple[Case, bool]:
        return referring.case_for(session, doors, actor, plan.at, plan.values, plan.others, old.person)

    case, joined = find()
    states = transfers.hold(session, (old.id, case.id))
    if states[case.id] != "open":
        case, joined = find()
    return case, joined, states[old.id]


def _arrive(tx: Transaction, doors: Doors, actor: Actor, plan: _Plan, case: Case, joined: bool) -> uuid.UUID:
    """Refer the person under the other agreement with what goes with them, and log both sides; the referral."""
    at, now = plan.at, plan.at.now
    old = plan.found.visit.case
    born = plan.values.get("person", {}).get(BORN)
    minor = referring.stricter(old.minor, is_minor(born, now) if born else case.minor if joined else None)
    told = {
        **plan.values,
        KIND: words_there(plan.planned.record.values, OFFERED_FROM, plan.found.engine.agreement.borough),
    }
    records = [referring.record(actor, case, now, kind, dict(of), minor) for kind, of in told.items()]
    copies = [
        replace(
            referring.record(actor, case, now, g.record.kind, dict(g.values), None),
            made_as_youth=plan.labels[g.record.id],
        )
        for g in plan.goes
    ]
    readers = keep(tx, doors, actor, at, case, [*records, *copies], minor, joined)
    referral = new_id()
    inbox.put(tx.session, referral, case.id, actor.party, actor.user, now)
    _went(tx, actor, plan, readers)
    return referral


def _went(tx: Transaction, actor: Actor, plan: _Plan, readers: Sequence[str]) -> None:
    """Log on the case here what went there, and who reads it."""
    old = plan.found.visit.case
    went = [*plan.whose, *(g.record for g in plan.goes)]
    shapes = {Shape(r.kind, r.label, r.owner, plan.labels[r.id]) for r in went}
    entry = said.entry(
        "disclosure",
        actor,
        purpose=PURPOSE,
        agreement=plan.found.sight.reference,
        decided=plan.found.sight.outcome(EXPORT, shapes),
        subjects=[
            said.about(
                old.person,
                old.id,
                [(r.id, r.version) for r in went],
                recipients=list(readers),
                transfer_to=plan.at.sight.reference,
            )
        ],
        visit=plan.found.visit.id,
    )
    tx.append(entry)


def words_there(values: Mapping[str, str], what: str, borough: str) -> dict[str, str]:
    """The record of an offer as it stands on the other case."""
    return {**values, WHAT: what, BOROUGH: borough}


def keep(
    tx: Transaction,
    doors: Doors,
    actor: Actor,
    at: At,
    case: Case,
    records: Sequence[NewRecord],
    minor: bool | None,
    joined: bool,
) -> tuple[str, ...]:
    """Store records on the case there, as a collection and a disclosure; the parties that may read them."""
    session = tx.session
    stored = storing.store(session, doors, at.engine.agreement, records, aging=True)
    for each in records:
        cases.steer(session, case.id, each.values, each.at)
    there = replace(at_cases(session, doors, actor, [case], PURPOSE, at.now)[case.id], sight=at.sight)
    shapes = {Shape(r.kind, r.label, actor.party, False) for r in records}
    more = {"joined": True} if joined else {}
    referring.append(tx, "collection", actor, there, CREATE, shapes, stored, **more)
    readers = preview.recipients(session, there, Shape(KIND, "", actor.party, minor))
    referring.append(tx, "disclosure", actor, there, SHARE, shapes, stored, recipients=list(readers))
    return readers
