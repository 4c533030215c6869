"""What a page receives: values the agreement permits, what it withholds and why, and the receipt. Nothing else."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple

from isa.explaining import Group


class Value(NamedTuple):
    """One opened field. `text` is empty and `broken` true where the seal did not verify."""

    key: str
    label: str
    text: str
    type: str
    broken: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """One record as far as it is permitted."""

    id: uuid.UUID
    kind: str
    kind_name: str
    label: str
    label_name: str
    owner: str
    owner_name: str
    at: datetime
    version: int
    changed_at: datetime
    made_as_youth: bool
    can_edit: bool
    can_copy: bool
    values: tuple[Value, ...]

    def text(self, name: str) -> str:
        """The text of a field by its name within the kind, "" where it is absent or withheld."""
        for value in self.values:
            if name_of(value.key) == name:
                return value.text
        return ""


@lru_cache(maxsize=4096)
def name_of(key: str) -> str:
    """The name of a field within its kind: "text" of `update.text@behaviour`. A page asks for it hundreds of times."""
    return key.partition("@")[0].partition(".")[2]


@dataclass(frozen=True, slots=True)
class Section:
    """Records and withheld fields of one category, in the agreement's words."""

    id: str
    title: str
    records: tuple[Record, ...]
    withheld: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Receipt:
    """Which entry of the access log recorded this, and when."""

    reference: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Emergency:
    """An emergency in force: when it ends and what it opens, in words."""

    ends: datetime
    opens: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Writable:
    """A kind of record (and category, where its writer chooses one) that this visit may add."""

    kind: str
    kind_name: str
    label: str
    label_name: str


@dataclass(frozen=True, slots=True)
class Action:
    """An action with what steers it. `holder` is "you", "colleague" or "nobody" where the reader's own party is to do
    it, "" where another is. `result` and `outcome` are "" where they are told in a record that the reader may not read
    (or in an update, `in_update`)."""

    record: Record
    due: date
    open: bool
    holder: str
    may_close: bool
    may_reopen: bool
    closed_on: date | None
    result: str
    outcome: str
    in_update: bool


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment under an update, and the name of who wrote it. `asked`: whom its reader asks in it, where the reader
    wrote it; `asks_you`: its reader is asked; `asks_for`: the name of a colleague who is, whom they cover."""

    record: Record
    by: str
    asked: tuple[str, ...]
    asks_you: bool
    asks_for: str = ""


@dataclass(frozen=True, slots=True)
class Talk:
    """By update: its comments, the oldest first; when its reader confirmed it, None where they are still to; and those
    of the reader's own party that somebody is to confirm. `late`: older than the page, there because they are asked;
    `under`: labels of updates that they may comment on."""

    comments: Mapping[uuid.UUID, tuple[Comment, ...]] = field(default_factory=dict)
    to_confirm: Mapping[uuid.UUID, datetime | None] = field(default_factory=dict)
    ours: frozenset[uuid.UUID] = frozenset()
    late: frozenset[uuid.UUID] = frozenset()
    under: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Disclosure:
    """One case for one visit. `young`: what the age of the person when it was written withholds, if there is any.
    `unseen`: what criteria look at that may be withheld, if there is any (`portal.sharing.unseen`)."""

    case: uuid.UUID
    visit: uuid.UUID
    reference: str
    borough: str
    agreement: str
    purpose: str
    purpose_name: str
    marking: str
    receipt: Receipt
    state: str
    review_due: datetime | None
    lead_party: str
    sections: tuple[Section, ...]
    timeline: tuple[Record, ...]
    timeline_older: int | None
    safety: tuple[Record, ...]
    writable: tuple[Writable, ...]
    exportable: bool
    emergency: Emergency | None
    emergency_offered: tuple[str, ...]
    visit_ends: datetime
    seen_before: datetime | None = field(default=None)
    actions: tuple[Action, ...] = ()
    young: tuple[Group, ...] = ()
    talk: Talk = field(default_factory=Talk)
    unseen: frozenset[str] = frozenset()

    def records(self, kind: str) -> tuple[Record, ...]:
        """The permitted records of one kind, newest first."""
        return tuple(r for s in self.sections for r in s.records if r.kind == kind)

    def first(self, kind: str, name: str) -> str:
        """The first text of a field among the records of a kind."""
        return next((t for r in self.records(kind) if (t := r.text(name))), "")
