"""The timeline and the list of what may be added, made once for a page: templates only place what stands here."""

from dataclasses import dataclass, replace
from datetime import datetime

from portal.pages.presenting import joined
from portal.sharing.disclosure import Comment, Disclosure, Record
from portal.sharing.moves import KIND as MOVE
from portal.sharing.moves import TRANSFER

UPDATE, ACTION, CRITERIA, COMMENT, SAME_PERSON = "update", "action", "criteria", "comment", "same_person"
OF_THEIR_OWN = frozenset({UPDATE, ACTION, CRITERIA, COMMENT, SAME_PERSON, MOVE, TRANSFER})
"""Kinds that are written on pages of their own, or with something else."""


@dataclass(frozen=True, slots=True)
class Told:
    """One update. `on` is the day it happened as written, or the moment it was shared where that is not given.

    `asked`: its reader is to confirm that they have read it, or did (`confirmed`); `who_read`: they may see who has;
    `late`: older than the others, and there because its reader is asked.
    """

    id: str
    about: str
    owner: str
    on: str | datetime
    nature: str
    source: str
    text: str
    broken: bool
    youth: bool
    new: bool
    can_edit: bool
    can_copy: bool
    changed: bool
    comments: tuple["Under", ...] = ()
    can_comment: bool = False
    asked: bool = False
    confirmed: datetime | None = None
    who_read: bool = False
    late: bool = False


@dataclass(frozen=True, slots=True)
class Under:
    """One comment under an update. `asked`: the names of whom its reader asks in it, in words."""

    id: str
    by: str
    owner: str
    at: datetime
    about: str
    text: str
    broken: bool
    youth: bool
    new: bool
    can_edit: bool
    changed: bool
    asked: str
    asks_you: bool
    asks_for: str


@dataclass(frozen=True, slots=True)
class Addable:
    """One kind of record (and category) that may be added, as the end of an address and in words."""

    path: str
    name: str


def told(d: Disclosure) -> tuple[Told, ...]:
    """The timeline of a disclosure, newest first. "New" is what was shared or changed since the last visit."""
    since = d.seen_before
    return tuple(
        replace(
            _told(r, since is not None and r.changed_at > since, d.emergency is None),
            comments=tuple(_under(c, r.label, since) for c in d.talk.comments.get(r.id, ())),
            can_comment=r.label in d.talk.under,
            asked=r.id in d.talk.to_confirm,
            confirmed=d.talk.to_confirm.get(r.id),
            who_read=r.id in d.talk.ours,
            late=r.id in d.talk.late,
        )
        for r in d.timeline
    )


def _under(comment: Comment, label: str, since: datetime | None) -> Under:
    record = comment.record
    text = next((v for v in record.values), None)
    return Under(
        id=str(record.id),
        by=comment.by,
        owner=record.owner_name,
        at=record.at,
        about=record.label_name if record.label != label else "",
        text=text.text if text is not None else "",
        broken=text is not None and text.broken,
        youth=record.made_as_youth,
        new=since is not None and record.changed_at > since,
        can_edit=record.can_edit,
        changed=record.version > 1,
        asked=joined(comment.asked),
        asks_you=comment.asks_you,
        asks_for=comment.asks_for,
    )


def _told(record: Record, new: bool, may_leave: bool) -> Told:
    found = {v.key.partition("@")[0]: v for v in record.values}
    text, on = found.get("update.text"), found.get("update.happened_on")
    nature, source = found.get("update.nature"), found.get("update.source")
    return Told(
        id=str(record.id),
        about=record.label_name or record.kind_name,
        owner=record.owner_name,
        on=on.text if on is not None and on.text else record.at,
        nature=nature.text if nature is not None else "",
        source=source.text if source is not None else "",
        text=text.text if text is not None else "",
        broken=text is not None and text.broken,
        youth=bool(record.made_as_youth),
        new=new,
        can_edit=record.can_edit,
        can_copy=record.can_copy and may_leave,
        changed=record.version > 1,
    )


def addable(d: Disclosure) -> tuple[Addable, ...]:
    """What may be added besides updates and actions, which have buttons of their own, in the agreement's order."""
    return tuple(
        Addable(
            path=f"{w.kind}/{w.label}" if w.label else w.kind,
            name=f"{w.kind_name}: {w.label_name}" if w.label else w.kind_name,
        )
        for w in d.writable
        if w.kind not in OF_THEIR_OWN
    )


def may_update(d: Disclosure) -> bool:
    """Whether an update may be shared at all."""
    return any(w.kind == UPDATE for w in d.writable)


def may_act(d: Disclosure) -> bool:
    """Whether an action may be added at all."""
    return any(w.kind == ACTION for w in d.writable)


def may_move(d: Disclosure) -> bool:
    """Whether it may be recorded at all that the case stands otherwise."""
    return any(w.kind == MOVE for w in d.writable)
