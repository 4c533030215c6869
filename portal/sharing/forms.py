"""What a form needs before anything is written: whom it is about, which fields, and who will read what is shared."""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from isa.agreement import Agreement, Field
from portal.auth.actor import Actor
from portal.errors import NotFound, Refused
from portal.sharing import acts, moves, preview
from portal.sharing.disclosure import Receipt, Record
from portal.sharing.doors import Doors
from portal.sharing.preview import Audience
from portal.sharing.reading import case as case_reading
from portal.sharing.reading import history, staff
from portal.sharing.reading.age import minor_now
from portal.sharing.reading.case import Found
from portal.sharing.reading.heading import Heading, heading
from portal.sharing.reading.rows import heads, highest_marking, shape_of
from portal.sharing.sight import CREATE, EDIT, READ, SHARE, Shape, category_of

COMPACT, VERSION = "compact", "compact.version"


@dataclass(frozen=True, slots=True)
class Choice:
    """One category that the writer may choose, its fields, and who will see what is shared under it."""

    label: str
    name: str
    fields: tuple[Field, ...]
    audience: tuple[Audience, ...]


@dataclass(frozen=True, slots=True)
class Blank:
    """A form to add a record of one kind. `choices` are the categories its writer may choose (one without a name
    where the kind has none); `owner` is the writer's party; `suggested` is what stands in it already, by field."""

    about: Heading
    kind: str
    kind_name: str
    owner: str
    owner_name: str
    marking: str
    choices: tuple[Choice, ...]
    suggested: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """A form to change a record: the record as it is, and the fields of it that this capacity may change."""

    record: Record
    reference: str
    case: uuid.UUID
    purpose_name: str
    marking: str
    fields: tuple[Field, ...]
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class Clash:
    """Both sides of a change made by two people at once. `theirs` is the record as it is; `before` what the fields
    said at the version the writer began from."""

    theirs: Change
    by: str
    at: datetime
    before: Mapping[str, str] = field(repr=False)


def to_add(session: Session, doors: Doors, actor: Actor, visit: uuid.UUID, kind: str) -> Blank:
    """The form for a new record of a kind. Raises `NotFound` as a view does, or where the kind may not be added."""
    found = case_reading.find(session, doors, actor, visit)
    shapes = [s for s in found.sight.writable if s.kind == kind]
    if not shapes:
        case_reading.refuse(session, doors, actor, "collection", found.visit.case, found.visit.purpose)
    agreement = found.engine.agreement
    minor = minor_now(session, doors, actor, found)
    present = preview.everywhere(session, found)
    choices = tuple(_choice(found, Shape(kind, s.label, s.owner, minor), present) for s in shapes)
    categories = {category_of(agreement, kind, s.label) for s in shapes} | {"identity"}
    return Blank(
        about=heading(session, doors, actor, found),
        kind=kind,
        kind_name=agreement.kinds[kind].name,
        owner=actor.party,
        owner_name=agreement.parties[actor.party].short,
        marking=highest_marking(agreement, categories),
        choices=choices,
        suggested={VERSION: str(1 + _read(session, found, kind))} if kind == COMPACT else {},
    )


def _read(session: Session, found: Found, kind: str) -> int:
    """How many records of a kind this capacity may read: of others it is not told by a number."""
    return sum(bool(found.sight.permitted(READ, shape_of(h))) for h in heads(session, [found.visit.case.id], [kind]))


def _choice(found: Found, shape: Shape, present: Collection[tuple[str, str]]) -> Choice:
    agreement = found.engine.agreement
    name = agreement.categories[shape.label].name if shape.label else ""
    adult = Shape(shape.kind, shape.label, shape.owner, False)  # what may be written does not hang on the person's age
    fields = tuple(f for f, _ in found.sight.permitted(CREATE, adult))
    return Choice(shape.label, name, fields, preview.of_shape(found, shape, present))


def to_change(session: Session, doors: Doors, actor: Actor, visit: uuid.UUID, record: uuid.UUID) -> Change:
    """The form for a record as it is now. Raises `NotFound` as a view does, `Refused` where it may not be changed."""
    return _change(history.one(session, doors, actor, visit, record))


def _change(one: history.One) -> Change:
    found, agreement = one.found, one.found.engine.agreement
    shape = shape_of(one.head)
    shared = {f.key for f, _ in found.sight.permitted(SHARE, shape)}
    fields = tuple(f for f, _ in found.sight.permitted(EDIT, shape) if f.key in shared)
    if shape.kind == acts.KIND:
        standing = acts.correctable(v.key for v in one.record.values)
        fields = tuple(f for f in fields if f.key in standing)
    if shape.kind in (moves.KIND, moves.TRANSFER):
        fields = tuple(f for f in fields if f.key in moves.correctable([f.key]))
    if not fields:
        raise Refused(
            "8.1", "Only the agency that owns a record changes it.", _ask(agreement, shape.owner), one.receipt.reference
        )
    return Change(
        record=one.record,
        reference=found.visit.case.reference,
        case=found.visit.case.id,
        purpose_name=agreement.purposes[found.visit.purpose].name,
        marking=highest_marking(agreement, {category_of(agreement, shape.kind, shape.label)}),
        fields=fields,
        receipt=one.receipt,
    )


def _ask(agreement: Agreement, owner: str) -> str:
    return agreement.parties[owner].contact if owner in agreement.parties else ""


def to_merge(session: Session, doors: Doors, actor: Actor, visit: uuid.UUID, record: uuid.UUID, base: int) -> Clash:
    """Both sides, for a change that began from version `base`. Raises as `to_change`."""
    theirs = to_change(session, doors, actor, visit, record)
    past = history.history(session, doors, actor, visit, record)
    if base >= theirs.record.version:
        raise NotFound
    before, last = {}, None
    for name, versions in past.fields:
        for version in versions:  # newest first
            if last is None or version.version > last.version:
                last = version
            if version.version <= base:
                before[name] = version.text
                break
    assert last is not None
    who = staff.names(session, doors, [last.by])[last.by]
    keys = {f.name: f.key for f in theirs.fields}
    return Clash(theirs, who, last.at, {keys[name]: text for name, text in before.items() if name in keys})
