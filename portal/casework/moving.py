"""Changing where a case stands: in custody, recalled, back, suspended, supervised in another way (clause 8.75).

The change is a record of whoever makes it. What follows from it, a record of custody and the status of the panel's
list, is written in the same transaction as far as both belong to the same party.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.auth.actor import Actor
from portal.errors import Conflict, NotFound
from portal.sharing import cases, moves, visits, writing
from portal.sharing.days import day_at
from portal.sharing.disclosure import Record
from portal.sharing.doors import Doors
from portal.sharing.fields import Invalid, clean
from portal.sharing.moves import CASE, CUSTODY, KIND, STEPS, Stand, Step
from portal.sharing.reading import part as reading
from portal.sharing.reading.part import Part
from portal.sharing.tables import CaseFile, RecordRow
from portal.sharing.writing import Planned, Written

READS = ("person", CASE, KIND, CUSTODY, moves.TRANSFER)
RELEASE = "release_on"
"""The one field of a record of custody that the form of a change asks for besides its own."""
NEEDED = {
    moves.SINCE: "Give the day, like 27 3 2026",
    moves.WHY: "Say why, and how you know",
    moves.THEN: "Say what then",
}
AHEAD = "The day cannot be in the future: record it when it has happened"


@dataclass(frozen=True, slots=True)
class Desk:
    """Where a case stands and what may be recorded: (step, "" or why it makes no sense now). `seen` is a stamp of what
    the reader saw; `told` the changes so far, newest first."""

    part: Part
    stand: Stand
    steps: tuple[tuple[Step, str], ...]
    told: tuple[Record, ...]
    seen: str


def desk(session: Session, doors: Doors, actor: Actor, visit: uuid.UUID) -> Desk:
    """As the agreement gives it to this visit, logged. Raises `NotFound` as a view does, and where nothing of it may be
    changed."""
    part = reading.part(session, doors, actor, visit, READS)
    stand = moves.stand(part.records)
    steps = tuple((step, moves.refusal(step, stand)) for step in STEPS.values() if _may(part, step))
    if not steps:
        raise NotFound
    return Desk(part, stand, steps, part.of(KIND), str(len(part.of(KIND, CUSTODY))))


def _may(part: Part, step: Step) -> bool:
    """Whether a clause lets this capacity record it. Who is on the list, only whoever keeps it can suspend."""
    listed = step.label != moves.LISTED or any(w.kind == CASE for w in part.writable)
    return listed and any((w.kind, w.label) == (KIND, step.label) for w in part.writable)


def holds_custody(part: Part) -> bool:
    """Whether this capacity keeps records of custody of its own, which a change brings into step."""
    return any(w.kind == CUSTODY for w in part.writable)


def move(
    session: Session,
    doors: Doors,
    actor: Actor,
    visit: uuid.UUID,
    code: str,
    typed: Mapping[str, str],
    seen: str,
    once: uuid.UUID | None = None,
) -> Written:
    """Record a change; `typed` by the names of fields (`since`, `reason` …), `seen` the stamp of the form's `Desk`.

    Raises `NotFound`, `Refused` with the clause, `Invalid` by name of field ("" where it cannot follow), `Conflict`
    where somebody changed meanwhile where the case stands. The same form twice (`once`) is one change.
    """
    step = STEPS.get(code)
    live = visits.once(session, actor, visit)
    case = live.case.id if live else visit  # another's visit is refused, and logged, by the desk
    count = _count(session, case)  # before it is read: what is added meanwhile is noticed
    found = desk(session, doors, actor, visit)
    if step is None or step not in [s for s, _ in found.steps]:
        raise NotFound
    words = {name: typed.get(name, "") for name in step.asks}
    try:
        planned = writing.plan(session, doors, actor, visit, KIND, step.label, _values(step, words), once, _nothing)
        if once is not None and writing.made(session, actor, planned.record.id):
            return Written(planned.record.id, None)
        if seen != found.seen:
            raise Conflict(str(case), count)
        _check(step, words, found.stand, day_at(doors.clock()))
        others = _in_step(session, doors, actor, visit, found, step, typed)
    except Invalid as wrong:
        raise Invalid({key.partition("@")[0].partition(".")[2]: text for key, text in wrong.problems.items()}) from None
    with doors.log.transaction(session) as tx:
        state = session.scalar(select(CaseFile.state).where(CaseFile.id == case).with_for_update())
        if once is not None and writing.made(session, actor, planned.record.id):  # after the lock: a double click waits
            return Written(planned.record.id, None)
        if state != "open":  # de-selected meanwhile
            raise NotFound
        if _count(session, case) != count:  # somebody was quicker: what they recorded is to be read first
            raise Conflict(str(case), count)
        written = writing.add(tx, doors, actor, planned)
        for other in others:
            (writing.alter if other.base else writing.add)(tx, doors, actor, other)
        released, review = step.code == moves.COMMUNITY, words.get(moves.REVIEW, "")
        asked = words.get(moves.THEN) == moves.ASKED
        cases.follow(session, case, day_at(doors.clock()).isoformat() if asked else review, released)
    return written


def _values(step: Step, words: Mapping[str, str]) -> dict[str, str]:
    return {f"{KIND}.{name}@{step.label}": text for name, text in {moves.TO: step.to, **words}.items()}


def _nothing(_: uuid.UUID) -> None:
    """A change has no operating row of its own."""


def _count(session: Session, case: uuid.UUID) -> int:
    of_case = (RecordRow.case == case, RecordRow.kind.in_((KIND, CUSTODY)))
    return session.scalar(select(func.count()).select_from(RecordRow).where(*of_case)) or 0


def _check(step: Step, words: Mapping[str, str], stand: Stand, today: date) -> None:
    """Raise `Invalid` with all that is to be corrected, keyed as fields of the record."""
    problems = {name: NEEDED[name] for name, text in words.items() if name in NEEDED and not clean(text)}
    since, before = clean(words.get(moves.SINCE, "")), stand.of(step.label).on
    if since > today.isoformat():
        problems[moves.SINCE] = AHEAD
    elif since and before is not None and since < before.isoformat():
        problems[moves.SINCE] = f"It cannot be before {before.day} {before:%B %Y}, the day of the change before it"
    if (review := clean(words.get(moves.REVIEW, ""))) and review < today.isoformat():
        problems[moves.REVIEW] = "The review cannot be in the past"
    if refused := moves.refusal(step, stand):
        problems[""] = refused
    if problems:
        raise Invalid({f"{KIND}.{name}@{step.label}" if name else "": text for name, text in problems.items()})


def _in_step(
    session: Session,
    doors: Doors,
    actor: Actor,
    visit: uuid.UUID,
    found: Desk,
    step: Step,
    typed: Mapping[str, str],
) -> list[Planned]:
    """What else this party's own records say differently from now on."""
    plans: list[Planned | Written] = []
    if step.label == moves.PLACE and holds_custody(found.part):
        anew = step.code == moves.RECALL or not found.stand.held
        plans += _custody(session, doors, actor, visit, found.part, step, typed, anew)
    own = next((r for r in found.part.of(CASE) if r.owner == actor.party and r.can_edit), None)
    code = {step.label: step.code}
    after = moves.status_shown(
        found.stand.status,
        code.get(moves.PLACE, found.stand.place.code),
        code.get(moves.LISTED, found.stand.listed.code),
    )
    if own is not None and step.label != moves.SUPERVISION and own.text("status") not in ("", after):
        told = {f"{CASE}.status": after}
        plans.append(writing.plan_edit(session, doors, actor, visit, own.id, own.version, told, _nothing))
    return [plan for plan in plans if isinstance(plan, Planned)]


def _custody(
    session: Session,
    doors: Doors,
    actor: Actor,
    visit: uuid.UUID,
    part: Part,
    step: Step,
    typed: Mapping[str, str],
    anew: bool,
) -> list[Planned | Written]:
    """The party's own record of custody: begun, said anew, or ended. `anew`: they are held since the day of this
    change, even where a record of custody before it was left open."""
    mine = (r for r in part.of(CUSTODY) if r.owner == actor.party and r.can_edit)
    own = next((r for r in mine if not r.text("released_on")), None)
    since = typed.get(moves.SINCE, "")
    if step.code == moves.COMMUNITY:
        told = {f"{CUSTODY}.released_on": since}
    else:
        told = {f"{CUSTODY}.held_as": step.held_as}
        more = {"prison": typed.get(moves.WHERE, ""), RELEASE: typed.get(RELEASE, "")}
        told |= {f"{CUSTODY}.{name}": text for name, text in more.items() if clean(text)}
    if own is not None:
        told |= {f"{CUSTODY}.since": since} if anew and step.code != moves.COMMUNITY else {}
        return [writing.plan_edit(session, doors, actor, visit, own.id, own.version, told)]
    if step.code == moves.COMMUNITY:
        return []
    return [writing.plan(session, doors, actor, visit, CUSTODY, "", {**told, f"{CUSTODY}.since": since})]
