"""Transfers to another borough, as the tables have them: ids, states, times. Nothing here decides or opens."""

import uuid
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import bindparam, exists, select, update
from sqlalchemy.orm import Session

from portal.query import Query
from portal.sharing import inbox
from portal.sharing.inbox import ACCEPTED, ASKED, REFUSED, WAITING, Item
from portal.sharing.meeting_tables import AgendaItem
from portal.sharing.moves import RUNNING, TRANSFER
from portal.sharing.tables import Assignment, CaseFile, RecordRow, Referral
from portal.sharing.transfer_tables import TransferRow

KIND = TRANSFER
WHAT, BOROUGH, MOVED_ON, REASON = (f"{KIND}.{name}" for name in ("what", "borough", "moved_on", "reason"))
OFFERED_TO, OFFERED_FROM, TAKEN_BACK = "Offered to another borough", "Offered from another borough", "Taken back"
OFFERED, TAKEN, DECLINED, BACK = "offered", "taken", "declined", "back"
"""The states of a row. What an offer comes to besides, by its referral: it waits, or it goes to the panel."""
WAITS, PANEL = "waits", "panel"
_BY_REFERRAL = {WAITING: WAITS, ASKED: WAITS, ACCEPTED: PANEL, REFUSED: DECLINED, inbox.WITHDRAWN: BACK}


class Offer(NamedTuple):
    """One transfer: `case` and `record` are those that it comes from, `item` its referral under the other agreement."""

    referral: uuid.UUID
    case: uuid.UUID
    record: uuid.UUID
    state: str
    since: int
    item: Item

    @property
    def became(self) -> tuple[str, int]:
        """In one word what became of it, and since when."""
        if self.state != OFFERED:
            return self.state, self.since
        code = _BY_REFERRAL[self.item.state]
        return code, self.item.sent_at if code == WAITS else self.item.since

    @property
    def stands(self) -> bool:
        """Whether no other offer may be made beside it: it waits, goes to the panel, or was taken on."""
        return self.became[0] in (WAITS, PANEL, TAKEN)


_OF_CASES = Query(
    select(TransferRow.referral, TransferRow.case, TransferRow.record, TransferRow.state, TransferRow.since)
    .where(TransferRow.case.in_(bindparam("cases", expanding=True)))
    .order_by(TransferRow.since.desc(), TransferRow.referral),
    tuple,
)


def of_cases(session: Session, cases: Sequence[uuid.UUID]) -> list[Offer]:
    """What was offered of these cases, the latest change first."""
    rows = _OF_CASES.all(session, cases=list(cases)) if cases else []
    items = {item.id: item for item in inbox.some(session, [row[0] for row in rows])} if rows else {}
    return [Offer._make((*row, items[row[0]])) for row in rows]


def put(session: Session, referral: uuid.UUID, case: uuid.UUID, record: uuid.UUID, now: int) -> None:
    """A new offer. Inside a write transaction whose entries say so."""
    session.add(TransferRow(referral=referral, case=case, record=record, state=OFFERED, since=now))
    session.flush()


def take_back(session: Session, offer: Offer, now: int) -> bool:
    """Take an offer back, if it still waits for an answer. Inside a write transaction."""
    if not inbox.move(session, offer.item, offer.item.version, inbox.WITHDRAWN, now):
        return False
    still = (TransferRow.referral == offer.referral, TransferRow.state == OFFERED)
    changed = session.connection().execute(update(TransferRow).where(*still).values(state=BACK, since=now))
    return changed.rowcount == 1


def follow(session: Session, case: uuid.UUID, status: str, now: int, over: bool) -> None:
    """Bring what was offered into step with the status of the case that was made of it: taken on, or (`over`) not.

    Whoever is on the list already counts as taken on once the offer was accepted. What was refused stays so: whether
    their own work with somebody ends is nothing of the offer (clause 8.89). Inside a write transaction.
    """
    if not over and status not in RUNNING:
        return
    of_case = select(Referral.id).where(Referral.case == case)
    stands = (WAITING, ASKED, ACCEPTED) if over else (ACCEPTED,)
    answered = of_case.where(Referral.state.in_(stands))
    still = (TransferRow.referral.in_(answered), TransferRow.state == OFFERED)
    session.connection().execute(update(TransferRow).where(*still).values(state=DECLINED if over else TAKEN, since=now))


def made_for_it(session: Session, offer: Offer) -> bool:
    """Whether the case under the other agreement was opened by this offer and holds nothing else."""
    case, sent, party = offer.item.case.id, offer.item.sent_at, offer.item.party
    opened = session.scalar(select(CaseFile.opened_at).where(CaseFile.id == case))
    others = (
        exists().where(Assignment.case == case),
        exists().where(AgendaItem.case == case),
        exists().where(Referral.case == case, Referral.id != offer.referral),
        exists().where(RecordRow.case == case, RecordRow.owner != party),
        exists().where(RecordRow.case == case, RecordRow.created_by != offer.item.user),
    )
    return opened == sent and not any(session.scalar(select(other)) for other in others)
