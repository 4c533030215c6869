"""The criteria of the demo's boroughs, kept as the coordinators would have: a version before, and the present one."""

import uuid
from collections.abc import Mapping

from sqlalchemy.orm import Session

from portal.audit.entry import Entry
from portal.casework import criteria_keeping, criteria_sets
from portal.casework.criteria_sets import Version
from portal.db import DAY, HOUR, to_micros
from portal.demo.people import criteria
from portal.sharing.days import day_at, midnight
from portal.sharing.doors import Doors

COORDINATORS = {"barnet-iom": "rahman", "brent-iom": "fontaine", "harrow-iom": "thackray"}


def settle(session: Session, doors: Doors, users: Mapping[str, uuid.UUID]) -> None:
    """Two versions of the criteria of each borough, for adults and for people under 18. Runs again without harm."""
    today = day_at(doors.clock())
    if criteria_sets.versions(session, COORDINATORS):
        return
    with doors.log.transaction(session) as tx:
        for agreement in doors.book.all():
            days = criteria.first_days(today)
            sets = (criteria.before(agreement.id), criteria.now(agreement.id))
            for number, (starts, of) in enumerate(zip(days, sets, strict=True), start=1):
                for people, rules in of.items():
                    made = to_micros(midnight(starts)) - DAY * 9 + HOUR * 11
                    by = users[COORDINATORS[agreement.id]]
                    criteria_sets.put(session, Version(agreement.id, people, number, starts, rules, made, by))
                    tx.append(Entry(criteria_keeping.OPERATION, actor=by, agreement=agreement.reference))
