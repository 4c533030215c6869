"""What other agencies shared lately that a reader may read, another RAG, where a case stands otherwise, and what became
of a transfer: which case, of what kind, by whom, when. Opens nothing."""

import uuid
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import bindparam, case, or_, select
from sqlalchemy.orm import Session

from portal.auth.actor import Actor
from portal.db import MINUTE
from portal.query import Query
from portal.sharing.inbox import ACCEPTED, REFUSED
from portal.sharing.moves import KIND, TRANSFER
from portal.sharing.sight import READ, UPDATE, Shape, Sight, category_of
from portal.sharing.tables import CaseFile, CaseSeen, RecordRow, Referral, SealedValue
from portal.sharing.transfer_tables import TransferRow
from portal.sharing.transfers import DECLINED, OFFERED, TAKEN


class Fresh(NamedTuple):
    """An update of another agency, its new RAG (clause 8.36), a change of where the case stands (8.75), or the
    answer to a transfer (8.89). `unseen`: the reader has not opened the case since."""

    case: uuid.UUID
    label: str
    owner: str
    at: int
    unseen: bool


_UPDATES = Query(
    select(
        RecordRow.case,
        RecordRow.kind,
        RecordRow.label,
        RecordRow.owner,
        RecordRow.made_as_youth,
        RecordRow.created_at,
        CaseSeen.seen_at,
    )
    .outerjoin(CaseSeen, (CaseSeen.case == RecordRow.case) & (CaseSeen.user == bindparam("user")))
    .where(
        RecordRow.case.in_(bindparam("cases", expanding=True)),
        RecordRow.kind.in_((UPDATE, KIND, TRANSFER)),
        RecordRow.owner != bindparam("party"),
        RecordRow.created_at > bindparam("since"),
    )
    .order_by(RecordRow.created_at.desc())
)

RAG = "case.rag"
_RAGS = Query(
    select(
        RecordRow.case,
        RecordRow.owner,
        RecordRow.made_as_youth,
        SealedValue.written_at,
        CaseSeen.seen_at,
    )
    .join(SealedValue, SealedValue.record == RecordRow.id)
    .join(CaseFile, CaseFile.id == RecordRow.case)
    .outerjoin(CaseSeen, (CaseSeen.case == RecordRow.case) & (CaseSeen.user == bindparam("user")))
    .where(
        RecordRow.case.in_(bindparam("cases", expanding=True)),
        RecordRow.kind == "case",
        RecordRow.owner != bindparam("party"),
        SealedValue.field == RAG,
        SealedValue.current,
        SealedValue.written_at > CaseFile.opened_at + MINUTE,  # what a case is opened with is no news beside it
        SealedValue.written_at > bindparam("since"),
    )
)

_TRANSFERS = Query(
    select(
        TransferRow.case,
        RecordRow.owner,
        RecordRow.made_as_youth,
        case((TransferRow.state == OFFERED, Referral.since), else_=TransferRow.since).label("at"),
        CaseSeen.seen_at,
    )
    .join(Referral, Referral.id == TransferRow.referral)
    .join(RecordRow, RecordRow.id == TransferRow.record)
    .outerjoin(CaseSeen, (CaseSeen.case == TransferRow.case) & (CaseSeen.user == bindparam("user")))
    .where(
        TransferRow.case.in_(bindparam("cases", expanding=True)),
        or_(TransferRow.state.in_((TAKEN, DECLINED)), Referral.state.in_((ACCEPTED, REFUSED))),
        or_(TransferRow.since > bindparam("since"), Referral.since > bindparam("since")),
    )
)


def updates(
    session: Session, actor: Actor, seen: Mapping[uuid.UUID, Sight], ids: Sequence[uuid.UUID], since: int
) -> list[Fresh]:
    """Those on these cases since an instant, newest first. What the reader may not read leaves no trace."""
    asked = {"user": actor.user, "party": actor.party, "cases": ids, "since": since}
    told = [
        Fresh(case, category_of(seen[case].agreement, kind, label), owner, at, seen_at is None or at > seen_at)
        for case, kind, label, owner, youth, at, seen_at in _UPDATES.all(session, **asked)
        if seen[case].permitted(READ, Shape(kind, label, owner, youth))
    ]
    rated = [
        Fresh(case, seen[case].agreement.fields[RAG].category, owner, at, seen_at is None or at > seen_at)
        for case, owner, youth, at, seen_at in _RAGS.all(session, **asked)
        if seen[case].decide(READ, RAG, owner, youth).permit
    ]
    answered = [
        Fresh(case, category_of(seen[case].agreement, TRANSFER, ""), owner, at, seen_at is None or at > seen_at)
        for case, owner, youth, at, seen_at in _TRANSFERS.all(session, user=actor.user, cases=ids, since=since)
        if at > since and seen[case].permitted(READ, Shape(TRANSFER, "", owner, youth))
    ]
    rated += answered
    return sorted(told + rated, key=lambda each: -each.at) if rated else told
