"""Mails of the morning: that something waits for somebody, never what. At most one a day, and nothing is lost.

The day and the notice are written down before a mail goes and the instant it told of afterwards: whoever was killed in
between sends nothing twice (`notices`), and the next mail tells of what a lost one would have.
"""

import uuid
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from isa.agreement import Capacity
from portal.audit.entry import Entry
from portal.auth import away, capacities, contracts, induction
from portal.auth.actor import Actor
from portal.auth.tables import CapacityGrant, UserAccount
from portal.casework import asks, comments, confirming, inbox, meetings, notices, pressing, referrals, team, today
from portal.casework.notice_tables import MorningMail
from portal.casework.notices import Outcome, Round, Send
from portal.db import DAY, put
from portal.sharing import mailboxes, posts
from portal.sharing.days import day_at
from portal.sharing.doors import Doors
from portal.sharing.logbook import questions, scope
from portal.sharing.reading import fresh, lists, staff
from portal.sharing.reading.reach import within_reach

SATURDAY = 5


def wants(session: Session, user: uuid.UUID) -> bool:
    """Whether this person wants the mail; they do until they say otherwise."""
    found = session.get(MorningMail, user, populate_existing=True)
    return found is None or found.wanted


def to_team(session: Session, user: uuid.UUID) -> bool:
    """Whether this person wants it sent to their team's mailbox."""
    found = session.get(MorningMail, user, populate_existing=True)
    return found is not None and found.wanted and found.to_team


def wish(
    session: Session, doors: Doors, user: uuid.UUID, wanted: bool, to_team: bool = False, at_once: bool = False
) -> None:
    """Keep whether this person wants it, and where; and whether to be told at once too, of what comes from now on."""
    now = doors.clock()
    with doors.log.transaction(session):
        hold(session, user)
        found = session.get(MorningMail, user, populate_existing=True)
        known = (found.tried_on, found.told_until) if found else (0, None)
        values = {"wanted": wanted, "to_team": to_team, "tried_on": known[0], "told_until": known[1]}
        if at_once and not (found and found.at_once):
            values["at_once_from"] = now
        put(session, MorningMail, {"user": user}, {**values, "at_once": at_once})


def tell(session: Session, doors: Doors, opened: Callable[[], AbstractContextManager[Send]]) -> int:
    """Mail everybody for whom something waits and who was not told today; how many mails went. Nobody at weekends.
    What an earlier run of today began and did not finish is finished first.

    `opened` opens the way to send, once it is needed. Raises what it raises, and `LogUnavailable`.
    """
    now = doors.clock()
    if day_at(now).weekday() >= SATURDAY:
        return 0
    doors.book.refresh(session)
    notices.sweep(session, doors, now)
    begun = left(session, now)
    single, teams = _waiting(session, doors, now)
    wanted = {b.user for b in begun if b.user} | set(single)
    addresses = staff.names(session, doors, wanted, "email") if wanted else {}
    boxes = mailboxes.addresses(session, doors, {*teams, *(b.party for b in begun)})
    reachable = [user for user in single if "@" in addresses[user]]
    if not (begun or reachable or teams):
        return 0
    day = day_at(now).toordinal()
    with opened() as send:
        run = Round(session, doors, send)
        for each in begun:
            again(session, doors, run, each, addresses[each.user] if each.user else boxes.get(each.party, ""))
        if begun:  # one at once that goes only now tells what the morning would; one that is lost leaves it to it
            waits = set(_waiting(session, doors, now)[0])
            reachable = [user for user in reachable if user in waits]
        for user in reachable:
            if not run.stopped and _claimed(session, doors, user, now):
                run.go(notices.of_person(user, day), addresses[user], False, [user])
        for party, users in teams.items():
            if not run.stopped and (told := _claimed_for_team(session, doors, party, users, now)):
                run.go(notices.of_team(party, day), boxes[party], False, told)
    return run.count


class Begun(NamedTuple):
    """A notice that an earlier run began: to a person, or to the mailbox of a party. `unsure`: it may have gone."""

    notice: uuid.UUID
    user: uuid.UUID | None
    party: str
    tries: int
    at_once: bool
    unsure: bool


def left(session: Session, now: int) -> list[Begun]:
    """What earlier runs of today, of either kind, began and did not finish."""
    found = notices.left(session, now)
    return [Begun(n.id, n.user, n.party, n.tries, n.at_once, n.state == notices.WAITING) for n in found]


def again(session: Session, doors: Doors, run: Round, begun: Begun, address: str) -> None:
    """Another attempt, unless they want none any more or no longer work here."""
    now, user = doors.clock(), begun.user
    gone = user is not None and not (wants(session, user) and capacities.current(session, user, now))
    if gone or "@" not in address:
        notices.settle(session, doors, begun.notice, Outcome.REFUSED, ())
    elif not run.stopped and notices.taken(session, doors, begun.notice, begun.tries, now):
        run.go(begun.notice, address, begun.unsure, [user] if user else [], begun.at_once)


def _waiting(session: Session, doors: Doors, now: int) -> tuple[list[uuid.UUID], dict[str, list[uuid.UUID]]]:
    """For whom something waits: who is told alone, and whose team is, by party."""
    single, teams = [], defaultdict(list)
    resting, lost = away.everyone(session, now), notices.lost(session, now)
    for user, grants in _people(session, doors, now, lost):
        here = [g for g in grants if (user, g.party) not in resting]
        party = _own(session, doors, user, here, now, lost.get(user, 0)) or _waits(session, doors, user, here, now)
        absent = not party and here != grants
        if absent:  # nobody mails who is away: the team hears of it, but not of what they alone can answer
            gone = [g for g in grants if g not in here]
            party = _waits(session, doors, user, gone, now) or _missed(session, user, gone, now, lost)
        if party and (absent or to_team(session, user)) and mailboxes.exists(session, party):
            teams[party].append(user)
        elif party and not absent:
            single.append(user)
    return single, teams


def _people(
    session: Session, doors: Doors, now: int, lost: Collection[uuid.UUID | str]
) -> Iterator[tuple[uuid.UUID, list[CapacityGrant]]]:
    """Everybody who has a capacity that works on cases or attends meetings, whom their officer asks, or who (or, of an
    officer, whose team) may not have got what they were to be told at once; and who has not been told today."""
    day, asked = day_at(now).toordinal(), questions.asked(session)
    held: dict[uuid.UUID, list[CapacityGrant]] = defaultdict(list)
    for grant in session.scalars(select(CapacityGrant).where(capacities.granted(now))):
        missed = grant.user in lost or (grant.role == scope.DPO and grant.party in lost)
        if missed or _works(doors, grant) or (grant.user, grant.party) in asked:
            held[grant.user].append(grant)
    known = {m.user: m for m in session.scalars(select(MorningMail))}
    for user, grants in held.items():
        row = known.get(user)
        if row is None or (row.wanted and row.tried_on < day):
            yield user, grants


def _works(doors: Doors, grant: CapacityGrant) -> bool:
    return doors.book.role(Capacity(grant.party, grant.role))[1]


def _own(session: Session, doors: Doors, user: uuid.UUID, grants: list[CapacityGrant], now: int, lost: int) -> str:
    """As `_waits`, of what is for this person alone: a question of their officer, and what a mail at once until the
    instant `lost` was to tell and may not have told. What it was is decided anew: it may be done since. Where more came
    after it, the next mail at once tells of all, to whoever still has them."""
    row, (_, told) = session.get(MorningMail, user), _told(session, user, now)
    asked_since = told if row and (row.told_until or row.at_once_told) else 0
    for actor in _acting(session, user, grants, now):
        presses = partial(pressing.presses, session, doors, actor, now=now)
        again = actor.role == scope.DPO or (row is not None and row.at_once)
        missed = lost > told and presses(since=told) and not (again and presses(since=lost))
        if missed or questions.news(session, actor, asked_since):
            return actor.party
    return ""


def _missed(
    session: Session, user: uuid.UUID, grants: list[CapacityGrant], now: int, lost: Mapping[uuid.UUID | str, int]
) -> str:
    """As `_own`, of an officer who is away, and of an emergency that the mailbox of their team was to be told of."""
    _, told = _told(session, user, now)
    for party in (g.party for g in grants if g.role == scope.DPO and lost.get(g.party, 0) > told):
        if scope.told_since(session, party, told) and not scope.told_since(session, party, lost[party]):
            return party
    return ""


def _waits(session: Session, doors: Doors, user: uuid.UUID, grants: list[CapacityGrant], now: int) -> str:
    """The party for which something waits in one of their capacities, "" where nothing does: decided, so that what
    they may not read tells nothing."""
    since, told = _told(session, user, now)
    acting = _acting(session, user, [g for g in grants if _works(doors, g)], now)
    return next((actor.party for actor in acting if _for(session, doors, actor, since, now, told)), "")


def _told(session: Session, user: uuid.UUID, now: int) -> tuple[int, int]:
    """Until when somebody was told by a mail of the morning, and by any."""
    row = session.get(MorningMail, user)
    since = _since(row, now)
    return since, max(since, (row.at_once_told or 0) if row else 0)


def _acting(session: Session, user: uuid.UUID, grants: Sequence[CapacityGrant], now: int) -> Iterator[Actor]:
    known = {g.party: induction.of(session, user, g.party) for g in grants}
    recorded = contracts.recorded(session, now)
    return (Actor(user, g.party, g.role, "", g.id, False, known[g.party], recorded) for g in grants)


def _for(session: Session, doors: Doors, actor: Actor, since: int, now: int, told: int = 0) -> bool:
    """`told`: until when they were told at once of what is worth it."""
    if meetings.attends(doors, actor) and any(s.day == day_at(now) for s in meetings.coming(session, doors, actor)):
        return True
    if any(since < post.starts <= now for post in posts.cover(session, actor.party, now, actor.user)):
        return True
    if today.news(session, doors, actor, since, told) or referrals.news(session, doors, actor, since):
        return True
    if inbox.news(session, doors, actor, since) or asks.fresh(session, doors, actor, since, now):
        return True
    if comments.news(session, doors, actor, max(since, told)) or confirming.news(session, doors, actor, since):
        return True
    return _news(session, doors, actor, since, now)


def _news(session: Session, doors: Doors, actor: Actor, since: int, now: int) -> bool:
    """An update they may read and have not seen, or a review that fell due, on one of their cases."""
    cases = within_reach(session, doors, actor, now)
    if not cases:
        return False
    purpose = doors.book.role(Capacity(actor.party, actor.role))[2]
    seen = lists.sights_at(session, doors, actor, cases, purpose, now)
    known = [c for c in cases if seen[c.id].knows_person]
    if any(c.review_due and since < c.review_due <= now and seen[c.id].knows_review for c in known):
        return True
    found = fresh.updates(session, actor, seen, [c.id for c in known], since) if known else []
    return any(update.unseen for update in found)


def _claimed(session: Session, doors: Doors, user: uuid.UUID, now: int) -> bool:
    """Write down that this person is mailed today, with its entry; False where another run has done so."""
    day = day_at(now).toordinal()
    with doors.log.transaction(session) as tx:
        hold(session, user)
        row = session.get(MorningMail, user, populate_existing=True)
        if row is not None and (row.tried_on >= day or not row.wanted):
            return False
        put(
            session,
            MorningMail,
            {"user": user},
            {"wanted": True, "tried_on": day, "told_until": _since(row, now)},
        )
        notices.begin(session, notices.of_person(user, day), user, "", now)
        tx.append(Entry("notified", subjects=team.named([user])))
    return True


def _claimed_for_team(session: Session, doors: Doors, party: str, users: list[uuid.UUID], now: int) -> list[uuid.UUID]:
    """As `_claimed`, of a team: one notice a day, whoever of it something waits for. Whom it tells of; nobody where
    another run has begun it, or none of them wants it any more."""
    day = day_at(now).toordinal()
    with doors.log.transaction(session) as tx:
        for user in sorted(users):
            hold(session, user)
        known = {user: session.get(MorningMail, user, populate_existing=True) for user in users}
        told = [user for user, row in known.items() if row is None or (row.wanted and row.tried_on < day)]
        if not told or not notices.first(session, notices.of_team(party, day), party, now):
            return []
        for user in told:
            values = {"wanted": True, "tried_on": day, "told_until": _since(known[user], now)}
            put(session, MorningMail, {"user": user}, values)
        tx.append(Entry("notified", agency=party, subjects=team.named(told)))
    return told


def hold(session: Session, user: uuid.UUID) -> None:
    """Of two at once, runs or a run and somebody's wish, the second waits here until the first has committed."""
    own = select(UserAccount.id).where(UserAccount.id == user)
    session.execute(own.with_for_update(key_share=True))


def _since(row: MorningMail | None, now: int) -> int:
    """From when on something is news: whoever was never told is told of a weekend at most."""
    return row.told_until if row and row.told_until else now - 3 * DAY
