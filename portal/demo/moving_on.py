"""Transfers of the demo: one that Barnet has taken on from Harrow, and one that waits in Brent since this morning."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit.entry import Entry, Subject
from portal.casework import transferring
from portal.db import DAY, HOUR, new_id
from portal.demo.morning import at_work
from portal.demo.people import cast, staff
from portal.demo.people import vocabulary as v
from portal.demo.people.shapes import CaseDraft, Nominal
from portal.sharing import inbox, storing, transfers, visits
from portal.sharing.days import day_at
from portal.sharing.doors import Doors
from portal.sharing.importing.matching import PURPOSE
from portal.sharing.storing import NewRecord
from portal.sharing.tables import CaseFile
from portal.sharing.transfers import BOROUGH, MOVED_ON, OFFERED_FROM, OFFERED_TO, REASON, WHAT

HERE, THERE, BEFORE = "barnet-iom", "brent-iom", "harrow-iom"
BY, PARTY = "okonkwo", "probation"
MOVED = (
    "Has taken a flat in Barnet with a cousin. Reporting stays with me until Barnet has a slot. "
    "Please keep the Tuesday group: it is the one thing never missed."
)
GOING = (
    "Moves in with an uncle in Harlesden within the fortnight; the landlord here wants the flat back and there is no "
    "other. Old associates are all on this side, so we think well of it. Needs somebody local to ring."
)


def move(session: Session, doors: Doors, users: Mapping[str, uuid.UUID], nominals: Sequence[Nominal]) -> None:
    """Tell both. The one that waits is offered through the real doors, and logged as it is."""
    taken = next(n for n in nominals if [c.agreement for c in n.cases] == [BEFORE, HERE])
    _taken_on(session, doors, users, taken)
    going = next(n for n in nominals if _may_go(n))
    _waits(session, doors, users[BY], _file(session, going.cases[0].reference))


def _may_go(nominal: Nominal) -> bool:
    """Somebody of the crowd in Barnet whom this officer works with, and of whom nothing else is told."""
    [*others, case] = nominal.cases
    theirs = any(a.staff == BY and a.until is None for a in case.assignments)
    return theirs and not others and (case.agreement, case.state) == (HERE, v.ACTIVE) and nominal.key not in cast.CAST


def _file(session: Session, reference: str) -> CaseFile:
    return session.scalars(select(CaseFile).where(CaseFile.reference == reference)).one()


def _taken_on(session: Session, doors: Doors, users: Mapping[str, uuid.UUID], nominal: Nominal) -> None:
    """Offered on the day the case there was opened, accepted two days later, and taken on by the panel since."""
    before, after = (_file(session, c.reference) for c in nominal.cases)
    by, sent = users[_manager(nominal.cases[0])], after.opened_at
    moved = day_at(sent) + timedelta(days=3)
    with doors.log.transaction(session) as tx:
        made = {}
        for file, what, other in ((before, OFFERED_TO, after), (after, OFFERED_FROM, before)):
            text = doors.book.engine(file.agreement).agreement
            borough = doors.book.engine(other.agreement).agreement.borough
            words = {WHAT: what, BOROUGH: borough, MOVED_ON: moved.isoformat(), REASON: MOVED}
            record = NewRecord(new_id(), file.id, file.person, transfers.KIND, "", PARTY, sent, by, words)
            storing.store(session, doors, text, [record])
            made[what] = record.id
            subject = Subject(file.person, {"case": file.id.hex, "records": 1})
            tx.append(Entry("import", agency=PARTY, agreement=text.reference, subjects=[subject]))
        referral = new_id()
        inbox.put(session, referral, after.id, PARTY, by, sent)
        transfers.put(session, referral, before.id, made[OFFERED_TO], sent)
        [item] = inbox.some(session, [referral])
        inbox.move(session, item, item.version, inbox.ACCEPTED, sent + 2 * DAY)
        transfers.follow(session, after.id, v.SELECTED, sent + 9 * DAY + 11 * HOUR, over=False)


def _manager(case: CaseDraft) -> str:
    """Whoever of probation works on the case."""
    return next(a.staff for a in case.assignments if staff.by_key()[a.staff].party == PARTY)


def _waits(session: Session, doors: Doors, by: uuid.UUID, file: CaseFile) -> None:
    """Offered this morning with all that may go."""
    actor, case = at_work(session, doors, by), file.id
    visit = visits.begin(session, doors, actor, case, PURPOSE, "", doors.clock())
    blank = transferring.blank(session, doors, actor, visit, THERE)
    day = day_at(doors.clock()) + timedelta(days=12)
    words = {**blank.known, MOVED_ON: day.isoformat(), REASON: GOING, "referral.priority_crime": v.BURGLARY}
    chosen = {g.going.record.id for g in blank.goes}
    transferring.offer(session, doors, actor, visit, THERE, words, chosen, new_id())
