"""Who a pseudonymous staff id is, for the pages that may say so: colleagues on a case, administrators, DPOs."""

import uuid
from collections.abc import Iterable
from contextlib import suppress

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from portal.errors import SealBroken
from portal.keys.opening import open_with
from portal.keys.sealing import dek_id
from portal.query import Query
from portal.sharing.doors import Doors
from portal.sharing.staff import place
from portal.sharing.tables import StaffValue

UNKNOWN = "name not known"
_VALUES = Query(
    select(StaffValue.user, StaffValue.version, StaffValue.sealed).where(
        StaffValue.user.in_(bindparam("users", expanding=True)), StaffValue.field == bindparam("field")
    )
)


def names(session: Session, doors: Doors, users: Iterable[uuid.UUID], field: str = "name") -> dict[uuid.UUID, str]:
    """The name of each, `UNKNOWN` where none is held or it does not open. Two statements for all."""
    wanted = list(set(users))
    if not wanted:
        return {}
    rows = _VALUES.all(session, users=wanted, field=field)
    ids = set()
    for row in rows:
        with suppress(SealBroken):
            ids.add(dek_id(row.sealed))
    deks = doors.keys.load(session, ids)
    found = dict.fromkeys(wanted, UNKNOWN)
    for row in rows:
        try:
            found[row.user] = open_with(deks, place(row.user, field, row.version), row.sealed).decode()
        except SealBroken:
            continue
    return found
