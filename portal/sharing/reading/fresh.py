"""What other agencies shared lately that a reader may read: which case, of what kind, by whom, when. Opens nothing."""

import uuid
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from portal.auth.actor import Actor
from portal.query import Query
from portal.sharing.sight import READ, UPDATE, Shape, Sight
from portal.sharing.tables import CaseSeen, RecordRow


class Fresh(NamedTuple):
    """One update of another agency. `unseen`: the reader has not opened the case since."""

    case: uuid.UUID
    label: str
    owner: str
    at: int
    unseen: bool


_UPDATES = Query(
    select(
        RecordRow.case,
        RecordRow.label,
        RecordRow.owner,
        RecordRow.made_as_youth,
        RecordRow.created_at,
        CaseSeen.seen_at,
    )
    .outerjoin(CaseSeen, (CaseSeen.case == RecordRow.case) & (CaseSeen.user == bindparam("user")))
    .where(
        RecordRow.case.in_(bindparam("cases", expanding=True)),
        RecordRow.kind == UPDATE,
        RecordRow.owner != bindparam("party"),
        RecordRow.created_at > bindparam("since"),
    )
    .order_by(RecordRow.created_at.desc())
)


def updates(
    session: Session, actor: Actor, seen: Mapping[uuid.UUID, Sight], ids: Sequence[uuid.UUID], since: int
) -> list[Fresh]:
    """Those on these cases since an instant, newest first. What the reader may not read leaves no trace."""
    rows = _UPDATES.all(session, user=actor.user, party=actor.party, cases=ids, since=since)
    return [
        Fresh(case, label, owner, at, seen_at is None or at > seen_at)
        for case, label, owner, youth, at, seen_at in rows
        if seen[case].permitted(READ, Shape(UPDATE, label, owner, youth))
    ]
