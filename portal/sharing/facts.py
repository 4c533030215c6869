"""The facts of one person at a case: what an agreement's `when` and `unless` ask for.

A fact is True, False or not in the mapping: unknown, which never helps.
"""

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from isa.agreement import Agreement
from portal.auth.actor import Actor, Contracts
from portal.db import DAY
from portal.query import Query
from portal.sharing import asks
from portal.sharing.meeting_tables import AgendaItem, Attendance, Meeting
from portal.sharing.sight import BASIS, CONFIDENCE
from portal.sharing.tables import Assignment, CaseFile, RecordRow
from portal.sharing.visits import Case

HOUSING, EDUCATION = "accommodation", "education, training, employment"
DELIVERS = {HOUSING: "delivering_housing", EDUCATION: "delivering_ete"}
"""The pathway an assignment names → the fact that its party delivers it."""
MEETING_OPEN, CONTRACTED = "meeting_open", "contracted"
LATELY_CLOSED, LATELY = "lately_closed", 28 * DAY
"""True of a closed case for so long (clause 8.92); of an open one it is not asked."""

_ASSIGNED = select(Assignment.case, Assignment.user, Assignment.party, Assignment.pathway).where(
    Assignment.case.in_(bindparam("cases", expanding=True)),
    Assignment.starts <= bindparam("now"),
    or_(Assignment.ends.is_(None), Assignment.ends > bindparam("now")),
)
_LIVE = Query(_ASSIGNED)
_OWN = Query(_ASSIGNED.where(Assignment.party == bindparam("party")))
_BASES = Query(
    select(RecordRow.case, RecordRow.owner, RecordRow.label, RecordRow.state)
    .where(RecordRow.case.in_(bindparam("cases", expanding=True)), RecordRow.kind == BASIS)
    .order_by(RecordRow.created_at, RecordRow.id)
)
_IN_MEETING = Query(
    select(AgendaItem.case)
    .join(Meeting, Meeting.id == AgendaItem.meeting)
    .join(Attendance, Attendance.meeting == Meeting.id)
    .where(
        AgendaItem.case.in_(bindparam("cases", expanding=True)),
        Attendance.capacity == bindparam("capacity"),
        Attendance.joined_at.is_not(None),
        Meeting.closed_at.is_(None),
        Meeting.ends > bindparam("now"),
    ),
    itemgetter(0),
)


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """Facts of one actor at one case, the parties that have somebody assigned to it, (party, fact) for each of those
    that delivers a pathway, and what is recorded of contracts."""

    known: Mapping[str, bool]
    parties: frozenset[str]
    delivers: frozenset[tuple[str, str]]
    contracts: Contracts


def of_case(
    session: Session, agreement: Agreement, actor: Actor, case: Case | CaseFile, now: int, emergency: bool = False
) -> CaseFacts:
    """Look up every fact the portal can decide for this actor at this case, at this instant."""
    return of_cases(session, {agreement.id: agreement}, actor, [case], now, emergency)[case.id]


def of_cases(
    session: Session,
    agreements: Mapping[str, Agreement],
    actor: Actor,
    cases: Sequence[Case | CaseFile],
    now: int,
    emergency: bool = False,
    own: bool = False,
) -> dict[uuid.UUID, CaseFacts]:
    """As `of_case` for many cases, in three statements. `own`: look only at the actor's party."""
    ids = [case.id for case in cases]
    live: dict[uuid.UUID, list[tuple[uuid.UUID, str, str | None]]] = defaultdict(list)
    assigned = (
        _OWN.all(session, cases=ids, now=now, party=actor.party) if own else _LIVE.all(session, cases=ids, now=now)
    )
    for case_id, user, party, pathway in assigned:
        live[case_id].append((user, party, pathway))
    confidence: dict[uuid.UUID, dict[str, bool]] = defaultdict(dict)
    for case_id, owner, label, state in _BASES.all(session, cases=ids):
        # A basis opens the category that it names, its label; the latest that the owner recorded for it decides.
        confidence[case_id][f"{CONFIDENCE}:{owner}:{label}"] = state == "in_force"
    if ids and _sees_only_meetings(agreements, actor):
        for case_id in _IN_MEETING.all(session, cases=ids, capacity=actor.capacity, now=now):
            confidence[case_id][MEETING_OPEN] = True
    else:
        # Granted to this person in this capacity alone, and no longer than it lasts (clause 8.28).
        for case_id, owner, field in asks.granted(session, ids, actor, now):
            confidence[case_id][asks.fact(owner, field)] = True
    return {
        case.id: _facts(agreements[case.agreement], actor, case, live[case.id], confidence[case.id], emergency, now)
        for case in cases
    }


def _sees_only_meetings(agreements: Mapping[str, Agreement], actor: Actor) -> bool:
    """Whether nothing but a meeting opens a case to this role: of others nobody needs to ask."""
    roles = (a.roles.get(actor.role) for a in agreements.values())
    return any(role is not None and role.content and role.reach == "none" for role in roles)


def _facts(
    agreement: Agreement,
    actor: Actor,
    case: Case | CaseFile,
    live: Sequence[tuple[uuid.UUID, str, str | None]],
    confidence: Mapping[str, bool],
    emergency: bool,
    now: int,
) -> CaseFacts:
    known = {
        "assigned": is_assigned(agreement, actor, [(user, of) for user, of, _ in live]),
        "case_open": case.state == "open",
        **contracted(agreement, actor.party, actor.contracts),
        "emergency": emergency,
        **actor.induction.facts(now),
        **dict.fromkeys(DELIVERS.values(), False),
        **confidence,
    }
    if case.state != "open" and case.closed_at is not None:
        known[LATELY_CLOSED] = now < case.closed_at + LATELY
    delivers = []
    for _, of, pathway in live:
        if pathway in DELIVERS:
            delivers.append((of, DELIVERS[pathway]))
            if of == actor.party:
                known[DELIVERS[pathway]] = True
    return CaseFacts(known, frozenset(of for _, of, _ in live), frozenset(delivers), actor.contracts)


def contracted(agreement: Agreement, party: str, recorded: Contracts) -> dict[str, bool]:
    """Whether a party acts for another under a contract in force, by what is recorded (clause 9.36): false where it
    acts for nobody, absent where nothing was recorded yet. Everyone who decides asks here."""
    found = agreement.parties.get(party)
    if found is None or found.acts_for is None:
        return {CONTRACTED: False}
    told = {runs for of, controller, runs in recorded if (of, controller) == (party, found.acts_for)}
    return {CONTRACTED: True in told} if told else {}


def is_assigned(agreement: Agreement, actor: Actor, live: Sequence[tuple[uuid.UUID, str]]) -> bool:
    """Whether a case is assigned to this actor, by the reach of the role: own, the party's, or the agreement's."""
    role = agreement.roles.get(actor.role)
    if role is None or actor.party not in agreement.parties:
        return False
    match role.reach:
        case "assigned":
            return (actor.user, actor.party) in live
        case "party":
            return any(party == actor.party for _, party in live)
        case "agreement":
            return True
        case _:
            return False
