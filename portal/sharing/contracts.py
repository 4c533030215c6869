"""Contracts of those who act for others, for the administrators of both parties (clause 9.36).

The party that somebody acts for records them; the other reads its own. What they call a contract, and why it was ended,
are sealed like a name. Every look names who recorded what it showed.
"""

import dataclasses
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from isa.agreement import Capacity, Party
from portal.audit.entry import Entry, Subject
from portal.auth import capacities, contracts
from portal.auth.actor import Actor
from portal.auth.contracts import Kept
from portal.auth.errors import CapacityRefused
from portal.auth.recording import Transaction
from portal.db import from_micros, new_id
from portal.errors import NotFound
from portal.sharing import facts, said
from portal.sharing.days import day_at
from portal.sharing.disclosure import Receipt
from portal.sharing.doors import Doors
from portal.sharing.reading import staff as opening
from portal.sharing.staff import write

RECORDED, ENDED = "contract-recorded", "contract-ended"
CALLED, WHY = "contract-called", "contract-why-ended"
RUNNING, COMING, OVER, NOTHING = "running", "coming", "over", "nothing"
SENT = "This form was sent before, and what it recorded was ended since. Cancel, and begin a new one."


@dataclass(frozen=True, slots=True)
class Period:
    """One period as it was recorded. `called` as the parties call the contract, `last` None where it is open; names of
    who acted, "" for nobody who signed in. `state`: running, coming, over; one ended early is over."""

    id: uuid.UUID
    called: str
    first: date
    last: date | None
    state: str
    recorded_by: str
    recorded_at: datetime
    ended_by: str
    ended_at: datetime | None
    why: str


@dataclass(frozen=True, slots=True)
class Acting:
    """A party that acts for another, how that stands today, and every period, the latest recorded first.

    `state`: running, coming, over, or nothing was ever recorded; `until` its last day as far as periods follow each
    other without a gap, the first day of what is coming, the last day of what is over, None for an open end, and where
    what is over had not begun.
    """

    party: str
    name: str
    other: str
    contract: str
    state: str
    until: date | None
    periods: tuple[Period, ...] = ()


@dataclass(frozen=True, slots=True)
class Both:
    """Those that act for the reader's party (`ours`), and whom it acts for itself (`own`)."""

    party: str
    ours: tuple[Acting, ...]
    own: tuple[Acting, ...]
    receipt: Receipt


def standing(session: Session, doors: Doors, actor: Actor) -> tuple[Acting, ...]:
    """How the contracts stand of those that act for the actor's party, by name, without their periods. Opens nothing;
    asks the database nothing where nobody acts for it."""
    acting = _acting(doors, actor.party)
    rows = contracts.of_controller(session, actor.party) if acting else ()
    return tuple(_stands(doors, p, [r for r in rows if r.party == p.id], doors.clock()) for p in acting)


def everything(session: Session, doors: Doors, actor: Actor) -> Both:
    """Every period of those that act for the actor's party, and its own. Raises `NotFound`, `LogUnavailable`."""
    capacities.require_administrator(session, actor, doors.clock())
    given, taken = contracts.of_controller(session, actor.party), contracts.of_party(session, actor.party)
    shown = _opened(session, doors, actor, [*given, *taken], "list")
    ours = [_whole(doors, p, [r for r in given if r.party == p.id], shown) for p in _acting(doors, actor.party)]
    taken_by = [p for p in _own(doors, actor.party) if p.acts_for]
    own = [_whole(doors, p, [r for r in taken if r.controller == p.acts_for], shown) for p in taken_by]
    return Both(doors.book.party_name(actor.party), tuple(ours), tuple(own), shown.receipt)


def concerns(doors: Doors, actor: Actor) -> bool:
    """Whether somebody acts for the actor's party by an agreement, or it acts for another."""
    return bool(_acting(doors, actor.party)) or any(p.acts_for for p in _own(doors, actor.party))


def one(session: Session, doors: Doors, actor: Actor, id: uuid.UUID) -> tuple[Acting, Receipt]:
    """One period that the actor's party recorded. Raises `NotFound`, `LogUnavailable`."""
    capacities.require_administrator(session, actor, doors.clock())
    row = contracts.one(session, actor.party, id)
    party = _acts_for(doors, actor, row.party)
    shown = _opened(session, doors, actor, [row], "consultation")
    return _whole(doors, party, [row], shown), shown.receipt


def name_of(doors: Doors, actor: Actor, party: str) -> str:
    """The name of a party that acts for the actor's. Raises `NotFound` for one that does not."""
    return _acts_for(doors, actor, party).name


def record(
    session: Session,
    doors: Doors,
    actor: Actor,
    party: str,
    called: str,
    starts: int,
    ends: int | None,
    once: uuid.UUID | None = None,
) -> uuid.UUID:
    """Record a period in which a party acts for the actor's; the id. It counts from the next request on. The same form
    twice (`once`) is one period, else whoever ends it would leave the other open. Raises `NotFound`, `CapacityRefused`,
    `LogUnavailable`."""
    _acts_for(doors, actor, party)
    if not called:
        raise CapacityRefused("Say what you call the contract.")
    id = uuid.uuid5(once or new_id(), f"{actor.user} {party} {starts} {ends} {called}")  # `once` is kept nowhere
    nobody = doors.log.nobody(session)
    with doors.log.transaction(session) as tx:
        if _sent_before(session, doors, actor, id):
            return id
        made = contracts.record(tx, actor, party, starts, ends, doors.clock(), id)
        write(session, doors.keys, made, actor.party, CALLED, called)
        _log(tx, actor, RECORDED, nobody, contracts.one(session, actor.party, made))
    return made


def end(session: Session, doors: Doors, actor: Actor, id: uuid.UUID, why: str) -> str:
    """End a period now, with a reason that both administrators read. The name of the party where another period of it
    runs on, else "". Raises `NotFound`, `Conflict`, `CapacityRefused`, `LogUnavailable`."""
    if not why:
        raise CapacityRefused("Say why it ends.")
    nobody, now = doors.log.nobody(session), doors.clock()
    with doors.log.transaction(session) as tx:
        contracts.end(tx, actor, id, now)
        write(session, doors.keys, id, actor.party, WHY, why)
        row = contracts.one(session, actor.party, id)
        _log(tx, actor, ENDED, nobody, row)
        others = [r for r in contracts.of_controller(session, actor.party) if r.party == row.party]
    return doors.book.party_name(row.party) if RUNNING in {_state(r, now) for r in others} else ""


def install(session: Session, doors: Doors, party: Party, called: str, starts: int, ends: int | None) -> None:
    """Record a period for the demo, as recorded by nobody signed in. Never call it from a page."""
    if party.acts_for is None:
        raise NotFound
    nobody = doors.log.nobody(session)
    with doors.log.transaction(session) as tx:
        made = contracts.install(tx, party.id, party.acts_for, starts, ends, None, doors.clock())
        write(session, doors.keys, made, party.acts_for, CALLED, called)
        detail = _detail(contracts.one(session, party.acts_for, made))
        tx.append(Entry(RECORDED, agency=party.acts_for, subjects=[Subject(nobody, detail)]))


def lacking(doors: Doors, actor: Actor) -> tuple[tuple[str, bool], ...]:
    """Whom the actor's party acts for without a contract in force: (their name, whether one was ever recorded). Nobody
    for a role without case content: a contract opens nothing to it, and what is recorded is not read with it."""
    found: dict[str, bool] = {}
    if not doors.book.role(Capacity(actor.party, actor.role))[1]:
        return ()
    for agreement in doors.book.of_party(actor.party):
        acts_for = agreement.parties[actor.party].acts_for
        known = facts.contracted(agreement, actor.party, actor.contracts)
        if acts_for is not None and known.get(facts.CONTRACTED) is not True:
            found[agreement.parties[acts_for].short] = bool(known)
    return tuple(found.items())


def _acting(doors: Doors, controller: str) -> list[Party]:
    """Every party that acts for this one by an agreement, by name."""
    served = doors.book.of_party(controller)
    found = {p.id: p for a in served for p in a.parties.values() if p.acts_for == controller}
    return sorted(found.values(), key=lambda p: p.name.casefold())


def _sent_before(session: Session, doors: Doors, actor: Actor, id: uuid.UUID) -> bool:
    """Whether a form has recorded this period. Raises `NotFound`, `CapacityRefused` where it was ended since."""
    capacities.require_administrator(session, actor, doors.clock())
    before = next((row for row in contracts.of_controller(session, actor.party) if row.id == id), None)
    if before is not None and before.ended_at is not None:
        raise CapacityRefused(SENT)
    return before is not None


def _own(doors: Doors, party: str) -> list[Party]:
    """A party as its agreements have it, once for each that it acts for."""
    return list({a.parties[party].acts_for: a.parties[party] for a in doors.book.of_party(party)}.values())


def _acts_for(doors: Doors, actor: Actor, party: str) -> Party:
    found = next((p for p in _acting(doors, actor.party) if p.id == party), None)
    if found is None:
        raise NotFound
    return found


def _log(tx: Transaction, actor: Actor, operation: str, nobody: uuid.UUID, row: Kept) -> None:
    tx.append(said.entry(operation, actor, subjects=[Subject(nobody, _detail(row))]))


def _detail(row: Kept) -> dict[str, str]:
    last = day_at(row.ends - 1).isoformat() if row.ends else ""
    told = {"contract": str(row.id), "of": row.party, "first": day_at(row.starts).isoformat(), "last": last}
    return {"staff": "true", **told}


@dataclass(frozen=True, slots=True)
class _Shown:
    """What was opened of some periods, after it was logged."""

    names: Mapping[uuid.UUID, str]
    called: Mapping[uuid.UUID, str]
    why: Mapping[uuid.UUID, str]
    receipt: Receipt


def _opened(session: Session, doors: Doors, actor: Actor, rows: Sequence[Kept], operation: str) -> _Shown:
    ids = [row.id for row in rows]
    hands = {user for row in rows for user in (row.recorded_by, row.ended_by) if user is not None}
    with doors.log.transaction(session) as tx:
        subjects = [Subject(user, {"staff": True}) for user in sorted(hands or {actor.user})]
        receipt = said.receipt(tx.append(said.entry(operation, actor, subjects=subjects)))
    called, why = (opening.names(session, doors, ids, field) for field in (CALLED, WHY))
    return _Shown(opening.names(session, doors, hands), called, why, receipt)


def _whole(doors: Doors, party: Party, rows: Sequence[Kept], shown: _Shown) -> Acting:
    now, stands = doors.clock(), _stands(doors, party, rows, doors.clock())
    return dataclasses.replace(stands, periods=tuple(_period(row, shown, now) for row in rows))


def _period(row: Kept, shown: _Shown, now: int) -> Period:
    return Period(
        id=row.id,
        called=shown.called[row.id],
        first=day_at(row.starts),
        last=day_at(row.ends - 1) if row.ends else None,
        state=_state(row, now),
        recorded_by=shown.names[row.recorded_by] if row.recorded_by else "",
        recorded_at=from_micros(row.recorded_at),
        ended_by=shown.names[row.ended_by] if row.ended_by else "",
        ended_at=from_micros(row.ended_at) if row.ended_at else None,
        why=shown.why[row.id] if row.ended_at else "",
    )


def _state(row: Kept, now: int) -> str:
    if row.ended_at is not None or (row.ends is not None and row.ends <= now):
        return OVER
    return RUNNING if row.starts <= now else COMING


def _stands(doors: Doors, party: Party, rows: Sequence[Kept], now: int) -> Acting:
    """How it stands at `now`, by the rows as they are; the fact that decides is asked of the database alone."""
    state, until = NOTHING, None
    by_state = {each: [row for row in rows if _state(row, now) == each] for each in (RUNNING, COMING, OVER)}
    if by_state[RUNNING]:
        state, until = RUNNING, _runs_until([*by_state[RUNNING], *by_state[COMING]], now)
    elif by_state[COMING]:
        state, until = COMING, day_at(min(row.starts for row in by_state[COMING]))
    elif by_state[OVER]:
        state, until = OVER, _ran_until(by_state[OVER])
    other = doors.book.party_name(party.acts_for or "")
    return Acting(party.id, party.name, other, party.contract or "", state, until)


def _ran_until(rows: Sequence[Kept]) -> date | None:
    """The last day of those that are over, None where each was ended before it began."""
    ends = [(row.starts, min(at for at in (row.ends, row.ended_at) if at is not None)) for row in rows]
    last = max((end for starts, end in ends if starts < end), default=None)
    return None if last is None else day_at(last - 1)


def _runs_until(rows: Sequence[Kept], now: int) -> date | None:
    """The last day until which these follow each other without a gap from `now` on, None for an open end."""
    at = now
    for row in sorted(rows, key=lambda row: row.starts):
        if row.starts <= at:
            if row.ends is None:
                return None
            at = max(at, row.ends)
    return day_at(at - 1)
