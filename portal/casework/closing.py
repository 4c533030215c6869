"""Saying what came of an action, or why it is no longer needed; and opening it again.

Whoever writes an action owns its record. Another party that was given it says what came of it in an update of its own,
and in that moment the action is closed (docs/decisions/0011).
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from portal.auth.actor import Actor
from portal.casework import actions
from portal.errors import Conflict, NotFound
from portal.sharing import acting, acts, said, writing
from portal.sharing.acts import Act
from portal.sharing.days import day_at
from portal.sharing.doors import Doors
from portal.sharing.fields import Invalid, clean
from portal.sharing.reading import history
from portal.sharing.reading.case import Found
from portal.sharing.reading.rows import shape_of
from portal.sharing.sight import Shape
from portal.sharing.writing import Written

OPEN_ALREADY = "It is open already, due on the day below. Nothing was changed"


def close(
    session: Session,
    doors: Doors,
    actor: Actor,
    visit: uuid.UUID,
    record: uuid.UUID,
    version: int,
    state: str,
    text: str,
    label: str = "",
    once: uuid.UUID | None = None,
) -> Written:
    """Say what came of an action, or why it is no longer needed, and close it.

    Raises `NotFound` as a view does or where it may not be closed, `Conflict` where it was closed or changed since
    `version`, `Invalid` by part (text, label), `Refused`, `LogUnavailable`.
    """
    found, act, here = actions.find(session, doors, actor, visit, record)
    way = acts.way(found.sight, here.head.owner, here.head.label, act.party)
    answer = _answer(found, here, way, state, text, label)
    if act.state == state and (told := _said_before(act, here, answer, once)):
        return Written(told, None)
    if act.state != acts.OPEN or here.record.version != version:
        raise Conflict(str(record), here.record.version)
    if not way or state not in acts.RESULTS:
        raise NotFound
    if not clean(text):
        raise Invalid({"text": "Say what came of it" if state == acts.DONE else "Say why it is no longer needed"})

    def steer(told: uuid.UUID) -> None:
        if not acts.close(session, [record], state, found.now, {record: told}):
            raise Conflict(str(record), version)

    try:
        if way == "own":
            return writing.edit(session, doors, actor, visit, record, version, answer.values, steer)
        if not acts.tells_under(found.sight, answer.label):
            raise Invalid({"label": "Choose what it is about"})
        return writing.create(session, doors, actor, visit, acts.TELLS, answer.label, answer.values, once, steer)
    except Invalid as wrong:
        raise Invalid({k if k == "label" else "text": words for k, words in wrong.problems.items()}) from None


def reopen(
    session: Session, doors: Doors, actor: Actor, visit: uuid.UUID, record: uuid.UUID, version: int, due: date | None
) -> Written:
    """Open an action again, due by another day, for whom it was given to. What came of it stays in the history, or in
    the update that tells it. For the party that wrote it, whoever closed it.

    Raises as `close`; `Conflict` where it was changed since `version`; `Invalid` by part: due, "" where it is open by
    now, or where whom it was given to cannot have it any more. The same form twice opens it once.
    """
    found, act, here = actions.find(session, doors, actor, visit, record)
    if acts.way(found.sight, here.head.owner, here.head.label, act.party) != "own":
        raise NotFound
    if act.state == acts.OPEN:
        if due and act.due == acts.instant(due.isoformat()):
            return Written(record, None)
        raise Invalid({"": OPEN_ALREADY})
    if here.record.version != version:
        raise Conflict(str(record), here.record.version)
    wrong = actions.due_problem(due, day_at(found.now))
    if due is None or wrong:
        raise Invalid({"due": wrong})
    if act.party != actor.party and (why := actions.cannot_have(session, found, shape_of(here.head), act.party)):
        raise Invalid({"": why})
    values = {acts.DUE_ON: due.isoformat(), acts.RESULT: "", acts.OUTCOME: ""}
    typed = {acts.field(name, here.head.label): text for name, text in values.items()}

    def steer(told: uuid.UUID) -> None:
        if not acts.reopen(session, act, acts.instant(due.isoformat())):
            raise Conflict(str(told), version)

    planned = writing.plan_edit(session, doors, actor, visit, record, version, typed, steer)
    with doors.log.transaction(session) as tx:
        if not isinstance(planned, Written):
            return writing.alter(tx, doors, actor, planned)
        steer(record)  # closed by the other party, and due on the same day: the record has it all
        return Written(record, said.receipt(tx.append(actions.entry(actor, found, here.head))))


@dataclass(frozen=True, slots=True)
class _Answer:
    """What came of an action, as it is written: into the action (`way` own), or into an update under `label`."""

    way: acts.Way
    label: str
    values: Mapping[str, str]


def _answer(found: Found, here: history.One, way: acts.Way, state: str, text: str, label: str) -> _Answer:
    own, result = here.head.label, acts.RESULTS.get(state, "")
    if way == "own":
        said_ = {acts.RESULT: result, acts.OUTCOME: text}
        return _Answer(way, own, {acts.field(name, own): words for name, words in said_.items()})
    under = own if acts.tells_under(found.sight, own) else label
    return _Answer(way, under, acting.update_values(under, state, text, found.now) if result else {})


def _said_before(act: Act, here: history.One, answer: _Answer, once: uuid.UUID | None) -> uuid.UUID | None:
    """The record that says this very answer already: the form came twice, or its page was lost on the way back."""
    if answer.way == "own":
        standing = {v.key: v.text for v in here.record.values}
        same = all(standing.get(key) == clean(words) for key, words in answer.values.items())
        return act.record if same and act.told == act.record else None
    if answer.way == "told" and once is not None:
        shape, case = Shape(acts.TELLS, answer.label, here.found.sight.capacity.party, False), act.case
        kept = {key: words for key, text in answer.values.items() if (words := clean(text))}
        return act.told if act.told == writing.id_of(once, case, shape, kept) else None
    return None
