"""One entry in full: what a judge could read, with its proof."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from portal.audit import overview, proving, reading
from portal.audit.details import Opened
from portal.audit.entry import Outcome
from portal.audit.operations import OUTCOMES
from portal.audit.proving import Proof
from portal.audit.reading import Filters, Full, Row, Scope
from portal.auth.actor import Actor
from portal.errors import NotFound, SealBroken
from portal.sharing.disclosure import Receipt
from portal.sharing.doors import Doors
from portal.sharing.logbook import words
from portal.sharing.logbook.entries import Line, case_of, lines
from portal.sharing.logbook.questions import may_ask
from portal.sharing.logbook.scope import record, references, scope_of

COMBINATION = "combination"
"""About two persons, and the same is said of both."""
CLAUSE = "9.31"  # how long details are kept, in texts that are no longer served
MOST = 1_000  # subjects of one entry that a page names


@dataclass(frozen=True, slots=True)
class Part:
    """What was opened and withheld for these cases; an entry about a list of persons has several parts."""

    about: tuple[str, ...]
    agreement: str
    opened: tuple[words.Line, ...]
    withheld: tuple[words.Line, ...]


@dataclass(frozen=True, slots=True)
class Erased:
    """The entry by which the sealed part of another was erased, when, and the clause that had it erased."""

    reference: str
    at: datetime
    clause: str


@dataclass(frozen=True, slots=True)
class Whole:
    """One entry in words. `damaged`: some of its sealed part does not open, or is gone and no entry says so; `erased`:
    an entry says that it was erased. `may_ask`: the reader may ask whoever made it."""

    line: Line
    outcome: str
    agreement: str
    said: tuple[tuple[str, str], ...]
    parts: tuple[Part, ...]
    proof: Proof
    erased: Erased | None
    damaged: bool
    may_ask: bool
    receipt: Receipt


def read(
    session: Session, doors: Doors, actor: Actor, use: str, reference: str, entry: uuid.UUID | None = None
) -> Whole | tuple[Line, ...]:
    """The entry with a reference in full, or one line each where several share it and `entry` does not say which.

    Logged first. Raises `NotFound` for what is missing or not this officer's to read.
    """
    scope = scope_of(session, doors, actor)
    ids = None if entry is None else frozenset({entry})
    filters = Filters(reference=reference, ids=ids, scope=scope)
    rows = reading.page(session, doors.log.vault(session), filters).rows
    receipt = _log(session, doors, actor, use, rows)
    if not rows:
        raise NotFound(receipt.reference)
    if len(rows) > 1:
        return lines(session, doors, scope, rows)
    return _whole(session, doors, scope, rows[0], receipt, may_ask(actor, rows[0]))


def _whole(session: Session, doors: Doors, scope: Scope, row: Row, receipt: Receipt, asks: bool) -> Whole:
    entry = row.entry_id
    vault = doors.log.vault(session)
    about = overview.about(session, vault, [row], MOST)[entry]
    try:
        full: Full | None = reading.entry(session, vault, entry)
    except SealBroken:
        full = None
    signer, erased = doors.signer(session), _erased(session, doors, entry)
    agreement = words.agreement_of(doors.book, row.agreement)
    said = [words.said_of(doors.book, agreement, each.detail) for each in about.details]
    return Whole(
        line=lines(session, doors, scope, [row], MOST)[0],
        outcome=OUTCOMES.get(row.outcome, row.outcome),
        agreement=words.agreement_words(doors.book, row.agreement),
        said=_common(said) if about.count == 1 or row.operation == COMBINATION else _reason(said),
        parts=_parts(session, doors, scope, full) if full else (),
        proof=proving.prove(session, signer.verifier, entry, doors.former(session)),
        erased=erased,
        damaged=full is None or about.damaged > 0 or (erased is None and any(each.erased for each in about.details)),
        may_ask=asks,
        receipt=receipt,
    )


def _erased(session: Session, doors: Doors, entry: uuid.UUID) -> Erased | None:
    by = reading.erased_by(session, entry)
    if by is None:
        return None
    agreement = words.agreement_of(doors.book, by.agreement)
    return Erased(by.reference, by.at, agreement.log.clause if agreement and agreement.log else CLAUSE)


def _common(said: Sequence[Sequence[tuple[str, str]]]) -> tuple[tuple[str, str], ...]:
    return tuple(dict.fromkeys(line for lines in said for line in lines))


def _reason(said: Sequence[Sequence[tuple[str, str]]]) -> tuple[tuple[str, str], ...]:
    """Of an entry about many persons the reason alone, where one was given for all of them."""
    reasons = {line for lines in said for line in lines if line[0] == words.REASON}
    everywhere = len(reasons) == 1 and all(reasons <= set(lines) for lines in said)
    return tuple(reasons) if everywhere else ()


def _log(session: Session, doors: Doors, actor: Actor, use: str, rows: Sequence[Row]) -> Receipt:
    detail = {"asked": {"reference": rows[0].reference} if rows else {}, "entries": [r.entry_id.hex for r in rows]}
    return record(session, doors, actor, use, detail, outcome="permitted" if rows else "refused")


def _parts(session: Session, doors: Doors, scope: Scope, full: Full) -> tuple[Part, ...]:
    """The entry's own outcome; for a list under several agreements, one part for all persons who were decided alike."""
    grouped: dict[tuple[str | None, str], list[Opened]] = {}
    under = {full.row.agreement} if full.row.agreement else {each.detail.get("agreement") for each in full.details}
    if full.decided is not None and len(under) <= 1:
        grouped[next(iter(under), None), full.leaf["decision"]] = list(full.details)
    else:
        for each in full.details:
            if each.decision:
                grouped.setdefault((each.detail.get("agreement"), each.decision), []).append(each)
    cases = references(session, scope, (case for each in full.details if (case := case_of(each))))
    return tuple(
        _part(doors, reference, full.outcomes[decision], about, cases)
        for (reference, decision), about in grouped.items()
        if decision in full.outcomes and (reference is None or reference.partition("@")[0] in scope.agreements)
    )


def _part(
    doors: Doors,
    reference: str | None,
    outcome: Outcome,
    about: Sequence[Opened],
    cases: Mapping[uuid.UUID, str],
) -> Part:
    opened, withheld = words.lines(words.agreement_of(doors.book, reference), outcome)
    shown = sorted({cases[case] for each in about if (case := case_of(each)) in cases and case is not None})
    return Part(tuple(shown), words.agreement_words(doors.book, reference), opened, withheld)
