"""What sign-in writes to the access log: one entry a change, committed with the change."""

import uuid
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

from sqlalchemy.orm import Session

from portal.audit.entry import Entry, Subject
from portal.auth.actor import Actor


class Transaction(Protocol):
    """One write transaction of the portal: what is changed through `session` commits with what is appended."""

    @property
    def session(self) -> Session:
        """The database session of this transaction."""

    def append(self, entry: Entry) -> Any:
        """Add an entry to the access log; gives its receipt. Raises `LogUnavailable`."""


class Log(Protocol):
    """The access log, as far as signing in needs it."""

    def transaction(self, session: Session) -> AbstractContextManager[Transaction]:
        """Begin a write transaction; commit at the end of the block."""

    def nobody(self, session: Session) -> uuid.UUID:
        """A stand-in person, so that an entry about someone unknown looks like any other. Not in a transaction."""


def own(
    tx: Transaction,
    operation: str,
    actor: Actor | None,
    user: uuid.UUID,
    party: str,
    session: str,
    source: bytes | None = None,
) -> Any:
    """Record what someone did with their own session; `actor` is None while they act in no capacity."""
    role = actor.role if actor else None
    agency = actor.party if actor else party
    return tx.append(Entry(operation, actor=user, agency=agency, role=role, session=session, source=source))


def about(
    tx: Transaction,
    operation: str,
    by: Actor | None,
    person: uuid.UUID,
    party: str,
    detail: Mapping[str, str],
    source: bytes | None = None,
) -> Any:
    """Record what was done to a member of staff; `by` is None for the provider, the clock or the command line.

    Who it was done to is in the sealed detail, like every person an entry is about.
    """
    subjects = (Subject(person=person, detail=dict(detail)),)
    if by is None:
        return tx.append(Entry(operation, agency=party, source=source, subjects=subjects))
    return tx.append(
        Entry(
            operation,
            actor=by.user,
            agency=by.party,
            role=by.role,
            session=by.session,
            source=source,
            subjects=subjects,
        )
    )


def failed(tx: Transaction, person: uuid.UUID, provider: str, reason: str, step_up: bool, source: bytes | None) -> Any:
    """Record a sign-in or step-up that was refused, and why. Nobody is the actor: nobody has proved who they are."""
    tried = "step-up" if step_up else "sign-in"
    subject = Subject(person=person, detail={"provider": provider, "reason": reason, "tried": tried})
    return tx.append(Entry("sign-in-failed", outcome="refused", source=source, subjects=(subject,)))
