"""The comments under the updates of a page, and which updates their reader is to confirm. The case decides and logs."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from portal.auth.actor import Actor
from portal.db import HOUR, from_micros
from portal.sharing import confirmations, posts, talk
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
    among `heads`, older than those of the page, that are shown because their reader is asked there; `instead`: comment
    → the colleague asked in it whom the reader covers."""

    heads: tuple[Head, ...] = ()
    late: frozenset[uuid.UUID] = frozenset()
    said: tuple[Said, ...] = ()
    asked: tuple[Asked, ...] = ()
    instead: Mapping[uuid.UUID, uuid.UUID] = field(default_factory=dict)
    to_read: Mapping[uuid.UUID, ToRead] = field(default_factory=dict)
    ours: frozenset[uuid.UUID] = frozenset()

    def opened(self, session: Session, actor: Actor, now: int) -> None:
        """Whoever is asked, or covers a colleague who is, sees it now. Inside the transaction that logs it."""
        unopened = [a.comment for a in self.asked if a.user == actor.user and a.opened_at is None]
        if unopened:
            talk.opened(session, unopened, actor.user, now)
        unseen = _unseen(actor, self.asked, self.instead)
        if unseen:
            talk.opened_instead(session, {of: self.instead[of] for of in unseen}, actor.party, actor.user, now)


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
    instead = _instead(session, actor, case, said, asked, now)
    late = [h for h in updates.values() if h.id in _asks(actor, said, asked, instead, rows, now) - here] * first
    here |= {h.id for h in late}
    said = [s for s in said if s.about in here]
    under = {s.record for s in said}
    return Below(
        heads=(*late, *(comments[s.record] for s in said)),
        late=frozenset(h.id for h in late),
        said=tuple(said),
        asked=tuple(a for a in asked if a.comment in under),
        instead={comment: colleague for comment, colleague in instead.items() if comment in under},
        to_read={row.record: row for row in rows if row.record in here},
        ours=frozenset(of for of in to_confirm if of in here and updates[of].owner == actor.party),
    )


def _instead(
    session: Session, actor: Actor, case: uuid.UUID, said: Sequence[Said], asked: Sequence[Asked], now: int
) -> dict[uuid.UUID, uuid.UUID]:
    """Comment of somebody else → the colleague asked in it whom this person covers here, where they are not asked
    themselves. Costs a look only where a colleague is asked."""
    theirs = [a for a in asked if a.party == actor.party and a.user != actor.user and a.covers is None]
    if not theirs:
        return {}
    cover = posts.cover(session, actor.party, now, actor.user)
    covered = {p.covers for p in cover if p.user == actor.user and p.case == case and p.starts <= now}
    own = {s.record for s in said if s.by == actor.user}
    own |= {a.comment for a in asked if a.user == actor.user and a.covers is None}
    return {a.comment: a.user for a in theirs if a.user in covered and a.comment not in own}


def _unseen(actor: Actor, asked: Sequence[Asked], instead: Mapping[uuid.UUID, uuid.UUID]) -> list[uuid.UUID]:
    """Those comments that neither the colleague has opened nor whoever covers them."""
    seen = {a.comment for a in asked if a.user == actor.user or (a.user == instead.get(a.comment) and a.opened_at)}
    return [comment for comment in instead if comment not in seen]


def _asks(
    actor: Actor,
    said: Sequence[Said],
    asked: Sequence[Asked],
    instead: Mapping[uuid.UUID, uuid.UUID],
    rows: Sequence[ToRead],
    now: int,
) -> set[uuid.UUID]:
    """Updates at which this person is asked. For an hour after they saw or confirmed it, so that it stands there still
    while they answer."""
    mine = {a.comment for a in asked if a.user == actor.user and (a.opened_at is None or a.opened_at > now - HOUR)}
    mine |= set(_unseen(actor, asked, instead))
    unread = {row.record for row in rows if row.confirmed_at is None or row.confirmed_at > now - HOUR}
    return unread | {s.about for s in said if s.record in mine}


def told(session: Session, doors: Doors, actor: Actor, sight: Sight, found: Below, records: Sequence[Record]) -> Talk:
    """The same with the opened records. Whom a comment asks is told to its writer, and to whoever is asked."""
    opened = {r.id: r for r in records if r.kind == COMMENT}
    mine = {s.record for s in found.said if s.by == actor.user}
    people = {s.by for s in found.said} | {a.user for a in found.asked if a.comment in mine}
    people |= set(found.instead.values())
    names = staff.names(session, doors, people)
    comments: dict[uuid.UUID, list[Comment]] = {}
    for said in found.said:
        if said.record not in opened:
            continue
        users = [a.user for a in found.asked if a.comment == said.record and a.covers is None]
        asked = tuple(sorted(names[user] for user in users)) if said.record in mine else ()
        asks_for = names[found.instead[said.record]] if said.record in found.instead else ""
        line = Comment(opened[said.record], names[said.by], asked, actor.user in users, asks_for)
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
