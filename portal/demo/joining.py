"""What is recorded of the demo's staff when it starts, and who asks for a role that morning."""

import uuid
from collections.abc import Mapping

from sqlalchemy.orm import Session

from portal.auth.actor import Induction
from portal.db import DAY
from portal.demo.people import staff
from portal.sharing import access_requests
from portal.sharing.doors import Doors

LEFT: Mapping[str, Induction] = {
    "feeney": Induction(trained=9, use_accepted=140, vetted=900),
    "okonkwo": Induction(trained=24, use_accepted=210, vetted=1400),
    "walsh": Induction(trained=300, use_accepted=21, vetted=1100),
    "pryce": Induction(trained=160, use_accepted=160),
    "whitmore": Induction(trained=-12, use_accepted=80, vetted=700),
}
"""Days that are left: a few whose training is about to end, one whose has ended, one without vetting."""

ASKS = "brodie"
MANAGER = "DS Harpreet Gill"
WHY = (
    "I join the Barnet IOM team on Monday, from response at Colindale, in the place of PC Marsden who has gone to "
    "the burglary squad. I shall take over his home visits."
)


def recorded(key: str, number: int, now: int) -> Induction:
    """Until when each fact of a member of staff holds; the rest of them are in date, some longer than others."""
    left = LEFT.get(key) or Induction(60 + number * 37 % 290, 45 + number * 53 % 310, 300 + number * 97 % 1500)
    return Induction(*(None if days is None else now + days * DAY for days in left))


def ask(session: Session, doors: Doors, users: Mapping[str, uuid.UUID]) -> None:
    """An officer who has no role yet asks for one."""
    asker = staff.by_key()[ASKS]
    access_requests.ask(session, doors, users[ASKS], asker.party, "morning-asks", "practitioner", MANAGER, WHY)
