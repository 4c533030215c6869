"""What the doors say to the access log: entries made of an actor, a case and what was decided."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from portal.audit.entry import Entry, Outcome, Subject
from portal.audit.log import Receipt as LogReceipt
from portal.auth.actor import Actor
from portal.sharing.disclosure import Receipt


def entry(
    operation: str,
    actor: Actor,
    *,
    outcome: str = "permitted",
    purpose: str | None = None,
    agreement: str | None = None,
    decided: Outcome | None = None,
    subjects: Sequence[Subject] = (),
    sealed_sha256: Sequence[bytes] = (),
    visit: uuid.UUID | None = None,
) -> Entry:
    """An entry of this actor. `visit` correlates everything done for one declared purpose."""
    return Entry(
        operation=operation,
        outcome=outcome,
        actor=actor.user,
        agency=actor.party,
        role=actor.role,
        session=actor.session,
        source=actor.source,
        purpose=purpose,
        agreement=agreement,
        decided=decided,
        subjects=subjects,
        sealed_sha256=sealed_sha256,
        correlation=visit.hex if visit else None,
    )


def about(person: uuid.UUID, case: uuid.UUID, records: Sequence[tuple[uuid.UUID, int]] = (), **more: Any) -> Subject:
    """The sealed part of an entry about one person: which case and which versions of which records."""
    detail: Mapping[str, Any] = {"case": case.hex, "records": [[r.hex, version] for r, version in records], **more}
    return Subject(person, detail)


def receipt(of: LogReceipt) -> Receipt:
    """What a page tells its reader about the entry."""
    return Receipt(of.reference, of.at)
