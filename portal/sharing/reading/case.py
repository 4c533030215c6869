"""One case, for one visit: decide every field, log and commit, open only what is permitted."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from isa.agreement import Capacity
from isa.decision import Engine
from portal.audit.entry import Subject
from portal.auth.actor import Actor
from portal.db import MINUTE, from_micros, new_id, put
from portal.errors import NotFound, Refused
from portal.query import Query
from portal.sharing import emergency, facts, restrictions, said, talk, visits
from portal.sharing.days import day_at
from portal.sharing.disclosure import Disclosure, Emergency, Receipt, Record, Section
from portal.sharing.doors import Doors
from portal.sharing.fields import Invalid
from portal.sharing.reading import talk as said_below
from portal.sharing.reading.actions import of_case
from portal.sharing.reading.rows import Head, fetch, heads, highest_marking, open_record, shape_of
from portal.sharing.reading.talk import Below
from portal.sharing.sight import EXPORT, READ, UPDATE, Sight, category_of, sight
from portal.sharing.tables import CaseFile, CaseSeen
from portal.sharing.unseen import unseen
from portal.sharing.visits import Case, Visit

TIMELINE = 20
SPOKEN = (UPDATE, talk.COMMENT)
"""What stands in the timeline, and in no section."""
LONGEST_ON_PAPER = 300  # characters of a reason: it stands on every sheet
_SEEN = Query(
    select(CaseSeen.seen_at).where(CaseSeen.user == bindparam("user"), CaseSeen.case == bindparam("case")),
    itemgetter(0),
)


@dataclass(frozen=True, slots=True)
class Found:
    """A case this capacity may know of, with the decisions for it. Only this package and the writing door use it."""

    visit: Visit
    engine: Engine
    sight: Sight
    facts: facts.CaseFacts
    now: int


def find(session: Session, doors: Doors, actor: Actor, visit: uuid.UUID, operation: str = "consultation") -> Found:
    """The case of a visit with its decisions. A case that is missing, over or refused is logged and is `NotFound`.

    The same work is done for each of them, so that neither the page nor its cost tells which it was.
    """
    now = doors.clock()
    doors.book.refresh(session)
    try:
        live = visits.resolve(session, doors, actor, visit, now)
    except NotFound:
        live = None
    case = live.case if live else _nowhere(session, doors)
    engine = doors.book.engine(case.agreement)
    known = facts.of_case(session, engine.agreement, actor, case, now, emergency=bool(live and live.emergency))
    purpose = live.purpose if live else doors.book.role(Capacity(actor.party, actor.role))[2]
    seen = sight(engine, Capacity(actor.party, actor.role), known.known, purpose, from_micros(now))
    if live is None or not seen.knows_person:
        refuse(session, doors, actor, operation, case, purpose)
    assert live is not None
    return Found(live, engine, seen, known, now)


def leads(session: Session, doors: Doors, actor: Actor, visit: Visit) -> bool:
    """Whether a visit leads to a case that this capacity may know of. Opens nothing, so logs nothing.

    A visit is begun even where its case is then refused, and none where there is no case: a page that only says that
    a visit goes on, or is over, would tell the two apart.
    """
    doors.book.refresh(session)
    now = doors.clock()
    try:
        engine = doors.book.engine(visit.case.agreement)
    except NotFound:
        return False
    known = facts.of_case(session, engine.agreement, actor, visit.case, now, emergency=visit.emergency).known
    return sight(engine, Capacity(actor.party, actor.role), known, visit.purpose, from_micros(now)).knows_person


def live(session: Session, doors: Doors, actor: Actor, visit: uuid.UUID) -> Visit:
    """A live visit that leads somewhere, for pages that ask and show nothing yet. Raises `NotFound`."""
    found = visits.resolve(session, doors, actor, visit, doors.clock())
    if not leads(session, doors, actor, found):
        raise NotFound
    return found


def refuse(session: Session, doors: Doors, actor: Actor, operation: str, case: Case, purpose: str | None) -> None:
    """Log a refusal about a person known or not, and raise `NotFound` with the entry's reference."""
    with doors.log.transaction(session) as tx:
        receipt = tx.append(
            said.entry(
                operation,
                actor,
                outcome="refused",
                purpose=purpose,
                subjects=[said.about(case.person, case.id)],
            )
        )
    raise NotFound(receipt.reference)


def _nowhere(session: Session, doors: Doors) -> Case:
    """A case that does not exist, so that looking for it costs what a refusal costs."""
    agreement = doors.book.all()[0].id
    return Case(new_id(), doors.log.nobody(session), agreement, "", "open", "", None, None)


def case(session: Session, doors: Doors, actor: Actor, visit: uuid.UUID, older_than: int | None = None) -> Disclosure:
    """What the agreement gives this visit. Raises `NotFound`, `LogUnavailable`, `KeysUnavailable`.

    `older_than` (microseconds) shows an earlier page of the timeline. A value whose seal does not verify comes back
    broken, and a second entry records that.
    """
    found = find(session, doors, actor, visit)
    return _disclose(session, doors, actor, found, READ, "consultation", older_than)


def printed(session: Session, doors: Doors, actor: Actor, visit: uuid.UUID, reason: str, operation: str) -> Disclosure:
    """The case for paper or a file: only what may be exported, the whole timeline, the reason in the entry.

    `operation` is "print" or "export". A silent category is never in it. Raises as `case`, `Invalid` without a
    reason, and `Refused` where nothing may be exported (an emergency gives no export).
    """
    found = to_print(session, doors, actor, visit, reason, operation)
    return _disclose(session, doors, actor, found, EXPORT, operation, None, reason)


def to_print(session: Session, doors: Doors, actor: Actor, visit: uuid.UUID, reason: str, operation: str) -> Found:
    """A case of which something may leave the portal for this reason. Raises as `printed`."""
    found = find(session, doors, actor, visit, operation)
    if not reason:
        raise Invalid({"reason": "Say what you need it for. It is printed on every sheet and kept in the log"})
    if len(reason) > LONGEST_ON_PAPER:
        raise Invalid(
            {"reason": f"It must be {LONGEST_ON_PAPER} characters or fewer, for it is printed on every sheet"}
        )
    if found.visit.emergency or not found.sight.exports:
        refuse_export(session, doors, actor, found, operation)
    return found


def refuse_export(session: Session, doors: Doors, actor: Actor, found: Found, operation: str) -> None:
    """Log and raise `Refused`: nothing of the case may leave the portal."""
    case_file, purpose = found.visit.case, found.visit.purpose
    entry = said.entry(
        operation,
        actor,
        outcome="refused",
        purpose=purpose,
        agreement=found.sight.reference,
        subjects=[said.about(case_file.person, case_file.id)],
        visit=found.visit.id,
    )
    with doors.log.transaction(session) as tx:
        receipt = tx.append(entry)
    words = "For your purpose and in your role nothing of this case may be printed or exported."
    raise Refused("8.11", words, "", receipt.reference)


def _disclose(
    session: Session,
    doors: Doors,
    actor: Actor,
    found: Found,
    action: str,
    operation: str,
    older_than: int | None,
    reason: str = "",
) -> Disclosure:
    case_file, seen = found.visit.case, found.sight
    permitted = [h for h in heads(session, [case_file.id]) if seen.permitted(action, shape_of(h))]
    shown, older = _page(permitted, older_than, everything=action == EXPORT)
    below = Below()
    if action == READ:
        below = said_below.below(session, actor, case_file.id, permitted, shown, found.now, older_than is None)
    shown += below.heads
    sealed = fetch(session, doors.keys, [h.id for h in shown])
    before = _SEEN.first(session, user=actor.user, case=case_file.id)
    entry = said.entry(
        operation,
        actor,
        purpose=found.visit.purpose,
        agreement=seen.reference,
        decided=seen.outcome(action, {shape_of(h) for h in shown}),
        subjects=[subject_of(seen, case_file, shown, **({"justification": reason} if reason else {}))],
        visit=found.visit.id,
    )
    with doors.log.transaction(session) as tx:
        receipt = tx.append(entry)
        if action == READ and (before is None or found.now - before > MINUTE):
            put(session, CaseSeen, {"user": actor.user, "case": case_file.id}, {"seen_at": found.now})
        below.opened(session, actor, found.now)
    broken: list[tuple[uuid.UUID, str]] = []
    records = [r for h in shown if (r := open_record(seen, h, sealed, broken, action)) is not None]
    if broken:
        note_broken(session, doors, actor, found.visit.purpose, case_file, broken, found.visit.id)
    records = restrictions.standing(records, day_at(found.now), to_correct=action == READ)
    steered = of_case(session, seen, actor, case_file.id, permitted, records)
    given = _assemble(doors, found, records, older, said.receipt(receipt), before)
    return replace(given, actions=steered, talk=said_below.told(session, doors, actor, seen, below, records))


def note_broken(
    session: Session,
    doors: Doors,
    actor: Actor,
    purpose: str,
    case_file: Case | CaseFile,
    broken: Sequence[tuple[uuid.UUID, str]],
    visit: uuid.UUID | None = None,
) -> None:
    """Log that values did not open: which records and fields, in the sealed part of the entry, silent ones apart."""
    agreement = doors.book.engine(case_file.agreement).agreement
    quiet = [pair for pair in broken if agreement.categories[agreement.fields[pair[1]].category].silent]
    loud = [[r.hex, field] for r, field in broken if (r, field) not in quiet]
    detail = {"case": case_file.id.hex, "records": [], **({"broken": loud} if loud else {})}
    silent = {"records": [], "broken": [[r.hex, field] for r, field in quiet]} if quiet else None
    subject = Subject(case_file.person, detail, silent)
    with doors.log.transaction(session) as tx:
        tx.append(said.entry("open-failed", actor, outcome="failed", purpose=purpose, subjects=[subject], visit=visit))


def _page(permitted: Sequence[Head], older_than: int | None, everything: bool) -> tuple[list[Head], int | None]:
    """The records to open: all but the timeline, and one page of that; with where the next page begins, if any.
    Comments come with their updates, and never on paper (clause 8.85)."""
    updates = [h for h in permitted if h.kind == UPDATE]
    others = [h for h in permitted if h.kind not in SPOKEN]
    if everything:
        return others + updates, None
    if older_than is not None:
        updates = [h for h in updates if h.created_at < older_than]
    size = TIMELINE
    while size < len(updates) and updates[size].created_at == updates[size - 1].created_at:
        size += 1  # the next page begins before an instant: what happened at it stays together
    page = updates[:size]
    older = page[-1].created_at if len(updates) > size else None
    return others + page, older


def subject_of(seen: Sight, case_file: Case, shown: Sequence[Head], **more: object) -> Subject:
    """The sealed part: records with versions; those of silent categories in the part of their own."""
    loud: list[list[object]] = []
    silent: list[list[object]] = []
    for head in shown:
        category = seen.agreement.categories[category_of(seen.agreement, head.kind, head.label)]
        (silent if category.silent else loud).append([head.id.hex, head.version])
    detail = {"case": case_file.id.hex, "records": loud, **more}
    return Subject(case_file.person, detail, {"records": silent} if silent else None)


def silent_or_loud(case_file: Case, silent: bool, records: Sequence[object], more: Mapping[str, object]) -> Subject:
    """As `subject_of`, for what is written: recipients too are silent where the category is."""
    if silent:
        return Subject(case_file.person, {"case": case_file.id.hex, "records": []}, {"records": records, **more})
    return Subject(case_file.person, {"case": case_file.id.hex, "records": records, **more})


def _assemble(
    doors: Doors,
    found: Found,
    records: Sequence[Record],
    older: int | None,
    receipt: Receipt,
    before: int | None,
) -> Disclosure:
    seen, case_file = found.sight, found.visit.case
    agreement = seen.agreement
    sections = _sections(seen, records)
    categories = {s.id for s in sections if s.records}
    categories |= {category_of(agreement, r.kind, r.label) for r in records if r.kind in SPOKEN}
    opens = emergency.openings(found.engine, seen.capacity, found.facts.known, found.now)
    urgent = opens.words if opens else ()
    return Disclosure(
        case=case_file.id,
        visit=found.visit.id,
        reference=case_file.reference,
        borough=agreement.borough,
        agreement=seen.reference,
        purpose=found.visit.purpose,
        purpose_name=agreement.purposes[found.visit.purpose].name,
        marking=highest_marking(agreement, categories),
        receipt=receipt,
        state=case_file.state,
        review_due=from_micros(case_file.review_due) if case_file.review_due else None,
        lead_party=agreement.parties[case_file.lead_party].short if case_file.lead_party in agreement.parties else "",
        sections=sections,
        timeline=tuple(r for r in records if r.kind == UPDATE),
        timeline_older=older,
        safety=next((s.records for s in sections if s.id == "safety"), ()),
        writable=seen.addable,
        exportable=seen.exports and not found.visit.emergency,
        emergency=Emergency(from_micros(found.visit.ends), urgent) if found.visit.emergency else None,
        emergency_offered=() if found.visit.emergency else urgent,
        visit_ends=from_micros(found.visit.ends),
        seen_before=from_micros(before) if before else None,
        young=seen.withheld_young,
        unseen=unseen(seen),
    )


def _sections(seen: Sight, records: Sequence[Record]) -> tuple[Section, ...]:
    """Every category with something to show or to explain, in the agreement's order."""
    agreement = seen.agreement
    by_category: dict[str, list[Record]] = {}
    for record in records:
        if record.kind not in SPOKEN:
            by_category.setdefault(category_of(agreement, record.kind, record.label), []).append(record)
    return tuple(
        Section(key, category.name, tuple(by_category.get(key, ())), tuple(seen.withheld.get(key, ())))
        for key, category in agreement.categories.items()
        if key in by_category or key in seen.withheld
    )
