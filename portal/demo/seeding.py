"""Fills an empty installation with the invented people of the demo, through the same sealing and log as real work."""

import json
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice

from sqlalchemy import select
from sqlalchemy.orm import Session

from isa.agreement import Agreement
from portal.audit.entry import Entry, Subject
from portal.auth import capacities, induction, people
from portal.auth.tags import Tags
from portal.db import new_id, to_micros
from portal.demo import joining
from portal.demo.people.shapes import CaseDraft, Draft, Edit, Nominal, Staff, Steered
from portal.demo.people.vocabulary import REFERRED
from portal.sharing import acts, answering, cases, inbox, referring, staff, storing
from portal.sharing.book import adopt
from portal.sharing.contracts import install as install_contract
from portal.sharing.days import day_at, is_minor, midnight
from portal.sharing.doors import Doors
from portal.sharing.storing import NewRecord
from portal.sharing.tables import CaseFile, RecordRow

BATCH = 40
CONTRACTS = {"substance": ("Drug and alcohol treatment", 820), "voluntary": ("Mentoring and resettlement", 26)}
"""What those that act for others call their contracts, by the kind of party, and the days that are left of them."""
UNSIGNED = {"harrow-iom": frozenset({"harrow_bridges"})}
"""Parties that have not signed yet, so that the demo shows what that looks like."""

Progress = Callable[[int], object]


def sign_agreements(session: Session, doors: Doors) -> None:
    """Every party signs its agreement on the day it takes effect, but for those in `UNSIGNED`."""
    with doors.log.transaction(session) as tx:
        for agreement in doors.book.all():
            start = micros(agreement.effective)
            for party in agreement.parties:
                if party not in UNSIGNED.get(agreement.id, ()):
                    adopt(session, agreement, party, start)
                    tx.append(Entry("agreement-signed", agency=party, agreement=agreement.reference))
    doors.book.refresh(session)


def record_contracts(session: Session, doors: Doors) -> None:
    """Whoever acts for another has a contract: one that runs out soon, so that the demo shows what that looks like."""
    today = day_at(doors.clock())
    began = date(today.year - 1 - (today.month < 4), 4, 1)
    for agreement in doors.book.all():
        for party in agreement.parties.values():
            if party.acts_for is not None:
                called, left = CONTRACTS.get(party.kind, ("Services", 800))
                ends = to_micros(midnight(today + timedelta(days=left + 1)))
                words = f"{called}, contract of {began.year}"
                install_contract(session, doors, party, words, to_micros(midnight(began)), ends)


def enrol(
    session: Session, doors: Doors, tags: Tags, everyone: Iterable[Staff], issuer: Callable[[str], str], now: int
) -> dict[str, uuid.UUID]:
    """Accounts, sealed names and capacities of the staff; ids by key. Runs again without harm."""
    users: dict[str, uuid.UUID] = {}
    for one in everyone:
        with doors.log.transaction(session) as tx:
            user = people.register(session, tags.identity(issuer(one.party), one.key), one.party, now)
            staff.keep(session, doors.keys, user, one.party, one.name, one.email)
            held = {(c.party, c.role) for c in capacities.current(session, user, now)}
            for party, role in one.capacities:
                if (party, role) not in held:
                    capacities.install(tx, user, party, role, now, None, now)
            if not held:
                for party in dict.fromkeys(party for party, _ in one.capacities):
                    induction.install(tx, user, party, joining.recorded(one.key, len(users), now), now)
            tx.append(Entry("collection", agency=one.party, subjects=[Subject(user, {"staff": True})]))
        users[one.key] = user
    return users


def tell(
    session: Session,
    doors: Doors,
    nominals: Iterable[Nominal],
    users: Mapping[str, uuid.UUID],
    parties: Mapping[str, str],
    now: int,
    progress: Progress = lambda count: None,
) -> dict[str, uuid.UUID]:
    """Store people, cases and records in batches, each batch whole or not at all; case ids by reference.

    `users` and `parties` are by staff key. A case whose reference is there already is left alone, so that an
    interrupted run can be taken up.
    """
    known = {row.reference: row.id for row in session.execute(select(CaseFile.reference, CaseFile.id))}
    agreements = {a.id: a for a in doors.book.all()}
    for batch in batches(nominals, BATCH):
        with doors.log.transaction(session) as tx:
            for nominal in batch:
                person = new_id()
                for case in nominal.cases:
                    if case.reference in known:
                        continue
                    agreement = agreements[case.agreement]
                    drafts = nominal.drafts[case.reference]
                    known[case.reference] = _case(session, doors, agreement, person, case, drafts, users, parties, now)
                    subject = Subject(person, {"case": known[case.reference].hex, "records": len(drafts)})
                    tx.append(
                        Entry("import", agency=case.lead_party, agreement=agreement.reference, subjects=[subject])
                    )
        progress(len(batch))
    return known


def _case(
    session: Session,
    doors: Doors,
    agreement: Agreement,
    person: uuid.UUID,
    case: CaseDraft,
    drafts: Iterable[Draft],
    users: Mapping[str, uuid.UUID],
    parties: Mapping[str, str],
    now: int,
) -> uuid.UUID:
    drafts = list(drafts)
    identity = cases.open_file(
        session,
        person,
        agreement.id,
        case.reference,
        case.lead_party,
        micros(case.opened),
        state="deselected" if case.state == "De-selected" else "open",
        review_due=micros(case.review_due),
        closed_at=micros(case.closed) if case.closed else None,
        minor=_minor(drafts, now),
    )
    new = [_record(agreement, identity, person, draft, users) for draft in drafts]
    storing.store(session, doors, agreement, new)
    told = {draft.author: r.id for draft, r in zip(drafts, new, strict=True) if draft.kind == "assignment"}
    roster = {one.staff: one for one in case.assignments}
    for key, given in roster.items():
        starts, ends = micros(given.starts), micros(given.until + timedelta(days=1)) if given.until else None
        cases.assign(
            session, identity, users[key], parties[key], given.role, starts, ends, given.pathway, told.get(key)
        )
    for draft, record in zip(drafts, new, strict=True):
        _edits(session, doors, agreement, record, draft, users)
    cases.steer(session, identity, _release(drafts), now)
    if case.state == REFERRED:
        _refer(session, identity, micros(case.opened), list(zip(drafts, new, strict=True)))
    answers = {draft.answers: record for draft, record in zip(drafts, new, strict=True) if draft.answers}
    for draft, record in zip(drafts, new, strict=True):
        if draft.steered is not None:
            acts.add(session, _steered(record, draft, draft.steered, answers.get(draft.steered.name), users))
    return identity


def _release(drafts: Iterable[Draft]) -> dict[str, str]:
    """The day somebody comes out, as the last record that says it has it."""
    days = [
        (f"{d.kind}.release_on", each["release_on"]) for d in drafts for each in _versions(d) if "release_on" in each
    ]
    return dict(days[-1:])


def _versions(draft: Draft) -> Iterator[Mapping[str, str]]:
    yield draft.values
    yield from (edit.values for edit in draft.later)


def _refer(session: Session, case: uuid.UUID, opened: int, written: Iterable[tuple[Draft, NewRecord]]) -> None:
    """Who is not selected yet waits in the inbox since the case was opened, or was answered there.

    The answer is the record that gives no reason for referring.
    """
    referrals = [(draft, record) for draft, record in written if draft.kind == inbox.KIND]
    answers = [record for draft, record in referrals if "reason" not in draft.values]
    said = {words: state for state, words in answering.ANSWERS.items()}
    for draft, record in referrals:
        if "reason" not in draft.values:
            continue
        referral = new_id()
        inbox.put(session, referral, case, record.owner, record.by, opened)
        [item] = inbox.some(session, [referral])
        for answer in answers:
            inbox.move(session, item, item.version, said[answer.values[referring.OUTCOME]], answer.at)
            inbox.answered(session, referral, answer.id)


def _steered(
    record: NewRecord, draft: Draft, by: Steered, answer: NewRecord | None, users: Mapping[str, uuid.UUID]
) -> acts.Act:
    """The row of an action, closed by its last version or by the answer of another party."""
    due, user = acts.instant(draft.values["due_on"]), users.get(by.staff)
    results = {words: state for state, words in acts.RESULTS.items()}
    closed = [(to_micros(e.at), record.id, results[e.values["result"]]) for e in draft.later if "result" in e.values]
    if answer is not None:
        dropped = answer.values[f"update.text@{answer.label}"].startswith("Action no longer needed")
        closed = [(answer.at, answer.id, acts.DROPPED if dropped else acts.DONE)]
    if not closed:
        return acts.Act(record.id, record.case, by.party, user, due, acts.OPEN, None, None)
    at, told, state = closed[-1]
    return acts.Act(record.id, record.case, by.party, user, due, state, at, told)


def _record(
    agreement: Agreement, case: uuid.UUID, person: uuid.UUID, draft: Draft, users: Mapping[str, uuid.UUID]
) -> NewRecord:
    return NewRecord(
        id=new_id(),
        case=case,
        person=person,
        kind=draft.kind,
        label=draft.label or "",
        owner=draft.owner,
        at=to_micros(draft.at),
        by=users[draft.author],
        values={_key(draft, name): text for name, text in draft.values.items()},
        made_as_youth=draft.made_as_youth,
        state=(draft.state or "in_force") if draft.kind == "basis" else "",
    )


def _edits(
    session: Session,
    doors: Doors,
    agreement: Agreement,
    record: NewRecord,
    draft: Draft,
    users: Mapping[str, uuid.UUID],
) -> None:
    whole = dict(record.values)
    for number, edit in enumerate(draft.later, start=1):
        head = session.connection().execute(select(RecordRow.head).where(RecordRow.id == record.id)).scalar_one()
        changed = _changed(record, draft, edit, users)
        whole.update(changed.values)
        storing.change(session, doors, agreement, changed, number, json.loads(head), whole)


def _changed(record: NewRecord, draft: Draft, edit: Edit, users: Mapping[str, uuid.UUID]) -> NewRecord:
    return NewRecord(
        id=record.id,
        case=record.case,
        person=record.person,
        kind=record.kind,
        label=record.label,
        owner=record.owner,
        at=to_micros(edit.at),
        by=users[edit.author],
        values={_key(draft, name): text for name, text in edit.values.items()},
        state=edit.state or record.state,
    )


def _key(draft: Draft, name: str) -> str:
    return f"{draft.kind}.{name}@{draft.label}" if draft.label else f"{draft.kind}.{name}"


def _minor(drafts: Iterable[Draft], now: int) -> bool | None:
    for draft in drafts:
        if draft.kind == "person" and draft.values.get("date_of_birth"):
            born = draft.values["date_of_birth"]
            for edit in draft.later:
                born = edit.values.get("date_of_birth", born)
            return is_minor(born, now)
    return None


def micros(day: date) -> int:
    """Midnight UTC of a day, in microseconds."""
    return to_micros(datetime.combine(day, time.min, UTC))


def batches(items: Iterable[Nominal], size: int) -> Iterator[list[Nominal]]:
    """The items in lists of at most `size`."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
