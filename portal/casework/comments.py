"""Comments on an update: who will read one, who can be asked in it by name, and whom one waits for (clause 8.85)."""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from isa.agreement import Capacity
from isa.wording import low
from portal.audit.entry import Subject
from portal.auth.actor import Actor
from portal.casework import team
from portal.sharing import colleagues, posts, preview, said, talk, writing
from portal.sharing.colleagues import Person
from portal.sharing.disclosure import Receipt, Record
from portal.sharing.doors import Doors
from portal.sharing.fields import Invalid, clean
from portal.sharing.forms import Choice
from portal.sharing.preview import Audience
from portal.sharing.reading import case as case_reading
from portal.sharing.reading import history, staff
from portal.sharing.reading.age import minor_now
from portal.sharing.reading.case import Found, silent_or_loud
from portal.sharing.reading.heading import Heading, heading
from portal.sharing.reading.lists import sights_at
from portal.sharing.reading.rows import highest_marking, shape_of
from portal.sharing.reading.talk import labels_for
from portal.sharing.sight import UPDATE, Shape, Sight, category_of
from portal.sharing.talk import COMMENT, Called
from portal.sharing.visits import Case
from portal.sharing.writing import Written

TEXT, WHOM, LABEL = "text", "whom", "label"
"""Parts of the form of a comment."""
MOST = 10
ASKED_TOO = "Asked others by name in the comment"
"""What the log says where a form came again that asks others than before."""


@dataclass(frozen=True, slots=True)
class Whom:
    """Somebody who can be asked by name."""

    value: str
    name: str
    party: str
    person: Person


@dataclass(frozen=True, slots=True)
class Blank:
    """The form of a comment: the update it is about, its categories with who will read it, whom it can ask."""

    about: Heading
    update: Record
    choices: tuple[Choice, ...]
    owner_name: str
    whom: tuple[Whom, ...]
    marking: str


@dataclass(frozen=True, slots=True)
class Call:
    """A comment in which its reader is asked, or a colleague whom they cover (`whom`): by whom, on which case, under
    which update. Never what."""

    case: uuid.UUID
    update: uuid.UUID
    reference: str
    name: str
    agency: str
    whom: str


@dataclass(frozen=True, slots=True)
class Calls:
    """Those that wait, the oldest first; `more`: there are others. Nobody asks: nothing logged."""

    lines: tuple[Call, ...] = ()
    more: bool = False
    receipt: Receipt | None = None


NOBODY = Calls()


def blank(session: Session, doors: Doors, actor: Actor, visit: uuid.UUID, update: uuid.UUID) -> Blank:
    """The form for a comment on an update. Raises `NotFound` as a view does, and where none may be written on it."""
    found, here, labels = _find(session, doors, actor, visit, update)
    agreement = found.engine.agreement
    minor = minor_now(session, doors, actor, found)
    present = preview.everywhere(session, found)
    choices = tuple(
        Choice(
            label,
            agreement.categories[label].name,
            agreement.fields_of(COMMENT, label),
            both(found, Shape(COMMENT, label, actor.party, minor), shape_of(here.head), present),
        )
        for label in labels
    )
    shapes = [shape_of(here.head)]
    if len(labels) == 1:  # else who may read the comment too is known once its category is chosen
        shapes.append(Shape(COMMENT, labels[0], actor.party, minor))
    marked = {category_of(agreement, UPDATE, here.head.label), *labels, "identity"}
    return Blank(
        about=heading(session, doors, actor, found),
        update=here.record,
        choices=choices,
        owner_name=agreement.parties[actor.party].short,
        whom=_whom(session, doors, actor, found, shapes),
        marking=highest_marking(agreement, marked),
    )


def add(
    session: Session,
    doors: Doors,
    actor: Actor,
    visit: uuid.UUID,
    update: uuid.UUID,
    label: str,
    text: str,
    asked: Collection[str],
    once: uuid.UUID | None = None,
) -> Written:
    """Say something on an update. The same form twice (`once`) is one comment. Raises `NotFound` as `blank`, `Invalid`
    by part (text, label, whom), and as `writing.create`."""
    found, here, labels = _find(session, doors, actor, visit, update)
    shape = Shape(COMMENT, label, actor.party, minor_now(session, doors, actor, found))
    problems: dict[str, str] = {} if clean(text) else {TEXT: "Write something before you share it"}
    people: frozenset[Person] = frozenset()
    if label not in labels:
        problems[LABEL] = "Choose what it is about"
    elif asked:
        people, unfit = _chosen(session, doors, actor, found, [shape_of(here.head), shape], asked)
        problems |= {WHOM: unfit} if unfit else {}
    if problems:
        raise Invalid(problems)

    def steer(record: uuid.UUID) -> None:
        once_each = {p.user: p for p in people}  # somebody may work on the case for two parties
        talk.add(session, record, update, found.visit.case.id, once_each.values(), found.now)

    values = {f"{COMMENT}.text@{label}": text}
    try:
        planned = writing.plan(session, doors, actor, visit, COMMENT, label, values, once, steer)
    except Invalid as wrong:
        raise Invalid({TEXT: next(iter(wrong.problems.values()))}) from None
    everybody = preview.recipients(session, found, shape_of(here.head))
    kept = tuple(p for p in planned.recipients if p in everybody or p == here.head.owner)
    written = writing.keep(session, doors, actor, replace(planned, recipients=kept), once)
    if written.receipt is None and people:  # the same form, perhaps with other ticks
        _ask_also(session, doors, actor, visit, written.record, people)
    return written


def _ask_also(
    session: Session, doors: Doors, actor: Actor, visit: uuid.UUID, comment: uuid.UUID, people: Collection[Person]
) -> None:
    found, head = history.permitted_head(session, doors, actor, visit, comment, operation="alteration")
    with doors.log.transaction(session) as tx:
        if talk.mention(session, comment, people, found.now):
            tx.append(history.altered(found, actor, head, ASKED_TOO))


def value(party: str, user: uuid.UUID) -> str:
    """What a form sends for somebody of a party."""
    return f"{party}.{user.hex}"


def both(found: Found, comment: Shape, update: Shape, present: Collection[tuple[str, str]]) -> tuple[Audience, ...]:
    """Who will read a comment: whoever may read it and the update. The clause that withholds either is named."""
    of_update = {a.party: a for a in preview.of_shape(found, update, present)}
    of_comment = preview.of_shape(found, comment, present)
    rows = [a if a.party not in of_update or of_update[a.party].sees else of_update[a.party] for a in of_comment]
    return tuple(sorted(rows, key=lambda row: (not row.sees, not row.now, row.name)))


def _find(
    session: Session, doors: Doors, actor: Actor, visit: uuid.UUID, update: uuid.UUID
) -> tuple[Found, history.One, tuple[str, ...]]:
    here = history.one(session, doors, actor, visit, update)
    found = here.found
    labels = labels_for(found.sight, here.head.label) if here.head.kind == UPDATE else ()
    if not labels:
        case_reading.refuse(session, doors, actor, "collection", found.visit.case, found.visit.purpose)
    return found, here, labels


def _whom(session: Session, doors: Doors, actor: Actor, found: Found, shapes: list[Shape]) -> tuple[Whom, ...]:
    """The others who work on the case, may read these and may be known by name. Logged before they are named."""
    workers = colleagues.on_case(session, found)
    by_name = {p for p, named in colleagues.known(session, found, workers).items() if named}
    people = colleagues.readers(session, doors, found, {p for p in by_name if p.user != actor.user}, shapes)
    if not people:
        return ()
    team.look(session, doors, actor, "list", sorted(p.user for p in people))
    names = staff.names(session, doors, [p.user for p in people])
    parties = found.engine.agreement.parties
    offered = [Whom(value(p.party, p.user), names[p.user], parties[p.party].short, p) for p in people]
    own = parties[actor.party].short
    return tuple(sorted(offered, key=lambda w: (w.party != own, w.party, w.name.casefold(), w.value)))


def _chosen(
    session: Session, doors: Doors, actor: Actor, found: Found, shapes: list[Shape], asked: Collection[str]
) -> tuple[frozenset[Person], str]:
    """Who is asked, or why somebody cannot be."""
    offered = {w.value: w for w in _whom(session, doors, actor, found, shapes[:1])}
    if not set(asked) <= offered.keys():
        return frozenset(), "Somebody you ticked does not work on this case any more. Choose again"
    chosen = [offered[value] for value in sorted(set(asked))]
    able = colleagues.readers(session, doors, found, {w.person for w in chosen}, shapes)
    unable = [w for w in chosen if w.person not in able]
    if unable:
        about = low(found.engine.agreement.categories[shapes[1].label].name)
        return frozenset(), f"{unable[0].name}, {unable[0].party}, cannot read a comment about {about}"
    return able, ""


def waiting(session: Session, doors: Doors, actor: Actor) -> Calls:
    """Who asks this person about a case they work on, as far as they may read it. Raises `LogUnavailable`."""
    found = _called(session, doors, actor)
    if not found:
        return NOBODY
    shown = found[:MOST]
    people = {user for row, _, _ in shown for user in (row.by, row.user)}
    entry = said.entry(
        "list",
        actor,
        purpose=doors.book.role(Capacity(actor.party, actor.role))[2],
        subjects=[
            *(_subject(row, case, seen) for row, case, seen in shown),
            *team.named(sorted(people - {actor.user})),
        ],
    )
    with doors.log.transaction(session) as tx:
        receipt = said.receipt(tx.append(entry))
    names = staff.names(session, doors, people)
    lines = tuple(_call(actor, row, case, seen, names) for row, case, seen in shown)
    return Calls(lines, len(found) > MOST, receipt)


def news(session: Session, doors: Doors, actor: Actor, since: int) -> bool:
    """Whether somebody has asked this person after `since` in a comment that they have not opened. Opens nothing."""
    return any(row.asked_at > since for row, _, _ in _called(session, doors, actor))


def _called(session: Session, doors: Doors, actor: Actor) -> list[tuple[Called, Case, Sight]]:
    """Those that they may read today: whoever lost access finds nothing."""
    reach, content, purpose = doors.book.role(Capacity(actor.party, actor.role))
    rows = talk.called(session, actor.party, actor.user, doors.clock()) if content and reach != "none" else []
    if not rows:
        return []
    cases = posts.cases(session, sorted({row.case for row in rows}))
    seen = sights_at(session, doors, actor, list(cases.values()), purpose, doors.clock())
    return [
        (row, cases[row.case], seen[row.case])
        for row in rows
        if seen[row.case].knows_person and all(colleagues.reads(seen[row.case], shape) for shape in row.shapes)
    ]


def _subject(row: Called, case: Case, seen: Sight) -> Subject:
    silent = seen.agreement.categories[row.label].silent or seen.agreement.categories[row.update_label].silent
    return silent_or_loud(case, silent, [[row.comment.hex, row.version]], {})


def _call(actor: Actor, row: Called, case: Case, seen: Sight, names: Mapping[uuid.UUID, str]) -> Call:
    party = seen.agreement.parties.get(row.owner)
    agency, whom = party.short if party else row.owner, "" if row.user == actor.user else names[row.user]
    return Call(case.id, row.about, case.reference, names[row.by], agency, whom)
