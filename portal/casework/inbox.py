"""The inbox of the panel's list: what waits for whoever keeps it, and the answers."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy.orm import Session

from isa.agreement import Capacity
from portal.auth.actor import Actor
from portal.casework import assessing, referrals
from portal.casework.assessing import Assessment
from portal.db import DAY
from portal.errors import Conflict, NotFound
from portal.sharing import answering, inbox, transfers
from portal.sharing.answering import STATUS, Answer
from portal.sharing.days import day_at
from portal.sharing.disclosure import Receipt
from portal.sharing.doors import Doors
from portal.sharing.fields import Invalid, clean
from portal.sharing.importing.matching import PURPOSE
from portal.sharing.inbox import ACCEPTED, ASKED, REFUSED, WAITING, Item
from portal.sharing.reading import referrals as reading
from portal.sharing.reading import transfers as became
from portal.sharing.reading.reach import working
from portal.sharing.reading.referrals import Line
from portal.sharing.sight import CREATE, SHARE

CLAUSE = "8.2"
"""Its note: the outcome belongs to the record of the party that keeps the panel's list."""
TOLD_FOR = 28 * DAY
"""How long it is told that something is offered no longer (clause 8.91)."""
GONE_MARKING = "OFFICIAL-SENSITIVE"
NO_ANSWER = "Choose what becomes of the referral"
UNTOLD = "Whoever referred cannot be told what you ask: accept it or refuse it"
NO_REASON = {ASKED: "Write what you need to know", REFUSED: "Say why. Whoever referred is told"}


@dataclass(frozen=True, slots=True)
class Gone:
    """A transfer that nobody offers any more: the case here, from which borough and agency, since when it was offered
    and is not, and whether it was taken back; else the case there is closed."""

    reference: str
    borough: str
    agency: str
    sent: date
    since: date
    taken_back: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits, the longest first. `total` counts what is not on this page too, `hidden` what nobody may read before
    its agency records a basis, `asked` what waits for its referrer; `gone`: what is offered no longer (clause 8.91)."""

    lines: tuple[Line, ...]
    total: int
    hidden: int
    asked: int
    marking: str
    receipt: Receipt | None
    gone: tuple[Gone, ...]


def keeps(doors: Doors, actor: Actor) -> tuple[str, ...]:
    """The agreements whose panel's list this capacity keeps: it reaches every case and may write its status."""
    reach, content, _ = doors.book.role(Capacity(actor.party, actor.role))
    if not content or reach != "agreement":
        return ()
    seen = working(doors, actor, PURPOSE, doors.clock())
    return tuple(s.agreement.id for s in seen if all(s.decide(a, STATUS, actor.party).permit for a in (CREATE, SHARE)))


def count(session: Session, doors: Doors, actor: Actor) -> int:
    """How many wait for this capacity; 0 for one that keeps no list. Looks at nobody."""
    kept = keeps(doors, actor)
    return inbox.counted(session, kept).get(WAITING, 0) if kept else 0


def news(session: Session, doors: Doors, actor: Actor, since: int) -> bool:
    """Whether something has begun to wait after `since` that this capacity may read. Opens nothing."""
    kept = keeps(doors, actor)
    late = inbox.since(session, kept, since) if kept else []
    return bool(late and reading.readable(session, doors, actor, late))


def waiting(session: Session, doors: Doors, actor: Actor, page: int = 1) -> Waiting:
    """Who waits, since when, from which agency and why, as far as a clause gives it; a page of 50. Raises `NotFound`
    for a capacity that keeps no list, `LogUnavailable`."""
    kept = _require(session, doors, actor)
    counted = inbox.counted(session, kept)
    found = reading.to_answer(session, doors, actor, inbox.waiting(session, kept, (page - 1) * inbox.PAGE))
    total = counted.get(WAITING, 0)
    gone, receipt = _gone(session, doors, actor, kept) if page == 1 else ((), None)
    shown = found.marking if found.lines or not gone else GONE_MARKING
    return Waiting(found.lines, total, found.hidden, counted.get(ASKED, 0), shown, found.receipt or receipt, gone)


def _gone(session: Session, doors: Doors, actor: Actor, kept: Sequence[str]) -> tuple[tuple[Gone, ...], Receipt | None]:
    """What is offered no longer, the latest first, with its entry: a reference of this borough, and no name."""
    offers = transfers.gone(session, kept, doors.clock() - TOLD_FOR)
    if not offers:
        return (), None
    receipt = became.log(session, doors, actor, offers, "list")
    agreements = transfers.agreements(session, offers)
    boroughs = {a.id: a.borough for a in doors.book.all()}
    return tuple(
        Gone(
            o.item.case.reference,
            boroughs.get(agreements[o.case], "another borough"),
            doors.book.party_name(o.item.party),
            day_at(o.item.sent_at),
            day_at(o.since),
            o.state == transfers.BACK,
        )
        for o in offers
    ), receipt


def one(
    session: Session, doors: Doors, actor: Actor, referral: uuid.UUID
) -> tuple[Line, tuple[str, ...], str, Receipt | None]:
    """One referral of these agreements, whatever its state, with what may become of it and the marking of its page.

    One of another agreement, one that may not be read and one that does not exist are the same `NotFound`.
    """
    item = _find(session, doors, actor, referral, "consultation")
    found = reading.to_answer(session, doors, actor, [item], "consultation")
    if not found.lines:
        referrals.refuse(session, doors, actor, "consultation")
    return found.lines[0], answers(doors, actor, item), found.marking, found.receipt


def answer(
    session: Session, doors: Doors, actor: Actor, referral: uuid.UUID, version: int, state: str, reason: str
) -> None:
    """Accept it to the panel, ask for more, or refuse it. Raises `Invalid`, `NotFound` as `one`, and `Conflict` where
    somebody had answered meanwhile: nothing is changed then."""
    item = _find(session, doors, actor, referral, "collection")
    if not reading.readable(session, doors, actor, [item]):
        referrals.refuse(session, doors, actor, "collection")
    problems = {}
    if state not in answering.ANSWERS:
        problems["answer"] = NO_ANSWER
    elif state not in answers(doors, actor, item):
        problems["answer"] = UNTOLD
    elif state in NO_REASON and not clean(reason):
        problems["reason"] = NO_REASON[state]
    if problems:
        raise Invalid(problems)
    try:
        left = answering.answer(session, doors, actor, _answers(session, doors, actor, [item], version, state, reason))
    except Invalid as wrong:
        raise Invalid({"reason": next(iter(wrong.problems.values()))}) from None
    if left:
        raise Conflict(str(referral), item.version)


def assessed(session: Session, doors: Doors, actor: Actor, referral: uuid.UUID) -> Assessment | None:
    """How the criteria stand for whom a waiting referral is about, as far as this reader may see. Raises as `one`."""
    item = _find(session, doors, actor, referral, "consultation")
    if item.state != WAITING:
        return None
    return assessing.of_cases(session, doors, actor, [item.case], PURPOSE, "consultation").get(item.case.id)


def _answers(
    session: Session, doors: Doors, actor: Actor, items: Sequence[Item], version: int, state: str, reason: str = ""
) -> list[Answer]:
    """The same answer to each, with how the criteria stand for them now."""
    found = assessing.of_cases(session, doors, actor, [i.case for i in items], PURPOSE, "list") if items else {}
    takes_on = False if state == REFUSED else None  # whoever is accepted is not taken on yet: the panel decides
    answers = []
    for item in items:
        stood = found.get(item.case.id)
        kept = (stood.answer, stood.kept(takes_on)) if stood else ("", "")
        answers.append(Answer(item, version, state, reason, *kept))
    return answers


def answers(doors: Doors, actor: Actor, item: Item) -> tuple[str, ...]:
    """What may become of it: nobody is asked who cannot be told the question."""
    engine = doors.book.engine(item.case.agreement)
    may_ask = reading.told(engine, item, actor.party, doors.clock(), actor.contracts)
    return (ACCEPTED, *((ASKED,) if may_ask else ()), REFUSED)


def accept(session: Session, doors: Doors, actor: Actor, chosen: Mapping[uuid.UUID, int]) -> tuple[int, int]:
    """Accept several to the panel, each as it was at the version given. How many were, and how many were left because
    they had been answered, or their case de-selected, meanwhile. Raises as `waiting`."""
    kept = _require(session, doors, actor)
    items = [i for i in inbox.some(session, list(chosen)) if i.case.agreement in kept]
    readable = reading.readable(session, doors, actor, items)
    some = [i for i in items if i.id in readable]
    given = [replace(a, version=chosen[a.item.id]) for a in _answers(session, doors, actor, some, 0, ACCEPTED)]
    left = answering.answer(session, doors, actor, given) if given else ()
    return len(given) - len(left), len(left) + len(items) - len(given)


def _require(session: Session, doors: Doors, actor: Actor) -> tuple[str, ...]:
    doors.book.refresh(session)
    kept = keeps(doors, actor)
    if not kept:
        raise NotFound
    return kept


def _find(session: Session, doors: Doors, actor: Actor, referral: uuid.UUID, operation: str) -> Item:
    kept = _require(session, doors, actor)
    for item in inbox.some(session, [referral]):
        if item.case.agreement in kept and item.case.state == "open":
            return item
    referrals.refuse(session, doors, actor, operation)
    raise NotFound
