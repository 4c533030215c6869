"""What is to be done on a case: give an action to somebody, let a colleague have it."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from portal.audit.entry import Entry
from portal.auth import capacities
from portal.auth.actor import Actor
from portal.casework import team
from portal.errors import Conflict, NotFound
from portal.sharing import acts, forms, posts, preview, said, writing
from portal.sharing.acts import Act
from portal.sharing.days import day_at
from portal.sharing.disclosure import Action, Receipt
from portal.sharing.doors import Doors
from portal.sharing.fields import Invalid, clean
from portal.sharing.forms import Blank, Choice
from portal.sharing.reading import actions as reading
from portal.sharing.reading import case as case_reading
from portal.sharing.reading import history, staff
from portal.sharing.reading.age import minor_now
from portal.sharing.reading.case import Found
from portal.sharing.reading.heading import Heading, heading
from portal.sharing.reading.rows import Head
from portal.sharing.sight import READ, Shape
from portal.sharing.typed import LAST_YEAR
from portal.sharing.writing import Written

ME = "me"


@dataclass(frozen=True, slots=True)
class Whom:
    """Somebody an action may be given to: `value` is what a form sends, `words` how a page and the record say it.
    `user` None: anybody at the party."""

    value: str
    words: str
    party: str
    user: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class Form:
    """An empty action: its categories with who will see it, and whom it may be given to."""

    blank: Blank
    whom: tuple[Whom, ...]


@dataclass(frozen=True, slots=True)
class One:
    """One action. `choices` are the categories under which what came of it may be told, where it is told in an update
    of the reader's party; `colleagues` may have it instead of its `holder` (None: nobody). `version` and `holder` go
    with the forms."""

    about: Heading
    action: Action
    given_by: str
    version: int
    way: acts.Way
    choices: tuple[Choice, ...]
    colleagues: tuple[tuple[uuid.UUID, str], ...]
    holder: uuid.UUID | None


def blank(session: Session, doors: Doors, actor: Actor, visit: uuid.UUID) -> Form:
    """The form for a new action. Raises `NotFound` as a view does, or where none may be added."""
    given = forms.to_add(session, doors, actor, visit, acts.KIND)
    found = case_reading.find(session, doors, actor, visit)
    return Form(given, _whom(session, doors, actor, found))


def add(
    session: Session,
    doors: Doors,
    actor: Actor,
    visit: uuid.UUID,
    label: str,
    task: str,
    whom: str,
    due: date | None,
    once: uuid.UUID | None = None,
) -> Written:
    """Give an action to somebody. Raises as `writing.create`, and `Invalid` by part: task, label, whom, due."""
    found = case_reading.find(session, doors, actor, visit, "collection")
    to = {one.value: one for one in _whom(session, doors, actor, found)}.get(whom)
    problems = _problems(session, doors, actor, found, label, task, to, due)
    if problems or to is None or due is None:
        raise Invalid(problems)
    words = {acts.TASK: task, acts.GIVEN_TO: to.words, acts.DUE_ON: due.isoformat()}
    values = {acts.field(name, label): text for name, text in words.items()}
    due_at = acts.instant(due.isoformat())

    def steer(record: uuid.UUID) -> None:
        acts.add(session, Act(record, found.visit.case.id, to.party, to.user, due_at, acts.OPEN, None, None))

    try:
        return writing.create(session, doors, actor, visit, acts.KIND, label, values, once, steer)
    except Invalid as wrong:
        raise Invalid({acts.TASK: str(next(iter(wrong.problems.values())))}) from None


def _problems(
    session: Session,
    doors: Doors,
    actor: Actor,
    found: Found,
    label: str,
    task: str,
    to: Whom | None,
    due: date | None,
) -> dict[str, str]:
    problems = {}
    if not clean(task):
        problems[acts.TASK] = "Say what is to be done"
    if label not in found.engine.agreement.kinds[acts.KIND].labelled:
        problems["label"] = "Choose what it is about"
    elif to is not None and to.party != actor.party:
        minor = minor_now(session, doors, actor, found)
        why = cannot_have(session, found, Shape(acts.KIND, label, actor.party, minor), to.party)
        if why:
            problems["whom"] = why
    if to is None:
        problems["whom"] = "Choose who is to do it"
    late = due_problem(due, day_at(found.now))
    return {**problems, "due": late} if late else problems


def cannot_have(session: Session, found: Found, shape: Shape, party: str) -> str:
    """Why another party cannot be given an action of this shape now, "" where it can: it may not read it, or nobody of
    it works on the case, as far as the reader may know."""
    agreement = found.engine.agreement
    there = {a.party: a for a in preview.of_shape(found, shape, preview.everywhere(session, found))}.get(party)
    name = agreement.parties[party].short if party in agreement.parties else party
    if there is None or not there.sees:
        return f"{name} cannot be given this. {there.words if there else ''}".strip()
    return "" if there.now else f"{name} cannot be given this. As far as you may know, nobody there works on this case"


def due_problem(due: date | None, today: date) -> str:
    """What is wrong with the day by which something is to be done, "" where nothing is."""
    if due is None:
        return "Choose the day it is due, or type a real date"
    if due < today:
        return "The day it is due must be today or later"
    return f"The day it is due must be before {LAST_YEAR + 1}" if due.year > LAST_YEAR else ""


def _whom(session: Session, doors: Doors, actor: Actor, found: Found) -> tuple[Whom, ...]:
    """The writer, colleagues on the case, then every other party that works on it and may be named, and its lead."""
    agreement, now, case = found.engine.agreement, found.now, found.visit.case.id
    own = agreement.parties[actor.party].short
    names = _colleagues(session, doors, actor, case, now)
    mine = staff.names(session, doors, [actor.user])[actor.user]
    offered = [Whom(ME, f"{mine}, {own}", actor.party, actor.user)]
    offered += [Whom(user.hex, f"{name}, {own}", actor.party, user) for user, name in names]
    leads = posts.leads(session, case, now)
    others = [p for p in agreement.parties.values() if p.id in found.facts.parties and p.id != actor.party]
    for party in sorted(others, key=lambda p: p.short):
        if found.sight.may_name(party.id):
            offered.append(Whom(party.id, party.short, party.id, None))
            if party.id in leads:
                lead = f"The lead professional, {party.short}"
                offered.append(Whom(f"{posts.LEAD}.{party.id}", lead, party.id, leads[party.id]))
    return tuple(offered)


def _colleagues(
    session: Session, doors: Doors, actor: Actor, case: uuid.UUID, now: int
) -> tuple[tuple[uuid.UUID, str], ...]:
    """The others of the party who work on the case, by name. Logged before they are named."""
    able = team.may_take(session, doors, actor.party, now)
    held = posts.on_cases(session, actor.party, [case], now)
    users = sorted({p.user for p in held if p.starts <= now and p.user in able} - {actor.user})
    if not users:
        return ()
    team.look(session, doors, actor, "list", users)
    names = staff.names(session, doors, users)
    return tuple(sorted(((user, names[user]) for user in users), key=lambda one: (one[1].casefold(), one[0])))


def one(session: Session, doors: Doors, actor: Actor, visit: uuid.UUID, record: uuid.UUID) -> One:
    """One action, to say what came of it or who does it. Raises `NotFound` as a view does."""
    found, act, here = find(session, doors, actor, visit, record)
    way = acts.way(here.found.sight, here.head.owner, here.head.label, act.party)
    choices: tuple[Choice, ...] = ()
    if way == "told":
        choices = forms.to_add(session, doors, actor, visit, acts.TELLS).choices
        choices = tuple(c for c in choices if c.label == here.head.label) or choices
    open_ = act.state == acts.OPEN
    ours = open_ and act.party == actor.party
    return One(
        about=heading(session, doors, actor, found),
        action=reading.action(found.sight, actor, here.record, act, _may_read(session, found, act)),
        given_by=here.record.owner_name,
        version=here.record.version,
        way=way if open_ else "",
        choices=choices,
        colleagues=_colleagues(session, doors, actor, found.visit.case.id, found.now) if ours else (),
        holder=act.user,
    )


def _may_read(session: Session, found: Found, act: Act) -> bool:
    """Whether the record that says what came of it may be read."""
    if act.told is None or act.told == act.record:
        return True
    shape = acts.shape_of(session, act.told)
    return shape is not None and bool(found.sight.permitted(READ, shape))


def give(
    session: Session, doors: Doors, actor: Actor, visit: uuid.UUID, record: uuid.UUID, to: str, held: uuid.UUID | None
) -> Receipt:
    """Let the actor, or a colleague on the case, have an action of their party that `held` has (None: nobody).

    Raises `NotFound` as a view does, `Conflict` where it is closed or somebody else has it by now, `Invalid` by part
    (to)."""
    found, act, here = find(session, doors, actor, visit, record)
    if act.party != actor.party or not found.sight.writable:
        raise NotFound
    offered = {user.hex: user for user, _ in _colleagues(session, doors, actor, found.visit.case.id, found.now)}
    user = actor.user if to == ME else offered.get(to)
    if user is None:
        raise Invalid({"to": "Choose somebody who works on this case"})
    with doors.log.transaction(session) as tx:
        capacities.require(session, actor, found.now)
        if not acts.give(session, record, user, held):
            raise Conflict(str(record), here.record.version)
        return said.receipt(tx.append(entry(actor, found, here.head, [user])))


def entry(actor: Actor, found: Found, head: Head, whom: Sequence[uuid.UUID] = ()) -> Entry:
    """For the log: an action changed in its row alone, and for whom."""
    return said.entry(
        "alteration",
        actor,
        purpose=found.visit.purpose,
        agreement=found.sight.reference,
        subjects=[case_reading.subject_of(found.sight, found.visit.case, [head]), *team.named(list(whom))],
        visit=found.visit.id,
    )


def find(
    session: Session, doors: Doors, actor: Actor, visit: uuid.UUID, record: uuid.UUID
) -> tuple[Found, Act, history.One]:
    """An action with the row that steers it and its record. Raises `NotFound` as a view does."""
    here = history.one(session, doors, actor, visit, record)
    act = acts.of_case(session, here.found.visit.case.id).get(record)
    if act is None:
        raise NotFound
    return here.found, act, here
