"""Referring someone: part of the writing door. One transaction has the records, the place in the inbox and the log."""

import hmac
import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from isa.agreement import Capacity, Field
from isa.explaining import text_for_user
from isa.reach import opened_by
from portal.audit.log import Transaction
from portal.auth import capacities
from portal.auth.actor import Actor
from portal.db import from_micros, new_id
from portal.errors import NotFound, Refused
from portal.keys.index_tags import SURNAME_DOB
from portal.query import Query
from portal.sharing import cases, facts, inbox, preview, said, storing
from portal.sharing.assigning import At, at_cases
from portal.sharing.days import day_at, is_minor
from portal.sharing.disclosure import Receipt
from portal.sharing.doors import Doors
from portal.sharing.fields import Invalid, check, clean
from portal.sharing.importing.matching import PURPOSE, persons
from portal.sharing.inbox import KIND
from portal.sharing.reading import namesakes
from portal.sharing.sight import BASIS, CONFIDENCE, CREATE, SHARE, Shape, sight
from portal.sharing.storing import BORN, NewRecord, Stored, tags_of
from portal.sharing.tables import Adoption, CaseFile, Referral, SearchTag
from portal.sharing.visits import CASE, Case

SURNAME, WHY, CRIME = "person.surname", "referral.reason", "referral.priority_crime"
DAY_REFERRED = "referral.referred_on"
OUTCOME, BECAUSE = "referral.outcome", "referral.outcome_reason"
GROUND, GIVEN_ON = "basis.ground", "basis.given_on"
NEEDED = {
    SURNAME: "Enter the surname",
    WHY: "Say why you refer this person",
    CRIME: "Choose the priority crime",
    GROUND: "Choose your basis: without one nobody else can read this",
}
OTHERS = frozenset({OUTCOME, BECAUSE, DAY_REFERRED, GIVEN_ON, "basis.withdrawn_on"})
"""Fields that no referrer fills in: those of the answer, and the day."""
_MADE = Query(select(Referral.id).where(Referral.id == bindparam("referral"), Referral.user == bindparam("by")))


def newcomer(
    session: Session, doors: Doors, actor: Actor, agreement: str, now: int, more: Mapping[str, bool] | None = None
) -> At:
    """What this capacity may do about somebody who has no case under an agreement, `more` being known besides. Raises
    `NotFound` for one not served, or whose party it is not."""
    engine = doors.book.engine(agreement)
    if actor.party not in engine.agreement.parties:
        raise NotFound
    case = Case(uuid.UUID(int=0), uuid.UUID(int=0), agreement, "", "open", "", None, None)
    known = facts.of_case(session, engine.agreement, actor, case, now)
    told = {**known.known, **(more or {})}
    seen = sight(engine, Capacity(actor.party, actor.role), told, PURPOSE, from_micros(now))
    return At(case, engine, seen, known, now)


def offered(at: At) -> dict[str, tuple[Field, ...]]:
    """By kind, the fields of a referral that this capacity may write and share; none where it may not refer."""
    found = {kind: _writable(at, kind, "") for kind in ("person", "identifiers", KIND)}
    wanted = {f.key for fields in found.values() for f in fields}
    if not {SURNAME, WHY, CRIME} <= wanted:
        return {}
    labels = bases(at)
    return {**found, BASIS: _writable(at, BASIS, labels[-1]) if labels else ()}


def bases(at: At) -> tuple[str, ...]:
    """The categories for which a referral of this party reaches nobody before a basis is recorded, the last that of
    its reason; none where others read it without one."""
    agreement, party = at.engine.agreement, at.sight.capacity.party
    opens = opened_by(agreement, CONFIDENCE, party)
    told = tuple(dict.fromkeys(agreement.fields[key].category for key in (SURNAME, WHY)))
    able = all(label in opens and _writable(at, BASIS, label) for label in told)
    return told if able else ()


def _writable(at: At, kind: str, label: str) -> tuple[Field, ...]:
    shape = Shape(kind, label, at.sight.capacity.party, False)
    shared = {f.key for f, _ in at.sight.permitted(SHARE, shape)}
    fields = (f for f, _ in at.sight.permitted(CREATE, shape) if f.key in shared)
    return tuple(f for f in fields if f.key.partition("@")[0] not in OTHERS)


def refer(
    session: Session, doors: Doors, actor: Actor, agreement: str, typed: Mapping[str, str], once: uuid.UUID
) -> uuid.UUID:
    """Refer somebody to the panel's list of an agreement; the id of the referral.

    `typed` by field key. Whom this capacity could find by these tags is known: the referral joins the open case. The
    answer is the same either way, so that it tells nothing. The same form twice (`once`) is one referral. Raises
    `NotFound`, `Refused` with the clause, `Invalid`, `LogUnavailable`.
    """
    now = doors.clock()
    doors.book.refresh(session)
    at = newcomer(session, doors, actor, agreement, now)
    fields = offered(at)
    if not fields:
        refuse(session, doors, actor, at, WHY, (CREATE, SHARE))
    values = checked(fields, typed, now)
    told = json.dumps([agreement, sorted((kind, sorted(of.items())) for kind, of in values.items())]).encode()
    identity = uuid.UUID(bytes=hmac.digest(once.bytes, told, "sha256")[:16], version=4)
    others = not_meant(session, doors, actor, values, now)
    with doors.log.transaction(session) as tx:
        capacities.require(session, actor, now)
        one_after_the_other(session, [agreement])
        if not _MADE.first(session, referral=identity, by=actor.user):
            case, joined = case_for(session, doors, actor, at, values, others)
            _keep(tx, doors, actor, at, case, joined, values)
            inbox.put(session, identity, case.id, actor.party, actor.user, now)
    return identity


def checked(fields: Mapping[str, Sequence[Field]], typed: Mapping[str, str], now: int) -> dict[str, dict[str, str]]:
    """By kind, the cleaned values. Raises `Invalid` with every problem, whichever kind it is in."""
    problems: dict[str, str] = {}
    values: dict[str, dict[str, str]] = {}
    for kind, of in fields.items():
        try:
            values[kind] = check(of, typed, day_at(now))
        except Invalid as wrong:
            problems |= wrong.problems
        problems |= {
            f.key: NEEDED[bare]
            for f in of
            if (bare := f.key.partition("@")[0]) in NEEDED and not clean(typed.get(f.key, ""))
        }
    if problems:
        raise Invalid(problems)
    today = day_at(now).isoformat()
    values[KIND][DAY_REFERRED] = today
    return {kind: given for kind, given in values.items() if given}


def one_after_the_other(session: Session, agreements: Iterable[str]) -> None:
    """Two referrals under one agreement are made one after the other: the second finds the person of the first."""
    rows = select(Adoption.id).where(Adoption.agreement.in_(list(agreements))).order_by(Adoption.id)
    session.connection().execute(rows.with_for_update())


def case_for(
    session: Session,
    doors: Doors,
    actor: Actor,
    at: At,
    values: Mapping[str, Mapping[str, str]],
    others: frozenset[uuid.UUID],
    same: uuid.UUID | None = None,
) -> tuple[Case, bool]:
    """The case the referral belongs to, and whether it was there: the open one of somebody known, else a new one.
    `same`: who it is; whoever has an open case that search would not show is entered anew all the same."""
    agreement, who = at.engine.agreement, _who(values)
    person = _known(session, doors, actor, who, at.now, same)[0]
    if person in others:
        person = None
    if person is not None:
        wanted = (CaseFile.person == person, CaseFile.agreement == agreement.id, CaseFile.state == "open")
        row = session.execute(select(*CASE).where(*wanted).order_by(CaseFile.opened_at.desc()).limit(1)).first()
        if row is not None:
            return Case._make(row), True
    reference = cases.next_references(session, agreement.borough, at.now, 1)[0]
    lead = next((p.id for p in agreement.parties.values() if p.kind == "council"), actor.party)
    if same is not None and not cases.has_open(session, same, agreement.id):
        person = same
    born, fresh = who.get(BORN), person or new_id()
    minor = is_minor(born, at.now) if born else None
    case = cases.open_file(session, fresh, agreement.id, reference, lead, at.now, minor=minor)
    return Case(case, fresh, agreement.id, reference, "open", lead, None, minor), False


def _who(values: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    return {**values.get("person", {}), **values.get("identifiers", {})}


def not_meant(
    session: Session,
    doors: Doors,
    actor: Actor,
    values: Mapping[str, Mapping[str, str]],
    now: int,
    same: uuid.UUID | None = None,
) -> frozenset[uuid.UUID]:
    """Who has the surname and date of birth that were typed and another forename, where no number says who it is."""
    who = _who(values)
    person, kinds = _known(session, doors, actor, who, now, same)
    if person is None or kinds != {SURNAME_DOB}:
        return frozenset()
    is_another = namesakes.another(session, doors, actor, person, who.get(namesakes.FORENAME, ""), PURPOSE, now)
    return frozenset({person} if is_another else ())


def _known(
    session: Session, doors: Doors, actor: Actor, who: Mapping[str, str], now: int, same: uuid.UUID | None
) -> tuple[uuid.UUID | None, set[str]]:
    """The one person whom all that was typed leads to, and by which kinds of tag; None where there is none, or
    something says it is another. `same` is known to be meant, and does not count beside somebody else.

    Better entered twice than on the wrong person: a duplicate can be found and put right.
    """
    found = persons(session, doors, actor, who, now)
    people = frozenset[uuid.UUID]().union(*found.values())
    people = people - {same} or people
    if len(people) != 1:
        return None, set()
    [person] = people
    tags = list(tags_of(doors, who))
    theirs = select(SearchTag.kind, SearchTag.tag).join(CaseFile, CaseFile.id == SearchTag.case)
    held = {tuple(row) for row in session.execute(theirs.where(CaseFile.person == person))}
    kinds = {kind for kind, _ in held} & {kind for kind, _ in tags}
    alike = {kind for kind, tag in tags if (kind, tag) in held}
    return (person if kinds <= alike else None), alike


def _keep(
    tx: Transaction,
    doors: Doors,
    actor: Actor,
    at: At,
    case: Case,
    joined: bool,
    values: Mapping[str, Mapping[str, str]],
) -> None:
    """Store the records and log them: what was entered, and to whom that discloses it."""
    session, agreement = tx.session, at.engine.agreement
    born = values.get("person", {}).get(BORN)
    minor = stricter(case.minor, is_minor(born, at.now) if born else case.minor if joined else None)
    records = [record(actor, case, at.now, kind, dict(of), minor) for kind, of in values.items() if kind != BASIS]
    for label in bases(at) if BASIS in values else ():
        given = {f"{key.partition('@')[0]}@{label}": text for key, text in values[BASIS].items()}
        given[f"{GIVEN_ON}@{label}"] = day_at(at.now).isoformat()
        records.append(replace(record(actor, case, at.now, BASIS, given, minor), label=label, state="in_force"))
    stored = storing.store(session, doors, agreement, records, aging=True)
    there = at_cases(session, doors, actor, [case], PURPOSE, at.now)[case.id]
    shapes = {Shape(r.kind, r.label, actor.party, False) for r in records}
    append(tx, "collection", actor, there, CREATE, shapes, stored, **({"joined": True} if joined else {}))
    recipients = preview.recipients(session, there, Shape(KIND, "", actor.party, minor))
    append(tx, "disclosure", actor, there, SHARE, shapes, stored, recipients=list(recipients))


def stricter(one: bool | None, other: bool | None) -> bool | None:
    """A youth label for both: young if either says so, adult if none says otherwise."""
    return True if one or other else None if one is None and other is None else False


def record(actor: Actor, case: Case, now: int, kind: str, values: Mapping[str, str], minor: bool | None) -> NewRecord:
    """A new record of the actor's party on a case."""
    place = (new_id(), case.id, case.person, kind, "", actor.party)
    return NewRecord(*place, now, actor.user, values, made_as_youth=minor)


def refuse(session: Session, doors: Doors, actor: Actor, at: At, key: str, actions: Sequence[str]) -> None:
    """Log and raise `Refused` with the first clause that does not let this capacity do one of these to the field."""
    decisions = (at.sight.decide(action, key, actor.party) for action in actions)
    refused = next((d for d in decisions if not d.permit), None)
    if refused is None:
        return
    person = at.case.person if at.case.person.int else doors.log.nobody(session)
    with doors.log.transaction(session) as tx:
        entry = said.entry(
            "collection",
            actor,
            outcome="refused",
            purpose=PURPOSE,
            agreement=at.sight.reference,
            subjects=[said.about(person, at.case.id, refused=[[key, refused.clause]])],
        )
        receipt = tx.append(entry)
    raise Refused(refused.clause, text_for_user(at.engine.agreement, refused), "", receipt.reference)


def append(
    tx: Transaction,
    operation: str,
    actor: Actor,
    at: At,
    action: str,
    shapes: set[Shape],
    stored: Sequence[Stored],
    **more: object,
) -> Receipt:
    """Log what was stored at a case; `more` goes into the sealed part."""
    entry = said.entry(
        operation,
        actor,
        purpose=PURPOSE,
        agreement=at.sight.reference,
        decided=at.sight.outcome(action, shapes),
        subjects=[said.about(at.case.person, at.case.id, [(s.id, s.version) for s in stored], **more)],
        sealed_sha256=[s.head for s in stored],
    )
    return said.receipt(tx.append(entry))
