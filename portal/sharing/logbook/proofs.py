"""Proofs for a data-protection officer: of one entry, and that the log still says what an earlier checkpoint fixed."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy.orm import Session

from portal.audit import proof_files, reading, telling
from portal.audit.details import Opened
from portal.audit.entry import LeafInvalid
from portal.audit.note import LONGEST_NOTE, NoteInvalid, Verifier
from portal.audit.proof import Inclusion
from portal.audit.proof_files import Compared, Kept
from portal.audit.reading import Filters, Row, Scope
from portal.audit.tree import ProofInvalid
from portal.auth.actor import Actor
from portal.errors import NotFound, SealBroken
from portal.sharing.disclosure import Receipt
from portal.sharing.doors import Doors
from portal.sharing.fields import Invalid
from portal.sharing.logbook.entries import case_of
from portal.sharing.logbook.scope import clean_reason, record, references, scope_of
from portal.sharing.reading import staff

MOST: Final = 20
"""Checkpoints that a page offers to choose from."""
EARLIER, LATER = "earlier", "later"


@dataclass(frozen=True, slots=True)
class Proved:
    """The proof of an entry as a file; None while no checkpoint covers it, or where it does not hold (`holds`)."""

    reference: str
    file: str | None
    holds: bool
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class Answer:
    """What comparing two checkpoints said, and the entry that tells of it."""

    compared: Compared
    receipt: Receipt


def prove(session: Session, doors: Doors, actor: Actor, use: str, reference: str, entry: uuid.UUID) -> Proved:
    """The proof of one entry that this officer may read. Logged first. Raises `NotFound` otherwise."""
    scope = scope_of(session, doors, actor)
    row, receipt = _logged(session, doors, actor, scope, use, reference, entry, "the proof of")
    try:
        proof = _proof(session, doors, entry)
    except (ProofInvalid, NoteInvalid):
        return Proved(row.reference, None, False, receipt)
    return Proved(row.reference, None if proof is None else proof.text(), True, receipt)


def tell(
    session: Session, doors: Doors, actor: Actor, use: str, reference: str, entry: uuid.UUID, reason: str
) -> Proved:
    """As `prove`, with what the entry says: each sealed part that this officer may read goes with the key of that part.

    Logged first, as an export. Raises `Invalid` (reason) too.
    """
    why = clean_reason(reason)
    scope, vault = scope_of(session, doors, actor), doors.log.vault(session)
    row, receipt = _logged(session, doors, actor, scope, use, reference, entry, "what it says, with its proof", why)
    try:
        proof = _proof(session, doors, entry)
        if proof is None:
            return Proved(row.reference, None, True, receipt)
        full = reading.entry(session, vault, entry)
        cases = references(session, scope, (case for each in full.details if (case := case_of(each))))
        told = telling.tell(session, vault, proof, full, lambda each: _may_know(each, cases))
    except (ProofInvalid, NoteInvalid, SealBroken, LeafInvalid):
        return Proved(row.reference, None, False, receipt)
    named = replace(told, names=_names(session, doors, row, cases))
    return Proved(row.reference, named.text(), True, receipt)


def _may_know(each: Opened, cases: Collection[uuid.UUID]) -> bool:
    """Whether the key of a part goes with it: not where it is about a case of another agreement, nor with what somebody
    searched for, of which an officer reads the kind alone (clause 9.3)."""
    return case_of(each) in {None, *cases} and "terms" not in each.detail


def _logged(
    session: Session,
    doors: Doors,
    actor: Actor,
    scope: Scope,
    use: str,
    reference: str,
    entry: uuid.UUID,
    asked: str,
    why: str = "",
) -> tuple[Row, Receipt]:
    """The entry's row, its reading logged; an export where it says why. Raises `NotFound`."""
    filters = Filters(reference=reference, ids=frozenset({entry}), scope=scope)
    rows = reading.page(session, doors.log.vault(session), filters).rows
    detail = {"asked": {asked: rows[0].reference} if rows else {}, "entries": [r.entry_id.hex for r in rows]}
    detail |= {"justification": why} if why else {}
    outcome, operation = "permitted" if rows else "refused", "export" if why else "log-read"
    receipt = record(session, doors, actor, use, detail, operation=operation, outcome=outcome)
    if not rows:
        raise NotFound(receipt.reference)
    return rows[0], receipt


def _proof(session: Session, doors: Doors, entry: uuid.UUID) -> Inclusion | None:
    least = doors.policy.least() if doors.policy else 1
    return proof_files.inclusion(session, _keys(session, doors), entry, least)


def _names(session: Session, doors: Doors, row: Row, cases: Mapping[uuid.UUID, str]) -> dict[str, str]:
    names = {f"case {case.hex}": reference for case, reference in cases.items()}
    if row.actor is not None:
        names[f"actor {row.actor}"] = staff.names(session, doors, {row.actor})[row.actor]
    return names


def choices(session: Session, doors: Doors, actor: Actor, chosen: Collection[str] = ()) -> Sequence[Kept]:
    """Checkpoints of the log, the newest first, which say how many entries it had and nothing of them.

    With those chosen before, by their sizes: the log grows meanwhile, and what it offers moves on. Raises `Refused`.
    """
    scope_of(session, doors, actor)
    return proof_files.offered(session, MOST, [size for size in map(_size, chosen) if size is not None])


def compare(session: Session, doors: Doors, actor: Actor, use: str, earlier: str, later: str) -> Answer:
    """Whether one checkpoint extends another, each as its text or as the size of a stored one. Logged.

    Raises `Invalid` naming the one that is missing, or that this log did not sign, `Refused`.
    """
    scope_of(session, doors, actor)
    keys = _keys(session, doors)
    notes, problems = [], {}
    for name, text in ((EARLIER, earlier), (LATER, later)):
        note = _note(session, text)
        notes.append(note)
        if not text.strip():
            problems[name] = f"Choose or paste the {name} checkpoint"
            continue
        try:
            proof_files.compare(session, keys, note, note)
        except NoteInvalid:
            problems[name] = f"The {name} checkpoint is not one that this log signed, or was not copied whole"
    if problems:
        raise Invalid(problems)
    compared = proof_files.compare(session, keys, *notes)
    sizes = f"{compared.earlier.size:,} and {compared.later.size:,}"
    outcome = "permitted" if compared.proof else "failed"
    receipt = record(session, doors, actor, use, {"asked": {"checkpoints over": sizes}}, outcome=outcome)
    return Answer(compared, receipt)


def _keys(session: Session, doors: Doors) -> Sequence[Verifier]:
    """The log's verifier keys, the present one first."""
    return doors.signer(session).verifier, *doors.former(session)


def _note(session: Session, text: str) -> str:
    """The stored checkpoint of a size, or one as it was signed: browsers send other line ends, people lose the last."""
    text = text.strip()
    size = _size(text)
    if size is not None:
        return proof_files.stored(session, size) or text
    return text[:LONGEST_NOTE].replace("\r\n", "\n") + "\n"


def _size(text: str) -> int | None:
    """The size that stands for a stored checkpoint; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
