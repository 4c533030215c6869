"""What other agencies shared lately that a reader may read, another RAG, and where a case stands otherwise: which case,
of what kind, by whom, when. Opens nothing."""

import uuid
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from portal.auth.actor import Actor
from portal.db import MINUTE
from portal.query import Query
from portal.sharing.moves import KIND
from portal.sharing.sight import READ, UPDATE, Shape, Sight
from portal.sharing.tables import CaseFile, CaseSeen, RecordRow, SealedValue


class Fresh(NamedTuple):
    """An update of another agency, its new RAG (clause 8.36), or a change of where the case stands (8.75).
    `unseen`: the reader has not opened the case since."""

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
        RecordRow.kind.in_((UPDATE, KIND)),
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


def updates(
    session: Session, actor: Actor, seen: Mapping[uuid.UUID, Sight], ids: Sequence[uuid.UUID], since: int
) -> list[Fresh]:
    """Those on these cases since an instant, newest first. What the reader may not read leaves no trace."""
    asked = {"user": actor.user, "party": actor.party, "cases": ids, "since": since}
    told = [
        Fresh(case, label, owner, at, seen_at is None or at > seen_at)
        for case, kind, label, owner, youth, at, seen_at in _UPDATES.all(session, **asked)
        if seen[case].permitted(READ, Shape(kind, label, owner, youth))
    ]
    rated = [
        Fresh(case, seen[case].agreement.fields[RAG].category, owner, at, seen_at is None or at > seen_at)
        for case, owner, youth, at, seen_at in _RAGS.all(session, **asked)
        if seen[case].decide(READ, RAG, owner, youth).permit
    ]
    return sorted(told + rated, key=lambda each: -each.at) if rated else told
