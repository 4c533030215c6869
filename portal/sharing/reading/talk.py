"""The comments under the updates of a page, and which updates their reader is to confirm. The case decides and logs."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from portal.auth.actor import Actor
from portal.db import HOUR, from_micros
from portal.sharing import confirmations, talk
from portal.sharing.confirmations import ToRead
from portal.sharing.disclosure import Comment, Record, Talk
from portal.sharing.doors import Doors
from portal.sharing.reading import staff
from portal.sharing.reading.rows import Head
from portal.sharing.sight import UPDATE, Sight
from portal.sharing.talk import COMMENT, Asked, Said

UNFIT = frozenset({"safety"})
"""A warning is no remark: under this category a comment stands beneath a warning alone."""


@dataclass(frozen=True, slots=True)
class Below:
    """What belongs to a page of updates: `heads` of the comments to open, and the rows that steer them. `late`: updates
    among `heads`, older than those of the page, that are shown because their reader is asked there."""

    heads: tuple[Head, ...] = ()
    late: frozenset[uuid.UUID] = frozenset()
    said: tuple[Said, ...] = ()
    asked: tuple[Asked, ...] = ()
    to_read: Mapping[uuid.UUID, ToRead] = field(default_factory=dict)
    ours: frozenset[uuid.UUID] = frozenset()

    def unopened(self, user: uuid.UUID) -> list[uuid.UUID]:
        """Comments in which somebody is asked and that they see now for the first time."""
        return [a.comment for a in self.asked if a.user == user and a.opened_at is None]


def below(
    session: Session,
    actor: Actor,
    case: uuid.UUID,
    permitted: Sequence[Head],
    shown: Sequence[Head],
    now: int,
    first: bool,
) -> Below:
    """The comments under the updates that are shown. Under an update that its reader may not read there is none for
    them (clause 8.85). The `first` page has every update at which its reader is asked, however old: home leads there.
    Nothing is asked of the database for a case without comments and confirmations."""
    updates = {h.id: h for h in permitted if h.kind == UPDATE}
    comments = {h.id: h for h in permitted if h.kind == COMMENT}
    said = [s for s in talk.of_case(session, case) if s.about in updates and s.record in comments] if comments else []
    asked = talk.asked_on(session, case) if said else []
    to_confirm = [h.id for h in updates.values() if h.state == confirmations.ASKED]
    rows = confirmations.among(session, actor.party, actor.user, now, to_confirm) if to_confirm else []
    here = {h.id for h in shown}
    late = [h for h in updates.values() if h.id in _asks(actor, said, asked, rows, now) - here] if first else []
    here |= {h.id for h in late}
    said = [s for s in said if s.about in here]
    under = {s.record for s in said}
    return Below(
        heads=(*late, *(comments[s.record] for s in said)),
        late=frozenset(h.id for h in late),
        said=tuple(said),
        asked=tuple(a for a in asked if a.comment in under),
        to_read={row.record: row for row in rows if row.record in here},
        ours=frozenset(of for of in to_confirm if of in here and updates[of].owner == actor.party),
    )


def _asks(
    actor: Actor, said: Sequence[Said], asked: Sequence[Asked], rows: Sequence[ToRead], now: int
) -> set[uuid.UUID]:
    """Updates at which this person is asked. For an hour after they saw or confirmed it, so that it stands there still
    while they answer."""
    mine = {a.comment for a in asked if a.user == actor.user and (a.opened_at is None or a.opened_at > now - HOUR)}
    unread = {row.record for row in rows if row.confirmed_at is None or row.confirmed_at > now - HOUR}
    return unread | {s.about for s in said if s.record in mine}


def told(session: Session, doors: Doors, actor: Actor, sight: Sight, found: Below, records: Sequence[Record]) -> Talk:
    """The same with the opened records. Whom a comment asks is told to its writer, and to whoever is asked."""
    opened = {r.id: r for r in records if r.kind == COMMENT}
    mine = {s.record for s in found.said if s.by == actor.user}
    people = {s.by for s in found.said} | {a.user for a in found.asked if a.comment in mine}
    names = staff.names(session, doors, people)
    comments: dict[uuid.UUID, list[Comment]] = {}
    for said in found.said:
        if said.record not in opened:
            continue
        users = [a.user for a in found.asked if a.comment == said.record]
        asked = tuple(sorted(names[user] for user in users)) if said.record in mine else ()
        line = Comment(opened[said.record], names[said.by], asked, actor.user in users)
        comments.setdefault(said.about, []).append(line)
    return Talk(
        comments={of: tuple(lines) for of, lines in comments.items()},
        to_confirm={
            of: from_micros(row.confirmed_at) if row.confirmed_at else None for of, row in found.to_read.items()
        },
        ours=found.ours,
        late=found.late,
        under=frozenset(r.label for r in records if r.kind == UPDATE and labels_for(sight, r.label)),
    )


def labels_for(sight: Sight, label: str) -> tuple[str, ...]:
    """Under which categories this capacity may comment on an update of one: under that one if its party owns such
    records, else under any other that it may write, unless the update leaves no trace."""
    own = [s.label for s in sight.writable if s.kind == COMMENT]
    if label in own:
        return (label,)
    categories = sight.agreement.categories
    if categories[label].silent:
        return ()
    return tuple(each for each in own if not categories[each].silent and each not in UNFIT)
