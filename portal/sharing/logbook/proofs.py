"""Proofs for a data-protection officer: of one entry, and that the log still says what an earlier checkpoint fixed."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from portal.audit import proof_files, reading
from portal.audit.note import LONGEST_NOTE, NoteInvalid, Verifier
from portal.audit.proof_files import Compared, Kept
from portal.audit.reading import Filters
from portal.audit.tree import ProofInvalid
from portal.auth.actor import Actor
from portal.errors import NotFound
from portal.sharing.disclosure import Receipt
from portal.sharing.doors import Doors
from portal.sharing.fields import Invalid
from portal.sharing.logbook.scope import record, scope_of

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
    filters = Filters(reference=reference, ids=frozenset({entry}), scope=scope)
    rows = reading.page(session, doors.log.vault(session), filters).rows
    detail = {"asked": {"the proof of": rows[0].reference} if rows else {}, "entries": [r.entry_id.hex for r in rows]}
    receipt = record(session, doors, actor, use, detail, outcome="permitted" if rows else "refused")
    if not rows:
        raise NotFound(receipt.reference)
    least = doors.policy.least() if doors.policy else 1
    try:
        proof = proof_files.inclusion(session, _keys(session, doors), entry, least)
    except (ProofInvalid, NoteInvalid):
        return Proved(rows[0].reference, None, False, receipt)
    return Proved(rows[0].reference, None if proof is None else proof.text(), True, receipt)


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
