"""The actions of a case as a page shows them: records that were opened, each beside the row that steers it."""

import uuid
from collections.abc import Iterable, Sequence

from sqlalchemy.orm import Session

from portal.auth.actor import Actor
from portal.sharing import acts
from portal.sharing.acts import Act
from portal.sharing.days import day_at
from portal.sharing.disclosure import Action, Record
from portal.sharing.reading.rows import Head
from portal.sharing.sight import Sight


def of_case(
    session: Session, sight: Sight, actor: Actor, case: uuid.UUID, permitted: Iterable[Head], records: Sequence[Record]
) -> tuple[Action, ...]:
    """The actions among these records of a case: the open ones first, each as it is due; then the last closed first.

    `permitted` are the heads of all that may be read, shown on this page or not.
    """
    written = [record for record in records if record.kind == acts.KIND]
    if not written:
        return ()
    steered = acts.of_case(session, case)
    readable = {head.id for head in permitted}
    both = [(record, steered[record.id]) for record in written if record.id in steered]
    both.sort(key=lambda pair: (pair[1].state != acts.OPEN, -(pair[1].closed_at or 0), pair[1].due, pair[0].id))
    return tuple(action(sight, actor, record, act, act.told in readable) for record, act in both)


def action(sight: Sight, actor: Actor, record: Record, act: Act, told: bool) -> Action:
    """One of them. `told`: the record that says what came of it may be read. Without that, no more is said than that
    it is closed (clause 8.27)."""
    way = acts.way(sight, record.owner, record.label, act.party)
    result = acts.RESULTS.get(act.state, "") if told else ""
    return Action(
        record=record,
        due=day_at(act.due),
        open=act.state == acts.OPEN,
        holder=_holder(actor, act),
        may_close=act.state == acts.OPEN and bool(way),
        may_reopen=act.state != acts.OPEN and way == "own",
        closed_on=day_at(act.closed_at) if act.closed_at and told else None,
        result=result,
        outcome=record.text(acts.OUTCOME) if told else "",
        in_update=bool(result) and act.told != act.record,
    )


def _holder(actor: Actor, act: Act) -> str:
    if act.party != actor.party:
        return ""
    if act.user is None:
        return "nobody"
    return "you" if act.user == actor.user else "colleague"
