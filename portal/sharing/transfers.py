"""Transfers to another borough, as the tables have them: ids, states, times. Nothing here decides or opens."""

import uuid
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import bindparam, exists, or_, select, update
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
OFFERED, TAKEN, DECLINED, BACK, ENDED = "offered", "taken", "declined", "back", "ended"
"""The states of a row. What an offer comes to besides, by its referral: it waits, or it goes to the panel."""
WAITS, PANEL = "waits", "panel"
_GONE_AS = {BACK: inbox.WITHDRAWN, ENDED: inbox.LAPSED}
"""Ended without an answer (clauses 8.90 and 8.91): the state of a row → that of its referral."""
GONE = frozenset(_GONE_AS)
_BY_REFERRAL = {
    **{WAITING: WAITS, ASKED: WAITS, ACCEPTED: PANEL, REFUSED: DECLINED},
    **{referral: state for state, referral in _GONE_AS.items()},
}


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
        """Whether it waits, goes to the panel, or was taken on. May another be made? See `reading.transfers.blocks`."""
        return self.became[0] in (WAITS, PANEL, TAKEN)


_ROWS = select(TransferRow.referral, TransferRow.case, TransferRow.record, TransferRow.state, TransferRow.since)
_LATEST = (TransferRow.since.desc(), TransferRow.referral)
_OF_CASES = Query(_ROWS.where(TransferRow.case.in_(bindparam("cases", expanding=True))).order_by(*_LATEST), tuple)
_CAME = Query(
    _ROWS.join(Referral, Referral.id == TransferRow.referral)
    .where(Referral.case == bindparam("case"))
    .order_by(*_LATEST),
    tuple,
)
_GONE = Query(
    _ROWS.join(Referral, Referral.id == TransferRow.referral)
    .join(CaseFile, CaseFile.id == Referral.case)
    .where(
        CaseFile.agreement.in_(bindparam("agreements", expanding=True)),
        TransferRow.state.in_(tuple(_GONE_AS)),
        TransferRow.since > bindparam("after"),
    )
    .order_by(*_LATEST)
    .limit(inbox.PAGE),
    tuple,
)


def of_cases(session: Session, cases: Sequence[uuid.UUID]) -> list[Offer]:
    """What was offered of these cases, the latest change first."""
    return _offers(session, _OF_CASES.all(session, cases=list(cases)) if cases else [])


def came(session: Session, case: uuid.UUID) -> list[Offer]:
    """What was offered to the list of a case, from wherever it came."""
    return _offers(session, _CAME.all(session, case=case))


def gone(session: Session, agreements: Sequence[str], after: int) -> list[Offer]:
    """What is no longer offered under these agreements since an instant, without an answer; the latest 50."""
    return _offers(session, _GONE.all(session, agreements=list(agreements), after=after) if agreements else [])


def agreements(session: Session, offers: Iterable[Offer]) -> dict[uuid.UUID, str]:
    """Case → the agreement of the case that each of these comes from."""
    of = select(CaseFile.id, CaseFile.agreement).where(CaseFile.id.in_([o.case for o in offers]))
    return {row.id: row.agreement for row in session.execute(of)}


def _offers(session: Session, rows: Sequence[tuple[Any, ...]]) -> list[Offer]:
    items = {item.id: item for item in inbox.some(session, [row[0] for row in rows])} if rows else {}
    return [Offer._make((*row, items[row[0]])) for row in rows]


def hold(session: Session, cases: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Hold these cases until the end of the transaction; id → state.

    Always in the order of their ids, and after the agreements (`referring.one_after_the_other`): of two opposite offers
    about one person, made, taken back or ended at once, one waits for the other and never both. Records may be added to
    a held case meanwhile; it is not closed. Inside a write transaction.
    """
    rows = select(CaseFile.id, CaseFile.state).where(CaseFile.id.in_(list(set(cases)))).order_by(CaseFile.id)
    return {row.id: row.state for row in session.execute(rows.with_for_update(key_share=True))}


def put(session: Session, referral: uuid.UUID, case: uuid.UUID, record: uuid.UUID, now: int) -> None:
    """A new offer. Inside a write transaction whose entries say so."""
    session.add(TransferRow(referral=referral, case=case, record=record, state=OFFERED, since=now))
    session.flush()


def end(session: Session, offer: Offer, state: str, now: int) -> bool:
    """End an offer that still waits for an answer: taken back (`BACK`), or with its case (`ENDED`). Inside a write
    transaction."""
    if not inbox.move(session, offer.item, offer.item.version, _GONE_AS[state], now):
        return False
    still = (TransferRow.referral == offer.referral, TransferRow.state == OFFERED)
    changed = session.connection().execute(update(TransferRow).where(*still).values(state=state, since=now))
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
    """Whether the case under the other agreement was opened by this offer and holds nothing else; what was asked about
    the offer, with how the criteria stood then, is of the offer."""
    case, sent, party = offer.item.case.id, offer.item.sent_at, offer.item.party
    opened = session.scalar(select(CaseFile.opened_at).where(CaseFile.id == case))
    besides = (RecordRow.case == case, RecordRow.id != offer.item.answer, RecordRow.kind != "criteria")
    others = (
        exists().where(Assignment.case == case),
        exists().where(AgendaItem.case == case),
        exists().where(Referral.case == case, Referral.id != offer.referral),
        exists().where(*besides, or_(RecordRow.owner != party, RecordRow.created_by != offer.item.user)),
    )
    return opened == sent and not any(session.scalar(select(other)) for other in others)
