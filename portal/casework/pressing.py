"""What cannot wait until the morning, for one capacity: decided as a page would, so that what they may not read tells
nothing; and what somebody has seen or done meanwhile is no news."""

from sqlalchemy.orm import Session

from portal.auth.actor import Actor
from portal.casework import comments, today
from portal.sharing.doors import Doors
from portal.sharing.logbook import questions, scope
from portal.sharing.reading import releases


def presses(session: Session, doors: Doors, actor: Actor, since: int, now: int) -> bool:
    """Whether something came after an instant that they are told of at once. Opens nothing."""
    if questions.news(session, actor, since):
        return True
    if actor.role == scope.DPO:
        return scope.told_since(session, actor.party, since)
    return (
        comments.news(session, doors, actor, since)
        or today.pressing(session, doors, actor, since)
        or releases.news(session, doors, actor, since, now)
    )
