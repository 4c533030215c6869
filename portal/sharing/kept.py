"""Forms that outlived their session: kept sealed for a day, for the same person in the same capacity, and found again.

Only a form that writes about a case is kept, and only from a visit that leads to that case. Keeping it is no operation
of the access log: nothing is shown, and nothing enters a record. Opening it again is (`reading.kept`).
"""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, func, select
from sqlalchemy.orm import Session

from portal.auth.actor import Actor
from portal.auth.tables import CapacityGrant
from portal.db import DAY, from_micros, put
from portal.keys.sealing import Context, seal
from portal.sharing import restrictions, visits
from portal.sharing.doors import Doors
from portal.sharing.fields import clean
from portal.sharing.reading import case as reading
from portal.sharing.tables import CaseFile, KeptForm
from portal.sharing.visits import CASE, Case, Visit

LASTS = DAY
LARGEST = 64 * 1024  # bytes of one form
MOST = 5  # forms of one person in one capacity
KIND = "kept_form"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A form that waits for its author: where it was going, not what it says. `purpose` is that of its visit."""

    case: uuid.UUID
    reference: str
    then: str
    purpose: str
    ends: datetime


def place(actor: Actor, case: uuid.UUID, person: uuid.UUID, then: str, kept_at: int) -> Context:
    """The one place a kept form belongs to: this person, capacity, case, page and moment. Its key is the case's
    person's, so that erasing them erases it."""
    return Context(KIND, case, then, person, actor.party, f"{actor.user.hex} {actor.capacity.hex}", kept_at)


def keep(
    session: Session, doors: Doors, actor: Actor, visit: uuid.UUID, then: str, typed: Mapping[str, str]
) -> datetime | None:
    """Keep what was typed; until when, or None where it is not kept: it is too large, five others wait, it is a zone
    that says whom it protects (clause 8.60), or the visit was not this session's, was one of an emergency, or leads
    nowhere."""
    text = json.dumps(dict(typed)).encode()
    found = visits.once(session, actor, visit)
    if len(text) > LARGEST or len(then) > 200 or found is None or found.emergency or unfit(typed):
        return None
    if not reading.leads(session, doors, actor, found):
        return None
    now, case = doors.clock(), found.case
    with doors.log.transaction(session):
        _sweep(session, now)
        mine = select(CapacityGrant.id).where(CapacityGrant.id == actor.capacity)
        session.execute(mine.with_for_update(key_share=True))  # two forms at once are counted one after the other
        others = select(func.count()).where(_of(actor), ~_page(case.id, then))
        if session.execute(others).scalar_one() >= MOST:
            return None
        dek = doors.keys.ensure(session, case.person, actor.party, KIND)
        sealed = seal(dek, place(actor, case.id, case.person, then, now), text)
        key = {"user": actor.user, "capacity": actor.capacity, "case": case.id, "then": then}
        values = {"purpose": found.purpose, "sealed": sealed, "kept_at": now, "ends": now + LASTS}
        put(session, KeptForm, key, values)
    return from_micros(now + LASTS)


def unfit(typed: Mapping[str, str]) -> str:
    """What to leave out of a form before anything of it may be kept, "" where it gives nobody away or is no zone
    (clause 8.60). `typed` by the name of the input, which is the field's."""
    zone = ((name, clean(text)) for name, text in typed.items() if name.startswith(f"{restrictions.KIND}."))
    return next((words for name, text in zone if (words := restrictions.gives_away(name, text))), "")


def any_for(session: Session, doors: Doors, user: uuid.UUID, capacity: uuid.UUID) -> bool:
    """Whether something waits for this person in this capacity. Deletes what is over, whosever it was."""
    now = doors.clock()
    if session.scalar(select(KeptForm.ends).where(KeptForm.ends <= now).limit(1)) is not None:
        with doors.log.transaction(session):
            _sweep(session, now)
    mine = select(KeptForm.ends).where(KeptForm.user == user, KeptForm.capacity == capacity, KeptForm.ends > now)
    return session.scalar(mine.limit(1)) is not None


def waiting(session: Session, doors: Doors, actor: Actor) -> tuple[Waiting, ...]:
    """What waits for this actor, newest first, without opening any. A case that they may no longer know of is left
    out, as everywhere."""
    now = doors.clock()
    query = select(KeptForm.then, KeptForm.purpose, KeptForm.ends, *CASE).join(CaseFile, CaseFile.id == KeptForm.case)
    found = []
    for then, purpose, ends, *case in session.execute(
        query.where(_of(actor), KeptForm.ends > now).order_by(KeptForm.kept_at.desc())
    ).all():
        file = Case(*case)
        if reading.leads(session, doors, actor, Visit(file.id, file, purpose, False, ends)):
            found.append(Waiting(file.id, file.reference, then, purpose, from_micros(ends)))
    return tuple(found)


def discard(session: Session, doors: Doors, actor: Actor, case: uuid.UUID, then: str) -> None:
    """Delete one: it was sent, or its author threw it away."""
    with doors.log.transaction(session):
        session.execute(delete(KeptForm).where(_of(actor), _page(case, then)))


def used(session: Session, doors: Doors, actor: Actor, visit: uuid.UUID, then: str) -> None:
    """The form of that page of a visit was sent: what was kept of it goes."""
    found = visits.once(session, actor, visit)
    if found is not None:
        discard(session, doors, actor, found.case.id, then)


def _of(actor: Actor) -> ColumnElement[bool]:
    return and_(KeptForm.user == actor.user, KeptForm.capacity == actor.capacity)


def _page(case: uuid.UUID, then: str) -> ColumnElement[bool]:
    return and_(KeptForm.case == case, KeptForm.then == then)


def _sweep(session: Session, now: int) -> None:
    session.execute(delete(KeptForm).where(KeptForm.ends <= now))
