"""Mails at once, for whoever asked for them: somebody waits for an answer, or there is no time until the morning.

Few are worth it: being asked by name, an action that is to be done within days, a release that becomes known days
before; for a data-protection officer, an emergency or the answer to a question. What such a mail told, the one of the
morning does not repeat; what it may have lost, that one tells.
"""

import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import NamedTuple

from sqlalchemy import and_, or_, select, true
from sqlalchemy.orm import Session

from portal.audit.entry import Entry
from portal.auth import away, capacities, contracts, induction
from portal.auth.actor import Actor
from portal.auth.tables import CapacityGrant
from portal.casework import notices, notifying, pressing, team
from portal.casework.notice_tables import MorningMail
from portal.casework.notices import Round, Send
from portal.db import DAY, MINUTE, put
from portal.sharing import mailboxes
from portal.sharing.doors import Doors
from portal.sharing.logbook import scope
from portal.sharing.reading import staff

BETWEEN = 30 * MINUTE
"""So much lies between two mails to one person: what comes meanwhile is told by the next."""


def wants(session: Session, user: uuid.UUID) -> bool:
    """Whether this person chose it."""
    found = session.get(MorningMail, user, populate_existing=True)
    return found is not None and found.wanted and found.at_once


def tell(session: Session, doors: Doors, opened: Callable[[], AbstractContextManager[Send]]) -> int:
    """Mail everybody whom somebody waits for since they were last mailed at once; how many mails went. On every day.
    What an earlier run began and did not finish is finished first.

    `opened` opens the way to send, once it is needed. Raises what it raises, and `LogUnavailable`.
    """
    now = doors.clock()
    doors.book.refresh(session)
    notices.sweep(session, doors, now)
    begun = notifying.left(session, now)
    waited = _waited_for(session, doors, now)
    addresses = staff.names(session, doors, {*waited, *(b.user for b in begun if b.user)}, "email")
    boxes = mailboxes.addresses(session, doors, {b.party for b in begun} | {w.team for w in waited.values()})
    to = {user: boxes.get(w.team, "") if w.team else addresses[user] for user, w in waited.items()}
    reachable = [user for user in waited if "@" in to[user]]
    if not (begun or reachable):
        return 0
    with opened() as send:
        run = Round(session, doors, send)
        for each in begun:
            address = addresses[each.user] if each.user else boxes.get(each.party, "")
            notifying.again(session, doors, run, each, address)
        for user in reachable:
            if not run.stopped and _claimed(session, doors, user, waited[user], now):
                run.go(notices.at_once(user, now), to[user], False, [user], at_once=True)
    return run.count


class Waited(NamedTuple):
    """How somebody is told: `tried` is the instant until which they were mailed, as it was read; `team` the party whose
    mailbox is told in their place, "" where they are told themselves."""

    tried: int | None
    team: str


def _waited_for(session: Session, doors: Doors, now: int) -> dict[uuid.UUID, Waited]:
    """Whom somebody waits for. Nobody writes to who is away: of an emergency, which waits for nobody else, their team
    is told."""
    found = {}
    resting, recorded = away.everyone(session, now), contracts.recorded(session, now)
    for user, (grants, tried) in _people(session, now).items():
        row = session.get(MorningMail, user)
        since = max(tried or 0, (row.at_once_from or 0) if row else 0) or now - DAY
        known = {g.party: induction.of(session, user, g.party) for g in grants}
        acting = [Actor(user, g.party, g.role, "", g.id, False, known[g.party], recorded) for g in grants]
        here = [actor for actor in acting if (user, actor.party) not in resting]
        absent = [actor for actor in acting if actor not in here and actor.role == scope.DPO]
        if any(pressing.presses(session, doors, actor, since, now) for actor in here):
            found[user] = Waited(tried, "")
        elif team_of := next((a.party for a in absent if scope.told_since(session, a.party, since)), ""):
            found[user] = Waited(tried, team_of)
    return found


def _people(
    session: Session, now: int, user: uuid.UUID | None = None
) -> dict[uuid.UUID, tuple[list[CapacityGrant], int | None]]:
    """Who chose it, and data-protection officers who did not choose to have no mail: the page on which an emergency
    is declared says that they are told now. Everybody's, or those of one person."""
    chosen = and_(MorningMail.wanted, MorningMail.at_once)
    officer = and_(CapacityGrant.role == scope.DPO, or_(MorningMail.user.is_(None), MorningMail.wanted))
    rested = or_(MorningMail.at_once_tried.is_(None), MorningMail.at_once_tried <= now - BETWEEN)
    only = true() if user is None else CapacityGrant.user == user
    statement = (
        select(CapacityGrant, MorningMail.at_once_tried)
        .outerjoin(MorningMail, MorningMail.user == CapacityGrant.user)
        .where(capacities.granted(now), or_(chosen, officer), rested, only)
    )
    held: dict[uuid.UUID, tuple[list[CapacityGrant], int | None]] = {}
    for grant, tried in session.execute(statement):
        held.setdefault(grant.user, ([], tried))[0].append(grant)
    return held


def _claimed(session: Session, doors: Doors, user: uuid.UUID, waited: Waited, now: int) -> bool:
    """Write down that this person is mailed of what came until now, with its entry; False where another run has done
    so, or they want none any more."""
    with doors.log.transaction(session) as tx:
        notifying.hold(session, user)
        held = _people(session, now, user)
        if user not in held or held[user][1] != waited.tried:
            return False
        row = session.get(MorningMail, user, populate_existing=True)
        if row is None:
            put(session, MorningMail, {"user": user}, {"wanted": True, "tried_on": 0, "at_once_tried": now})
        else:
            row.at_once_tried = now
        whose = None if waited.team else user
        notices.begin(session, notices.at_once(user, now), whose, waited.team, now, at_once=True)
        tx.append(Entry("notified", agency=waited.team or None, subjects=team.named([user])))
    return True
