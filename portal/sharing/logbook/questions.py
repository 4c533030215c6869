"""A data-protection officer asks one of their own party's people about an entry of the log; the answer (clause 9.35).

Between these two, and whoever else holds the officer's role at the party. The words are sealed like a name. Asking is
logged with the use of s.62(4) that the log was read for; every look names whom it showed.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Final

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from isa.agreement import Capacity
from portal.audit import overview, reading
from portal.audit.entry import Subject
from portal.audit.reading import Filters, Row, Scope
from portal.auth import capacities
from portal.auth.actor import Actor
from portal.auth.tables import UserAccount
from portal.db import as_read, from_micros, new_id
from portal.errors import NotFound, Refused
from portal.query import Query
from portal.sharing import asks, said
from portal.sharing import staff as sealing
from portal.sharing.disclosure import Receipt
from portal.sharing.doors import Doors
from portal.sharing.fields import Invalid, clean
from portal.sharing.logbook import words
from portal.sharing.logbook.entries import case_of
from portal.sharing.logbook.scope import DPO, USES, references, scope_of
from portal.sharing.question_tables import OfficerQuestion
from portal.sharing.reading import staff
from portal.sharing.reading.lists import sights_at
from portal.sharing.tables import CaseFile
from portal.sharing.visits import CASE, Case

QUESTION, ANSWER = "officer-question", "officer-answer"
LONGEST: Final = 2_000
MOST: Final = 200
_COUNT = select(func.count(OfficerQuestion.id)).where(OfficerQuestion.party == bindparam("party"))
_FRESH = Query(_COUNT.where(OfficerQuestion.answered_at.is_not(None), OfficerQuestion.read_at.is_(None)), itemgetter(0))
_OPEN = Query(
    _COUNT.where(OfficerQuestion.to_user == bindparam("user"), OfficerQuestion.answered_at.is_(None)), itemgetter(0)
)
_ASKED = Query(
    _COUNT.where(
        OfficerQuestion.to_user == bindparam("user"),
        OfficerQuestion.answered_at.is_(None),
        OfficerQuestion.asked_at > bindparam("since"),
    ),
    itemgetter(0),
)
_ANSWERED = Query(
    _COUNT.where(
        OfficerQuestion.asked_by == bindparam("user"),
        OfficerQuestion.read_at.is_(None),
        OfficerQuestion.answered_at > bindparam("since"),
    ),
    itemgetter(0),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One question in a list. `answered`: when; `fresh`: its answer waits to be read; `mine`: it is to the reader."""

    id: uuid.UUID
    name: str = field(repr=False)
    asked: datetime
    answered: datetime | None
    fresh: bool
    mine: bool


@dataclass(frozen=True, slots=True)
class Lines:
    """Those that the reader may read, the latest first: all of the party for an officer, else those to oneself."""

    officer: bool
    lines: tuple[Line, ...]
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class Asked:
    """One question with what it is about. `mine`: it is for the reader to answer. `about`: case references."""

    id: uuid.UUID
    reference: str
    at: datetime
    did: str
    purpose: str
    about: tuple[str, ...]
    to: str = field(repr=False)
    by: str = field(repr=False)
    asked: datetime
    question: str = field(repr=False)
    answered: datetime | None
    answer: str = field(repr=False)
    mine: bool
    receipt: Receipt


def may_ask(actor: Actor, row: Row) -> bool:
    """Whether this officer may ask whoever made an entry: somebody else of their own party."""
    return actor.role == DPO and row.agency == actor.party and row.actor not in (None, actor.user)


def ask(session: Session, doors: Doors, actor: Actor, use: str, reference: str, entry: uuid.UUID, text: str) -> None:
    """Ask. Raises `Invalid` (question), `NotFound` for an entry that is not theirs to ask about, `LogUnavailable`."""
    words_ = _words(text, "question", "Say what you want to know")
    if use not in USES:
        raise Refused("9.3", "The law allows the access log to be used for four things only.")
    row = _row(session, doors, scope_of(session, doors, actor), entry, reference)
    if row is None or row.actor is None or not may_ask(actor, row):
        raise NotFound
    now, id = doors.clock(), new_id()
    if not _reachable(session, actor.party, row.actor, now):
        raise Invalid({"question": "This person has left and cannot be asked here."})
    open_one = select(OfficerQuestion.id).where(
        OfficerQuestion.entry == entry, OfficerQuestion.party == actor.party, OfficerQuestion.answered_at.is_(None)
    )
    with doors.log.transaction(session) as tx:
        asks.hold(session, row.actor)  # of two officers who ask at once the second finds the question of the first
        if session.scalar(open_one) is not None:
            raise Invalid({"question": "They have been asked about this already and have not answered yet."})
        made = {"party": actor.party, "to_user": row.actor, "asked_by": actor.user, "asked_at": now}
        session.add(OfficerQuestion(id=id, entry=entry, **made))
        sealing.write(session, doors.keys, id, actor.party, QUESTION, words_)
        subject = Subject(row.actor, {"staff": True, "question": str(id), "asked": {"why they did": row.reference}})
        tx.append(said.entry("disclosure", actor, purpose=use, subjects=[subject]))


def _reachable(session: Session, party: str, user: uuid.UUID, now: int) -> bool:
    """Whether somebody may still sign in for a party, now or later: who went to another never finds the question."""
    account = session.get(UserAccount, user, populate_existing=True)
    held = capacities.open_grants(session, user, party)
    return account is not None and account.ended_at is None and any((row.ends or now + 1) > now for row in held)


def waiting(session: Session, actor: Actor) -> int:
    """How many questions wait for this person's answer."""
    return _OPEN.first(session, party=actor.party, user=actor.user) or 0


def unread(session: Session, actor: Actor) -> int:
    """How many answers no officer of the party has read; none for anybody but an officer."""
    return (_FRESH.first(session, party=actor.party) or 0) if actor.role == DPO else 0


def news(session: Session, actor: Actor, since: int) -> bool:
    """Whether they were asked after an instant and have not answered; for an officer also whether somebody answered
    what they asked, and no officer has read it. Opens nothing."""
    given = {"party": actor.party, "user": actor.user, "since": since}
    return bool(_ASKED.first(session, **given) or (actor.role == DPO and _ANSWERED.first(session, **given)))


def asked(session: Session) -> set[tuple[uuid.UUID, str]]:
    """Whose answer is waited for, each with the party they are asked at."""
    waits = select(OfficerQuestion.to_user, OfficerQuestion.party).where(OfficerQuestion.answered_at.is_(None))
    return {(user, party) for user, party in session.execute(waits)}


def everyone(session: Session, doors: Doors, actor: Actor) -> Lines:
    """What this reader may read, at most 200. Raises `LogUnavailable`."""
    officer = actor.role == DPO
    query = select(OfficerQuestion).where(OfficerQuestion.party == actor.party)
    query = query if officer else query.where(OfficerQuestion.to_user == actor.user)
    rows = as_read(session, session.scalars(query.order_by(OfficerQuestion.asked_at.desc()).limit(MOST)))
    shown = {row.to_user for row in rows}
    receipt = _look(session, doors, actor, "list", sorted(shown))
    names = staff.names(session, doors, shown)
    lines = (
        Line(
            row.id,
            names[row.to_user],
            from_micros(row.asked_at),
            _moment(row.answered_at),
            officer and row.answered_at is not None and row.read_at is None,
            row.to_user == actor.user,
        )
        for row in rows
    )
    return Lines(officer, tuple(lines), receipt)


def one(session: Session, doors: Doors, actor: Actor, id: uuid.UUID) -> Asked:
    """One of them; an officer's look at an answer is remembered. Raises `NotFound`, `LogUnavailable`."""
    [row] = as_read(session, [_readable(session, actor, id)])
    reads = actor.role == DPO and row.to_user != actor.user  # an officer's look at their own answer is no reading of it
    receipt = _look(session, doors, actor, "consultation", [row.to_user], row if reads else None)
    names = staff.names(session, doors, {row.to_user, row.asked_by})
    said_ = {name: staff.names(session, doors, [id], name)[id] for name in (QUESTION, ANSWER)}
    scope = Scope(frozenset(a.id for a in doors.book.of_party(row.party)), frozenset({row.party}))
    entry = _row(session, doors, scope, row.entry)
    about = _about(session, doors, actor, scope, entry) if entry is not None else ()
    return Asked(
        id=id,
        reference=entry.reference if entry else "",
        at=entry.at if entry else from_micros(row.asked_at),
        did=words.operation(entry.operation) if entry else "",
        purpose=words.purpose(doors.book, entry.purpose) if entry else "",
        about=about,
        to=names[row.to_user],
        by=names[row.asked_by],
        asked=from_micros(row.asked_at),
        question=said_[QUESTION],
        answered=_moment(row.answered_at),
        answer=said_[ANSWER] if row.answered_at else "",
        mine=row.to_user == actor.user and row.answered_at is None,
        receipt=receipt,
    )


def answer(session: Session, doors: Doors, actor: Actor, id: uuid.UUID, text: str) -> bool:
    """Answer, once; False where it was answered meanwhile. Raises `Invalid` (answer), `NotFound`, `LogUnavailable`."""
    words_ = _words(text, "answer", "Write your answer")
    row = _readable(session, actor, id)
    if row.to_user != actor.user:
        raise NotFound
    still = update(OfficerQuestion).where(OfficerQuestion.id == id, OfficerQuestion.answered_at.is_(None))
    with doors.log.transaction(session) as tx:
        if session.connection().execute(still.values(answered_at=doors.clock())).rowcount == 0:
            return False
        sealing.write(session, doors.keys, id, actor.party, ANSWER, words_)
        subject = Subject(actor.user, {"staff": True, "question": str(id), "answer": "given"})
        tx.append(said.entry("collection", actor, subjects=[subject]))
    return True


def _words(text: str, name: str, missing: str) -> str:
    given = clean(text)
    if not given or len(given) > LONGEST:
        raise Invalid({name: f"Use {LONGEST:,} characters or fewer" if given else missing})
    return given


def _readable(session: Session, actor: Actor, id: uuid.UUID) -> OfficerQuestion:
    row = session.get(OfficerQuestion, id, populate_existing=True)
    if row is None or row.party != actor.party or not (actor.role == DPO or row.to_user == actor.user):
        raise NotFound
    return row


def _row(session: Session, doors: Doors, scope: Scope, entry: uuid.UUID, reference: str | None = None) -> Row | None:
    filters = Filters(ids=frozenset({entry}), reference=reference, scope=scope)
    return next(iter(reading.page(session, doors.log.vault(session), filters, size=1).rows), None)


def _about(session: Session, doors: Doors, actor: Actor, scope: Scope, row: Row) -> tuple[str, ...]:
    """References of the cases of an entry. To whoever is no officer those alone that they opened then, or may know of
    now: the log also has what was refused them, and whom a referral met."""
    details = overview.about(session, doors.log.vault(session), [row])[row.entry_id].details
    named = [case for each in details if (case := case_of(each))]
    if actor.role != DPO:
        opened = row.outcome == "permitted" and len(details) == 1 and reading.visit_of(session, row.entry_id)
        named = named if opened else _known(session, doors, actor, named)
    return tuple(sorted(references(session, scope, named).values()))


def _known(session: Session, doors: Doors, actor: Actor, named: Sequence[uuid.UUID]) -> list[uuid.UUID]:
    doors.book.refresh(session)
    purpose = doors.book.role(Capacity(actor.party, actor.role))[2]
    served = CaseFile.agreement.in_([a.id for a in doors.book.of_party(actor.party)])
    rows = session.execute(select(*CASE).where(CaseFile.id.in_(named), served))
    sights = sights_at(session, doors, actor, [Case._make(row) for row in rows], purpose, doors.clock())
    return [case for case, seen in sights.items() if seen.knows_person]


def _look(
    session: Session,
    doors: Doors,
    actor: Actor,
    operation: str,
    shown: Sequence[uuid.UUID],
    read: OfficerQuestion | None = None,
) -> Receipt:
    subjects = [Subject(user, {"staff": True}) for user in shown or [actor.user]]
    fresh = read is not None and read.answered_at is not None and read.read_at is None
    with doors.log.transaction(session) as tx:
        if read is not None and fresh:
            unread = update(OfficerQuestion).where(OfficerQuestion.id == read.id, OfficerQuestion.read_at.is_(None))
            session.connection().execute(unread.values(read_at=doors.clock()))
        return said.receipt(tx.append(said.entry(operation, actor, subjects=subjects)))


def _moment(at: int | None) -> datetime | None:
    return from_micros(at) if at else None
