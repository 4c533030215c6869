"""What people of the demo say on an update this morning, whom they ask, and what they are to confirm: through the door
by which people do it."""

import uuid
from collections.abc import Mapping

from sqlalchemy.orm import Session

from portal.auth.actor import Actor
from portal.casework import comments, confirming
from portal.casework.confirming import EVERYONE
from portal.db import new_id
from portal.sharing import visits
from portal.sharing.days import day_at
from portal.sharing.doors import Doors

TOLD = (
    "Desmond stopped me outside the garage. Two men he used to run with came by on Sunday and asked him to hold a bag. "
    "He said no and shut the door. He does not want it known that he told us, so nobody rings him about it, please."
)
ASKED = "Was one of them the cousin from Neasden? If so I bring the next appointment forward."


def talk(session: Session, doors: Doors, police: Actor, probation: Actor, case: uuid.UUID) -> None:
    """An update that everybody on the case is to confirm; a question on it, by name, that waits."""
    told: Mapping[str, str] = {
        "update.text@behaviour": TOLD,
        "update.nature@behaviour": "Fact",
        "update.source@behaviour": "Himself, in the street",
        "update.happened_on@behaviour": day_at(doors.clock()).isoformat(),
    }
    visit = _visit(session, doors, police, case)
    on = confirming.share(session, doors, police, visit, "behaviour", told, EVERYONE, (), new_id()).record
    asked, whom = _visit(session, doors, probation, case), {comments.value(police.party, police.user)}
    comments.add(session, doors, probation, asked, on, "behaviour", ASKED, whom, new_id())


def _visit(session: Session, doors: Doors, who: Actor, case: uuid.UUID) -> uuid.UUID:
    return visits.begin(session, doors, who, case, "risk", "", doors.clock())
