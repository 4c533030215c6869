"""What steers an action: which party is to do it, who of it, by which day, and whether it is still open.

The words are the `action` record of the same id. Ids and dates alone: nothing here opens or logs.
"""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Literal, NamedTuple

from sqlalchemy import ColumnElement, and_, bindparam, exists, insert, or_, select, update
from sqlalchemy.orm import Session, aliased

from portal.db import DAY, to_micros
from portal.query import Query
from portal.sharing.days import midnight
from portal.sharing.fields import Invalid
from portal.sharing.sight import EDIT, SHARE, Shape, Sight
from portal.sharing.tables import ActionRow, Assignment, CaseFile, RecordRow

KIND, TELLS = "action", "update"
"""The kind of record that an action is; and the kind in which another party than its writer says what came of it."""
OPEN, DONE, DROPPED = "open", "done", "dropped"
RESULTS: Mapping[str, str] = {DONE: "Done", DROPPED: "No longer needed"}
"""State of a closed action → the choice of the field `result`."""
TASK, GIVEN_TO, DUE_ON, RESULT, OUTCOME = "task", "given_to", "due_on", "result", "outcome"
WEEK = 7 * DAY
MOST = 2_000
"""Rows that a list looks at, the first due first: more than anybody can work through."""


class Act(NamedTuple):
    """One row, in the order of `_ACT`. `user` None: nobody of the party has taken it."""

    record: uuid.UUID
    case: uuid.UUID
    party: str
    user: uuid.UUID | None
    due: int
    state: str
    closed_at: int | None
    told: uuid.UUID | None


_ACT = (
    ActionRow.record,
    ActionRow.case,
    ActionRow.party,
    ActionRow.user,
    ActionRow.due,
    ActionRow.state,
    ActionRow.closed_at,
    ActionRow.told,
)
_OF_CASE = Query(select(*_ACT).where(ActionRow.case == bindparam("case")), Act._make)
_SOME = select(*_ACT).where(ActionRow.record.in_(bindparam("records", expanding=True)))
_OF_RECORDS = Query(_SOME, Act._make)
_LOCKED = _SOME.with_for_update()
_SHAPE = Query(
    select(RecordRow.kind, RecordRow.label, RecordRow.owner, RecordRow.made_as_youth).where(
        RecordRow.id == bindparam("record")
    ),
    Shape._make,
)


def _on_the_case(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Somebody's post on the case of the row, for its party, now."""
    return exists().where(
        Assignment.case == ActionRow.case,
        Assignment.party == ActionRow.party,
        Assignment.starts <= bindparam("now"),
        or_(Assignment.ends.is_(None), Assignment.ends > bindparam("now")),
        *conditions,
    )


_BEFORE = aliased(Assignment)
_IN_THEIR_PLACE = and_(
    Assignment.covers.is_(None),
    Assignment.user != ActionRow.user,
    exists().where(
        _BEFORE.case == ActionRow.case,
        _BEFORE.party == ActionRow.party,
        _BEFORE.user == ActionRow.user,
        _BEFORE.ends == Assignment.starts,
    ),
)
"""A hand-over for good that began later than it was arranged: one post ends at the instant the other begins."""
_GONE = ~_on_the_case(Assignment.user == ActionRow.user)
_MINE = or_(
    ActionRow.user == bindparam("user"),
    _on_the_case(Assignment.user == bindparam("user"), Assignment.covers == ActionRow.user),
    and_(_GONE, _on_the_case(Assignment.user == bindparam("user"), _IN_THEIR_PLACE)),
)
_ASTRAY = or_(
    ActionRow.user.is_(None),
    ActionRow.user.not_in(bindparam("able", expanding=True)),
    and_(
        ActionRow.user.not_in(bindparam("everywhere", expanding=True)),
        _GONE,
        ~_on_the_case(Assignment.user.in_(bindparam("able", expanding=True)), _IN_THEIR_PLACE),
    ),
)
_DUE = and_(_MINE, ActionRow.due < bindparam("soon"))


def _waiting(*conditions: ColumnElement[bool]) -> Query[Act]:
    return Query(
        select(*_ACT)
        .join(CaseFile, CaseFile.id == ActionRow.case)
        .where(ActionRow.party == bindparam("party"), ActionRow.state == OPEN, CaseFile.state == "open", *conditions)
        .order_by(ActionRow.due, ActionRow.record)
        .limit(MOST),
        Act._make,
    )


_OF_PERSON = _waiting(_DUE)
_OF_PARTY = _waiting(or_(_DUE, _ASTRAY, ActionRow.due < bindparam("late")))
_NOBODY = uuid.UUID(int=0)
_GIVEN_BY = Query(
    select(RecordRow.id, RecordRow.created_by).where(
        RecordRow.id.in_(bindparam("records", expanding=True)), RecordRow.created_at > bindparam("since")
    ),
    tuple,
)


def of_case(session: Session, case: uuid.UUID) -> dict[uuid.UUID, Act]:
    """The actions of a case, by record."""
    return {act.record: act for act in _OF_CASE.all(session, case=case)}


def shape_of(session: Session, record: uuid.UUID) -> Shape | None:
    """The shape of the record that tells what came of an action, as far as there is one."""
    return _SHAPE.first(session, record=record)


def held(session: Session, records: Collection[uuid.UUID]) -> dict[uuid.UUID, Act]:
    """These actions, held until this write transaction commits: nobody else closes or takes them meanwhile."""
    if not records:
        return {}
    session.connection().execute(_LOCKED, {"records": list(records)})
    return {act.record: act for act in _OF_RECORDS.all(session, records=list(records))}  # anew: once the lock is ours


def due_for(session: Session, party: str, user: uuid.UUID, now: int, soon: int) -> list[Act]:
    """The open actions of a person, or of a colleague whom they cover or whose place they took, that are due before
    `soon`; the oldest first."""
    return _OF_PERSON.all(session, party=party, user=user, now=now, soon=soon)


def due_for_party(
    session: Session,
    party: str,
    user: uuid.UUID,
    now: int,
    soon: int,
    late: int,
    able: Sequence[uuid.UUID],
    everywhere: Sequence[uuid.UUID],
) -> list[Act]:
    """As `due_for`, and of the whole party those due before `late` and those that nobody has now: nobody took them, or
    whoever did is not among the `able`, who may work on cases, or no longer works on this one (`everywhere` are those
    who see cases without being assigned)."""
    return _OF_PARTY.all(
        session,
        party=party,
        user=user,
        now=now,
        soon=soon,
        late=late,
        able=able or [_NOBODY],
        everywhere=everywhere or [_NOBODY],
    )


def given_by(session: Session, records: Sequence[uuid.UUID], since: int) -> dict[uuid.UUID, uuid.UUID]:
    """Who gave these actions, of those that were given after an instant."""
    return dict(_GIVEN_BY.all(session, records=records, since=since)) if records else {}


def add(session: Session, act: Act) -> None:
    """Insert a row. Inside the transaction that stores its record."""
    session.connection().execute(insert(ActionRow).values(act._asdict()))


def close(
    session: Session, records: Iterable[uuid.UUID], state: str, now: int, told: Mapping[uuid.UUID, uuid.UUID]
) -> int:
    """Close those of these that are open, in the transaction that writes what came of them; how many were. `told`:
    action → the record that says it."""
    rows = [{"of": r, "to": state, "at": now, "by": told[r]} for r in records]
    if not rows:
        return 0
    statement = (
        update(ActionRow)
        .where(ActionRow.record == bindparam("of"), ActionRow.state == OPEN)
        .values(state=bindparam("to"), closed_at=bindparam("at"), told=bindparam("by"))
    )
    return session.connection().execute(statement, rows).rowcount


def reopen(session: Session, closed: Act, due: int) -> bool:
    """Open an action again that is closed as it was read, due anew, for whom it was given to; whether it still was."""
    state, at = ActionRow.state == closed.state, ActionRow.closed_at == closed.closed_at
    still = (ActionRow.record == closed.record, state, at)
    values = {"state": OPEN, "closed_at": None, "told": None, "due": due}
    return session.connection().execute(update(ActionRow).where(*still).values(values)).rowcount == 1


def give(session: Session, record: uuid.UUID, user: uuid.UUID, held: uuid.UUID | None) -> bool:
    """Let somebody of its party have an action that is open and that `held` has (None: nobody); whether it was so."""
    still = (ActionRow.record == record, ActionRow.state == OPEN, ActionRow.user == held)
    return session.connection().execute(update(ActionRow).where(*still).values(user=user)).rowcount == 1


def hand_over(session: Session, party: str, cases: Collection[uuid.UUID], user: uuid.UUID, to: uuid.UUID) -> None:
    """What somebody still has to do on these cases goes with them to the colleague."""
    if cases:
        mine = (ActionRow.party == party, ActionRow.user == user, ActionRow.state == OPEN, ActionRow.case.in_(cases))
        session.connection().execute(update(ActionRow).where(*mine).values(user=to))


def follow(session: Session, record: uuid.UUID, changed: Mapping[str, str]) -> None:
    """A day that was corrected in the record is corrected here. Inside the same transaction."""
    days = [text for key, text in changed.items() if key.startswith(f"{KIND}.{DUE_ON}@")]
    if days:
        values = {"due": instant(days[0])}
        session.connection().execute(update(ActionRow).where(ActionRow.record == record).values(values))


def instant(day: str) -> int:
    """The first instant, in London, of a day as a record has it."""
    return to_micros(midnight(date.fromisoformat(day)))


def field(name: str, label: str, kind: str = KIND) -> str:
    """The key of a field under a label."""
    return f"{kind}.{name}@{label}"


def correctable(standing: Iterable[str]) -> set[str]:
    """Of the fields that stand in an action, those that its writer may correct by themselves: what is to be done, by
    when, what came of it. Whom it is given to and whether it is closed is said in another way, in step with the row."""
    return {key for key in standing if key.partition("@")[0] in {f"{KIND}.{n}" for n in (TASK, DUE_ON, OUTCOME)}}


def corrected(standing: Mapping[str, str], typed: Mapping[str, str]) -> dict[str, str]:
    """What of a correction counts. Raises `Invalid` where it would leave one of them empty."""
    kept = {key: text for key, text in typed.items() if key in correctable(standing)}
    empty = {key: "This cannot be left empty" for key, text in kept.items() if not text.strip()}
    if empty:
        raise Invalid(empty)
    return kept


Way = Literal["own", "told", ""]


def way(sight: Sight, owner: str, label: str, party: str) -> Way:
    """How this capacity may close an action: in the record, where its own party wrote it; by telling in a record of its
    own what came of it, where its party was given it; or not at all."""
    mine = sight.capacity.party
    if owner == mine:
        ways = ((EDIT, field(RESULT, label)), (SHARE, field(RESULT, label)))
        return "own" if all(sight.decide(action, key, mine).permit for action, key in ways) else ""
    if party == mine and any(shape.kind == TELLS for shape in sight.writable):
        return "told"
    return ""


def tells_under(sight: Sight, label: str) -> bool:
    """Whether this capacity may say what came of an action under the action's own label."""
    return any(shape.kind == TELLS and shape.label == label for shape in sight.writable)
