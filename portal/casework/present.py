"""Who is at a meeting: in which capacity they joined, the chair first. Ids alone: nothing here names anybody."""

import uuid
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.auth.tables import CapacityGrant
from portal.sharing.meeting_tables import Attendance

CHAIR = "chair"


class Present(NamedTuple):
    """Somebody who joined, since `joined` (microseconds); None for one who is asked or may be."""

    capacity: uuid.UUID
    user: uuid.UUID
    party: str
    role: str
    joined: int | None


def present(session: Session, meeting: uuid.UUID) -> list[Present]:
    """Everybody who joined a meeting, whatever became of their capacity since: who acts as chair, then as they came."""
    rows = session.execute(
        select(CapacityGrant.id, Attendance.user, Attendance.party, CapacityGrant.role, Attendance.joined_at)
        .join(CapacityGrant, CapacityGrant.id == Attendance.capacity)
        .where(Attendance.meeting == meeting, Attendance.joined_at.is_not(None))
        .order_by(CapacityGrant.role != CHAIR, Attendance.joined_at, CapacityGrant.id)
    ).all()
    return [Present._make(row) for row in rows]
